"""What every check is given, and what it finds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbexp.errors import BadUse
from nbexp.runs.notebook import code_cells, python_tree
from nbexp.runs.parameters import parameters_cell
from nbexp.runs.stages import split_header
from nbexp.stage.analysis import Analysis, analyse
from nbexp.stage.spec import Spec, parse_spec

#: What can be told for a secret by its form.
TOKENS = {
    "an AWS key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{30,}\b"),
    "an API key": re.compile(r"\bsk-(?=[\w-]*\d)[A-Za-z0-9_-]{20,}\b"),
    "a GitHub token": re.compile(r"\b(?:ghp|gho|ghs|github_pat)_[A-Za-z0-9_]{30,}\b"),
    "a Slack token": re.compile(r"\bxox[abps]-[A-Za-z0-9-]{10,}"),
    "a private key": re.compile(r"-----BEGIN (?:\w+ )*PRIVATE KEY-----"),
    "a password in an address": re.compile(r"(?<=://)[^/\s:@'\"{}<>]+:[^/\s:@'\"{}<>]+(?=@)"),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that was found.

    Attributes:
        kind: ``path install randomness parameter undefined secret``.
        cell: The cell's number among the code cells, from 1. line: The line in it, from 1.
        text: What was found. advice: What to do.
    """

    kind: str
    cell: int
    line: int
    text: str
    advice: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One code cell, read.

    Attributes:
        number: Its place among the code cells, from 1. source: Its text without the header of a stage.
        first_line: The line of the cell on which `source` begins. spec: The header, None if it is no stage.
        tree, analysis: What its source says. outputs: All text that its saved outputs hold.
        is_parameters: Whether it is the parameters cell. sound: Whether it could be parsed; else it is read as empty.
    """

    number: int
    source: str
    first_line: int
    spec: Spec | None
    tree: ast.Module
    analysis: Analysis
    outputs: str
    is_parameters: bool
    sound: bool

    def line(self, node: ast.AST) -> int:
        """The line of the cell on which a node of its tree begins."""
        return self.first_line - 1 + int(getattr(node, "lineno", 1))


def read(notebook: Any) -> Iterator[Reading]:
    """The code cells of a notebook."""
    place = parameters_cell(notebook)
    for number, (index, cell) in enumerate(code_cells(notebook), start=1):
        header, body = split_header(cell.source)
        spec, tree, sound = None, ast.Module([], []), True
        try:
            spec = parse_spec(header) if header is not None else None
            tree = python_tree(body)
        except (SyntaxError, BadUse):
            sound = False
        first = 1 if header is None else 2
        said = analyse(tree, body if sound else "")
        yield Reading(number, body, first, spec, tree, said, _outputs(cell), index == place, sound)


def _outputs(cell: Any) -> str:
    """All text that the cell's saved outputs hold."""
    pieces: list[str] = []
    for output in cell.get("outputs", ()):
        pieces.append(str(output.get("text", "")))
        pieces += [str(text) for kind, text in output.get("data", {}).items() if kind.startswith("text/")]
        pieces += map(str, output.get("traceback", ()))
    return "\n".join(pieces)


def cut(text: str) -> str:
    """A text as it can be quoted: short, and without the secrets that may stand in it."""
    for pattern in TOKENS.values():
        text = pattern.sub(lambda found: hidden(found[0]), text)
    return text if len(text) <= 60 else text[:59] + "…"


def hidden(secret: str) -> str:
    """A secret as it may be shown."""
    return f"{secret[:4]}…"
