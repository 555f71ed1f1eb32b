"""Kill -9 while results are stored: never a wrong value, never a crash of the next load, nothing durable is lost."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.soak.evidence import Row
from tests.soak.kill_store import shown, soak
from tests.soak.kills import DEFAULT_KILLS

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs kill -9")


@pytest.mark.slow
def test_one_kill_at_each_point(tmp_path: Path) -> None:
    rows = soak((1, 2), tmp_path)
    assert not any(row.failed for row in rows.values()), shown(rows)
    assert all(row.kills for row in rows.values())


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_many_kills(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], evidence: Callable[[str, str, str], Row]
) -> None:
    rows = soak(DEFAULT_KILLS, tmp_path)
    with capsys.disabled():
        print("\n" + shown(rows))
    assert not any(row.failed for row in rows.values())
    kills = sum(row.kills for row in rows.values())
    evidence("kills", f"0 wrong, 0 crashes, 0 lost in {kills} kills", "make soak")
