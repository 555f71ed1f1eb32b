"""The adapters of figures and their parts."""

from __future__ import annotations

from typing import Any

from plotly.basedatatypes import BasePlotlyType

from nbexp.adapters.base import Adapter, Node, Storing
from nbexp.adapters.plotly.objects import CACHES, SETS, check, fill, kinds_in, new_object, part_at, place_of, retire
from nbexp.errors import Unfingerprintable, Unpatchable
from nbexp.fingerprints.kinds import ATOMS

#: The rest of what is no content: edits held back, and what is looked at elsewhere.
_MADE = {*CACHES, "_in_batch_mode", "_batch_trace_edits", "_batch_layout_edits", "_BasePlotlyType__validators"}

#: Longer lists are left whole: they are data, and few of them.
_SHORT = 100


class FigureAdapter(Adapter):
    """A `plotly.graph_objects.Figure`: its dicts, and the traces, layout and frames in front of them."""

    def state(self, value: Any) -> dict[str, Any]:
        """The attributes that are content; a new dict."""
        if vars(value).get("_in_batch_mode"):
            raise Unfingerprintable("", "Figure", "it is in a batch of changes", "Leave batch_update() first.")
        return {name: held for name, held in vars(value).items() if name not in _MADE and name[-10:] != "_validator"}

    def describe(self, value: Any) -> Node:
        leaves: list[tuple[str, Any]] = [(".__class__", type(value))]
        content = _tree(self.state(value), "", leaves)
        labels, children = zip(*leaves, strict=True)
        return Node("plotly", content, (), children, labels)

    def reduce(self, value: Any, storing: Storing) -> Any:
        return new_object, (type(value),), self.state(value), None, None, fill

    def detach(self, value: Any) -> Any:
        new = new_object(type(value))
        vars(new).update(self.state(value))
        return new

    def patch(self, live: Any, new: Any) -> None:
        """Traces and layout are the live ones where the stage kept them, as `new` holds them."""
        state = self.state(new)
        before = {id(trace): props for trace, props in zip(live._data_objs, live._data, strict=True)}
        before[id(live._layout_obj)] = live._layout
        after = [*zip(state["_data_objs"], state["_data"], strict=True), (state["_layout_obj"], state["_layout"])]
        for part, props in after:
            retire(part, before.get(id(part), props), props)
        vars(live).update(state)

    def preview(self, value: Any) -> str:
        kinds = ", ".join(dict.fromkeys(str(props.get("type", "scatter")) for props in value._data))
        count = len(value._data)
        return f"Figure: {count} trace{'s' * (count != 1)}{f' ({kinds})' * (count > 0)}"[:80]


class PartAdapter(FigureAdapter):
    """A trace, a layout, a frame, or an object inside of one."""

    def state(self, value: Any) -> dict[str, Any]:
        if "_place" in vars(value):  # from `detach`
            return {name: vars(value)[name] for name in ("_parent", "_place")}
        check(value)
        if isinstance(value._parent, BasePlotlyType):
            return {"_parent": value._parent, "_place": place_of(value)}
        held = ((name, vars(value)[name]) for name in sorted(vars(value)) if name not in _MADE)
        return {name: tuple(sorted(part)) if name in SETS else part for name, part in held}

    def reduce(self, value: Any, storing: Storing) -> Any:
        if isinstance(value._parent, BasePlotlyType) and "_place" not in vars(value):
            name, index = place_of(value)
            return part_at, (value._parent, name, index, [] if index is None else kinds_in(value._parent._props, name))
        return super().reduce(value, storing)

    def check_patch(self, live: Any, new: Any) -> None:
        """Parts further in stay where they are, or become free."""
        place = vars(new).get("_place")
        if place and (live._parent is not new._parent or place_of(live) != place):
            raise Unpatchable("", type(live).__qualname__, "it was moved within its figure")

    def patch(self, live: Any, new: Any) -> None:
        if "_place" in vars(new):
            return
        if live._parent is None and new._parent is None:
            retire(live, live._orphan_props, new._orphan_props)
        elif isinstance(live._parent, BasePlotlyType):
            name, _ = place_of(live)
            for cache in CACHES:
                vars(live._parent)[cache].pop(name, None)
        fill(live, self.state(new))

    def preview(self, value: Any) -> str:
        return type(value).__qualname__[:80]


def _tree(held: Any, path: str, leaves: list[tuple[str, Any]]) -> Any:
    """`held` as plain values: dicts by their sorted keys; arrays, long lists and objects of other types are leaves."""
    if type(held) in ATOMS and held is not ...:
        return held
    if type(held) is dict and all(type(key) is str for key in held):
        return ("dict", *((key, _tree(held[key], f"{path}.{key}", leaves)) for key in sorted(held)))
    if type(held) in (list, tuple) and (len(held) <= _SHORT or dict in set(map(type, held))):
        return (type(held).__name__, *(_tree(item, f"{path}[{index}]", leaves) for index, item in enumerate(held)))
    leaves.append((path, held))
    return ("leaf",)
