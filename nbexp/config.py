"""Settings: ``[tool.nbexp]`` in pyproject.toml, then ``NBEXP_*`` variables, which win; and where a project begins.

========== ===================== ============================== =======================================================
key        variable              values                         meaning
========== ===================== ============================== =======================================================
``line``   ``NBEXP_LINE``        all, changes, off              which stages show their one-line status
``keep``   ``NBEXP_KEEP``        auto, always                   whether a large artifact that is cheap to recompute is
                                                                skipped, or all are kept
``read``   ``NBEXP_NO_READ=1``   true, false                    whether stored results are used
``write``  ``NBEXP_NO_WRITE=1``  true, false                    whether results are stored
``budget`` ``NBEXP_BUDGET``      ``"50 GB"``, ``"800 MiB"``     how large the stored values may grow; by default 20 GB,
                                                                or a tenth of the disk's free space if that is less
========== ===================== ============================== =======================================================

``NBEXP_HOME`` names the folder that holds ``.nbexp``, whatever the notebook's folder.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nbexp.errors import BadUse, closest
from nbexp.sizes import parse_size

STORE_NAME = ".nbexp"

_MARKS = (STORE_NAME, "pyproject.toml", ".git")

_CHOICES = {"line": ("all", "changes", "off"), "keep": ("auto", "always")}

_SWITCHES = {"read": "NBEXP_NO_READ", "write": "NBEXP_NO_WRITE"}

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Config:
    """What a user can set; the defaults are what most want. See the module for the meaning of each."""

    line: str = "all"
    keep: str = "auto"
    read: bool = True
    write: bool = True
    budget: int | None = None


def find_root(start: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder in which ``.nbexp`` lies: ``NBEXP_HOME``, else the nearest folder from `start` upwards that has
    ``.nbexp``, ``pyproject.toml`` or ``.git``, else `start` itself.

    Args:
        start: The notebook's folder (or the notebook, or the working directory where no notebook is known).
    """
    if environ.get("NBEXP_HOME"):
        return Path(environ["NBEXP_HOME"]).expanduser().absolute()
    folder = start.absolute()
    folder = folder.parent if folder.is_file() else folder
    for candidate in (folder, *folder.parents):
        if any((candidate / mark).exists() for mark in _MARKS):
            return candidate
    return folder


def load_config(root: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """The settings of the project at `root`.

    Raises:
        BadUse: For an unknown key or value, naming the closest one, and for a pyproject.toml that cannot be read.
    """
    config = Config()
    for key, value in _table(root / "pyproject.toml").items():
        config = replace(config, **{key: _checked(key, value)})
    for key in _CHOICES:
        if environ.get(variable := f"NBEXP_{key.upper()}"):
            config = replace(config, **{key: _checked(key, environ[variable], variable)})
    if environ.get("NBEXP_BUDGET"):
        config = replace(config, budget=_checked("budget", environ["NBEXP_BUDGET"], "NBEXP_BUDGET"))
    for key, variable in _SWITCHES.items():
        if variable in environ:
            changed: dict[str, Any] = {key: not _switch(variable, environ[variable])}
            config = replace(config, **changed)
    return config


def _table(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadUse(f'"{path}" cannot be read: {error}', "Repair the file.") from error
    try:
        tools = tomllib.loads(text).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        raise BadUse(f'"{path}" is not valid TOML: {error}', "Correct that line.") from error
    table = tools.get("nbexp", {}) if isinstance(tools, dict) else None
    if not isinstance(table, dict):
        raise BadUse(f'"tool.nbexp" in "{path}" is not a table', "Write [tool.nbexp] on a line of its own.")
    return table


def _checked(key: str, value: Any, where: str = "") -> Any:
    if key in _CHOICES:
        if value in _CHOICES[key]:
            return value
        raise BadUse(f'"{value}" is not a value of {where or key}', closest(str(value), _CHOICES[key]))
    if key in _SWITCHES:
        if isinstance(value, bool):
            return value
        raise BadUse(f'"{value}" is not a value of {key}', "Use true or false.")
    if key == "budget":
        return parse_size(value, where or key)
    raise BadUse(f'"{key}" is no key of [tool.nbexp]', closest(key, (*_CHOICES, *_SWITCHES, "budget")))


def _switch(variable: str, value: str) -> bool:
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise BadUse(f'"{value}" is not a value of {variable}', "Use 1 or 0.")
