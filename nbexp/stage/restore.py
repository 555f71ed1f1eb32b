"""A stored result brought back into the running kernel: all of it is loaded first, and only then is anything assigned.

`prepare` does what can fail (reading, digests, finding the live objects that are to be patched); `Restored.apply` only
assigns. So an interrupt or a damaged blob leaves the namespace as it was, and the stage runs instead.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbexp.errors import NbexpError, Unloadable, Unpatchable
from nbexp.fingerprints.fingerprint import mutables
from nbexp.graphs.graph import ITSELF, CodeSource, Live, load
from nbexp.graphs.patch import check_patch, patch
from nbexp.records import Record, ResultFile
from nbexp.stage.key import Inputs
from nbexp.store import Content, Store, Stored

#: The pieces of the one graph that a record's artifact holds; `IMPORTS` are modules that the cell imported, which may
#: be attributes of what it bound.
NAMES, PATCHES, ATTRIBUTES, LAST, GENERATORS, SETTINGS = "names", "patches", "attributes", "last", "rng", "settings"
IMPORTS = "imports"


@dataclass(frozen=True, slots=True)
class Restored:
    """A stored result, loaded and ready to be assigned.

    Attributes:
        stored: Where it comes from.
        names: Notebook variables to bind. deleted: to delete.
        patches: Live objects and the content that each takes over.
        attributes: Globals of project modules to bind.
        last: The last value, or None. generators: Random states to set, by name. settings: Kernel settings, by probe.
        files: What the stage wrote as results, and where the store has each, verified.
        links: Labels of the inputs of which some value holds an object.
    """

    stored: Stored
    names: Mapping[str, Any]
    deleted: tuple[str, ...]
    patches: tuple[tuple[Any, Any], ...]
    attributes: tuple[tuple[str, str, Any], ...]
    last: Any
    generators: Mapping[str, Any]
    settings: Mapping[str, Any]
    files: tuple[tuple[ResultFile, Path], ...]
    links: frozenset[str] = frozenset()

    @property
    def record(self) -> Record:
        """The record behind it."""
        return self.stored.record

    def apply(self, namespace: dict[str, Any]) -> None:
        """Assign everything. Nothing here reads, waits or can run out of what it needs."""
        for live, new in self.patches:
            patch(live, new)
        namespace.update(self.names)
        for name in self.deleted:
            namespace.pop(name, None)
        for module, name, value in self.attributes:
            setattr(sys.modules[module], name, value)


def prepare(store: Store, stored: Stored, inputs: Inputs, code: Callable[[], CodeSource]) -> Restored:
    """Load a record's values and find its files; nothing is changed.

    Args:
        store: Where the record lies. stored: The record.
        inputs: The stage's inputs as they are now: equal to those of the run that was stored.
        code: Makes the source of code objects, when one is asked for.

    Raises:
        Damaged: A file of the store is missing or altered. StoreError: One cannot be read now.
        Unloadable: What the values need (a module, a class) is not there, or is another one than when they were stored.
        Unpatchable: A live object cannot take over what the run left in it.
    """
    files = tuple((file, store.file(stored, file)) for file in stored.record.files)
    content = store.load(stored)
    try:
        return _loaded(stored, content, files, inputs, code)
    except NbexpError:
        raise
    except Exception as error:  # any class may raise anything while it is made, and any module on import
        why = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise Unloadable(f"its stored values cannot be loaded: {why}", "The stage runs again.") from error


def _check_patch(link: Live, live: Any, new: Any) -> None:
    try:
        check_patch(live, new)
    except Unpatchable as error:
        raise error.inside(link.root) from None


def _loaded(
    stored: Stored,
    content: Content,
    files: tuple[tuple[ResultFile, Path], ...],
    inputs: Inputs,
    code: Callable[[], CodeSource],
) -> Restored:
    find = _Finder(inputs)
    graph = load(content.graph, content.buffers, live=find, code=LazyCode(code))
    linked = frozenset(find.linked)
    patches = tuple((find(live), new) for live, new in graph[PATCHES])
    for (link, _), (live, new) in zip(graph[PATCHES], patches, strict=True):
        _check_patch(link, live, new)
    for module in (*graph.get(IMPORTS, ()), *(module for module, _, _ in graph[ATTRIBUTES])):
        importlib.import_module(module)
    return Restored(
        stored,
        graph[NAMES],
        tuple(variable.name for variable in stored.record.variables if variable.role == "deleted"),
        patches,
        tuple(graph[ATTRIBUTES]),
        graph[LAST],
        graph[GENERATORS],
        graph[SETTINGS],
        files,
        linked,
    )


class LazyCode:
    """Compiles the cell only if the graph holds functions of it."""

    def __init__(self, make: Callable[[], CodeSource]) -> None:
        self._make = make
        self._source: CodeSource | None = None

    def _code(self) -> CodeSource:
        if self._source is None:
            self._source = self._make()
        return self._source

    def find(self, code: Any) -> Any:
        """See `CodeSource`."""
        return self._code().find(code)

    def get(self, address: Any) -> Any:
        """See `CodeSource`."""
        return self._code().get(address)


class _Finder:
    """From `Live` to the object in the running kernel."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._nodes: dict[str, tuple[object, ...]] = {}
        self.linked: set[str] = set()

    def __call__(self, live: Live) -> object:
        self.linked.add(live.root)
        if live.number == ITSELF:
            return self._inputs.roots[live.root].value
        if live.root not in self._nodes:
            root = self._inputs.roots[live.root]
            self._nodes[live.root] = root.mark.nodes or mutables(root.value)
        return self._nodes[live.root][live.number]
