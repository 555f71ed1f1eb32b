"""The objects that plotly puts in front of its dicts: where they are, and how they follow a change of the dicts."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from plotly.basedatatypes import BaseFigure, BasePlotlyType

from nbexp.errors import Unfingerprintable, Unpatchable

FIGURE = "plotly.graph_objs._figure.Figure"

#: Where a part keeps the objects inside of it.
CACHES = ("_compound_props", "_compound_array_props")

#: Names of subplots, which plotly keeps in sets.
SETS = ("_subplotid_props", "_valid_props")

_ADVICE = "Make it in the stage that uses it, or hand on what its to_plotly_json() gives."


def _inner(part: Any) -> Iterator[tuple[str, int | None, Any]]:
    """The objects made so far inside of `part`: name, place in a list, object."""
    yield from ((name, None, held) for name, held in part._compound_props.items() if held is not None)
    for name, elements in part._compound_array_props.items():
        yield from ((name, index, held) for index, held in enumerate(elements or ()))


def check(part: Any) -> None:
    """Refuse what plotly's own classes and dicts do not tell."""
    owner, why = part._parent, ""
    if not type(part).__module__.startswith("plotly."):
        why = "its class is not plotly's own"
    elif isinstance(owner, BaseFigure) and f"{type(owner).__module__}.{type(owner).__qualname__}" != FIGURE:
        why = f"it belongs to a {type(owner).__qualname__}"
    elif not isinstance(owner, BasePlotlyType) and _is_listened_to(part):
        why = "functions are called when it changes"
    if why:
        raise Unfingerprintable("", type(part).__qualname__, why, _ADVICE)


def _is_listened_to(part: Any) -> bool:
    registered = any(held for name, held in vars(part).items() if name.endswith("_callbacks"))
    return registered or any(_is_listened_to(held) for _, _, held in _inner(part))


def place_of(part: Any) -> tuple[str, int | None]:
    """Where `part` lies in the one around it: a name, and a place in a list."""
    for name, index, held in _inner(part._parent):
        if held is part:
            return name, index
    raise Unfingerprintable("", type(part).__qualname__, "another object took its place in the figure", _ADVICE)


def part_at(parent: Any, name: str, index: int | None, kinds: Sequence[Any]) -> Any:
    """What `place_of` tells the place of, if the list that it lies in is as it was.

    Args:
        kinds: What `kinds_in` gave. A live figure that is about to get another list has other objects in it by then.
    """
    if index is None:
        return parent[name]
    if kinds_in(parent._props, name) != kinds:
        raise Unpatchable(f".{name}[{index}]", type(parent).__qualname__, "the stage changes the list it lies in")
    return parent[name][index]


def kinds_in(props: dict[str, Any] | None, name: str) -> list[Any]:
    """The kind of each element of a list of parts; they are made anew when these change."""
    return [element.get("type") for element in (props or {}).get(name) or ()]


def new_object(kind: Any) -> Any:
    """An empty figure or part, for `fill`."""
    return kind()


def fill(part: Any, state: dict[str, Any]) -> None:
    """Give `part` its attributes, and the objects inside that plotly does not make when asked."""
    vars(part).update({name: set(held) if name in SETS else held for name, held in state.items()})
    if state.get("_orphan_props"):
        made = type(part)(state["_orphan_props"], skip_invalid=True)
        for _, _, held in _inner(made):
            held._parent = part
        vars(part).update({cache: vars(made)[cache] | vars(part)[cache] for cache in CACHES})
    for name in state.get("_subplotid_props", ()):
        part[name]


def retire(part: Any, old: dict[str, Any], new: dict[str, Any]) -> None:
    """Free the elements of lists that get another length or other kinds: plotly has made all of them anew."""
    for name, held in part._compound_props.items():
        if held is not None:
            retire(held, old.get(name) or {}, new.get(name) or {})
    for name, elements in list(part._compound_array_props.items()):
        if kinds_in(old, name) == kinds_in(new, name):
            for element, before, after in zip(elements or (), old.get(name) or (), new.get(name) or (), strict=False):
                retire(element, before, after)
            continue
        del part._compound_array_props[name]
        for element, before in zip(elements or (), old.get(name) or (), strict=False):
            element._parent = None
            element._orphan_props.update(copy.deepcopy(before))
