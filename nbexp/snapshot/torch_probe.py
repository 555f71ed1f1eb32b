"""What torch itself is set to: defaults, gradients, autocast, backends, and code that it calls for all modules."""

from __future__ import annotations

import functools
import sys
from typing import Any

from nbexp.snapshot.probes import Tree, differ
from nbexp.snapshot.torch_modes import active_modes, default_device, global_hooks, leave_modes, set_global_hooks

_TORCH: Tree = {
    "default_dtype": "float32", "default_device": "cpu", "grad": True, "deterministic": False,
    "deterministic_warn_only": False, "matmul_precision": "highest", "print.precision": 4, "print.threshold": 1000,
    "print.edgeitems": 3, "print.linewidth": 80, "print.sci_mode": None, "anomaly": False, "autocast.cache": True,
}  # fmt: skip

#: Settings that are attributes, by their place in torch, with their defaults; not every version has them all.
_ATTRIBUTES: Tree = {
    "backends.cudnn.enabled": True, "backends.cudnn.deterministic": False, "backends.cudnn.benchmark": False,
    "backends.cudnn.allow_tf32": True, "backends.cuda.matmul.allow_fp16_reduced_precision_reduction": True,
    "backends.cuda.matmul.allow_bf16_reduced_precision_reduction": True,
    "backends.cuda.matmul.allow_fp16_accumulation": False, "backends.mkldnn.enabled": True,
    "backends.mkldnn.deterministic": False, "backends.mkldnn.conv.fp32_precision": "none",
    "backends.mkldnn.matmul.fp32_precision": "none", "utils.deterministic.fill_uninitialized_memory": True,
}  # fmt: skip

#: Settings that are a pair of functions: those that tell and set it, and the default.
_FUNCTIONS: dict[str, tuple[str, str, bool]] = {
    "cuda.flash_sdp": ("flash_sdp_enabled", "enable_flash_sdp", True),
    "cuda.mem_efficient_sdp": ("mem_efficient_sdp_enabled", "enable_mem_efficient_sdp", True),
    "cuda.math_sdp": ("math_sdp_enabled", "enable_math_sdp", True),
    "cuda.cudnn_sdp": ("cudnn_sdp_enabled", "enable_cudnn_sdp", True),
    "cuda.reduced_math_sdp": ("fp16_bf16_reduction_math_sdp_allowed", "allow_fp16_bf16_reduction_math_sdp", False),
    "mha.fastpath": ("get_fastpath_enabled", "set_fastpath_enabled", True),
}

#: The kinds of devices whose operations can be cast, and to what they are unless another type is asked for.
_CAST = {"cpu": "bfloat16", "cuda": "float16", "mps": "float16", "xpu": "float16"}

_SHOWN = ("precision", "threshold", "edgeitems", "linewidth", "sci_mode")


class TorchProbe:
    """torch's defaults for new tensors, gradients and their checks, casts, determinism, backends, hooks, printing."""

    name, module = "torch", "torch"

    def _now(self) -> Tree:
        torch = sys.modules["torch"]
        shown = torch._tensor_str.PRINT_OPTS
        return {
            "default_dtype": str(torch.get_default_dtype()).removeprefix("torch."),
            "default_device": default_device(),
            "grad": torch.is_grad_enabled(),
            "anomaly": torch.is_anomaly_enabled(),
            "autocast.cache": torch.is_autocast_cache_enabled(),
            "deterministic": torch.are_deterministic_algorithms_enabled(),
            "deterministic_warn_only": torch.is_deterministic_algorithms_warn_only_enabled(),
            "matmul_precision": _precision(torch),
            **{f"print.{name}": getattr(shown, name) for name in _SHOWN},
        }

    def differences(self) -> Tree:
        """See `nbexp.snapshot.probes.Probe`."""
        torch = sys.modules["torch"]
        return {
            **{key: value for key, value in self._now().items() if differ(value, _TORCH[key])},
            **_casts(torch),
            **_backends(torch),
            **global_hooks(),
            **active_modes(torch),
        }

    def apply(self, tree: Tree) -> None:
        """See `nbexp.snapshot.probes.Probe`."""
        torch = sys.modules["torch"]
        wanted = {**_TORCH, **tree}
        leave_modes(torch)
        torch.set_default_dtype(getattr(torch, wanted["default_dtype"]))
        if default_device() != wanted["default_device"]:
            torch.set_default_device(wanted["default_device"])
        torch.set_grad_enabled(wanted["grad"])
        if torch.is_anomaly_enabled() != wanted["anomaly"]:  # switching it on warns that it is slow
            torch.autograd.set_detect_anomaly(wanted["anomaly"])
        torch.use_deterministic_algorithms(wanted["deterministic"], warn_only=wanted["deterministic_warn_only"])
        _set_precision(torch, wanted["matmul_precision"])
        _set_casts(torch, wanted)
        _set_backends(torch, wanted)
        set_global_hooks(wanted)
        for name in _SHOWN:
            setattr(torch._tensor_str.PRINT_OPTS, name, wanted[f"print.{name}"])


def _casts(torch: Any) -> Tree:
    """Which devices' operations are cast, and to what."""
    found: Tree = {}
    for device, usual in _CAST.items():
        dtype = str(torch.get_autocast_dtype(device)).removeprefix("torch.")
        if torch.is_autocast_enabled(device):
            found[f"autocast.{device}"] = True
        if dtype != usual:
            found[f"autocast.{device}.dtype"] = dtype
    return found


def _set_casts(torch: Any, wanted: Tree) -> None:
    for device, usual in _CAST.items():
        enabled, dtype = f"autocast.{device}", getattr(torch, wanted.get(f"autocast.{device}.dtype", usual))
        if torch.is_autocast_enabled(device) != wanted.get(enabled, False):
            torch.set_autocast_enabled(device, wanted.get(enabled, False))
            torch.clear_autocast_cache()
        if torch.get_autocast_dtype(device) != dtype:
            torch.set_autocast_dtype(device, dtype)
    torch.set_autocast_cache_enabled(wanted["autocast.cache"])


def _backends(torch: Any) -> Tree:
    """What is set in ``torch.backends`` and its like."""
    found: Tree = {}
    for name, default in _ATTRIBUTES.items():
        now = _attribute(torch, name, default)
        if differ(now, default):
            found[name] = now
    for name, (tell, _, usual) in _FUNCTIONS.items():
        place = getattr(torch.backends, name.partition(".")[0])
        if hasattr(place, tell) and getattr(place, tell)() != usual:
            found[name] = not usual
    return found


def _attribute(torch: Any, name: str, default: Any) -> Any:
    """A setting; `default` where this version has none, or says of it what `_precision` tells."""
    try:
        return functools.reduce(getattr, name.split("."), torch)
    except (AttributeError, RuntimeError):
        return default


def _set_backends(torch: Any, wanted: Tree) -> None:
    for name, default in _ATTRIBUTES.items():
        value = wanted.get(name, default)
        if differ(_attribute(torch, name, value), value):
            place, _, last = name.rpartition(".")
            setattr(functools.reduce(getattr, place.split("."), torch), last, value)
    for name, (tell, put, usual) in _FUNCTIONS.items():
        place = getattr(torch.backends, name.partition(".")[0])
        if hasattr(place, tell) and getattr(place, tell)() != wanted.get(name, usual):
            getattr(place, put)(wanted.get(name, usual))


def _precision(torch: Any) -> str:
    """How exactly float32 matrices are multiplied; where it was set for cuda alone, torch says it of that alone."""
    try:
        return str(torch.get_float32_matmul_precision())
    except RuntimeError:
        return f"cuda {torch.backends.cuda.matmul.fp32_precision}"


def _set_precision(torch: Any, wanted: str) -> None:
    if wanted.startswith("cuda "):
        torch.backends.cuda.matmul.fp32_precision = wanted.removeprefix("cuda ")
    elif wanted != _precision(torch):
        torch.set_float32_matmul_precision(wanted)
