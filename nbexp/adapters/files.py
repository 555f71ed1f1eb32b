"""File objects: a closed one (what ``with open(…) as file`` leaves) is a value; an open one has no fingerprint."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

from nbexp.adapters.base import Adapter, Node, Storing
from nbexp.errors import Unfingerprintable, Unstorable

_ADVICE = "Pass its path, and open it where it is used; close it at the end of the stage."


class FileAdapter(Adapter):
    """``sys.stdout`` and its like are told by their part, closed files by name and mode; others are refused."""

    def describe(self, value: Any) -> Node:
        """See `Adapter`."""
        for name in ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__"):
            if getattr(sys, name) is value:
                return Node("standard stream", name.strip("_"), mutable=False)
        closed = _closed(value)
        if closed is None:
            raise Unfingerprintable("", type(value).__qualname__, "it is an open file", _ADVICE)
        return Node("closed file", closed)

    def reduce(self, value: Any, storing: Storing) -> Any:
        """See `Adapter`."""
        closed = _closed(value)
        if closed is None:
            raise Unstorable("", type(value).__qualname__, "it is open in this process only", _ADVICE)
        return _close_again, closed

    def preview(self, value: Any) -> str:
        """See `Adapter`."""
        closed = _closed(value)
        return f"closed file {closed[1]!r}" if closed else type(value).__qualname__


def _closed(value: Any) -> tuple[str, Any, str, str, str] | None:
    """(kind, name, mode, encoding, errors) of a closed file of a kind that can be made again; None of any other."""
    if type(value) not in _KINDS or not value.closed:
        return None
    name, mode = getattr(value, "name", None), getattr(value, "mode", "")
    if type(name) not in (str, bytes, int, type(None)) or type(mode) is not str:
        return None
    return type(value).__name__, name, mode, getattr(value, "encoding", "") or "", getattr(value, "errors", "") or ""


def _close_again(kind: str, name: Any, mode: str, encoding: str, errors: str) -> Any:
    """A closed file with the name and mode of one that was stored. The file itself is not touched."""
    raw = io.FileIO(os.devnull, "r+" if kind == "BufferedRandom" else "w" if kind == "BufferedWriter" else "r")
    if kind == "FileIO":
        file: Any = raw
    elif kind == "TextIOWrapper":
        file = io.TextIOWrapper(io.BufferedReader(raw), encoding=encoding, errors=errors)
        file.mode = mode
    else:
        file = _KINDS_BY_NAME[kind](raw)
    file.close()
    if name is not None:
        raw.name = name
    return file


_KINDS = (io.FileIO, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.TextIOWrapper)
_KINDS_BY_NAME: dict[str, Any] = {kind.__name__: kind for kind in _KINDS}

_ADAPTER = FileAdapter()

ADAPTERS: dict[type | str, Adapter] = {**dict.fromkeys(_KINDS, _ADAPTER), "ipykernel.iostream.OutStream": _ADAPTER}

BASES: tuple[tuple[type, Adapter], ...] = tuple((kind, _ADAPTER) for kind in _KINDS)
