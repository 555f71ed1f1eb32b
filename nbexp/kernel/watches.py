"""What watches the process from the first ``%load_ext nbexp`` on: imports, and libraries as they arrive.

The watches stay when nbexp is unloaded: an import that is not seen cannot be made up for.
"""

from __future__ import annotations

from collections.abc import Callable

from nbexp.kernel import native
from nbexp.kernel.importing import import_of_project
from nbexp.snapshot.modules import import_watch
from nbexp.snapshot.random_state import importing
from nbexp.snapshot.state import note_start

_begun: list[bool] = []


def watch_process(*, first: bool) -> None:
    """Begin to watch, once for the process; each time take note of the random generators as they are.

    Args:
        first: Whether no cell of the notebook has run yet.
    """
    watch = import_watch()
    on_import = _ask_no_more if _begun else watch.on_import
    note_start(on_import, first=first)
    if not _begun:
        watch.around_installed(importing)
        watch.around_project(import_of_project)
        native.watch(on_import)
        _begun.append(True)


def _ask_no_more(module: str, callback: Callable[[], None]) -> None:
    """The import is waited for already."""
