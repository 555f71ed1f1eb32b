"""Estimators of scikit-learn, fitted or not, and the bunches that its functions return.

Everything else that scikit-learn makes (trees, losses, kernels in Cython) tells pickle all that it is made of, and so
takes the general route.
"""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils import Bunch

from nbexp.adapters.attributes import Attributes
from nbexp.adapters.base import Adapter, Node


class EstimatorAdapter(Attributes):
    """Any `sklearn.base.BaseEstimator`; the version mark of its pickles is no content, its package is in the key."""

    def __init__(self) -> None:
        super().__init__("sklearn.estimator")

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


ADAPTERS: dict[type | str, Adapter] = {Bunch: BunchAdapter()}

BASES: tuple[tuple[type, Adapter], ...] = ((BaseEstimator, EstimatorAdapter()),)
