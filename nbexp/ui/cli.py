"""The command ``nbexp``: its entry point, and how its errors and exit codes look.

Exit codes: 0 done; 1 the answer is no (a cell failed, a value differs, something is missing); 2 bad use, and nothing
was written. An error is two lines on standard error: what happened, and what to do.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from nbexp._version import __version__
from nbexp.errors import BadUse, NbexpError, nearest
from nbexp.ui.commands import COMMANDS
from nbexp.ui.console import print_error
from nbexp.ui.helping import Plain

app = typer.Typer(
    name="nbexp",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Notebook cells that are restored when nothing they depend on has changed, and run when something has.",
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"nbexp {__version__}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        from nbexp.ui.commands.overview import overview

        overview()


for _name, _command in COMMANDS.items():
    app.command(_name, cls=Plain)(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; the console script ends the process with it.

    Args:
        arguments: What follows ``nbexp``; by default the process's own.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(words)
    except NbexpError as error:
        print_error(error.what, error.advice)
        return 2 if isinstance(error, BadUse) else 1
    except BrokenPipeError:
        # the reader (`| head`) has what it wanted; what Python would still flush at exit has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print_error("interrupted", "")
        return 1


def _run(words: list[str]) -> int:
    command = typer.main.get_command(app)
    usage: Any = _usage_error()
    try:
        result = command.main(args=words, prog_name="nbexp", standalone_mode=False)
    except usage as error:
        _print_usage(error, words)
        return 2
    return result if isinstance(result, int) else 0


def _usage_error() -> type[Exception]:
    """Click's class for a command line that cannot be understood (typer may bring a copy of click of its own)."""
    for kind in typer.BadParameter.__mro__:
        if kind.__name__ == "UsageError":
            return kind
    return typer.BadParameter


def _print_usage(error: Any, words: Sequence[str]) -> None:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "nbexp"
    message = error.format_message().strip().rstrip(".")
    message = message.partition(" Did you mean")[0].partition(" (Possible")[0].rstrip(".?! ")
    close = _closest(error, context, words)
    advice = f'Did you mean "{close}"?' if close else f"See `{path} --help`."
    print_error(message[:1].lower() + message[1:], advice)


def _closest(error: Any, context: Any, words: Sequence[str]) -> str:
    """The known option or command nearest to the one that is not known."""
    if context is None:
        return ""
    if getattr(error, "option_name", None):
        known = [name for option in context.command.params for name in option.opts]
        return nearest(error.option_name, known)
    unknown = next((word for word in words if not word.startswith("-")), "")
    if type(error).__name__ in ("UsageError", "NoSuchCommand") and unknown and unknown not in COMMANDS:
        return nearest(unknown, COMMANDS)
    return ""
