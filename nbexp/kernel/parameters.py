"""Which variables of the notebook are parameters, and what a stage depends on that reads them by `nbexp.params`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbexp import hashing
from nbexp.errors import Unfingerprintable
from nbexp.fingerprints.preview import preview
from nbexp.records import Part
from nbexp.runs.notebook import python_tree
from nbexp.runs.parameters import assigned, is_titled
from nbexp.stage.capture import mark_of

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo

_TAGS = frozenset({"parameters", "injected-parameters"})


def parameters_in(info: ExecutionInfo) -> tuple[str, ...]:
    """The parameters that a cell about to run binds; none if it is no parameters cell.

    A cell is one by its tag (where the front end sends tags) or by its first line, ``# parameters``, which papermill
    writes into the cell that it injects as well.
    """
    tags = (getattr(info, "cell_meta", None) or {}).get("tags") or ()
    if not is_titled(info.raw_cell or "") and _TAGS.isdisjoint(tags):
        return ()
    try:
        tree = python_tree(info.raw_cell or "")
    except SyntaxError:
        return ()
    return tuple(dict.fromkeys(each.name for each in assigned(tree)))


def parameter_part(name: str, parameters: Mapping[str, Any]) -> Part:
    """The value of one parameter as a dependency, or that there is none of this name."""
    if name not in parameters:
        return Part("parameter", name, hashing.digest("no parameter", name).hex())
    value = parameters[name]
    try:
        return Part("parameter", name, mark_of(name, value).digest.hex(), preview(value))
    except Unfingerprintable:
        return Part("parameter", name, "")  # equals nothing


def names_part(parameters: Mapping[str, Any]) -> Part:
    """Which parameters there are, in order, as a dependency."""
    names = ", ".join(parameters)
    return Part("parameters", "nbexp.params", hashing.digest("parameters", names).hex(), names)
