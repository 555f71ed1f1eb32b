"""The session of this process, if nbexp is loaded in its shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbexp.kernel.session import Session

_active: list[Session] = []


def active_session() -> Session | None:
    """The session that was loaded last, or None."""
    return _active[-1] if _active else None


def activate(session: Session) -> None:
    """Make `session` the one that the notebook's calls reach."""
    _active.append(session)


def deactivate(session: Session) -> None:
    """Undo `activate`."""
    if session in _active:
        _active.remove(session)


def finish_storing() -> None:
    """Wait until all that was committed is durable: asked by a run before it ends the kernel."""
    for session in _active:
        session.store.drain()
