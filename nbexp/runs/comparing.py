"""Are the outputs saved in a notebook those that it gives when it is run from top to bottom?

Compared is what a reader sees: printed text, displays, last values, errors. Not compared is what differs between any
two runs or machines: standard error, addresses of objects, random ids in HTML, times that ``%time`` shows, how an image
file is packed, and the lines of stages. Cells that nbval is told to leave alone are left alone here, too.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from nbexp.records import METRIC_MIME, STAGE_MIME
from nbexp.runs.ledger import Run, numbered
from nbexp.runs.notebook import code_cells
from nbexp.runs.tidy import tidy

#: What a cell says, in a tag or a comment, so that its outputs are not compared: nbval's words.
_IGNORE = ("nbval-ignore-output", "nbval-skip", "NBVAL_IGNORE_OUTPUT", "NBVAL_SKIP")

#: The lines that ``%time``, ``%timeit`` and their kin print.
_TIMES = re.compile(
    r"^(?:CPU times: .*|Wall time: .*|Compiler ?: .*|Parser +: .*|.* per loop \(mean .*|.*best of \d+: .* per loop.*"
    r"|peak memory: .*)\n?",
    re.MULTILINE,
)

#: What no two runs have in common: the address in ``<f at 0x7f12ab34cd>``.
_ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]{6,}")

#: The same in HTML: ids that plotly, pandas' styles, scikit-learn and the like draw.
_DRAWN_IDS = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<=T_)[0-9a-f]{5}\b"
    r"|(?<=sk-container-id-)\d+|(?<=sk-estimator-id-)\d+"
    r"|(?<=id=[\"'])[A-Za-z-]*(?:\d{6,}|[0-9a-f]{32})(?=[\"'])"
)

#: An output as it is compared: ``text``, ``error`` or ``display``, and its content.
Output = tuple[str, Any]

_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell whose saved outputs are not those of the run.

    Attributes:
        cell: Its number among the code cells, from 1. index: its position among all cells, from 0. id: its id.
        kind: ``differs``, ``missing`` (the file has no output where the run has), ``failed``, ``not reached`` (an
            earlier cell failed).
        saved, now: The first output that differs, as text: in the file, in the run.
    """

    cell: int
    index: int
    id: str
    kind: str
    saved: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison found: the cells compared and left alone, by number, and the differences."""

    compared: int
    ignored: tuple[int, ...]
    differences: tuple[Difference, ...]


def compare(saved: Any, executed: Any, run: Run) -> Verdict:
    """Hold the outputs of `saved`, a notebook as read, against `executed`, the same as `run` left it."""
    before, after = tidy(saved), tidy(executed)
    places, ignored, differences, compared = numbered(run.cells), [], [], 0
    for cell in run.cells:
        old, new = before.cells[cell.index], after.cells[cell.index]
        if _is_ignored(old):
            ignored.append(places[cell.index])
            continue
        compared += 1
        found = _compare_cell(old, new, cell.status, cell.error)
        if found is not None:
            kind, was, now = found
            differences.append(Difference(places[cell.index], cell.index, cell.id, kind, was, now))
    return Verdict(compared, tuple(ignored), tuple(differences))


def _compare_cell(old: Any, new: Any, status: str, error: str) -> tuple[str, str, str] | None:
    """What kind of difference a cell shows, and the outputs that differ as text."""
    if status == "not run":
        return "not reached", _text(old.outputs), ""
    was, now = list(_seen(old)), list(_seen(new))
    if was == now:
        return None
    if status in ("failed", "died"):
        return "failed", _text(old.outputs), error
    old_one, new_one = next(pair for pair in zip_longest(was, now) if pair[0] != pair[1])
    return "differs" if was else "missing", *_shown_pair(old_one, new_one)


def _is_ignored(cell: Any) -> bool:
    first = cell.source.lstrip().partition("\n")[0]
    comments = [line for line in cell.source.splitlines() if line.lstrip().startswith("#")]
    tags = cell.metadata.get("tags", ())
    if first.startswith("%nbexp"):  # it tells of the session, and no two are the same
        return True
    return any(word in tags or any(word in line for line in comments) for word in _IGNORE)


def _seen(cell: Any) -> Iterator[Output]:
    """Each output of a cell as it is compared: its kind and its content."""
    for output in cell.outputs:
        if output.output_type == "stream":
            text = _TIMES.sub("", output.text) if output.name == "stdout" else ""
            if text:
                yield "text", _plain(text)
        elif output.output_type == "error":
            yield "error", (output.ename, _plain(output.evalue))
        elif STAGE_MIME not in output.data and METRIC_MIME not in output.data:
            yield "display", {kind: _content(kind, data) for kind, data in sorted(output.data.items())}


def _content(kind: str, data: Any) -> Any:
    if kind == "image/png":
        return _pixels(data)
    text = data if isinstance(data, str) else json.dumps(data, sort_keys=True)
    return _plain(text if kind == "text/plain" else _DRAWN_IDS.sub("…", text))


def _plain(text: str) -> str:
    """A text without what no two runs have in common; of a line that was written over and over, the last state."""
    lines = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.rstrip("\r\n").split("\n")]
    return _ADDRESS.sub("…", "\n".join(lines)).strip("\n")


def _pixels(data: str) -> Any:
    """What a PNG shows: its header and its image data unpacked, for writers pack them differently (PNG, 5 and 10)."""
    try:
        content = base64.b64decode(data)
    except ValueError:
        return data
    if not content.startswith(_PNG):
        return content
    chunks: dict[bytes, bytes] = {}
    at = len(_PNG)
    while at + 8 <= len(content):
        size, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        chunks[kind] = chunks.get(kind, b"") + content[at + 8 : at + 8 + size]
        at += size + 12
    try:
        return chunks.get(b"IHDR"), chunks.get(b"PLTE"), zlib.decompress(chunks.get(b"IDAT", b""))
    except zlib.error:
        return content


def _shown_pair(old: Output | None, new: Output | None) -> tuple[str, str]:
    """Two outputs that differ, for people."""
    was, now = (_shown(each) if each is not None else "" for each in (old, new))
    if was == now and old is not None and new is not None and old[0] == new[0] == "display":
        kinds = [kind for kind in {**old[1], **new[1]} if old[1].get(kind) != new[1].get(kind)]
        now = f"another {', '.join(kinds)}"
    return was, now


def _shown(output: Output) -> str:
    kind, content = output
    if kind == "text":
        return str(content)
    if kind == "error":
        return ": ".join(content)
    image = next((kind for kind in content if kind.startswith("image/")), "")
    return f"an image ({image})" if image else content.get("text/plain") or f"a display ({', '.join(content)})"


def _text(outputs: Any) -> str:
    """The first output of a cell, for people."""
    for output in outputs:
        if output.output_type == "stream" and output.name == "stdout":
            return _plain(output.text)
        if output.output_type == "error":
            return f"{output.ename}: {output.evalue}"
        if "data" in output and STAGE_MIME not in output.data:
            return str(output.data.get("text/plain", ""))
    return ""


def was_run(notebook: Any) -> bool:
    """Whether the file shows that any of its cells was ever run."""
    return any(cell.get("outputs") or cell.get("execution_count") for _, cell in code_cells(notebook))


def out_of_order(notebook: Any) -> tuple[int, int] | None:
    """The first cell that the saved execution counts say ran before one above it: both their numbers, or None."""
    highest, where = 0, 0
    for number, (_, cell) in enumerate(code_cells(notebook), start=1):
        count = cell.get("execution_count") or 0
        if count and count < highest:
            return where, number
        if count > highest:
            highest, where = count, number
    return None
