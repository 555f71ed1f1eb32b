"""What the code of a project module reads while it is imported: ``CONFIG = json.load(open("config.json"))``.

A stage that imports the module depends on it, wherever the import took place. In a stage it is seen like all that the
stage does; elsewhere it is seen here, and is a part of what the loaded module is.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from types import ModuleType

from nbexp import hashing
from nbexp.kernel import audit, places
from nbexp.kernel.seen import Seen
from nbexp.kernel.sorting import Sorter
from nbexp.kernel.verification import rng_part
from nbexp.records import Part
from nbexp.snapshot.data import file_part, status_part
from nbexp.snapshot.importing import Imported
from nbexp.snapshot.state import RngState, rng_states


@contextlib.contextmanager
def import_of_project(module: ModuleType) -> Iterator[Imported]:
    """While the code of `module` runs; what it read is in the value afterwards."""
    imported = Imported()
    start = places.working_directory()
    sorter = Sorter(start, places.Ignored.now((), start))
    before = rng_states()
    with audit.also_listening(sorter.take):
        yield imported
    imported.parts = (*_read(module, sorter.seen), *_drawn(module, before))
    seen = sorter.seen
    imported.unsure = bool(seen.processes or seen.connections or seen.databases or seen.problem)


def _read(module: ModuleType, seen: Seen) -> Iterator[Part]:
    home = os.path.dirname(getattr(module, "__file__", None) or "") or "."
    name = module.__name__
    for path in seen.reads:
        part = file_part(path)
        yield Part("file at import", os.path.relpath(path, home), part.digest, part.text, name)
    for path, use in seen.listings.items():
        yield Part("listing at import", os.path.relpath(path, home), use.digest, via=name)
    for use in seen.only_asked():
        part = status_part(use.resolved, use.digest)
        yield Part("status at import", os.path.relpath(use.resolved, home), part.digest, part.text, name)
    for path, use in seen.modules.items():
        yield Part("listing at import", f"modules in {os.path.relpath(path, home)}", use.digest, via=name)
    for variable in seen.env:
        value = repr(sorted(os.environ.items())) if variable == "*" else os.environ.get(variable, "")
        yield Part("environment at import", variable, hashing.digest("environment", value).hex(), via=name)


def _drawn(module: ModuleType, before: dict[str, RngState]) -> Iterator[Part]:
    after = rng_states()
    for name, state in before.items():
        if name in after and after[name] != state:
            yield Part("rng at import", f"{module.__name__}: {name}", rng_part(name, state).digest, via=module.__name__)
