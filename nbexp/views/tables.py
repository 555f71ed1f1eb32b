"""Tables as plain data: which columns a thing has. Every front end draws the same ones.

A column is added here, once, and shows up in the CLI, in its JSON, and in what later front ends draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nbexp.records import Metric, Part, Variable
from nbexp.runs.ledger import CellRun, Run
from nbexp.runs.parameters import Parameter
from nbexp.views.text import cell_text, run_counts

if TYPE_CHECKING:
    from nbexp.store.bounds import Holding
    from nbexp.store.catalog import StageRow
    from nbexp.store.pins import Pin
    from nbexp.store.records import Stored


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: Its header, and its key in JSON.
        of: The value of one row.
        form: How it is written for people: ``text id time seconds bytes count list`` (see `nbexp.views.text.shown`).
    """

    name: str
    of: Callable[[Any], Any]
    form: str = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; `rows` has the values of `columns` in order."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]

    def to_json(self) -> list[dict[str, Any]]:
        """One object a row, whole values (full ids, seconds as numbers)."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


def table(columns: Sequence[Column], items: Iterable[Any]) -> Table:
    """`items` under `columns`."""
    return Table(tuple(columns), tuple(tuple(column.of(item) for column in columns) for item in items))


RUNS = (
    Column("id", lambda run: run.id, "id"),
    Column("notebook", lambda run: run.notebook),
    Column("status", lambda run: run.status),
    Column("started", lambda run: run.started, "time"),
    Column("seconds", lambda run: run.seconds, "seconds"),
    Column("cells", run_counts),
    Column("parameters", lambda run: _assignments(run), "text"),
)

STAGES = (
    Column("notebook", lambda row: row.notebook),
    Column("stage", lambda row: row.stage),
    Column("records", lambda row: row.records, "count"),
    Column("last", lambda row: row.created, "time"),
)

RECORDS = (
    Column("id", lambda stored: stored.id, "id"),
    Column("notebook", lambda stored: stored.record.notebook),
    Column("stage", lambda stored: stored.record.stage),
    Column("created", lambda stored: stored.record.created, "time"),
    Column("seconds", lambda stored: stored.record.seconds, "seconds"),
    Column("size", lambda stored: stored.record.artifact and stored.record.artifact.size, "bytes"),
    Column("outputs", lambda stored: tuple(variable.name for variable in stored.record.variables), "list"),
    Column("author", lambda stored: stored.record.author),
)

#: What results hold in the store, and what they would cost to compute again.
HOLDINGS = (
    Column("notebook", lambda holding: holding.notebook),
    Column("stage", lambda holding: holding.stage),
    Column("size", lambda holding: holding.size, "bytes"),
    Column("seconds", lambda holding: holding.seconds, "seconds"),
    Column("used", lambda holding: datetime.fromtimestamp(holding.used, UTC).isoformat(), "time"),
    Column("id", lambda holding: holding.id, "id"),
)

PINS = (
    Column("pin", lambda pin: pin.name, "id"),
    Column("records", lambda pin: len(pin.records), "count"),
    Column("created", lambda pin: pin.created, "time"),
)

#: Of pairs (a result, the record that has it).
RESULTS = (
    Column("name", lambda pair: pair[0].name),
    Column("value", lambda pair: pair[0].value, "value"),
    Column("notebook", lambda pair: pair[1].record.notebook),
    Column("stage", lambda pair: pair[1].record.stage),
    Column("record", lambda pair: pair[1].id, "id"),
    Column("created", lambda pair: pair[1].record.created, "time"),
)

#: Of metrics of one name.
METRICS = (
    Column("name", lambda series: series[0]),
    Column("last", lambda series: series[1][-1].values[series[0]], "value"),
    Column("step", lambda series: series[1][-1].step),
    Column("points", lambda series: len(series[1]), "count"),
)

PARTS = (
    Column("kind", lambda part: part.kind),
    Column("name", lambda part: part.name if part.name != part.kind else ""),
    Column("value", lambda part: part.text),
    Column("read by", lambda part: part.via),
    Column("digest", lambda part: part.digest, "id"),
)

VARIABLES = (
    Column("name", lambda variable: variable.name),
    Column("role", lambda variable: variable.role),
    Column("type", lambda variable: variable.type),
    Column("value", lambda variable: variable.preview),
)

#: Of pairs (a cell's number, the cell).
CELLS = (
    Column("cell", lambda pair: pair[0]),
    Column("stage", lambda pair: pair[1].stage),
    Column("status", lambda pair: cell_text(pair[1])),
    Column("seconds", lambda pair: pair[1].seconds, "seconds"),
)

PARAMETERS = (
    Column("name", lambda parameter: parameter.name),
    Column("type", lambda parameter: str(parameter.type)),
    Column("default", lambda parameter: parameter.default),
    Column("help", lambda parameter: parameter.help),
)


def _assignments(run: Run) -> str:
    return " ".join(f"{name}={value}" for name, value in run.parameters.items())


def runs_table(runs: Iterable[Run]) -> Table:
    """The runs of a project."""
    return table(RUNS, runs)


def stages_table(stages: Iterable[StageRow]) -> Table:
    """The stages of which there are records."""
    return table(STAGES, stages)


def records_table(records: Iterable[Stored]) -> Table:
    """Records."""
    return table(RECORDS, records)


def holdings_table(holdings: Iterable[Holding]) -> Table:
    """What results hold in the store."""
    return table(HOLDINGS, holdings)


def pins_table(pins: Iterable[Pin]) -> Table:
    """What keeps its values whatever the budget."""
    return table(PINS, pins)


def results_table(records: Iterable[Stored]) -> Table:
    """The named results of records."""
    return table(RESULTS, [(result, stored) for stored in records for result in stored.record.results])


def metrics_table(metrics: Iterable[Metric]) -> Table:
    """What was logged, a row for each name."""
    series: dict[str, list[Metric]] = {}
    for metric in metrics:
        for name in metric.values:
            series.setdefault(name, []).append(metric)
    return table(METRICS, series.items())


def parts_table(parts: Iterable[Part]) -> Table:
    """The parts of a key, or dependencies."""
    return table(PARTS, parts)


def variables_table(variables: Iterable[Variable]) -> Table:
    """The outputs of a record."""
    return table(VARIABLES, variables)


def cells_table(cells: Iterable[CellRun]) -> Table:
    """The cells of one run."""
    return table(CELLS, enumerate(cells, start=1))


def parameters_table(parameters: Iterable[Parameter]) -> Table:
    """The parameters of a notebook."""
    return table(PARAMETERS, parameters)
