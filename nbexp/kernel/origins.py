"""Whose effect is it? Read from the stack at the moment of an audit event.

Three answers change what an effect means: it belongs to the *import* of an installed module (a font cache written
while matplotlib loads), to the writing of a *result* (``savefig``, ``to_csv``: nothing is wrapped, their frames are
known), or to the stage.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from nbexp.code.origin import is_project

#: Functions whose files are results, by module and qualified name. Plotly's methods end in these functions.
RESULT_WRITERS = frozenset(
    {
        ("matplotlib.figure", "Figure.savefig"),
        ("pandas.core.generic", "NDFrame.to_csv"),
        ("pandas.core.frame", "DataFrame.to_parquet"),
        ("plotly.basedatatypes", "BaseFigure.write_html"),
        ("plotly.basedatatypes", "BaseFigure.write_json"),
        ("plotly.basedatatypes", "BaseFigure.write_image"),
        ("plotly.io._html", "write_html"),
        ("plotly.io._json", "write_json"),
        ("plotly.io._kaleido", "write_image"),
        ("plotly.io._kaleido", "write_images"),
    }
)  # fmt: skip

_RESULT_NAMES = frozenset(name for _, name in RESULT_WRITERS)

#: Modules of Python that read sources to show them (tracebacks, `inspect.getsource`), the import system, and what looks
#: up installed packages: all of these follow the code and the environment, which are in the key by themselves.
_SOURCE_READERS = frozenset(
    {"linecache", "pkgutil", "zipimport", "importlib._bootstrap", "importlib._bootstrap_external",
     "importlib.metadata", "importlib.metadata._adapters", "importlib.metadata._meta"}
)  # fmt: skip

#: Modules of Python that show lines of code beside an error.
_SHOW_SOURCES = frozenset({"traceback", "warnings", "logging", "pdb", "bdb"})

#: Frames between `os.environ` and whoever reads it.
_ENVIRONMENT_DOORS = frozenset({"os", "_collections_abc", "collections.abc", "nbexp.kernel.audit"})

#: Frames between the working directory and whoever asks for it: not what uses it for itself (`logging`, `tempfile`).
_FOLDER_DOORS = frozenset(
    {"os", "posixpath", "ntpath", "genericpath", "pathlib", "pathlib._local", "pathlib._abc", "nbexp.kernel.audit"}
)

#: Frames between a file and whoever opens it: `pathlib`, `codecs` and their kin.
_BETWEEN = (sys.stdlib_module_names | {"nbexp"}) - {"__main__"}

#: Functions of Python that look what is there on the way to something else: they make a folder unless there is one,
#: follow links, search the machine for a program, clean up.
_ON_THE_WAY = frozenset(
    {"makedirs", "mkdir", "realpath", "_joinrealpath", "resolve", "which", "checkcache", "updatecache", "cleanup"}
)

#: IPython's magics that read the environment for the cell: ``%env HOME``.
_ENVIRONMENT_MAGICS = "IPython.core.magics.osm"

_EXPANDERS = frozenset({"expandvars"})


def module_of(frame: FrameType) -> str:
    """The name of the module whose code runs in `frame`; ``__main__`` if it has none (code made by `exec`)."""
    name = frame.f_globals.get("__name__")
    return name if isinstance(name, str) else "__main__"


def in_installed_import(frame: FrameType | None) -> bool:
    """Whether the innermost module body on the stack is that of an installed module."""
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            return not is_project(module_of(frame))
        frame = frame.f_back
    return False


def is_result_writer(code: CodeType, module: str) -> bool:
    """Whether this code writes a result."""
    return code.co_qualname in _RESULT_NAMES and (module, code.co_qualname) in RESULT_WRITERS


def in_result_writer(frame: FrameType | None) -> bool:
    """Whether a result is being written somewhere up the stack."""
    while frame is not None:
        if is_result_writer(frame.f_code, module_of(frame)):
            return True
        frame = frame.f_back
    return False


def reads_source(frame: FrameType | None) -> bool:
    """Whether the import system or one of its kin reads here: among the innermost frames, which are Python's own."""
    while frame is not None:
        module = module_of(frame)
        if module in _SOURCE_READERS or frame.f_code.co_filename.startswith("<frozen importlib"):
            return not _reads_data(frame)
        if module.partition(".")[0] not in _BETWEEN:
            return False
        frame = frame.f_back
    return False


def _reads_data(frame: FrameType) -> bool:
    """Whether a loader hands out a file that is no code: ``pkgutil.get_data``, ``importlib.resources``."""
    outer = frame.f_back
    return frame.f_code.co_name == "get_data" and outer is not None and module_of(outer) == "pkgutil"


def lists_modules(frame: FrameType, path: Any) -> bool:
    """Whether `pkgutil` lists a folder here to say which modules are in it (``iter_modules``, ``walk_packages``).

    Folders within that one are listed, too, but only to see whether they are packages.
    """
    if frame.f_code.co_name != "_iter_file_finder_modules" or module_of(frame) != "pkgutil":
        return False
    return bool(frame.f_locals["importer"].path == path)


def source_by_project(frame: FrameType | None) -> bool:
    """Whether notebook or project code asks for a source: not what shows tracebacks and warnings."""
    while frame is not None:
        module = module_of(frame)
        if module in _SHOW_SOURCES:
            return False
        if module.partition(".")[0] not in _BETWEEN:
            return is_project(module)
        frame = frame.f_back
    return False


def removes_tree(frame: FrameType) -> bool:
    """Whether `shutil.rmtree` works here: relative to open folders, so that its paths mean nothing by themselves."""
    return frame.f_code.co_name.startswith("_rmtree") and module_of(frame) == "shutil"


def notifies_pool(frame: FrameType) -> bool:
    """Whether a pool wakes its own threads through a pipe, as pools of threads do too; tasks go another way."""
    modules: list[str] = []
    outer: FrameType | None = frame
    while outer is not None and len(modules) < 4:
        modules.append(module_of(outer))
        outer = outer.f_back
    return "multiprocessing.queues" in modules and "multiprocessing.pool" in modules


def environment_by_project(frame: FrameType | None) -> bool:
    """Whether notebook or project code reads the environment: the first frame beyond the doors of `os.environ`."""
    while frame is not None:
        module = module_of(frame)
        if module not in _ENVIRONMENT_DOORS and frame.f_code.co_name not in _EXPANDERS:
            return is_project(module) or module == _ENVIRONMENT_MAGICS
        frame = frame.f_back
    return False


def folder_by_project(frame: FrameType | None) -> bool:
    """Whether notebook or project code asks for the working directory, or makes a path absolute."""
    while frame is not None:
        module = module_of(frame)
        if module not in _FOLDER_DOORS:
            return is_project(module)
        frame = frame.f_back
    return False


def status_by_project(frame: FrameType | None) -> bool:
    """Whether notebook or project code asks what is at a path: not what Python asks on the way to something else."""
    while frame is not None:
        module = module_of(frame)
        if module.partition(".")[0] not in _BETWEEN:
            return is_project(module)
        own = module.startswith("nbexp.") and module != "nbexp.kernel.audit"  # nbexp looks around, as for `nbexp.load`
        if own or module == "inspect" or frame.f_code.co_name in _ON_THE_WAY:
            return False
        frame = frame.f_back
    return False


def by_project(frame: FrameType | None) -> bool:
    """Whether notebook or project code opens a file: the first frame that is not the standard library's or ours."""
    while frame is not None:
        module = module_of(frame)
        if module.partition(".")[0] not in _BETWEEN:
            return is_project(module)
        frame = frame.f_back
    return False


def stack_of(thread: int) -> FrameType | None:
    """The innermost frame of another thread; None if it has ended."""
    frames: Callable[[], dict[int, FrameType]] = sys._current_frames
    return frames().get(thread)
