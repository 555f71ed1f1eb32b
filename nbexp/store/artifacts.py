"""The content of a record: one pickled graph and the buffers taken out of it, laid out over files.

Large buffers are blobs of their own, so that equal ones are stored once and each is mapped by itself; smaller ones are
packed together, 64-byte aligned. What is small in all lies in the record's own file: one file to write, one to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nbexp.errors import Damaged
from nbexp.hashing import digest_buffer
from nbexp.records import Artifact, Span
from nbexp.store.blobs import Blobs
from nbexp.store.temporary import Temporary, discard

#: From this size on a buffer is a blob of its own.
LARGE_BYTES = 1 << 20

#: Below this size in all, graph and packed buffers lie in the record's file.
PAYLOAD_BYTES = 64 << 10

ALIGNMENT = 64


@dataclass(frozen=True, slots=True)
class Put:
    """An artifact that is on its way into the store.

    Attributes:
        artifact: Where everything will lie. payload: What the record's file takes.
        written: Copies that wait for their names. blobs: Names and sizes of all blobs it needs.
    """

    artifact: Artifact
    payload: bytes
    written: tuple[Temporary, ...]
    blobs: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Content:
    """What was stored, for `nbexp.graphs.graph.load`: the graph, digest-checked, and the buffers, writable, whose
    changes reach nobody else."""

    graph: memoryview
    buffers: tuple[memoryview, ...]


def put(blobs: Blobs, graph: Any, buffers: Sequence[Any] = ()) -> Put:
    """Copy a graph and its buffers into the store's temporary files; nothing is visible yet.

    Args:
        graph: The pickled graph. buffers: C-contiguous objects with the buffer protocol, or `pickle.PickleBuffer`.

    Raises:
        OSError: If a copy cannot be written.
    """
    views = [_flat(buffer) for buffer in buffers]
    written: list[Temporary] = []
    needed: list[tuple[str, int]] = []

    def store(view: Any) -> str:
        name = digest_buffer(view).hex()
        temporary = blobs.prepare(name, view)
        if temporary is not None:
            written.append(temporary)
        needed.append((name, memoryview(view).nbytes))
        return name

    try:
        artifact, payload = _lay_out(_flat(graph), views, store)
    except BaseException:
        discard(written)
        raise
    return Put(artifact, payload, tuple(written), tuple(dict.fromkeys(needed)))


def get(blobs: Blobs, artifact: Artifact, payload: bytes | memoryview) -> Content:
    """Bring back what `put` stored. The graph is checked; every call gives memory of its own.

    Raises:
        Damaged: If a file is missing or altered, or a span lies outside its file.
    """
    own = memoryview(bytearray(payload))
    graph = _graph(blobs, artifact.graph, own)
    ends: dict[str, int] = {}
    for span in artifact.buffers:
        _check_span(span)
        ends[span.blob] = max(ends.get(span.blob, 0), span.offset + span.size)
    # the largest first: where few maps are left, they spare most
    maps = {
        name: blobs.map(name, ends[name]) for name in sorted(filter(None, ends), key=ends.__getitem__, reverse=True)
    }
    maps[""] = own
    views, taken = [], set[Span]()
    for span in artifact.buffers:
        # Equal buffers lie in one blob; the values made of them are not one: each gets a map of its own.
        again = span in taken and span.blob
        views.append(_cut(blobs.map(span.blob, ends[span.blob]) if again else maps[span.blob], span))
        taken.add(span)
    return Content(graph, tuple(views))


def _flat(buffer: Any) -> memoryview:
    raw = buffer.raw() if hasattr(buffer, "raw") else memoryview(buffer)
    return raw.cast("B") if raw.nbytes else memoryview(b"")


def _lay_out(graph: memoryview, views: list[memoryview], store: Any) -> tuple[Artifact, bytes]:
    small = [view for view in views if view.nbytes < LARGE_BYTES]
    pack, offsets = _pack(small)
    inside = len(pack) + graph.nbytes + ALIGNMENT < PAYLOAD_BYTES
    if inside:
        payload = b"".join((pack, bytes(-len(pack) % ALIGNMENT), graph))
        graph_span = Span("", len(payload) - graph.nbytes, graph.nbytes)
        pack_name = ""
    else:
        payload, graph_span = b"", Span(store(graph), 0, graph.nbytes)
        pack_name = store(pack) if pack else ""
    places = iter(offsets)
    spans = [
        Span(pack_name, next(places), view.nbytes) if view.nbytes < LARGE_BYTES else Span(store(view), 0, view.nbytes)
        for view in views
    ]
    return Artifact(graph_span, tuple(spans)), payload


def _pack(small: list[memoryview]) -> tuple[bytes, list[int]]:
    pieces: list[bytes | memoryview] = []
    offsets, at = [], 0
    for view in small:
        gap = -at % ALIGNMENT
        pieces += (bytes(gap), view)
        offsets.append(at + gap)
        at += gap + view.nbytes
    return b"".join(pieces), offsets


def _graph(blobs: Blobs, span: Span, payload: memoryview) -> memoryview:
    _check_span(span)
    if not span.blob:
        return _cut(payload, span)
    if span.offset:
        raise Damaged("the graph of a record does not fill its blob", "The stage runs again.")
    return memoryview(blobs.read(span.blob, span.size))


def _check_span(span: Span) -> None:
    if not all(type(number) is int and number >= 0 for number in (span.offset, span.size)):
        raise Damaged("a record gives a place that cannot be", "The stage runs again.")


def _cut(memory: memoryview, span: Span) -> memoryview:
    if span.offset + span.size > memory.nbytes:
        raise Damaged("a record gives a place beyond its file", "The stage runs again.")
    return memory[span.offset : span.offset + span.size]
