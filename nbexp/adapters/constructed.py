"""Objects made in native code that say nothing of their content: they are told by what they were made from.

The grid behind a contour plot cannot be asked for its data. So the constructors of such classes are wrapped right
after the import of their module, and what an object was made from is kept for as long as it lives; the object itself
holds the same arrays. Objects made before the wrapping are refused.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from nbexp.adapters.base import Adapter, Node, Storing
from nbexp.errors import Unfingerprintable, Unpatchable, Unstorable

#: Module -> class -> the types of the arrays that its constructor takes, as in `numpy.dtype`; `-` for no array. They
#: are those of the native signatures: an array of this type and in C order is held by the object, any other copied.
CLASSES: dict[str, dict[str, str]] = {
    "contourpy": dict.fromkeys(
        (
            "Mpl2005ContourGenerator",
            "Mpl2014ContourGenerator",
            "SerialContourGenerator",
            "ThreadedContourGenerator",
        ),
        "ddd?",
    ),
    "matplotlib._tri": {"Triangulation": "ddi?ii-", "TriContourGenerator": "-d", "TrapezoidMapTriFinder": "-"},
}

_UNKNOWN = "it was made before nbexp was loaded, and cannot be asked what it was made from"
_ADVICE = "Load nbexp in the first cell, and run the cell that makes it again."


#: Where a triangulation is given its mask.
_MASK = 3


@dataclass(frozen=True, slots=True)
class Made:
    """What an object was made from: the arguments of its constructor."""

    arguments: tuple[Any, ...]
    named: tuple[tuple[str, Any], ...]


_made: WeakKeyDictionary[Any, Made] = WeakKeyDictionary()


def wrap_classes(module: str) -> None:
    """Wrap the constructors of one loaded module of `CLASSES`; those that are wrapped already are left alone."""
    for name, types in CLASSES[module].items():
        cls = getattr(sys.modules[module], name, None)
        if cls is not None and not hasattr(cls.__init__, "_nbexp"):
            cls.__init__ = _remembering(cls.__init__, types)
            if name == "Triangulation":
                cls.set_mask = _masking(cls.set_mask)


def _remembering(original: Callable[..., None], types: str) -> Callable[..., None]:
    @functools.wraps(original)
    def __init__(self: Any, *arguments: Any, **named: Any) -> None:
        held = tuple(map(_array, arguments, types.ljust(len(arguments), "-")))
        original(self, *held, **named)
        _made[self] = Made(held, tuple(sorted(named.items())))

    __init__._nbexp = True  # type: ignore[attr-defined]
    return __init__


def _array(value: Any, kind: str) -> Any:
    """`value` as the native code holds it, so that what is kept and what is used are one memory."""
    import numpy as np

    if kind == "-" or not isinstance(value, np.ndarray):
        return value
    if type(value) is np.ndarray and value.dtype == np.dtype(kind) and value.flags.c_contiguous:
        return value
    return np.ascontiguousarray(value, kind)


def _masking(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def set_mask(self: Any, mask: Any) -> None:
        mask = _array(mask, "?")
        original(self, mask)
        if (made := _made.get(self)) is not None:  # edges and neighbours follow from the triangles that are left
            x, y, triangles, _, _, _, *rest = made.arguments
            _made[self] = Made((x, y, triangles, mask, (), (), *rest), made.named)

    return set_mask


class ConstructedAdapter(Adapter):
    """An object of one of `CLASSES`.

    Args:
        mutable: Whether it can be changed after it was made.
        finish: A method called on what was made anew.
    """

    def __init__(self, *, mutable: bool = False, finish: str = "") -> None:
        self._mutable, self._finish = mutable, finish

    def describe(self, value: Any) -> Node:
        made = _made.get(value)
        if made is None:
            raise Unfingerprintable("", type(value).__qualname__, _UNKNOWN, _ADVICE)
        names = tuple(name for name, _ in made.named)
        children = (type(value), *made.arguments, *(argument for _, argument in made.named))
        return Node("constructed", (names,), (), children, lambda index: ".<made from>", mutable=self._mutable)

    def reduce(self, value: Any, storing: Storing) -> Any:
        made = _made.get(value)
        if made is None:
            raise Unstorable("", type(value).__qualname__, _UNKNOWN, _ADVICE)
        return remade, (type(value), made.arguments, made.named, self._finish)


class TriangulationAdapter(ConstructedAdapter):
    """A triangulation, of which nothing but the mask of its triangles can change."""

    def detach(self, value: Any) -> Any:
        made = _made[value]
        return remade(type(value), made.arguments, made.named, "")

    def check_patch(self, live: Any, new: Any) -> None:
        """See `nbexp.graphs.patch.check_patch`."""
        before, after = _made[live].arguments, _made[new].arguments
        if any(one is not other for at, (one, other) in enumerate(zip(before, after, strict=True)) if at != _MASK):
            raise Unpatchable("", type(live).__qualname__, "it was made from other points")

    def patch(self, live: Any, new: Any) -> None:
        self.check_patch(live, new)
        mask = _made[new].arguments[_MASK]
        if mask is not _made[live].arguments[_MASK]:
            live.set_mask(mask)


def remade(cls: Any, arguments: tuple[Any, ...], named: tuple[tuple[str, Any], ...], finish: str) -> Any:
    """The object made again."""
    made = cls(*arguments, **dict(named))
    if finish:
        getattr(made, finish)()
    return made


_GENERATOR = ConstructedAdapter()

#: For contourpy; those of matplotlib's classes are in `nbexp.adapters.matplotlib`.
ADAPTERS: dict[type | str, Adapter] = {f"contourpy._contourpy.{name}": _GENERATOR for name in CLASSES["contourpy"]}
TRIANGULATIONS: dict[type | str, Adapter] = {
    "matplotlib._tri.Triangulation": TriangulationAdapter(mutable=True),
    "matplotlib._tri.TriContourGenerator": _GENERATOR,
    "matplotlib._tri.TrapezoidMapTriFinder": ConstructedAdapter(finish="initialize"),
}
