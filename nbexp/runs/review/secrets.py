"""Secrets that stand in the file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from nbexp.runs.review.base import Reading, Remark
from nbexp.stage.assumptions import chain_of

_TOKENS = {
    "an AWS key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{30,}\b"),
    "an API key": re.compile(r"\bsk-[A-Za-z0-9_-]{20,}\b"),
    "a GitHub token": re.compile(r"\b(?:ghp|gho|ghs|github_pat)_[A-Za-z0-9_]{30,}\b"),
    "a Slack token": re.compile(r"\bxox[abps]-[A-Za-z0-9-]{10,}"),
    "a private key": re.compile(r"-----BEGIN (?:\w+ )*PRIVATE KEY-----"),
}

_SECRET_NAME = re.compile(r"(?:^|_)(?:password|passwd|pwd|secret|token|api_?key|access_?key)$", re.IGNORECASE)

_PLACEHOLDER = re.compile(r"<.*>|x{3,}|\*{3,}|your\b.*|changeme|none|example.*|test|dummy|todo|\.{3,}", re.IGNORECASE)

_SECRET_ADVICE = "Take it out and have it changed; read it from an environment variable or with getpass."


def secrets(cells: Sequence[Reading]) -> Iterator[Remark]:
    """Tokens and passwords in sources and saved outputs; what is said of them shows no more than their beginning."""
    for cell in cells:
        for number, line in enumerate(cell.source.splitlines()):
            for what, pattern in _TOKENS.items():
                if found := pattern.search(line):
                    text = f"{what} stands in the source: {_hidden(found[0])}"
                    yield Remark("secret", cell.number, cell.first_line + number, text, _SECRET_ADVICE)
        for what, pattern in _TOKENS.items():
            if found := pattern.search(cell.outputs):
                text = f"{what} stands in the saved output: {_hidden(found[0])}"
                yield Remark("secret", cell.number, 1, text, "Clear the output, and have it changed.")
        for statement in ast.walk(cell.tree):
            if isinstance(statement, ast.Assign) and (name := _secret_of(statement)):
                text = f"`{name}` holds a secret as text"
                yield Remark("secret", cell.number, cell.line(statement), text, _SECRET_ADVICE)


def _secret_of(statement: ast.Assign) -> str:
    """The name to which a text that looks like a secret is assigned."""
    value = statement.value
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
        return ""
    if (
        len(value.value) < 6
        or _PLACEHOLDER.fullmatch(value.value)
        or any(p.search(value.value) for p in _TOKENS.values())
    ):
        return ""
    names = (chain[-1] for target in statement.targets if (chain := chain_of(target)))
    return next((name for name in names if _SECRET_NAME.search(name)), "")


def _hidden(secret: str) -> str:
    return f"{secret[:4]}…"
