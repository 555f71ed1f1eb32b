"""How a graph and its buffers are laid out over files, and that all of it comes back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbexp.records import Span
from nbexp.store.artifacts import ALIGNMENT, LARGE_BYTES, PAYLOAD_BYTES, get, put
from nbexp.store.blobs import Blobs
from nbexp.store.verified import Verified

SIZES = st.sampled_from([0, 1, 63, 64, 65, 1000, 40_000, PAYLOAD_BYTES, 300_000, LARGE_BYTES - 1, LARGE_BYTES])


@pytest.fixture
def blobs(home: Path) -> Blobs:
    return Blobs(os.fspath(home), Verified(os.fspath(home)))


def content(size: int, seed: int) -> bytes:
    return (seed.to_bytes(2, "little") + b"abc") * (size // 5) + b"z" * (size % 5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SIZES, st.lists(SIZES, max_size=6))
def test_everything_comes_back_aligned_and_apart(blobs: Blobs, graph_size: int, sizes: list[int]) -> None:
    graph, buffers = content(graph_size, 999), [content(size, number) for number, size in enumerate(sizes)]
    stored = put(blobs, graph, [memoryview(buffer) for buffer in buffers])
    for temporary in stored.written:
        blobs.publish(temporary)
    assert all(blobs.sound(name, size) for name, size in stored.blobs)
    assert all(span.offset % ALIGNMENT == 0 for span in stored.artifact.buffers)
    assert len(stored.payload) <= PAYLOAD_BYTES
    found = get(blobs, stored.artifact, stored.payload)
    assert bytes(found.graph) == graph
    assert [bytes(buffer) for buffer in found.buffers] == buffers
    for buffer in found.buffers:
        buffer[:] = b"!" * buffer.nbytes
    assert [bytes(buffer) for buffer in get(blobs, stored.artifact, stored.payload).buffers] == buffers


@pytest.mark.parametrize(
    ("graph", "buffers", "files"),
    [
        (100, [100], 0),
        (100, [PAYLOAD_BYTES], 2),
        (PAYLOAD_BYTES, [], 1),
        (PAYLOAD_BYTES, [10, 20], 2),
        (100, [LARGE_BYTES], 1),
        (100, [LARGE_BYTES, LARGE_BYTES + 1, 10, 10], 2),
    ],
)
def test_what_is_small_in_all_needs_no_file_of_its_own(
    blobs: Blobs, graph: int, buffers: list[int], files: int
) -> None:
    stored = put(blobs, content(graph, 999), [content(size, number) for number, size in enumerate(buffers)])
    assert len(stored.written) == files


def test_the_graph_of_a_blob_is_checked_at_every_load(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbexp.errors import Damaged

    stored = put(blobs, content(100_000, 1))
    for temporary in stored.written:
        blobs.publish(temporary)
    name = stored.artifact.graph.blob
    path = Path(blobs.path(name))
    path.chmod(0o644)
    path.write_bytes(content(100_000, 2))
    # even if this machine believes that it verified this very state of the file
    monkeypatch.setattr(Verified, "knows", lambda self, blob, found: True)
    with pytest.raises(Damaged):
        get(blobs, stored.artifact, stored.payload)


def test_a_copy_that_fails_leaves_none_of_the_others(blobs: Blobs, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = Blobs.prepare
    calls: list[str] = []

    def fail_at_third(self: Blobs, name: str, view: object) -> object:
        calls.append(name)
        if len(calls) == 3:
            raise OSError(28, "full")
        return prepare(self, name, view)

    monkeypatch.setattr(Blobs, "prepare", fail_at_third)
    with pytest.raises(OSError):
        put(blobs, b"g", [content(LARGE_BYTES, number) for number in range(4)])
    assert list((home / "tmp").iterdir()) == []


def test_memory_that_changes_while_it_is_copied_is_never_published(blobs: Blobs) -> None:
    from nbexp.errors import Damaged

    stored = put(blobs, b"g", [bytes(LARGE_BYTES)])
    (temporary,) = stored.written
    with open(temporary.path, "r+b") as file:
        file.write(b"x")
    with pytest.raises(Damaged, match="changed while it was stored"):
        blobs.publish(temporary)
    assert not os.path.exists(temporary.target)


def test_a_graph_must_fill_its_blob(blobs: Blobs) -> None:
    from nbexp.errors import Damaged
    from nbexp.records import Artifact

    with pytest.raises(Damaged):
        get(blobs, Artifact(Span("ab" * 32, 64, 10)), b"")
