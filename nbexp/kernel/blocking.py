"""Which effects keep a stage from being stored: what a hit could not repeat, as reasons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from nbexp.kernel.figures import FigureUse
from nbexp.kernel.logs import LogUse
from nbexp.kernel.recording import Observed
from nbexp.kernel.seen import Process
from nbexp.records import Reason

#: How joblib and multiprocessing start theirs.
_WORKER = re.compile(r".*(?:joblib\.externals\.loky|loky\.backend|multiprocessing\.(?:spawn|forkserver)).*")

_WRITING = (
    "Files of savefig, to_csv, to_parquet and plotly's writers are kept as results, others are not: "
    "keep the value in a variable, and write it in a plain cell below."
)


def blocking_reasons(observed: Observed) -> tuple[Reason, ...]:
    """Why the stage that was observed cannot be stored; empty if it can."""
    return tuple(_reasons(observed))


def _reasons(observed: Observed) -> Iterator[Reason]:
    effects = observed.effects
    if effects.problem:
        yield Reason("effect", "", f"what it did could not be recorded: {effects.problem}")
    if observed.interrupted:
        yield Reason("interrupted", "", "it was interrupted and went on")
    if observed.unreplayable:
        yield Reason("effect", "", observed.unreplayable)
    for use in effects.writes:
        yield Reason("effect", use.path, f"it wrote the file {use.path}. {_WRITING}")
    yield from _processes(effects.processes)
    for connection in effects.connections:
        where = f"{connection.how} {connection.address}".rstrip()
        yield Reason("effect", connection.address, f"it reached outside ({where})")
    for name in effects.env:
        what = "all environment variables" if name == "*" else f"the environment variable {name}"
        advice = "Read it in a plain cell above: its value is then an input."
        yield Reason("effect", name, f"it read {what}. {advice}")
    if effects.sources:
        yield Reason("effect", "", "it read the source of a cell, where only its meaning counts. Use a plain cell")
    yield from _each("it changed the environment variable", effects.env_changed)
    if effects.moved:
        advice = "Do that in a plain cell above, or give the whole path of what it reads and writes."
        yield Reason("effect", "", f"it changed the working directory. {advice}")
    if effects.paths_changed:
        yield Reason("effect", "sys.path", "it changed sys.path")
    yield from _each("while it ran, something else changed the file", effects.changed)
    yield from _each("it left running:", effects.running)
    yield from _modules(observed)
    yield from _figures(observed.figures)
    yield from _logs(observed.logs)


def _processes(processes: Iterable[Process]) -> Iterator[Reason]:
    """Workers of one pool are one thing to say; that work was sent to a pool says nothing beside its processes."""
    names = dict.fromkeys(_WORKER.sub("worker processes", one.command) or one.how for one in processes)
    if len(names) > 1:
        names.pop("pool", None)
    advice = "What it does there is not seen: use n_jobs=1 or threads, or leave the cell without %%stage."
    for name in names:
        yield Reason("effect", name, f"it started a process ({name}). {advice}")


def _modules(observed: Observed) -> Iterator[Reason]:
    # the key has the code of a module as it was loaded before the stage, not as it was executed in it
    for name in observed.reloaded:
        advice = "Do that in a plain cell above."
        yield Reason("effect", name, f"it loaded the module {name} again, which a hit would not. {advice}")
    # nor has it the code that runpy executes, and the modules that this uses, loaded or not
    for name in observed.run:
        advice = "Import it and call a function of it."
        yield Reason("effect", name, f"it ran the module {name} with runpy: its code is no input. {advice}")


def _figures(figures: FigureUse) -> Iterator[Reason]:
    close = "close it (plt.close), or use %matplotlib inline"
    for number in figures.left:
        yield Reason("effect", f"figure {number}", f"it left figure {number} open in pyplot: {close}")
    if figures.closed or (figures.asked and figures.before):
        number = (*figures.closed, *figures.before)[0]
        text = f"it used figure {number}, which was open in pyplot before: {close}"
        yield Reason("effect", f"figure {number}", text)


def _logs(logs: LogUse) -> Iterator[Reason]:
    for handler in logs.handed:
        advice = "Log to stdout or stderr, or log this in a plain cell"
        yield Reason("effect", handler, f"it logged to {handler}, which a hit would not. {advice}.")
    for what in logs.changed:
        advice = "Set logging up in a plain cell above"
        yield Reason("effect", "logging", f"it changed the configuration of logging ({what}). {advice}.")
    for name in logs.unknown:
        yield Reason("effect", name, f'it asked the logger {name}, which logging.getLogger("{name}") does not give')


def _each(what: str, names: Iterable[str]) -> Iterator[Reason]:
    for name in names:
        yield Reason("effect", name, f"{what} {name}")
