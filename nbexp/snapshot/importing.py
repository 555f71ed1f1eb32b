"""Watching imports: the code of project modules as it is loaded, and callbacks when a library arrives (D27).

The watch is a finder at the head of ``sys.meta_path`` that asks the others and lets the loader they give say what it
executes. Loaders stay the objects they are: only their own ``exec_module`` and ``get_code`` are set, on the instance.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any

from nbexp.code.origin import belongs, is_project, origin, origin_of_file
from nbexp.records import Part

Callback = Callable[[], object]


@dataclass(slots=True)
class Imported:
    """What a module's code did while it was imported, beside making its globals; filled in when that is over.

    Attributes:
        parts: What it read: files, the environment, random states, as they were then.
        unsure: Whether it did what no part could tell: it connected, or started a process.
    """

    parts: tuple[Part, ...] = ()
    unsure: bool = False


def _left_out_of_tracebacks(function: Any) -> Any:
    """Python leaves the import system's own frames out of the traceback of a failing import; with this one among them,
    the user sees the same traceback as without nbexp."""
    function.__code__ = function.__code__.replace(co_filename="<frozen importlib._bootstrap_external>")
    return function


class ImportWatch:
    """Sees modules being executed. One for the process, from `import_watch`.

    Args:
        executed: Called with a project module, its code and what that did, after each execution (the first import, and
            reloads); the code is None for modules that have none.

    Attributes:
        executed: Names of the modules whose execution was seen to begin, in order; those of installed ones are not all
            there.
        run: Names of the modules that `runpy` was seen to run, in order.
    """

    def __init__(self, executed: Callable[[ModuleType, CodeType | None, Imported], object]) -> None:
        self.executed: list[str] = []
        self.run: list[str] = []
        self._when_executed = executed
        self._callbacks: dict[str, list[Callback]] = {}
        self._around: Callable[[], AbstractContextManager[object]] | None = None
        self._around_project: Callable[[ModuleType], AbstractContextManager[Imported]] | None = None
        self._running = threading.local()

    def install(self) -> None:
        """Begin to watch; twice is once."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Stop watching: modules found from now on are not seen."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def on_import(self, module: str, callback: Callback) -> None:
        """Call `callback` once, right after the next first import of `module` by anybody."""
        self._callbacks.setdefault(module, []).append(callback)

    def around_installed(self, context: Callable[[], AbstractContextManager[object]]) -> None:
        """Enter `context` around each import of a module that is not the project's, once for all that it imports."""
        self._around = context

    def around_project(self, context: Callable[[ModuleType], AbstractContextManager[Imported]]) -> None:
        """Enter `context` around the execution of each module of the project; it says what that did."""
        self._around_project = context

    # -- what the import system asks -------------------------------------------------------------------------------

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What the other finders say, with a loader that reports."""
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :] if self in sys.meta_path else ():
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find is not None else None
            if spec is not None:
                if name in self._callbacks or self._is_outermost() or _is_project_spec(name, spec):
                    self.watch(spec.loader)
                return spec
        return None

    def _is_outermost(self) -> bool:
        return self._around is not None and not getattr(self._running, "installed", False)

    def watch(self, loader: Any) -> None:
        """See what `loader` executes from now on; twice is once."""
        execute = getattr(loader, "exec_module", None)
        if execute is None or isinstance(loader, type) or isinstance(execute, functools.partial):
            return
        try:
            loader.exec_module = functools.partial(self._execute, execute)
            if hasattr(loader, "get_code"):
                loader.get_code = functools.partial(self._get_code, loader.get_code)
        except AttributeError:  # a loader without attributes of its own is not watched; its module is read when needed
            return

    @_left_out_of_tracebacks
    def _execute(self, execute: Callable[[ModuleType], None], module: ModuleType) -> None:
        self.executed.append(module.__name__)
        outer = getattr(self._running, "codes", None)
        codes: dict[str, CodeType | None] = {}
        self._running.codes = codes
        try:
            with self._surroundings(module), self._told(module) as imported:
                execute(module)
        finally:
            self._running.codes = outer
        if is_project(module.__name__):
            self._when_executed(module, codes.get(module.__name__), imported)
        for callback in self._callbacks.pop(module.__name__, ()):
            _call(callback, module.__name__)

    def _told(self, module: ModuleType) -> AbstractContextManager[Imported]:
        if self._around_project is None or not is_project(module.__name__):
            return contextlib.nullcontext(Imported())
        return self._around_project(module)

    @contextlib.contextmanager
    def _surroundings(self, module: ModuleType) -> Iterator[None]:
        if self._around is None or not self._is_outermost() or is_project(module.__name__):
            yield
            return
        self._running.installed = True
        before, began_ns = set(sys.modules), time.time_ns()
        try:
            with self._around():
                yield
        finally:
            self._running.installed = False
            for name in sys.modules.keys() - before:
                if _is_made_on_import(sys.modules.get(name), began_ns) and is_project(name):
                    belongs(sys.modules[name], module.__name__)

    @_left_out_of_tracebacks
    def _get_code(self, get_code: Callable[..., CodeType | None], *args: Any) -> CodeType | None:
        if args and sys._getframe(1).f_globals.get("__name__") == "runpy":
            self.run.append(args[0])
        code = get_code(*args)
        codes = getattr(self._running, "codes", None)
        if codes is not None and args:
            codes[args[0]] = code
        return code


def _call(callback: Callback, module: str) -> None:
    try:
        callback()
    except Exception as error:  # noqa: BLE001 - the module is imported; a setting that it no longer has stays unset
        print(f"nbexp failed after the import of {module}: {error!r}", file=sys.stderr)


def _is_made_on_import(module: Any, began_ns: int) -> bool:
    """Whether the import of an installed module has made this one by itself, from a text or in a temporary file (torch
    does either): in the next kernel it is not found by its name, but made anew."""
    spec = getattr(module, "__dict__", {}).get("__spec__")
    if not isinstance(spec, ModuleSpec):
        return False
    if not spec.has_location:
        return spec.loader is not None and origin(type(spec.loader).__module__).kind == "installed"
    temporary = os.path.join(tempfile.gettempdir(), "")
    try:
        return str(spec.origin).startswith(temporary) and os.stat(str(spec.origin)).st_mtime_ns >= began_ns
    except OSError:  # gone again: nothing says who wrote it
        return False


def _is_project_spec(name: str, spec: ModuleSpec) -> bool:
    root, _, _ = name.partition(".")
    if root in sys.stdlib_module_names and spec.origin in ("built-in", "frozen"):
        return False
    above = sys.modules.get(name.rpartition(".")[0])
    if above is not None and getattr(above, "__file__", None) and origin(above.__name__).kind != "project":
        return False
    return bool(spec.origin) and origin_of_file(str(spec.origin)).kind == "project"
