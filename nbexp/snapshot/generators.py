"""The kinds of process-wide random generators: how each one's state is told, taken and set.

numpy and torch are never imported here: a generator exists once its library is loaded.
"""

from __future__ import annotations

import random
import struct
import sys
from typing import Any, Protocol

from nbexp.hashing import digest


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
    _told: tuple[Any, str] = (None, "")

    def loaded(self) -> bool:
        return True

    def digest(self) -> str:
        version, words, gauss = _getstate()
        state = (version, words, repr(gauss))
        known, found = self._told
        if state != known:  # most cells leave the generator alone, and a stage asks twice
            found = digest("rng random", struct.pack(f"<H{len(words)}I", version, *words), state[2]).hex()
            self._told = state, found
        return found

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
        torch = sys.modules["torch"]
        with torch._C.DisableTorchFunction():  # modes of the notebook see nothing of it
            return bytes(torch.default_generator.get_state().numpy())

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

#: Those that may always be there.
FIXED: tuple[Generator, ...] = (_PythonRandom(), _NumpyRandom(), _TorchCpu())


def generators() -> tuple[Generator, ...]:
    """Every generator that there is or may be: the fixed ones, loaded or not, and one for each CUDA device in use."""
    return (*FIXED, *(_TorchCuda(index) for index in range(_cuda_devices())))


def named(name: str) -> Generator:
    """The generator of this name; a CUDA device need not be in use yet."""
    for generator in FIXED:
        if generator.name == name:
            return generator
    if name.startswith("torch.cuda:"):
        return _TorchCuda(int(name.partition(":")[2]))
    raise KeyError(name)


def digest_of_captured(name: str, state: Any) -> str:
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
