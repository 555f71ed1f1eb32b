"""What another process finds: ``python -m tests.soak.fingerprints VALUES STORED`` prints fingerprints as JSON.

Args:
    VALUES: How many random values. STORED: a file in which graphs were put by `store`.
"""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path
from typing import Any

from nbexp.errors import Unstorable
from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.graphs.graph import dump, load
from tests.adapters import conformance, samples

SEED = 11

#: Samples whose own pickle leaves something out: a stage with such an output is not stored (D30).
_NOT_AS_STORED = frozenset({"hidden field", "hidden field 2"})


def random_digests(count: int) -> list[str]:
    """The fingerprints of random values of built-in types: shared, nested, with sets of all kinds."""
    return [fingerprint(value).digest.hex() for value in samples.random_values(count, SEED)]


def storable(count: int, libraries: list[str]) -> dict[str, Any]:
    """Values by name: random ones, those of the fingerprints' samples, and every adapter's."""
    found: dict[str, Any] = {f"random {n}": value for n, value in enumerate(samples.random_values(count, SEED + 1))}
    found |= {f"sample {name}": make() for name, make in samples.SAMPLES.items() if name not in _NOT_AS_STORED}
    for library in libraries:
        made = {f"{library} {one.name}": one.make() for one in conformance.cases(library) if one.stored and one.lasting}
        found |= made
    return found


def store(values: dict[str, Any], file: Path) -> dict[str, str]:
    """Put values into a file as the store would; the fingerprints of those that can be stored."""
    graphs, digests = {}, {}
    for name, value in values.items():
        try:
            dumped = dump(value)
        except Unstorable:
            continue
        graphs[name] = bytes(dumped.graph), [bytes(buffer) for buffer in dumped.buffers]
        digests[name] = fingerprint(value).digest.hex()
    file.write_bytes(pickle.dumps(graphs))
    return digests


def restored_digests(file: Path) -> dict[str, str]:
    """The fingerprints of what is in the file, loaded."""
    graphs = pickle.loads(file.read_bytes())
    return {
        name: fingerprint(load(graph, [memoryview(bytearray(buffer)) for buffer in buffers])).digest.hex()
        for name, (graph, buffers) in graphs.items()
    }


if __name__ == "__main__":
    print(json.dumps([random_digests(int(sys.argv[1])), restored_digests(Path(sys.argv[2]))]))
