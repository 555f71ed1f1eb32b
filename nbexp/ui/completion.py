"""What TAB offers on the lines that nbexp reads itself: the header of a stage, and `%nbexp`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

from nbexp.kernel.namespace import user_names
from nbexp.stage.spec import HEADER, NAMING, OPTIONS

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext
    from IPython.core.interactiveshell import InteractiveShell

    from nbexp.kernel.session import Session

#: The words after `%nbexp`.
VERBS = ("status", "why", "run-stale", "strict", "on", "off", "help")

_NAMES = re.compile(rf"({'|'.join(NAMING)})(?:\s+|=)(?:\S+,)?\w*$")


def completer(session: Session) -> Callable[[CompletionContext], Any]:
    """A matcher for IPython's completer: where it knows what can follow, nothing else is offered."""

    def match(context: CompletionContext) -> Any:
        line = context.text_until_cursor
        fragment, known = _following(session, line, first=context.cursor_line == 0)
        found = [SimpleCompletion(word, type="keyword") for word in known if word.startswith(fragment)]
        return {"completions": found, "suppress": True, "matched_fragment": fragment}

    marked: Callable[[CompletionContext], Any] = context_matcher(identifier="nbexp")(match)
    return marked


def attach(shell: InteractiveShell, match: Callable[..., Any]) -> None:
    """Let the shell's completer ask `match` too."""
    shell.Completer.custom_matchers.append(match)


def detach(shell: InteractiveShell, match: Callable[..., Any]) -> None:
    """Undo `attach`."""
    if match in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.remove(match)


def _following(session: Session, line: str, *, first: bool) -> tuple[str, Iterable[str]]:
    """What is typed already of the word at the end of `line`, and the words that can stand there."""
    if first and re.match(rf"{HEADER}[ \t]", line):
        return _in_header(session, line)
    if found := re.match(r"\s*%nbexp\s+why\s+(.*)$", line):
        return found[1], dict.fromkeys(status.stage for status in session.statuses)
    if found := re.match(r"\s*%nbexp\s+(\S*)$", line):
        return found[1], VERBS
    return "", ()


def _in_header(session: Session, line: str) -> tuple[str, Iterable[str]]:
    fragment = re.split(r"[\s=,]", line)[-1]
    if _NAMES.search(line):
        return fragment, sorted(user_names(session.shell.user_ns, session.shell.user_ns_hidden))
    return fragment, OPTIONS if not fragment or fragment.startswith("-") else ()
