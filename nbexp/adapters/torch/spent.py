"""Tensors whose graph is spent: what a training loop leaves behind (``loss`` after ``loss.backward()``).

``backward`` frees what the nodes of the graph had saved, and raises when it meets such a node again. Where every way to
the leaves is blocked like that, the graph can do nothing but raise, and so does the one that a restored tensor gets.
"""

from __future__ import annotations

from typing import Any

import torch

_AGAIN = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time."
)


class Spent(torch.autograd.Function):  # type: ignore[misc]
    """The node of a restored tensor."""

    @staticmethod
    def forward(context: Any, plain: Any, anchor: Any) -> Any:
        """A tensor on the memory of `plain` that needs gradients because `anchor` does."""
        return plain.new_empty(0).set_(plain)

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        """What torch itself says of a spent graph."""
        raise RuntimeError(_AGAIN)


def spent(plain: Any, name: str) -> Any:
    """`plain` with a spent graph, whose last node goes by the `name` that it had."""
    node: Any = type(Spent.__name__, (Spent,), {})
    node._backward_cls.__name__ = name
    return node.apply(plain, torch.zeros((), requires_grad=True))


def is_spent(value: Any) -> bool:
    """Whether no leaf can be reached from a tensor's graph but through nodes that have been freed."""
    plain = type(value) is torch.Tensor and value.layout is torch.strided and not value.retains_grad
    if value.grad_fn is None or not plain:
        return False
    seen: set[Any] = set()
    pending = [value.grad_fn]
    while pending:
        node = pending.pop()
        if node is None or node in seen or _is_freed(node):
            continue
        if not node.next_functions:
            return False
        seen.add(node)
        pending.extend(following for following, _ in node.next_functions)
    return True


def _is_freed(node: Any) -> bool:
    if issubclass(getattr(node, "_forward_cls", object), Spent):
        return True
    return any(_was_freed(node, name) for name in dir(node) if name.startswith("_raw_saved_"))


def _was_freed(node: Any, raw: str) -> bool:
    saved = raw.removeprefix("_raw")
    try:
        if not _is_hooked(getattr(node, raw)):
            getattr(node, "saved_tensors" if hasattr(node, "_forward_cls") else saved)
    except RuntimeError:
        return True
    return False


def _is_hooked(saved: Any) -> bool:
    """Whether looking at a saved tensor would run code (a checkpoint would compute it again)."""
    each = saved if isinstance(saved, tuple | list) else (saved,)
    return any(getattr(one, "unpack_hook", _is_hooked) is not None for one in each)
