"""nbexp: experiments in Jupyter notebooks that can be replayed, explained and proved.

``%load_ext nbexp`` in a notebook, then ``%%stage`` on top of a cell. In code: `log` a metric, name a `result`, read the
notebook's `params`, `load` a value of another stage, `register` a type of your own.
"""

import importlib as _importlib  # with underscores: completion offers what is public here
import typing as _typing

from nbexp._version import __version__
from nbexp.errors import NbexpError

if _typing.TYPE_CHECKING:
    from nbexp.kernel.api import load, log, params, result
    from nbexp.registry import register

__all__ = ["NbexpError", "__version__", "load", "log", "params", "register", "result"]

#: Public names and the modules they come from: importing nbexp loads none of them.
_PUBLIC = {
    "load": "nbexp.kernel.api",
    "log": "nbexp.kernel.api",
    "params": "nbexp.kernel.api",
    "register": "nbexp.registry",
    "result": "nbexp.kernel.api",
}


def __getattr__(name: str) -> _typing.Any:
    if name in _PUBLIC:
        return getattr(_importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'nbexp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)


def load_ipython_extension(shell: _typing.Any) -> None:
    """Called by ``%load_ext nbexp``."""
    from nbexp.ui.magics import load_extension

    load_extension(shell)


def unload_ipython_extension(shell: _typing.Any) -> None:
    """Called by ``%unload_ext nbexp``."""
    from nbexp.ui.magics import unload_extension

    unload_extension(shell)
