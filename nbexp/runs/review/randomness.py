"""Draws that cannot be repeated."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from nbexp.runs.review.base import Reading, Remark, cut
from nbexp.stage.assumptions import Chain, chain_of

_SEEDERS = frozenset({"seed", "manual_seed", "set_seed", "seed_everything", "manual_seed_all", "set_random_seed"})

#: Functions of the module-wide generators, by what they are called through.
_DRAWS: dict[Chain, frozenset[str]] = {
    ("random",): frozenset(
        {"random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform", "gauss"}
    ),
    ("np", "random"): frozenset(
        {"rand", "randn", "randint", "random", "choice", "shuffle", "permutation", "normal", "uniform", "random_sample"}
    ),
    ("torch",): frozenset({"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial"}),
}  # fmt: skip

#: Calls that draw unless they are given one of these.
_SEEDED_BY = {
    "default_rng": (),
    "train_test_split": ("random_state",),
    "KFold": ("random_state",),
    "StratifiedKFold": ("random_state",),
    "RandomForestClassifier": ("random_state",),
    "RandomForestRegressor": ("random_state",),
    "GradientBoostingClassifier": ("random_state",),
    "GradientBoostingRegressor": ("random_state",),
    "SGDClassifier": ("random_state",),
    "SGDRegressor": ("random_state",),
    "MLPClassifier": ("random_state",),
    "MLPRegressor": ("random_state",),
    "KMeans": ("random_state",),
    "make_blobs": ("random_state",),
    "make_moons": ("random_state",),
    "make_classification": ("random_state",),
    "make_regression": ("random_state",),
    "sample": ("random_state",),
}


def unseeded(cells: Sequence[Reading]) -> Iterator[Remark]:
    """Draws in stages that nothing seeds: they are kept, and nobody could draw them again."""
    seeded = False
    for cell in cells:
        calls = [node for node in ast.walk(cell.tree) if isinstance(node, ast.Call)]
        seeded = seeded or any(_last(call) in _SEEDERS for call in calls)
        if cell.spec is None or cell.spec.seed is not None or seeded:
            continue
        for call in calls:
            if _draws(call):
                text = f"`{cut(ast.unparse(call.func))}(…)` draws in a stage, and nothing seeds it"
                advice = "Write --seed N after %%stage, or seed it in a cell above."
                yield Remark("randomness", cell.number, cell.line(call), text, advice)


def _draws(call: ast.Call) -> bool:
    chain = chain_of(call.func) or ()
    chain = ("np", *chain[1:]) if chain[:1] == ("numpy",) else chain
    if chain and chain[-1] in _DRAWS.get(chain[:-1], ()):
        return True
    name, given = _last(call), {keyword.arg for keyword in call.keywords}
    if name == "default_rng":
        return not call.args and not call.keywords
    if name in ("KFold", "StratifiedKFold") and "shuffle" not in given:
        return False
    if name == "sample" and not (given & {"n", "frac"} or _is_number(call)):  # a frame's, not any other
        return False
    return name in _SEEDED_BY and None not in given and not given.intersection(_SEEDED_BY[name])


def _is_number(call: ast.Call) -> bool:
    """Whether the one argument without a name is a number: ``df.sample(10)``."""
    match call.args:
        case [ast.Constant(int())]:
            return True
    return False


def _last(call: ast.Call) -> str:
    return (chain_of(call.func) or ("",))[-1] if not isinstance(call.func, ast.Attribute) else call.func.attr
