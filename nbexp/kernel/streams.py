"""In which order what a cell wrote and displayed reached the front end.

A kernel holds text back for a moment, each stream for itself: what was written to stderr may be sent before what was
written to stdout earlier. The order in which it was sent is what the reader saw, and what a replay repeats.
"""

from __future__ import annotations

import itertools
import threading
from typing import Any

from nbexp.records import Message

#: The order in which a kernel sends held texts before a display and at the end of a cell.
NAMES = ("stdout", "stderr")

#: A kernel's stream sends what it holds in this method, in a thread of its own.
SENDER = "_flush"


def holds_back(stream: Any) -> bool:
    """Whether a stream is a kernel's, which sends later what is written now."""
    return hasattr(stream, "flush_interval") and callable(getattr(stream, SENDER, None))


class Order:
    """Texts and displays of one cell, put in order while they come, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: list[tuple[str, str] | Message] = []
        self._held: dict[str, list[str]] = {name: [] for name in NAMES}

    def text(self, name: str, text: str, held: bool) -> None:
        """Text was written to a stream, which holds it back or not."""
        with self._lock:
            if held:
                self._held[name].append(text)
            else:
                self._sent.append((name, text))

    def send(self, name: str) -> None:
        """A stream sends what it holds."""
        with self._lock:
            self._send(name)

    def message(self, message: Message) -> None:
        """Something is displayed: whatever is held goes first."""
        with self._lock:
            for name in NAMES:
                self._send(name)
            self._sent.append(message)

    def drop_texts(self) -> None:
        """Keep the displays only."""
        with self._lock:
            self._sent = [part for part in self._sent if isinstance(part, Message)]
            for held in self._held.values():
                held.clear()

    def take(self) -> tuple[Message, ...]:
        """All of it, once; adjacent texts of one stream are one message, and empty ones none."""
        with self._lock:
            for name in NAMES:
                self._send(name)
            parts, self._sent = self._sent, []
        return _merged(parts)

    def _send(self, name: str) -> None:
        self._sent.extend((name, text) for text in self._held[name])
        self._held[name].clear()


def _merged(parts: list[tuple[str, str] | Message]) -> tuple[Message, ...]:
    merged: list[Message] = []
    for name, group in itertools.groupby(parts, key=lambda part: part[0] if isinstance(part, tuple) else None):
        if name is None:
            merged.extend(part for part in group if isinstance(part, Message))
        elif text := "".join(part[1] for part in group if isinstance(part, tuple)):
            merged.append(Message("stream", name=name, text=text))
    return tuple(merged)
