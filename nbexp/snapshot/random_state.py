"""The process-wide random generators: their states, told, captured and put back.

Generators held in variables are values; here are the ambient ones: ``random``, numpy's legacy generator, torch's on the
CPU and on each CUDA device. A generator still as the process started with it counts as the one value `UNSEEDED`: what
it would give differs in each process, and a stage that draws from it has asked for no particular numbers. A generator
whose library is not loaded is unseeded too.

numpy and torch are never imported here. A state for a library that is not loaded waits for its import.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from nbexp.snapshot.generators import FIXED, Generator, digest_of_captured, generators, named

#: The digest of every generator that nobody has seeded and nobody has drawn from since the process started.
UNSEEDED = "unseeded"

#: ``fn`` is called when the module has been imported; modules that are loaded already are not reported.
OnImport = Callable[[str, Callable[[], None]], object]


@dataclass(frozen=True, slots=True)
class RngState:
    """One generator's state.

    Attributes:
        digest: Hexadecimal, or `UNSEEDED`.
        unseeded: Whether it is as the process started with it.
    """

    digest: str
    unseeded: bool


_pristine: dict[str, str] = {}
_waiting: dict[str, tuple[str, Any]] = {}
_seeds: list[int] = []
_lock = threading.RLock()


def note_start(on_import: OnImport, *, first: bool) -> None:
    """Take note of how the process's generators are before anybody can seed them. Called once, when nbexp is loaded.

    Args:
        on_import: Calls back after a module's import (`nbexp.snapshot.modules`): numpy's and torch's states at their
            import are what the process started with.
        first: Whether no cell of the notebook has run yet. If one has, generators that exist already may have been
            seeded, and count as seeded: a needless miss at worst.
    """
    for generator in FIXED:
        if generator.loaded():
            if first:
                _pristine[generator.name] = generator.digest()
        else:
            on_import(generator.module, _arrival(generator))


def _arrival(generator: Generator) -> Callable[[], None]:
    def arrived() -> None:
        with _lock:
            if not generator.loaded() or generator.name in _pristine:
                return
            _pristine[generator.name] = generator.digest()
            if generator.name in _waiting:
                generator.restore(_waiting.pop(generator.name)[1])
            if _seeds:
                _at_import[generator.name] = generator.capture()
                generator.seed(_seeds[-1])

    return arrived


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """Around the import of an installed module: what the module draws belongs to the import (rich draws a number).

    A generator that nobody had seeded or drawn from stays unseeded; one that somebody had is moved, as it would be in
    any process.
    """
    before = _python_digest()
    try:
        yield
    finally:
        if before == _pristine.get("random"):
            _pristine["random"] = _python_digest()


def _python_digest() -> str:
    return FIXED[0].digest()


def _settle(generator: Generator) -> None:
    """Make up for an import that was not reported (`on_import` was not installed, or tells later)."""
    if generator.name in _waiting and generator.loaded():
        generator.restore(_waiting.pop(generator.name)[1])


def rng_states() -> dict[str, RngState]:
    """The state of each generator, by name. About 30 µs with numpy and torch loaded."""
    return {generator.name: _state_of(generator) for generator in generators()}


def _state_of(generator: Generator) -> RngState:
    with _lock:
        _settle(generator)
        if generator.name in _waiting:
            return RngState(_waiting[generator.name][0], False)
        if not generator.loaded():
            return RngState(UNSEEDED, True)
        found = generator.digest()
    if found == _pristine.get(generator.name):
        return RngState(UNSEEDED, True)
    return RngState(found, False)


def capture(name: str) -> Any:
    """The state of a generator as plain data, for `restore`; None if its library is not loaded.

    Example:
        >>> state = capture("random")
        >>> first = random.random()
        >>> restore("random", state)
        >>> random.random() == first
        True
    """
    with _lock:
        generator = named(name)
        _settle(generator)
        if name in _waiting:
            return _waiting[name][1]
        return generator.capture() if generator.loaded() else None


def restore(name: str, state: Any) -> None:
    """Make `state` the generator's state; if its library is not loaded, at its import.

    Args:
        name: As in `rng_states`.
        state: From `capture`; None leaves the generator alone.
    """
    if state is None:
        return
    with _lock:
        generator = named(name)
        if generator.loaded():
            _waiting.pop(name, None)
            generator.restore(state)
        else:
            _waiting[name] = (digest_of_captured(name, state), state)


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside, `random`, numpy and torch start from one seed; afterwards each state before is put back (``--seed``).

    A library imported inside is seeded at its import, and is as after a plain import afterwards.

    Example:
        >>> with seeded(7):
        ...     value = random.random()

    Args:
        seed: Any integer; numpy takes it modulo 2**32, torch modulo 2**64.
    """
    with _lock:
        before = {one.name: capture(one.name) for one in generators()}
        _seeds.append(seed)
        for one in generators():
            if one.loaded():
                one.seed(seed)
    try:
        yield
    finally:
        with _lock:
            _seeds.remove(seed)
            for one in generators():
                state = before.get(one.name)
                restore(one.name, _at_import.pop(one.name, None) if state is None else state)


#: States at import of libraries that came while a seed was in force, to be put back when it ends.
_at_import: dict[str, Any] = {}
