"""What a probe of settings is, and those of Python itself: limits, decimal context, locale, time zone and others."""

from __future__ import annotations

import decimal
import gc
import os
import sys
import time
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

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


@runtime_checkable
class Watching(Protocol):
    """A probe that must see who sets what: `watch` is called once its module is loaded, and may be called again."""

    def watch(self) -> None:
        """Begin to notice."""


def differ(value: Any, default: Any) -> bool:
    """Whether a setting is not at its default; True is not 1."""
    return value is not default and (type(value) is not type(default) or bool(value != default))


class _Python:
    """The interpreter's own limits, against those with which nbexp found it."""

    name, module = "python", "sys"

    def __init__(self) -> None:
        self._found = self._now()

    def _now(self) -> Tree:
        return {
            "recursionlimit": sys.getrecursionlimit(), "int_max_str_digits": sys.get_int_max_str_digits(),
            "switchinterval": sys.getswitchinterval(), "gc": gc.isenabled(), "gc_threshold": gc.get_threshold(),
        }  # fmt: skip

    def differences(self) -> Tree:
        return {key: value for key, value in self._now().items() if value != self._found[key]}

    def apply(self, tree: Tree) -> None:
        wanted = {**self._found, **tree}
        sys.setrecursionlimit(wanted["recursionlimit"])
        sys.set_int_max_str_digits(wanted["int_max_str_digits"])
        sys.setswitchinterval(wanted["switchinterval"])
        (gc.enable if wanted["gc"] else gc.disable)()
        gc.set_threshold(*wanted["gc_threshold"])


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


class _Processes:
    """How `multiprocessing` starts processes, if that was chosen."""

    name, module = "multiprocessing", "multiprocessing"

    def differences(self) -> Tree:
        chosen = sys.modules["multiprocessing"].get_start_method(allow_none=True)
        return {"start_method": chosen} if chosen not in (None, self._default()) else {}

    def apply(self, tree: Tree) -> None:
        method = tree.get("start_method", self._default())
        sys.modules["multiprocessing"].set_start_method(method, force=True)

    def _default(self) -> str:
        return str(sys.modules["multiprocessing"].get_all_start_methods()[0])


class _Single:
    """A library's one setting, with functions that get and set it."""

    def __init__(self, module: str, getter: str, setter: str, default: Any) -> None:
        self.name = self.module = module
        self._getter, self._setter, self._default = getter, setter, default

    def differences(self) -> Tree:
        value = getattr(sys.modules[self.module], self._getter)()
        return {self._getter: value} if differ(value, self._default) else {}

    def apply(self, tree: Tree) -> None:
        getattr(sys.modules[self.module], self._setter)(tree.get(self._getter, self._default))


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


class _Zone:
    """The time zone that C goes by, and the variable that names it, against those with which nbexp found them.

    A zone's names and offsets do not say all of it (when summer began, long ago), so all is told once anything differs.
    """

    name, module = "time zone", "time"

    def __init__(self) -> None:
        self._found = self._now()

    def _now(self) -> tuple[Any, ...]:
        return os.environ.get("TZ"), time.tzname, time.timezone, time.altzone

    def differences(self) -> Tree:
        now = self._now()
        return {} if now == self._found else dict(zip(("TZ", "names", "offset", "in summer"), now, strict=True))

    def apply(self, tree: Tree) -> None:
        wanted = tree.get("TZ", self._found[0])
        if wanted is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = wanted
        if hasattr(time, "tzset"):  # not on Windows, where no program changes its zone
            time.tzset()


#: Python's own, in the order in which they are applied.
PYTHON: tuple[Probe, ...] = (
    _Python(), _Decimal(), _Locale(), _Zone(), _Processes(),
    _Single("socket", "getdefaulttimeout", "setdefaulttimeout", None),
    _Single("csv", "field_size_limit", "field_size_limit", 131072),
)  # fmt: skip
