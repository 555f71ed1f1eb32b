"""What every adapter must do, as checks of one table: a case is a value, the same value made otherwise, and others.

The checks are run by `test_conformance.py`; the cases of each library lie in `tests/adapters/cases/`. To cover another
type, add a `Case` there: nothing else.
"""

from __future__ import annotations

import copy
import importlib
import json
import mmap
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbexp.errors import Unpatchable
from nbexp.fingerprints.fingerprint import fingerprint, mutables
from nbexp.fingerprints.preview import preview
from nbexp.graphs.graph import Dumped, Live, dump, held, load
from nbexp.graphs.patch import detach, patch

ROOT = Path(__file__).parents[2]

#: Libraries with cases, by the module in `tests/adapters/cases/`, and what must be installed for each.
LIBRARIES = {
    "builtin": "sys",
    "code": "sys",
    "numpy": "numpy",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "sklearn": "sklearn",
    "matplotlib": "matplotlib",
    "plotly": "plotly",
    "torch": "torch",
    "general": "scipy",
    "polars": "polars",
}

Make = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """One kind of value.

    Attributes:
        name: Unique in its library.
        make: Makes the value, a new one each time.
        same: Other ways to make the same value.
        different: Ways to make other values, each different from all others.
        mutate: Changes the value in place; None for what cannot be changed.
        stored: Whether it can be stored and brought back.
        copied: Whether `copy.deepcopy` gives the same value.
        patched: Whether a live value can take over the content of a mutated one.
        lasting: Whether it has the same fingerprint in another process.
    """

    name: str
    make: Make
    same: tuple[Make, ...] = ()
    different: tuple[Make, ...] = ()
    mutate: Callable[[Any], object] | None = None
    stored: bool = True
    copied: bool = True
    patched: bool = True
    lasting: bool = True


def cases(library: str) -> tuple[Case, ...]:
    """The table of one library."""
    found: tuple[Case, ...] = importlib.import_module(f"tests.adapters.cases.{library}").CASES
    return found


def digest(value: object) -> str:
    """The fingerprint as text."""
    return fingerprint(value).digest.hex()


def kinds(objects: Iterable[object]) -> list[str]:
    """The names of their types: some libraries make the same class again and again."""
    return [type(held).__qualname__ for held in objects]


# -- checks ------------------------------------------------------------------------------------------------------------


def check_same_value_same_fingerprint(case: Case) -> None:
    value = case.make()
    expected = fingerprint(value)
    assert digest(value) == expected.digest.hex(), "asking changed the answer"
    for other in (case.make(), *(make() for make in case.same)):
        found = fingerprint(other)
        assert found.digest == expected.digest, other
        assert kinds(found.nodes) == kinds(expected.nodes), "the numbering differs"
    if case.copied:
        assert digest(copy.deepcopy(value)) == expected.digest.hex(), "a deep copy differs"


def check_different_values_differ(case: Case) -> None:
    found = [digest(make()) for make in (case.make, *case.different)]
    assert len(set(found)) == len(found), f"{len(found)} values have {len(set(found))} fingerprints"
    if case.mutate is not None:
        value = case.make()
        case.mutate(value)
        assert digest(value) != found[0], "a change in place is not seen"


def check_numbering_without_hashing(case: Case) -> None:
    value = case.make()
    assert kinds(mutables(value)) == kinds(fingerprint(value).nodes)


def check_preview(case: Case) -> None:
    shown = preview(case.make())
    assert 0 < len(shown) <= 80
    assert "\n" not in shown
    assert " at 0x" not in shown


def check_comes_back(case: Case, folder: Path) -> None:
    value = case.make()
    expected = digest(value)
    stored = Stored(dump(value), folder)
    assert digest(value) == expected, "storing changed the value"
    first, second = stored.load(), stored.load()
    assert kinds([first]) == kinds([value])
    assert digest(first) == expected
    assert digest(second) == expected
    if case.mutate is not None:
        case.mutate(first)
        assert digest(first) != expected
        assert digest(second) == expected, "what was loaded before is linked to what was loaded after"
        assert digest(stored.load()) == expected, "a change reached the store"
        assert stored.unchanged()


def check_patched_in_place(case: Case, folder: Path) -> None:
    """What a hit does to an input that the stage mutated: every object of it takes over its stored content."""
    assert case.mutate is not None
    live, mutated = case.make(), case.make()
    objects, before = mutables(live), mutables(mutated)
    before_digest = digest(mutated)
    case.mutate(mutated)
    expected = digest(mutated)
    links = held({"value": before})
    stored = Stored(dump([detached(part) for part in before], held=links), folder)
    assert digest(live) == before_digest
    for part, content in zip(objects, stored.load(lambda link: objects[link.number]), strict=True):
        if content is not None:
            patch(part, content)
    assert digest(live) == expected
    assert digest(mutated) == expected, "storing changed the value"
    assert digest(case.make()) == before_digest


def detached(part: object) -> object:
    """The content of one object; None if objects of its type are never changed in place."""
    try:
        return detach(part)
    except Unpatchable:
        return None


class Stored:
    """A dumped graph whose buffers lie in files, mapped copy-on-write when it is loaded, as the store does it."""

    def __init__(self, dumped: Dumped, folder: Path) -> None:
        self.graph = bytes(dumped.graph)
        self.files = [folder / str(number) for number, _ in enumerate(dumped.buffers)]
        self.contents = [bytes(buffer) for buffer in dumped.buffers]
        for file, content in zip(self.files, self.contents, strict=True):
            file.write_bytes(content)

    def load(self, live: Callable[[Live], object] | None = None) -> Any:
        buffers = [_mapped(file) for file in self.files]
        return load(self.graph, buffers, live=live) if live else load(self.graph, buffers)

    def unchanged(self) -> bool:
        return [file.read_bytes() for file in self.files] == self.contents


def _mapped(file: Path) -> memoryview:
    with file.open("rb") as opened:
        if not file.stat().st_size:
            return memoryview(bytearray())
        return memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY))


# -- another process ---------------------------------------------------------------------------------------------------


def digests(library: str) -> dict[str, str]:
    """The fingerprints of all lasting values of one library, made last to first: the order must not matter."""
    return {case.name: digest(case.make()) for case in reversed(cases(library)) if case.lasting}


def digests_elsewhere(library: str, hash_seed: int) -> dict[str, str]:
    """`digests` as a new process finds them, with another order of sets."""
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "MPLBACKEND": "agg"}
    command = [sys.executable, "-W", "error::UserWarning", "-m", "tests.adapters.conformance", library]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    print(json.dumps(digests(sys.argv[1])))
