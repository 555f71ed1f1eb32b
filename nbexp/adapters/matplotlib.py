"""Figures, axes, artists and transforms of matplotlib.

Content is what is drawn and how. The canvas, pyplot's list of figures, numbers of callbacks and links from a transform
to those that use it are none: they are made anew, and differ between processes. A restored figure is not registered
with pyplot, which would show it a second time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from matplotlib import cbook, figure, markers
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureCanvasBase, FigureManagerBase, NavigationToolbar2, TimerBase
from matplotlib.category import UnitData
from matplotlib.colors import Colormap
from matplotlib.contour import ContourSet
from matplotlib.figure import FigureBase
from matplotlib.path import Path
from matplotlib.spines import Spines
from matplotlib.transforms import TransformNode

from nbexp.adapters.attributes import Attributes
from nbexp.adapters.base import Adapter, Node, Storing
from nbexp.adapters.constructed import TRIANGULATIONS
from nbexp.adapters.instances import Fields
from nbexp.errors import Unpatchable

#: What every artist may hold that is no content: whether it must be drawn again, and who is told so.
_DRAWING = frozenset({"_stale", "stale_callback", "_stale_viewlims", "_renderer"})

_FIGURE = frozenset({"canvas", "_number", "_button_pick_id", "_scroll_pick_id", "_original_dpi", "_cachedRenderer"})

#: Where the functions live that connect a figure with its window and with pyplot.
_WINDOW_MODULES = frozenset({"matplotlib.backend_bases", "matplotlib._pylab_helpers"})

#: What stays as it is when an object takes over the content of another: its place in a window and among others.
_KEPT = frozenset({"canvas", "_number", "stale_callback", "_parents"})


class ArtistAdapter(Attributes):
    """Any `matplotlib.artist.Artist` that is not a figure or axes, by all its attributes."""

    def __init__(self, tag: str = "matplotlib.artist", skipped: frozenset[str] = frozenset()) -> None:
        super().__init__(tag, _DRAWING | skipped)

    def attributes(self, value: Any) -> dict[str, Any]:
        state = dict(sorted(super().attributes(value).items()))
        if "_path_effects" in state:  # all artists share the list of rcParams
            state["_path_effects"] = _plain(state["_path_effects"])
        return state

    def patch(self, live: Any, new: Any) -> None:
        if type(live) is not type(new):
            raise Unpatchable("", type(live).__qualname__, f"its type became {type(new).__qualname__}")
        state = {name: held for name, held in vars(new).items() if name not in _KEPT}
        kept = {name: held for name, held in vars(live).items() if name in _KEPT}
        vars(live).clear()
        vars(live).update(state | kept)

    def preview(self, value: Any) -> str:
        return type(value).__qualname__[:80]


class AxesAdapter(ArtistAdapter):
    """`matplotlib.axes.Axes`, with those it shares an axis with."""

    def attributes(self, value: Any) -> dict[str, Any]:
        state = value.__getstate__()
        shared = tuple((name, tuple(siblings)) for name, siblings in sorted(state["_shared_axes"].items()))
        return super().attributes(value) | {
            "_shared_axes": shared,
            "_twinned_axes": tuple(state["_twinned_axes"] or ()),
        }

    def preview(self, value: Any) -> str:
        return f"Axes of {len(value.get_children())} artists"


class FigureAdapter(ArtistAdapter):
    """A `matplotlib.figure.Figure` or a part of one."""

    def __init__(self) -> None:
        super().__init__("matplotlib.figure", _FIGURE)

    def attributes(self, value: Any) -> dict[str, Any]:
        state = super().attributes(value)
        return state | {"_dpi": vars(value).get("_original_dpi", state.get("_dpi"))}

    def reduce(self, value: Any, storing: Storing) -> Any:
        """As matplotlib does, but unknown to pyplot when it comes back."""
        make, arguments, state, *rest = value.__reduce_ex__(5)
        state.pop("_restore_to_pylab", None)
        return (make, arguments, state, *rest)

    def preview(self, value: Any) -> str:
        return f"{type(value).__qualname__} with {len(value.axes)} axes"[:80]


class ContourAdapter(ArtistAdapter):
    """A set of contours, with the grid that they were worked out from: another set can be made from this one."""

    def reduce(self, value: Any, storing: Storing) -> Any:
        """As matplotlib does, but with the grid."""
        make, arguments, state, *rest = value.__reduce_ex__(5)
        held = {name: vars(value)[name] for name in ("_contour_generator",) if name in vars(value)}
        return (make, arguments, {**state, **held}, *rest)


class TransformAdapter(ArtistAdapter):
    """A transform or a box; which others are built on it shows in them, and what is out of date is worked out anew."""

    def __init__(self) -> None:
        super().__init__("matplotlib.transform", frozenset({"_parents", "_invalid"}))


class SpinesAdapter(Attributes):
    """The borders of axes by name; matplotlib's own pickle of them is of no use while a figure is half loaded."""

    def reduce(self, value: Any, storing: Storing) -> Any:
        return _new, (type(value),), dict(vars(value)), None, None, _fill


def _fill(value: Any, state: dict[str, Any]) -> None:
    vars(value).update(state)


class AnimationAdapter(Attributes):
    """An animation, without what moves it in a window: its timer, and how far the frames have come there."""

    def __init__(self) -> None:
        super().__init__("matplotlib.animation", _MOVING)

    def reduce(self, value: Any, storing: Storing) -> Any:
        return _new, (type(value),), self.attributes(value), None, None, _fill_animation

    def detach(self, value: Any) -> Any:
        raise Unpatchable("", type(value).__qualname__, "its content cannot be replaced in place")


_MOVING = frozenset({"frame_seq", "event_source"})


def _fill_animation(value: Any, state: dict[str, Any]) -> None:
    vars(value).update(state)
    value.frame_seq = _frames(value)
    value.event_source = TimerBase(interval=state.get("_interval"))


def _frames(animation: Any) -> Iterator[Any]:
    yield from animation.new_frame_seq()


class ColormapAdapter(Attributes):
    """A colormap; the lists of its colours, which all copies share with the library itself, have no identity."""

    def attributes(self, value: Any) -> dict[str, Any]:
        return {name: _plain(held) for name, held in super().attributes(value).items()}


def _plain(value: Any) -> Any:
    if type(value) is list:
        return ("list", *map(_plain, value))
    if type(value) is dict:
        return ("dict", *((key, _plain(held)) for key, held in value.items()))
    return value


class PathAdapter(Fields):
    """A path. One that cannot be changed has no identity: figures share those of markers with the library itself."""

    def describe(self, value: Any) -> Node:
        if not value._readonly:
            return super().describe(value)
        arrays = (value._vertices, value._codes)
        shapes = tuple(None if array is None else (array.dtype.str, array.shape, array.tobytes()) for array in arrays)
        others = tuple((name, held) for name, held in vars(value).items() if name not in ("_vertices", "_codes"))
        return Node("matplotlib.path", (shapes, others), mutable=False)

    def reduce(self, value: Any, storing: Storing) -> Any:
        """The paths of markers that all figures share are found where matplotlib keeps them."""
        for owner in (markers, markers.MarkerStyle):
            for name, held in vars(owner).items():
                if held is value:
                    return getattr, (owner, name)
        return super().reduce(value, storing)


class StateAdapter(Adapter):
    """An object that gives and takes its whole content as one state."""

    def state(self, value: Any) -> dict[str, Any]:
        """What `__setstate__` of such an object takes; a new dict."""
        return dict(value.__getstate__())

    def reduce(self, value: Any, storing: Storing) -> Any:
        return _new, (type(value),), self.state(value)

    def detach(self, value: Any) -> Any:
        new = _new(type(value))
        new.__setstate__(self.state(value))
        return new

    def patch(self, live: Any, new: Any) -> None:
        live.__setstate__(self.state(new))


def _new(kind: Any) -> Any:
    return kind.__new__(kind)


class CallbacksAdapter(StateAdapter):
    """A registry of callbacks: the functions of each signal in order, whatever their numbers.

    Matplotlib's own pickles leave out most callbacks, such as those by which a colour bar follows its image.
    """

    def describe(self, value: Any) -> Node:
        alive = _callbacks(value)
        signals = tuple((signal, tuple(cid in value._pickled_cids for cid in alive[signal])) for signal in alive)
        functions = [function for held in alive.values() for function in held.values()]
        known = None if value._signals is None else tuple(value._signals)
        return Node("matplotlib.callbacks", (known, signals), (), (value.exception_handler, *functions))

    def state(self, value: Any) -> dict[str, Any]:
        alive = _callbacks(value)
        numbers = [cid for held in alive.values() for cid in held]
        following = max(numbers, default=-1) + 1
        return {**vars(value), "callbacks": alive, "_func_cid_map": None, "_cid_gen": following}


def _callbacks(registry: Any) -> dict[str, dict[int, Any]]:
    """The living functions of each signal by number, without those of the window that shows the figure."""
    alive = {}
    for signal, proxies in sorted(registry.callbacks.items()):
        held = {cid: proxies[cid]() for cid in sorted(proxies)}
        window = {cid for cid, function in held.items() if cid not in registry._pickled_cids and _of_window(function)}
        shown = {cid: function for cid, function in held.items() if function is not None and cid not in window}
        if shown:
            alive[signal] = shown
    return alive


def _of_window(function: Any) -> bool:
    """Whether `function`, or the one that it passes its call on to, belongs to the window that shows a figure."""
    if isinstance(getattr(function, "__self__", None), (FigureManagerBase, FigureCanvasBase, NavigationToolbar2)):
        return True
    passed_on = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    return any(getattr(part, "__module__", None) in _WINDOW_MODULES for part in (function, *passed_on))


class GrouperAdapter(StateAdapter):
    """Groups of objects that go together, such as labels to be aligned."""

    def describe(self, value: Any) -> Node:
        groups = [tuple(group) for group in value]
        return Node("matplotlib.groups", tuple(map(len, groups)), (), [held for group in groups for held in group])


class AxesStackAdapter(StateAdapter):
    """The axes of a figure as they were added, and which were the current ones."""

    def describe(self, value: Any) -> Node:
        held = value._axes
        ranks = sorted(held.values())
        return Node("matplotlib.axes-stack", tuple(ranks.index(rank) for rank in held.values()), (), tuple(held))


class CategoriesAdapter(Adapter):
    """The names on an axis of categories and their places: each new name takes the next."""

    def describe(self, value: Any) -> Node:
        return Node("matplotlib.categories", None, (), tuple(part for item in value._mapping.items() for part in item))

    def reduce(self, value: Any, storing: Storing) -> Any:
        return _categories, (dict(value._mapping),)

    def detach(self, value: Any) -> Any:
        return _categories(value._mapping)

    def patch(self, live: Any, new: Any) -> None:
        live.__dict__.update(vars(_categories(new._mapping)))


def _categories(mapping: dict[Any, int]) -> Any:
    data = UnitData()
    data._mapping.update(mapping)
    data._counter = itertools.count(max(mapping.values(), default=-1) + 1)
    return data


ADAPTERS: dict[type | str, Adapter] = {
    **TRIANGULATIONS,
    **{f"matplotlib.animation.{name}": AnimationAdapter() for name in ("FuncAnimation", "ArtistAnimation")},
    UnitData: CategoriesAdapter(),
    Path: PathAdapter(Path),
    Spines: SpinesAdapter("matplotlib.spines"),
    cbook.CallbackRegistry: CallbacksAdapter(),
    cbook.Grouper: GrouperAdapter(),
    figure._AxesStack: AxesStackAdapter(),
}

BASES: tuple[tuple[type, Adapter], ...] = (
    (FigureBase, FigureAdapter()),
    (Axes, AxesAdapter("matplotlib.axes")),
    (ContourSet, ContourAdapter()),
    (Artist, ArtistAdapter()),
    (Colormap, ColormapAdapter("matplotlib.colormap")),
    (TransformNode, TransformAdapter()),
)
