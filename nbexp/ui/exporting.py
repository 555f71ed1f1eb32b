"""A value written as a file of a common format, chosen by the file's suffix."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbexp.errors import BadUse, NbexpError, closest
from nbexp.records import spelled


def _method(*names: str, **options: Any) -> Callable[[Any, str], None]:
    """Writes by the first of these methods that the value has."""

    def write(value: Any, path: str) -> None:
        for name in names:
            if hasattr(value, name):
                getattr(value, name)(path, **options)
                return
        raise TypeError(f"it has no {' and no '.join(names)}")

    return write


def _npy(value: Any, path: str) -> None:
    import numpy

    if not isinstance(value, (numpy.ndarray, numpy.generic)):
        raise TypeError("not an array")
    numpy.save(path, value, allow_pickle=False)


def _json(value: Any, path: str) -> None:
    if hasattr(value, "to_json"):
        value.to_json(path)
    else:
        text = json.dumps(spelled(value), indent=1, ensure_ascii=False)
        Path(path).write_text(text + "\n", encoding="utf-8")


def _text(value: Any, path: str) -> None:
    Path(path).write_text(value if isinstance(value, str) else str(value), encoding="utf-8")


def _pickle(value: Any, path: str) -> None:
    content = pickle.dumps(value, protocol=5)
    Path(path).write_bytes(content)


#: Suffix -> how a value is written; a writer raises TypeError or ValueError for a value that it does not take.
_WRITERS: dict[str, Callable[[Any, str], None]] = {
    ".csv": _method("to_csv", "write_csv"),
    ".parquet": _method("to_parquet", "write_parquet"),
    ".json": _json,
    ".npy": _npy,
    ".png": _method("savefig", "write_image"),
    ".svg": _method("savefig", "write_image"),
    ".pdf": _method("savefig", "write_image"),
    ".html": _method("write_html", "to_html"),
    ".txt": _text,
    ".pkl": _pickle,
}

#: What writes a format, where it does not come with the library that made the value.
_NEEDED = {".parquet": "pyarrow"}


def suffixes() -> str:
    """The formats, as a text."""
    return " ".join(_WRITERS)


def export(value: Any, path: Path) -> None:
    """Write `value` to `path`.

    Raises:
        BadUse: The suffix is not known, the value has no such form, or a package that writes it is missing.
        NbexpError: The file cannot be written.
    """
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise BadUse(f'"{path}" names no format that can be written', closest(path.suffix, _WRITERS))
    try:
        writer(value, str(path))
    except (TypeError, ValueError, AttributeError, pickle.PicklingError) as error:
        kind = type(value).__qualname__
        what = f'a value of the type {kind} cannot be written as "{path.suffix}": {error}'
        raise BadUse(what, "Use .npy, .pkl or .txt." if kind == "ndarray" else "Use .pkl or .txt.") from error
    except ImportError as error:
        needed = _NEEDED.get(path.suffix.lower()) or error.name or "a package that is not installed"
        raise BadUse(f"a {path.suffix} needs {needed}", f"pip install {needed}") from error
    except OSError as error:
        raise NbexpError(f'"{path}" cannot be written: {error.strerror or error}', "Choose another place.") from error
