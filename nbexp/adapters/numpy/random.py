"""Random generators: their state is their content, and who shares a bit generator draws from one stream."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbexp.adapters.base import Adapter, Node, Storing
from nbexp.errors import Unpatchable


def plain(state: Any) -> Any:
    """A generator's state as plain content: dicts as sorted pairs, arrays as dtype and bytes."""
    if isinstance(state, dict):
        return tuple((key, plain(value)) for key, value in sorted(state.items()))
    if isinstance(state, np.ndarray):
        return (state.dtype.str, state.shape, state.tobytes())
    return tuple(map(plain, state)) if isinstance(state, list | tuple) else state


class SeedSequenceAdapter(Adapter):
    """Where generators come from; it counts the children it has spawned."""

    def describe(self, value: Any) -> Node:
        return Node("numpy.seed", plain(_numbers(value.state)))

    def detach(self, value: Any) -> Any:
        return np.random.SeedSequence(**value.state)

    def patch(self, live: Any, new: Any) -> None:
        before, after = live.state, new.state
        count = after.pop("n_children_spawned") - before.pop("n_children_spawned")
        if plain(_numbers(before)) != plain(_numbers(after)) or count < 0:
            raise Unpatchable("", "numpy.random.SeedSequence", "it became another one")
        live.spawn(count)


def _numbers(state: dict[str, Any]) -> dict[str, Any]:
    """A seed's entropy may be any integers; as Python's they are plain content."""
    entropy = state["entropy"]
    if entropy is not None and not isinstance(entropy, int):
        state = {**state, "entropy": [int(number) for number in np.atleast_1d(np.asarray(entropy)).tolist()]}
    return {**state, "spawn_key": [int(number) for number in state["spawn_key"]]}


class BitGeneratorAdapter(Adapter):
    """The source of random bits; generators may share one."""

    def describe(self, value: Any) -> Node:
        return Node(
            "numpy.bits",
            (type(value).__qualname__, plain(value.state)),
            children=(value.seed_seq,),
            labels=(".seed_seq",),
        )

    def detach(self, value: Any) -> Any:
        make, args, state = value.__reduce__()
        new = make(*args)
        new.__setstate__(state)
        return new

    def patch(self, live: Any, new: Any) -> None:
        if type(live) is not type(new) or live.seed_seq is not new.seed_seq:
            raise Unpatchable("", type(live).__qualname__, "it has another seed")
        live.state = new.state


class GeneratorAdapter(Adapter):
    """``numpy.random.Generator``: nothing but its bit generator."""

    def describe(self, value: Any) -> Node:
        return Node("numpy.generator", children=(value.bit_generator,), labels=(".bit_generator",))

    def detach(self, value: Any) -> Any:
        return np.random.Generator(value.bit_generator)

    def patch(self, live: Any, new: Any) -> None:
        if live.bit_generator is not new.bit_generator:
            raise Unpatchable("", "numpy.random.Generator", "it has another bit generator")

    def preview(self, value: Any) -> str:
        return str(value)[:80]


class RandomStateAdapter(Adapter):
    """``numpy.random.RandomState``; the one behind ``numpy.random`` is known by its name."""

    def describe(self, value: Any) -> Node:
        if value is _global_state():
            return Node("numpy.global_state", mutable=False)
        state = {k: v for k, v in value.get_state(legacy=False).items() if k in ("has_gauss", "gauss")}
        return Node("numpy.state", plain(state), children=(value._bit_generator,), labels=("._bit_generator",))

    def reduce(self, value: Any, storing: Storing) -> Any:
        if value is _global_state():
            return _global_state, ()
        state = value.get_state(legacy=False)
        return random_state, (value._bit_generator, state.get("has_gauss", 0), state.get("gauss", 0.0))

    def detach(self, value: Any) -> Any:
        state = value.get_state(legacy=False)
        return random_state(value._bit_generator, state.get("has_gauss", 0), state.get("gauss", 0.0))

    def patch(self, live: Any, new: Any) -> None:
        if live._bit_generator is not new._bit_generator:
            raise Unpatchable("", "numpy.random.RandomState", "it has another bit generator")
        state = new.get_state(legacy=False)
        _set_gauss(live, state.get("has_gauss", 0), state.get("gauss", 0.0))


def _global_state() -> Any:
    """The state that ``numpy.random.seed`` and ``numpy.random.rand`` work on."""
    return np.random.mtrand._rand


def random_state(bits: Any, has_gauss: int, gauss: float) -> Any:
    """A random state over a bit generator, with the normal number it has in store."""
    value = np.random.RandomState(bits)
    _set_gauss(value, has_gauss, gauss)
    return value


def _set_gauss(value: Any, has_gauss: int, gauss: float) -> None:
    state = value.get_state(legacy=False)
    if "has_gauss" in state:
        value.set_state({**state, "has_gauss": has_gauss, "gauss": gauss})
