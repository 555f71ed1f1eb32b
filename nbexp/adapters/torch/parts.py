"""The smaller things of torch: dtypes, devices, sizes, storages, generators; and what has no content to keep."""

from __future__ import annotations

from typing import Any

import torch

from nbexp.adapters.base import Adapter, Node, Storing
from nbexp.adapters.leaf import Leaf
from nbexp.adapters.torch.layout import raw, span
from nbexp.errors import Unfingerprintable, Unstorable


class ByNameAdapter(Leaf):
    """A constant of torch's, known by its name in ``torch``: ``torch.float32``, ``torch.strided``."""

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def content(self, value: Any) -> Any:
        """Its name."""
        return str(value)

    def reduce(self, value: Any, storing: Storing) -> Any:
        """The attribute of torch by that name."""
        return getattr, (torch, str(value).removeprefix("torch."))


class DeviceAdapter(Leaf):
    """A device, whether or not this machine has it."""

    tag = "torch.device"

    def content(self, value: Any) -> Any:
        """Kind and number."""
        return (value.type, value.index)


class SizeAdapter(Leaf):
    """The shape of a tensor."""

    tag = "torch.Size"

    def content(self, value: Any) -> Any:
        """The lengths of the axes."""
        return tuple(map(int, value))


class GeneratorAdapter(Adapter):
    """A random generator; the one that functions of torch draw from is known by its name."""

    def describe(self, value: Any) -> Node:
        if value is torch.default_generator:
            return Node("torch.default_generator", mutable=False)
        return Node("torch.generator", (str(value.device), value.get_state().numpy().tobytes()))

    def reduce(self, value: Any, storing: Storing) -> Any:
        if value is torch.default_generator:
            return getattr, (torch, "default_generator")
        return generator, (str(value.device), value.get_state().numpy().tobytes())

    def detach(self, value: Any) -> Any:
        return value.clone_state()

    def patch(self, live: Any, new: Any) -> None:
        live.set_state(new.get_state())


def generator(device: str, state: bytes) -> Any:
    """A generator in this state."""
    made = torch.Generator(device)
    made.set_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))
    return made


class StorageAdapter(Adapter):
    """Bare memory, which tensors may be views of."""

    def describe(self, value: Any) -> Node:
        whole = _whole(value)
        return Node("torch.storage", str(value.device), buffers=[raw(whole)], spans=span(whole), layout=())

    def reduce(self, value: Any, storing: Storing) -> Any:
        return storage, (_whole(value),)


def _whole(value: Any) -> Any:
    return torch.empty(0, dtype=torch.uint8, device=value.device).set_(value, 0, (value.nbytes(),), (1,))


def storage(whole: Any) -> Any:
    """The memory of a loaded tensor of bytes."""
    return whole.untyped_storage()


class Refused(Adapter):
    """What cannot be told or brought back for sure.

    Args:
        why, advice: For the error.
    """

    def __init__(self, why: str, advice: str) -> None:
        self._why, self._advice = why, advice

    def describe(self, value: Any) -> Node:
        raise Unfingerprintable("", type(value).__qualname__, self._why, self._advice)

    def reduce(self, value: Any, storing: Storing) -> Any:
        raise Unstorable("", type(value).__qualname__, self._why, self._advice)
