"""The settings of libraries that compute, as differences from their own defaults. Nothing is imported for it."""

from __future__ import annotations

import functools
import os
import sys
from typing import Any

from nbexp.snapshot.probes import Probe, Tree, differ
from nbexp.snapshot.torch_probe import TorchProbe


class _Pandas:
    """``pandas.options``."""

    name, module = "pandas", "pandas"

    def _options(self) -> Any:
        return sys.modules["pandas._config.config"]

    def differences(self) -> Tree:
        options = self._options()
        groups: dict[str, Any] = {"": options._global_config}
        found = {}
        for key, option in options._registered_options.items():
            group, _, last = key.rpartition(".")
            values = groups.get(group)
            if values is None:
                values = groups[group] = functools.reduce(dict.__getitem__, group.split("."), options._global_config)
            if differ(values[last], option.defval):
                found[key] = values[last]
        return found

    def apply(self, tree: Tree) -> None:
        options = self._options()
        for key in self.differences().keys() - tree.keys():
            options.set_option(key, options._registered_options[key].defval)
        for key, value in tree.items():
            options.set_option(key, value)


#: https://numpy.org/doc/stable/reference/generated/numpy.set_printoptions.html
_PRINT: Tree = {
    "edgeitems": 3, "threshold": 1000, "floatmode": "maxprec", "precision": 8, "suppress": False,
    "linewidth": 75, "nanstr": "nan", "infstr": "inf", "sign": "-", "formatter": None, "legacy": False,
    "override_repr": None,
}  # fmt: skip
_ERRORS: Tree = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


class _Numpy:
    """numpy's printing and floating-point error handling."""

    name, module = "numpy", "numpy"

    def differences(self) -> Tree:
        numpy = sys.modules["numpy"]
        shown = {key: value for key, value in numpy.get_printoptions().items() if differ(value, _PRINT.get(key))}
        errors = {key: value for key, value in numpy.geterr().items() if value != _ERRORS[key]}
        found: Tree = {f"print.{key}": value for key, value in shown.items()}
        found.update({f"errors.{key}": value for key, value in errors.items()})
        if numpy.geterrcall() is not None:
            found["errors.call"] = numpy.geterrcall()
        return found

    def apply(self, tree: Tree) -> None:
        numpy = sys.modules["numpy"]
        known = numpy.get_printoptions().keys() & _PRINT.keys()
        wanted = {key: tree.get(f"print.{key}", _PRINT[key]) for key in known}
        numpy.set_printoptions(**wanted)
        numpy.seterr(**{key: tree.get(f"errors.{key}", value) for key, value in _ERRORS.items()})
        numpy.seterrcall(tree.get("errors.call"))


#: Those of sklearn's defaults that variables of the environment set at its import.
_SKLEARN: Tree = {"assume_finite": False, "working_memory": 1024, "pairwise_dist_chunk_size": 256}


class _Sklearn:
    """``sklearn.get_config()``, which is that of the thread."""

    name, module = "sklearn", "sklearn._config"

    def _defaults(self) -> Tree:
        return {**sys.modules[self.module]._global_config, **_SKLEARN}

    def differences(self) -> Tree:
        defaults, now = self._defaults(), sys.modules[self.module].get_config()
        return {key: value for key, value in now.items() if differ(value, defaults[key])}

    def apply(self, tree: Tree) -> None:
        defaults = self._defaults()
        back = {key: defaults[key] for key in self.differences().keys() - tree.keys()}
        sys.modules[self.module].set_config(**back, **tree)


#: What ``polars.Config`` sets directly, by its method; to give it None sets the default.
_POLARS: Tree = {
    "set_fmt_float": "mixed", "set_float_precision": None, "set_thousands_separator": "",
    "set_decimal_separator": ".", "set_trim_decimal_zeros": False,
}  # fmt: skip


class _Polars:
    """``polars.Config``: variables of the environment, and what its native part holds. Monitoring is the machine's."""

    name, module = "polars", "polars.config"

    def _variables(self) -> dict[str, str]:
        names = sys.modules[self.module]._POLARS_CFG_ENV_VARS.intersection(os.environ)
        return {name: os.environ[name] for name in sorted(names) if "MONITORING" not in name}

    def differences(self) -> Tree:
        getters = sys.modules[self.module]._POLARS_CFG_DIRECT_VARS
        held = {name: get() for name, get in getters.items()}
        return {
            **self._variables(),
            **{name: value for name, value in held.items() if differ(value, _POLARS.get(name))},
        }

    def apply(self, tree: Tree) -> None:
        config = sys.modules[self.module].Config
        for name in self.differences().keys() - tree.keys():
            if name in _POLARS:
                getattr(config, name)(None)
            else:
                del os.environ[name]
        for name, value in tree.items():
            if name in _POLARS:
                getattr(config, name)(value)
            else:
                os.environ[name] = value
        config.load("{}")  # its native part reads the variables again


#: All of them, in the order in which they are applied.
COMPUTING: tuple[Probe, ...] = (_Numpy(), _Pandas(), TorchProbe(), _Sklearn(), _Polars())
