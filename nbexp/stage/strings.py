"""Names that code looks up by their text: ``df.query("a > @thr")``, SQL that reads frames, ``!ls {x} $y``.

Which words of a text are names is not always known, so these functions may give too many, never too few. Words that no
variable has are harmless: nothing is found under them.
"""

from __future__ import annotations

import ast
import keyword
import re
from string import Formatter

from nbexp.stage.parsing import parse_expression

_WORD = re.compile(r"[^\W\d]\w*")
_AT = re.compile(r"(?<![\w.])@\s*([^\W\d]\w*(?:\.[^\W\d]\w*)*)")
_AT_ANY = re.compile(r"@\s*([^\W\d]\w*(?:\.[^\W\d]\w*)*)")
_SQL = re.compile(
    r"\bselect\b.*\bfrom\b|^[\s(]*(?:from|with|describe|summarize|show|insert|update|delete|create|copy|pivot|unpivot)\b",
    re.IGNORECASE | re.DOTALL,
)
_DOLLAR = re.compile(r"\$(\$?)([\w.]+)")

Chain = tuple[str, ...]


def names_in_text(text: str, *, looked_up: bool = False) -> frozenset[Chain]:
    """The names that may be looked up in a constant text: after ``@``, and every word if it is SQL.

    Args:
        text: Any string of the cell.
        looked_up: Whether it is given to a call that looks names up; then ``a@b`` is no mail address.

    Example:
        >>> sorted(names_in_text("price > @limit.low"))
        [('limit', 'low')]
    """
    chains: set[Chain] = set()
    if "@" in text:
        pattern = _AT_ANY if looked_up else _AT
        chains.update(tuple(match.split(".")) for match in pattern.findall(text))
    if _SQL.search(text):
        chains.update(words(text))
    return frozenset(chains)


def words(text: str) -> frozenset[Chain]:
    """Every word of an expression or SQL text that could be a variable's name."""
    return frozenset((word,) for word in _WORD.findall(text) if not keyword.iskeyword(word))


def expansions(line: str) -> tuple[list[ast.expr], frozenset[Chain]]:
    """What IPython puts into a shell or magic line: the expressions in ``{…}`` and the names after ``$``.

    A line that cannot be read as a format is left as it is by IPython, and reads nothing.

    Example:
        >>> [ast.unparse(each) for each in expansions("cp {src / 'a'} $target")[0]]
        ["src / 'a'"]
    """
    expressions: list[ast.expr] = []
    chains: set[Chain] = set()
    try:
        pieces = list(Formatter().parse(line))
    except ValueError:
        return [], frozenset()
    for literal, field, spec, _ in pieces:
        found = (name.split(".") for escaped, name in _DOLLAR.findall(literal) if not escaped)
        chains.update(tuple(parts) for parts in found if parts[0].isidentifier())
        if field:
            _expression(field, expressions, chains)
        if spec:
            inner, more = expansions(spec)
            expressions += inner
            chains |= more
    return expressions, frozenset(chains)


def _expression(text: str, expressions: list[ast.expr], chains: set[Chain]) -> None:
    try:
        expressions.append(parse_expression(text))
    except (SyntaxError, ValueError):
        chains.update(words(text))


def names_in_value(value: object) -> frozenset[Chain]:
    """The names that may be looked up in the value of a variable: a text, or texts in a list, tuple or dict.

    For the variables in `Analysis.texts`: a stage that calls ``df.query(text)`` reads what the text names. It may be a
    piece of a longer text, such as the name of a table, so every word counts.
    """
    if isinstance(value, str):
        return names_in_text(value, looked_up=True) | words(value)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return frozenset().union(*(names_in_value(each) for each in value if isinstance(each, str)))
    return frozenset()
