"""What functions are made of, as pieces that a class puts together from its methods."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from nbexp.adapters.base import Name, Node
from nbexp.code import bytecode
from nbexp.code.lookups import code_digest, code_reads, global_names, imported_modules, lookups
from nbexp.code.origin import Origin, origin, origin_of_file


@dataclass(frozen=True, slots=True)
class CodeContent:
    """Content of a function or class, or of a part of one; fields as in `Node`, `labels` one for each child."""

    meta: Any = None
    children: tuple[Any, ...] = ()
    labels: tuple[str, ...] = ()
    reads: frozenset[Name] = frozenset()
    packages: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()

    def node(self, tag: str) -> Node:
        """The node made of this content."""
        return Node(
            tag,
            self.meta,
            children=self.children,
            labels=self.labels,
            reads=tuple(self.reads),
            packages=tuple(self.packages),
            imports=tuple(self.imports),
        )

    def under(self, label: str) -> CodeContent:
        """The same content, one level further in."""
        labels = tuple(label + each for each in self.labels)
        return CodeContent(self.meta, self.children, labels, self.reads, self.packages, self.imports)


def child(value: Any, label: str, meta: Any = "held") -> CodeContent:
    """Content that is one object held."""
    return CodeContent(meta, (value,), (label,))


def joined(parts: Iterable[CodeContent], meta: Any = None) -> CodeContent:
    """Several contents as one, in order."""
    held = list(parts)
    return CodeContent(
        (meta, tuple((part.meta, len(part.children)) for part in held)),
        tuple(each for part in held for each in part.children),
        tuple(each for part in held for each in part.labels),
        frozenset().union(*(part.reads for part in held)),
        frozenset().union(*(part.packages for part in held)),
        frozenset().union(*(part.imports for part in held)),
    )


def function_content(function: FunctionType) -> CodeContent:
    """What a function is: its code, defaults, closure, attributes and annotations; and what its code looks up."""
    code, namespace = function.__code__, function.__globals__
    home = namespace.get("__name__")
    module = home if isinstance(home, str) else ""
    registry = _dispatch_registry(function)
    if registry is not None:
        return joined((child(function.__wrapped__, ".__wrapped__"), child(registry, ".registry")), "singledispatch")  # type: ignore[attr-defined]
    where = _origin(function, module)
    parts = [*_held(function)]
    if where is None:
        parts.append(_own_globals(code, namespace))
    elif where.kind == "project":
        found = lookups(code, module, namespace)
        parts.append(CodeContent("reads", reads=found.names, imports=found.imports))
    elif where.root:
        parts.append(CodeContent("reads", packages=frozenset({where.root})))
    doc = function.__doc__ if function.__doc__ != bytecode.docstring(code) else None
    said = (doc,) if isinstance(doc, str) else ()
    return joined(parts, ("function", function.__name__, module, code_digest(code), said))


def cached_content(function: Any) -> CodeContent:
    """What a `functools.lru_cache` function is: what it has cached so far is no content (D29)."""
    parameters, inner = function.cache_parameters(), function.__wrapped__
    meta = (parameters["maxsize"], bool(parameters["typed"]))
    content = function_content(inner) if isinstance(inner, FunctionType) else child(inner, ".__wrapped__")
    return replace(content, meta=(meta, content.meta))


def code_content(code: CodeType) -> CodeContent:
    """What a code object is, without globals to look names up in."""
    return CodeContent(("code", code.co_name, code_digest(code), tuple(sorted(code_reads(code).stores))))


def _held(function: FunctionType) -> Iterable[CodeContent]:
    for attribute in ("__defaults__", "__kwdefaults__", "__dict__", "__annotations__", "__type_params__"):
        held = getattr(function, attribute, None)
        if held:
            yield child(held, f".{attribute}", attribute)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield child(cell, f".{name}", "cell")


def _origin(function: FunctionType, module: str) -> Origin | None:
    """Where a function's globals come from; None if they are those of no module that code could still reach."""
    loaded = sys.modules.get(module)
    if isinstance(loaded, ModuleType) and vars(loaded) is function.__globals__:
        return origin(module)
    by_file = origin_of_file(function.__code__.co_filename) if "/" in function.__code__.co_filename else None
    if by_file is not None and by_file.kind != "project" and by_file == origin(module):
        return by_file  # an installed module that was removed from, or replaced in, sys.modules
    return None


def _own_globals(code: CodeType, namespace: Mapping[str, Any]) -> CodeContent:
    """The globals that a function reads from a dictionary of its own, as content."""
    names = global_names(code, namespace)
    held = (child(namespace[name], f".__globals__[{name!r}]", name) for name in names)
    imports = frozenset(imported_modules(code, namespace.get("__package__") or ""))
    return joined((*held, CodeContent("imports", imports=imports)), "globals")


_DISPATCHER = next(
    inner for inner in bytecode.nested(__import__("functools").singledispatch.__code__) if inner.co_name == "wrapper"
)


def _dispatch_registry(function: FunctionType) -> dict[Any, Any] | None:
    """What a `functools.singledispatch` function dispatches to. Its closure holds caches, which are no content."""
    if function.__code__ is not _DISPATCHER:
        return None
    return dict(function.registry)  # type: ignore[attr-defined]


def cell_node(cell: CellType) -> Node:
    """A variable that functions share."""
    try:
        return Node("cell", children=(cell.cell_contents,), labels=("",))
    except ValueError:  # the variable is not bound yet
        return Node("cell", "empty")
