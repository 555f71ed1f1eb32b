"""Adapters for torch: tensors that share memory, modules, optimizers, generators."""

from __future__ import annotations

import torch
from torch.utils.data.dataloader import _BaseDataLoaderIter
from torch.utils.hooks import RemovableHandle

from nbexp.adapters.base import Adapter
from nbexp.adapters.torch.compiled import CompiledAdapter
from nbexp.adapters.torch.hooks import HandleAdapter, WrappedHookAdapter
from nbexp.adapters.torch.modules import ModuleAdapter, OptimizerAdapter
from nbexp.adapters.torch.parts import (
    ByNameAdapter,
    DeviceAdapter,
    GeneratorAdapter,
    Refused,
    SizeAdapter,
    StorageAdapter,
)
from nbexp.adapters.torch.tensors import TensorAdapter

__all__ = ["ADAPTERS", "BASES"]

_SCRIPT = Refused(
    "it is compiled by torch.jit", "Keep the module it was made from, and compile it in the stage that uses it."
)
_ITERATOR = Refused("it is read once and cannot be wound back", "Keep the DataLoader, and iterate where it is used.")

#: Exact types; subclasses follow `BASES`. A name stands for what must not be imported here.
ADAPTERS: dict[type | str, Adapter] = {
    torch.Tensor: TensorAdapter(),
    torch.nn.Parameter: TensorAdapter(),
    torch.Size: SizeAdapter(),
    torch.dtype: ByNameAdapter("torch.dtype"),
    torch.layout: ByNameAdapter("torch.layout"),
    torch.memory_format: ByNameAdapter("torch.memory_format"),
    torch.device: DeviceAdapter(),
    torch.Generator: GeneratorAdapter(),
    torch.UntypedStorage: StorageAdapter(),
    RemovableHandle: HandleAdapter(),
    "torch.nn.modules.module._WrappedHook": WrappedHookAdapter(),
    "torch._dynamo.eval_frame.OptimizedModule": CompiledAdapter(),
}

BASES: tuple[tuple[type, Adapter], ...] = (
    (torch.Tensor, TensorAdapter()),
    (torch.jit.ScriptModule, _SCRIPT),
    (torch.jit.ScriptFunction, _SCRIPT),
    (torch.nn.Module, ModuleAdapter()),
    (torch.optim.Optimizer, OptimizerAdapter()),
    (_BaseDataLoaderIter, _ITERATOR),
)
