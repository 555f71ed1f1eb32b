"""Objects that a library knows by identity (``dataclasses.MISSING``): stored by their name in the library's module."""

from __future__ import annotations

import sys


def singletons(tp: type) -> dict[int, str]:
    """The instances of `tp` that the module defining it holds as globals: id -> name. Empty for notebook and project
    code, whose globals are values like any other."""
    from nbexp.adapters.code import is_project  # adapters are loaded when first met

    module = sys.modules.get(tp.__module__)
    if module is None or is_project(tp.__module__):
        return {}
    return {id(value): name for name, value in vars(module).items() if type(value) is tp}
