"""Kernels that start, end, are killed, work side by side on one store, and lose and regain the extension."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.behaviour.conftest import Kernels
from tests.behaviour.in_kernel import Kernel
from tests.behaviour.messages import Sent, run, sent, settle
from tests.behaviour.model import RAN, RESTORED, UNSTORED, Cell

pytestmark = pytest.mark.slow

#: Stages whose results must be found again by a kernel with another hash seed in another folder.
PORTABLE = {
    "strings": "names = {'b', 'a', 'c'}\norder = sorted(names)\nprint(order)",
    "frozen": "table = {frozenset({'x', 'y'}): 1, ('k', 2): {3, 4}}\nlen(table)",
    "unseeded": "import random\nimport numpy as np\ndrawn = (random.random(), np.random.rand(2))",
    "after": "total = len(order) + len(table) + int(drawn[1].sum() > 0)\ntotal",
    "function": "def scale(value, by={'z': 2, 'y': 1}): return value * by['z']\nscaled = scale(3)",
}


def test_another_hash_seed_and_folder_and_unseeded_generators(kernels: Kernels) -> None:
    first = kernels.start(PYTHONHASHSEED="1")
    for name, source in PORTABLE.items():
        assert run(first, f"%%stage {name}\n{source}").status == RAN, name
    looks = "(order, drawn[0], drawn[1].tolist(), scaled, random.random(), np.random.rand())"
    left = first.value(looks)
    kernels.end(first)
    second = kernels.start("below", PYTHONHASHSEED="2")
    for name, source in PORTABLE.items():
        found = run(second, f"%%stage {name}\n{source}")
        assert found.status == RESTORED, (name, found.reasons)
    assert second.value(looks) == left
    kernels.end(second)


def test_a_shutdown_right_after_a_stage_keeps_it(kernels: Kernels) -> None:
    source = "%%stage large\nimport numpy as np\nlarge = [np.full(3_000_000, n) for n in range(8)]"
    first = kernels.start()
    assert run(first, source).status == RAN
    kernels.end(first)
    second = kernels.start()
    assert run(second, source).status == RESTORED
    assert second.value("[int(a.sum()) for a in large]") == repr([3_000_000 * n for n in range(8)])
    kernels.end(second)


@pytest.mark.parametrize("delay", [0.0, 0.002, 0.02])
def test_a_kill_right_after_a_stage_does_no_harm(kernels: Kernels, delay: float) -> None:
    number = int(delay * 1000)
    source = f"%%stage killed\nimport numpy as np\nkilled = np.full(2_000_000, {number}); text = 'x' * 100_000"
    first = kernels.start()
    assert run(first, source).status == RAN
    threading.Event().wait(delay)  # anywhere in the writer's work: each moment is as good
    kernels.end(first, Kernel.kill)
    second = kernels.start()
    found = run(second, source)
    assert (found.status in (RAN, RESTORED), found.reply["status"]) == (True, "ok"), found.reasons
    assert second.value("(int(killed.sum()), len(text))") == repr((2_000_000 * number, 100_000))
    settle(second)
    assert run(second, source).status == RESTORED
    kernels.end(second)


def test_two_kernels_at_once_on_one_store(kernels: Kernels) -> None:
    pair = [kernels.start(), kernels.start()]
    for number in range(6):
        source = f"%%stage both\nimport numpy as np\nboth = np.arange(300_000) + {number // 2}\nint(both[0])"
        asked = [kernel.send(Cell(source)) for kernel in pair]
        found = [sent(*kernel.collect(message)) for kernel, message in zip(pair, asked, strict=True)]
        assert {one.status for one in found} <= {RAN, RESTORED}, [one.reasons for one in found]
        assert [one.messages for one in found] == [found[0].messages] * 2
        for kernel in pair:
            assert kernel.value("int(both[0])") == repr(number // 2)
            settle(kernel)
        if number % 2:
            assert [one.status for one in found] == [RESTORED, RESTORED]
    for kernel in pair:
        kernels.end(kernel)


@pytest.fixture(scope="module")
def spare(kernels: Kernels) -> Kernel:
    """A kernel with nothing in it that could be in the way."""
    return kernels.start()


def lines(kernel: Kernel, source: str) -> list[tuple[str, str]]:
    """The stages that one cell told of, and what became of them."""
    published = kernel.collect(kernel.send(Cell(source)))[0]
    found: list[dict[str, Any]] = [
        content["data"]["application/vnd.nbexp.stage+json"]
        for kind, content in published
        if kind == "display_data" and "application/vnd.nbexp.stage+json" in content["data"]
    ]
    return [(line["stage"], line["status"]) for line in found]


def test_a_stage_inside_a_stage_belongs_to_it(spare: Kernel) -> None:
    source = "%%stage outer\nget_ipython().run_cell('%%stage within\\nn5 = 5')\nn6 = n5 + 1"
    assert lines(spare, source) == [("within", UNSTORED), ("outer", RAN)]
    assert spare.value("(n5, n6)") == "(5, 6)"
    run(spare, "del n5, n6")
    # what the outer one showed is shown again; the inner one's line is nobody's result
    assert lines(spare, source) == [("outer", RESTORED)]
    assert spare.value("(n5, n6)") == "(5, 6)"


def test_reset_of_the_namespace(spare: Kernel) -> None:
    source = "%%stage kept\nr1 = [1, 2]\nr1"
    assert run(spare, source).status == RAN
    run(spare, "%reset -f")
    found = run(spare, source)
    assert (found.status, found.reply["status"]) == (RESTORED, "ok"), found.reasons
    assert spare.value("r1") == "[1, 2]"


def test_loading_twice_unloading_and_reloading(spare: Kernel) -> None:
    source = "%%stage loaded\nl1 = 1\nprint('body')"
    hooks = "[type(one).__name__ for one in get_ipython().ast_transformers].count('Hook')"
    assert run(spare, source).status == RAN
    run(spare, "%load_ext nbexp")
    assert (run(spare, source).status, spare.value(hooks)) == (RESTORED, "1")
    run(spare, "%unload_ext nbexp")
    gone = run(spare, source)
    assert (gone.status, gone.reply["status"], gone.reply["ename"], spare.value(hooks)) == (
        None,
        "error",
        "UsageError",
        "0",
    )
    assert "%load_ext nbexp" in gone.text
    run(spare, "%load_ext nbexp")
    assert (run(spare, source).status, spare.value(hooks)) == (RESTORED, "1")
    run(spare, "%reload_ext nbexp")
    assert (run(spare, source).status, spare.value(hooks)) == (RESTORED, "1")


def test_off_and_on(spare: Kernel) -> None:
    source = "%%stage switched\nprint('body')"
    assert run(spare, source).status == RAN
    run(spare, "%nbexp off")
    off = run(spare, source)
    assert (off.status, off.text) == (UNSTORED, "body\n")
    run(spare, "%nbexp on")
    assert run(spare, source).status == RESTORED


def _damaged(kernels: Kernels, spare: Kernel, place: str) -> Sent:
    source = f"%%stage hurt\nimport numpy as np\nhurt = np.arange(400_000) * {len(place)}"
    assert run(spare, source).status == RAN
    settle(spare)
    for path in (kernels.root / ".nbexp" / place).rglob("*"):
        if path.is_file():
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.unlink()
            path.write_bytes(content)
    return run(spare, source)


@pytest.mark.parametrize("place", ["blobs", "records"])
def test_damage_is_told_and_the_stage_runs(kernels: Kernels, spare: Kernel, place: str) -> None:
    found = _damaged(kernels, spare, place)
    assert (found.status, found.reply["status"]) == (RAN, "ok")
    assert found.reasons not in ("", "it has not run before")
    assert spare.value("int(hurt[1])") == repr(len(place))
