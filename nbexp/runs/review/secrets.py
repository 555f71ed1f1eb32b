"""Secrets that stand in the file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from nbexp.runs.review.base import TOKENS, Reading, Remark, hidden
from nbexp.stage.assumptions import chain_of

_SECRET_NAME = re.compile(r"(?:^|_)(?:password|passwd|pwd|secret|token|api_?key|access_?key)$", re.IGNORECASE)

_PLACEHOLDER = re.compile(r"<.*>|x{3,}|\*{3,}|your\b.*|changeme|none|example.*|test|dummy|todo|\.{3,}", re.IGNORECASE)

_SECRET_ADVICE = "Take it out and have it changed; read it from an environment variable or with getpass."


def secrets(cells: Sequence[Reading]) -> Iterator[Remark]:
    """Tokens and passwords in sources and saved outputs; what is said of them shows no more than their beginning."""
    for cell in cells:
        for number, line in enumerate(cell.source.splitlines()):
            for what, secret in _tokens(line):
                text = f"{what} stands in the source: {hidden(secret)}"
                yield Remark("secret", cell.number, cell.first_line + number, text, _SECRET_ADVICE)
        for what, secret in _tokens(cell.outputs):
            text = f"{what} stands in the saved output: {hidden(secret)}"
            yield Remark("secret", cell.number, 1, text, "Clear the output, and have it changed.")
        for name, value in _named(cell.tree):
            if _SECRET_NAME.search(name) and _is_secret(value):
                text = f"`{name}` is given a secret as text"
                yield Remark("secret", cell.number, cell.line(value), text, _SECRET_ADVICE)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for what, pattern in TOKENS.items():
        if found := pattern.search(text):
            yield what, found[0]


def _named(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Each value that is given a name: by assignment, as an argument, in a dict."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from ((name, node.value) for target in node.targets if (name := _name_of(target)))
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield _name_of(node.target), node.value
        elif isinstance(node, ast.keyword):
            yield node.arg or "", node.value
        elif isinstance(node, ast.Dict):
            yield from ((_text(key), value) for key, value in zip(node.keys, node.values, strict=True))


def _name_of(target: ast.expr) -> str:
    if isinstance(target, ast.Subscript):
        return _text(target.slice)
    return (chain_of(target) or ("",))[-1]


def _text(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_secret(value: ast.AST) -> bool:
    text = _text(value)
    known = any(pattern.search(text) for pattern in TOKENS.values())  # told by its form already
    return len(text) >= 6 and not known and not _PLACEHOLDER.fullmatch(text)
