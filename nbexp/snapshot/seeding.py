"""Whether a stage seeded a generator before it drew from it: then the state at its start is no dependency."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from nbexp.snapshot.random_state import RngState, rng_states

#: Module-level functions by generator: those that set the whole state, and those that read it.
_SETTERS = {
    "random": (("random", "seed"), ("random", "setstate")),
    "numpy": (("numpy.random", "seed"), ("numpy.random", "set_state")),
    "torch": (("torch", "manual_seed"), ("torch", "set_rng_state"), ("torch.random", "manual_seed"),
              ("torch.random", "set_rng_state")),
}  # fmt: skip
_GETTERS = {
    "random": (("random", "getstate"),),
    "numpy": (("numpy.random", "get_state"),),
    "torch": (("torch", "get_rng_state"), ("torch.random", "get_rng_state")),
}


@dataclass(frozen=True, slots=True)
class RngUse:
    """What a stage did to one generator.

    Attributes:
        start: The state at the beginning. end: the state at the end.
        moved: Whether the stage set the state, be it to the one that was there, or left another one.
        seeded: Whether the stage set the state before it drew from it or looked at it.
        depends: Whether the result depends on the state at the start: drawn from or looked at, and not seeded before.
    """

    start: RngState
    end: RngState
    moved: bool
    seeded: bool
    depends: bool


@dataclass(slots=True)
class SeedWatch:
    """Watches the seeding functions of the loaded libraries for the time of one stage.

    A library that the stage itself imports is not watched: its generator is unseeded at the start, and that is the
    dependency. A seeding function that somebody holds under a name of his own counts as called, and as
    reading the state before.

    Example:
        >>> watch = SeedWatch()
        >>> watch.start()
        >>> random.seed(1); value = random.random()
        >>> watch.stop()["random"].depends
        False
    """

    _start: dict[str, RngState] = field(default_factory=dict)
    _seeded: set[str] = field(default_factory=set)
    _observed: set[str] = field(default_factory=set)
    _held: set[str] = field(default_factory=set)
    _wrapped: list[tuple[Any, str, Any, Any]] = field(default_factory=list)

    def start(self, reached: Iterable[object] = ()) -> None:
        """Begin to watch.

        Args:
            reached: Functions that the stage reads by names of the notebook's or project's own. A seeding function
                among them (``from random import seed``) cannot be watched: the state counts as read and as set.
        """
        self._seeded.clear()
        self._observed.clear()
        self._held = _generators_of(reached)
        self._start = rng_states()
        try:
            self._wrap_all()
        except BaseException:  # an interrupt too: no wrapper stays
            self._unwrap()
            raise

    def stop(self) -> dict[str, RngUse]:
        """End watching and tell of each generator, by name."""
        self._unwrap()
        end = rng_states()
        return {name: self._use(name, state) for name, state in end.items()}

    def abort(self) -> None:
        """End watching without a summary; safe at any moment."""
        self._unwrap()

    def _use(self, name: str, end: RngState) -> RngUse:
        start = self._start.get(name, RngState("unseeded", True))
        moved, seeded = start.digest != end.digest, name in self._seeded
        held = name in self._held
        return RngUse(
            start, end, moved or seeded or held, seeded, (moved and not seeded) or name in self._observed or held
        )

    def _wrap_all(self) -> None:
        for table, around in ((_SETTERS, self._setter), (_GETTERS, self._getter)):
            for name, places in table.items():
                for module_name, function in places:
                    module = sys.modules.get(module_name)
                    original = getattr(module, function, None)
                    if original is not None:
                        wrapper = around(name, original)
                        self._wrapped.append((module, function, original, wrapper))
                        setattr(module, function, wrapper)

    def _unwrap(self) -> None:
        while self._wrapped:
            module, function, original, wrapper = self._wrapped.pop()
            if getattr(module, function, None) is wrapper:
                setattr(module, function, original)

    def _setter(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def seed(*arguments: Any, **named: Any) -> Any:
            if name not in self._seeded and name not in self._observed:
                untouched = rng_states()[name].digest == self._start[name].digest
                (self._seeded if untouched else self._observed).add(name)
            return original(*arguments, **named)

        return seed

    def _getter(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def look(*arguments: Any, **named: Any) -> Any:
            if name not in self._seeded:
                self._observed.add(name)
            return original(*arguments, **named)

        return look


def _generators_of(functions: Iterable[object]) -> set[str]:
    """The generators that some of these functions seed."""
    asked = set(map(id, functions))
    return {
        name
        for name, places in _SETTERS.items()
        for module, function in places
        if id(getattr(sys.modules.get(module), function, None)) in asked
    }
