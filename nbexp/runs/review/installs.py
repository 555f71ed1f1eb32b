"""What changes the environment while the notebook runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nbexp.runs.review.base import Reading, Remark, cut

_INSTALL = re.compile(
    r"^\s*(?:[!%]|!!)\s*(?:pip3?|conda|mamba|uv(?: pip)?|python3? -m pip|apt(?:-get)?)\s+(?:-\S+\s+)*install\b"
)


def installations(cells: Sequence[Reading]) -> Iterator[Remark]:
    """Lines that install packages."""
    for cell in cells:
        for number, line in enumerate(cell.source.splitlines()):
            if _INSTALL.match(line):
                text = f"`{cut(line.strip())}` changes the environment while the notebook runs"
                advice = "Write it, with its version, into requirements.txt or pyproject.toml."
                yield Remark("install", cell.number, cell.first_line + number, text, advice)
