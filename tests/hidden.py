"""A pytest plugin (``-p tests.hidden``): what only Unix has is hidden from nbexp, as if it ran on another system.

Imports of these modules fail in ``nbexp.*`` alone, for the libraries beside it still need them; ``os.fork`` is gone for
all, since it is looked up on a module that all share. At the end the run says from how many modules they were hidden.
A kernel does the same with this file as its ``PYTHONSTARTUP``.
"""

from __future__ import annotations

import builtins
import os
import sys
from types import FunctionType
from typing import Any

HIDDEN = frozenset({"fcntl", "resource", "pwd", "grp", "termios"})

if any(name.partition(".")[0] == "nbexp" for name in sys.modules):
    raise RuntimeError("nbexp has been imported already: nothing would be hidden from it")

_import = builtins.__import__


def _hiding_import(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
    importer = str((globals or {}).get("__name__", ""))
    if name.partition(".")[0] in HIDDEN and importer.partition(".")[0] == "nbexp":
        raise ImportError(f"No module named {name!r} (hidden from {importer})")
    return _import(name, globals, locals, fromlist, level)


# With globals of its own, as if the system had made it: a function of the project there would be a patch (D28).
_hiding = FunctionType(
    _hiding_import.__code__,
    {"__builtins__": builtins, "HIDDEN": HIDDEN, "_import": _import},
    argdefs=_hiding_import.__defaults__,
)
builtins.__import__ = _hiding
for _name in ("fork", "forkpty"):
    if hasattr(os, _name):
        delattr(os, _name)


def seeing() -> list[str]:
    """Modules of nbexp that hold one of the hidden modules all the same, as one of their globals."""
    hidden = {id(module): name for name, module in sys.modules.items() if name in HIDDEN}
    return [
        f"{name} sees {hidden[id(value)]}"
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == "nbexp"
        for value in list(vars(module).values())
        if id(value) in hidden
    ]


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Keep one part of the tests: the second of two with ``HIDDEN_PART=1/2``."""
    for item in items:
        if "shell line" in item.name:
            import pytest  # not on top: a kernel's startup file needs no pytest

            item.add_marker(pytest.mark.skip("IPython itself forks to run it"))
    part, of = map(int, os.environ.get("HIDDEN_PART", "0/1").split("/"))
    if of > 1:
        items[:] = [item for item in items if item.originalname == "test_case"][part::of]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was hidden from how much."""
    modules = sum(name.partition(".")[0] == "nbexp" for name in sys.modules)
    assert builtins.__import__ is _hiding, "somebody has put another import in the place of this one"
    assert not hasattr(os, "fork")
    terminalreporter.write_line(f"hidden from {modules} modules of nbexp; {'; '.join(seeing()) or 'none sees any'}")
