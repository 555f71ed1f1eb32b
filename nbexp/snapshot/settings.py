"""Settings of the process and of libraries that change what a cell computes or shows, told as differences.

Each probe tells how a library differs from its own defaults, so that a library that is not loaded and one that is
loaded and untouched are the same: ``{}``. Settings for a library that is not loaded wait for its import.

Left out, because they belong to the machine or to the front end: numbers of threads, matplotlib's backend, formats of
inline figures, plotly's renderers. docs/limits.md names what is not seen.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable

from nbexp.snapshot.display_probes import SHOWING
from nbexp.snapshot.library_probes import COMPUTING
from nbexp.snapshot.probes import PYTHON, Probe, Tree, Watching
from nbexp.snapshot.warning_filters import WarningFilters

_warnings = WarningFilters()

_PROBES: tuple[Probe, ...] = (*PYTHON, *COMPUTING, *SHOWING, _warnings)

_waiting: dict[str, Tree] = {}
_lock = threading.RLock()


def note_start(on_import: Callable[[str, Callable[[], None]], object]) -> None:
    """Begin to notice who sets what, and to apply waiting settings at imports. Called once, when nbexp is loaded."""
    for probe in _PROBES:
        if probe.module in sys.modules:
            _watch(probe)
        else:
            on_import(probe.module, functools.partial(_arrived, probe))


def _watch(probe: Probe) -> None:
    if isinstance(probe, Watching):
        probe.watch()


def _arrived(probe: Probe) -> None:
    _watch(probe)
    _settle(probe)


def _loaded(probe: Probe) -> bool:
    module = sys.modules.get(probe.module)
    spec = getattr(module, "__spec__", None)
    # A module that is being imported right now has no settings yet.
    return module is not None and not getattr(spec, "_initializing", False)


def _settle(probe: Probe) -> None:
    with _lock:
        if probe.name in _waiting and sys.modules.get(probe.module) is not None:
            probe.apply(_waiting.pop(probe.name))


def state_differences() -> dict[str, Tree]:
    """What differs from the defaults, by probe; probes with nothing to tell are left out.

    Example:
        >>> pandas.set_option("display.max_rows", 7)
        >>> state_differences()
        {'pandas': {'display.max_rows': 7}}
    """
    found = {}
    with _lock:
        for probe in _PROBES:
            if probe.module in sys.modules and _loaded(probe):
                if _waiting:
                    _settle(probe)
                tree = probe.differences()
            else:
                tree = _waiting.get(probe.name, {})
            if tree:
                found[probe.name] = tree
    return found


def apply_state(name: str, tree: Tree) -> None:
    """Make a probe's settings the defaults with these differences; at its import, if the library is not loaded.

    Args:
        name: As in `state_differences`.
        tree: ``{}`` puts the defaults back.
    """
    probe = next(probe for probe in _PROBES if probe.name == name)
    with _lock:
        if _loaded(probe):
            _waiting.pop(name, None)
            probe.apply(tree)
        elif tree:
            _waiting[name] = tree
        else:
            _waiting.pop(name, None)
