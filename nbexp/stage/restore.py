"""A stored result brought back into the running kernel: all of it is loaded first, and only then is anything assigned.

`prepare` does what can fail (reading, digests, finding the live objects that are to be patched); `Restored.apply` only
assigns. So an interrupt or a damaged blob leaves the namespace as it was, and the stage runs instead.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nbexp.adapters.fingerprint import mutables
from nbexp.adapters.graph import CodeSource, Live, load
from nbexp.adapters.patch import check_patch, patch
from nbexp.errors import Damaged, NbexpError
from nbexp.records import Record
from nbexp.stage.key import Inputs
from nbexp.store import Content, Stored

#: The pieces of the one graph that a record's artifact holds.
NAMES, PATCHES, ATTRIBUTES, LAST, GENERATORS, SETTINGS = "names", "patches", "attributes", "last", "rng", "settings"


@dataclass(frozen=True, slots=True)
class Restored:
    """A stored result, loaded and ready to be assigned.

    Attributes:
        stored: Where it comes from.
        names: Notebook variables to bind. deleted: to delete.
        patches: Live objects and the content that each takes over.
        attributes: Globals of project modules to bind.
        last: The last value, or None. generators: Random states to set, by name. settings: Kernel settings, by probe.
    """

    stored: Stored
    names: Mapping[str, Any]
    deleted: tuple[str, ...]
    patches: tuple[tuple[Any, Any], ...]
    attributes: tuple[tuple[str, str, Any], ...]
    last: Any
    generators: Mapping[str, Any]
    settings: Mapping[str, Any]

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


def prepare(stored: Stored, content: Content, inputs: Inputs, code: Callable[[], CodeSource]) -> Restored:
    """Load a record's values.

    Args:
        stored: The record. content: Its artifact's graph and buffers, the graph's digest checked.
        inputs: The stage's inputs as they are now: equal to those of the run that was stored.
        code: Makes the source of code objects, when one is asked for.

    Raises:
        Damaged: The graph cannot be read.
        NbexpError: A live object cannot take over what the run left in it.
    """
    find = _Finder(inputs)
    try:
        graph = load(content.graph, content.buffers, live=find, code=LazyCode(code))
    except NbexpError:
        raise
    except Exception as error:
        # The bytes are as they were written: what fails is the surroundings (a module that is gone, say).
        raise Damaged(
            f'the stored values of "{stored.record.stage}" cannot be loaded: {error!r}', "The stage runs again."
        ) from error
    patches = tuple((find(live), new) for live, new in graph[PATCHES])
    for live, new in patches:
        check_patch(live, new)
    for module, _, _ in graph[ATTRIBUTES]:
        importlib.import_module(module)
    return Restored(
        stored,
        graph[NAMES],
        tuple(v.name for v in stored.record.variables if v.role == "deleted"),
        patches,
        tuple(graph[ATTRIBUTES]),
        graph[LAST],
        graph[GENERATORS],
        graph[SETTINGS],
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

    def __call__(self, live: Live) -> object:
        if live.root not in self._nodes:
            root = self._inputs.roots[live.root]
            self._nodes[live.root] = root.mark.nodes or mutables(root.value)
        return self._nodes[live.root][live.number]
