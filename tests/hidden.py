"""A pytest plugin (``-p tests.hidden``): what only Unix has is hidden from nbexp, as if it ran on another system.

Imports of these modules fail in ``nbexp.*`` alone, for the libraries beside it still need them; ``os.fork`` is gone for
all, since it is looked up on a module that all share.
"""

from __future__ import annotations

import builtins
import os
from typing import Any

HIDDEN = frozenset({"fcntl", "resource", "pwd", "grp", "termios"})

_import = builtins.__import__


def _hiding(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
    importer = str((globals or {}).get("__name__", ""))
    if name.partition(".")[0] in HIDDEN and importer.partition(".")[0] == "nbexp":
        raise ImportError(f"No module named {name!r} (hidden from {importer})")
    return _import(name, globals, locals, fromlist, level)


builtins.__import__ = _hiding
for _name in ("fork", "forkpty"):
    if hasattr(os, _name):
        delattr(os, _name)
