"""What watches the process from the first ``%load_ext nbexp`` on: imports, and libraries as they arrive.

The watches stay when nbexp is unloaded: an import that is not seen cannot be made up for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial

from nbexp.adapters import constructed
from nbexp.kernel import audit, native
from nbexp.kernel.importing import import_of_project
from nbexp.snapshot.modules import import_watch
from nbexp.snapshot.random_state import OnImport, importing
from nbexp.snapshot.state import note_start

_begun: list[bool] = []


def watch_process(*, first: bool) -> None:
    """Begin to watch, once for the process; each time take note of the random generators as they are.

    Args:
        first: Whether no cell of the notebook has run yet.
    """
    watch = import_watch()
    note_start(_ask_no_more if _begun else watch.on_import, first=first)
    if not _begun:
        watch.around_installed(importing)
        watch.around_project(import_of_project)
        wrap_libraries(watch.on_import)
        _begun.append(True)


def wrap_libraries(on_import: OnImport) -> None:
    """Wrap what native code hides in loaded libraries now, and in others at their import.

    Args:
        on_import: ``on_import(module, fn)`` calls `fn` after the module's import.
    """
    for module, wrap in _wrappers():
        if module in sys.modules:
            wrap()
        else:
            on_import(module, wrap)


def _wrappers() -> Iterator[tuple[str, Callable[[], None]]]:
    """What is wrapped in libraries, by the module that must be loaded."""
    for module in constructed.CLASSES:
        yield module, partial(constructed.wrap_classes, module)
    for module in native.DOORS:
        yield module, partial(native.wrap_doors, module)
    yield "multiprocessing.connection", audit.watch_pipes


def _ask_no_more(module: str, callback: Callable[[], None]) -> None:
    """The import is waited for already."""
