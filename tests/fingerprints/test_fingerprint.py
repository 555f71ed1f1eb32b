from __future__ import annotations

import json
import marshal
import math
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbexp.errors import Unfingerprintable
from nbexp.fingerprints import tuples
from nbexp.fingerprints.fingerprint import Fingerprint, atom, fingerprint, mutables
from nbexp.graphs import stream
from tests.adapters import samples
from tests.adapters.samples import Node, Row, copies, fresh

ROOT = Path(__file__).parents[2]


def same(a: Any, b: Any) -> bool:
    one, other = fingerprint(a), fingerprint(b)
    if one.digest == other.digest:
        assert list(map(type, one.nodes)) == list(map(type, other.nodes))
    return one.digest == other.digest


# -- the same value, however it was made -------------------------------------------------------------------------------

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | st.binary()
    | st.just(...)
)
surrogates = st.text(st.characters(categories=["Cs", "Lu"]))
hashable = st.recursive(
    leaves | surrogates,
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)
values = st.recursive(
    leaves | hashable | st.sets(hashable, max_size=4) | st.binary().map(bytearray),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(hashable, inner, max_size=3),
    max_leaves=20,
)


def canonical(value: Any) -> Any:
    """A model of sameness for trees: equal exactly for the same value."""
    tp = type(value)
    if tp is float:
        return "float", pickle.dumps(value)
    if tp is complex:
        return "complex", pickle.dumps((value.real, value.imag))
    if tp in (list, tuple):
        return tp.__name__, tuple(map(canonical, value))
    if tp is dict:
        return "dict", tuple((canonical(key), canonical(item)) for key, item in value.items())
    if tp in (set, frozenset):
        return tp.__name__, frozenset(map(canonical, value))
    return tp.__name__, bytes(value) if tp is bytearray else value


@given(values, values)
@settings(max_examples=400, deadline=None)
def test_trees_have_one_fingerprint_exactly_if_they_are_the_same(a: Any, b: Any) -> None:
    a, b = unshared(a), unshared(b)
    assert same(a, b) == (canonical(a) == canonical(b))


def unshared(value: Any) -> Any:
    """An equal tree in which no object is met twice."""
    tp = type(value)
    if tp in (list, tuple):
        return tp([unshared(item) for item in value])
    if tp is dict:
        return {key: unshared(item) for key, item in value.items()}
    return tp(value) if tp in (set, bytearray) else value


@given(st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_sharing_cycles_and_copies(rng: Any) -> None:
    value = samples.nested(rng, 5, [])
    for copied in (fresh(value), *copies(value)):
        assert same(value, copied)
        assert numbering(value) == numbering(copied)


def numbering(value: Any) -> list[Any]:
    """What tells the numbered objects of two values apart."""
    nodes = fingerprint(value).nodes
    assert all(a is b for a, b in zip(nodes, mutables(value), strict=True))
    return [(type(node).__name__, len(node)) for node in nodes]  # type: ignore[arg-type]


def model(value: Any) -> str:
    """What a fingerprint must tell, by the simplest means: a text that is equal exactly for the same value."""
    numbers: dict[int, int] = {}

    def go(o: Any) -> Any:
        tp = type(o)
        if id(o) in numbers:
            return "met", numbers[id(o)]
        if tp in (list, dict, set, bytearray):
            numbers[id(o)] = len(numbers)
        if tp in (list, tuple):
            return tp.__name__, tuple(map(go, o))
        if tp is dict:
            return "dict", tuple((go(key), go(item)) for key, item in o.items())
        if tp in (set, frozenset):
            return tp.__name__, tuple(sorted(repr(go(item)) for item in o))
        return tp.__name__, bytes(o) if tp is bytearray else marshal.dumps(o, 2)

    return repr(go(value))


#: Where the walk and the encoding change their ways; small enough here that random values meet every one of them.
LIMITS = {
    "tuples.LARGE": 3,
    "units.LARGE": 3,
    "tuples.HIGH": 2,
    "tuples._CHEAP": 4,
    "tuples._CHUNK": 2,
    "walk.DEEP": 2,
    "walk._CHUNK": 2,
    "seen._LARGE": 2,
    "seen._MANY": 2,
    "units._FEW": 1,
    "units._SHORT": 8,
}


@pytest.mark.parametrize("limits", ["usual", "small", "small and long"])
def test_random_values_have_one_fingerprint_exactly_if_the_model_has(
    limits: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if limits != "usual":
        for name, limit in LIMITS.items():
            monkeypatch.setattr(f"nbexp.fingerprints.{name}", limit)
    if limits == "small and long":
        monkeypatch.setattr("nbexp.fingerprints.encode.LONG_STREAM_BYTES", 20)
        monkeypatch.setattr("nbexp.fingerprints.encode._LONG_STRING", 1)
    texts: dict[bytes, str] = {}
    digests: dict[str, bytes] = {}
    for value in samples.random_values(4000, seed=7):
        for again in (value, fresh(value), *copies(value)):
            text, digest = model(again), fingerprint(again).digest
            assert texts.setdefault(digest, text) == text
            assert digests.setdefault(text, digest) == digest


@given(st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_a_change_of_any_one_object_changes_the_fingerprint_and_is_found_at_its_number(rng: Any) -> None:
    value = [samples.nested(rng, 5, [])]
    before, copied = fingerprint(value), copies(value)[0]
    twins = mutables(copied)
    number = rng.randrange(len(twins))
    for node in (before.nodes[number], twins[number]):
        change(node)
    assert fingerprint(value).digest != before.digest
    assert same(value, copied), "the same number is the same object of the value"


def change(node: Any) -> None:
    if type(node) is dict:
        node["changed"] = 1
    elif type(node) is set:
        node.add("changed")
    else:
        node.append(7)


def test_other_processes_and_hash_seeds_agree() -> None:
    code = "import json; from tests.adapters.samples import digests; print(json.dumps(digests(5)))"
    here = samples.digests(5)
    for seed in ("0", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
        )
        there = json.loads(done.stdout)
        names = [*(f"random {i}" for i in range(400)), *samples.SAMPLES]
        assert [name for name, a, b in zip(names, here, there, strict=True) if a != b] == []


# -- pairs -------------------------------------------------------------------------------------------------------------

L = [1]
T = (L,)
LARGE = tuple(range(300))
DIFFERENT: dict[str, tuple[Any, Any]] = {
    "one list twice, two lists": ([L, L], [[1], [1]]),
    "one list in tuples": ([(L,), (L,)], [([1],), ([1],)]),
    "one tuple of a list twice, two lists": ([T, T], [([1],), ([1],)]),
    "one list in nested tuples": ([((L,), 1), ((L,), 1)], [(([1],), 1), (([1],), 1)]),
    "bool and int": (1, True),
    "int and float": (1, 1.0),
    "signs of zero": (0.0, -0.0),
    "sign of a complex part": (complex(0.0, 1), complex(-0.0, 1)),
    "str and bytes": ("a", b"a"),
    "order of a dict": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "bytes and bytearray": (b"a", bytearray(b"a")),
    "bytes and bytearray within": ([b"a"], [bytearray(b"a")]),
    "tuple and list": ((1,), [1]),
    "set and frozenset": ({1}, frozenset({1})),
    "empty ones": ([], ()),
    "nesting": ([[1], [2]], [[1, 2]]),
    "1 and True in a set": ({1}, {True}),
    "mixed set": ({1, "a"}, {"1", "a"}),
    "large sets": (set(range(100)), set(map(str, range(100)))),
    "large tuples": (tuple(range(300)), (*range(299), 299.0)),
    "large tuple and list": (tuple(range(300)), list(range(300))),
    "tuple within a large tuple": ((*range(300), (1,)), (*range(300), 1)),
    "lists within large tuples": ([(L, *range(300)), (L, *range(300))], [([1], *range(300)), ([1], *range(300))]),
    "a set in two places": ((lambda s: [s, s])({1}), [{1}, {1}]),
    "a cycle and none": ((lambda c: c.append(c) or c)([]), [[]]),
    "a cycle of one and of two": ((lambda c: c.append(c) or c)([]), (lambda c: c.append([c]) or c)([])),
    "an instance twice": ((lambda n: [n, n])(Node(a=1)), [Node(a=1), Node(a=1)]),
    "a field shared": ((lambda t: [Row(1, "a", t), Row(2, "b", t)])([1]), [Row(1, "a", [1]), Row(2, "b", [1])]),
    "fields held elsewhere": ((lambda n: [n, vars(n)])(Node(a=1)), [Node(a=1), {"a": 1}]),
    "an object in a set and out of it": ((lambda n: [{n}, n])(Node(a=1)), [{Node(a=1)}, Node(a=1)]),
    "one list in a tuple again where only it is left": (
        [(LARGE,), T, [[[(T, 1)]]]],
        [(LARGE,), ([1],), [[[(([1],), 1)]]]],
    ),
    "a surrogate": ("\ud800", "\udc00"),
    "concatenation": (["ab", "c"], ["a", "bc"]),
    "number of keys": ([{}, {"a": 1}], [{"a": 1}, {}]),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_different(name: str) -> None:
    a, b = DIFFERENT[name]
    assert not same(a, b)


def nan_of(bits: str) -> float:
    import struct

    return struct.unpack(">d", bytes.fromhex(bits))[0]  # type: ignore[no-any-return]


def key_sharing(*orders: str) -> Node:
    """An instance whose dict shares its keys with instances that were given the same fields in other orders."""

    class Fields:
        pass

    for order in orders:
        value = Fields()
        for name in order:
            setattr(value, name, [name])
    return dict(vars(value))  # type: ignore[return-value]


def shrunk(members: set[Any], largest: int) -> set[Any]:
    """What is left of `members` after a removal, in a table too large for it."""
    for member in range(10, largest):
        members.discard(member)
    return members


SAME: dict[str, tuple[Any, Any]] = {
    "tuples met again or made again": ((lambda t: [t, t])((1, (2, 3))), [(1, (2, 3)), (1, fresh((2, 3)))]),
    "a tuple twice and two tuples of one list": ([T, T], [(L,), (L,)]),
    "strings": ((lambda s: [s, s])("x" * 50), ["x" * 50, "".join(["x"] * 50)]),
    "cycles": ((lambda c: c.append(c) or c)([]), (lambda c: c.append(c) or c)([])),
    "nan": ([math.nan, math.nan], [math.nan, float("nan")]),
    "order of a set": (set("abcdefgh"), set("hgfedcba")),
    "sets of sets": ({frozenset("ab"), frozenset("cd")}, {frozenset("dc"), frozenset("ba")}),
    "a set grown and shrunk": ({1, 2, 1000}, shrunk({1, 2, *range(10, 1001)}, 1000)),
    "large tuples met again or made again": ([LARGE, LARGE], [LARGE, fresh(LARGE)]),
    "a tuple of a list again where only it is left": (
        [(LARGE,), T, [[[(T, 1)]]]],
        [(LARGE,), (L,), [[[((L,), 1)]]]],
    ),
    "large tuples of one list": ((lambda t: [t, t])((L, *range(300))), [(L, *range(300)), (L, *range(300))]),
    "frozensets met again": ((lambda s: [s, s])(frozenset("ab")), [frozenset("ab"), frozenset("ba")]),
    "a dict that lost keys": ((lambda d: d.pop(1) and d)({1: 1, "a": [2]}), {"a": [2]}),
    "a key-sharing dict in its own order": (key_sharing("ab", "ba"), {"b": ["b"], "a": ["a"]}),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_same(name: str) -> None:
    a, b = SAME[name]
    assert same(a, b)


def test_the_numbering_follows_the_order_of_a_key_sharing_dict() -> None:
    assert list(mutables(key_sharing("ab", "ba"))[1:]) == [["b"], ["a"]]


def test_bits_of_a_nan_are_content() -> None:
    assert not same(nan_of("7ff8000000000000"), nan_of("fff8000000000000"))


# -- size and depth ----------------------------------------------------------------------------------------------------

WRAPPERS: dict[str, tuple[int, Any]] = {
    "lists": (100_000, lambda inner: [inner]),
    "dicts": (100_000, lambda inner: {"a": inner}),
    "tuples": (100_000, lambda inner: (inner,)),
    "lists and tuples": (10_000, lambda inner: ([inner],)),
    "mostly tuples": (10_000, lambda inner: (((({"a": inner},),),),)),
    "instances": (20_000, lambda inner: Node(a=inner)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRAPPERS)
def test_depth(name: str) -> None:
    def deep(innermost: int) -> Any:
        depth, wrap = WRAPPERS[name]
        value: Any = innermost
        for _ in range(depth):
            value = wrap(value)
        return value

    values = [deep(1), deep(1), deep(2)]
    digests = [fingerprint(value).digest for value in values]
    assert digests[0] == digests[1] != digests[2]
    for value in values:
        take_apart(value)


def take_apart(value: Any) -> None:
    """Let go of a deep value from the outside in: Python's own way recurses."""
    while not isinstance(value, int):
        if isinstance(value, tuple | list):
            inner = value[0]
        else:
            inner = (vars(value) if isinstance(value, Node) else value).pop("a")
        if isinstance(value, list):
            value.clear()
        value = inner


@pytest.mark.parametrize("depth", [60, 64, 65, 96, 130])
def test_depth_at_the_edges_tells_values_apart(depth: int) -> None:
    def deep(innermost: Any) -> Any:
        for _ in range(depth):
            innermost = [innermost]
        return innermost

    assert same(deep(1), deep(1))
    assert not same(deep(1), deep(2))
    shared = [1]
    assert not same(deep([shared, shared]), deep([[1], [1]]))


def test_little_stack_left() -> None:
    value: Any = 1
    for _ in range(60):
        value = [value]
    expected = fingerprint(value)

    def down(levels: int) -> Fingerprint:
        return down(levels - 1) if levels else fingerprint(value)

    depth, frame = 0, sys._getframe()
    while frame := frame.f_back:  # type: ignore[assignment]
        depth += 1
    assert down(sys.getrecursionlimit() - depth - 60).digest == expected.digest


@pytest.mark.parametrize("bottom", [(), ([],), (1, "a")], ids=["empty", "list", "atoms"])
def test_a_tuple_that_shares_its_parts_does_not_blow_up(bottom: Any) -> None:
    def doubled(times: int) -> Any:
        value = bottom
        for _ in range(times):
            value = (value, value)
        return value

    start = time.perf_counter()
    assert same(doubled(60), doubled(60))
    assert not same(doubled(60), doubled(59))
    assert time.perf_counter() - start < 5


def test_doubled_tuples_are_the_same_as_unshared_ones() -> None:
    def doubled(times: int, again: Any) -> Any:
        value: Any = ()
        for _ in range(times):
            value = (value, again(value))
        return value

    assert same(doubled(12, lambda value: value), doubled(12, fresh))


def test_many_references_to_one_large_tuple() -> None:
    large = tuple(range(10_000))
    assert same([large] * 10_000, [fresh(large), *[large] * 9_999])


def test_many_references_to_one_long_string(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbexp.fingerprints.encode.LONG_STREAM_BYTES", 1 << 20)
    text = "x" * 100_000

    def rows(text: str) -> list[Any]:
        return [{"prompt": text, "id": i, text: (text,)} for i in range(1000)]

    start = time.perf_counter()
    assert same(rows(text), rows("".join(list(text))))
    assert not same(rows(text), rows(text + "x"))
    assert time.perf_counter() - start < 5


# -- what is used of pickle --------------------------------------------------------------------------------------------


def test_fast_mode_writes_a_repeated_object_in_full_and_a_numbered_one_as_its_number() -> None:
    inner = ["abc"]
    assert stream.to_bytes([inner, inner]) == stream.to_bytes([["abc"], ["abc"]])

    def numbered(number: int) -> bytes:
        return stream.hashed(b"", [inner, 1], [(number, inner)])

    assert numbered(5) == stream.hashed(b"", [inner, 1], [(5, inner)])
    assert len({numbered(5), numbered(6), stream.hashed(b"", [inner, 1])}) == 3


def test_large_is_what_the_bound_says() -> None:
    assert tuples.LARGE >= 3
    for size in (tuples.LARGE, tuples.LARGE + 1):
        value = tuple(range(size))
        assert same([value, value], [value, fresh(value)])
        nest = ((*range(size - 1),),)
        assert same([nest, nest], [nest, ((*range(size - 1),),)])


# -- the interface -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, True, 1, 1.5, 1j, "a", b"a", ...])
def test_atoms(value: Any) -> None:
    assert atom(value)
    assert fingerprint(value) == Fingerprint(fingerprint(value).digest)
    assert mutables(value) == ()


@pytest.mark.parametrize("value", [(), [], frozenset(), samples.Text("a"), samples.Celsius(1.0), samples.Colour.RED])
def test_not_atoms(value: Any) -> None:
    assert not atom(value)


def test_nodes_are_the_mutable_objects_once_each() -> None:
    inner: list[Any] = [1]
    value = {"a": inner, "b": (inner, {2}), "c": bytearray(b"x")}
    nodes = fingerprint(value).nodes
    assert nodes == mutables(value)
    assert sorted(map(id, nodes)) == sorted(map(id, [value, inner, value["b"][1], value["c"]]))  # type: ignore[index]


def test_an_error_names_the_path() -> None:
    value = {"rows": [1, Row(1, "a", [Node(it=iter(zip()))])]}
    with pytest.raises(Unfingerprintable) as caught:
        fingerprint(value, label="data")
    assert caught.value.path == "data['rows'][1].tags[0].it"
    assert "iterator" in caught.value.why
    assert caught.value.advice


def test_the_garbage_collector_is_as_before() -> None:
    import gc

    assert gc.isenabled()
    fingerprint([[]])
    assert gc.isenabled()
    gc.disable()
    try:
        fingerprint([[]])
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_memory_of_a_bytearray_that_an_array_sees_is_shared() -> None:
    np = pytest.importorskip("numpy")

    def pair(shared: bool, start: int = 0) -> list[Any]:
        memory = bytearray(8)
        return [memory, np.frombuffer(memory if shared else bytearray(8), "u1")[start : start + 4]]

    assert same(pair(True), pair(True))
    assert same(pair(False), pair(False))
    assert not same(pair(True), pair(False))
    assert not same(pair(True), pair(True, start=2))
    assert {type(owner) for _, _, owner in fingerprint(pair(True)).spans} == {bytearray, np.ndarray}
