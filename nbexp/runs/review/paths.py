"""Places of one machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from nbexp.runs.review.base import Reading, Remark, cut

_ABSOLUTE = re.compile(
    r"(?:file://)?/(?:home|Users|mnt|media|data|tmp|root|content|kaggle|opt|srv|scratch|work|workspace|Volumes|gpfs)"
    r"/[^\s'\"]+|[A-Za-z]:[\\/][^\n]+|~/[^\s'\"]+"
)


def absolute_paths(cells: Sequence[Reading]) -> Iterator[Remark]:
    """Texts that name a place which other machines do not have."""
    for cell in cells:
        for node in ast.walk(cell.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ABSOLUTE.fullmatch(node.value):
                text = f'"{cut(node.value)}" is a place on this machine'
                advice = "Name it from the notebook's folder, or make it a parameter."
                yield Remark("path", cell.number, cell.line(node), text, advice)
