"""The process-wide random generators: their states, told, captured and put back.

Generators held in variables are values; here are the ambient ones: ``random``, numpy's legacy generator, torch's on the
CPU and on each CUDA device. A generator still as the process started with it counts as the one value `UNSEEDED`: what
it would give differs in each process, and a stage that draws from it has asked for no particular numbers. A generator
whose library is not loaded is unseeded too.

numpy and torch are never imported here. A state for a library that is not loaded waits for its import.
"""

from __future__ import annotations

import contextlib
import random
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from nbexp.hashing import digest

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


class Generator(Protocol):
    """A kind of process-wide generator.

    Attributes:
        name: As in keys and records. module: the module after whose import it exists.
    """

    name: str
    module: str

    def loaded(self) -> bool:
        """Whether the generator exists in this process."""

    def digest(self) -> str:
        """The digest of its state."""

    def capture(self) -> Any:
        """Its state as plain Python data, which can be unpickled without the library."""

    def restore(self, state: Any) -> None:
        """Make a captured state the current one."""

    def seed(self, seed: int) -> None:
        """Start from `seed`."""


class _PythonRandom:
    """The generator of the module ``random``."""

    name = module = "random"

    def loaded(self) -> bool:
        return True

    def digest(self) -> str:
        version, words, gauss = _getstate()
        return digest("rng random", struct.pack(f"<H{len(words)}I", version, *words), repr(gauss)).hex()

    def capture(self) -> Any:
        return _getstate()

    def restore(self, state: Any) -> None:
        version, words, gauss = state
        _setstate((version, tuple(words), gauss))

    def seed(self, seed: int) -> None:
        _seed(seed)


class _NumpyRandom:
    """numpy's legacy generator, behind ``numpy.random.rand`` and its kin."""

    name, module = "numpy", "numpy.random"

    def loaded(self) -> bool:
        return getattr(sys.modules.get("numpy.random.mtrand"), "_rand", None) is not None

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = sys.modules["numpy.random.mtrand"]._rand.get_state(legacy=False)
        return state

    def digest(self) -> str:
        return digest("rng numpy", *_pieces(self._state())).hex()

    def capture(self) -> Any:
        return _without_arrays(self._state())

    def restore(self, state: Any) -> None:
        numpy = sys.modules["numpy"]
        sys.modules["numpy.random.mtrand"]._rand.set_state(_with_arrays(state, numpy))

    def seed(self, seed: int) -> None:
        sys.modules["numpy.random.mtrand"]._rand.seed(seed % 2**32)


class _TorchCpu:
    """torch's default generator on the CPU."""

    name, module = "torch", "torch"

    def loaded(self) -> bool:
        return getattr(sys.modules.get("torch"), "default_generator", None) is not None

    def _state(self) -> bytes:
        return bytes(sys.modules["torch"].default_generator.get_state().numpy())

    def digest(self) -> str:
        return digest("rng torch", self._state()).hex()

    def capture(self) -> Any:
        return self._state()

    def restore(self, state: Any) -> None:
        torch = sys.modules["torch"]
        torch.default_generator.set_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))

    def seed(self, seed: int) -> None:
        sys.modules["torch"].default_generator.manual_seed(seed % 2**64)


class _TorchCuda:
    """torch's generator on one CUDA device; it exists once torch has started CUDA."""

    module = "torch"

    def __init__(self, index: int) -> None:
        self.index, self.name = index, f"torch.cuda:{index}"

    def loaded(self) -> bool:
        return self.index < _cuda_devices()

    def _state(self) -> bytes:
        return bytes(sys.modules["torch"].cuda.get_rng_state(self.index).numpy())

    def digest(self) -> str:
        return digest("rng torch", self._state()).hex()

    def capture(self) -> Any:
        return self._state()

    def restore(self, state: Any) -> None:
        torch = sys.modules["torch"]
        torch.cuda.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8), self.index)

    def seed(self, seed: int) -> None:
        torch = sys.modules["torch"]
        with torch.cuda.device(self.index):
            torch.cuda.manual_seed(seed % 2**64)


def _cuda_devices() -> int:
    cuda = sys.modules.get("torch.cuda")
    if cuda is None or not getattr(cuda, "is_initialized", bool)():
        return 0
    return int(cuda.device_count())


#: Taken now: while a stage runs, `nbexp.snapshot.seeding` watches the module's own functions.
_getstate, _setstate, _seed = random.getstate, random.setstate, random.seed

_FIXED: tuple[Generator, ...] = (_PythonRandom(), _NumpyRandom(), _TorchCpu())

_pristine: dict[str, str] = {}
_waiting: dict[str, tuple[str, Any]] = {}
_seeds: list[int] = []
_lock = threading.RLock()


def generators() -> tuple[Generator, ...]:
    """Every generator that there is or may be: the fixed ones, loaded or not, and one for each CUDA device in use."""
    return (*_FIXED, *(_TorchCuda(index) for index in range(_cuda_devices())))


def note_start(on_import: OnImport, *, first: bool) -> None:
    """Take note of how the process's generators are before anybody can seed them. Called once, when nbexp is loaded.

    Args:
        on_import: Calls back after a module's import (`nbexp.snapshot.modules`): numpy's and torch's states at their
            import are what the process started with.
        first: Whether no cell of the notebook has run yet. If one has, generators that exist already may have been
            seeded, and count as seeded: a needless miss at worst.
    """
    for generator in _FIXED:
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
        generator = _named(name)
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
        generator = _named(name)
        if generator.loaded():
            _waiting.pop(name, None)
            generator.restore(state)
        else:
            _waiting[name] = (_digest_of_captured(name, state), state)


def _named(name: str) -> Generator:
    for generator in generators():
        if generator.name == name:
            return generator
    if name.startswith("torch.cuda:"):
        return _TorchCuda(int(name.partition(":")[2]))
    raise KeyError(name)


def _digest_of_captured(name: str, state: Any) -> str:
    """The digest that the generator will have with this state."""
    if name == "numpy":
        return digest("rng numpy", *_pieces(state)).hex()
    return digest("rng torch", state).hex()


def _pieces(state: Any) -> list[bytes]:
    """A bit generator's state, as numpy gives it or without arrays, as bytes in a fixed order, types included."""
    if isinstance(state, dict):
        found = [b"{"]
        for key in sorted(state):
            found += [key.encode(), *_pieces(state[key])]
        return [*found, b"}"]
    if hasattr(state, "tobytes"):
        return [b"array", str(state.dtype).encode(), state.tobytes()]
    if isinstance(state, tuple) and state and state[0] == "array":
        return [b"array", state[1].encode(), state[2]]
    return [repr(state).encode()]


def _without_arrays(state: Any) -> Any:
    if isinstance(state, dict):
        return {key: _without_arrays(value) for key, value in state.items()}
    return ("array", str(state.dtype), state.tobytes()) if hasattr(state, "tobytes") else state


def _with_arrays(state: Any, numpy: Any) -> Any:
    if isinstance(state, dict):
        return {key: _with_arrays(value, numpy) for key, value in state.items()}
    if isinstance(state, tuple) and state and state[0] == "array":
        return numpy.frombuffer(state[2], dtype=state[1]).copy()
    return state


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
