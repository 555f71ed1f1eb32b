"""The session of this process, if nbexp is loaded in its shell."""

from __future__ import annotations

import atexit
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbexp.kernel.session import Session

_active: list[Session] = []


def active_session() -> Session | None:
    """The session that was loaded last, or None."""
    return _active[-1] if _active else None


def activate(session: Session) -> None:
    """Make `session` the one that the notebook's calls reach."""
    if not _active:
        atexit.unregister(_at_exit)  # once, however often nbexp is loaded again
        atexit.register(_at_exit, os.getpid())
    _active.append(session)


def deactivate(session: Session) -> None:
    """Undo `activate`."""
    if session in _active:
        _active.remove(session)


def finish_storing() -> list[str]:
    """Wait until all that was committed is durable: asked by a run before it ends the kernel.

    Returns:
        What no stage's line has told: results that could not be stored after all.
    """
    return [problem.sentences for session in _active for problem in session.finish()]


def _at_exit(process: int) -> None:
    """The kernel ends: what was lost is told, if only to its log. A forked child tells nothing of its parent's."""
    if os.getpid() == process:
        for session in list(_active):
            session.close(sys.__stderr__)  # a kernel sends nothing to the front end any more
