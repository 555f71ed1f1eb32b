"""How ``nbexp COMMAND --help`` looks: words as a user writes them, without the types of Python's arguments."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class Plain(TyperCommand):
    """A command whose arguments are shown by their metavars alone: ``nbexp run [OPTIONS] NB...``."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What follows the command's name in the line of usage."""
        return ["[OPTIONS]", *(_metavar(argument) for argument in self._arguments())]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The tables of arguments and of options."""
        arguments = [
            (_metavar(one).strip("[]") if one.nargs == 1 else _metavar(one), _help(one)) for one in self._arguments()
        ]
        if arguments:
            with formatter.section("Arguments"):
                formatter.write_dl(arguments)
        options = [record for one in self.get_params(ctx) if (record := _option(one, ctx)) is not None]
        with formatter.section("Options"):
            formatter.write_dl(options)

    def _arguments(self) -> list[Any]:
        return [one for one in self.params if one.param_type_name == "argument"]


def _metavar(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _help(argument: Any) -> str:
    default = f" [default: {argument.default}]" if argument.default and not argument.required else ""
    return f"{argument.help or ''}{default}"


def _option(parameter: Any, ctx: Any) -> Any:
    return parameter.get_help_record(ctx) if parameter.param_type_name == "option" else None
