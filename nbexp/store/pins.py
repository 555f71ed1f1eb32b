"""What keeps its values whatever the budget: pinned records, each pin a small file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

from nbexp import platform
from nbexp.errors import StoreError
from nbexp.store.records import is_id, names


@dataclass(frozen=True, slots=True)
class Pin:
    """One pin.

    Attributes:
        name: What was pinned, as the user said it: a record's id, a run's. records: Ids of the records that it keeps.
        created: When, ISO 8601 in UTC.
    """

    name: str
    records: tuple[str, ...]
    created: str


def pin(store: str, new: Pin) -> None:
    """Write a pin; one of the same name is replaced.

    Raises:
        OSError: It cannot be written.
    """
    os.makedirs(_folder(store), exist_ok=True)
    platform.replace_file(_path(store, new.name), json.dumps(asdict(new)).encode(), mode=0o644)


def unpin(store: str, name: str) -> bool:
    """Take a pin away; False if there is none of this name."""
    return platform.remove(_path(store, name))


def pins(store: str) -> list[Pin]:
    """All pins, the oldest first.

    Raises:
        StoreError: One cannot be read: nobody knows what it keeps.
    """
    found = [pin for name in names(_folder(store)) if (pin := _read(os.path.join(_folder(store), name))) is not None]
    return sorted(found, key=lambda pin: (pin.created, pin.name))


def pinned(store: str) -> frozenset[str]:
    """Ids of the records that are pinned.

    Raises:
        StoreError: As `pins`.
    """
    return frozenset(record for pin in pins(store) for record in pin.records)


def _read(path: str) -> Pin | None:
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        return Pin(str(data["name"]), tuple(filter(is_id, map(str, data["records"]))), str(data["created"]))
    except FileNotFoundError:  # taken away meanwhile
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StoreError(
            f'the pin "{path}" cannot be read ({error})', "Repair its permissions, or remove it."
        ) from error


def _folder(store: str) -> str:
    return os.path.join(store, "pins")


def _path(store: str, name: str) -> str:
    if not name.isalnum():
        raise ValueError(f"{name!r} is not the id of a record or run")
    return os.path.join(_folder(store), name)
