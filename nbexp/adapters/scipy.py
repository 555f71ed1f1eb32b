"""Search trees of scipy. Everything else that scipy makes takes the general route."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbexp.adapters.base import Adapter
from nbexp.adapters.general import General
from nbexp.errors import Unfingerprintable

#: A node of a tree as it is pickled: nine fields of eight bytes, of which the sixth and seventh are addresses.
_NODE, _ADDRESSES = 72, slice(40, 56)


class SearchTreeAdapter(General):
    """A `scipy.spatial.cKDTree`: its state without the addresses of its nodes, which differ between processes."""

    def _reduced(self, value: Any) -> str | tuple[Any, ...]:
        make, arguments, state, *rest = value.__reduce_ex__(5)
        nodes = np.array(state[0]).view(np.uint8)
        if nodes.size % _NODE:
            raise Unfingerprintable("", type(value).__qualname__, "its nodes are unknown", "Make it where it is used.")
        nodes = nodes.reshape(-1, _NODE)
        nodes[:, _ADDRESSES] = 0
        return (make, arguments, (nodes, *state[1:]), *rest)


_TREE = SearchTreeAdapter(object)

ADAPTERS: dict[type | str, Adapter] = {
    "scipy.spatial._ckdtree.cKDTree": _TREE,
    "scipy.spatial._kdtree.KDTree": _TREE,
}
