"""The commands of ``nbexp``, one module each; what a command needs is loaded when it is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbexp.ui.commands.check import check
from nbexp.ui.commands.demo import demo
from nbexp.ui.commands.doctor import doctor
from nbexp.ui.commands.gc import gc
from nbexp.ui.commands.get import get
from nbexp.ui.commands.ls import ls
from nbexp.ui.commands.params import params
from nbexp.ui.commands.pin import pin
from nbexp.ui.commands.run import run
from nbexp.ui.commands.show import show
from nbexp.ui.commands.trust import trust
from nbexp.ui.commands.why import why

#: Name -> what typer is given; the order is that of ``nbexp --help``.
COMMANDS: dict[str, Callable[..., Any]] = {
    "run": run,
    "ls": ls,
    "show": show,
    "why": why,
    "get": get,
    "check": check,
    "params": params,
    "pin": pin,
    "gc": gc,
    "trust": trust,
    "doctor": doctor,
    "demo": demo,
}
