"""Where code comes from: the notebook and its project, an installed package, or Python itself (D25).

Project code is followed by content; an installed package counts by its version; Python by its own. What decides is
where the module's file lies: beneath a folder in which a distribution installed it, or not. So an editable install is
project code, and so is a module that no distribution brought.
"""

from __future__ import annotations

import builtins
import functools
import os
import sys
import sysconfig
from dataclasses import dataclass
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from types import BuiltinFunctionType, ModuleType
from typing import Any, Literal

from nbexp.code.distributions import owns, site_folders

NOTEBOOK = "__main__"

Kind = Literal["project", "installed", "python"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a module comes from.

    Attributes:
        kind: ``project`` (the notebook included), ``installed``, or ``python`` (Python itself, and nbexp).
        root: The import name of the installed package, else ``""``. folder: Where it is installed, else ``""``.
    """

    kind: Kind
    root: str = ""
    folder: str = ""


_PROJECT = Origin("project")
_PYTHON = Origin("python")
_COMPILED = Origin("python")

_WITHOUT_FILE = ("built-in", "frozen")

#: Modules without files that compilers make, for the types of functions.
_COMPILERS = ("_cython_", "cython_runtime", "pybind11_builtins", "_openssl")

_known: dict[str, tuple[int, Origin]] = {}


def is_project(module: str) -> bool:
    """Whether the module called `module` is notebook or project code. It need not be loaded; nothing is imported."""
    return origin(module).kind == "project"


def distribution_of(module: str) -> str | None:
    """The import name of the installed package that `module` belongs to: ``"sklearn"`` for ``sklearn.svm``; None for
    project code and Python itself."""
    return origin(module).root or None


def origin(module: str) -> Origin:
    """Where the module called `module` comes from. About 0.2 µs for a loaded one once known."""
    loaded = sys.modules.get(module)
    known = _known.get(module)
    if known is not None and known[0] == id(loaded):
        return known[1]
    found = _origin(module, loaded)
    if loaded is not None and found is not _COMPILED:  # what is not loaded may be installed or written at any time
        _known[module] = id(loaded), found
    return found


def belongs(module: ModuleType, maker: str) -> None:
    """From now on `module` counts as a part of what the module called `maker` comes from, wherever its file lies."""
    _known[module.__name__] = id(module), origin(maker)


def _origin(module: str, loaded: ModuleType | None) -> Origin:
    root = module.partition(".")[0]
    if module == NOTEBOOK:
        return _PROJECT
    if root == "nbexp" or module.startswith(_COMPILERS):
        return _PYTHON
    above = origin(module.rpartition(".")[0]) if "." in module else None
    if loaded is None and above is not None and _is_package(above):
        return above
    stated: dict[str, Any] = getattr(loaded, "__dict__", {})  # asked by name, a module may run code
    spec = stated.get("__spec__") if loaded is not None else spec_of(module)
    place = _place(stated, spec)
    if place in _WITHOUT_FILE:
        return _PYTHON
    if place:
        beside = above is not None and above.root and place.startswith(os.path.join(above.folder, above.root, ""))
        return above if above is not None and beside else origin_of_file(place)
    if above is not None:  # made by code of the package above it: torch.ops, six.moves
        return above
    if loaded is None:
        return _PYTHON if root in sys.stdlib_module_names else _PROJECT
    return _PROJECT if any(map(_is_python_made, list(stated.items()))) else _COMPILED


def _is_python_made(item: tuple[str, Any]) -> bool:
    """Whether a global of a module without a file shows that Python code filled it. Extensions make modules, too, which
    hold nothing but things of theirs (``_openssl``): nobody wrote these for the project."""
    name, value = item
    if (name.startswith("__") and name.endswith("__")) or type(value) is BuiltinFunctionType:
        return False
    home = sys.modules.get(type(value).__module__)
    loader = getattr(getattr(home, "__spec__", None), "loader", None)
    return home is builtins or not isinstance(loader, ExtensionFileLoader)


def _is_package(where: Origin) -> bool:
    """Whether an installed root is one package in one folder, so that all modules below it are installed with it."""
    return bool(where.root) and os.path.isfile(os.path.join(where.folder, where.root, "__init__.py"))


def _place(module: dict[str, Any], spec: Any) -> str:
    """The file of a module, the first folder of a namespace package, ``built-in`` or ``frozen``; ``""`` if unknown."""
    stated = getattr(spec, "origin", None)
    if isinstance(stated, str) and (os.path.isabs(stated) or stated in _WITHOUT_FILE):
        return stated
    file = module.get("__file__")
    if isinstance(file, str) and os.path.isabs(file):
        return file
    for folder in getattr(spec, "submodule_search_locations", None) or ():
        return os.path.join(folder, "__init__.py")
    return ""


@functools.lru_cache(maxsize=4096)
def origin_of_file(file: str) -> Origin:
    """Where the module in `file` comes from."""
    child = os.path.abspath(file)
    searched = _search_folders()
    while True:
        folder = os.path.dirname(child)
        if folder == child:
            return _PROJECT
        if folder in searched or folder in site_folders():
            root = os.path.basename(child).partition(".")[0]
            if owns(folder, root):
                return Origin("installed", root, folder)
            if folder in site_folders():
                return _PROJECT
        if folder in _python_folders():
            return _PYTHON
        child = folder


def _search_folders() -> frozenset[str]:
    relative = any(not os.path.isabs(folder) for folder in sys.path)
    return _absolute(tuple(sys.path), os.getcwd() if relative else "")


@functools.lru_cache(maxsize=8)
def _absolute(folders: tuple[str, ...], _current: str) -> frozenset[str]:
    return frozenset(map(os.path.abspath, folders))


@functools.cache
def _python_folders() -> frozenset[str]:
    paths = sysconfig.get_paths()
    return frozenset({paths["stdlib"], paths["platstdlib"], sysconfig.get_config_var("DESTSHARED") or paths["stdlib"]})


def spec_of(module: str) -> ModuleSpec | None:
    """How `module` is loaded, or would be if it were imported now; None if it is not found. Imports nothing: unlike
    `importlib.util.find_spec`, packages above it are looked up, not run."""
    loaded = sys.modules.get(module)
    if loaded is not None:
        spec = getattr(loaded, "__spec__", None)
        return spec if isinstance(spec, ModuleSpec) else None
    parent, _, _ = module.rpartition(".")
    if not parent:
        return _find(module, None)
    above = sys.modules.get(parent)
    path = getattr(above, "__path__", None) if above is not None else _search_locations(parent)
    return None if path is None else _find(module, list(path))


def _search_locations(package: str) -> Any:
    spec = spec_of(package)
    return None if spec is None else spec.submodule_search_locations


def _find(module: str, path: list[str] | None) -> ModuleSpec | None:
    for finder in list(sys.meta_path):
        find = getattr(finder, "find_spec", None)
        if find is None:
            continue
        try:
            spec = find(module, path, None)
        except Exception:  # noqa: BLE001 - a finder of others may fail in any way; what it cannot find, the next may
            continue
        if spec is not None:
            return spec  # type: ignore[no-any-return]
    return None
