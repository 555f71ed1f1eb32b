"""Which names a function's code looks up, as places: its module's globals, and the modules it imports.

Too many names are a needless miss at worst, too few a wrong hit: code that can reach any name reads all of them.
"""

from __future__ import annotations

import re
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any, Generic, TypeVar

from nbexp import hashing
from nbexp.adapters.base import Name
from nbexp.code import bytecode
from nbexp.code.origin import NOTEBOOK, is_project, origin, spec_of
from nbexp.code.reads import TEXT_LOOKUPS, Import, Reads, reads
from nbexp.code.reference import is_of_shell

_WORD = re.compile(r"[^\W\d]\w*")
_AT_WORD = re.compile(r"@\s*([^\W\d]\w*)")

#: Ways to reach any loaded module, rather than any global.
_MODULE_TABLES = frozenset({"sys.modules", "import_module"})

#: Ways to reach what no name of the code's own module leads to: what the notebook holds, wherever the code stands.
_ANYWHERE = frozenset({"f_globals", "f_locals", "get_ipython", "__subclasses__", "get_objects", "get_referrers"})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lookups:
    """What one code object looks up in the globals of one module.

    Attributes:
        names: Places in the globals. imports: Modules it imports, by full name.
    """

    names: frozenset[Name] = frozenset()
    imports: frozenset[str] = frozenset()


def lookups(code: CodeType, module: str, namespace: Mapping[str, Any]) -> Lookups:
    """What `code` looks up, if its globals are `namespace`, those of `module`."""
    reads = code_reads(code)
    names = {Name(module, path) for path in reads.names if path[0] != "__class__"}
    names.update(Name(module, (word,)) for word in _words_looked_up(reads) if word in namespace)
    package = namespace.get("__package__") or (module if "__path__" in namespace else module.rpartition(".")[0])
    imports = set(imported_modules(code, package))
    if reads.dynamic - _MODULE_TABLES or _looks_up_any(reads):
        names.update(Name(module, (name,)) for name in every_name(module, namespace))
    if _reaches_notebook(reads):
        names.update(Name(NOTEBOOK, (name,)) for name in every_name(NOTEBOOK, vars(sys.modules[NOTEBOOK])))
    if reads.dynamic & (_MODULE_TABLES | {"__subclasses__"}):
        imports.update(name for name in list(sys.modules) if is_project(name) and name != NOTEBOOK)
    return Lookups(frozenset(names), frozenset(imports))


def _reaches_notebook(reads: Reads) -> bool:
    if any(each.module == NOTEBOOK for each in reads.imports) or reads.dynamic & _ANYWHERE:
        return True
    return NOTEBOOK in reads.strings and bool(reads.dynamic & _MODULE_TABLES)


def _looks_up_any(reads: Reads) -> bool:
    """Whether the code gives a text it does not show to a call that looks names up in it.

    What is loaded is asked each time: it changes, unlike what was read from the code.
    """
    taken = {(each.module.partition(".")[0], name) for each in reads.imports for name in (*each.names, "")}
    imported = {library for library, _ in taken}
    for text in reads.texts:
        owner, dot, name = text.rpartition(".")
        libraries = set(TEXT_LOOKUPS[name])
        if not dot or (owner == "self" and not _has_own_frames()):
            libraries.discard("pandas")  # `self.query(x)` is mostly a layer's
        if name == "evaluate" and owner not in ("ne", "numexpr"):
            continue  # models have it, too
        if any(library in sys.modules or library in imported for library in libraries):
            return True
    return any(library in TEXT_LOOKUPS.get(name, ()) for library, name in taken)


def _has_own_frames() -> bool:
    """Whether the notebook or project derives a class from pandas' frames."""
    pending = [getattr(sys.modules.get("pandas"), "DataFrame", None)]
    while pending:
        kind = pending.pop()
        if isinstance(kind, type):
            if is_project(kind.__module__):
                return True
            pending.extend(kind.__subclasses__())
    return False


def every_name(module: str, namespace: Mapping[str, Any]) -> Iterator[str]:
    """The globals of a module that code which can reach any name may mean."""
    for name in list(namespace):
        hidden = is_of_shell(name) if module == NOTEBOOK else name.startswith("__") and name.endswith("__")
        if not hidden:
            yield name


def global_names(code: CodeType, namespace: Mapping[str, Any]) -> list[str]:
    """The globals that `code` reads and `namespace` holds, sorted; all of them if it can reach any name."""
    reads = code_reads(code)
    if reads.dynamic or _looks_up_any(reads):
        return sorted(name for name in namespace if name != "__builtins__")
    wanted = {path[0] for path in reads.names} | _words_looked_up(reads)
    return sorted(wanted.intersection(namespace))


def _words_looked_up(reads: Reads) -> set[str]:
    called = reads.attributes | {path[-1] for path in reads.names}
    pattern = _WORD if called & TEXT_LOOKUPS.keys() else _AT_WORD
    return {word for text in reads.strings if pattern is _WORD or "@" in text for word in pattern.findall(text)}


def imported_modules(code: CodeType, package: str) -> Iterator[str]:
    """The modules that `code` imports, by full name, without Python's own.

    Args:
        code: Of a function or module.
        package: What relative imports are relative to; ``""`` at the top.
    """
    for each in code_reads(code).imports:
        name = absolute(each, package)
        if not name or name == NOTEBOOK or origin(name).kind == "python":
            continue
        yield name
        if is_project(name):
            yield from (f"{name}.{inner}" for inner in each.names if spec_of(f"{name}.{inner}") is not None)


def absolute(each: Import, package: str) -> str:
    """The full name of an imported module; ``""`` if it lies above the top of `package`."""
    if not each.level:
        return each.module
    parts = package.split(".")
    if not package or each.level > len(parts):
        return ""
    base = ".".join(parts[: len(parts) - each.level + 1])
    return f"{base}.{each.module}" if each.module else base


# -- once per code object ----------------------------------------------------------------------------------------------


def code_digest(code: CodeType) -> bytes:
    """The digest of what `code` does (`bytecode.content`), worked out once per code object."""
    return _digests(code)


def code_reads(code: CodeType) -> Reads:
    """What `code` looks up (`nbexp.code.reads`), worked out once per code object."""
    return _reads(code)


class _Once(Generic[T]):
    """A function of code objects that remembers its results by identity for as long as they live.

    Code objects never change. Their own equality is no use here: it takes code in another file for the same, and a hash
    of all constants to find out.
    """

    def __init__(self, function: Callable[[CodeType], T]) -> None:
        self._function = function
        self._results: dict[int, tuple[weakref.ref[CodeType], T]] = {}

    def __call__(self, code: CodeType) -> T:
        known = self._results.get(id(code))
        if known is not None and known[0]() is code:
            return known[1]
        number = id(code)
        result = self._function(code)
        self._results[number] = weakref.ref(code, lambda _: self._results.pop(number, None)), result
        return result


_digests = _Once(lambda code: hashing.digest("code", bytecode.content(code)))
_reads = _Once(reads)
