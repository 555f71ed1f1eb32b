"""What a cell shows, recorded while it streams and replayed: in a plain shell, and in a real kernel."""

from __future__ import annotations

import base64
import io
import sys
import threading
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from nbexp.kernel import outputs
from nbexp.kernel.outputs import Tee
from nbexp.kernel.replay import replay
from nbexp.records import Message


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    one = InteractiveShell.instance()
    one.history_manager.enabled = False
    yield one
    one.history_manager.end_session()
    InteractiveShell.clear_instance()


def stream(text: str, name: str = "stdout") -> Message:
    return Message("stream", name=name, text=text)


def record(shell: InteractiveShell, code: str) -> tuple[Tee, tuple[Message, ...]]:
    """Run a cell as a stage is run: the tee is open until `post_run_cell`, figures shown after the cell included.

    A magic like ``%%capture`` runs its body as a cell of its own, with events of its own.
    """
    tee, found = Tee(shell), []
    shell.events.register("pre_run_cell", start := lambda info: tee.start() if info.raw_cell == code else None)
    shell.events.register(
        "post_run_cell", stop := lambda result: found.append(tee.stop()) if result.info.raw_cell == code else None
    )
    try:
        assert shell.run_cell(code, store_history=True).success
    finally:
        shell.events.unregister("pre_run_cell", start)
        shell.events.unregister("post_run_cell", stop)
    return tee, found[0]


CELLS: list[tuple[str, str, tuple[Message, ...]]] = [
    ("nothing", "x = 1", ()),
    ("print", "print('a')\nprint('b')", (stream("a\nb\n"),)),
    (
        "both streams",
        "import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')",
        (stream("a\n"), stream("b\n", "stderr"), stream("c\n")),
    ),
    ("writelines", "import sys\nsys.stdout.writelines(['a', 'b'])", (stream("ab"),)),
    ("empty text", "print(end='')", ()),
    (
        "display",
        "from IPython.display import display\nprint('a')\ndisplay(1)\nprint('b')",
        (stream("a\n"), Message("display", data={"text/plain": "1"}), stream("b\n")),
    ),
    (
        "display with id",
        "from IPython.display import display\ndisplay(1, display_id='d').update(2)",
        (
            Message("display", data={"text/plain": "1"}, transient={"display_id": "d"}),
            Message("update", data={"text/plain": "2"}, transient={"display_id": "d"}),
        ),
    ),
    (
        "clear_output",
        "from IPython.display import clear_output\nprint('a')\nclear_output(wait=True)\nprint('b')",
        (stream("a\n"), Message("clear", wait=True), stream("b\n")),
    ),
    ("last value", "print('a')\n1 + 1", (stream("a\n"), Message("result", data={"text/plain": "2"}))),
    ("hidden last value", "1 + 1;", ()),
    ("no last value", "None", ()),
    (
        "a repr that prints",
        "class Loud:\n    def __repr__(self):\n        print('repr')\n        return 'loud'\nLoud()",
        (stream("repr\n"), Message("result", data={"text/plain": "loud"})),
    ),
    (
        "shows itself",
        "class Own:\n    def _ipython_display_(self):\n        print('shown')\nOwn()",
        (stream("shown\n"), Message("result")),
    ),
    (
        "bytes",
        "get_ipython().display_pub.publish({'image/png': b'abc', 'x/y': {'a': [1]}})",
        (Message("display", data={"image/png": base64.b64encode(b"abc").decode(), "x/y": {"a": [1]}}),),
    ),
    (
        "thread",
        "import threading\nt = threading.Thread(target=print, args=('t',))\nt.start()\nt.join()",
        (stream("t\n"),),
    ),
    (
        "captured by the cell",
        "from IPython.utils.capture import capture_output\nwith capture_output() as c:\n    print('a')\n    display(1)",
        (),
    ),
    ("redirected", "import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()):\n    print('a')", ()),
    ("nested magic", "%%capture\nprint('a')", ()),
    (
        "our own lines",
        "display({'application/vnd.nbexp.stage+json': {}, 'text/plain': 's: ran'}, raw=True)\nprint('a')",
        (stream("a\n"),),
    ),
]


@pytest.mark.parametrize(("code", "expected"), [row[1:] for row in CELLS], ids=[row[0] for row in CELLS])
def test_recorded(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], code: str, expected: tuple[Message, ...]
) -> None:
    tee, messages = record(shell, code)
    assert messages == expected
    assert tee.unreplayable == ""


#: A plain terminal writes ``Out[7]: `` before it formats the value; our own lines are made anew.
NOT_AS_RUN = {"a repr that prints", "shows itself", "our own lines"}
AS_RUN = [row[:2] for row in CELLS if row[0] not in NOT_AS_RUN]


@pytest.mark.parametrize("code", [row[1] for row in AS_RUN], ids=[row[0] for row in AS_RUN])
def test_replayed_as_run(shell: InteractiveShell, capsys: pytest.CaptureFixture[str], code: str) -> None:
    """The terminal shows the same text at a replay as at the run, prompts and formatted values included."""
    shell.execution_count = 7
    _, messages = record(shell, code)
    ran = capsys.readouterr()
    shell.execution_count = 7
    shell.user_ns["_messages"], shell.user_ns["_replay"] = messages, replay
    has_last = any(message.kind == "result" for message in messages)
    shell.run_cell("_replay(get_ipython(), _messages)" + ("\n_" if has_last else ""), store_history=True)
    assert capsys.readouterr() == ran


def test_output_streams_live(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    tee = Tee(shell)
    tee.start()
    print("now")
    assert capsys.readouterr().out == "now\n"
    assert tee.stop() == (stream("now\n"),)


def test_nothing_of_the_tee_stays(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    owners = [sys.stdout, sys.stderr, shell.display_pub, shell.displayhook, shell]
    before = [dict(owner.__dict__) for owner in owners]
    tee = Tee(shell)
    tee.start()
    tee.stop()
    assert [dict(owner.__dict__) for owner in owners] == before
    assert tee.stop() == ()


def test_an_interrupted_start_leaves_nothing(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owners = [sys.stdout, sys.stderr, shell.display_pub, shell.displayhook]
    before = [dict(owner.__dict__) for owner in owners]

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(Tee, "_formatter", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Tee(shell).start()
    assert [dict(owner.__dict__) for owner in owners] == before


def test_an_interrupted_cell_leaves_nothing(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    before = dict(sys.stdout.__dict__)
    tee, found = Tee(shell), []
    shell.events.register("post_run_cell", lambda result: found.append(tee.stop()))
    shell.user_ns["tee"] = tee
    result = shell.run_cell("tee.start()\nprint('a')\nraise KeyboardInterrupt")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert found[0][0].text.startswith("a\n")
    assert "traceback" in tee.unreplayable
    assert "write" not in before or sys.stdout.__dict__["write"] == before["write"]
    assert "publish" not in shell.display_pub.__dict__


def test_a_wrapper_put_over_ours_stays_and_ours_is_inert(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    tee, kept = Tee(shell), []
    monkeypatch.setattr(sys, "stdout", _Stream())
    tee.start()
    ours = sys.stdout.write
    sys.stdout.write = lambda text: (kept.append(text), ours(text))[1]  # type: ignore[method-assign]
    sys.stdout.write("a")
    assert tee.stop() == (stream("a"),)
    sys.stdout.write("b")
    assert kept == ["a", "b"]
    assert sys.stdout.getvalue() == "ab"  # type: ignore[attr-defined]
    assert tee.stop() == ()


class _Stream(io.StringIO):
    """A stream whose `write` can be replaced, as those of kernels and terminals can."""


def test_paused(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    tee = Tee(shell)
    tee.start()
    with tee.paused():
        print("quiet")
        with tee.paused():
            print("quieter")
        print("quiet")
    print("loud")
    assert tee.stop() == (stream("loud\n"),)
    assert capsys.readouterr().out == "quiet\nquieter\nquiet\nloud\n"


UNREPLAYABLE = [
    ("widget", "display({'application/vnd.jupyter.widget-view+json': {}, 'text/plain': 'w'}, raw=True)", "widget"),
    ("no JSON", "display({'x/y': {1, 2}}, raw=True)", "JSON"),
    ("traceback", "get_ipython().showtraceback((ValueError, ValueError('x'), None))", "traceback"),
]


@pytest.mark.parametrize(("code", "why"), [row[1:] for row in UNREPLAYABLE], ids=[row[0] for row in UNREPLAYABLE])
def test_unreplayable(shell: InteractiveShell, capsys: pytest.CaptureFixture[str], code: str, why: str) -> None:
    tee, _ = record(shell, code)
    assert why in tee.unreplayable
    assert record(shell, "print('a')")[0].unreplayable == ""


def test_much_text(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tee, messages = record(shell, "for number in range(100000): print('x' * 50)")
    assert [len(message.text) for message in messages] == [5_100_000]
    assert tee.unreplayable == ""
    monkeypatch.setattr(outputs, "MOST_CHARACTERS", 1000)
    tee, messages = record(shell, "for number in range(1000): print('x' * 50)\ndisplay(1)")
    assert "printed more" in tee.unreplayable
    assert [message.kind for message in messages] == ["display"]


def test_many_threads(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is lost and no text is torn apart."""
    tee = Tee(shell)
    tee.start()
    threads = [
        threading.Thread(target=lambda n=n: [sys.stdout.write(f"{n}:{i}\n") for i in range(500)]) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (message,) = tee.stop()
    assert sorted(message.text.split()) == sorted(f"{n}:{i}" for n in range(4) for i in range(500))


def test_a_stale_answer_does_not_wait_for_a_later_cell(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """A replay whose cell shows no last value after all (an interrupt) must not change what the next cell shows."""
    shell.user_ns["_messages"] = (Message("result", data={"text/plain": "old"}), stream("after\n"))
    shell.user_ns["_replay"] = replay
    shell.run_cell("_replay(get_ipython(), _messages)\nraise KeyboardInterrupt")
    assert "after" in capsys.readouterr().out
    shell.run_cell("'new'")
    out = capsys.readouterr().out
    assert "'new'" in out
    assert "old" not in out
    assert "after" not in out


def test_several_results(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.ast_node_interactivity = "all"
    _, messages = record(shell, "1\nprint('a')\n2")
    assert [(message.kind, message.data.get("text/plain", message.text)) for message in messages] == [
        ("result", "1"),
        ("stream", "a\n"),
        ("result", "2"),
    ]
    capsys.readouterr()
    shell.ast_node_interactivity = "last_expr"
    shell.user_ns["_messages"], shell.user_ns["_replay"] = messages, replay
    shell.run_cell("_replay(get_ipython(), _messages)\n2", store_history=True)
    lines = [line.partition("]: ")[2] or line for line in capsys.readouterr().out.splitlines() if line]
    assert lines == ["1", "a", "2"]


def test_redirected_stream_is_left_alone(shell: InteractiveShell) -> None:
    """A cell may run with `sys.stdout` replaced for good: the tee takes its wrapper from the stream it was put on."""
    first = _Stream()
    tee = Tee(shell)
    with redirect_stdout(first):
        tee.start()
        print("a")
    messages = tee.stop()
    assert messages == (stream("a\n"),)
    assert "write" not in first.__dict__


# --- in a real kernel -------------------------------------------------------------------------------------------------

SETUP = """
from IPython.display import display, clear_output, HTML
from nbexp.kernel.outputs import Tee
from nbexp.kernel.replay import replay
_shell, _runs = get_ipython(), []
_tee = Tee(_shell)
def _watch(info):
    if info.raw_cell.startswith("#record"):
        _tee.start()
def _end(result):
    if result.info.raw_cell.startswith("#record"):
        _runs.append((_tee.stop(), _tee.unreplayable, result.result))
_shell.events.register("pre_run_cell", _watch)
_shell.events.register("post_run_cell", _end)
"""


class Kernel:
    """A kernel, and what a cell sends to the front end."""

    def __init__(self) -> None:
        from jupyter_client.manager import start_new_kernel

        self.manager, self.client = start_new_kernel(startup_timeout=60)

    def run(self, code: str) -> list[tuple[Any, ...]]:
        """The cell's messages in order, adjacent texts as one, without what differs between two equal runs."""
        found: list[tuple[Any, ...]] = []
        reply = self.client.execute_interactive(code, timeout=60, output_hook=lambda message: _note(found, message))
        found.append(("reply", reply["content"]["status"]))
        return found

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


def _note(found: list[tuple[Any, ...]], message: dict[str, Any]) -> None:
    kind, content = message["msg_type"], message["content"]
    if kind == "stream":
        if found and found[-1][:2] == ("stream", content["name"]):
            content = {**content, "text": found.pop()[2] + content["text"]}
        found.append(("stream", content["name"], content["text"]))
    elif kind in ("display_data", "update_display_data"):
        found.append((kind, content["data"], content["metadata"], content["transient"]))
    elif kind == "execute_result":
        found.append((kind, content["data"], content["metadata"]))
    elif kind in ("clear_output", "error"):
        found.append((kind, content.get("wait"), content.get("ename")))


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    pytest.importorskip("ipykernel")
    one = Kernel()
    assert one.run(SETUP) == [("reply", "ok")]
    yield one
    one.close()


IN_KERNEL: list[tuple[str, str]] = [
    ("streams", "import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')"),
    ("display", "print('a')\ndisplay(HTML('<b>x</b>'))\nprint('b')\ndisplay(1, display_id='one')"),
    ("update", "h = display('x', display_id='two')\nh.update('y')"),
    ("clear", "print('a')\nclear_output(wait=True)\nprint('b')\nclear_output()"),
    ("last value", "import pandas as pd\nprint('a')\npd.DataFrame({'a': [1]})"),
    ("bytes", "from IPython.display import Image\nImage(data=bytes.fromhex('89504e470d0a1a0a'), format='png')"),
    ("thread", "import threading\nt = threading.Thread(target=print, args=('t',))\nt.start()\nt.join()\nprint('u')"),
    ("await", "import asyncio\nprint('a')\nawait asyncio.sleep(0)\nprint('b')\n3"),
    ("figure after the cell", "import matplotlib.pyplot as plt\n%matplotlib inline\nprint('a')\nplt.plot([1, 2]);"),
    ("value, then figure", "import matplotlib.pyplot as plt\n%matplotlib inline\nplt.plot([1, 2])\nprint('a')\n'last'"),
    ("logging", "import logging, sys\nlogging.basicConfig(force=True)\nlogging.warning('w')"),
    ("progress", "import sys\nfor i in range(3):\n    sys.stderr.write(f'\\r{i}')\n    sys.stderr.flush()"),
    ("written by C", "import os\nprint('a', flush=True)\nos.write(1, b'from C\\n');"),
]


@pytest.mark.slow
@pytest.mark.parametrize("code", [row[1] for row in IN_KERNEL], ids=[row[0] for row in IN_KERNEL])
def test_in_a_kernel_a_replay_sends_what_the_run_sent(kernel: Kernel, code: str) -> None:
    ran = kernel.run("#record\n" + code)
    assert ran[-1] == ("reply", "ok"), ran
    last = "\n_runs[-1][2]" if any(message[0] == "execute_result" for message in ran) else ""
    assert kernel.run("replay(_shell, _runs[-1][0])" + last) == ran
    assert kernel.run("print(repr(_runs[-1][1]))")[0] == ("stream", "stdout", "''\n")


@pytest.mark.slow
def test_in_a_kernel_the_pager_cannot_be_replayed(kernel: Kernel) -> None:
    kernel.run("#record\nlen?")
    assert "pager" in kernel.run("print(_runs[-1][1])")[0][2]


@pytest.mark.slow
def test_in_a_kernel_nothing_stays_wrapped(kernel: Kernel) -> None:
    kernel.run("#record\nprint('a')")
    kernel.run("#record\n1 / 0")
    names = "('publish' in _shell.display_pub.__dict__, 'compute_format_data' in _shell.displayhook.__dict__)"
    assert kernel.run(f"print({names})")[0][2] == "(False, False)\n"
    written = kernel.run("import sys\nprint(getattr(sys.stdout.write, '__module__', ''))")
    assert written[0][2].strip() != "nbexp.kernel.outputs"
