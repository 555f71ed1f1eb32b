"""The environment of a result: Python, and the installed packages that its code runs, by version."""

from __future__ import annotations

import functools
import sys

from nbexp import hashing
from nbexp.code.distributions import Distribution, distribution, owners
from nbexp.code.origin import Origin, origin
from nbexp.records import Part

#: Digests of packages whose modules are loaded: what is installed now may be newer than what runs.
_loaded: dict[str, Part] = {}


def python_part() -> Part:
    """The Python that runs: implementation and minor version (bytecode and libraries differ between these)."""
    return _python_part()


@functools.cache
def _python_part() -> Part:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    text = version if sys.implementation.name == "cpython" else f"{sys.implementation.name} {version}"
    return Part("python", "python", hashing.digest("python", sys.implementation.name, version).hex(), text)


def package_part(root: str) -> Part | None:
    """An installed package: name and version of its distribution, and of all that it needs, as installed.

    Args:
        root: Its import name: ``sklearn``.

    Returns:
        A part of kind ``package``, named as the distribution is (``scikit-learn``); None for what is no installed
        package.
    """
    known = _loaded.get(root)
    return known if known is not None else part_of_origin(origin(root))


def part_of_origin(where: Origin) -> Part | None:
    """The part of the package that code from `where` belongs to; None if it is not installed."""
    if where.kind != "installed":
        return None
    if (known := _loaded.get(where.root)) is not None:
        return known
    found = owners(where.folder, where.root)
    if not found:
        return None
    part = _part(found)
    if where.root in sys.modules:
        _loaded[where.root] = part
    return part


def _part(found: tuple[Distribution, ...]) -> Part:
    closure = _closure(found)
    names = ", ".join(dist.name for dist in found)
    versions = ", ".join(dist.version for dist in found)
    pieces = [piece for name in sorted(closure) for piece in (name, closure[name].version)]
    own = [piece for dist in found for piece in (dist.name, dist.version)]
    digest = hashing.digest("package", str(len(found)), *own, *pieces)
    return Part("package", names[:80], digest.hex(), versions[:80])


def _closure(found: tuple[Distribution, ...]) -> dict[str, Distribution]:
    """What the distributions need, directly and indirectly, and what they use if it is there, by normalized name.

    What is not installed is left out, and so is what a needed package may use in turn: it leads everywhere.
    """
    closure: dict[str, Distribution] = {}
    pending = [name for dist in found for name in (*dist.requires, *dist.optional)]
    while pending:
        name = pending.pop()
        if name not in closure:
            needed = distribution(name)
            if needed is not None:
                closure[name] = needed
                pending += needed.requires
    return closure
