"""Which modules lie in a folder, as a dependency of code that asks `pkgutil` for them and imports what it finds.

Only names that can be imported count: what importing them leaves in the folder (``__pycache__``) does not.
"""

from __future__ import annotations

import os
import pkgutil

from nbexp.hashing import digest
from nbexp.records import Part


def modules_part(path: str, seen: str | None = None) -> Part:
    """The modules in a folder as a dependency (kind ``modules``): one that comes or goes changes it.

    Args:
        path: As the stage named it.
        seen: The digest when the stage asked; None to look now.
    """
    return Part("modules", path, modules_digest(os.path.abspath(path)) if seen is None else seen)


def modules_digest(path: str) -> str:
    """The hexadecimal digest of the names of modules and packages in a folder."""
    found = sorted((info.name, info.ispkg) for info in pkgutil.iter_modules([path]))
    return digest("modules", repr(found)).hex()
