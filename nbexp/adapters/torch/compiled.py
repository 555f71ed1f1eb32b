"""Modules compiled by ``torch.compile``: the module inside and the options; compiled code is made again when needed."""

from __future__ import annotations

from typing import Any

import torch

from nbexp.adapters.base import Adapter, Node, Storing
from nbexp.adapters.torch.hooks import hooks_in
from nbexp.errors import Unfingerprintable, Unpatchable, Unstorable

_ADVICE = "Keep the module itself, and compile it in the stage that uses it."


class CompiledAdapter(Adapter):
    """What ``torch.compile(module)`` gives."""

    def describe(self, value: Any) -> Node:
        backend, whole, dynamic = _options(value, Unfingerprintable)
        meta = (type(backend).__qualname__, bool(whole), dynamic)
        return Node(
            "torch.compiled", meta, children=(value._orig_mod, vars(backend)), labels=("._orig_mod", ".<options>")
        )

    def reduce(self, value: Any, storing: Storing) -> Any:
        return compiled, (value._orig_mod, *_options(value, Unstorable))

    def detach(self, value: Any) -> Any:
        return compiled(value._orig_mod, *_options(value, Unpatchable))

    def check_patch(self, live: Any, new: Any) -> None:
        """See `nbexp.graphs.patch.check_patch`: nothing of it is its own."""
        if live._orig_mod is not new._orig_mod:
            raise Unpatchable("", "OptimizedModule", "it holds another module", _ADVICE)

    def patch(self, live: Any, new: Any) -> None:
        self.check_patch(live, new)


def _options(value: Any, kind: Any) -> tuple[Any, bool, Any]:
    """The back end, whether one graph is asked for, and which shapes may change."""
    context = value.dynamo_ctx
    backend = context.callback
    while (inner := _inner(backend)) is not None:
        backend = inner
    known = (torch._TorchCompileInductorWrapper, torch._TorchCompileWrapper)
    if type(backend) not in known or any(hooks_in(value.__dict__).values()):
        raise kind("", "OptimizedModule", "its back end, or a hook of its own, cannot be told", _ADVICE)
    return backend, bool(getattr(context, "fullgraph", False)), getattr(context, "_dynamic", None)


def _inner(backend: Any) -> Any:
    fields = getattr(backend, "__dict__", {})
    return fields.get("_torchdynamo_orig_backend", fields.get("_torchdynamo_orig_callable"))


def compiled(module: Any, backend: Any, whole: bool, dynamic: Any) -> Any:
    """The module compiled again, which costs nothing until it is called."""
    return torch._dynamo.optimize(backend=backend, nopython=whole, dynamic=dynamic)(module)
