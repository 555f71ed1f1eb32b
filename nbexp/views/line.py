"""The one quiet line under a stage cell, as a MIME bundle: what every front end and tool reads."""

from __future__ import annotations

import html
from datetime import datetime
from typing import Any

from nbexp.records import STAGE_MIME, Status
from nbexp.views.reasons import clause

#: What became of a stage, as a person reads it.
WORDS = {"ran": "ran", "restored": "restored", "failed": "failed", "unstored": "ran, not stored"}

_STYLE = "margin-top:.4em;font-size:85%;opacity:.65;font-family:monospace"


def stage_json(status: Status) -> dict[str, Any]:
    """The JSON under `STAGE_MIME`."""
    return {
        "stage": status.stage,
        "status": status.status,
        "reasons": [
            {"kind": r.kind, "name": r.name, "text": r.text}
            for r in (*status.unstored, *status.reasons, *status.rewound, *status.problems)
        ],
        "key": status.key,
        "stale": [{"kind": r.kind, "name": r.name, "text": r.text} for r in status.stale],
        "inputs": list(status.inputs),
        "outputs": list(status.outputs),
        "ran_at": status.ran_at,
        "seconds": round(status.seconds, 3),
    }


def line_text(status: Status) -> str:
    """The line: ``train: restored (ran 2026-11-21 14:02, 41 s)``. Absolute times only, so that two replays agree.

    Then follows what was read other than the kernel held it, why the result is stale, and what the store has met:
    ``…; the result of "prep" was not stored``.
    """
    if status.status == "restored":
        text = head_text(status.status, status.seconds, status.ran_at)
    else:
        why = clause(status.unstored or status.reasons)
        text = WORDS[status.status] + (f" ({why})" if why else "")
    notes = [clause(status.rewound), f"stale: {clause(status.stale)}" if status.stale else "", clause(status.problems)]
    return "; ".join([f"{status.stage}: {text}", *filter(None, notes)])


def head_text(status: str, seconds: float, ran_at: str) -> str:
    """A line without its reasons, for where these follow whole: ``ran (2026-11-21 14:02, 41 s)``."""
    facts = [moment(ran_at)] if ran_at else []
    facts += [duration(seconds)] if seconds else []
    then = "ran " if status == "restored" else ""
    return WORDS[status] + (f" ({then}{', '.join(facts)})" if facts else "")


def bundle(status: Status) -> dict[str, Any]:
    """The display data of the line: the JSON, which has every reason whole, and the line as muted HTML and as text."""
    line = line_text(status)
    return {
        STAGE_MIME: stage_json(status),
        "text/html": f'<div style="{_STYLE}">{html.escape(line)}</div>',
        "text/plain": line if status.status != "restored" or status.stale else f"{status.stage}: restored",
    }


def moment(iso: str) -> str:
    """``2026-11-21 14:02``, in the time zone of this machine; records have UTC."""
    return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M")


def duration(seconds: float) -> str:
    """Seconds in words: ``0.2 s``, ``41 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
