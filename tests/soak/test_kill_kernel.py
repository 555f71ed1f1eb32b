"""Kill -9 of real kernels whose stages run and are stored: the next kernel never crashes and never restores wrongly."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.soak.evidence import Row
from tests.soak.kill_kernel import shown, soak
from tests.soak.kills import DEFAULT_KILLS

pytestmark = [pytest.mark.soak, pytest.mark.skipif(os.name == "nt", reason="needs kill -9")]


@pytest.mark.timeout(7200)
def test_many_kills_of_kernels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], evidence: Callable[[str, str, str], Row]
) -> None:
    rows = soak(DEFAULT_KILLS, tmp_path)
    with capsys.disabled():
        print("\n" + shown(rows))
    assert not any(row.failed for row in rows.values())
    assert sum(row.restored for row in rows.values())
    assert sum(row.ran for row in rows.values())
    kills = sum(row.kills for row in rows.values())
    evidence("kernel-kills", f"0 wrong, 0 crashes, 0 lost in {kills} kills of kernels", "make soak")
