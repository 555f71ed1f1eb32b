"""Kernel state: what is ambient in a process and no variable (random generators, settings of libraries).

The parts are told in `random_state`, `seeding` and `settings`; what the kernel needs of them is here.
"""

from __future__ import annotations

from nbexp.snapshot import random_state, settings
from nbexp.snapshot.random_state import UNSEEDED, OnImport, RngState, capture, restore, rng_states, seeded
from nbexp.snapshot.seeding import RngUse, SeedWatch
from nbexp.snapshot.settings import apply_state, state_differences

__all__ = [
    "UNSEEDED",
    "RngState",
    "RngUse",
    "SeedWatch",
    "apply_state",
    "capture",
    "note_start",
    "restore",
    "rng_states",
    "seeded",
    "state_differences",
]


def note_start(on_import: OnImport, *, first: bool) -> None:
    """Take note of the process as it is before the notebook can change it. Called once, when nbexp is loaded.

    Args:
        on_import: ``on_import(module, fn)`` calls `fn` after the module's import (`nbexp.snapshot.modules`).
        first: Whether no other cell has run yet in this process.
    """
    random_state.note_start(on_import, first=first)
    settings.note_start(on_import)
