"""The type that an annotation, or else a default, names: read from source, never evaluated.

``int float bool str Path``, ``list[T] tuple[T, ...] dict[str, T]``, ``Literal[…]``, ``T | None``, and bounds by
``Annotated[T, Gt(0), Le(1)]`` (the words of the package annotated-types). Anything else takes any Python literal.
"""

from __future__ import annotations

import ast

from nbexp.runs.types import ANY, BOUND_WORDS, Bound, Type

_SIMPLE = {"int": "int", "float": "float", "bool": "bool", "str": "str", "list": "list", "tuple": "tuple"}
_SIMPLE |= {"dict": "dict", "Path": "path", "PurePath": "path", "List": "list", "Tuple": "tuple", "Dict": "dict"}


def type_of_value(default: ast.expr) -> Type:
    """The type of a parameter without annotation: that of its default if it is a literal."""
    if isinstance(default, ast.Call):
        return type_of_annotation(default.func) if _last_word(default.func) in ("Path", "PurePath") else ANY
    try:
        value = ast.literal_eval(default)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ANY
    return Type(_SIMPLE.get(type(value).__name__, "any"))


def type_of_annotation(annotation: ast.expr) -> Type:
    """The type that an annotation names; `ANY` for one that is not known here."""
    match annotation:
        case ast.Constant(value=str(text)):
            try:
                return type_of_annotation(ast.parse(text, mode="eval").body)
            except SyntaxError:
                return ANY
        case ast.BinOp(op=ast.BitOr()):
            return _union(_flat_union(annotation))
        case ast.Subscript(value=head, slice=inner):
            return _generic(_last_word(head), inner.elts if isinstance(inner, ast.Tuple) else [inner])
        case ast.Name() | ast.Attribute():
            kind = _SIMPLE.get(_last_word(annotation), "any")
            return Type(kind, constructor=ast.unparse(annotation) if kind == "path" else "")
    return ANY


def _generic(head: str, inner: list[ast.expr]) -> Type:
    match head:
        case "Literal":
            try:
                return Type("literal", choices=tuple(ast.literal_eval(item) for item in inner))
            except ValueError:
                return ANY
        case "Optional":
            return _optional(type_of_annotation(inner[0]))
        case "Union":
            return _union(inner)
        case "Annotated":
            return _bounded(type_of_annotation(inner[0]), inner[1:])
        case "list" | "List" | "tuple" | "Tuple":
            return Type(_SIMPLE[head], items=type_of_annotation(inner[0]) if _same_members(head, inner) else None)
        case "dict" | "Dict":
            return Type("dict", items=type_of_annotation(inner[1]) if len(inner) == 2 else None)
    return ANY


def _same_members(head: str, inner: list[ast.expr]) -> bool:
    if head.lower() == "list":
        return True
    return len(inner) == 2 and isinstance(inner[1], ast.Constant) and inner[1].value is Ellipsis


def _union(members: list[ast.expr]) -> Type:
    others = [m for m in members if not (isinstance(m, ast.Constant) and m.value is None)]
    if len(others) == 1:
        kind = type_of_annotation(others[0])
        return _optional(kind) if len(members) > 1 else kind
    return ANY


def _optional(kind: Type) -> Type:
    return Type(kind.kind, kind.items, kind.choices, kind.bounds, True, kind.constructor)


def _bounded(kind: Type, notes: list[ast.expr]) -> Type:
    bounds = list(kind.bounds)
    for note in notes:
        if not isinstance(note, ast.Call):
            continue
        word = _last_word(note.func)
        found = [(word, argument) for argument in note.args[:1]]
        # Interval(gt=0, le=1), Field(gt=0): the same words as keywords
        found += [(k.arg.capitalize(), k.value) for k in note.keywords if k.arg]
        for name, argument in found:
            bounds += _bound(name, argument)
    return Type(kind.kind, kind.items, kind.choices, tuple(bounds), kind.optional, kind.constructor)


def _bound(name: str, argument: ast.expr) -> list[Bound]:
    name = {"Multiple_of": "MultipleOf"}.get(name, name)
    if name not in BOUND_WORDS:
        return []
    try:
        value = ast.literal_eval(argument)
    except ValueError:
        return []
    return [Bound(name, value)] if isinstance(value, (int, float)) else []


def _flat_union(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _flat_union(node.left) + _flat_union(node.right)
    return [node]


def _last_word(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
