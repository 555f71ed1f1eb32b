"""The one form in which all measurements are printed: ours beside another way, their ratio, and what is aimed at.

With ``NBEXP_EVIDENCE=1`` each is put into ``docs/evidence.md``, too.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.soak.evidence import note

_FORM = "{:44} {:>11} {:>11}  {:28} {:>8}  {:12} {}"


@dataclass(frozen=True)
class Aim:
    """What a measurement must reach to be ``ok``.

    Attributes:
        text: For people. met: Told from the seconds of ours and of the peer.
    """

    text: str
    met: Callable[[float, float], bool]


#: Nothing is aimed at: the row is there to be known.
NONE = Aim("", lambda ours, peer: True)


def times_faster(factor: float) -> Aim:
    """The peer takes `factor` times as long as ours, or more."""
    return Aim(f">= {factor:g} x", lambda ours, peer: peer >= factor * ours)


def at_most(factor: float = 1, plus: float = 0) -> Aim:
    """Ours takes at most `factor` times as long as the peer, or at most `plus` seconds longer."""
    words = ([f"{factor:g} x"] if factor > 1 or not plus else []) + ([f"+ {plus * 1e3:g} ms"] if plus else [])
    return Aim(f"<= {' or '.join(words)}", lambda ours, peer: ours <= max(factor * peer, peer + plus))


def within(seconds: float) -> Aim:
    """Ours takes no longer than this; there is no peer."""
    return Aim(f"<= {seconds * 1e3:g} ms", lambda ours, peer: ours <= seconds)


def head(title: str) -> None:
    """Begin a table."""
    print(f"\n{title}\n" + _FORM.format("what", "ours ms", "peer ms", "peer", "ratio", "target", "ok"), flush=True)


def row(name: str, ours: float, peer: float | None, peer_name: str, aim: Aim) -> bool:
    """Print one line.

    Args:
        ours, peer: Medians in seconds; None where there is nothing to compare with.

    Returns:
        Whether the aim is met. The ratio printed is the greater speed's: for `times_faster` peer : ours, else
        ours : peer.
    """
    met = aim.met(ours, peer or 0.0)
    faster = aim.text.startswith(">=")
    ratio = "" if not peer else f"{peer / ours if faster else ours / peer:.2f} x"
    ok = "" if aim is NONE else "ok" if met else "MISSED"
    shown = "" if peer is None else _milliseconds(peer)
    print(_FORM.format(name, _milliseconds(ours), shown, peer_name, ratio, aim.text, ok).rstrip(), flush=True)
    if os.environ.get("NBEXP_EVIDENCE"):
        _note(name, ours, peer, peer_name, faster)
    return met


def _note(name: str, ours: float, peer: float | None, peer_name: str, faster: bool) -> None:
    bench = sys.modules["__main__"].__spec__.name.rpartition("bench_")[2]  # type: ignore[union-attr]
    if not peer:
        figure = f"{ours * 1e3:.2g} ms" if ours < 0.1 else f"{ours * 1e3:.0f} ms"
    elif faster:
        figure = f"{peer / ours:.2g} x as fast as {peer_name}"
    else:
        figure = f"{ours / peer:.2g} x the time of {peer_name}"
    words = re.sub(r"[^a-z0-9]+", "-", f"{name} {peer_name if peer else ''}".lower()).strip("-")
    note(f"{bench}.{words}", figure, f"python -m tests.benchmarks {bench}")


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.{2 if seconds >= 1e-4 else 4}f}"


def seconds(work: Callable[[Any], Any], value: Any) -> float:
    """How long `work` takes with `value`; what it gives is dropped after the clock stopped."""
    start = time.perf_counter()
    result = work(value)
    taken = time.perf_counter() - start
    del result
    return taken


def side_by_side(
    ours: Callable[[Any], Any], peer: Callable[[Any], Any], value: Any, rounds: int
) -> tuple[float, float]:
    """Medians of both ways, each round measuring one after the other, so that a busy machine slows both."""
    ours(value), peer(value)
    pairs = [(seconds(ours, value), seconds(peer, value)) for _ in range(rounds)]
    return statistics.median(own for own, _ in pairs), statistics.median(other for _, other in pairs)
