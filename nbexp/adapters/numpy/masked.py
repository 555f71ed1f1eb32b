"""Masked arrays: the elements under the mask are content as well, since unmasking shows them."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbexp.adapters.base import Node, Storing
from nbexp.adapters.leaf import Leaf
from nbexp.adapters.numpy.arrays import ArrayAdapter, describe, patch_elements
from nbexp.adapters.numpy.stored import in_class, set_fields, stored

#: What a masked array keeps that is its own; the rest numpy derives from the array it was made from.
_FIELDS = ("_mask", "_fill_value", "_hardmask", "_sharedmask", "_optinfo")


class MaskedAdapter(ArrayAdapter):
    """``numpy.ma.MaskedArray`` and its subclasses."""

    tag = "numpy.masked"

    def describe(self, value: Any) -> Node:
        children = (type(value), *(value.__dict__.get(name) for name in _FIELDS))
        return describe(value.view(np.ndarray), self.tag, children=children)

    def reduce(self, value: Any, storing: Storing) -> Any:
        made, args, *state = stored(value.view(np.ndarray), value, storing)
        if state:  # an array of objects: filled first, then masked
            return of_array, (type(value), value.view(np.ndarray)), value.__dict__, None, None, set_fields
        return in_class, (type(value), made, args), value.__dict__, None, None, set_fields

    def detach(self, value: Any) -> Any:
        new = value.copy()
        new.__dict__.update(value.__dict__)
        return new

    def patch(self, live: Any, new: Any) -> None:
        patch_elements(live.view(np.ndarray), new.view(np.ndarray))
        live.__dict__.update(new.__dict__)


def of_array(cls: Any, array: Any) -> Any:
    """A masked array over a loaded array."""
    return array.view(cls)


class MaskedConstantAdapter(Leaf):
    """``numpy.ma.masked``, of which there is one."""

    tag = "numpy.ma.masked"

    def content(self, value: Any) -> Any:
        """Nothing: it is always the same."""
        return None
