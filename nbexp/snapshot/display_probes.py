"""The settings of what draws and shows, as differences from its own defaults. Nothing is imported for it."""

from __future__ import annotations

import copy
import functools
import json
import pkgutil
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from nbexp.code.origin import is_project
from nbexp.snapshot.probes import Probe, Tree, differ


class _Matplotlib:
    """``matplotlib.rcParams``, without what belongs to the front end."""

    name, module = "matplotlib", "matplotlib"

    _FRONT_END = frozenset({"backend", "backend_fallback", "interactive", "toolbar", "savefig.directory"})

    def differences(self) -> Tree:
        matplotlib = sys.modules["matplotlib"]
        default = dict.__getitem__
        defaults = matplotlib.rcParamsDefault
        # The plain dict's items: reading through `rcParams` would choose a backend and warn of old names.
        return {
            key: value
            for key, value in dict.items(matplotlib.rcParams)
            if key not in self._FRONT_END and differ(value, default(defaults, key))
        }

    def apply(self, tree: Tree) -> None:
        matplotlib = sys.modules["matplotlib"]
        for key in self.differences().keys() - tree.keys():
            dict.__setitem__(matplotlib.rcParams, key, dict.__getitem__(matplotlib.rcParamsDefault, key))
        for key, value in tree.items():
            dict.__setitem__(matplotlib.rcParams, key, value)


class _Colormaps:
    """The colormaps that the notebook registered. Those that libraries add while they load follow the imports."""

    name, module = "colormaps", "matplotlib.cm"

    def __init__(self) -> None:
        self._noted: set[str] = set()

    def _held(self) -> dict[str, Any]:
        held: dict[str, Any] = sys.modules[self.module]._colormaps._cmaps
        return held

    def watch(self) -> None:
        """Begin to notice who registers what: the registry's method is wrapped once."""
        registry = type(sys.modules[self.module]._colormaps)
        if not hasattr(registry.register, "_nbexp"):
            registry.register = self._noticing(registry.register)

    def _noticing(self, original: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(original)
        def register(registry: Any, cmap: Any, *arguments: Any, name: str | None = None, **named: Any) -> None:
            original(registry, cmap, *arguments, name=name, **named)
            if not _in_installed_import(sys._getframe(1)):
                self._noted.add(name or cmap.name)

        register._nbexp = True  # type: ignore[attr-defined]
        return register

    def differences(self) -> Tree:
        if not self._noted:
            return {}
        held = self._held()
        return {name: held[name] for name in sorted(self._noted) if name in held}

    def apply(self, tree: Tree) -> None:
        held = self._held()
        for name in self._noted - tree.keys():
            held.pop(name, None)
        held.update(tree)
        self._noted = set(tree)


def _in_installed_import(frame: FrameType | None) -> bool:
    """Whether the body of an installed module runs, on behalf of which the notebook's or project's code waits."""
    while frame is not None:
        if is_project(str(frame.f_globals.get("__name__", "__main__"))):
            return False
        if frame.f_code.co_name == "<module>":
            return True
        frame = frame.f_back
    return False


class _Templates:
    """``plotly.io.templates``: which one new figures take, those of one's own, and changes to plotly's."""

    name, module = "plotly templates", "plotly.io._templates"

    _DEFAULT = "plotly"

    def _templates(self) -> Any:
        return sys.modules[self.module].templates

    def differences(self) -> Tree:
        templates, lazy = self._templates(), sys.modules[self.module].Lazy
        found = {} if templates.default == self._DEFAULT else {"default": _own_copy(templates.default)}
        for name, template in templates._templates.items():
            # Plotly reads its templates when they are asked for; one that nobody asked for is as it came.
            if template is not lazy and template._props != _as_shipped(name):
                found[f"templates.{name}"] = copy.deepcopy(template._props)
        return found

    def apply(self, tree: Tree) -> None:
        templates, lazy = self._templates(), sys.modules[self.module].Lazy
        for key in self.differences().keys() - tree.keys() - {"default"}:
            name = key.removeprefix("templates.")
            if _as_shipped(name) is None:
                del templates[name]
            else:
                templates._templates[name] = lazy
        for key, value in tree.items():
            if key != "default":
                templates[key.removeprefix("templates.")] = value
        templates.default = tree.get("default", self._DEFAULT)


@functools.cache
def _as_shipped(name: str) -> Any:
    """What plotly's template holds as it is read from the package; None for one that is not plotly's."""
    if name == "none":
        return {"data": {"scatter": [{"type": "scatter"}]}}
    try:
        return json.loads(pkgutil.get_data("plotly", f"package_data/templates/{name}.json") or b"null")
    except OSError:
        return None


class _Express:
    """``plotly.express.defaults``."""

    name, module = "plotly.express", "plotly.express._core"

    def _defaults(self) -> tuple[Any, Any]:
        """Those that stand, and new ones."""
        now = sys.modules[self.module].defaults
        return now, type(now)()

    def differences(self) -> Tree:
        now, new = self._defaults()
        named = [(name, getattr(now, name), getattr(new, name)) for name in now.__slots__]
        return {name: _own_copy(value) for name, value, default in named if differ(value, default)}

    def apply(self, tree: Tree) -> None:
        now, new = self._defaults()
        for name in now.__slots__:
            setattr(now, name, tree.get(name, getattr(new, name)))


def _own_copy(value: Any) -> Any:
    """What is told must not change when the setting is changed in place."""
    return value if value is None or isinstance(value, str | int) else copy.deepcopy(value)


_SHOWN = "last_expr"
_TEXT: Tree = {"float_format": "%r", "pprint": True, "max_width": 79, "max_seq_length": 1000, "verbose": False}


class _Shell:
    """IPython: which expressions of a cell are shown, and how values become plain text (``%precision``)."""

    name, module = "IPython", "IPython.core.interactiveshell"

    def _parts(self) -> tuple[Any, Any]:
        """The shell, and what makes plain text; None without one."""
        shell = sys.modules[self.module].InteractiveShell._instance
        return shell, shell and shell.display_formatter.formatters["text/plain"]

    def differences(self) -> Tree:
        shell, text = self._parts()
        if shell is None:
            return {}
        now = {name: getattr(text, name) for name in _TEXT}
        found = {f"text.{name}": value for name, value in now.items() if value != _TEXT[name]}
        if shell.ast_node_interactivity != _SHOWN:
            found["shown"] = shell.ast_node_interactivity
        return found

    def apply(self, tree: Tree) -> None:
        shell, text = self._parts()
        if shell is None:
            return
        shell.ast_node_interactivity = tree.get("shown", _SHOWN)
        for name, value in _TEXT.items():
            setattr(text, name, tree.get(f"text.{name}", value))


#: All of them, in the order in which they are applied.
SHOWING: tuple[Probe, ...] = (_Matplotlib(), _Colormaps(), _Templates(), _Express(), _Shell())
