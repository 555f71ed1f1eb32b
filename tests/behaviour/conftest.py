"""Real kernels that several tests share, and a project for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.behaviour.in_kernel import Kernel
from tests.behaviour.messages import run
from tests.behaviour.shown import SETUP


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
