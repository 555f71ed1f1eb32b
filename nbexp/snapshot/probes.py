"""The settings of the interpreter and of each library, as differences from their own defaults."""

from __future__ import annotations

import decimal
import functools
import sys
from collections.abc import Mapping
from typing import Any, Protocol

#: What differs from the defaults, by setting: plain values as a rule, whatever the user set (a function) otherwise.
Tree = dict[str, Any]


class Probe(Protocol):
    """A group of settings.

    Attributes:
        name: As in keys and records. module: the module whose settings they are.
    """

    name: str
    module: str

    def differences(self) -> Tree:
        """The settings that are not at their default. The module is loaded."""

    def apply(self, tree: Tree) -> None:
        """Make the settings the defaults with these differences. The module is loaded."""


def _differ(value: Any, default: Any) -> bool:
    return value is not default and (type(value) is not type(default) or bool(value != default))


class _Python:
    """The interpreter's own limits, against those with which nbexp found it."""

    name, module = "python", "sys"

    def __init__(self) -> None:
        self._found = self._now()

    def _now(self) -> Tree:
        return {"recursionlimit": sys.getrecursionlimit(), "int_max_str_digits": sys.get_int_max_str_digits()}

    def differences(self) -> Tree:
        return {key: value for key, value in self._now().items() if value != self._found[key]}

    def apply(self, tree: Tree) -> None:
        wanted = {**self._found, **tree}
        sys.setrecursionlimit(wanted["recursionlimit"])
        sys.set_int_max_str_digits(wanted["int_max_str_digits"])


class _Pandas:
    """``pandas.options``."""

    name, module = "pandas", "pandas"

    def _options(self) -> Any:
        return sys.modules["pandas._config.config"]

    def differences(self) -> Tree:
        options = self._options()
        groups: dict[str, Any] = {"": options._global_config}
        found = {}
        for key, option in options._registered_options.items():
            group, _, last = key.rpartition(".")
            values = groups.get(group)
            if values is None:
                values = groups[group] = functools.reduce(dict.__getitem__, group.split("."), options._global_config)
            if _differ(values[last], option.defval):
                found[key] = values[last]
        return found

    def apply(self, tree: Tree) -> None:
        options = self._options()
        for key in self.differences().keys() - tree.keys():
            options.set_option(key, options._registered_options[key].defval)
        for key, value in tree.items():
            options.set_option(key, value)


#: https://numpy.org/doc/stable/reference/generated/numpy.set_printoptions.html
_PRINT: Tree = {
    "edgeitems": 3, "threshold": 1000, "floatmode": "maxprec", "precision": 8, "suppress": False,
    "linewidth": 75, "nanstr": "nan", "infstr": "inf", "sign": "-", "formatter": None, "legacy": False,
    "override_repr": None,
}  # fmt: skip
_ERRORS: Tree = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


class _Numpy:
    """numpy's printing and floating-point error handling."""

    name, module = "numpy", "numpy"

    def differences(self) -> Tree:
        numpy = sys.modules["numpy"]
        shown = {key: value for key, value in numpy.get_printoptions().items() if _differ(value, _PRINT.get(key))}
        errors = {key: value for key, value in numpy.geterr().items() if value != _ERRORS[key]}
        found: Tree = {f"print.{key}": value for key, value in shown.items()}
        found.update({f"errors.{key}": value for key, value in errors.items()})
        if numpy.geterrcall() is not None:
            found["errors.call"] = numpy.geterrcall()
        return found

    def apply(self, tree: Tree) -> None:
        numpy = sys.modules["numpy"]
        known = numpy.get_printoptions().keys() & _PRINT.keys()
        wanted = {key: tree.get(f"print.{key}", _PRINT[key]) for key in known}
        numpy.set_printoptions(**wanted)
        numpy.seterr(**{key: tree.get(f"errors.{key}", value) for key, value in _ERRORS.items()})
        numpy.seterrcall(tree.get("errors.call"))


class _Matplotlib:
    """``matplotlib.rcParams``, without what belongs to the front end."""

    name, module = "matplotlib", "matplotlib"

    _FRONT_END = frozenset({"backend", "backend_fallback", "interactive", "toolbar", "savefig.directory"})

    def differences(self) -> Tree:
        matplotlib = sys.modules["matplotlib"]
        default = dict.__getitem__
        defaults = matplotlib.rcParamsDefault
        # The plain dict's items: reading through `rcParams` would choose a backend and warn of old names.
        return {
            key: value
            for key, value in dict.items(matplotlib.rcParams)
            if key not in self._FRONT_END and _differ(value, default(defaults, key))
        }

    def apply(self, tree: Tree) -> None:
        matplotlib = sys.modules["matplotlib"]
        for key in self.differences().keys() - tree.keys():
            dict.__setitem__(matplotlib.rcParams, key, dict.__getitem__(matplotlib.rcParamsDefault, key))
        for key, value in tree.items():
            dict.__setitem__(matplotlib.rcParams, key, value)


_TORCH: Tree = {
    "default_dtype": "float32", "default_device": "cpu", "grad": True, "deterministic": False,
    "deterministic_warn_only": False, "matmul_precision": "highest", "cudnn.deterministic": False,
    "cudnn.benchmark": False, "print.precision": 4, "print.threshold": 1000, "print.edgeitems": 3,
    "print.linewidth": 80, "print.sci_mode": None,
}  # fmt: skip


class _Torch:
    """torch's defaults for new tensors, gradients, determinism and printing."""

    name, module = "torch", "torch"

    def _now(self) -> Tree:
        torch = sys.modules["torch"]
        shown = torch._tensor_str.PRINT_OPTS
        names = ("precision", "threshold", "edgeitems", "linewidth", "sci_mode")
        return {
            "default_dtype": str(torch.get_default_dtype()).removeprefix("torch."),
            "default_device": str(torch.get_default_device()),
            "grad": torch.is_grad_enabled(),
            "deterministic": torch.are_deterministic_algorithms_enabled(),
            "deterministic_warn_only": torch.is_deterministic_algorithms_warn_only_enabled(),
            "matmul_precision": torch.get_float32_matmul_precision(),
            "cudnn.deterministic": torch.backends.cudnn.deterministic,
            "cudnn.benchmark": torch.backends.cudnn.benchmark,
            **{f"print.{name}": getattr(shown, name) for name in names},
        }

    def differences(self) -> Tree:
        return {key: value for key, value in self._now().items() if _differ(value, _TORCH[key])}

    def apply(self, tree: Tree) -> None:
        torch = sys.modules["torch"]
        wanted = {**_TORCH, **tree}
        torch.set_default_dtype(getattr(torch, wanted["default_dtype"]))
        if str(torch.get_default_device()) != wanted["default_device"]:
            torch.set_default_device(wanted["default_device"])
        torch.set_grad_enabled(wanted["grad"])
        torch.use_deterministic_algorithms(wanted["deterministic"], warn_only=wanted["deterministic_warn_only"])
        torch.set_float32_matmul_precision(wanted["matmul_precision"])
        torch.backends.cudnn.deterministic = wanted["cudnn.deterministic"]
        torch.backends.cudnn.benchmark = wanted["cudnn.benchmark"]
        for name in ("precision", "threshold", "edgeitems", "linewidth", "sci_mode"):
            setattr(torch._tensor_str.PRINT_OPTS, name, wanted[f"print.{name}"])


#: https://docs.python.org/3/library/decimal.html#decimal.DefaultContext
_DECIMAL: Tree = {
    "prec": 28, "rounding": decimal.ROUND_HALF_EVEN, "Emin": -999999, "Emax": 999999, "capitals": 1, "clamp": 0,
}  # fmt: skip
_TRAPPING = decimal.Context(traps=[decimal.DivisionByZero, decimal.InvalidOperation, decimal.Overflow])


class _Decimal:
    """The decimal context of this thread: precision, rounding, traps. Its flags are a log and no setting."""

    name, module = "decimal", "decimal"

    def differences(self) -> Tree:
        context = decimal.getcontext()
        now = {name: getattr(context, name) for name in _DECIMAL}
        found = {name: value for name, value in now.items() if value != _DECIMAL[name]}
        if context.traps != _TRAPPING.traps:
            found["traps"] = _names(context.traps)
        return found

    def apply(self, tree: Tree) -> None:
        wanted = {**_DECIMAL, **tree}
        traps = wanted.pop("traps", _names(_TRAPPING.traps))
        context = decimal.getcontext()
        for name, value in wanted.items():
            setattr(context, name, value)
        for kind in context.traps:
            context.traps[kind] = kind.__name__ in traps


def _names(traps: Mapping[type[decimal.DecimalException], bool]) -> tuple[str, ...]:
    return tuple(sorted(kind.__name__ for kind, on in traps.items() if on))


class _Locale:
    """The locale of each category but that of characters, which the interpreter takes from the environment."""

    name, module = "locale", "locale"

    _CATEGORIES = ("LC_COLLATE", "LC_MONETARY", "LC_NUMERIC", "LC_TIME")

    def differences(self) -> Tree:
        locale = sys.modules["locale"]
        now = {name: locale.setlocale(getattr(locale, name)) for name in self._CATEGORIES}
        return {name: value for name, value in now.items() if value != "C"}

    def apply(self, tree: Tree) -> None:
        locale = sys.modules["locale"]
        for name in self._CATEGORIES:
            locale.setlocale(getattr(locale, name), tree.get(name, "C"))


#: All of them, in the order in which they are applied.
LIBRARIES: tuple[Probe, ...] = (_Python(), _Decimal(), _Locale(), _Numpy(), _Pandas(), _Matplotlib(), _Torch())
