"""What ``%load_ext nbexp`` brings to a notebook: `%%stage` and `%nbexp`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from nbexp.errors import NbexpError, closest
from nbexp.kernel.active import activate, deactivate
from nbexp.kernel.beginning import is_first
from nbexp.kernel.hook import Hook
from nbexp.kernel.session import Session
from nbexp.kernel.showing import show_line
from nbexp.kernel.watches import watch_process
from nbexp.records import Status
from nbexp.stage.spec import HELP
from nbexp.ui.completion import VERBS, attach, completer, detach
from nbexp.views.line import bundle, head_text, line_text
from nbexp.views.reasons import clause
from nbexp.views.text import plural

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_USAGE = """\
%nbexp status         what became of each stage run in this kernel
%nbexp why [STAGE]    why a stage ran, or where its stored result comes from
%nbexp run-stale      run what a top-to-bottom run would give another result now, from top to bottom
%nbexp strict [off]   refuse to run a stage on what the cells above it have not made
%nbexp on | off       look stages up and store them, or let every cell just run
%nbexp help           this text; %%stage? explains the header of a stage
"""


@magics_class
class StageMagics(Magics):
    """`%%stage` for help and completion (its cells are caught before magics are), and `%nbexp`."""

    def __init__(self, shell: InteractiveShell, session: Session) -> None:
        super().__init__(shell)
        self._session = session

    @cell_magic
    def stage(self, line: str, cell: str) -> None:
        """See `HELP`, which takes the place of this text."""
        if id(self.shell) not in _hooks:
            raise UsageError("nbexp is not loaded in this kernel any more.\nRun %load_ext nbexp.")
        raise UsageError("%%stage must be the first line of its cell.\nMove it there; other magics follow it.")

    @line_magic
    def nbexp(self, line: str) -> None:
        """Ask and steer nbexp in this notebook; ``%nbexp help`` lists what it knows."""
        verb, *arguments = line.split() or ["status"]
        calls = (self._status, self._why, self._run_stale, self._strict, self._on, self._off, self._help)
        verbs = dict(zip(VERBS, calls, strict=True))
        if verb not in verbs:
            raise UsageError(f'%nbexp has no "{verb}".\n{closest(verb, verbs)}')
        verbs[verb](*arguments)

    def _status(self, *_: str) -> None:
        latest = {status.stage: status for status in self._session.statuses}
        print("\n".join(map(line_text, latest.values())) or "no stage has run in this kernel yet")
        for name, reasons in self._session.stale():
            print(f"stale: {name} ({clause(reasons)})")

    def _run_stale(self, *_: str) -> None:
        ran = self._session.run_stale()
        left = self._session.stale()
        print(
            f"{plural(len(ran), 'cell')} ran; "
            + (f"{plural(len(left), 'cell')} still stale" if left else "nothing is stale")
        )

    def _strict(self, *arguments: str) -> None:
        self._session.strict = arguments != ("off",)
        print("strict: a stage whose inputs are not right does not run" if self._session.strict else "not strict")

    def _why(self, *names: str) -> None:
        statuses = self._session.statuses
        if not statuses:
            raise UsageError("No stage has run in this kernel yet.\nRun a cell that begins with %%stage.")
        known = {status.stage: status for status in statuses}
        if " ".join(names) in known:  # a stage without a name is called by its outputs: df, model
            names = (" ".join(names),)
        for name in names or [statuses[-1].stage]:
            if name not in known:
                raise UsageError(f'No stage "{name}" has run in this kernel.\n{closest(name, known)}')
            _print_reasons(known[name])

    def _on(self, *_: str) -> None:
        self._session.enabled = True
        print("nbexp is on")

    def _off(self, *_: str) -> None:
        self._session.enabled = False
        print("nbexp is off: every cell just runs")

    def _help(self, *_: str) -> None:
        print(_USAGE, end="")


StageMagics.stage.__doc__ = HELP


def _print_reasons(status: Status) -> None:
    print(f"{status.stage}: {head_text(status.status, status.seconds, status.ran_at)}")
    reasons = (reason.text for reason in (*status.unstored, *status.reasons, *status.problems))
    for text in dict.fromkeys(filter(None, (status.error, *reasons))):
        print(f"  - {text}")


_hooks: dict[int, Hook] = {}
_completers: dict[int, Callable[..., Any]] = {}


def load_extension(shell: InteractiveShell) -> None:
    """Connect nbexp to `shell`; a second time does nothing.

    Raises:
        UsageError: The project's settings cannot be read.
    """
    if id(shell) in _hooks:
        return
    watch_process(first=is_first(shell))

    def show(status: Status, after_text: bool) -> None:
        show_line(shell, bundle(status), after_text)

    try:
        session = Session(shell, show)
    except NbexpError as error:
        raise UsageError(str(error)) from None
    hook = _hooks[id(shell)] = Hook(shell, session)
    hook.install()
    _completers[id(shell)] = completer(session)
    attach(shell, _completers[id(shell)])
    activate(session)
    shell.register_magics(StageMagics(shell, session))


def unload_extension(shell: InteractiveShell) -> None:
    """Disconnect nbexp from `shell`; what is stored stays."""
    hook = _hooks.pop(id(shell), None)
    if hook is not None:
        hook.remove()
        detach(shell, _completers.pop(id(shell)))
        hook.session.close()
        deactivate(hook.session)
