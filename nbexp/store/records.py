"""Record files: ``records/ab/<static key>/<record id>``, immutable, signed, published last.

One file is four pieces: a line of text that says the format and the length of the others, the record as JSON, the
payload (a small artifact), and the seal (signatures, JSON). The record's id is the digest of the record and payload;
the signatures are over the id, and id and static key are the file's own name and folder. So nothing can be altered,
swapped or moved without being noticed, and no record is parsed before its signature was checked.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbexp import platform
from nbexp.errors import Damaged, StoreError
from nbexp.hashing import digest
from nbexp.records import FORMAT_VERSION, Metric, Record, Result, spelled
from nbexp.store.seals import read_seal
from nbexp.store.trust import Keys

#: No record file is larger: one that is was not written by nbexp.
MAX_BYTES = 1 << 28

_FIRST_LINE = re.compile(rb"nbexp record (\d{1,9})(?: (\d{1,12}) (\d{1,12}) (\d{1,12}))?\n")

_HEXADECIMAL = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it came from the store, its signature checked.

    Attributes:
        id: Hexadecimal digest of its content. path: Its file. payload: Bytes of a small artifact.
        author, signer: Who signed it, by name and by public key: ``""`` for this user.
    """

    id: str
    record: Record
    path: str
    payload: bytes
    author: str = ""
    signer: str = ""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A record ready to be signed and written."""

    id: str
    body: bytes
    payload: bytes


class OtherFormat(StoreError):
    """A record of another version of nbexp: left alone, and the stage runs."""


def encode(record: Record, payload: bytes = b"") -> Encoded:
    """The record's bytes and id.

    Raises:
        StoreError: If the record holds something that JSON cannot.
    """
    try:
        body = json.dumps(record, separators=(",", ":"), default=_fields).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(
            f'the record of "{record.stage}" cannot be written: {error}', "Log and display plain data only."
        ) from error
    if len(body) + len(payload) > MAX_BYTES:
        raise StoreError(
            f'the record of "{record.stage}" is too large: its output fills {len(body) >> 20} MiB',
            "Print and display less.",
        )
    return Encoded(digest("record", body, payload).hex(), body, payload)


def frame(encoded: Encoded, seal: dict[str, Any]) -> bytes:
    """The content of the record's file."""
    trailer = json.dumps(seal, separators=(",", ":")).encode("ascii")
    lengths = f"{len(encoded.body)} {len(encoded.payload)} {len(trailer)}"
    return b"".join((f"nbexp record {FORMAT_VERSION} {lengths}\n".encode(), encoded.body, encoded.payload, trailer))


def folder(store: str, key: str) -> str:
    """Where the records with one static key lie.

    Raises:
        StoreError: If `key` is not a digest: it could lead out of the store.
    """
    if not is_id(key):
        raise StoreError(f'"{key[:80]}" is not a key', "Give the 64 digits that `nbexp show` prints.")
    return os.path.join(store, "records", key[:2], key)


def path_of(store: str, key: str, record_id: str) -> str:
    """Where a record lies.

    Raises:
        StoreError: As `folder`; if `record_id` is not a digest, too.
    """
    if not is_id(record_id):
        raise StoreError(f'"{record_id[:80]}" is not the id of a record', "Give the beginning of one to `nbexp show`.")
    return os.path.join(folder(store, key), record_id)


def is_id(text: str) -> bool:
    """Whether `text` has the form of a record id or a static key."""
    return bool(_HEXADECIMAL.fullmatch(text))


def ids(store: str, key: str) -> list[str]:
    """Ids of the records with one static key, in no order; other names in the folder are passed over."""
    return [entry.name for entry in _entries(store, key)]


def all_ids(store: str) -> Iterator[tuple[str, str]]:
    """Static key and id of every record, in no order."""
    for shard in names(os.path.join(store, "records")):
        for key in filter(is_id, names(os.path.join(store, "records", shard))):
            yield from ((key, name) for name in ids(store, key))


def newest(store: str, key: str, most: int) -> list[str]:
    """Ids of the last records with one static key, at most `most`, newest first, by when their files were written."""
    found = _entries(store, key)
    if len(found) > 1:
        found.sort(key=_written, reverse=True)
    return [entry.name for entry in found[:most]]


def names(folder: str) -> list[str]:
    """What lies in a folder of the store, in no order; nothing if it is not there."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _entries(store: str, key: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder(store, key)) as entries:
            return [entry for entry in entries if is_id(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _written(entry: os.DirEntry[str]) -> tuple[int, str]:
    try:
        return entry.stat(follow_symlinks=False).st_mtime_ns, entry.name
    except OSError:  # removed meanwhile
        return 0, entry.name


def read(path: str, keys: Keys) -> Stored:
    """A record, its signature and its place checked before it is parsed.

    Raises:
        Damaged: If it is missing, cut short, altered or in the wrong place.
        Untrusted: If no trusted key signed it.
        OtherFormat: If another version of nbexp wrote it.
        StoreError: If it cannot be read now (a failing disk, too many open files).
    """
    body, payload, trailer = split(path)
    content = digest("record", body, payload)
    seal = read_seal(trailer)
    if seal is None:
        raise damaged(path, "has no sound signature")
    author = keys.check(content, seal)
    place, name = os.path.split(path)
    record = _record(body)
    if content.hex() != name or record.key.digest != os.path.basename(place):
        raise damaged(path, "lies under another record's name")
    return Stored(name, record, path, payload, author.name if author else "", author.key if author else "")


def split(path: str) -> tuple[bytes, bytes, bytes]:
    """Body, payload and seal of a record file, unchecked.

    Raises:
        Damaged: If they are not all there. OtherFormat: If another version of nbexp wrote it.
        StoreError: If they cannot be read now.
    """
    content = _bytes(path)
    found = _FIRST_LINE.match(content)
    if found is None:
        raise damaged(path, "is not a record")
    if int(found[1]) != FORMAT_VERSION:
        raise OtherFormat(
            f'record "{os.path.basename(path)[:12]}" has format {int(found[1])}, this nbexp reads {FORMAT_VERSION}',
            "Use the version of nbexp that wrote it; it is left alone.",
        )
    if found[2] is None or found.end() + sum(map(int, found.groups()[1:])) != len(content):
        raise damaged(path, "was cut short or extended")
    start = found.end()
    middle = start + int(found[2])
    end = middle + int(found[3])
    return content[start:middle], content[middle:end], content[end:]


def damaged(path: str, what: str) -> Damaged:
    """The error for a record file that cannot be used."""
    return Damaged(f'record "{os.path.basename(path)[:12]}" {what}', "It is removed; the stage runs again.")


def _bytes(path: str) -> bytes:
    try:
        fd = platform.open_regular(path)
        try:
            if os.fstat(fd).st_size > MAX_BYTES + (1 << 20):
                raise damaged(path, "is larger than any record")
            with open(fd, "rb", buffering=0, closefd=False) as file:
                return file.readall()
        finally:
            os.close(fd)
    except OSError as error:
        if platform.is_gone(error):
            raise damaged(path, f"is gone ({error.strerror})") from error
        raise StoreError(
            f'record "{os.path.basename(path)[:12]}" cannot be read ({error.strerror})', "It is left alone."
        ) from error


def _fields(value: object) -> dict[str, Any]:
    """One level of `Record.to_json`, without its copies."""
    if type(value).__module__ != Record.__module__:
        raise TypeError(f"{type(value).__name__} is not plain data")
    plain = {name: getattr(value, name) for name in type(value).__slots__}  # type: ignore[attr-defined]
    return spelled(plain) if isinstance(value, Metric | Result) else plain


def _record(body: bytes) -> Record:
    """The record of a checked body; what does not fit this version's fields is another format's."""
    try:
        return Record.from_json(json.loads(body))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise OtherFormat(
            f"a record cannot be understood: {error}", "It is left alone; the stage runs again."
        ) from error
