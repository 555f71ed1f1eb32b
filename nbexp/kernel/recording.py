"""Everything that watches a stage while it runs, started and stopped together."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nbexp.kernel.effects import Effects, Recorder
from nbexp.kernel.figures import FigureUse, FigureWatch
from nbexp.kernel.interrupts import InterruptWatch
from nbexp.kernel.logs import LogUse, LogWatch
from nbexp.kernel.outputs import Tee
from nbexp.records import Message
from nbexp.snapshot.modules import import_watch, project_modules
from nbexp.snapshot.state import RngUse, SeedWatch, seeded


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen while a stage ran.

    Attributes:
        messages: What it wrote and displayed. unreplayable: why that cannot be replayed, or empty.
        effects: What it read and did beside its variables.
        generators: What it did to each random generator.
        imported: Modules of the project that were loaded meanwhile, sorted.
        reloaded: Modules of the project that were loaded before, and were executed again meanwhile, sorted.
        run: Modules that `runpy` ran, sorted.
        interrupted: Whether it was interrupted, and went on.
        figures: What it did with pyplot's figures. logs: what it had to do with `logging`.
        seconds: How long it took.
    """

    messages: tuple[Message, ...]
    unreplayable: str
    effects: Effects
    generators: Mapping[str, RngUse]
    imported: tuple[str, ...]
    reloaded: tuple[str, ...]
    run: tuple[str, ...]
    interrupted: bool
    figures: FigureUse
    logs: LogUse
    seconds: float


class NothingToSee:
    """In the place of a `Recording`, for a stage that can do nothing but compute (`nbexp.stage.plain`)."""

    def start(self, named: Iterable[str], reached: Iterable[object] = ()) -> None:
        """Begin."""
        self._started = time.perf_counter()

    def stop(self) -> Observed:
        """End, and say how long it took."""
        seconds = time.perf_counter() - self._started
        return Observed((), "", Effects(), {}, (), (), (), False, FigureUse(), LogUse(), seconds)

    def abort(self) -> None:
        """End without a summary."""


class Recording:
    """Watches one stage. `stop` and `abort` leave nothing behind, whatever happened in between.

    Args:
        shell: IPython's shell. recorder: The session's recorder of effects.
        seed: What to seed the generators with for the time of the stage, or None.
    """

    def __init__(self, shell: Any, recorder: Recorder, seed: int | None) -> None:
        self._tee = Tee(shell)
        self._recorder = recorder
        self._watch = SeedWatch()
        self._interrupts = InterruptWatch()
        self._seed = seed
        self._seeding = contextlib.ExitStack()
        self._figures = FigureWatch()
        self._logs = LogWatch()

    def start(self, named: Iterable[str], reached: Iterable[object] = ()) -> None:
        """Begin.

        Args:
            named: Strings that may be names of files (see `Recorder.start`).
            reached: Functions that the stage reads (see `SeedWatch.start`).
        """
        try:
            if self._seed is not None:
                self._seeding.enter_context(seeded(self._seed))
            self._watch.start(reached)
            self._figures.start()
            self._logs.start()
            self._tee.start()
            self._recorder.start(named)
            self._modules = tuple(sys.modules)
            self._executed, self._run = len(import_watch().executed), len(import_watch().run)
            self._interrupts.start()
        except BaseException:  # an interrupt too: nothing of ours stays installed
            self.abort()
            raise
        self._started = time.perf_counter()

    def stop(self) -> Observed:
        """End, and say what was seen."""
        seconds = time.perf_counter() - self._started
        try:
            self._interrupts.stop()
            logs = self._logs.stop()
            effects = self._recorder.stop()
            messages = self._tee.stop()
            generators = self._watch.stop()
            figures = self._figures.stop()
        except BaseException:  # as in `start`
            self.abort()
            raise
        self._seeding.close()
        if self._seed is not None:
            generators = {}  # the state before is put back: the stage neither read nor moved it
        return Observed(
            messages=messages,
            unreplayable=self._tee.unreplayable,
            effects=effects,
            generators=generators,
            imported=tuple(sorted(project_modules(_added(self._modules)))),
            reloaded=self._reloaded(),
            run=tuple(sorted(set(import_watch().run[self._run :]))),
            interrupted=self._interrupts.seen,
            figures=figures,
            logs=logs,
            seconds=seconds,
        )

    def _reloaded(self) -> tuple[str, ...]:
        executed = import_watch().executed[self._executed :]
        return tuple(sorted(project_modules(set(executed).intersection(self._modules)))) if executed else ()

    def abort(self) -> None:
        """End without a summary; safe at any moment."""
        self._interrupts.stop()
        self._recorder.abort()
        self._tee.stop()
        self._logs.stop()
        self._watch.abort()
        self._figures.stop()
        self._seeding.close()


def _added(before: tuple[str, ...]) -> set[str]:
    """Modules loaded since there were those named. Most stages import nothing, which one comparison tells."""
    now = tuple(sys.modules)
    return set() if now == before else set(now).difference(before)
