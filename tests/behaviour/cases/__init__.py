"""The cases, one file a category; `all_cases` collects them."""

from __future__ import annotations

import importlib
import pkgutil

from tests.behaviour.model import Case


def all_cases() -> list[Case]:
    """Every case, in the order of the files; names are unique."""
    found: list[Case] = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        found += importlib.import_module(f"{__name__}.{module.name}").CASES
    names = [case.id for case in found]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})
    return found
