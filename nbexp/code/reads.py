"""Which names a code object looks up when it runs, read from its instructions and those of all code nested in it.

Names are given as written: what they stand for depends on the globals the code runs with (`nbexp.code.lookups`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import CodeType
from typing import Any

from nbexp.code.bytecode import Instruction, instructions, is_constant, nested

_LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_STORES = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL"})
_IMPORTERS = frozenset({"import_module", "__import__", "reload"})

#: Names that reach any global; and attributes that do so on frames, functions and the table of modules.
_DYNAMIC_NAMES = frozenset({"exec", "eval", "globals", "execfile", "get_ipython"})
_DYNAMIC_ATTRIBUTES = frozenset(
    {"f_globals", "f_locals", "__globals__", "f_builtins", "__subclasses__", "get_objects", "get_referrers"}
)

#: Calls that look names up in a text among the variables of their caller, and the libraries that have them.
TEXT_LOOKUPS: dict[str, tuple[str, ...]] = {
    "query": ("duckdb", "pandas"),
    "eval": ("pandas",),
    "sql": ("duckdb", "polars"),
    "execute": ("duckdb",),
    "executemany": ("duckdb",),
    "read_sql": ("duckdb",),
    "read_sql_query": ("duckdb",),
    "evaluate": ("numexpr",),
    "sqldf": ("pandasql",),
}

#: What they call the text, where it is given by name.
TEXT_ARGUMENTS = frozenset({"expr", "query", "sql", "ex"})

#: Instructions that do nothing but push one value.
_PUSHES = frozenset({"LOAD_CONST", "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_DEREF", "LOAD_GLOBAL", "LOAD_NAME"})
_SPREADS = frozenset({"BUILD_LIST", "BUILD_TUPLE", "BUILD_MAP", "LIST_EXTEND", "DICT_MERGE", "PUSH_NULL", "LOAD_ATTR"})


@dataclass(frozen=True, slots=True)
class Import:
    """An import statement: `module` as written, `level` dots before it, the `names` taken from it."""

    module: str
    level: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reads:
    """What a code object, with all code nested in it, looks up by name when it runs.

    Attributes:
        names: Globals, each with the attributes read from it at once: ``("np", "random", "rand")``.
        stores: Globals that it binds or deletes.
        imports: Modules that it imports.
        attributes: Every attribute name it reads.
        strings: String constants, which others may look names up in.
        dynamic: Ways to any name at all: ``eval``, ``globals``, ``f_globals``, ``sys.modules``, ``import_module``.
        texts: Calls of `TEXT_LOOKUPS` with a text that the code does not show: ``df.query`` for one of a global,
            ``.query`` of anything else, ``self.query`` of a method's own object.
    """

    names: frozenset[tuple[str, ...]] = frozenset()
    stores: frozenset[str] = frozenset()
    imports: frozenset[Import] = frozenset()
    attributes: frozenset[str] = frozenset()
    strings: frozenset[str] = frozenset()
    dynamic: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()


def reads(code: CodeType) -> Reads:
    """Which names `code` and the code nested in it look up."""
    found = _Found(set(), set(), set(), set(), set(), set(), set())
    for part in _all_code(code):
        steps = instructions(part)
        _collect(steps, found)
        found.texts.update(_unseen_texts(steps, part))
    return Reads(*map(frozenset, (getattr(found, name) for name in _Found.__slots__)))


def _all_code(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in nested(code):
        yield from _all_code(inner)


@dataclass(slots=True)
class _Found:
    names: set[tuple[str, ...]]
    stores: set[str]
    imports: set[Import]
    attributes: set[str]
    strings: set[str]
    dynamic: set[str]
    texts: set[str]


def _collect(steps: Sequence[Instruction], found: _Found) -> None:
    for at, step in enumerate(steps):
        name = step.name
        if name in _LOADS:
            path = (step.value, *_attributes(steps, at + 1))
            found.names.add(path)
            _note_dynamic(path, steps, at + len(path), found)
        elif name in _ATTRIBUTES or name == "LOAD_SUPER_ATTR":
            found.attributes.add(step.value)
            if step.value in _DYNAMIC_ATTRIBUTES:
                found.dynamic.add(step.value)
        elif name in _STORES:
            found.stores.add(step.value)
        elif name == "IMPORT_NAME":
            found.imports.add(_import(steps, at))
        elif is_constant(step):
            found.strings.update(_strings(step.value))


def _attributes(steps: Sequence[Instruction], at: int) -> Iterator[str]:
    while at < len(steps) and steps[at].name in _ATTRIBUTES:
        yield steps[at].value
        at += 1


def _note_dynamic(path: tuple[str, ...], steps: Sequence[Instruction], after: int, found: _Found) -> None:
    if path[0] in _DYNAMIC_NAMES:
        found.dynamic.add(path[0])
    if ("sys", "modules") in pairwise(path):
        found.dynamic.add("sys.modules")
    if path[-1] in _IMPORTERS:
        module = steps[after].value if after < len(steps) and is_constant(steps[after]) else None
        if isinstance(module, str) and not module.startswith("."):
            found.imports.add(Import(module))
        else:
            found.dynamic.add("import_module")


def _unseen_texts(steps: Sequence[Instruction], code: CodeType) -> Iterator[str]:
    for at, step in enumerate(steps):
        if step.value.__class__ is not str or step.value not in TEXT_LOOKUPS or is_constant(step):
            continue
        if step.name == "LOAD_GLOBAL":
            if step.value != "eval" and step.arg & 1 and not _shows_text(steps, at + 1):
                yield step.value
        elif step.name == "LOAD_METHOD" or (step.name in _LOADS_METHOD and step.arg & 1):
            if not _shows_text(steps, at + 1):
                yield f"{_owner(steps[at - 1], code)}.{step.value}"
        elif step.name in _ATTRIBUTES and _spreads(steps, at + 1):
            yield f"{_owner(steps[at - 1], code)}.{step.value}"


#: Instructions that tell by a flag whether they load a method to call; since Python 3.12.
_LOADS_METHOD = frozenset({"LOAD_ATTR", "LOAD_SUPER_ATTR"}) if sys.version_info >= (3, 12) else frozenset()


def _owner(step: Instruction, code: CodeType) -> str:
    """What a method is called on, as in `Reads.texts`."""
    if step.name in _LOADS:
        return str(step.value)
    is_self = step.name == "LOAD_FAST" and step.arg == 0 and code.co_argcount and code.co_varnames[0] == "self"
    return "self" if is_self else ""


def _shows_text(steps: Sequence[Instruction], start: int) -> bool:
    """Whether the call whose arguments begin at `start` has none, or a constant first.

    Only calls with plain arguments are understood: of others the text counts as not shown.
    """
    at = start
    while steps[at].name in _PUSHES or (steps[at].name == "LOAD_ATTR" and at > start + 1):
        at += 1
    count = sum(step.name in _PUSHES for step in steps[start:at])
    names: tuple[str, ...] = ()
    if steps[at].name == "CALL_KW":
        count, names = count - 1, steps[at - 1].value
    if steps[at].name == "KW_NAMES":
        at, names = at + 1, steps[at].value
    if steps[at].name == "PRECALL":
        at += 1
    if steps[at].name not in ("CALL", "CALL_KW") or steps[at].arg != count:
        return False
    if not count or "k" in names:  # the nearest neighbours in a tree: `tree.query(points, k=2)`
        return True
    return is_constant(steps[start]) and (count > len(names) or names[0] in TEXT_ARGUMENTS)


def _spreads(steps: Sequence[Instruction], at: int) -> bool:
    """Whether a call with ``*`` or ``**`` follows."""
    while steps[at].name in _PUSHES or steps[at].name in _SPREADS:
        at += 1
    return steps[at].name == "CALL_FUNCTION_EX"


def _import(steps: Sequence[Instruction], at: int) -> Import:
    """The import at `at`: the level and the names were pushed just before."""
    level, names = steps[at - 2].value, steps[at - 1].value
    return Import(steps[at].value, level if isinstance(level, int) else 0, names if isinstance(names, tuple) else ())


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (tuple, frozenset)):
        for item in value:
            yield from _strings(item)
