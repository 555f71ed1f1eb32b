"""Indexes: labels that never change, and names that may be given anew."""

from __future__ import annotations

from typing import Any

import pandas as pd

from nbexp.adapters.attributes import Attributes
from nbexp.adapters.base import Adapter, Node
from nbexp.adapters.pandas.arrays import index_content
from nbexp.errors import Unpatchable


class IndexAdapter(Adapter):
    """A `pandas.Index` of any kind, or a subclass of one."""

    def describe(self, value: Any) -> Node:
        """Labels, names and freq; none of the look-up tables an index makes for itself."""
        content = index_content(value)
        kind = () if type(value).__module__.partition(".")[0] == "pandas" else (type(value),)
        return Node(
            "pandas.index",
            (len(kind), content.meta),
            content.buffers,
            (*content.children, *kind),
            lambda index: ".__class__" if index >= len(content.children) else ".values",
        )

    def detach(self, value: Any) -> Any:
        return value.view()

    def patch(self, live: Any, new: Any) -> None:
        if type(live) is not type(new):
            raise Unpatchable("", type(live).__qualname__, f"its type became {type(new).__qualname__}")
        state = vars(new.view())
        vars(live).clear()
        vars(live).update(state)
        live._reset_identity()

    def preview(self, value: Any) -> str:
        return f"{type(value).__name__[:30]} {str(value.dtype)[:25]}, {len(value):,} labels"


#: What `groupby` gives: the data and the way they are grouped, without the results that it keeps.
GROUPINGS: tuple[tuple[type, Adapter], ...] = tuple(
    (kind, Attributes("pandas.groupby", frozenset({"_cache"})))
    for kind in (
        pd.core.groupby.groupby.BaseGroupBy,
        pd.core.groupby.ops.BaseGrouper,
        pd.core.groupby.grouper.Grouping,
    )
)
