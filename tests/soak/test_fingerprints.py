"""Same value, same fingerprint, and only then; in other processes and hash seeds; after the store, too. At length."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbexp.fingerprints.fingerprint import fingerprint
from tests.adapters import samples
from tests.adapters.test_conformance import HERE
from tests.fingerprints.test_fingerprint import canonical, model, same, unshared, values
from tests.graphs.test_graph import TREES, again
from tests.soak import fingerprints
from tests.soak.evidence import Row

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[2]
EXAMPLES = 20_000
HASH_SEEDS = ("0", "1", "4711")


@given(values, values)
@settings(max_examples=EXAMPLES, deadline=None)
def test_two_values(a: Any, b: Any) -> None:
    a, b = unshared(a), unshared(b)
    assert same(a, b) == (canonical(a) == canonical(b))


@given(st.lists(values, min_size=1, max_size=4), st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_value_and_one_in_which_a_part_is_another(parts: list[Any], data: st.DataObject) -> None:
    others = list(parts)
    others[data.draw(st.sampled_from(range(len(parts))))] = data.draw(values)
    one, other = unshared(parts), unshared(others)
    assert same(one, other) == (canonical(one) == canonical(other))


@given(st.one_of(TREES, values))
@settings(max_examples=EXAMPLES, deadline=None)
def test_stored_and_restored(value: Any) -> None:
    assert fingerprint(again(value)).digest == fingerprint(value).digest


def test_values_that_share_and_their_copies() -> None:
    texts: dict[bytes, str] = {}
    digests: dict[str, bytes] = {}
    for value in samples.random_values(EXAMPLES, seed=23):
        for copied in (value, samples.fresh(value), *samples.copies(value)):
            text, digest = model(copied), fingerprint(copied).digest
            assert texts.setdefault(digest, text) == text
            assert digests.setdefault(text, digest) == digest


def test_other_processes_with_other_hash_seeds(tmp_path: Path, evidence: Callable[[str, str, str], Row]) -> None:
    file = tmp_path / "stored"
    here = fingerprints.random_digests(EXAMPLES)
    stored = fingerprints.store(fingerprints.storable(EXAMPLES // 10, HERE), file)
    assert len(stored) > EXAMPLES // 10
    for hash_seed in HASH_SEEDS:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "MPLBACKEND": "agg"}
        command = [sys.executable, "-m", "tests.soak.fingerprints", str(EXAMPLES), str(file)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]
        there, restored = json.loads(done.stdout.splitlines()[-1])
        assert [number for number, pair in enumerate(zip(here, there, strict=True)) if len(set(pair)) > 1] == []
        assert {name for name in stored if restored[name] != stored[name]} == set()
    figure = (
        f"{EXAMPLES} random values in {len(HASH_SEEDS)} other processes and {len(stored)} restored there: "
        "all fingerprints the same"
    )
    evidence("fingerprints", figure, "make soak")
