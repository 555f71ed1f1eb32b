"""Sizes, written and read."""

from __future__ import annotations

import pytest

from nbexp.errors import BadUse
from nbexp.sizes import parse_size, size


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (99_400, "99.4 kB"), (123_456, "123 kB"), (2_500_000, "2.5 MB"),
     (7_000_000_000, "7.0 GB"), (3_200_000_000_000, "3.2 TB")],
)  # fmt: skip
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("text", "count"), [("0 B", 0), ("20GB", 20_000_000_000), ("1.5 GiB", 1_610_612_736), (" 800 kb ", 800_000)]
)
def test_sizes_are_read(text: str, count: int) -> None:
    assert parse_size(text, "--to") == count


@pytest.mark.parametrize("text", ["", "20", "GB", "-1 GB", "1 XB", "1 GB or so", None, 7])
def test_what_is_no_size_is_refused(text: object) -> None:
    with pytest.raises(BadUse, match=r"is not a size \(--to\)"):
        parse_size(text, "--to")
