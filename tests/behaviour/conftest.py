"""Real kernels that several tests share, and a project for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.behaviour.cases import all_cases
from tests.behaviour.in_kernel import Kernel
from tests.behaviour.messages import run
from tests.behaviour.shown import SETUP
from tests.soak.evidence import note


@dataclass
class Kernels:
    """A project and the kernels that run in it.

    Attributes:
        root: The project's folder.
        started: Those that run still; they are ended after the last test of a module.
    """

    root: Path
    started: list[Kernel] = field(default_factory=list)

    def start(self, cwd: str = ".", **environment: str) -> Kernel:
        """One more kernel. It outlives the test in whose surroundings it starts, so it has its own."""
        home = self.root.parent / "home"
        own = {"XDG_CONFIG_HOME": f"{home}/config", "XDG_CACHE_HOME": f"{home}/cache", "IPYTHONDIR": f"{home}/ipython"}
        kernel = Kernel(self.root, cwd, own | environment)
        self.started.append(kernel)
        return kernel

    def end(self, kernel: Kernel, how: Callable[[Kernel], None] = Kernel.stop) -> None:
        """End one, as a front end does or by a kill."""
        self.started.remove(kernel)
        how(kernel)

    def records(self) -> set[Path]:
        """The files of stored results."""
        return {path for path in (self.root / ".nbexp" / "records").rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernels]:
    root = tmp_path_factory.mktemp("kernels") / "project"
    (root / ".nbexp").mkdir(parents=True)
    (root / "below").mkdir()
    found = Kernels(root)
    yield found
    for kernel in found.started:
        kernel.stop()


@pytest.fixture(scope="module")
def one(kernels: Kernels) -> Kernel:
    """The kernel in which a stage runs first."""
    return _prepared(kernels)


@pytest.fixture(scope="module")
def two(kernels: Kernels) -> Kernel:
    """Another kernel on the same store."""
    return _prepared(kernels)


def _prepared(kernels: Kernels) -> Kernel:
    kernel = kernels.start()
    assert run(kernel, SETUP).reply["status"] == "ok"
    return kernel


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The behaviour cases by category, whenever they were among the tests."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    if any("behaviour/test_cases.py" in getattr(report, "nodeid", "") for report in reports):
        from tests.behaviour.cases import all_cases
        from tests.behaviour.count import table

        terminalreporter.section("behaviour cases")
        for line in table(all_cases()):
            terminalreporter.write_line(line)


_outcomes: Counter[str] = Counter()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count what became of the cases in real kernels."""
    if "::test_every_case_in_kernels[" in report.nodeid and (report.when == "call" or report.failed):
        _outcomes["known" if hasattr(report, "wasxfail") else report.outcome] += 1


def pytest_sessionfinish() -> None:
    """Note it, if every case was there and none failed."""
    every = sum(not case.kernel for case in all_cases())
    if _outcomes.total() == every and not _outcomes["failed"]:
        left = f", {_outcomes['known']} known to be wrong" if _outcomes["known"] else ""
        skipped = f", {_outcomes['skipped']} skipped" if _outcomes["skipped"] else ""
        figure = f"{_outcomes['passed']} of {every} cases right in real kernels{left}{skipped}"
        note("cases-in-kernels", figure, "make soak")
