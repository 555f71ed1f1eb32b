"""What a kernel sends for one cell, whole: for tests that hold a hit to the messages of the run."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from nbexp.records import STAGE_MIME
from tests.behaviour.in_kernel import Kernel
from tests.behaviour.model import Cell

#: What no two runs have in common, and no front end compares.
_VARIES = re.compile(r"\x1b\[[0-9;]*m|Cell In\[\d+\]|In\[\d+\]|0x[0-9a-f]+")


@dataclass(frozen=True)
class Sent:
    """What a kernel sent for one cell.

    Attributes:
        messages: All but the input's echo, the kernel's state and the stage's line, as (type, content); adjacent texts
            of one stream are one, and prompts and addresses are left out.
        line: The stage's line as JSON, or None. bundle: the whole display that holds it.
        reply: The reply's content. count: the execution count that the input's echo shows.
        raw: Everything as it came.
    """

    messages: tuple[tuple[str, str], ...]
    line: dict[str, Any] | None
    bundle: dict[str, Any]
    reply: dict[str, Any]
    count: int | None
    raw: tuple[tuple[str, dict[str, Any]], ...]

    @property
    def status(self) -> str | None:
        """What became of the stage."""
        return self.line["status"] if self.line else None

    @property
    def reasons(self) -> str:
        """Why it ran or was not stored."""
        return "; ".join(reason["text"] for reason in self.line["reasons"]) if self.line else ""

    @property
    def text(self) -> str:
        """What was written to both streams."""
        return "".join(content["text"] for kind, content in self.raw if kind == "stream")

    @property
    def traceback(self) -> str:
        """The error's traceback without colours."""
        lines = [line for kind, content in self.raw if kind == "error" for line in content["traceback"]]
        return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(lines))

    def count_of(self, kind: str) -> int:
        """How many messages of one type came, but for the stage's line."""
        return sum(found == kind for found, _ in self.messages)


def run(kernel: Kernel, source: str, *, interrupt: str | None = None, silent: bool = False) -> Sent:
    """One cell, from start to end."""
    return sent(*kernel.collect(kernel.send(Cell(source), silent), interrupt))


def sent(published: list[tuple[str, dict[str, Any]]], reply: dict[str, Any]) -> Sent:
    """What came, sorted."""
    messages: list[tuple[str, str]] = []
    line, bundle, count = None, {}, None
    for kind, content in published:
        if kind == "execute_input":
            count = content["execution_count"]
        elif kind == "stream":
            _add_text(messages, f"stream {content['name']}", content["text"])
        elif STAGE_MIME in content.get("data", {}):
            assert line is None, "a stage has one line"
            line, bundle = content["data"][STAGE_MIME], content
        elif kind != "status":
            plain = {name: value for name, value in content.items() if name != "execution_count"}
            messages.append((kind, _VARIES.sub("", json.dumps(plain, sort_keys=True))))
    return Sent(tuple(messages), line, bundle, reply, count, tuple(published))


def _add_text(messages: list[tuple[str, str]], kind: str, text: str) -> None:
    if messages and messages[-1][0] == kind:
        text = messages.pop()[1] + text
    messages.append((kind, text))


def settle(kernel: Kernel) -> None:
    """Wait until what a kernel has stored can be seen by others."""
    kernel.value("__import__('nbexp.kernel.active', fromlist=['_']).finish_storing()")
