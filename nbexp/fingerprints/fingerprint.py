"""Fingerprints: one digest per value, the same for the same value in any process, different for different ones.

The *same* value has the same exact types, content, order of dicts, and sharing among mutable objects. The identity of
strings, numbers, bytes, tuples and frozensets is no part of it. What cannot be told for sure is refused.
"""

from __future__ import annotations

import gc
import marshal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nbexp.adapters.base import Name
from nbexp.adapters.transient import Transient
from nbexp.errors import Unfingerprintable
from nbexp.fingerprints.encode import encode
from nbexp.fingerprints.kinds import ATOMS
from nbexp.fingerprints.others import Failed
from nbexp.fingerprints.paths import path_to
from nbexp.fingerprints.regions import span_of
from nbexp.fingerprints.walk import Walk
from nbexp.hashing import FINGERPRINT_VERSION, digest, digest_buffer
from nbexp.registry import adapter_for


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a value is, and what reaching all of it brought to light.

    Attributes:
        digest: 32 bytes.
        nodes: Every mutable object reached, once each. The order depends on the value only, so the same place in the
            nodes of two values of one fingerprint is the same object of the value. Objects that adapters make while
            they describe are among them.
        spans: Memory that objects of the value read and write: ``(start, stop, owner)``.
        reads: Names that code inside the value looks up when it runs.
        packages: Import names of installed packages whose code the value runs.
        imports: Modules that code inside the value imports when it runs, by full name.
    """

    digest: bytes
    nodes: tuple[object, ...] = ()
    spans: tuple[tuple[int, int, object], ...] = ()
    reads: frozenset[Name] = frozenset()
    packages: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()


def fingerprint(value: object, *, label: str = "value") -> Fingerprint:
    """The fingerprint of `value`.

    Args:
        value: Anything.
        label: Its name, with which the path in an error begins.

    Raises:
        Unfingerprintable: Something in it cannot be told for sure; the path says what, the advice what to do.

    Example:
        >>> row = [1, 2]
        >>> fingerprint([row, row]).digest == fingerprint([[1, 2], [1, 2]]).digest
        False
    """
    if type(value) in ATOMS:
        return Fingerprint(_atom_digest(value))
    try:
        _refuse_transient(value)
        with _no_collection():
            walk = Walk(value, rank=_rank)
            whole = _encode_somewhere(walk)
    except Failed as failed:
        raise _placed(failed, value, label) from failed.__cause__
    return Fingerprint(
        whole,
        tuple(walk.mutables),
        tuple(_spans(walk)),
        frozenset(walk.others.reads),
        frozenset(walk.others.packages),
        frozenset(walk.others.imports),
    )


def mutables(value: object) -> tuple[object, ...]:
    """The `nodes` of the fingerprint of `value`, without hashing it.

    Raises:
        Unfingerprintable: As `fingerprint`.
    """
    if type(value) in ATOMS:
        return ()
    try:
        with _no_collection():
            return tuple(Walk(value, rank=_rank).mutables)
    except Failed as failed:
        raise _placed(failed, value, "value") from failed.__cause__


def atom(value: object) -> bool:
    """Whether `value` is an immutable leaf: exactly None, bool, int, float, complex, str, bytes or ``...``."""
    return type(value) in ATOMS


def _spans(walk: Walk) -> Iterator[tuple[int, int, object]]:
    for o in walk.others.held:
        for start, stop in walk.others.nodes[id(o)].spans:
            yield start, stop, o
    for o in walk.mutables:
        if type(o) is bytearray and o:
            yield *span_of(o), o


def _encode_somewhere(walk: Walk) -> bytes:
    """`encode`, in a thread of its own if too little of this one's stack is left: calls are counted by thread."""
    try:
        return encode(walk)
    except RecursionError:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(encode, walk).result()


@contextmanager
def _no_collection() -> Iterator[None]:
    """No garbage collection meanwhile: large walks make many small objects and no cycles, and would wait for it."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _atom_digest(value: Any) -> bytes:
    if type(value) is str:
        return digest(_ATOM, "str", digest_buffer(value.encode("utf-8", "surrogatepass")))
    if type(value) is bytes:
        return digest(_ATOM, "bytes", digest_buffer(value))
    return digest(_ATOM, marshal.dumps(value, 2))


_ATOM = f"atom {FINGERPRINT_VERSION}"


def _rank(member: object) -> bytes:
    """What orders members of a set that hold mutable objects: the digest of each on its own."""
    if type(member) in ATOMS:
        return _atom_digest(member)
    return encode(Walk(member, rank=_rank, coarse=True))


def _refuse_transient(value: object) -> None:
    adapter = adapter_for(type(value))
    if isinstance(adapter, Transient):
        raise Failed(value) from Unfingerprintable("", type(value).__qualname__, adapter.why, adapter.advice)


def _placed(failed: Failed, root: object, label: str) -> BaseException:
    """The error to raise for what failed somewhere inside `root`."""
    cause = failed.__cause__
    if isinstance(cause, Unfingerprintable):
        return cause.inside(label + path_to(root, failed.value))
    return cause or failed
