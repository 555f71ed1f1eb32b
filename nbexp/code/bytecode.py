"""What a code object does, told without its place: no file, no line, no state of the interpreter.

`content` is the meaning of a code object, equal wherever and in whatever layout the same source was compiled (the few
layouts that make the compiler choose other jumps are told apart: a needless miss, never a wrong hit). Which names it
looks up is told by `nbexp.code.reads`. Both need nothing but the standard library, to be tried on any Python.

The shape of instructions is that of CPython 3.11 to 3.13: two bytes each, arguments widened by ``EXTENDED_ARG``, inline
caches after them; `CodeType.co_code` gives them as compiled, whatever the interpreter has specialised since.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from opcode import hasconst, hasjrel, hasname, opname
from types import CodeType
from typing import Any

_NUMBER = {name: number for number, name in enumerate(opname)}
_CACHE, _NOP, _WIDEN = 0, _NUMBER["NOP"], _NUMBER["EXTENDED_ARG"]
_JUMPS = frozenset(hasjrel)
_BACKWARD = frozenset(number for number in _JUMPS if "BACKWARD" in opname[number])
_CONSTANTS = frozenset(hasconst)
_NAMES = frozenset(hasname)

#: Two instructions in one, since 3.13: the compiler joins them only where both stand on one line.
_JOINED = {
    _NUMBER[name]: tuple(_NUMBER[part] for part in parts)
    for name, parts in {
        "LOAD_FAST_LOAD_FAST": ("LOAD_FAST", "LOAD_FAST"),
        "STORE_FAST_LOAD_FAST": ("STORE_FAST", "LOAD_FAST"),
        "STORE_FAST_STORE_FAST": ("STORE_FAST", "STORE_FAST"),
    }.items()
    if name in _NUMBER
}

#: How far the index of the name is shifted in an argument whose low bits are flags.
_SHIFTS = {"LOAD_GLOBAL": 1}
if "LOAD_METHOD" not in _NUMBER or _NUMBER["LOAD_METHOD"] > 255:  # since 3.12 LOAD_ATTR loads methods too
    _SHIFTS |= {"LOAD_ATTR": 1, "LOAD_SUPER_ATTR": 2}
_SHIFT = {_NUMBER[name]: bits for name, bits in _SHIFTS.items() if name in _NUMBER}

#: Constants that class bodies store under these names tell where the class stands, or come in the order of a set.
_PLACE_NAMES = frozenset({"__firstlineno__", "__static_attributes__"})

_NESTED = 0x10  # CO_NESTED: defined inside a function; tells the place only


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, without caches and widening.

    Attributes:
        op: Its number. name: Its name in `opcode`.
        arg: Its argument; for jumps, the index of the target among the instructions.
        value: The constant or name that the argument stands for; None for others.
    """

    op: int
    arg: int
    value: Any = None

    @property
    def name(self) -> str:
        """Its name in `opcode`."""
        return opname[self.op]


def instructions(code: CodeType) -> list[Instruction]:
    """The instructions of one code object, without those that do nothing."""
    units, places = _decoded(code)
    found = []
    for op, arg in units:
        if op in _JUMPS:
            found.append(Instruction(op, places[arg]))
        elif op in _CONSTANTS:
            found.append(Instruction(op, arg, code.co_consts[arg]))
        elif op in _NAMES:
            found.append(Instruction(op, arg, code.co_names[arg >> _SHIFT.get(op, 0)]))
        else:
            found.append(Instruction(op, arg))
    return found


def is_constant(step: Instruction) -> bool:
    """Whether an instruction loads a constant: its `value`."""
    return step.op in _CONSTANTS


def _decoded(code: CodeType) -> tuple[list[tuple[int, int]], dict[int, int]]:
    """Operation and argument of each instruction (of jumps: the offset of the target), and each offset's index."""
    raw = code.co_code
    units: list[tuple[int, int]] = []
    places: dict[int, int] = {}
    at, end = 0, len(raw)
    while at < end:
        places[at] = len(units)
        wide = 0
        while raw[at] == _WIDEN:
            wide = (wide | raw[at + 1]) << 8
            at += 2
        op, arg = raw[at], raw[at + 1] | wide
        at += 2
        while at < end and raw[at] == _CACHE:
            at += 2
        if op in _JOINED:
            first, second = _JOINED[op]
            units += [(first, arg >> 4), (second, arg & 15)]
        elif op != _NOP:
            step = -2 if op in _BACKWARD else 2
            units.append((op, at + step * arg if op in _JUMPS else arg))
    places[end] = len(units)
    return units, places


# -- content -----------------------------------------------------------------------------------------------------------


def content(code: CodeType) -> bytes:
    """What `code` does, as bytes: the same for the same source, wherever it was compiled from.

    Everything a call can tell counts: instructions, constants with their exact types, nested code, names of arguments
    and variables, handlers of exceptions, the docstring. Its own name does not: that is the function's.
    """
    return marshal.dumps(_tree(code), 2)  # version 2 knows neither references nor interned strings


def _tree(code: CodeType) -> tuple[Any, ...]:
    units, places = _decoded(code)
    return (
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & ~_NESTED),
        (code.co_names, code.co_varnames, code.co_cellvars, code.co_freevars),
        docstring(code),
        tuple(_steps(code, units, places)),
        tuple(_handlers(code.co_exceptiontable, places)),
    )


def _steps(code: CodeType, units: Sequence[tuple[int, int]], places: dict[int, int]) -> Iterator[tuple[int, Any]]:
    following = [*units[1:], (_NOP, 0)]
    for (op, arg), after in zip(units, following, strict=True):
        if op in _JUMPS:
            yield op, places[arg]
        elif op in _CONSTANTS:
            yield op, None if _stores_place(code, after) else _constant(code.co_consts[arg])
        else:
            yield op, arg


def _stores_place(code: CodeType, unit: tuple[int, int]) -> bool:
    return unit[0] == _NUMBER["STORE_NAME"] and code.co_names[unit[1]] in _PLACE_NAMES


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return "code", value.co_name, _tree(value)
    if isinstance(value, tuple):
        return "tuple", tuple(map(_constant, value))
    if isinstance(value, frozenset):
        return "frozenset", tuple(sorted(map(_constant, value), key=_encoded))
    return value


def _encoded(tree: Any) -> bytes:
    return marshal.dumps(tree, 2)


def docstring(code: CodeType) -> str | None:
    """What a function made from `code` gets as ``__doc__``."""
    first = code.co_consts[0] if code.co_consts else None
    return first if isinstance(first, str) else None


def _handlers(table: bytes, places: dict[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Start, stop, target (as indices of instructions) and depth of each exception handler.

    Format: CPython, ``Objects/exception_handling_notes.txt``: numbers of six bits per byte, most significant first.
    """
    numbers = _varints(table)
    for start, length, target, depth in zip(numbers, numbers, numbers, numbers, strict=True):
        yield _index(places, start), _index(places, start + length), _index(places, target), depth


def _index(places: dict[int, int], unit: int) -> int:
    """The index of the instruction at or after a place, which may be inside caches."""
    offset, last = unit * 2, max(places)
    while offset not in places and offset < last:
        offset += 2
    return places[min(offset, last)]


def _varints(table: bytes) -> Iterator[int]:
    value = 0
    for byte in table:
        value = value << 6 | byte & 63
        if not byte & 64:
            yield value
            value = 0


def nested(code: CodeType) -> Iterator[CodeType]:
    """The code objects among the constants of `code`, one level down."""
    return (value for value in code.co_consts if isinstance(value, CodeType))
