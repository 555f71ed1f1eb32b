"""Code that torch calls for all tensors or modules: hooks of every module and optimizer, and modes.

Hooks are functions, which are followed like other code. A mode that the notebook entered and did not leave stands
between every tensor and whoever looks at it, nbexp included: what it does there cannot be told, so it is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbexp.adapters.modes import ADVICE, WHY, dispatch_modes, function_modes
from nbexp.errors import Unstorable
from nbexp.snapshot.probes import Tree

#: Where hooks of all modules and optimizers are, by module.
_TABLES = {
    "torch.nn.modules.module": (
        "_global_buffer_registration_hooks", "_global_module_registration_hooks",
        "_global_parameter_registration_hooks", "_global_backward_pre_hooks", "_global_backward_hooks",
        "_global_forward_pre_hooks", "_global_forward_hooks",
    ),
    "torch.optim.optimizer": ("_global_optimizer_pre_hooks", "_global_optimizer_post_hooks"),
}  # fmt: skip

#: Tables that only say something about hooks of others, by number.
_MARKS = ("_global_forward_hooks_always_called", "_global_forward_hooks_with_kwargs")
_FULL = "_global_is_full_backward_hook"


@dataclass(frozen=True, slots=True)
class ActiveMode:
    """A mode that is active: it has no fingerprint (`nbexp.adapters.refused`) and is never stored."""

    mode: Any

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise Unstorable("", type(self.mode).__qualname__, WHY, ADVICE)


def default_device() -> str:
    """The device of new tensors, told without a call that a mode would see."""
    device = getattr(sys.modules.get("torch.utils._device"), "CURRENT_DEVICE", None)
    return "cpu" if device is None else str(device)


def active_modes(torch: Any) -> Tree:
    """The modes that are active beside that of the default device."""
    found = [(type(mode).__qualname__, mode) for mode in (*function_modes(), *dispatch_modes())]
    if torch.is_inference_mode_enabled():
        found.append(("inference_mode", True))
    if (hooks := torch._C._autograd._top_saved_tensors_default_hooks(True)) is not None:
        found.append(("saved_tensors_hooks", hooks))
    return {f"{name} {place}": ActiveMode(mode) for place, (name, mode) in enumerate(found)}


def leave_modes(torch: Any) -> None:
    """Take off the modes that can be taken off."""
    for mode in reversed(function_modes()):
        mode.__exit__(None, None, None)
    for mode in reversed(dispatch_modes()):
        mode.__exit__(None, None, None)


def _tables() -> Iterator[tuple[str, dict[int, Any]]]:
    for module, names in _TABLES.items():
        for name in names:
            table = getattr(sys.modules.get(module), name, None)
            if table is not None:
                yield name, table


def _marks() -> dict[str, dict[int, Any]]:
    module = sys.modules.get("torch.nn.modules.module")
    return {name: getattr(module, name) for name in _MARKS if hasattr(module, name)}


def global_hooks() -> Tree:
    """Hooks of all modules and optimizers, in their order, with what torch notes of them."""
    found: Tree = {}
    for name, table in _tables():
        for place, (number, hook) in enumerate(table.items()):
            found[f"{name} {place}"] = hook
            found.update({f"{name} {place}{mark}": True for mark, marked in _marks().items() if number in marked})
    full = getattr(sys.modules.get("torch.nn.modules.module"), _FULL, None)
    return {**found, _FULL: full} if full is not None else found


def set_global_hooks(wanted: Tree) -> None:
    """Make these the hooks of all modules and optimizers; those that stand there already stay."""
    known = global_hooks()
    for name, table in _tables():
        if any(known.get(key) is not wanted.get(key) for key in {*known, *wanted} if key.startswith(f"{name} ")):
            _fill(name, table, wanted)
    modules = sys.modules.get("torch.nn.modules.module")
    if modules is not None:
        setattr(modules, _FULL, wanted.get(_FULL))


def _fill(name: str, table: dict[int, Any], wanted: Tree) -> None:
    from torch.utils.hooks import RemovableHandle

    table.clear()
    place = 0
    while (hook := wanted.get(f"{name} {place}")) is not None:
        number = RemovableHandle(table).id
        table[number] = hook
        for mark, marked in _marks().items():
            if f"{name} {place}{mark}" in wanted:
                marked[number] = True
        place += 1
