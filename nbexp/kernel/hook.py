"""How a `%%stage` cell is caught in IPython without changing how it runs (L10).

The input transformer turns the header into a string literal on the same line: line numbers, `await`, nested magics and
``from __future__`` stay as without it, and the literal is inert where nbexp is not loaded. The AST transformers take
the literal out and ask the session: on a miss the tree runs as it is, on a hit it is swapped for a call that restores.
Whatever goes wrong here, the cell runs: an exception that left an AST transformer would unregister it.
"""

from __future__ import annotations

import ast
import builtins
import re
import threading
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.inputtransformer2 import TransformerManager

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

    from nbexp.kernel.session import Session

_HEADER = re.compile(r"%%stage(?=[ \t]|$)[^\n]*")

#: The one name that a swapped cell body uses; a builtin, so that the user's namespace stays the user's.
DOOR = "__nbexp__"


def header_to_literal(lines: list[str]) -> list[str]:
    """The cell's lines with its `%%stage` header as a string literal. Pure: IPython calls it twice or more a cell."""
    if not lines or not _HEADER.fullmatch(lines[0].strip()):
        return lines
    if lines[0][0].isspace():  # the lines below it are not indented, or IPython would have taken the blanks away
        raise UsageError("%%stage is indented, and the cell below it is not.\nTake away the blanks before it.")
    tail = lines[1:]
    if tail and tail[0].startswith("%%"):
        # A cell magic is recognised on the first line only: transform the rest as a cell of its own.
        tail = TransformerManager().transform_cell("".join(tail)).splitlines(keepends=True)
    return [repr(lines[0].rstrip("\n")) + "\n", *tail]


# IPython then leaves it out when it asks whether typed text is complete: a header alone is not yet a cell.
header_to_literal.has_side_effects = True  # type: ignore[attr-defined]


class HeaderTaker(ast.NodeTransformer):
    """Takes the header's literal out of a tree, before the transformers of others see it; `current` then has it."""

    def __init__(self, current: threading.local) -> None:
        self._current = current

    def visit(self, tree: ast.AST) -> Any:
        """Called by IPython with every tree that it is about to compile."""
        header = _take_header(tree)
        if header is not None:
            self._current.header = header
        return tree


class Hook(ast.NodeTransformer):
    """Connects one shell to one session: transformers, events, and the door through which a swapped body calls back."""

    def __init__(self, shell: InteractiveShell, session: Session) -> None:
        self.shell, self.session = shell, session
        self._current = threading.local()  # a subshell runs its cells in a thread of its own
        self._taker = HeaderTaker(self._current)

    def install(self) -> None:
        """Start to catch `%%stage` cells."""
        setattr(builtins, DOOR, self.session.door)
        self.shell.input_transformers_cleanup.append(header_to_literal)
        self.shell.ast_transformers.insert(0, self._taker)
        self.shell.ast_transformers.append(self)
        self.shell.events.register("pre_run_cell", self._before)
        self.shell.events.register("post_run_cell", self._after)

    def remove(self) -> None:
        """Undo `install`."""
        self.shell.input_transformers_cleanup.remove(header_to_literal)
        for transformer in (self._taker, self):
            if transformer in self.shell.ast_transformers:
                self.shell.ast_transformers.remove(transformer)
        self.shell.events.unregister("pre_run_cell", self._before)
        self.shell.events.unregister("post_run_cell", self._after)
        if getattr(builtins, DOOR, None) is self.session.door:
            delattr(builtins, DOOR)

    def visit(self, tree: ast.AST) -> Any:
        """Called by IPython with every tree that it is about to compile, after the transformers of others."""
        header: str | None = getattr(self._current, "header", None)
        self._current.header = None
        if header is None or not isinstance(tree, ast.Module):
            return tree
        info: ExecutionInfo | None = getattr(self._current, "info", None)
        if info is None or not (info.raw_cell or "").lstrip().startswith("%%stage"):
            self.session.misplaced(header)
            return tree
        self._current.info = None  # a second tree of the same cell (%time inside it) is not the cell
        return self.session.enter(tree, header, info)

    def _before(self, info: ExecutionInfo) -> None:
        self._current.info, self._current.header = info, None
        self._be_last()
        self.session.before_cell(info)

    def _be_last(self) -> None:
        """What the user's transformers make of a cell is what runs, and what counts; what restores it is not theirs."""
        transformers = self.shell.ast_transformers
        if transformers and transformers[-1] is not self and self in transformers:
            transformers.remove(self)
            transformers.append(self)

    def _after(self, result: ExecutionResult | None) -> None:
        self._current.info = None
        self.session.after_cell(result)


def _take_header(tree: Any) -> str | None:
    """Remove the header's literal from `tree` and return it: compiled, it would be the notebook's ``__doc__``."""
    body = getattr(tree, "body", None)
    if not isinstance(body, list) or not body or not isinstance(body[0], ast.Expr):
        return None
    value = getattr(body[0].value, "value", None)
    if not isinstance(value, str) or not _HEADER.fullmatch(value):
        return None
    del body[0]
    return value


def calls(*verbs: str) -> ast.Module:
    """A body of calls through the door: ``calls("restore", "last")`` is ``__nbexp__.restore(); __nbexp__.last()``."""
    return ast.fix_missing_locations(ast.parse("\n".join(f"{DOOR}.{verb}()" for verb in verbs)))
