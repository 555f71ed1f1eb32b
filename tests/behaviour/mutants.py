"""Two broken engines: one that always misses, and one that always hits."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from nbexp.errors import NbexpError
from nbexp.kernel import deciding
from nbexp.kernel.active import active_session
from nbexp.stage.lookup import Found
from nbexp.stage.restore import prepare


def always_miss(store: Any, inputs: Any, now: Any, code: Any, quiet: Any) -> Found:
    """Nothing is ever found."""
    return Found(None)


def always_hit(store: Any, inputs: Any, now: Any, code: Any, quiet: Any) -> Found:
    """The newest record of the stage is taken, whatever the key says; a miss only if there is none that fits in."""
    running = active_session().current()
    place = active_session().place
    for record in store.heads(place.notebook, running.name, running.cell):
        for stored in store.candidates(record.key.digest):
            try:
                with quiet():
                    return Found(prepare(store, stored, inputs, code))
            except (NbexpError, KeyError, IndexError):  # it holds objects of inputs that are not read now
                continue
    return Found(None)


MUTANTS: dict[str, Callable[..., Found]] = {"always misses": always_miss, "always hits": always_hit}


@contextlib.contextmanager
def engine(name: str) -> Iterator[None]:
    """For a time, stages are looked up by the mutant."""
    original = deciding.look_up
    # else it would fail every case by not fitting in, and say nothing about the cases
    assert inspect.signature(MUTANTS[name]).parameters.keys() == inspect.signature(original).parameters.keys()
    deciding.look_up = MUTANTS[name]
    try:
        yield
    finally:
        deciding.look_up = original
