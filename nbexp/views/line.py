"""The one quiet line under a stage cell, as a MIME bundle: what every front end and tool reads."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from nbexp.records import STAGE_MIME, Reason, Status


def stage_json(status: Status) -> dict[str, Any]:
    """The JSON under `STAGE_MIME`."""
    return {
        "stage": status.stage,
        "status": status.status,
        "reasons": [{"kind": r.kind, "name": r.name, "text": r.text} for r in (*status.unstored, *status.reasons)],
        "key": status.key,
        "stale": [{"kind": r.kind, "name": r.name, "text": r.text} for r in status.stale],
        "inputs": list(status.inputs),
        "outputs": list(status.outputs),
        "ran_at": status.ran_at,
        "seconds": round(status.seconds, 3),
    }


def line_text(status: Status) -> str:
    """The line: ``train: restored (ran 2026-11-21 14:02, 41 s)``. Absolute times only, so that two replays agree."""
    if status.status == "restored":
        return f"{status.stage}: restored (ran {status.ran_at[:16].replace('T', ' ')}, {duration(status.seconds)})"
    word = {"ran": "ran", "failed": "failed", "unstored": "ran, not stored"}[status.status]
    return f"{status.stage}: {word}{_because(status.unstored or status.reasons)}"


def bundle(status: Status) -> dict[str, Any]:
    """The display data of the line: the JSON, HTML in a muted tone, and plain text (``train: restored``)."""
    return {
        STAGE_MIME: stage_json(status),
        "text/html": f'<div style="font-size:85%;opacity:.65;font-family:monospace">{html.escape(line_text(status))}'
        "</div>",
        "text/plain": line_text(status) if status.status != "restored" else f"{status.stage}: restored",
    }


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


def _because(reasons: Sequence[Reason]) -> str:
    if not reasons:
        return ""
    more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
    return " (" + "; ".join(reason.text for reason in reasons[:3]) + more + ")"
