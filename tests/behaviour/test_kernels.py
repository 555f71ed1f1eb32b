"""What only a real kernel can show: messages, tracebacks, await, interrupts, nested magics, subshells.

`SHOWN` is data: each cell runs in one kernel and is restored in another, which must send the same messages. Everything
else is a test of its own; they share two kernels.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from tests.behaviour.conftest import Kernels
from tests.behaviour.in_kernel import PATIENCE, Kernel
from tests.behaviour.messages import Sent, run, sent, settle
from tests.behaviour.model import FAILED, RAN, RESTORED, UNSTORED, Cell
from tests.behaviour.shown import SHOWN, Shown

pytestmark = pytest.mark.slow


def healthy(kernel: Kernel, name: str) -> None:
    """Stages still run, are stored, restored, and told once: nothing came off, nothing is there twice."""
    source = f"%%stage healthy-{name}\nhealthy = {name!r}\nprint(healthy)\nhealthy"
    ran, hit = run(kernel, source), run(kernel, source)
    assert (ran.status, hit.status) == (RAN, RESTORED), (ran.reasons, hit.reasons, ran.text)
    assert ran.messages == hit.messages
    hooks = "[type(one).__name__ for one in get_ipython().ast_transformers].count('Hook')"
    assert kernel.value(hooks) == "1"
    written = "getattr(__import__('sys').stdout.write, '__module__', '')"
    assert kernel.value(written) != "'nbexp.kernel.outputs'"


# --- a hit sends what the run sent ------------------------------------------------------------------------------------

#: A display's random id is new in each run.
_RANDOM_ID = re.compile(r'"display_id": "[0-9a-f]{32}"')


def comparable(found: Sent) -> list[tuple[str, str]]:
    return [(kind, _RANDOM_ID.sub("", text)) for kind, text in found.messages]


@pytest.mark.parametrize("shown", SHOWN, ids=[shown.name for shown in SHOWN])
def test_a_hit_sends_what_the_run_sent(one: Kernel, two: Kernel, shown: Shown) -> None:
    source = f"%%stage shown-{SHOWN.index(shown)}\n{shown.source}"
    ran = run(one, source)
    assert (ran.status, ran.reply["status"]) == (RAN, "ok"), (ran.reasons, ran.text, ran.traceback)
    settle(one)
    if shown.results is not None:
        assert ran.count_of("execute_result") == shown.results
    if shown.displays is not None:
        assert ran.count_of("display_data") == shown.displays
    for expression, value in shown.checks:
        assert one.value(expression) == repr(value), expression
    hit = run(two, source)
    assert (hit.status, hit.reply["status"]) == (RESTORED, "ok"), (hit.reasons, hit.text, hit.traceback)
    assert comparable(hit) == comparable(ran)
    for expression, value in shown.checks:
        assert two.value(expression) == repr(value), expression


def test_two_hits_send_the_same_bytes(two: Kernel, one: Kernel) -> None:
    source = "%%stage twice\nh = display('x', display_id=True)\nh.update('y')\nprint(object())\nobject()"
    assert run(one, source).status == RAN
    settle(one)
    first, second = run(two, source), run(two, source)
    assert (first.status, second.status) == (RESTORED, RESTORED)
    kept = [[item for item in hit.raw if item[0] not in ("status", "execute_input")] for hit in (first, second)]
    for messages in kept:
        for _, content in messages:
            content.pop("execution_count", None)
    assert kept[0] == kept[1]


def test_every_result_is_restored_with_all_interactivity(one: Kernel, two: Kernel) -> None:
    for kernel in (one, two):
        run(kernel, "get_ipython().ast_node_interactivity = 'all'")
    source = "%%stage all-shown\n1\nprint('a')\n2"
    ran = run(one, source)
    settle(one)
    hit = run(two, source)
    for kernel in (one, two):
        run(kernel, "get_ipython().ast_node_interactivity = 'last_expr'")
    assert (ran.status, hit.status) == (RAN, RESTORED)
    assert [kind for kind, _ in ran.messages] == ["execute_result", "stream stdout", "execute_result"]
    assert ran.messages == hit.messages


# --- replies, counts, history -----------------------------------------------------------------------------------------


def test_execution_counts_of_run_hit_and_error_go_up_by_one(one: Kernel) -> None:
    start = int(one.value("get_ipython().execution_count"))
    cells = ["%%stage count\nc = 1\nc", "%%stage count\nc = 1\nc", "%%stage fails\n1 / 0", "%%stage count\nc = 1\nc"]
    for number, source in enumerate(cells):
        found = run(one, source)
        assert found.count == found.reply["execution_count"] == start + number
        for kind, content in found.raw:
            if kind == "execute_result":
                assert content["execution_count"] == start + number


def test_history_after_a_run_and_after_a_hit(one: Kernel, two: Kernel) -> None:
    source = "%%stage history\nh1 = 'value'\nh1"
    looks = "[_i, _, Out[max(Out)], In[-1], _i == In[-1]]"
    found = []
    for kernel, status in ((one, RAN), (two, RESTORED)):
        run(kernel, "'before'")
        done = run(kernel, source)
        assert done.status == status
        number = done.count
        found.append([kernel.value(looks), kernel.value("__"), kernel.value(f"_{number}"), kernel.value(f"_i{number}")])
        settle(kernel)
    assert found[0] == found[1]
    assert found[0][1:] == ["'before'", "'value'", repr(source)]


def test_reply_holds_user_expressions_after_a_hit(one: Kernel) -> None:
    source = "%%stage expressions\nue = 6 * 7"
    replies = []
    for status in (RAN, RESTORED):
        message = one.client.execute(source, user_expressions={"u": "ue"}, allow_stdin=False)
        found = sent(*one.collect(message))
        assert found.status == status
        replies.append(found.reply["user_expressions"]["u"]["data"])
    assert replies[0] == replies[1] == {"text/plain": "42"}


def test_silent_and_unrecorded_executions(one: Kernel) -> None:
    silent = run(one, "%%stage silent\nq1 = 1\nprint('quiet')\nq1", silent=True)
    assert silent.reply["status"] == "ok"
    assert one.value("q1") == "1"
    before = one.value("len(In)")
    source = "%%stage unrecorded\nq2 = 2\nprint('said')\nq2"
    for status in (RAN, RESTORED):
        message = one.client.execute(source, store_history=False, allow_stdin=False)
        found = sent(*one.collect(message))
        assert (found.status, found.text, found.count_of("execute_result")) == (status, "said\n", 1)
    assert one.value("len(In)") == before
    healthy(one, "silent")


# --- the line ---------------------------------------------------------------------------------------------------------

FIELDS = {"stage", "status", "reasons", "key", "stale", "inputs", "outputs", "ran_at", "seconds"}


@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        ("l2 = l1 + 1\nl2", [RAN, RESTORED]),
        ("l3 = (i for i in [l1])", [UNSTORED, UNSTORED]),
        ("l4 = l1 / 0", [FAILED, FAILED]),
    ],
)
def test_the_line_is_as_designed(one: Kernel, body: str, statuses: list[str]) -> None:
    run(one, "l1 = 1")
    for status in statuses:
        found = run(one, f"%%stage line\n{body}")
        line = found.line
        assert line is not None
        assert set(line) == FIELDS
        assert (line["stage"], line["status"], line["inputs"]) == ("line", status, ["l1"])
        assert re.fullmatch("[0-9a-f]{64}", line["key"])
        assert isinstance(line["seconds"], float)
        assert line["stale"] == []
        assert all(set(reason) == {"kind", "name", "text"} for reason in line["reasons"])
        assert bool(line["reasons"]) == (status != RESTORED)
        assert set(found.bundle["data"]) == {"application/vnd.nbexp.stage+json", "text/html", "text/plain"}
        if status == RESTORED:
            assert found.bundle["data"]["text/plain"] == "line: restored"
            assert re.search(r"line: restored \(ran [\d-]{10} \d\d:\d\d, 0\.\d s\)<", found.bundle["data"]["text/html"])
            assert datetime.fromisoformat(line["ran_at"]).utcoffset() is not None
            assert line["outputs"] == ["l2"]
        assert [kind for kind, _ in found.raw].count("display_data") == 1


# --- errors -----------------------------------------------------------------------------------------------------------

ERRORS = [
    ("at the top", "e1 = 1\n\n1 / 0", "ZeroDivisionError", "line 4"),
    ("in a function of the cell", "def fail():\n    raise KeyError('k')\n\nfail()", "KeyError", "line 3"),
    ("after await", "await asyncio.sleep(0)\nraise ValueError('v')", "ValueError", "line 3"),
    ("below a nested magic", "%time e2 = 1\n1 / 0", "ZeroDivisionError", "line 3"),
    ("chained", "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise RuntimeError('r') from e", "RuntimeError",
     "line 5"),
    ("syntax", "e3 = 1\ne4 = = 2", "SyntaxError", "line 3"),
    ("in the last value", "class E5:\n    def boom(self): return 1 / 0\nE5().boom()", "ZeroDivisionError", "line 3"),
    ("a name that is missing", "\n\nnever_defined", "NameError", "line 4"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "error", "line"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
def test_errors_are_as_in_a_plain_cell(one: Kernel, kernels: Kernels, body: str, error: str, line: str) -> None:
    settle(one)
    before = kernels.records()
    plain = run(one, f"# a comment\n{body}")
    stage = run(one, f"%%stage error\n{body}")
    assert stage.reply["status"] == "error"
    assert stage.reply["ename"] == error == plain.reply["ename"]
    assert stage.count_of("error") == 1
    assert line in stage.traceback
    assert _without_first_line(stage.traceback) == _without_first_line(plain.traceback)
    assert stage.status in (FAILED, None)
    settle(one)
    assert kernels.records() == before
    assert run(one, f"%%stage error\nfixed = {body!r}").status == RAN


def _without_first_line(traceback: str) -> list[str]:
    """The traceback without prompts, temporary names, and the line that tells the two cells apart."""
    text = re.sub(r"In ?\[\d+\]|ipykernel_\d+/\d+\.py|<ipython-input-\d+-\w+>", "", traceback)
    return [line.rstrip() for line in text.splitlines() if "# a comment" not in line and "%%stage" not in line]


def test_a_bad_header_is_one_short_error_and_the_cell_does_not_run(one: Kernel) -> None:
    found = run(one, "%%stage x --bogus\nbogus_ran = 1")
    assert (found.reply["status"], found.reply["ename"], found.count_of("error")) == ("error", "UsageError", 0)
    assert found.text.count("--bogus") == 1  # IPython shows an error of use as text, without a stack
    assert one.value("'bogus_ran' in dir()") == "False"
    healthy(one, "bogus")


def test_system_exit_is_no_result(one: Kernel, kernels: Kernels) -> None:
    settle(one)
    before = kernels.records()
    found = run(one, "%%stage exits\nx1 = 1\nraise SystemExit(3)")
    assert found.status == FAILED
    settle(one)
    assert kernels.records() == before
    healthy(one, "exits")


def test_a_last_value_that_cannot_be_shown(one: Kernel) -> None:
    source = "%%stage unshown\nclass Bad:\n    def __repr__(self): return 1 / 0\nb1 = 2\nBad()"
    found = run(one, source)
    assert found.status == UNSTORED
    assert "traceback" in found.reasons
    assert one.value("b1") == "2"
    healthy(one, "unshown")


# --- restored code ----------------------------------------------------------------------------------------------------

CODE = """\
import inspect
def divide(a):
    return a / 0
class Holder:
    def method(self):
        raise KeyError("m")
later = lambda: [] + 1
async def waits():
    raise OSError("w")
"""
MOVED = "# a note\n\n" + CODE.replace("    return a / 0", "    # why\n\n    return a / 0  # here")


def test_restored_code_has_the_lines_of_the_cell_as_it_is_now(one: Kernel, two: Kernel) -> None:
    assert run(one, f"%%stage code\n{CODE}").status == RAN
    settle(one)
    header = f"%%stage code\n{MOVED}"
    assert run(two, header).status == RESTORED
    lines = header.splitlines()
    for call, text in (
        ("divide(1)", "return a / 0  # here"),
        ("Holder().method()", 'raise KeyError("m")'),
        ("later()", "later = lambda: [] + 1"),
        ("await waits()", 'raise OSError("w")'),
    ):
        shown = run(two, call).traceback
        number = next(at for at, line in enumerate(lines, 1) if text in line)
        assert re.search(rf"-> +{number} +{re.escape(text.strip())}", shown), (call, number, shown)


def test_source_of_restored_code_is_that_of_the_cell_as_it_is_now(two: Kernel) -> None:
    assert two.value("inspect.getsource(divide)") == repr("def divide(a):\n    # why\n\n    return a / 0  # here\n")
    assert "raise KeyError" in two.value("inspect.getsource(Holder.method)")
    shown = run(two, "divide??")
    assert "# here" in shown.reply["payload"][0]["data"]["text/plain"]


# --- interrupts -------------------------------------------------------------------------------------------------------

#: A value whose pickling and loading can be made to wait, each time once, after it has said so.
SLOWLY = """\
import sys, time

def wait(where):
    waits = getattr(sys, "waits", [])
    if where in waits:
        waits.remove(where)
        stream = vars(sys.stdout).get("_stream", sys.stdout)  # what loading prints is dropped
        print(where, file=stream, flush=True)
        time.sleep(100)

class Slowly:
    def __init__(self, number):
        self.number = number
    def __getstate__(self):
        wait("state")
        return dict(self.__dict__)
    def __setstate__(self, state):
        wait("load")
        self.__dict__.update(state)
"""


@pytest.fixture(scope="module")
def slowly(kernels: Kernels, one: Kernel) -> None:
    (kernels.root / "slowly.py").write_text(SLOWLY)
    assert run(one, "from slowly import Slowly\nslow_input = Slowly(1)").reply["status"] == "ok"


@pytest.mark.parametrize("wait", ["while True: time.sleep(0.01)", "while True: await asyncio.sleep(0.01)"])
def test_interrupt_of_the_run(one: Kernel, kernels: Kernels, wait: str) -> None:
    settle(one)
    before = kernels.records()
    found = run(one, f"%%stage interrupted\ni1 = 1\nprint('go', flush=True)\n{wait}\ni2 = 2", interrupt="go")
    assert (found.reply["ename"], found.status, found.count_of("error")) in (
        ("KeyboardInterrupt", FAILED, 1),
        ("CancelledError", FAILED, 1),  # what ipykernel makes of an interrupted await, with and without a header
    )
    assert one.value("(i1, 'i2' in dir())") == "(1, False)"
    settle(one)
    assert kernels.records() == before
    healthy(one, f"interrupted-{'await' in wait}")


def test_interrupt_of_the_lookup(one: Kernel, kernels: Kernels, slowly: None) -> None:
    settle(one)
    before = kernels.records()
    run(one, "vars(sys).update(waits=['state'])")
    found = run(one, "%%stage looked-up\nl9 = slow_input.number", interrupt="state")
    assert (found.reply["status"], found.reply.get("ename")) == ("error", "KeyboardInterrupt")
    assert found.count_of("error") == 1
    assert one.value("(sys.waits, 'l9' in dir())") == "([], False)"
    settle(one)
    assert kernels.records() == before
    assert [run(one, "%%stage looked-up\nl9 = slow_input.number").status for _ in "12"] == [RAN, RESTORED]
    healthy(one, "looked-up")


def test_interrupt_while_storing_and_while_restoring(one: Kernel, kernels: Kernels, slowly: None) -> None:
    source = "%%stage stored-slowly\nprint('ran')\nss1 = Slowly(2)\nss2 = 5"
    settle(one)
    before = kernels.records()
    run(one, "vars(sys).update(waits=['state'])")
    found = run(one, source, interrupt="state")
    assert (found.reply["status"], found.status) == ("ok", UNSTORED), found.raw
    assert "interrupted" in found.reasons
    assert one.value("(ss1.number, ss2)") == "(2, 5)"
    settle(one)
    assert kernels.records() == before
    assert run(one, source).status == RAN
    run(one, "del ss1\nss2 = 'mine'\nvars(sys).update(waits=['load'])")
    stopped = run(one, source, interrupt="load")
    assert (stopped.reply["status"], stopped.reply.get("ename")) == ("error", "KeyboardInterrupt")
    assert one.value("('ss1' in dir(), ss2)") == "(False, 'mine')"
    assert run(one, source).status == RESTORED
    assert one.value("(ss1.number, ss2)") == "(2, 5)"
    healthy(one, "restoring")


# --- help, completion, magics -----------------------------------------------------------------------------------------


def test_help_of_the_header(one: Kernel) -> None:
    shown = run(one, "%%stage?").reply["payload"][0]["data"]["text/plain"]
    assert "--seed N" in shown
    assert "Example" in shown


def _ask(kernel: Kernel, request: str, *arguments: Any) -> dict[str, Any]:
    message = getattr(kernel.client, request)(*arguments)
    while True:
        reply = kernel.client.get_shell_msg(timeout=PATIENCE)
        if reply["parent_header"].get("msg_id") == message:
            content: dict[str, Any] = reply["content"]
            return content


def test_completion(one: Kernel) -> None:
    run(one, "completed_name = 1\n%config IPCompleter.use_jedi = False")
    assert "%%stage" in _ask(one, "complete", "%%sta", 5)["matches"]
    assert "%nbexp" in _ask(one, "complete", "%nbe", 4)["matches"]
    body = "%%stage c\nx = completed_na"
    assert "completed_name" in _ask(one, "complete", body, len(body))["matches"]


@pytest.mark.parametrize(
    ("source", "status"),
    [("%%stage a", "incomplete"), ("%%stage a\nx = 1", "incomplete"), ("%%stage a\nx = 1\n\n", "complete")],
)
def test_is_complete_as_for_any_cell_magic(one: Kernel, source: str, status: str) -> None:
    assert _ask(one, "is_complete", source)["status"] == status
    assert _ask(one, "is_complete", source.replace("%%stage a", "%%time"))["status"] == status


def test_a_shell_command_is_not_stored_and_its_output_is_shown(one: Kernel) -> None:
    found = run(one, "%%stage shell\n!echo from the shell\ns1 = 1")
    assert found.status == UNSTORED
    assert "started a process" in found.reasons
    assert "from the shell" in found.text
    assert run(one, "%%stage shell-2\ns2 = !echo caught").status == UNSTORED
    assert one.value("list(s2)") == "['caught']"


def test_a_widget_is_not_stored(one: Kernel) -> None:
    pytest.importorskip("ipywidgets")
    found = run(one, "%%stage widget\nimport ipywidgets\nw1 = ipywidgets.IntSlider()\nw1")
    assert found.status == UNSTORED
    assert found.count_of("execute_result") + found.count_of("display_data") == 1
    healthy(one, "widget")


def test_a_thread_or_task_that_outlives_the_cell_is_not_stored(one: Kernel) -> None:
    source = "event = threading.Event()\nthreading.Thread(target=lambda: event.wait(50)).start()"
    assert run(one, f"%%stage thread\n{source}").status == UNSTORED
    run(one, "event.set()")
    source = "async def sleeper(): await asyncio.sleep(50)\ntask = asyncio.create_task(sleeper())"
    assert run(one, f"%%stage task\n{source}").status == UNSTORED
    run(one, "task.cancel(); del task, event")
    healthy(one, "thread")


def test_a_header_below_the_first_line_says_so(one: Kernel) -> None:
    found = run(one, "m1 = 1\n%%stage late\nm2 = 2")
    assert found.reply["status"] == "error"
    nested = run(one, "get_ipython().run_cell('%%stage inner\\nn1 = 3')\nn1")
    assert nested.reply["status"] == "ok"
    assert nested.status == RAN


# --- cells at the same time -------------------------------------------------------------------------------------------


def _subshell(kernel: Kernel) -> str | None:
    message = kernel.client.session.msg("create_subshell_request", {})
    kernel.client.control_channel.send(message)
    while True:
        reply = kernel.client.get_control_msg(timeout=PATIENCE)
        if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            found: str | None = reply["content"].get("subshell_id")
            return found


def _send_to(kernel: Kernel, subshell: str, source: str) -> str:
    message = kernel.client.session.msg(
        "execute_request",
        {
            "code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
            "stop_on_error": False,
        },
    )  # fmt: skip
    message["header"]["subshell_id"] = subshell
    kernel.client.shell_channel.send(message)
    return str(message["header"]["msg_id"])


def test_cells_at_the_same_time_are_not_stored(one: Kernel) -> None:
    supported = _ask(one, "kernel_info").get("supported_features", [])
    if "kernel subshells" not in supported:
        pytest.skip("this ipykernel has no subshells")
    subshell = _subshell(one)
    assert subshell is not None
    run(one, "free, begun = threading.Event(), threading.Event()")
    source = "%%stage waits\nbegun.set()\nassert free.wait(60)\nw3 = 3"
    waiting = one.send(Cell(source))
    other = _send_to(one, subshell, "%%stage beside\nassert begun.wait(60)\nw4 = 4\nfree.set()")
    published: dict[str, list[Any]] = {waiting: [], other: []}
    idle = set()
    while len(idle) < 2:
        message = one.client.get_iopub_msg(timeout=PATIENCE)
        parent = message["parent_header"].get("msg_id")
        if parent in published:
            published[parent].append((message["msg_type"], message["content"]))
            if message["content"].get("execution_state") == "idle":
                idle.add(parent)
    replies = [one.client.get_shell_msg(timeout=PATIENCE)["content"] for _ in "12"]
    assert [reply["status"] for reply in replies] == ["ok", "ok"], replies
    for parent in (waiting, other):
        found = sent(published[parent], {})
        assert found.status == UNSTORED, found.raw
        assert "same time" in found.reasons
    alone = sent(*one.collect(_send_to(one, subshell, "%%stage in-subshell\nw5 = 5\nprint(w5)\nw5")))
    again = sent(*one.collect(_send_to(one, subshell, "%%stage in-subshell\nw5 = 5\nprint(w5)\nw5")))
    assert (alone.status, again.status) == (RAN, RESTORED), (alone.reasons, again.reasons)
    assert alone.messages == again.messages
    healthy(one, "subshell")
