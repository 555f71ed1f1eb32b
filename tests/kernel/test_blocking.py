"""Effects and the reasons that they give for not storing a stage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nbexp.kernel.blocking import blocking_reasons
from nbexp.kernel.recording import NothingToSee, Observed
from nbexp.kernel.seen import Effects, Process
from nbexp.records import Reason


def observed(**effects: Any) -> Observed:
    watch = NothingToSee()
    watch.start(())
    return replace(watch.stop(), effects=Effects(**effects))


SUBPROCESS = Process("subprocess", "ls -l")
FORK = Process("fork")
POOL = Process("pool")
LOKY = Process(
    "spawn", "/usr/bin/python3 -m joblib.externals.loky.backend.popen_loky_posix --process-name LokyProcess-1"
)
SPAWNED = Process(
    "spawn", '/usr/bin/python3 -c "from multiprocessing.spawn import spawn_main; spawn_main(pipe_handle=4)"'
)

PROCESSES: dict[str, tuple[tuple[Process, ...], list[str]]] = {
    "none": ((), []),
    "by its command": ((SUBPROCESS,), ["ls -l"]),
    "without a command": ((FORK,), ["fork"]),
    "each once, in order": ((FORK, SUBPROCESS, Process("spawn", "ls -l")), ["fork", "ls -l"]),
    "workers of joblib": ((LOKY, replace(LOKY, command=LOKY.command[:-1] + "2")), ["worker processes"]),
    "workers of multiprocessing": ((SPAWNED,), ["worker processes"]),
    "a pool that ran already": ((POOL,), ["pool"]),
    "a pool and its workers": ((POOL, LOKY), ["worker processes"]),
    "workers, then their pool": ((LOKY, POOL), ["worker processes"]),
    "a pool among others": ((SUBPROCESS, POOL, FORK), ["ls -l", "fork"]),
}


@pytest.mark.parametrize("name", PROCESSES)
def test_processes(name: str) -> None:
    processes, names = PROCESSES[name]
    reasons = blocking_reasons(observed(processes=processes))
    assert [(reason.kind, reason.name) for reason in reasons] == [("effect", name) for name in names]


def test_a_process_is_named_with_what_to_do() -> None:
    text = (
        "it started a process (ls -l). What it does there is not seen: "
        "use n_jobs=1 or threads, or leave the cell without %%stage."
    )
    assert blocking_reasons(observed(processes=(SUBPROCESS,))) == (Reason("effect", "ls -l", text),)
