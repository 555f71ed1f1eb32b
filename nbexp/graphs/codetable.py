"""The code objects of a cell, and addresses by which equal ones are found again in another text of the same meaning."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from types import CodeType
from typing import Any

from nbexp.hashing import digest

#: Which compiled piece of the cell; which nested code object at each level; the digest of what the code does.
Address = tuple[int, tuple[int, ...], bytes]


class CodeTable:
    """A `CodeSource` over the compiled code of a cell.

    Comments and moved lines change no address: nested code objects are counted, not placed. What an address leads to is
    checked to do the same.

    Args:
        codes: The compiled pieces of the cell, in order (one code object for each statement, or one for all).
    """

    def __init__(self, codes: Sequence[CodeType]) -> None:
        self._codes = tuple(codes)
        self._places: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._alike: dict[tuple[str, bytes], list[CodeType]] = {}
        self._held: list[CodeType] = []
        for index, code in enumerate(codes):
            self._add(index, (), code)

    def _add(self, index: int, path: tuple[int, ...], code: CodeType) -> None:
        self._places[id(code)] = (index, path)
        self._held.append(code)
        for place, inner in enumerate(_nested(code)):
            self._add(index, (*path, place), inner)

    def find(self, code: CodeType) -> Address | None:
        """The address of `code`, or of code of the table with the same name that does the same; None if there is none.

        Of several alike, the one on the same line of the cell is meant, else the first.
        """
        if id(code) in self._places:
            return (*self._places[id(code)], content(code))
        alike = self._index().get((code.co_qualname, content(code)), [])
        alike = sorted(alike, key=lambda twin: twin.co_firstlineno != code.co_firstlineno)
        return self.find(alike[0]) if alike else None

    def _index(self) -> dict[tuple[str, bytes], list[CodeType]]:
        if not self._alike:
            for code in self._held:
                self._alike.setdefault((code.co_qualname, content(code)), []).append(code)
        return self._alike

    def get(self, address: tuple[Any, ...]) -> CodeType | None:
        """The code at `address`; None if the table has none there that does the same."""
        index, path, does = address
        code = self._codes[index] if index < len(self._codes) else None
        for place in path:
            inner = list(_nested(code)) if code is not None else []
            code = inner[place] if place < len(inner) else None
        return code if code is not None and content(code) == does else None


def _nested(code: CodeType) -> Iterator[CodeType]:
    return (constant for constant in code.co_consts if isinstance(constant, CodeType))


def content(code: CodeType) -> bytes:
    """A digest of what `code` does: neither where it stands nor in which file."""
    return digest("code-content", repr(_plain(code)))


def _plain(code: CodeType) -> tuple[Any, ...]:
    names = (code.co_name, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    inner = tuple(map(_plain, _nested(code)))
    if not code.co_flags & inspect.CO_OPTIMIZED:
        return (names, inner)  # the body of a class or module holds line numbers from Python 3.13 on
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    constants = tuple(map(_constant, code.co_consts))
    return (names, inner, counts, code.co_code, constants, code.co_exceptiontable)


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return "code"
    if isinstance(value, tuple):
        return ("tuple", *map(_constant, value))
    if isinstance(value, frozenset):
        return ("frozenset", *sorted(map(repr, map(_constant, value))))
    return (type(value).__name__, repr(value))
