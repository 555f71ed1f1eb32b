"""A tensor taken apart: the strided tensors it consists of, and what else an operation on it depends on."""

from __future__ import annotations

from typing import Any

import torch

from nbexp.adapters.torch.layout import order_of

#: Set on what `detach` gives: it is stored with memory of its own, not as a view of the live tensor.
DETACHED = "_nbexp_detached"

_NOTES = frozenset({DETACHED, "_dynamo_static_input_type"})

#: The indices of each layout, beside its values.
COMPRESSED = {
    torch.sparse_csr: ("crow_indices", "col_indices"),
    torch.sparse_csc: ("ccol_indices", "row_indices"),
    torch.sparse_bsr: ("crow_indices", "col_indices"),
    torch.sparse_bsc: ("ccol_indices", "row_indices"),
}


def bare(value: Any) -> Any:
    """The tensor without its class's and autograd's say in what is done with it."""
    with torch._C.DisableTorchFunctionSubclass():
        plain = value.detach().as_subclass(torch.Tensor) if type(value) is not torch.Tensor else value.detach()
    if plain.is_conj():
        plain = plain.conj()
    return torch._neg_view(plain) if plain.is_neg() else plain


def fields_of(value: Any) -> dict[str, Any]:
    """The attributes that were set on a tensor, but for what torch's compiler notes when it first sees it."""
    return {name: field for name, field in value.__dict__.items() if name not in _NOTES}


def flags_of(value: Any) -> tuple[Any, ...]:
    """What else an operation on the tensor depends on; its need of gradients comes first."""
    coalesced = value.layout is torch.sparse_coo and value.is_coalesced()
    flags = (value.requires_grad, value.is_conj(), value.is_neg(), value.is_inference(), coalesced)
    return (*map(bool, flags), str(value.layout))


def form_of(part: Any) -> tuple[Any, ...]:
    """What must be equal for one tensor to take over the elements of another."""
    order = order_of(part) if part.layout is torch.strided else None
    return (str(part.dtype), tuple(part.shape), order, str(part.device))


def parts_of(plain: Any) -> list[Any]:
    """The strided tensors that a tensor consists of: itself, or indices and values."""
    if plain.layout is torch.strided:
        return [plain]
    if plain.layout is torch.sparse_coo:
        return [plain._indices(), plain._values()]
    return [*(getattr(plain, name)() for name in COMPRESSED[plain.layout]), plain.values()]
