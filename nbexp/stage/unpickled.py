"""Functions and classes that a stage finds by their names in a pickle: dependencies that its source does not show.

`pickle.load`, and all that is built on it (`joblib.load`, `torch.load`, `numpy.load`, `pandas.read_pickle`), looks up
what a pickle names in the loaded modules. Python raises an audit event for each name, so a stage's record can say what
it found: code of the notebook and project by content, with all that this reaches; installed packages by version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from nbexp import hashing
from nbexp.adapters.base import Name
from nbexp.code.origin import NOTEBOOK, origin
from nbexp.code.reference import is_project_code
from nbexp.errors import Unfingerprintable
from nbexp.records import Part
from nbexp.snapshot.environment import package_part
from nbexp.snapshot.modules import module_parts
from nbexp.stage.reach import Walk

#: Kind and name of the parts that are in a stage's key already.
Known = Collection[tuple[str, str]]

_HOST = frozenset({"get_ipython", "exit", "quit", "open"})


def unpickled_parts(found: Iterable[tuple[str, str]], known: Known, own: Collection[str]) -> Iterator[Part]:
    """The dependencies (kind ``unpickled``) of a stage that found these names in pickles.

    Args:
        found: Module and name of each. known: What its key says already.
        own: Names of the notebook that the stage itself binds. If the pickle meant what was there before cannot be
            told, so such a dependency equals nothing.
    """
    packages: set[str] = set()
    for module, name in found:
        where = origin(module)
        if where.kind == "installed":
            packages.add(where.root)
        elif module == NOTEBOOK and name.partition(".")[0] in own:
            yield Part("unpickled", f"{module}:{name}", "")
        elif where.kind != "python":
            yield unpickled_part(f"{module}:{name}", known)
    for package in sorted(packages):
        part = package_part(package)
        if part is not None and (part.kind, part.name) not in known:
            yield unpickled_part(package, known)


def unpickled_part(name: str, known: Known) -> Part:
    """One such dependency as it is now.

    Args:
        name: ``module:qualified.name``, or the import name of an installed package.
        known: As above: what is there needs no second look.
    """
    module, colon, path = name.partition(":")
    if not colon:
        part = package_part(module)
        return Part("unpickled", name, part.digest if part else "")
    walk = Walk(frozenset(), _is_host)
    walk.add([Name(module, tuple(path.split(".")))])
    try:
        walk.run()
        parts = [*walk.parts.values(), *module_parts(walk.imports)]
    except Unfingerprintable:
        return Part("unpickled", name, "")
    parts = [part for part in parts if (part.kind, part.name) not in known]
    labels = {name for _, name in known}
    if any(root.mark.nodes and label not in labels for label, root in walk.roots.items() if not root.is_code):
        return Part("unpickled", name, "")  # the stage may have changed what the code reads
    pieces = sorted(f"{part.kind} {part.name} {part.digest}" for part in parts)
    return Part("unpickled", name, hashing.digest("unpickled", *pieces).hex())


def _is_host(name: str, value: Any) -> bool:
    return name in _HOST and not is_project_code(value)
