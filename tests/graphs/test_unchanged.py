from __future__ import annotations

from typing import Any

import pytest

from nbexp.errors import Unpatchable
from nbexp.graphs.patch import check_patch, detach, patch


class Sealed:
    """Told by pickle's protocol alone: `made` is a copy each time, `held` the very object."""

    __slots__ = ("_size", "held", "made")

    def __init__(self, made: list[int], held: list[Any]) -> None:
        self.made, self.held, self._size = made, held, len(made)

    def __reduce__(self) -> Any:
        return Sealed, (list(self.made), self.held)


def test_what_did_not_change_needs_no_patch() -> None:
    value = Sealed([1], [2])
    stored = detach(value)
    check_patch(value, stored)
    patch(value, stored)
    assert (value.made, value.held) == ([1], [2])


def test_what_it_refers_to_may_change() -> None:
    value = Sealed([1], [2])
    before = detach(value)
    value.held.append(3)
    check_patch(value, before)


@pytest.mark.parametrize("change", ["value.made.append(2)", "value.held = [2]", "value.held = (2,)"])
def test_its_own_content_may_not(change: str) -> None:
    value = Sealed([1], [2])
    stored = detach(value)
    exec(change)
    with pytest.raises(Unpatchable, match="replaced in place"):
        check_patch(value, stored)


def test_another_object_in_an_immutable_part_is_seen() -> None:
    value = Sealed([1], [frozenset(), 1])
    value.held = (frozenset({2}), [3])  # type: ignore[assignment]
    stored = detach(value)
    check_patch(value, stored)
    value.held = (frozenset({2}), [3])  # type: ignore[assignment]
    with pytest.raises(Unpatchable):
        check_patch(value, stored)
