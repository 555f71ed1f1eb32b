"""What a stage does, seen: real files, processes and sockets, each beside its harmless neighbour."""

from __future__ import annotations

import _thread
import builtins
import contextlib
import glob
import io
import logging
import multiprocessing
import os
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nbexp.kernel import audit
from nbexp.kernel.effects import Effects, Recorder
from nbexp.kernel.watches import wrap_libraries
from nbexp.store.writer import THREAD_NAME, Writer

pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each case runs in a folder of its own, with a few files in it."""
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text("a,b\n1,2\n")
    Path("kept").mkdir()
    Path("kept/one.txt").write_text("1")
    np.save("array.npy", np.arange(4))
    with contextlib.closing(sqlite3.connect("base.sqlite")) as base:
        base.executescript("create table t (a); insert into t values (1)")
    return tmp_path


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    one = Recorder(own=(".nbexp",))
    yield one
    one.abort()


def seen(recorder: Recorder, act: Callable[[], Any], named: tuple[str, ...] = ()) -> dict[str, Any]:
    """What is not empty of the effects of `act`, with files by the name that was used."""
    recorder.start(named)
    act()
    return shown(recorder.stop())


def shown(effects: Effects) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in Effects.__slots__:
        value = getattr(effects, name)
        if value:
            found[name] = [relative(getattr(one, "path", one)) for one in value] if isinstance(value, tuple) else value
    return found


def relative(path: Any) -> Any:
    here = os.getcwd() + os.sep
    return path.removeprefix(here) if isinstance(path, str) else path


def read(name: str) -> str:
    with open(name) as file:
        return file.read()


def write(name: str, mode: str = "w") -> None:
    with open(name, mode) as file:
        file.write("x")


def database(statement: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect("base.sqlite")) as base:
        rows = base.execute(statement).fetchall()
        base.commit()
    return rows


def in_thread(act: Callable[[], Any]) -> None:
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


def log_to_file() -> None:
    handler = logging.FileHandler("run.log")
    logger = logging.getLogger("nbexp-test")
    logger.addHandler(handler)
    logger.warning("hello")
    logger.removeHandler(handler)
    handler.close()


def use_temporary_folder() -> None:
    with tempfile.TemporaryDirectory() as name:
        write(f"{name}/data.csv")
        os.makedirs(f"{name}/deep/kept")
        write(f"{name}/deep/kept/one.txt")
        read(f"{name}/data.csv")


def use_temporary_files() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")
        file.flush()
        read(file.name)


def rewrite(name: str) -> None:
    text = read(name)
    Path(name).write_text(text + "x")


def move_about() -> None:
    with contextlib.chdir("kept"):
        read("one.txt")


def frame() -> Any:
    return pd.DataFrame({"a": [1, 2]})


def through_link() -> None:
    os.symlink("data.csv", "link.csv")
    read("link.csv")
    os.remove("link.csv")


def close_mapped(array: Any) -> None:
    array._mmap.close()


READS: list[tuple[str, Callable[[], Any], dict[str, Any]]] = [
    ("open", lambda: read("data.csv"), {"reads": ["data.csv"]}),
    ("open twice", lambda: (read("data.csv"), read("./data.csv")), {"reads": ["data.csv"]}),
    ("bytes path", lambda: open(b"data.csv").close(), {"reads": ["data.csv"]}),
    ("Path.read_text", lambda: Path("data.csv").read_text(), {"reads": ["data.csv"]}),
    ("os.open", lambda: os.close(os.open("data.csv", os.O_RDONLY)), {"reads": ["data.csv"]}),
    ("read_csv", lambda: pd.read_csv("data.csv"), {"reads": ["data.csv"]}),
    ("np.load", lambda: np.load("array.npy"), {"reads": ["array.npy"]}),
    ("np.load mapped", lambda: close_mapped(np.load("array.npy", mmap_mode="r")), {"reads": ["array.npy"]}),
    ("np.memmap", lambda: close_mapped(np.memmap("array.npy", mode="r")), {"reads": ["array.npy"]}),
    ("np.fromfile", lambda: np.fromfile("array.npy", dtype="u1"), {"reads": ["array.npy"]}),
    ("in a thread", lambda: in_thread(lambda: read("data.csv")), {"reads": ["data.csv"]}),
    ("in another folder", move_about, {"reads": ["kept/one.txt"]}),
    ("a link made and removed", through_link, {}),
    ("sqlite", lambda: database("select * from t"), {"reads": ["base.sqlite", "base.sqlite-wal"]}),
    ("sqlite in memory", lambda: sqlite3.connect(":memory:").close(), {}),
    ("listdir", lambda: os.listdir("kept"), {"listings": ["kept"]}),
    ("listdir here", lambda: os.listdir(), {"listings": ["."]}),
    ("iterdir", lambda: list(Path("kept").iterdir()), {"listings": ["kept"]}),
    ("glob", lambda: glob.glob("kept/*.txt"), {"listings": ["kept"]}),
    ("Path.glob", lambda: list(Path("kept").glob("*.txt")), {"listings": ["kept"]}),
    ("exists", lambda: os.path.exists("data.csv"), {"statuses": ["data.csv"]}),
    ("does not exist", lambda: os.path.exists("no.csv"), {"statuses": ["no.csv"]}),
    ("lexists", lambda: os.path.lexists("data.csv"), {"statuses": ["data.csv"]}),
    ("isdir", lambda: os.path.isdir("kept"), {"statuses": ["kept"]}),
    ("Path.exists", lambda: Path("no.csv").exists(), {"statuses": ["no.csv"]}),
    ("Path.is_file", lambda: Path("kept/one.txt").is_file(), {"statuses": ["kept/one.txt"]}),
    ("getsize", lambda: os.path.getsize("data.csv"), {"statuses": ["data.csv"]}),
    ("access", lambda: os.access("data.csv", os.R_OK), {"statuses": ["data.csv"]}),
    ("exists, then read", lambda: os.path.exists("data.csv") and read("data.csv"), {"reads": ["data.csv"]}),
    ("exists, then written", lambda: os.path.exists("new") or (write("new"), os.remove("new")), {}),
    ("walk", lambda: list(os.walk("kept")), {"listings": ["kept"]}),
    ("a folder there may be", lambda: os.makedirs("kept", exist_ok=True), {}),
    ("Path.mkdir", lambda: Path("kept").mkdir(exist_ok=True), {}),
    ("which", lambda: shutil.which("nothing-of-that-name"), {}),
    ("own file", lambda: (write("new"), read("new"), os.remove("new")), {}),
    ("installed package's data", lambda: __import__("sklearn.datasets").datasets.load_iris(), {}),
    ("/proc", lambda: read("/proc/self/status"), {}),
    ("/dev/urandom", lambda: open("/dev/urandom", "rb").close(), {}),
]

WRITES: list[tuple[str, Callable[[], Any], dict[str, Any]]] = [
    ("open w", lambda: write("new"), {"writes": ["new"]}),
    ("open a", lambda: write("data.csv", "a"), {"writes": ["data.csv"]}),
    ("open r+", lambda: write("data.csv", "r+"), {"writes": ["data.csv"]}),
    ("open x", lambda: write("new", "x"), {"writes": ["new"]}),
    ("Path.write_text", lambda: Path("new").write_text("x"), {"writes": ["new"]}),
    ("np.save", lambda: np.save("new.npy", np.arange(2)), {"writes": ["new.npy"]}),
    ("to_pickle", lambda: frame().to_pickle("new.pkl"), {"writes": ["new.pkl"]}),
    ("remove", lambda: os.remove("data.csv"), {"writes": ["data.csv"]}),
    ("rename", lambda: os.rename("data.csv", "moved.csv"), {"writes": ["data.csv", "moved.csv"]}),
    ("written and renamed", lambda: (write("part"), os.replace("part", "new")), {"writes": ["new"]}),
    ("mkdir", lambda: os.mkdir("new"), {"writes": ["new"]}),
    ("makedirs of what exists", lambda: os.makedirs("kept", exist_ok=True), {}),
    ("rmtree", lambda: shutil.rmtree("kept"), {"writes": ["kept"]}),
    ("chmod", lambda: os.chmod("data.csv", 0o600), {"writes": ["data.csv"]}),
    ("utime", lambda: os.utime("data.csv", (1, 1)), {"writes": ["data.csv"]}),
    ("symlink", lambda: os.symlink("data.csv", "link"), {"writes": ["link"]}),
    ("link", lambda: os.link("data.csv", "link"), {"writes": ["link"]}),
    ("truncate", lambda: os.truncate("data.csv", 0), {"writes": ["data.csv"]}),
    ("copy", lambda: shutil.copy("data.csv", "new.csv"), {"reads": ["data.csv"], "writes": ["new.csv"]}),
    ("move", lambda: shutil.move("data.csv", "kept"), {"writes": ["data.csv", "kept/data.csv"], "statuses": ["kept"]}),
    ("logging to a file", log_to_file, {"writes": ["run.log"]}),
    ("in a thread", lambda: in_thread(lambda: write("new")), {"writes": ["new"]}),
    ("sqlite", lambda: database("insert into t values (2)"), {"reads": ["base.sqlite-wal"], "writes": ["base.sqlite"]}),
    ("read and rewritten", lambda: rewrite("data.csv"), {"reads": ["data.csv"], "writes": ["data.csv"]}),
    ("temporary folder", use_temporary_folder, {}),
    ("temporary files", use_temporary_files, {}),
    ("made and removed", lambda: (write("new"), os.remove("new")), {}),
    ("/dev/null", lambda: write("/dev/null"), {}),
    ("__pycache__", lambda: (os.makedirs("__pycache__"), write("__pycache__/m.pyc")), {}),
    ("the store", lambda: (os.makedirs(".nbexp"), write(".nbexp/x")), {}),
]


def children(how: str, command: str) -> Callable[[Effects], bool]:
    return lambda effects: any(one.how == how and command in one.command for one in effects.processes)


def start_process(method: str) -> None:
    process = multiprocessing.get_context(method).Process(target=abs, args=(1,))
    process.start()
    process.join()


def parallel(backend: str) -> None:
    joblib = pytest.importorskip("joblib")
    joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(abs)(number) for number in range(4))


PROCESSES: list[tuple[str, Callable[[], Any], Callable[[Effects], bool]]] = [
    ("subprocess", lambda: subprocess.run(["true"], check=True), children("subprocess", "true")),
    ("shell", lambda: subprocess.run("exit 0", shell=True, check=True), children("subprocess", "exit 0")),
    ("os.system", lambda: os.system("true"), children("system", "true")),
    ("posix_spawn", lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0), children("spawn", "true")),
    ("spawn", lambda: start_process("spawn"), children("spawn", "spawn_main")),
    ("fork", lambda: start_process("fork"), children("fork", "")),
    ("threads", lambda: parallel("threading"), lambda effects: effects.processes == ()),
    ("ThreadPool", lambda: use_thread_pool(), lambda effects: effects.processes == ()),
    ("a lock", lambda: multiprocessing.get_context("spawn").Lock(), lambda effects: effects.processes == ()),
    ("joblib asks for the cores", lambda: count_cores(), lambda effects: effects.processes == ()),
    ("the project asks for the cores", lambda: subprocess.run(["uname"], check=True), children("subprocess", "uname")),
]


def count_cores() -> None:
    pytest.importorskip("joblib")
    from joblib.externals.loky.backend import context

    context.physical_cores_cache = None  # as in a new process
    assert context._count_physical_cores()[0] != "not found"


def use_thread_pool() -> None:
    from multiprocessing.pool import ThreadPool

    with ThreadPool(2) as pool:
        pool.map(abs, range(4))


@pytest.mark.parametrize(("act", "expected"), [row[1:] for row in READS], ids=[row[0] for row in READS])
def test_reads(recorder: Recorder, act: Callable[[], Any], expected: dict[str, Any]) -> None:
    assert seen(recorder, act) == expected


@pytest.mark.parametrize(("act", "expected"), [row[1:] for row in WRITES], ids=[row[0] for row in WRITES])
def test_writes(recorder: Recorder, act: Callable[[], Any], expected: dict[str, Any]) -> None:
    assert seen(recorder, act) == expected


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize(("act", "right"), [row[1:] for row in PROCESSES], ids=[row[0] for row in PROCESSES])
def test_processes(recorder: Recorder, act: Callable[[], Any], right: Callable[[Effects], bool]) -> None:
    wrap_libraries(lambda module, wrap: None)
    recorder.start()
    act()
    effects = recorder.stop()
    assert right(effects), effects


def test_work_for_processes_that_run_already(recorder: Recorder) -> None:
    """joblib keeps its workers: the second call starts none."""
    wrap_libraries(lambda module, wrap: None)
    joblib = pytest.importorskip("joblib")
    try:
        parallel("loky")
        effects = _effects(recorder, lambda: parallel("loky"))
        assert {one.how for one in effects.processes} == {"pool"}
        assert effects.writes == ()
    finally:
        joblib.externals.loky.get_reusable_executor().shutdown(wait=True)


def _effects(recorder: Recorder, act: Callable[[], Any]) -> Effects:
    recorder.start()
    act()
    return recorder.stop()


def test_a_missing_file_is_a_dependency(recorder: Recorder) -> None:
    def look() -> None:
        with contextlib.suppress(FileNotFoundError):
            read("absent.toml")

    effects = _effects(recorder, look)
    assert [(use.path, use.signature) for use in effects.reads] == [("absent.toml", None)]


def test_a_listing_is_as_it_was_when_read(recorder: Recorder) -> None:
    def look_then_write() -> None:
        os.listdir("kept")
        frame().to_csv("kept/out.csv")

    first, second = _effects(recorder, look_then_write), _effects(recorder, lambda: os.listdir("kept"))
    assert first.listings[0].digest != second.listings[0].digest


def test_a_file_that_something_else_changes_is_unsure(recorder: Recorder) -> None:
    recorder.start()
    read("data.csv")
    read("kept/one.txt")
    subprocess.run([sys.executable, "-c", "open('data.csv', 'a').write('3,4')"], check=True)
    assert recorder.stop().changed == ("data.csv",)


def test_connections(recorder: Recorder) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        host, port = server.getsockname()
        recorder.start()
        socket.create_connection((host, port)).close()
        effects = recorder.stop()
    assert ("connect", f"127.0.0.1:{port}") in [(one.how, one.address) for one in effects.connections]


def test_a_url_is_a_connection(recorder: Recorder) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
    recorder.start()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/x.csv")
    assert "connect" in {one.how for one in recorder.stop().connections}


def test_input_is_seen_and_put_back(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = lambda prompt="": "yes"
    monkeypatch.setattr(builtins, "input", answer)
    effects = _effects(recorder, lambda: input("Sure? "))
    assert [(one.how, one.address) for one in effects.connections] == [("input", "Sure? ")]
    assert builtins.input is answer


ENVIRONMENT: list[tuple[str, Callable[[], Any], list[str]]] = [
    ("get", lambda: os.environ.get("NBEXP_X"), ["NBEXP_X"]),
    ("getenv", lambda: os.getenv("NBEXP_X", "1"), ["NBEXP_X"]),
    ("in", lambda: "NBEXP_X" in os.environ, ["NBEXP_X"]),
    ("bytes", lambda: os.environb.get(b"NBEXP_X"), ["NBEXP_X"]),
    ("expandvars", lambda: os.path.expandvars("$NBEXP_X/data"), ["NBEXP_X"]),
    ("all", lambda: dict(os.environ), ["*"]),
    ("copy", lambda: os.environ.copy(), ["*"]),
    ("items", lambda: list(os.environ.items()), ["*"]),
    ("repr", lambda: repr(os.environ), ["*"]),
    ("home", lambda: Path.home(), []),
    ("a library's", lambda: tempfile.gettempdir(), []),
    ("joblib's", lambda: pytest.importorskip("joblib").cpu_count(), []),
]


@pytest.mark.parametrize(("act", "names"), [row[1:] for row in ENVIRONMENT], ids=[row[0] for row in ENVIRONMENT])
def test_environment(recorder: Recorder, act: Callable[[], Any], names: list[str]) -> None:
    assert list(_effects(recorder, act).env) == names


def test_a_changed_environment(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBEXP_KEPT", "1")
    recorder.start()
    monkeypatch.setenv("NBEXP_NEW", "1")
    monkeypatch.setenv("NBEXP_KEPT", "1")
    monkeypatch.setattr(sys, "path", [*sys.path, "src"])
    monkeypatch.chdir("kept")
    effects = recorder.stop()
    assert (effects.env_changed, effects.moved, effects.paths_changed) == (("NBEXP_NEW",), True, True)


# --- results ----------------------------------------------------------------------------------------------------------


def save_figure(*names: str) -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    figure.subplots().plot([1, 2])
    for name in names:
        figure.savefig(name)


def save_in_new_folder() -> None:
    os.makedirs("plots/first", exist_ok=True)
    save_figure("plots/first/f.png")


def plotly_figure() -> Any:
    return pytest.importorskip("plotly.graph_objects").Figure()


RESULTS: list[tuple[str, Callable[[], Any], dict[str, Any]]] = [
    ("savefig", lambda: save_figure("f.png", "f.svg"), {"results": ["f.png", "f.svg"]}),
    ("savefig, new folder", save_in_new_folder, {"results": ["plots/first/f.png"]}),
    ("to_csv", lambda: frame().to_csv("new.csv"), {"results": ["new.csv"]}),
    ("to_csv over a file", lambda: frame().to_csv("data.csv"), {"results": ["data.csv"]}),
    ("to_csv of a series", lambda: frame()["a"].to_csv("new.csv"), {"results": ["new.csv"]}),
    ("to_csv to text", lambda: frame().to_csv(), {}),
    ("to_csv appends", lambda: frame().to_csv("data.csv", mode="a"), {"writes": ["data.csv"]}),
    ("to_csv over what was read", lambda: pd.read_csv("data.csv").to_csv("data.csv"),
     {"reads": ["data.csv"], "writes": ["data.csv"]}),
    ("to_parquet", lambda: frame().to_parquet("new.parquet"), {"results": ["new.parquet"]}),
    ("to_parquet of many files", lambda: frame().to_parquet("parts", partition_cols=["a"]), {"writes": ["parts"]}),
    ("plotly html", lambda: plotly_figure().write_html("new.html"), {"results": ["new.html"]}),
    ("plotly json", lambda: plotly_figure().write_json("new.json"), {"results": ["new.json"]}),
    ("result removed again", lambda: (frame().to_csv("new.csv"), os.remove("new.csv")), {}),
    ("written, then a result", lambda: (write("new.csv"), frame().to_csv("new.csv")), {"results": ["new.csv"]}),
]  # fmt: skip


@pytest.mark.parametrize(("act", "expected"), [row[1:] for row in RESULTS], ids=[row[0] for row in RESULTS])
def test_results(recorder: Recorder, act: Callable[[], Any], expected: dict[str, Any]) -> None:
    watch_native()
    assert seen(recorder, act) == expected


# --- native readers ---------------------------------------------------------------------------------------------------


def watch_native() -> None:
    for name in ("pyarrow.parquet", "pyarrow.csv", "pyarrow.feather", "pyarrow.dataset", "pandas.io.parquet"):
        pytest.importorskip(name)
    wrap_libraries(lambda module, wrap: None)


def arrow(module: str) -> Any:
    return pytest.importorskip(f"pyarrow.{module}")


def polars() -> Any:
    module = pytest.importorskip("polars")
    wrap_libraries(lambda module, wrap: None)
    return module


def torch() -> Any:
    module = pytest.importorskip("torch")
    wrap_libraries(lambda module, wrap: None)
    return module


NATIVE: list[tuple[str, Callable[[], Any], dict[str, Any]]] = [
    ("read_parquet", lambda: pd.read_parquet("t.parquet"), {"reads": ["t.parquet"]}),
    ("read_parquet of a folder", lambda: pd.read_parquet("parts"),
     {"reads": ["parts/t.parquet"], "listings": ["parts"]}),
    ("read_feather", lambda: pd.read_feather("t.feather"), {"reads": ["t.feather"]}),
    ("pyarrow table", lambda: arrow("parquet").read_table("t.parquet"), {"reads": ["t.parquet"]}),
    ("pyarrow file", lambda: arrow("parquet").ParquetFile("t.parquet").close(), {"reads": ["t.parquet"]}),
    ("pyarrow csv", lambda: arrow("csv").read_csv("data.csv"), {"reads": ["data.csv"]}),
    ("pyarrow dataset", lambda: arrow("dataset").dataset("t.parquet").to_table(), {"reads": ["t.parquet"]}),
    ("pyarrow memory map", lambda: pytest.importorskip("pyarrow").memory_map("data.csv").close(),
     {"reads": ["data.csv"]}),
    ("pyarrow write", lambda: arrow("parquet").write_table(arrow("parquet").read_table("t.parquet"), "new.parquet"),
     {"reads": ["t.parquet"], "writes": ["new.parquet"]}),
    ("polars csv", lambda: polars().read_csv("data.csv"), {"reads": ["data.csv"]}),
    ("polars scan", lambda: polars().scan_csv("data.csv").collect(), {"reads": ["data.csv"]}),
    ("polars pattern", lambda: polars().read_parquet("t*.parquet"), {"reads": ["t.parquet"], "listings": ["."]}),
    ("polars write", lambda: polars().DataFrame({"a": [1]}).write_parquet("new.parquet"), {"writes": ["new.parquet"]}),
    ("torch.save", lambda: torch().save([1], "new.pt"), {"writes": ["new.pt"]}),
    ("a buffer", lambda: pd.read_parquet(io.BytesIO(Path("t.parquet").read_bytes())), {"reads": ["t.parquet"]}),
]  # fmt: skip


@pytest.mark.parametrize(("act", "expected"), [row[1:] for row in NATIVE], ids=[row[0] for row in NATIVE])
def test_native(recorder: Recorder, act: Callable[[], Any], expected: dict[str, Any]) -> None:
    watch_native()
    polars(), torch()
    os.mkdir("parts")
    for name in ("t.parquet", "parts/t.parquet"):
        frame().to_parquet(name)
    frame().to_feather("t.feather")
    assert seen(recorder, act) == expected


def test_a_wrapped_function_is_found_under_its_name() -> None:
    reader = polars().read_csv
    assert getattr(reader, "_nbexp", False)
    assert getattr(sys.modules[reader.__module__], reader.__qualname__) is reader


def test_named_files_count_though_no_door_saw_them(recorder: Recorder) -> None:
    """A native library opens files without Python; `os.stat` sees what changed, and naming a file is enough."""
    strings = ("data.csv", "kept/one.txt", "kept", "no such file", "x" * 5000, "a\nb")
    assert seen(recorder, lambda: None, strings) == {"reads": ["data.csv", "kept/one.txt"]}
    before = os.stat("data.csv")

    def natively() -> None:
        audit.listen(None)
        write("data.csv")
        os.utime("data.csv", ns=(before.st_atime_ns, before.st_mtime_ns + 5))

    assert seen(recorder, natively, ("data.csv",)) == {"writes": ["data.csv"]}


# --- imports, threads that stay, failures -----------------------------------------------------------------------------


FRESH = """
import os, sys, json
sys.path.insert(0, {root!r})
from nbexp.kernel.effects import Effects, Recorder
recorder = Recorder()
recorder.start()
exec(compile({code!r}, "<cell>", "exec"), {{"__name__": "__main__"}})
effects = recorder.stop()
assert not effects.problem, effects.problem
found = {{name: [getattr(one, "path", str(one)) for one in getattr(effects, name)] for name in
         ("reads", "writes", "processes", "connections", "listings", "statuses", "modules")}}
print(json.dumps({{name: value for name, value in found.items() if value}}))
"""


def in_new_process(code: str, **environment: str) -> str:
    script = FRESH.format(root=str(Path(__file__).parents[2]), code=code)
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip().splitlines()[-1]


def test_the_first_import_of_matplotlib_is_no_effect(tmp_path: Path) -> None:
    """It runs fc-list and writes a font cache."""
    pytest.importorskip("matplotlib")
    cache = tmp_path / "elsewhere"
    code = "import matplotlib.pyplot as plt\nplt.plot([1])\n"
    assert in_new_process(code, MPLCONFIGDIR=str(cache), MPLBACKEND="agg") == "{}"
    assert list(cache.rglob("fontlist*"))


def test_what_a_cell_does_besides_importing_is_an_effect() -> None:
    code = "import matplotlib, subprocess\nsubprocess.run(['true'])\n"
    assert in_new_process(code) == """{"processes": ["Process(how='subprocess', command='true')"]}"""


def test_the_import_of_a_project_module_is_the_stages_own(folder: Path) -> None:
    """Reading the module's source is not (it is in the key); what the module does while it is imported is."""
    (folder / "helper.py").write_text("text = open('data.csv').read()\n")
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import helper"
    assert in_new_process(code, PYTHONDONTWRITEBYTECODE="1") == '{"reads": ["data.csv"]}'


LOOKS = [
    ("a package's version", "import importlib.metadata as m; m.version('numpy')", "{}"),
    ("all packages", "import importlib.metadata as m; m.packages_distributions()", "{}"),
    (
        "modules to be found",
        "import pkgutil, sys\nsys.path[:] = ['', *(p for p in sys.path if 'python3' in p)]\n"
        "list(pkgutil.iter_modules())",
        '{"modules": ["."]}',
    ),
    ("modules in a folder", "import pkgutil; list(pkgutil.iter_modules(['pack']))", '{"modules": ["pack"]}'),
    ("modules of a package", "import pkgutil, json; list(pkgutil.walk_packages(json.__path__, 'json.'))", "{}"),
    ("source", "import inspect, json; inspect.getsource(json.dumps)", "{}"),
    ("stack", "import linecache, traceback; linecache.clearcache(); traceback.format_stack()", "{}"),
    ("package data", "import sys; sys.path.insert(0, ''); import pack", '{"reads": ["pack/data.txt"]}'),
]


@pytest.mark.parametrize(("code", "expected"), [row[1:] for row in LOOKS], ids=[row[0] for row in LOOKS])
def test_what_follows_the_code_is_no_effect_and_data_is(folder: Path, code: str, expected: str) -> None:
    (folder / "pack").mkdir()
    (folder / "pack/data.txt").write_text("1")
    (folder / "pack/__init__.py").write_text("import pkgutil\ntext = pkgutil.get_data('pack', 'data.txt')\n")
    found = in_new_process(code, PYTHONDONTWRITEBYTECODE="1").replace(str(folder) + os.sep, "")
    assert found == expected


def test_threads_that_still_run(recorder: Recorder) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=lambda: stop.wait(30), name="writer of logs")
    recorder.start()
    thread.start()
    effects = recorder.stop()
    stop.set()
    thread.join()
    assert effects.running == ("writer of logs",)
    recorder.start()
    in_thread(lambda: None)
    assert recorder.stop().running == ()


def test_an_executor_that_idles_is_not_running(recorder: Recorder) -> None:
    from concurrent.futures import ThreadPoolExecutor

    recorder.start()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(abs, -1).result() == 1
        assert recorder.stop().running == ()


def test_an_interrupted_start_leaves_nothing(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    before = builtins.input

    def interrupted(_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(audit, "listen", lambda listener: interrupted(None) if listener else None)
    with pytest.raises(KeyboardInterrupt):
        recorder.start()
    assert builtins.input is before
    assert recorder.stop() == Effects()


def test_an_error_while_sorting_reaches_the_summary_and_not_the_user(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbexp.kernel.places.kind", lambda path: 1 // 0)
    recorder.start()
    assert read("data.csv")
    assert "ZeroDivisionError" in recorder.stop().problem


def test_nothing_is_recorded_outside(recorder: Recorder) -> None:
    recorder.start()
    recorder.stop()
    read("data.csv")
    assert recorder.stop() == Effects()
    assert shown(_effects(recorder, lambda: None)) == {}


def test_the_writer_is_no_part_of_the_stage_but_a_thread_with_its_name_is(recorder: Recorder) -> None:
    def in_writer() -> None:
        writer = Writer(lambda _: write("new"), pytest.fail)
        writer.submit(SimpleNamespace())  # type: ignore[arg-type]
        writer.drain()

    def in_namesake() -> None:
        thread = threading.Thread(target=lambda: write("other"), name=THREAD_NAME)
        thread.start()
        thread.join()

    assert shown(_effects(recorder, in_writer)) == {}
    assert shown(_effects(recorder, in_namesake)) == {"writes": ["other"]}


def test_a_thread_that_python_does_not_know_stays_unknown(recorder: Recorder) -> None:
    ended = threading.Lock()

    def act() -> None:
        ended.acquire()
        _thread.start_new_thread(lambda: (write("new"), ended.release()), ())
        ended.acquire()

    before = threading.enumerate()
    assert shown(_effects(recorder, act)) == {"writes": ["new"]}
    assert threading.enumerate() == before


def test_a_pipe_is_no_file(recorder: Recorder) -> None:
    os.mkfifo("pipe")
    descriptor = os.open("pipe", os.O_RDWR)
    try:
        effects = _effects(recorder, lambda: os.close(os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)))
    finally:
        os.close(descriptor)
    assert [one.how for one in effects.connections] == ["pipe"]
    assert effects.reads == ()


def test_pathlib_still_reads_installed_data_as_the_package(recorder: Recorder) -> None:
    """The notebook's own reading of a file below site-packages is a dependency; the package's is not."""
    inside = str(pathlib.Path(pd.__file__).parent / "py.typed")
    if not os.path.exists(inside):
        inside = pd.__file__
    assert seen(recorder, lambda: Path(inside).read_bytes()) == {"reads": [inside]}
