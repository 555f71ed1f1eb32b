"""Where two values differ first: the path from the variable inwards, and what is there in each."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbexp.errors import Unfingerprintable
from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.fingerprints.preview import preview

#: How deep it is looked; what differs further inside is named by the way to there.
DEPTH = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """Two values that differ.

    Attributes:
        path: Where, from the variable inwards: ``model.layers[0]``. old, new: What is there, shortly.
    """

    path: str
    old: str
    new: str


def first_difference(path: str, old: Any, new: Any) -> Difference | None:
    """The first place where `new` is not what `old` is; None if their fingerprints agree.

    Args:
        path: What the value is called.

    Raises:
        Unfingerprintable: One of them cannot be told for sure.

    Example:
        >>> first_difference("model", {"w": [1.0, 2.0]}, {"w": [1.0, 2.5]})
        Difference(path="model['w'][1]", old='2.0', new='2.5')
    """
    if _digest(old) == _digest(new):
        return None
    seen: set[tuple[int, int]] = set()  # a tree whose members know their parent leads back
    for _ in range(DEPTH):
        seen.add((id(old), id(new)))
        for piece, one, other in _pairs(old, new):
            if (id(one), id(other)) not in seen and _differ(one, other):
                path, old, new = path + piece, one, other
                break
        else:
            break
    return Difference(path, preview(old), preview(new))


def _digest(value: Any) -> bytes:
    return fingerprint(value).digest


def _differ(one: Any, other: Any) -> bool:
    try:
        return _digest(one) != _digest(other)
    except Unfingerprintable:  # a part of something that is told as a whole
        return False


def _pairs(old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """The parts of two values of one type that stand in the same places."""
    if type(old) is not type(new):
        return
    if isinstance(old, dict):
        yield from ((f"[{key!r}]", old[key], new[key]) for key in old if key in new)
    elif isinstance(old, list | tuple):
        yield from ((f"[{at}]", one, other) for at, (one, other) in enumerate(zip(old, new, strict=False)))
    elif (arrays := _arrays(old, new)) is not None:
        yield from _first_elements(*arrays)
    elif _is("pandas", "DataFrame", old):
        yield from ((f"[{name!r}]", old[name], new[name]) for name in old.columns if name in new.columns)
    elif _is("pandas", "Series", old):
        yield from _first_elements(old.to_numpy(), new.to_numpy())
    elif hasattr(old, "__dict__"):
        yield from ((f".{name}", one, vars(new)[name]) for name, one in vars(old).items() if name in vars(new))


def _arrays(old: Any, new: Any) -> tuple[Any, Any] | None:
    """Two arrays or tensors of one shape, as arrays."""
    if _is("torch", "Tensor", old):
        old, new = old.detach().cpu().numpy(), new.detach().cpu().numpy()
    if not _is("numpy", "ndarray", old) or old.shape != new.shape or old.dtype != new.dtype or not old.ndim:
        return None
    return old, new


def _first_elements(old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """The first elements of two arrays that differ: found at once, by comparing, where they can be compared."""
    numpy = sys.modules["numpy"]
    if old.shape != new.shape:
        return
    different = (old != new) & ~((old != old) & (new != new))  # NaN is the one thing that is not itself
    if old.dtype.kind == "f":
        different |= numpy.signbit(old) != numpy.signbit(new)
    places = numpy.argwhere(different)
    if len(places):
        place = tuple(int(at) for at in places[0])
        yield f"[{', '.join(map(str, place))}]", _plain(old[place]), _plain(new[place])


def _plain(element: Any) -> Any:
    """An element of an array as Python's own value."""
    return element.item() if hasattr(element, "item") else element


def _is(library: str, name: str, value: Any) -> bool:
    kind = getattr(sys.modules.get(library), name, None)
    return kind is not None and isinstance(value, kind)
