"""Values as a person reads them: reasons, times, sizes, counts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from nbexp.runs.ledger import CellRun, Run
from nbexp.sizes import size
from nbexp.store.references import ID_DIGITS
from nbexp.views.line import WORDS, duration, moment
from nbexp.views.reasons import clause, telling

if TYPE_CHECKING:
    from nbexp.store.catalog import Signer


def shown(value: Any, form: str) -> str:
    """One value of a table; `form` is a `Column`'s."""
    if value is None or value == "":
        return ""
    match form:
        case "id":
            return str(value)[:ID_DIGITS]
        case "time":
            return moment(str(value))
        case "seconds":
            return duration(float(value))
        case "bytes":
            return size(int(value))
        case "value":
            return f"{value:.6g}" if isinstance(value, float) else str(value)
        case "list":
            return ", ".join(str(item) for item in value)
    return str(value)


def plural(count: int, noun: str) -> str:
    """``1 cell``, ``3 cells``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def claim(signer: Signer) -> str:
    """Whose records are not used, as these say of themselves: whoever can write to the store can say anything."""
    verb = "says it is" if signer.records == 1 else "say they are"
    who = f'"{signer.author.name}"' if signer.author.name else "nobody that can be named"
    return f"{plural(signer.records, 'record')} that {verb} by {who}"


def how_to_trust(signer: Signer) -> str:
    """What to do about records of somebody who is not trusted."""
    who = signer.author
    return f"Ask them: if this is their key, nbexp trust add {who.name} {who.key}" if who.name and who.key else ""


def cell_text(cell: CellRun) -> str:
    """What became of a cell, without its name: ``restored (ran 2026-11-21 14:02)``, ``ran (input `lr`: 1 -> 2)``."""
    match cell.status:
        case "restored":
            met = clause(cell.reasons)  # of the store, whatever stage it concerns
            return (f"restored (ran {moment(cell.ran_at)})" if cell.ran_at else "restored") + (
                f"; {met}" if met else ""
            )
        case "ran" | "unstored":
            why = clause(telling(cell.status, cell.reasons))
            return WORDS[cell.status] + (f" ({why})" if why else "")
        case "failed" | "died":
            return f"failed: {cell.error}"
        case "done":
            return "ran"
    return cell.status


def run_counts(run: Run) -> str:
    """``3 restored, 1 ran, 5 plain cells``."""
    stages = Counter(cell.status for cell in run.cells if cell.stage and cell.status != "not run")
    words = {"restored": "restored", "ran": "ran", "unstored": "not stored"}
    parts = [f"{stages[status]} {word}" for status, word in words.items() if stages[status]]
    failed = sum(cell.status in ("failed", "died") for cell in run.cells)
    plain = sum(cell.status == "done" and not cell.stage for cell in run.cells)
    left = sum(cell.status == "not run" for cell in run.cells)
    parts += [f"{failed} failed"] if failed else []
    parts += [plural(plain, "plain cell")] if plain else []
    parts += [f"{left} not run"] if left else []
    return ", ".join(parts) or "nothing to run"
