"""What in a notebook file may keep its results from being made again, on this machine or another: found by reading it.

Each remark names the cell and line, and what to do. None is an error: a notebook may have its reasons.
"""

from __future__ import annotations

from typing import Any

from nbexp.runs.review.base import Reading, Remark, read
from nbexp.runs.review.installs import installations
from nbexp.runs.review.names import overwritten_parameters, undefined
from nbexp.runs.review.paths import absolute_paths
from nbexp.runs.review.randomness import unseeded
from nbexp.runs.review.secrets import secrets

__all__ = ["Reading", "Remark", "review"]

_CHECKS = (absolute_paths, installations, unseeded, overwritten_parameters, undefined, secrets)


def review(notebook: Any) -> list[Remark]:
    """All remarks on a notebook, top to bottom; cells that cannot be parsed are looked through for secrets only."""
    cells = list(read(notebook))
    found = [remark for check in _CHECKS for remark in check(cells)]
    return sorted(found, key=lambda remark: (remark.cell, remark.line, remark.kind, remark.text))
