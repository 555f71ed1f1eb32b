"""Modes that stand between every tensor and whoever looks at it, nbexp included: what they do there cannot be told."""

from __future__ import annotations

import sys
from typing import Any

WHY = "torch calls a mode that is active for all that is done with tensors"
ADVICE = "Enter the mode inside the stage (`with mode:`)."


def function_modes() -> list[Any]:
    """Those of ``torch.overrides`` that are active, but for that of the default device."""
    modes = sys.modules["torch.overrides"]._get_current_function_mode_stack()
    return [mode for mode in modes if type(mode).__module__ != "torch.utils._device"]


def dispatch_modes() -> list[Any]:
    """Those of torch's dispatcher that are active."""
    dispatch = sys.modules.get("torch.utils._python_dispatch")
    return list(dispatch._get_current_dispatch_mode_stack()) if dispatch is not None else []
