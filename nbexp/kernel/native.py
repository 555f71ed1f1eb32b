"""Libraries that open files in native code, announced: their functions are wrapped at import and name their files.

pyarrow (behind ``pandas.read_parquet``), polars and ``torch.save`` open files without Python's `open`, and so without
an audit event. The functions below tell the recorder of each file before they run. Where a function takes a folder or
a pattern, the folder's names and every file in it are told.

A function is replaced wherever the library's loaded modules hold it, so that its name still leads to one object.
"""

from __future__ import annotations

import functools
import glob
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from nbexp.kernel import audit

READ, WRITE = os.O_RDONLY, os.O_WRONLY | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True, slots=True)
class Door:
    """A function that opens the files named by one of its parameters.

    Attributes:
        name: Its name in the module, ``Class.method`` for a method.
        parameter: The parameter that holds a path, a pattern, or a list of them. Anything else there is no file.
        flags: `READ` or `WRITE`; a parameter ``mode`` with ``w`` in it makes it `WRITE`.
        position: Where the parameter stands, for functions whose signature cannot be read.
    """

    name: str
    parameter: str
    flags: int = READ
    position: int = 0


def _polars_readers() -> tuple[Door, ...]:
    names = "csv csv_batched parquet ipc ipc_stream ndjson json avro lines parquet_schema parquet_metadata ipc_schema"
    scans = "csv parquet ipc ndjson lines"
    found = [Door(f"read_{name}", "source") for name in names.split()]
    return (*found, *(Door(f"scan_{name}", "source") for name in scans.split()))


def _polars_writers() -> tuple[Door, ...]:
    names = "csv parquet ipc ipc_stream ndjson json avro excel"
    return tuple(Door(f"DataFrame.write_{name}", "file", WRITE, 1) for name in names.split())


#: By the module after whose import the doors exist. Names that a version lacks are passed over.
DOORS: dict[str, tuple[Door, ...]] = {
    "pandas.io.parquet": (Door("_get_path_or_handle", "path"),),
    "pyarrow": (
        Door("memory_map", "path"),
        Door("create_memory_map", "path", WRITE),
        Door("input_stream", "source"),
        Door("output_stream", "source", WRITE),
    ),
    "pyarrow.ipc": (
        Door("open_file", "source"),
        Door("open_stream", "source"),
        Door("new_file", "sink", WRITE),
        Door("new_stream", "sink", WRITE),
    ),
    "pyarrow.parquet": (
        Door("ParquetFile.__init__", "source", READ, 1),
        Door("ParquetDataset.__init__", "path_or_paths", READ, 1),
        Door("ParquetWriter.__init__", "where", WRITE, 1),
        Door("read_table", "source"),
        Door("read_metadata", "where"),
        Door("read_schema", "where"),
        Door("write_table", "where", WRITE, 1),
        Door("write_metadata", "where", WRITE, 1),
        Door("write_to_dataset", "root_path", WRITE, 1),
    ),
    "pyarrow.dataset": (Door("dataset", "source"), Door("write_dataset", "base_dir", WRITE, 1)),
    "pyarrow.feather": (
        Door("read_table", "source"),
        Door("read_feather", "source"),
        Door("write_feather", "dest", WRITE, 1),
    ),
    "pyarrow.csv": (
        Door("read_csv", "input_file"),
        Door("open_csv", "input_file"),
        Door("write_csv", "output_file", WRITE, 1),
    ),
    "pyarrow.json": (Door("read_json", "input_file"), Door("open_json", "input_file")),
    "pyarrow.orc": (
        Door("ORCFile.__init__", "source", READ, 1),
        Door("read_table", "source"),
        Door("write_table", "where", WRITE, 1),
    ),
    "polars": (
        *_polars_readers(),
        *_polars_writers(),
        *(Door(f"LazyFrame.sink_{name}", "path", WRITE, 1) for name in ("csv", "parquet", "ipc", "ndjson")),
    ),
    "torch": (Door("from_file", "filename"),),
    "torch.serialization": (Door("_open_zipfile_writer_file.__init__", "name", WRITE, 1),),
    "torch.jit": (Door("load", "f"), Door("save", "f", WRITE, 1)),
}


def wrap_doors(module_name: str) -> None:
    """Wrap the doors of one loaded module of `DOORS`; those that are wrapped already, or missing, are left alone."""
    module = sys.modules[module_name]
    for door in DOORS[module_name]:
        owner: Any = module
        *outer, last = door.name.split(".")
        for name in outer:
            owner = getattr(owner, name, None)
        original = getattr(owner, last, None)
        if original is None or hasattr(original, "_nbexp"):
            continue
        wrapper = _announcing(original, door)
        if outer:
            setattr(owner, last, wrapper)
        else:
            _replace(module_name.partition(".")[0], last, original, wrapper)


def _replace(root: str, name: str, original: Any, wrapper: Any) -> None:
    for module_name, module in list(sys.modules.items()):
        if module_name == root or module_name.startswith(root + "."):
            held = getattr(module, "__dict__", {})
            if held.get(name) is original:
                setattr(module, name, wrapper)


def _announcing(original: Callable[..., Any], door: Door) -> Callable[..., Any]:
    position = _position(original, door.parameter, door.position)
    mode = _position(original, "mode", sys.maxsize)

    @functools.wraps(original)
    def announcing(*arguments: Any, **named: Any) -> Any:
        if audit.listening():
            value = named.get(door.parameter, arguments[position] if len(arguments) > position else None)
            opened_for = named.get("mode", arguments[mode] if len(arguments) > mode else "")
            announce(value, WRITE if door.flags == WRITE or "w" in str(opened_for) else READ)
        return original(*arguments, **named)

    announcing._nbexp = True  # type: ignore[attr-defined]
    return announcing


def _position(original: Callable[..., Any], parameter: str, otherwise: int) -> int:
    try:
        return list(inspect.signature(original).parameters).index(parameter)
    except ValueError:  # a native function without a signature, or another version's name
        return otherwise


def announce(value: Any, flags: int) -> None:
    """Tell the recorder of the files that `value` names: a path, a pattern, a folder, or several of them."""
    for path in _paths(value):
        if flags == WRITE:
            audit.emit("open", path, "wb", flags)
        else:
            _announce_reading(path)


def _announce_reading(path: str) -> None:
    if glob.has_magic(path) and not os.path.lexists(path):
        folder = os.path.dirname(path) or "."
        audit.emit("os.listdir", folder)
        for found in sorted(glob.glob(path, recursive=True)):
            _announce_reading(found)
    elif os.path.isdir(path):
        for folder, _, names in os.walk(path):
            audit.emit("os.listdir", folder)
            for name in sorted(names):
                audit.emit("open", os.path.join(folder, name), "rb", READ)
    else:
        audit.emit("open", path, "rb", READ)


def _paths(value: Any) -> Iterator[str]:
    if isinstance(value, (str, bytes, os.PathLike)):
        path = os.fsdecode(value)
        if path.startswith("file://"):
            path = path.removeprefix("file://")
        if "://" not in path and "\n" not in path:
            yield os.path.expanduser(path)
    elif isinstance(value, (list, tuple)):
        items: Iterable[Any] = value
        for item in items:
            yield from _paths(item)
