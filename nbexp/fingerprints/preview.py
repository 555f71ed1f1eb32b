"""One short line for people about any value, cheap whatever its size."""

from __future__ import annotations

import reprlib
from typing import Any

from nbexp.fingerprints.kinds import ATOMS, BUILTIN
from nbexp.registry import adapter_for

#: Longer previews are cut.
WIDTH = 80

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60
_short.maxlist = _short.maxtuple = _short.maxset = _short.maxfrozenset = _short.maxdict = 4
_short.maxlevel = 2


def preview(value: Any) -> str:
    """At most 80 characters that help to recognise `value`; never an address.

    Example:
        >>> preview([1] * 1000)
        'list of 1000: [1, 1, 1, 1, ...]'
    """
    try:
        text = _builtin(value) if type(value) in BUILTIN else adapter_for(type(value)).preview(value)
    except Exception:  # noqa: BLE001 - a preview is a courtesy: whatever a type's own repr does wrong, its name will do
        text = type(value).__qualname__
    text = " ".join(text.split())
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


def _builtin(value: Any) -> str:
    if type(value) in ATOMS:
        return _short.repr(value)
    if not _holds_only(value):
        return f"{type(value).__name__} of {len(value)}"
    shown = _short.repr(value)
    return shown if len(value) <= 4 else f"{type(value).__name__} of {len(value)}: {shown}"


def _holds_only(value: Any) -> bool:
    """Whether the first members are plain, so that showing them runs no code of theirs."""
    first = list(zip(value.values() if type(value) is dict else value, range(4), strict=False))
    return all(type(member) in ATOMS for member, _ in first)
