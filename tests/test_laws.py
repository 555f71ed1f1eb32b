"""Laws and decisions that the code names stand in docs/laws.md."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_what_the_code_names_is_explained() -> None:
    explained = set(re.findall(r"\b[LD]\d{1,2}\b", (ROOT / "docs" / "laws.md").read_text()))
    named = {
        (match, str(path.relative_to(ROOT)))
        for path in (ROOT / "nbexp").rglob("*.py")
        for match in re.findall(r"\b[LD]\d{1,2}\b", path.read_text())
    }
    assert named
    assert not [place for place in sorted(named) if place[0] not in explained]
