"""What the notebook and project put into others' packages: code, found where it stands; data, found by the source.

It is looked for when a cell or module could have put it there: looking costs milliseconds (D28).
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

from nbexp.adapters.base import Name
from nbexp.adapters.code import is_code
from nbexp.code.assigned import ABSENT, Place, find_place, places_set, told_elsewhere, value_at
from nbexp.code.monkeypatches import PYTHON, Monkeypatch, monkeypatches
from nbexp.code.origin import distribution_of
from nbexp.errors import Unfingerprintable
from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.records import Reason
from nbexp.snapshot.modules import loaded_project_modules

#: What a cell that puts code somewhere has in its text; project modules that were imported may have done so, too. Where
#: a package is called ``self``, its source says so.
_COULD_PATCH = re.compile(
    r"(?<!\bself)\.\s*\w+\s*(?::[^=\n]*)?=(?!=)|setattr|patch|regist|reload|\bdel\b|__dict__|exec|%run"
)

#: What a cell that sets data somewhere has in its text.
_COULD_SET = re.compile(r"\.\s*\w+[^\n=]*=(?!=)|setattr|delattr|patch|\bdel\b|__dict__|vars\(|\.[a-z]+\(")


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands at a place now, to compare with later: the object, and its content if that can be told."""

    value: Any
    digest: str = ""

    def is_as(self, other: Standing) -> bool:
        """Whether nothing has changed."""
        return self.digest == other.digest if self.digest else self.value is other.value


@dataclass(frozen=True, slots=True)
class _Target:
    """A place that some source sets: what stood there before the cell with this source ran, if the place was there; and
    whether what stands there is only changed, never replaced."""

    original: Standing | None
    inside: bool


class Patches:
    """What is in force in one kernel; `namespace` is the notebook's."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._code: tuple[Monkeypatch, ...] = ()
        self._look = True
        self._could_patch = False
        self._count = 0
        self._modules: frozenset[str] = frozenset()
        self._of_imports: set[Place] = set()
        self._of_globals: defaultdict[str, set[Place]] = defaultdict(set)
        self._targets: dict[Name, _Target] = {}

    def note_cell(self, source: str) -> None:
        """A cell with this source, as IPython transformed it, begins."""
        self._could_patch = _COULD_PATCH.search(source) is not None
        self._look = self._look or self._could_patch
        self._find_targets()
        for place in _places_in(source):
            (self._of_imports if place.is_import else self._of_globals[place.path[0]]).add(place)
        self._find_targets(before=True)

    def now(self) -> tuple[Monkeypatch, ...]:
        """What is in force now."""
        self._look_around()
        if self._look:
            self._code, self._look = monkeypatches(), False
        code = {str(patch.name) for patch in self._code}
        return (*self._code, *(patch for patch in self._data() if str(patch.name) not in code))

    def standing(self) -> dict[Name, Standing]:
        """What stands now where a stage may put something: places that some source sets, code found by `now`, and how
        much there is in classes that libraries extend."""
        self._look_around()
        return {
            **{patch.name: Standing(patch.value) for patch in self._code},
            **{name: _standing(name, target.inside) for name, target in self._targets.items()},
            **{name: Standing(found, str(len(vars(found)))) for name, found in _extended()},
        }

    def set_since(
        self, before: Mapping[Name, Standing], reached: Iterable[object], imported: Container[str]
    ) -> Iterator[Reason]:
        """What is no longer as it was, or not known to be: a hit would not set it.

        Args:
            before: What `standing` said before the stage. reached: Functions and classes that the stage reads.
            imported: Modules of the project that it imported: a hit imports them, too.
        """
        self._look = self._look or self._could_patch or any(map(_could_register, reached))
        self.now()
        for name, now in self.standing().items():
            then = before.get(name, _NOTHING)
            if now.is_as(then) or _is_setting(name):
                continue
            if then is _NOTHING and (name in _EXTENDED or _is_of(now.value, imported)):
                continue
            yield Reason("effect", str(name), f"it set {name}, which a hit would not")

    def _data(self) -> Iterator[Monkeypatch]:
        for name, target in self._targets.items():
            now = _standing(name, target.inside)
            if now.value is ABSENT or told_elsewhere(name) or (target.original and now.is_as(target.original)):
                continue
            yield Monkeypatch(distribution_of(name.module) or PYTHON, name, now.value)

    def _look_around(self) -> None:
        """See what has been imported, and find the places that were not there yet."""
        if len(sys.modules) != self._count:
            self._count, modules = len(sys.modules), frozenset(loaded_project_modules())
            self._look = self._look or modules != self._modules
            for name in modules - self._modules:
                self._note_module(sys.modules[name])
            self._modules = modules
        self._find_targets()

    def _note_module(self, module: ModuleType) -> None:
        for place in _places_in(_source(module)):
            if place.is_import:
                self._of_imports.add(place)
            elif (name := find_place(place, vars(module))) is not None:
                self._add(name, _Target(None, place.inside))

    def _find_targets(self, *, before: bool = False) -> None:
        """Find the places of cells whose global or module is there by now."""
        for root in self._of_globals.keys() & self._namespace.keys():
            if not issubclass(type(self._namespace[root]), ModuleType | type):
                del self._of_globals[root]  # a variable like any other
        there = self._of_globals.keys() & self._namespace.keys()
        for places in (self._of_imports, *(self._of_globals[root] for root in there)):
            for place in list(places):
                if (name := find_place(place, self._namespace)) is not None:
                    places.discard(place)
                    self._add(name, _Target(_standing(name, place.inside) if before else None, place.inside))

    def _add(self, name: Name, target: _Target) -> None:
        known = self._targets.setdefault(name, target)
        if known.inside and not target.inside:
            self._targets[name] = replace(known, inside=False)


_NOTHING = Standing(ABSENT)

#: Classes into which other libraries put methods of theirs: ``tqdm.pandas()``.
_EXTENDED = (
    Name("pandas", ("DataFrame",)),
    Name("pandas", ("Series",)),
    Name("pandas.core.groupby.generic", ("DataFrameGroupBy",)),
    Name("pandas.core.groupby.generic", ("SeriesGroupBy",)),
)


def _extended() -> Iterator[tuple[Name, type]]:
    if "pandas" in sys.modules:
        yield from ((name, found) for name in _EXTENDED if isinstance(found := value_at(name), type))


def _is_setting(name: Name) -> bool:
    """Whether it is brought back with the settings of its library: torch's hooks on all modules."""
    return name.module == "torch.nn.modules.module" and name.path[0].startswith("_global_")


def _is_of(value: Any, modules: Container[str]) -> bool:
    """Whether code, or what a descriptor of a library holds, is from one of these modules."""
    held = [value, *getattr(value, "__dict__", {}).values()]
    return any(getattr(each, "__module__", None) in modules for each in held)


#: In the names that a function looks up, if it may put something into a package by calling another one.
_REGISTERS = re.compile(r"setattr|regist|patch|pandas")


def _could_register(value: object) -> bool:
    functions = [value, *vars(value).values()] if isinstance(value, type) else [value]
    return any(_names_registers(function.__code__) for function in functions if isinstance(function, FunctionType))


def _names_registers(code: CodeType) -> bool:
    nested = (each for each in code.co_consts if isinstance(each, CodeType))
    return any(map(_REGISTERS.search, code.co_names)) or any(map(_names_registers, nested))


def _standing(name: Name, inside: bool) -> Standing:
    value = value_at(name, inside=inside)
    if value is ABSENT or is_code(value) or told_elsewhere(name):
        return Standing(value)
    try:
        return Standing(value, fingerprint(value).digest.hex())
    except Unfingerprintable:
        return Standing(value)


@lru_cache(maxsize=512)
def _places_in(source: str) -> frozenset[Place]:
    if not _COULD_SET.search(source):
        return frozenset()
    try:
        return places_set(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError):  # it will not run either
        return frozenset()


def _source(module: ModuleType) -> str:
    """The text of a module; empty if there is none."""
    loader: Any = getattr(module.__spec__, "loader", None)
    try:
        return (loader.get_source(module.__name__) if hasattr(loader, "get_source") else None) or ""
    except (ImportError, OSError, SyntaxError, ValueError):
        return ""
