from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import Bunch

from tests.adapters.conformance import Case

ROWS = np.random.default_rng(0).random((60, 4))
LABELS = (ROWS[:, 0] > 0.5).astype(int)
TEXTS = ["one two three", "two three four", "three four five"]


class Doubling(TransformerMixin, BaseEstimator):
    """A step of the project's own, which hides a field from its pickles."""

    def __init__(self, factor: float = 2) -> None:
        self.factor = factor
        self.calls = 0

    def fit(self, rows: Any, labels: Any = None) -> Doubling:
        return self

    def transform(self, rows: Any) -> Any:
        return rows * self.factor


def fitted(estimator: Any, rows: Any = ROWS) -> Any:
    return estimator.fit(rows.copy(), LABELS.copy())


def fit_case(name: str, make: Any, other: Any) -> Case:
    """An estimator after fitting: another fit of the same gives the same, another parameter another."""
    return Case(
        name,
        lambda: fitted(make()),
        different=(make, lambda: fitted(other()), lambda: fitted(make(), ROWS[::-1])),
        mutate=lambda estimator: setattr(estimator, "note_", 99),
    )


CASES = (
    Case(
        "not fitted",
        lambda: LogisticRegression(C=2.0),
        different=(LogisticRegression, lambda: SGDClassifier(), lambda: SVC(C=2.0)),
        mutate=lambda estimator: estimator.set_params(C=3.0),
    ),
    fit_case("logistic regression", LogisticRegression, lambda: LogisticRegression(C=0.5)),
    fit_case(
        "tree",
        lambda: DecisionTreeClassifier(random_state=0),
        lambda: DecisionTreeClassifier(max_depth=1, random_state=0),
    ),
    fit_case(
        "forest", lambda: RandomForestClassifier(5, random_state=0), lambda: RandomForestClassifier(5, random_state=1)
    ),
    fit_case(
        "boosting",
        lambda: GradientBoostingClassifier(n_estimators=3, random_state=0),
        lambda: GradientBoostingClassifier(n_estimators=4, random_state=0),
    ),
    fit_case(
        "histogram boosting",
        lambda: HistGradientBoostingClassifier(max_iter=3, random_state=0),
        lambda: HistGradientBoostingClassifier(max_iter=4, random_state=0),
    ),
    fit_case("support vectors", lambda: SVC(kernel="rbf"), lambda: SVC(kernel="poly")),
    fit_case(
        "neighbours",
        lambda: KNeighborsClassifier(3, algorithm="kd_tree"),
        lambda: KNeighborsClassifier(3, algorithm="ball_tree"),
    ),
    fit_case(
        "network",
        lambda: MLPClassifier(3, max_iter=500, random_state=0, tol=1.0),
        lambda: MLPClassifier(4, max_iter=500, random_state=0, tol=1.0),
    ),
    fit_case(
        "gradient descent", lambda: SGDClassifier(random_state=0), lambda: SGDClassifier(random_state=0, alpha=0.1)
    ),
    fit_case("clusters", lambda: KMeans(2, random_state=0, n_init=1), lambda: KMeans(3, random_state=0, n_init=1)),
    fit_case(
        "vote",
        lambda: VotingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier(random_state=0))]),
        lambda: VotingClassifier([("a", LogisticRegression()), ("c", DecisionTreeClassifier(random_state=0))]),
    ),
    Case(
        "pipeline",
        lambda: make_pipeline(StandardScaler(), PCA(2, random_state=0), LogisticRegression()).fit(ROWS, LABELS),
        different=(
            lambda: make_pipeline(StandardScaler(), PCA(3, random_state=0), LogisticRegression()).fit(ROWS, LABELS),
            lambda: make_pipeline(PCA(2, random_state=0), StandardScaler(), LogisticRegression()).fit(ROWS, LABELS),
        ),
        mutate=lambda pipeline: pipeline[-1].set_params(C=9.0),
    ),
    Case("text features", lambda: TfidfVectorizer().fit(TEXTS), different=(lambda: TfidfVectorizer().fit(TEXTS[:2]),)),
    Case(
        "categories",
        lambda: OneHotEncoder().fit([["a"], ["b"]]),
        different=(lambda: OneHotEncoder().fit([["a"], ["c"]]),),
    ),
    Case(
        "isotonic",
        lambda: IsotonicRegression().fit([1, 2, 3], [1, 3, 2]),
        different=(lambda: IsotonicRegression().fit([1, 2, 3], [1, 2, 3]),),
    ),
    Case(
        "step of the project", Doubling, different=(lambda: Doubling(3),), mutate=lambda step: setattr(step, "calls", 1)
    ),
    Case(
        "random state",
        lambda: RandomForestClassifier(random_state=np.random.RandomState(0)),
        different=(
            lambda: RandomForestClassifier(random_state=np.random.RandomState(1)),
            lambda: RandomForestClassifier(random_state=0),
        ),
        mutate=lambda forest: forest.random_state.rand(),
    ),
    Case(
        "bunch",
        lambda: Bunch(a=1, b=[2]),
        different=(lambda: Bunch(b=[2], a=1), lambda: {"a": 1, "b": [2]}),
        mutate=lambda held: held.update(c=3),
    ),
    Case("data set", load_iris, different=(lambda: load_iris(as_frame=True),)),
    Case("folds", lambda: KFold(3, shuffle=True, random_state=0), different=(lambda: KFold(3),)),
)
