"""The types that a notebook's parameters may have: how a text becomes a value, and a value source again."""

from __future__ import annotations

import ast
import json
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound: ``Bound("Gt", 0)``."""

    word: str
    value: float

    def holds(self, value: Any) -> bool:
        """Whether `value` keeps within it."""
        return bool(_BOUNDS[self.word][1](value, self.value))

    def __str__(self) -> str:
        return f"{_BOUNDS[self.word][0]} {self.value}"


_BOUNDS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "Gt": (">", operator.gt),
    "Ge": (">=", operator.ge),
    "Lt": ("<", operator.lt),
    "Le": ("<=", operator.le),
    "MultipleOf": ("a multiple of", lambda value, of: value % of == 0),
}

#: The bounds that are known, by annotated-types' words for them.
BOUND_WORDS = frozenset(_BOUNDS)


@dataclass(frozen=True, slots=True)
class Type:
    """What a parameter takes.

    Attributes:
        kind: ``int float bool str path literal list tuple dict any``.
        items: The type of the members of a list, tuple or dict (values).
        choices: The values of a ``Literal``.
        bounds: Bounds on a number.
        optional: Whether ``None`` is allowed.
        constructor: How a path is made in the notebook: ``Path`` or ``pathlib.Path``.
    """

    kind: str
    items: Type | None = None
    choices: tuple[Any, ...] = ()
    bounds: tuple[Bound, ...] = ()
    optional: bool = False
    constructor: str = ""

    def __str__(self) -> str:
        text = self.kind
        if self.choices:
            text = "one of " + ", ".join(repr(choice) for choice in self.choices)
        elif self.items is not None:
            text = f"{self.kind} of {self.items}"
        if self.bounds:
            text += " " + ", ".join(str(bound) for bound in self.bounds)
        return text + (" or None" if self.optional else "")

    def parse(self, text: str) -> Any:
        """The value that `text` stands for.

        Raises:
            ValueError: It is no value of this type; the message says which type it is.
        """
        if self.optional and text.strip() in ("None", "null", "none"):
            return None
        return self._checked(_PARSERS[self.kind](self, text), text)

    def _checked(self, value: Any, text: str) -> Any:
        if self.choices and not any(type(value) is type(c) and value == c for c in self.choices):
            raise ValueError(f'"{text}" is not {self}')
        for bound in self.bounds:
            if not bound.holds(value):
                raise ValueError(f'"{text}" is not {bound}')
        return value

    def source(self, value: Any) -> str:
        """The Python expression that gives `value` in the notebook."""
        if self.kind == "path" and value is not None:
            return f"{self.constructor}({str(value)!r})"
        return _expression(value)


def _expression(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if type(value) in (list, tuple):
        inner = ", ".join(map(_expression, value))
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if type(value) is dict:
        return "{" + ", ".join(f"{_expression(k)}: {_expression(v)}" for k, v in value.items()) + "}"
    return repr(value)


def _int(kind: Type, text: str) -> int:
    try:
        return int(text.strip())
    except ValueError:
        raise ValueError(f'"{text}" is not an int') from None


def _float(kind: Type, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f'"{text}" is not a float') from None


def _bool(kind: Type, text: str) -> bool:
    word = text.strip().lower()
    if word not in ("true", "false", "1", "0"):
        raise ValueError(f'"{text}" is not a bool (true or false)')
    return word in ("true", "1")


def _literal(text: str) -> Any:
    """A JSON or Python literal; ValueError if it is neither."""
    try:
        return json.loads(text)
    except ValueError:
        try:
            return ast.literal_eval(text.strip())
        except (SyntaxError, TypeError, MemoryError, RecursionError):
            raise ValueError(f'"{text}" is neither JSON nor a Python literal') from None


def _any(kind: Type, text: str) -> Any:
    try:
        return _literal(text)
    except ValueError:
        return text


def _choice(kind: Type, text: str) -> Any:
    """The choice that is written so: ``1`` is the number if the number is among them, else the string."""
    for choice in kind.choices:
        if text == (choice if isinstance(choice, str) else repr(choice)):
            return choice
    value = _any(kind, text)
    return value if any(type(value) is type(c) and value == c for c in kind.choices) else text


def _many(kind: Type, text: str) -> Any:
    value = _literal(text)
    if not isinstance(value, (list, tuple)):
        raise ValueError(f'"{text}" is not a {kind.kind}, written as in JSON: [1, 2]')
    members = [_member(kind.items, member, text) for member in value]
    return tuple(members) if kind.kind == "tuple" else members


def _dict(kind: Type, text: str) -> Any:
    value = _literal(text)
    if not isinstance(value, dict):
        raise ValueError(f'"{text}" is not a dict, written as in JSON: {{"a": 1}}')
    return {key: _member(kind.items, member, text) for key, member in value.items()}


def _member(kind: Type | None, value: Any, text: str) -> Any:
    if kind is None or kind.kind == "any":
        return value
    if isinstance(value, str):
        return kind.parse(value) if kind.kind in ("str", "path", "literal") else _mismatch(kind, value, text)
    if kind.kind == "float" and type(value) is int:
        value = float(value)
    exact = {"int": int, "float": float, "bool": bool}.get(kind.kind)
    if exact and type(value) is not exact:
        _mismatch(kind, value, text)
    return kind._checked(value, text)


def _mismatch(kind: Type, value: Any, text: str) -> Any:
    raise ValueError(f'{value!r} in "{text}" is not {kind}')


_PARSERS: dict[str, Callable[[Type, str], Any]] = {
    "int": _int,
    "float": _float,
    "bool": _bool,
    "str": lambda kind, text: text,
    "path": lambda kind, text: text,
    "literal": _choice,
    "list": _many,
    "tuple": _many,
    "dict": _dict,
    "any": _any,
}

#: Takes any JSON or Python literal, and any other text as a string.
ANY = Type("any")
