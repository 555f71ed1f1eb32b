"""Estimators of scikit-learn, fitted or not, their decision trees, and the bunches that its functions return.

Everything else that scikit-learn makes (losses, kernels in Cython) tells pickle all that it is made of,
and so takes the general route.
"""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.tree._tree import Tree
from sklearn.utils import Bunch

from nbexp.adapters.attributes import Attributes
from nbexp.adapters.base import Adapter, Node
from nbexp.adapters.content import as_bytes
from nbexp.adapters.general import General
from nbexp.errors import Unfingerprintable


class EstimatorAdapter(Attributes):
    """Any `sklearn.base.BaseEstimator`; the version mark of its pickles is no content, its package is in the key."""

    def __init__(self) -> None:
        # the address of the stop words that were checked last
        super().__init__("sklearn.estimator", frozenset({"_stop_words_id"}))

    def preview(self, value: Any) -> str:
        fitted = any(name.endswith("_") and not name.startswith("_") for name in vars(value))
        return f"{type(value).__name__[:60]}{', fitted' if fitted else ''}"


class BunchAdapter(Adapter):
    """A `sklearn.utils.Bunch`: its items. What lies beside them (warnings of deprecated keys) is not stored either."""

    def describe(self, value: Any) -> Node:
        labels = (".__class__", ".keys()", *(f".{key}" for key in value))
        children = (type(value), tuple(value), *value.values())
        return Node("sklearn.bunch", len(value), (), children, labels)

    def detach(self, value: Any) -> Any:
        return type(value)(**value)

    def patch(self, live: Any, new: Any) -> None:
        items = dict(new)
        live.clear()
        live.update(items)

    def preview(self, value: Any) -> str:
        return f"Bunch with {', '.join(map(str, value))}"[:80]


class TreeAdapter(Adapter):
    """The nodes of a fitted decision tree, without the gaps between their fields, whose content is by chance."""

    def describe(self, value: Any) -> Node:
        _, (features, classes, outputs), state = value.__reduce__()
        nodes, values = state["nodes"], state["values"]
        fields = [as_bytes(nodes[name]) for name in nodes.dtype.names]
        known = (int(features), int(outputs), state["max_depth"], state["node_count"], nodes.dtype.names, values.shape)
        return Node("sklearn.tree", known, (as_bytes(classes), *fields, as_bytes(values)))

    def detach(self, value: Any) -> Any:
        make, arguments, state = value.__reduce__()
        new = make(*arguments)
        new.__setstate__({name: part.copy() if hasattr(part, "copy") else part for name, part in state.items()})
        return new

    def patch(self, live: Any, new: Any) -> None:
        live.__setstate__(new.__getstate__())

    def preview(self, value: Any) -> str:
        return f"Tree of {value.node_count:,} nodes"


#: Where the state of a search tree has the counts of what was looked up in it so far.
_COUNTS = slice(7, 11)


class SearchTreeAdapter(General):
    """A tree in which neighbours are searched, without its counts of searches: asking it does not change it."""

    def _reduced(self, value: Any) -> str | tuple[Any, ...]:
        make, arguments, state, *rest = value.__reduce_ex__(5)
        if len(state) != _FIELDS:
            raise Unfingerprintable("", type(value).__qualname__, "its fields are unknown", "Make it where it is used.")
        return (make, arguments, (*state[: _COUNTS.start], *state[_COUNTS.stop :]), *rest)


_FIELDS = 13
_SEARCH_TREE = SearchTreeAdapter(object)

ADAPTERS: dict[type | str, Adapter] = {
    Bunch: BunchAdapter(),
    Tree: TreeAdapter(),
    **{
        f"sklearn.neighbors._{kind.lower()}_tree.{kind}Tree{bits}": _SEARCH_TREE
        for kind in ("KD", "Ball")
        for bits in ("", "32", "64")
    },
}

BASES: tuple[tuple[type, Adapter], ...] = ((BaseEstimator, EstimatorAdapter()),)
