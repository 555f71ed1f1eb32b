"""Reasons as a person reads them: whole for who asks why, short for a line.

A line has room for what happened and to what. Why in detail, and what to do, is in `Reason.text`: `%nbexp why` and the
JSON of the line have all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from nbexp.records import Reason

#: A reason longer than this is shortened where there is one line for all.
CLAUSE = 72

#: Further reasons are counted, not named, once a line's reasons are longer than this.
LINE = 110

#: Kinds of reasons for which a stage ran; all others say why it was not stored.
_MISS = frozenset({"changed", "new", "gone", "never", "forced", "damaged", "untrusted"})

#: ``"model.lock" (_thread.lock) cannot be fingerprinted: ...``
_VALUE = re.compile(r'"(?P<path>.*?)" \((?P<type>[^()]*)\) cannot be (?P<verb>fingerprinted|stored|restored in place)')

_VERBS = {"fingerprinted": "fingerprint", "stored": "store", "restored in place": "restore"}


def short(reason: Reason) -> str:
    """A reason in one short clause.

    Example:
        >>> short(Reason("unstorable", "g", '"g" (generator) cannot be stored: it would have to be run. Make a list.'))
        'cannot store g (generator)'
    """
    if found := _VALUE.match(reason.text):
        return _of_value(found["path"], found["type"], _VERBS[found["verb"]])
    if len(reason.text) <= CLAUSE:
        return reason.text
    head, arrow, _ = reason.text.partition(" -> ")
    if arrow and ": " in head:
        return _cut(f"{head.partition(': ')[0]} changed")
    return _cut(re.split(r"[:.] ", reason.text, maxsplit=1)[0])


def clause(reasons: Sequence[Reason]) -> str:
    """Reasons for a line: the first ones shortly, the others counted; each is said once."""
    texts = list(dict.fromkeys(map(short, reasons)))
    shown = texts[:1]
    for text in texts[1:3]:
        if len("; ".join([*shown, text])) > LINE:
            break
        shown.append(text)
    more = len(texts) - len(shown)
    return "; ".join(shown) + (f" and {more} more" if more else "")


def telling(status: str, reasons: Iterable[Reason]) -> list[Reason]:
    """Of all reasons of a stage, those that its line is about: why it was not stored, else why it ran."""
    reasons = list(reasons)
    if status != "unstored":
        return reasons
    return [reason for reason in reasons if reason.kind not in _MISS] or reasons


def _of_value(path: str, type_name: str, verb: str) -> str:
    what = f"cannot {verb} {path or 'a value'}"
    whole = f"{what} ({type_name.rpartition('.')[2]})"
    return whole if type_name and len(whole) <= CLAUSE else _cut(what)


def _cut(text: str) -> str:
    """The text with its middle left out if it is too long."""
    return text if len(text) <= CLAUSE else f"{text[: CLAUSE // 2 - 1]}…{text[-(CLAUSE // 2) :]}"
