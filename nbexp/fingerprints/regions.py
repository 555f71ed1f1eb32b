"""Memory that several objects of one walk see: arrays that are views of one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbexp.adapters.base import Node


def span_of(memory: bytearray) -> tuple[int, int]:
    """Where a bytearray lies."""
    import ctypes  # needed for bytearrays only

    if not memory:
        return 0, 0
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return start, start + len(memory)


def overlaps(nodes: Sequence[Node]) -> dict[int, Any]:
    """For each node whose memory overlaps another's: which region, where in it, and its layout.

    Regions are numbered in the order of `nodes`, never by address.

    Returns:
        Index in `nodes` -> plain content; nodes with memory of their own are missing.
    """
    spans = sorted(
        (start, stop, index, place)
        for index, node in enumerate(nodes)
        for place, (start, stop) in enumerate(node.spans)
        if stop > start
    )
    found: dict[int, dict[int, tuple[int, int, int]]] = {}
    for region in _regions(spans):
        base = region[0][0]
        for start, stop, index, place in region:
            found.setdefault(index, {})[place] = (base, start - base, stop - start)
    numbers: dict[int, int] = {}
    described = {}
    for index in sorted(found):
        places = tuple(
            (place, numbers.setdefault(base, len(numbers)), offset, size)
            for place, (base, offset, size) in sorted(found[index].items())
        )
        described[index] = (places, nodes[index].layout)
    return described


def _regions(spans: Sequence[tuple[int, int, int, int]]) -> list[list[tuple[int, int, int, int]]]:
    """Runs of spans, sorted by start, that overlap one another; runs of one are left out."""
    runs: list[list[tuple[int, int, int, int]]] = []
    end = -1
    for span in spans:
        if span[0] < end:
            runs[-1].append(span)
        else:
            runs.append([span])
        end = max(end, span[1])
    return [run for run in runs if len(run) > 1]
