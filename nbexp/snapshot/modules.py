"""Modules of the project as parts of a key: by their code as loaded, or as it would be loaded now (D27).

A stage that imports a module depends on all that importing it runs. A loaded module is told by the code it was made
from, and by what has changed in it since; so, while nothing has, it equals a module that is not loaded yet.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any

from nbexp import hashing
from nbexp.code.distributions import site_folders
from nbexp.code.lookups import code_digest, imported_modules
from nbexp.code.origin import NOTEBOOK, Origin, is_project, origin, spec_of
from nbexp.errors import Unfingerprintable
from nbexp.platform import Stamp, stamp
from nbexp.records import Part
from nbexp.snapshot.environment import part_of_origin
from nbexp.snapshot.globals import Globals, This, changed, globals_of
from nbexp.snapshot.importing import Imported, ImportWatch


@dataclass(frozen=True, slots=True)
class Source:
    """The code of a module.

    Attributes:
        digest: Of what its code does; comments and layout do not count. imports: Modules it imports, by full name.
    """

    digest: bytes
    imports: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A loaded module: its code, its globals right after (None where they say more than the code), and what it read."""

    source: Source
    module: This = field(compare=False)
    globals: Globals | None = None
    read: tuple[Part, ...] = ()


_loaded: dict[str, _Loaded] = {}

#: Kinds of parts that say what the import of a module read, as it was then.
READ = ("file at import", "listing at import", "status at import", "environment at import", "rng at import")


@functools.cache
def import_watch() -> ImportWatch:
    """The watch of this process, at work since the first call. Project modules loaded before count as they are then."""
    # worked out before the watch is asked: sysconfig imports a module of its own half-way, from 3.13 on in a state in
    # which it cannot be asked again
    site_folders()
    watch = ImportWatch(_note)
    watch.install()
    for name in loaded_project_modules():
        module = sys.modules[name]
        spec = spec_of(name)
        _loaded[name] = _Loaded(_found(name, spec) or _unknown(module), This(module), globals_of(module))
        watch.watch(getattr(spec, "loader", None))  # runpy takes the loader that a loaded module has
    return watch


def loaded_project_modules() -> set[str]:
    """Names of the project's modules that are loaded; the notebook is none of them."""
    return project_modules(list(sys.modules))


def project_modules(names: Iterable[str]) -> set[str]:
    """Those of `names` that are modules of the project; the notebook is none, by whatever name it is loaded
    (``multiprocessing`` gives it a second one)."""
    return {name for name in names if name not in _NOTEBOOKS and is_project(name)}


_NOTEBOOKS = (NOTEBOOK, "__mp_main__")


def module_parts(names: Iterable[str]) -> list[Part]:
    """The parts of a stage that imports `names`.

    Args:
        names: Modules by full name; those that are not found, and Python's own, give no part.

    Returns:
        For project modules, those they import included: their code (kind ``module``), and globals that are no longer
        what the import made them (kind ``global``), and what the import read (kinds `READ`). For installed ones: the
        package (kind ``package``).

    Raises:
        Unfingerprintable: A global that has changed since the import cannot be told for sure.
    """
    parts: dict[tuple[str, str], Part] = {}
    pending, seen = [(name, "") for name in sorted(names)], set[str]()
    while pending:
        name, via = pending.pop()
        if not name or name in seen or name in _NOTEBOOKS:
            continue
        seen.add(name)
        where = origin(name)
        found, imports = _parts_of(name, where, via)
        parts.update({(part.kind, part.name): part for part in found})
        pending += [(each, name) for each in sorted(imports)]
        if where.kind == "project":
            pending.append((name.rpartition(".")[0], via))  # importing a.b runs a
    return list(parts.values())


def import_part(name: str, known: Container[tuple[str, str]], fresh: Container[str] = ()) -> Part:
    """A project module that a stage imported by a name that its source does not show, as one part of kind ``module``.

    Args:
        name: The module.
        known: Kind and name of parts that are in the stage's key already.
        fresh: Modules that the stage has just imported: what their globals have become is its own doing.
    """
    try:
        found = module_parts((name,))
    except Unfingerprintable:
        return Part("module", name, "")
    pieces = sorted(
        f"{part.kind} {part.name} {part.digest}"
        for part in found
        if (part.kind, part.name) not in known
        and not (part.kind in (*READ, "global") and (part.via in fresh or ("module", part.via) in known))
    )
    return Part("module", name, hashing.digest("import", *pieces).hex())


def _parts_of(name: str, where: Origin, via: str) -> tuple[list[Part], frozenset[str]]:
    if where.kind == "installed":
        part = part_of_origin(where)
        return ([part] if part else []), frozenset()
    if where.kind == "python":
        return [], frozenset()
    source = _source(name)
    if source is None:
        return [], frozenset()
    return [
        Part("module", name, source.digest.hex(), via=via),
        *changed_globals(name),
        *_read_on_import(name),
    ], source.imports


def _read_on_import(name: str) -> tuple[Part, ...]:
    module = sys.modules.get(name)
    return () if module is None else _known(name, module).read


def changed_globals(name: str) -> Iterator[Part]:
    """Globals of a project module that are not what its import made them (kind ``global``); none if it is not loaded.

    Raises:
        Unfingerprintable: What is there now cannot be told for sure.
    """
    module = sys.modules.get(name)
    if module is not None:
        for variable, digest in changed(module, _known(name, module).globals):
            yield Part("global", f"{name}.{variable}", digest.hex(), via=name)


def _source(name: str) -> Source | None:
    module = sys.modules.get(name)
    return _found(name, spec_of(name)) if module is None else _known(name, module).source


def _known(name: str, module: ModuleType) -> _Loaded:
    known = _loaded.get(name)
    if known is None or known.module != This(module):  # it was not seen being loaded: all its globals count as they are
        known = _loaded[name] = _Loaded(_found(name, spec_of(name)) or _unknown(module), This(module))
    return known


def _note(module: ModuleType, code: CodeType | None, imported: Imported) -> None:
    source = _of_code(code, module.__name__, "__path__" in vars(module)) if code else None
    source = source or _found(module.__name__, module.__spec__) or _unknown(module)
    before = None if imported.unsure else globals_of(module)
    _loaded[module.__name__] = _Loaded(source, This(module), before, imported.parts)


def _unknown(module: ModuleType) -> Source:
    """A module made by other code, not from a file: its globals say all there is."""
    return Source(hashing.digest("module without source", module.__name__))


# -- code as it would be loaded now ------------------------------------------------------------------------------------


def _found(name: str, spec: ModuleSpec | None) -> Source | None:
    if spec is None:
        return None
    if not spec.has_location or not spec.origin:  # a namespace package runs no code
        return Source(hashing.digest("namespace package")) if spec.submodule_search_locations is not None else None
    try:
        status = os.stat(spec.origin)
    except OSError:  # inside an archive, or gone
        return _read(name, spec)
    return _cached(name, spec.origin, stamp(status), _Unhashed(spec))


@dataclass(frozen=True, slots=True)
class _Unhashed:
    """Something needed to work out a cached result, but not part of what it is cached under."""

    spec: ModuleSpec

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unhashed)

    def __hash__(self) -> int:
        return 0


@functools.lru_cache(maxsize=1024)
def _cached(name: str, file: str, state: Stamp, held: _Unhashed) -> Source | None:
    return _read(name, held.spec)


def _read(name: str, spec: ModuleSpec) -> Source | None:
    loader: Any = spec.loader
    try:
        code = loader.get_code(name) if hasattr(loader, "get_code") else None
    except (
        SyntaxError,
        ImportError,
        ValueError,
        OSError,
    ):  # it cannot be imported as it is now; it has a content still
        code = None
    if isinstance(code, CodeType):
        return _of_code(code, name, spec.submodule_search_locations is not None)
    if spec.origin and os.path.isfile(spec.origin):
        return Source(hashing.digest_file(spec.origin))
    return None


def _of_code(code: CodeType, name: str, is_package: bool) -> Source:
    package = name if is_package else name.rpartition(".")[0]
    return Source(hashing.digest("module", code_digest(code)), frozenset(imported_modules(code, package)))
