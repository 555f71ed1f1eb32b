from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.fingerprints.preview import preview
from nbexp.graphs.graph import dump, load

pytest.importorskip("sklearn")

from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

ROWS = np.random.default_rng(0).random((80, 4))
LABELS = (ROWS[:, 0] > 0.5).astype(int)

#: They cannot be fitted to plain rows and labels, or say that they will go away.
SKIPPED = frozenset(
    {
        "ClassifierChain", "CountVectorizer", "DictVectorizer", "FrozenEstimator", "GammaRegressor",
        "IsotonicRegression", "KernelCenterer", "LabelBinarizer", "LabelEncoder", "MultiLabelBinarizer",
        "MultiOutputClassifier", "MultiOutputRegressor", "MultiTaskElasticNet", "MultiTaskElasticNetCV",
        "MultiTaskLasso", "MultiTaskLassoCV", "PassiveAggressiveClassifier", "PassiveAggressiveRegressor",
        "RegressorChain", "SparseCoder", "TfidfVectorizer",
    }
)  # fmt: skip


def again(value: Any) -> Any:
    dumped = dump(value)
    return load(dumped.graph, [bytearray(buffer) for buffer in dumped.buffers])


def digest(value: object) -> bytes:
    return fingerprint(value).digest


def estimators() -> list[Any]:
    from sklearn.utils import all_estimators

    return [pytest.param(kind, id=name) for name, kind in all_estimators() if name not in SKIPPED]


def made(kind: Any) -> Any:
    """An instance with the parameters that scikit-learn's own checks use; fixed where it would draw."""
    from sklearn.utils._test_common.instance_generator import _construct_instances

    estimator = next(iter(_construct_instances(kind)))
    return estimator.set_params(random_state=0) if "random_state" in estimator.get_params() else estimator


@pytest.mark.parametrize("kind", estimators())
def test_every_estimator_of_the_library_comes_back_as_it_was(kind: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about too little data, which is of no interest here
        fitted = made(kind).fit(ROWS.copy(), LABELS.copy())
    expected = digest(fitted)
    loaded = again(fitted)
    assert digest(fitted) == expected
    assert digest(loaded) == expected


def test_a_fitted_model_is_not_the_one_before() -> None:
    model = LogisticRegression()
    before = digest(model)
    model.fit(ROWS, LABELS)
    assert digest(model) != before


def test_a_restored_model_predicts_the_same_bits() -> None:
    forest = RandomForestClassifier(20, random_state=0).fit(ROWS, LABELS)
    assert again(forest).predict_proba(ROWS).tobytes() == forest.predict_proba(ROWS).tobytes()


def test_the_gaps_between_the_fields_of_a_tree_are_no_content() -> None:
    tree = DecisionTreeClassifier(random_state=0).fit(ROWS, LABELS).tree_
    _, _, state = tree.__reduce__()
    nodes = state["nodes"].copy()
    assert nodes.dtype.itemsize > sum(nodes.dtype[name].itemsize for name in nodes.dtype.names), "no gaps: no test"
    raw = nodes.view(np.uint8).reshape(len(nodes), -1)
    raw[:, -1] ^= 255
    other = again(tree)
    other.__setstate__({**state, "nodes": nodes})
    assert digest(other) == digest(tree)


def test_a_changed_threshold_is_seen() -> None:
    model = DecisionTreeClassifier(random_state=0).fit(ROWS, LABELS)
    before = digest(model)
    model.tree_.threshold[0] += 0.25
    assert digest(model) != before


def test_a_search_comes_back_with_all_its_results() -> None:
    search = GridSearchCV(LogisticRegression(), {"C": [0.5, 1.0]}, cv=2).fit(ROWS, LABELS)
    loaded = again(search)
    assert digest(loaded) == digest(search)
    assert loaded.best_params_ == search.best_params_


def test_estimators_report_their_package() -> None:
    assert "sklearn" in fingerprint(LogisticRegression()).packages


def test_previews() -> None:
    assert preview(LogisticRegression()) == "LogisticRegression"
    assert preview(LogisticRegression().fit(ROWS, LABELS)) == "LogisticRegression, fitted"
