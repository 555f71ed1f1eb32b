"""Memory that several objects of a stored graph see, and memory of live inputs that outputs are views of.

Two arrays that overlap must overlap again after loading, so their memory is stored once, as a `Region`, and both are
rebuilt as views of it. A view of a live input's memory is rebuilt as a view of the input in the running kernel. Which
arrays overlap is known only when all have been met: `Memory` takes note of every span on the first pass over a graph,
and a second pass is made in the (rare) case that some do.
"""

from __future__ import annotations

import ctypes
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from pickle import PickleBuffer
from typing import Any

from nbexp.adapters.base import Adapter
from nbexp.errors import Unstorable
from nbexp.registry import adapter_for

_COPY = "Make it a copy of its own (`.copy()`, `.clone()`)."


class MemoryAdapter(Adapter):
    """An adapter of values that read and write memory which others may see too."""

    def spans(self, value: Any) -> Sequence[tuple[int, int]]:
        """Address ranges ``(start, stop)`` of the value's elements, cheaply; the same as in its `Node`."""
        raise NotImplementedError

    def dense(self, value: Any) -> bool:
        """Whether the elements fill ``spans(value)[0]`` without gaps, in an order that is part of the value: only then
        does a place in it mean the same in another process."""
        raise NotImplementedError

    def exporter(self, value: Any) -> object:
        """The object, of another type, whose memory this is (the bytearray below an array); None if there is none."""
        return None


def alias(start: int, size: int, keep: object) -> memoryview:
    """The `size` bytes from address `start` as a writable buffer, without a copy; it keeps `keep` alive."""
    kind: Any = type("Alias", (ctypes.Array,), {"_type_": ctypes.c_ubyte, "_length_": size})
    window = kind.from_address(start)
    window.keep = keep
    return memoryview(window).cast("B")


def writable(buffer: Any) -> Any:
    """`buffer` itself if it can be written to, else a copy that can: what a `Region` is loaded as."""
    return bytearray(buffer) if memoryview(buffer).readonly else buffer


def window(owner: Any) -> Any:
    """All memory of a live object, as a writable buffer: what a `LiveRegion` is loaded as."""
    if isinstance(owner, bytearray | array):
        return memoryview(owner).cast("B")
    adapter = adapter_for(type(owner))
    if not isinstance(adapter, MemoryAdapter) or not adapter.dense(owner):
        raise Unstorable("", type(owner).__qualname__, "its memory is laid out differently in this kernel")
    ((start, stop),) = adapter.spans(owner)
    return alias(start, stop - start, owner)


class Region:
    """A stretch of memory stored once, for all objects of a graph that see a part of it.

    Attributes:
        start, stop: The addresses. keep: Objects that own the memory.
        forms: What adapters derive from the region and want stored once as well (a torch storage), by name.
    """

    def __init__(self, start: int, stop: int, keep: Sequence[object]) -> None:
        self.start, self.stop, self.keep = start, stop, keep
        self.forms: dict[str, object] = {}

    @property
    def owner(self) -> object:
        """The live object whose memory this is, else None."""
        return None

    def __reduce__(self) -> Any:
        return writable, (PickleBuffer(alias(self.start, self.stop - self.start, self.keep)),)


class LiveRegion(Region):
    """The memory of an object that exists when the graph is loaded, or that is stored by itself (a bytearray)."""

    @property
    def owner(self) -> object:
        """The object whose memory it is."""
        return self.keep[0]

    def __reduce__(self) -> Any:
        return window, (self.owner,)


class Memory:
    """The spans met while one graph is stored, and the regions they form. It implements `Storing`.

    Args:
        live: The objects that exist before the stage, by id.

    Attributes:
        current: The object that is being reduced: the owner of the spans asked about.
    """

    def __init__(self, live: Iterable[object]) -> None:
        self._live = live
        self._live_regions: list[LiveRegion] | None = None
        self._regions: list[Region] = []
        self._met: list[tuple[int, int, object]] = []
        self._exporters: dict[int, object] = {}
        self.current: object = None

    def region(self, start: int, stop: int) -> tuple[Region, int] | None:
        """See `Storing.region`."""
        if stop <= start:
            return None
        self._note(start, stop)
        for regions in (self._alive(), self._regions):
            if (found := _containing(regions, start, stop)) is not None:
                return found, start - found.start
        return None

    def _note(self, start: int, stop: int) -> None:
        value = self.current
        self._met.append((start, stop, value))
        adapter = adapter_for(type(value))
        if isinstance(adapter, MemoryAdapter) and isinstance(base := adapter.exporter(value), bytearray | array):
            self._exporters[id(base)] = base

    def _alive(self) -> list[LiveRegion]:
        if self._live_regions is None:
            self._live_regions = _outermost(_live_regions(self._live))
        return self._live_regions

    def settle(self, stored: Mapping[int, Any] | None) -> bool:
        """Form the regions of the spans met so far.

        Args:
            stored: Everything the pass stored, by id; see `needs_stored`.

        Returns:
            Whether there are any: then the graph must be stored again.
        """
        kept = [base for key, base in self._exporters.items() if stored and key in stored]
        of_exporters = [_exporter_region(base) for base in kept]
        self._regions = [*of_exporters]
        for start, stop, owners in _runs(self._met):
            if _containing(of_exporters, start, stop) is None and _containing(self._alive(), start, stop) is None:
                self._regions.append(Region(start, stop, owners))
        self._regions.sort(key=lambda region: region.start)
        return bool(self._regions)

    @property
    def needs_stored(self) -> bool:
        """Whether some memory belongs to a bytearray or `array.array`, which may be in the graph too."""
        return bool(self._exporters)


def _runs(met: Sequence[tuple[int, int, object]]) -> list[tuple[int, int, list[object]]]:
    """Stretches of overlapping spans, of two objects or more."""
    runs: list[tuple[int, int, list[object]]] = []
    start = stop = -1
    owners: list[object] = []
    for first, last, owner in sorted(met, key=lambda span: span[:2]):
        if first < stop:
            stop = max(stop, last)
            owners.append(owner)
            continue
        runs.append((start, stop, owners))
        start, stop, owners = first, last, [owner]
    runs.append((start, stop, owners))
    return [run for run in runs if len(set(map(id, run[2]))) > 1]


def _containing(regions: Sequence[Region], start: int, stop: int) -> Any:
    """The region around ``[start, stop)``; None if it touches none.

    Raises:
        Unstorable: It lies partly in a region: its other part could not be the same memory after loading.
    """
    index = bisect_right(regions, start, key=lambda region: region.start) - 1
    before = regions[index] if index >= 0 else None
    if before is not None and start < before.stop:
        if stop <= before.stop:
            return before
    elif index + 1 >= len(regions) or regions[index + 1].start >= stop:
        return None
    raise Unstorable("", "memory", "it shares a part of its memory with an input of the stage", _COPY)


def _live_regions(live: Iterable[object]) -> list[LiveRegion]:
    regions = []
    for value in live:
        if isinstance(value, bytearray | array):
            regions.append(_exporter_region(value))
        elif isinstance(adapter := adapter_for(type(value)), MemoryAdapter):
            regions += [_live_region(value, adapter, start, stop) for start, stop in adapter.spans(value)]
    return [region for region in regions if region.start < region.stop]


def _live_region(value: object, adapter: MemoryAdapter, start: int, stop: int) -> LiveRegion:
    return LiveRegion(start, stop, [value]) if adapter.dense(value) else _Sparse(start, stop, [value])


class _Sparse(LiveRegion):
    """Memory of a live object that may be laid out differently in the kernel that loads the graph."""

    def __reduce__(self) -> Any:
        raise Unstorable("", type(self.owner).__qualname__, "it is a view of an input that is itself a view", _COPY)


def _exporter_region(base: Any) -> LiveRegion:
    view = memoryview(base)
    if not view.nbytes:
        return LiveRegion(0, 0, [base])
    start = ctypes.addressof(ctypes.c_char.from_buffer(view))
    return LiveRegion(start, start + view.nbytes, [base])


def _outermost(regions: list[LiveRegion]) -> list[LiveRegion]:
    """Sorted, without those inside another; of equal ones a dense one first, then the first named."""
    ordered = sorted(regions, key=lambda region: (region.start, -region.stop, isinstance(region, _Sparse)))
    kept: list[LiveRegion] = []
    for region in ordered:
        if not kept or region.stop > kept[-1].stop:
            kept.append(region)
    return kept
