"""Whatever order cells are run, edited, moved and deleted in: what is wrong is marked, and ``run-stale`` puts it right.

Each session is a notebook and a user made by chance (`sessions.py`); what it has to give is told by running its cells
from top to bottom without nbexp.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.behaviour.sessions import play

#: What the sessions of `make test` must have held, and how often at least.
HELD = {
    "alias": 100,
    "mutation": 100,
    "redefinition": 50,
    "move": 50,
    "delete": 50,
    "edit": 100,
    "restart": 30,
    "draw": 50,
}


def judge(seeds: range, root: Path) -> Counter[str]:
    """Play these sessions; how many of them held what."""
    held: Counter[str] = Counter()
    for seed in seeds:
        folder = root / str(seed)
        folder.mkdir()
        outcome = play(seed, folder)
        assert not outcome.wrong, "\n".join([f"session {seed}", *outcome.wrong, "", *outcome.log])
        held.update(outcome.held)
        held["restored"] += outcome.restored
    return held


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(6))
def test_three_hundred_sessions(part: int, tmp_path: Path) -> None:
    held = judge(range(50 * part, 50 * part + 50), tmp_path)
    for what, often in HELD.items():
        assert held[what] >= often // 10, f"{what}: in {held[what]} of 50 sessions only"
    assert held["restored"] > 5
