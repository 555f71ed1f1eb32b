"""The cases by category, with the hits and misses that they assert: ``python -m tests.behaviour.count``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.behaviour.cases import all_cases
from tests.behaviour.model import RAN, RESTORED, UNSTORED, Case, Cell

_HEAD = ("category", "cases", "assert a hit", "assert a miss", "hits", "runs", "known", "kernels")


def misses(case: Case) -> int:
    """How many stage cells must run although a stage of the same name has run before in the case."""
    seen: set[str] = set()
    found = 0
    for step in case.steps:
        if isinstance(step, Cell) and step.source.startswith("%%stage"):
            name = (step.source.partition("\n")[0].split() + [""])[1]
            found += name in seen and step.status in (RAN, UNSTORED, "failed")
            seen.add(name)
    return found


def line(name: str, cases: Sequence[Case]) -> tuple[str, ...]:
    """One line of the table."""
    numbers = (
        len(cases),
        sum(case.count(RESTORED) > 0 for case in cases),
        sum(misses(case) > 0 for case in cases),
        sum(case.count(RESTORED) for case in cases),
        sum(case.count(RAN) for case in cases),
        sum(bool(case.known) for case in cases),
        sum(case.kernel for case in cases),
    )
    return (name, *map(str, numbers))


def table(cases: Iterable[Case]) -> list[str]:
    """The lines of the table, by category, the sum last."""
    by_category: dict[str, list[Case]] = {}
    for case in cases:
        by_category.setdefault(case.category, []).append(case)
    rows = [_HEAD, *(line(name, found) for name, found in by_category.items())]
    rows.append(line("all", [case for found in by_category.values() for case in found]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return ["  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in rows]


if __name__ == "__main__":
    print("\n".join(table(all_cases())))
