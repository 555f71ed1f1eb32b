"""Kernel state: random generators and settings, told, captured and put back."""

from __future__ import annotations

import decimal
import json
import locale
import os
import pickle
import random
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nbexp.snapshot import random_state, settings
from nbexp.snapshot.state import (
    UNSEEDED,
    RngUse,
    SeedWatch,
    apply_state,
    capture,
    note_start,
    restore,
    rng_states,
    seeded,
    state_differences,
)

np = pytest.importorskip("numpy")
NAMES = ["random", "numpy"]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The process is one for all tests: each leaves it as it was."""
    settings._warnings.watch()
    before, states = state_differences(), {name: capture(name) for name in rng_states()}
    yield
    for name in {**before, **state_differences()}:
        apply_state(name, before.get(name, {}))
    for name, state in states.items():
        restore(name, state)
    random_state._waiting.clear()


def draw(name: str) -> float:
    if name == "random":
        return random.random()
    if name == "numpy":
        return float(np.random.rand())
    return float(pytest.importorskip("torch").rand(1))


def seed(name: str, value: int = 1) -> None:
    if name == "random":
        random.seed(value)
    elif name == "numpy":
        np.random.seed(value)
    else:
        pytest.importorskip("torch").manual_seed(value)


ALL = [*NAMES, "torch"]


@pytest.mark.parametrize("name", ALL)
def test_the_state_is_told_and_put_back(name: str) -> None:
    seed(name)
    before, state = rng_states()[name], capture(name)
    first = draw(name)
    assert rng_states()[name].digest != before.digest
    restore(name, pickle.loads(pickle.dumps(state)))
    assert rng_states()[name] == before
    assert draw(name) == first
    seed(name, 2)
    assert rng_states()[name].digest != before.digest
    seed(name)
    assert rng_states()[name] == before


def test_reading_the_state_does_not_move_it() -> None:
    seed("numpy")
    np.random.standard_normal()  # keeps a second value for later
    before = rng_states()
    for name in before:
        capture(name)
    assert rng_states() == before
    state, value = capture("numpy"), np.random.standard_normal()
    restore("numpy", state)
    assert np.random.standard_normal() == value


def test_a_second_normal_value_is_part_of_the_state() -> None:
    random.seed(1)
    random.gauss(0, 1)
    half = rng_states()["random"].digest
    random.gauss(0, 1)
    assert rng_states()["random"].digest != half


def test_another_bit_generator() -> None:
    original = np.random.get_bit_generator()
    try:
        np.random.set_bit_generator(np.random.PCG64(3))
        before, state = rng_states()["numpy"], capture("numpy")
        value = draw("numpy")
        restore("numpy", pickle.loads(pickle.dumps(state)))
        assert rng_states()["numpy"] == before
        assert draw("numpy") == value
    finally:
        np.random.set_bit_generator(original)


@pytest.mark.parametrize("name", ALL)
def test_seeded_puts_the_state_back(name: str) -> None:
    seed(name, 5)
    before = rng_states()[name]
    with seeded(7):
        first = draw(name)
    assert rng_states()[name] == before
    with pytest.raises(KeyboardInterrupt), seeded(7):
        assert draw(name) == first
        raise KeyboardInterrupt
    assert rng_states()[name] == before
    with seeded(8):
        assert draw(name) != first
    with seeded(2**70 + 1), seeded(-3):
        draw(name)
    assert rng_states()[name] == before


# --- what a stage did to a generator ----------------------------------------------------------------------------------


def watched(act: Callable[[], Any], name: str) -> RngUse:
    watch = SeedWatch()
    watch.start()
    act()
    return watch.stop()[name]


def uses(name: str) -> list[tuple[str, Callable[[], Any], tuple[bool, bool, bool]]]:
    """What a stage does, and whether the generator then: moved, was seeded first, is a dependency at its start."""
    return [
        ("nothing", lambda: None, (False, False, False)),
        ("draws", lambda: draw(name), (True, False, True)),
        ("seeds", lambda: seed(name, 77), (True, True, False)),
        ("seeds, draws", lambda: (seed(name, 77), draw(name)), (True, True, False)),
        ("draws, seeds", lambda: (draw(name), seed(name, 77)), (True, False, True)),
        ("takes the state, draws, puts it back", lambda: _borrowed(name), (False, False, True)),
        ("seeds, then looks", lambda: (seed(name, 77), _look(name)), (True, True, False)),
    ]


def _look(name: str) -> Any:
    if name == "random":
        return random.getstate()
    return np.random.get_state() if name == "numpy" else pytest.importorskip("torch").get_rng_state()


def _put(name: str, state: Any) -> None:
    if name == "random":
        random.setstate(state)
    elif name == "numpy":
        np.random.set_state(state)
    else:
        pytest.importorskip("torch").set_rng_state(state)


def _borrowed(name: str) -> None:
    state = _look(name)
    draw(name)
    _put(name, state)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("number", range(7), ids=[row[0] for row in uses("random")])
def test_uses(name: str, number: int) -> None:
    seed(name, 3)
    _, act, expected = uses(name)[number]
    use = watched(act, name)
    assert (use.moved, use.seeded, use.depends) == expected


def test_torch_fork_rng_depends_on_the_start() -> None:
    torch = pytest.importorskip("torch")

    def fork() -> None:
        with torch.random.fork_rng(devices=[]):
            torch.rand(1)

    assert watched(fork, "torch").depends


def test_no_wrapper_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    functions = [(random, "seed"), (random, "getstate"), (np.random, "seed"), (np.random, "get_state")]
    before = [getattr(*one) for one in functions]
    watched(lambda: None, "random")
    assert [getattr(*one) for one in functions] == before
    watch = SeedWatch()

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(SeedWatch, "_getter", interrupted)
    with pytest.raises(KeyboardInterrupt):
        watch.start()
    assert [getattr(*one) for one in functions] == before


# --- a new process: unseeded, late imports ----------------------------------------------------------------------------

FRESH = """
import json, sys
sys.path.insert(0, {root!r})
from nbexp.snapshot import random_state, state
waiting = {{}}
def on_import(name, fn):
    waiting.setdefault(name, []).append(fn)
def arrive(name):
    for fn in waiting.get(name, ()):
        fn()
state.note_start(on_import, first={first})
def digests():
    return {{name: one.digest for name, one in state.rng_states().items()}}
out = []
{code}
print(json.dumps(out))
"""


def in_new_process(code: str, first: bool = True) -> Any:
    script = FRESH.format(root=str(Path(__file__).parents[2]), code=code, first=first)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_unseeded_is_one_value_in_every_process() -> None:
    code = """
out.append(digests())
import numpy.random; arrive("numpy.random")
out.append(digests())
import random; random.random(); numpy.random.rand()
out.append(digests())
"""
    first, second = in_new_process(code), in_new_process(code)
    assert first[0] == first[1] == {"random": UNSEEDED, "numpy": UNSEEDED, "torch": UNSEEDED}
    assert first[2]["torch"] == UNSEEDED
    assert UNSEEDED not in (first[2]["random"], first[2]["numpy"])
    assert first[2]["random"] != second[2]["random"]


def test_a_generator_that_a_cell_may_have_seeded_is_not_unseeded() -> None:
    code = "out.append(digests()); import numpy.random; arrive('numpy.random'); out.append(digests())"
    before, after = in_new_process(code, first=False)
    assert before["random"] != UNSEEDED
    assert after["numpy"] == UNSEEDED


def test_what_an_import_draws_belongs_to_the_import() -> None:
    code = """
import random
with random_state.importing():
    random.random()
out.append(digests()["random"])
random.seed(1)
with random_state.importing():
    random.random()
out.append(digests()["random"])
"""
    drawn = "import random\nrandom.seed(1)\nrandom.random()\nout.append(digests()['random'])"
    assert in_new_process(code) == [UNSEEDED, *in_new_process(drawn)]


def test_a_package_that_draws_while_it_is_imported() -> None:
    pytest.importorskip("rich")
    code = """
from nbexp.snapshot.modules import import_watch
if {watched}:
    import_watch().around_installed(random_state.importing)
import rich.style
out.append(digests()["random"] == "unseeded")
"""
    assert in_new_process(code.format(watched=True)) == [True]
    assert in_new_process(code.format(watched=False)) == [False]


def test_a_state_waits_for_its_library() -> None:
    """A hit restores numpy's state without importing numpy; a state that waits is the current one for every key."""
    seed("numpy", 9)
    digest, state, value = rng_states()["numpy"].digest, capture("numpy"), draw("numpy")
    code = f"""
state.restore("numpy", {state!r})
out.append("numpy" in sys.modules)
out.append(digests()["numpy"])
again = state.capture("numpy")
import numpy.random; arrive("numpy.random")
out.append(digests()["numpy"])
out.append(float(numpy.random.rand()))
"""
    assert in_new_process(code) == [False, digest, digest, value]


def test_a_library_imported_under_a_seed() -> None:
    code = """
with state.seeded(7):
    import numpy.random; arrive("numpy.random")
    out.append(float(numpy.random.rand()))
out.append(digests()["numpy"])
"""
    with seeded(7):
        value = draw("numpy")
    assert in_new_process(code) == [value, UNSEEDED]


def test_settings_wait_for_their_library() -> None:
    pytest.importorskip("pandas")
    code = """
state.apply_state("pandas", {"display.max_rows": 7})
out.append(["pandas" in sys.modules, state.state_differences()])
import pandas; arrive("pandas")
out.append([pandas.options.display.max_rows, state.state_differences()])
"""
    tree = {"pandas": {"display.max_rows": 7}}
    assert in_new_process(code) == [[False, tree], [7, tree]]


def test_a_new_process_differs_in_nothing() -> None:
    code = """
import decimal, locale, numpy, pandas, matplotlib.pyplot, torch, sklearn, polars, plotly.express, IPython
matplotlib.pyplot.figure()
out.append(state.state_differences())
"""
    for module in ("pandas", "matplotlib", "torch", "sklearn", "polars", "plotly"):
        pytest.importorskip(module)
    assert in_new_process(code) == [{}]


# --- settings ---------------------------------------------------------------------------------------------------------


def pandas() -> Any:
    return pytest.importorskip("pandas")


def matplotlib() -> Any:
    return pytest.importorskip("matplotlib")


def torch() -> Any:
    return pytest.importorskip("torch")


def cycle() -> None:
    matplotlib().rcParams["axes.prop_cycle"] = matplotlib().rcsetup.cycler(color=["r", "g"])


def handler(kind: str, flag: int) -> None:
    """What numpy calls on an error."""


def sklearn() -> Any:
    return pytest.importorskip("sklearn")


def polars() -> Any:
    return pytest.importorskip("polars").Config


def templates() -> Any:
    pytest.importorskip("plotly.graph_objects")
    return pytest.importorskip("plotly.io").templates


def express() -> Any:
    return pytest.importorskip("plotly.express").defaults


def zone() -> None:
    os.environ["TZ"] = "XYZ-3"
    time.tzset()


ZONE = {"TZ": "XYZ-3", "names": ("XYZ", "XYZ"), "offset": -10800, "in summer": -10800}

TEMPLATE = {"layout": {"height": 90}}

SETTINGS: list[tuple[str, str, Callable[[], Any], str, Any]] = [
    ("pandas", "display", lambda: pandas().set_option("display.max_rows", 7), "display.max_rows", 7),
    ("pandas", "precision", lambda: setattr(pandas().options.display, "precision", 2), "display.precision", 2),
    ("pandas", "format", lambda: pandas().set_option("display.float_format", str), "display.float_format", str),
    ("numpy", "print", lambda: np.set_printoptions(precision=3), "print.precision", 3),
    ("numpy", "suppress", lambda: np.set_printoptions(suppress=True), "print.suppress", True),
    ("numpy", "legacy", lambda: np.set_printoptions(legacy="1.25"), "print.legacy", "1.25"),
    ("numpy", "errors", lambda: np.seterr(over="raise"), "errors.over", "raise"),
    ("numpy", "call", lambda: np.seterrcall(handler), "errors.call", handler),
    ("matplotlib", "rc", lambda: matplotlib().rc("figure", dpi=77), "figure.dpi", 77.0),
    ("matplotlib", "list", lambda: matplotlib().rcParams.update({"font.family": ["serif"]}), "font.family", ["serif"]),
    ("torch", "dtype", lambda: torch().set_default_dtype(torch().float64), "default_dtype", "float64"),
    ("torch", "grad", lambda: torch().set_grad_enabled(False), "grad", False),
    ("torch", "deterministic", lambda: torch().use_deterministic_algorithms(True), "deterministic", True),
    ("torch", "print", lambda: torch().set_printoptions(precision=2), "print.precision", 2),
    ("torch", "device", lambda: torch().set_default_device("meta"), "default_device", "meta"),
    ("decimal", "prec", lambda: setattr(decimal.getcontext(), "prec", 50), "prec", 50),
    ("decimal", "rounding", lambda: setattr(decimal.getcontext(), "rounding", "ROUND_UP"), "rounding", "ROUND_UP"),
    ("locale", "numbers", lambda: locale.setlocale(locale.LC_NUMERIC, "C.UTF-8"), "LC_NUMERIC", "C.UTF-8"),
    ("torch", "anomaly", lambda: torch().autograd.set_detect_anomaly(True), "anomaly", True),
    ("sklearn", "output", lambda: sklearn().set_config(transform_output="pandas"), "transform_output", "pandas"),
    ("sklearn", "finite", lambda: sklearn().set_config(assume_finite=True), "assume_finite", True),
    ("polars", "rows", lambda: polars().set_tbl_rows(3), "POLARS_FMT_MAX_ROWS", "3"),
    ("polars", "precision", lambda: polars().set_float_precision(2), "set_float_precision", 2),
    ("polars", "format", lambda: polars().set_fmt_float("full"), "set_fmt_float", "full"),
    ("polars", "thousands", lambda: polars().set_thousands_separator("'"), "set_thousands_separator", "'"),
    ("plotly templates", "default", lambda: setattr(templates(), "default", "plotly_dark"), "default", "plotly_dark"),
    ("plotly templates", "none", lambda: setattr(templates(), "default", None), "default", None),
    ("plotly templates", "own", lambda: templates().update(a=TEMPLATE), "templates.a", TEMPLATE),
    ("plotly.express", "height", lambda: setattr(express(), "height", 300), "height", 300),
    ("plotly.express", "labels", lambda: express().labels.update(a="b"), "labels", {"a": "b"}),
    ("python", "depth", lambda: sys.setrecursionlimit(4321), "recursionlimit", 4321),
]  # fmt: skip


@pytest.mark.parametrize("row", SETTINGS, ids=[f"{row[0]} {row[1]}" for row in SETTINGS])
def test_settings(row: tuple[str, str, Callable[[], Any], str, Any]) -> None:
    """A change is told, put back to the default, and made again from what was told."""
    probe, _, change, key, value = row
    before = state_differences()
    change()
    told = state_differences()
    assert told[probe] == {**before.get(probe, {}), key: value}
    assert {**told, probe: 0} == {**before, probe: 0}
    apply_state(probe, before.get(probe, {}))
    assert state_differences() == before
    apply_state(probe, told[probe])
    assert state_differences() == told


def test_a_setting_put_to_its_default_is_no_difference() -> None:
    before = state_differences()
    pandas().set_option("display.max_rows", pandas().get_option("display.max_rows"))
    np.set_printoptions(precision=8)
    decimal.getcontext().prec = 28
    assert state_differences() == before


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows has no time zone of a process")
def test_the_time_zone() -> None:
    before, hour = state_differences(), time.localtime(0).tm_hour
    zone()
    told = state_differences()
    assert told == {**before, "time zone": ZONE}
    apply_state("time zone", {})
    assert state_differences() == before
    assert time.localtime(0).tm_hour == hour
    apply_state("time zone", told["time zone"])
    assert state_differences() == told
    assert time.localtime(0).tm_hour == 3


def test_a_colormap_of_ones_own() -> None:
    colors = pytest.importorskip("matplotlib.colors")
    note_start(lambda name, fn: None, first=False)
    before = state_differences()
    matplotlib().colormaps.register(colors.ListedColormap(["r", "g"], "own"))
    told = state_differences()
    assert list(told["colormaps"]) == ["own"]
    apply_state("colormaps", {})
    assert state_differences() == before
    assert "own" not in matplotlib().colormaps
    apply_state("colormaps", told["colormaps"])
    assert state_differences() == told
    assert matplotlib().colormaps["own"].N == 2


def test_a_colormap_that_a_library_registers_while_it_loads() -> None:
    colors = pytest.importorskip("matplotlib.colors")
    note_start(lambda name, fn: None, first=False)
    before = state_differences()
    register = {"__name__": "numpy.fake", "maps": matplotlib().colormaps, "map": colors.ListedColormap(["r"], "theirs")}
    exec("maps.register(map)", register)
    assert state_differences() == before
    matplotlib().colormaps.unregister("theirs")


def test_a_template_of_plotly_changed_in_place() -> None:
    before = state_differences()
    dark = templates()["plotly_dark"].layout
    assert (dark.font.size, state_differences()) == (None, before)
    templates()["plotly_dark"].layout.font.size = 40
    told = state_differences()
    assert told["plotly templates"]["templates.plotly_dark"]["layout"]["font"]["size"] == 40
    apply_state("plotly templates", {})
    assert state_differences() == before
    apply_state("plotly templates", told["plotly templates"])
    assert state_differences() == told


def test_reading_settings_imports_nothing() -> None:
    code = """
import plotly, matplotlib, sklearn, IPython
before = set(sys.modules)
out.append(state.state_differences())
out.append(sorted(set(sys.modules) - before))
"""
    for module in ("plotly", "matplotlib", "sklearn"):
        pytest.importorskip(module)
    assert in_new_process(code) == [{}, []]


def test_traps() -> None:
    before = state_differences()
    decimal.getcontext().traps[decimal.Inexact] = True
    told = state_differences()["decimal"]
    assert "Inexact" in told["traps"]
    apply_state("decimal", before.get("decimal", {}))
    with pytest.raises(decimal.Inexact):
        apply_state("decimal", told)
        decimal.Decimal(1) / decimal.Decimal(3)


def test_a_cycle_of_styles() -> None:
    cycle()
    assert list(state_differences()["matplotlib"]) == ["axes.prop_cycle"]
    apply_state("matplotlib", {})
    assert "matplotlib" not in state_differences()


def test_the_notebooks_warning_filters() -> None:
    before = state_differences().get("warnings", {})
    warnings.filterwarnings("error", message="boom", category=UserWarning)
    warnings.simplefilter("always", DeprecationWarning)
    told = state_differences()["warnings"]
    assert [entry[0] for entry in told["filters"]][:2] == ["always", "error"]
    apply_state("warnings", before)
    assert state_differences().get("warnings", {}) == before
    apply_state("warnings", pickle.loads(pickle.dumps(told)))
    assert state_differences()["warnings"] == told
    with pytest.raises(UserWarning, match="boom"):
        warnings.warn("boom", stacklevel=1)


def test_filters_that_end_with_a_block_or_come_from_a_library() -> None:
    before = state_differences()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert state_differences() != before
    assert state_differences() == before
    with warnings.catch_warnings():
        exec("import warnings; warnings.simplefilter('error')", {"__name__": "numpy.fake"})
        assert state_differences() == before
    assert warnings.filterwarnings is sys.modules["warnings"].filterwarnings
    assert (warnings.filterwarnings.__module__, warnings.filterwarnings.__qualname__) == ("warnings", "filterwarnings")


def test_note_start_can_be_called_again() -> None:
    """An extension may be loaded twice."""
    names: list[str] = []
    note_start(lambda name, fn: names.append(name), first=False)
    note_start(lambda name, fn: names.append(name), first=False)
    assert not hasattr(warnings.simplefilter.__wrapped__, "_nbexp")  # type: ignore[attr-defined]
