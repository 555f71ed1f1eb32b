"""Sizes of data as people write and read them: ``20 GB``, ``1.5 GiB``."""

from __future__ import annotations

import re
from typing import Any

from nbexp.errors import BadUse

_SIZE = re.compile(r"(\d+(?:\.\d+)?) *([kMGT]?)(i?)B", re.IGNORECASE)


def size(count: int) -> str:
    """``512 B``, ``3.4 MB``: powers of 1000, as disks are sold."""
    number = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 99.5 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def parse_size(text: Any, where: str) -> int:
    """Bytes: of ``"20 GB"`` 20,000,000,000, of ``"1.5 GiB"`` 1,610,612,736.

    Args:
        where: What is called so, for the error.

    Raises:
        BadUse: It is no size.
    """
    found = _SIZE.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise BadUse(f'"{text}" is not a size ({where})', 'Write a number and a unit: "20 GB".')
    step = 1024 if found[3] else 1000
    return int(float(found[1]) * step ** ("kmgt".index(found[2].lower()) + 1 if found[2] else 0))
