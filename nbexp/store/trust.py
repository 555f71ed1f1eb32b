"""Who made a record: a signature on each, and the keys that are trusted (L9).

Own records carry a keyed blake3 code made with a key that lies in the user's configuration folder, outside store and
project. Records that others shall be able to check also carry an Ed25519 signature (the ``share`` extra); whose public
keys are trusted is a list in the same folder. Content that no trusted key signed is never unpickled.
"""

from __future__ import annotations

import hmac
import json
import os
from typing import Any

from blake3 import blake3

from nbexp import platform
from nbexp.errors import BadUse, Damaged, StoreError, Untrusted
from nbexp.hashing import digest
from nbexp.store.seals import Author, claimed, is_key, parts, verifies
from nbexp.store.secret import secret


class Keys:
    """The keys of this user: read when first needed, the own one made at first use.

    Args:
        folder: Where they lie; by default the user's configuration folder.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self.folder = os.fspath(folder or platform.config_dir())
        self._own: bytes | None = None
        self._signer: Any = None
        self._trusted: tuple[tuple[int, ...], dict[str, str]] = ((), {})

    def seal(self, content: bytes, author: str) -> dict[str, Any]:
        """The signatures of a record with the digest `content`: plain JSON, written after it.

        Raises:
            StoreError: If there is no key and none can be made.
        """
        key = self.own_key()
        own = {"id": _key_id(key), "code": blake3(content, key=key).hexdigest()}
        signer = self._signing_key()
        if signer is None:
            return {"own": own}
        public = signer.public_key().public_bytes_raw().hex()
        return {"own": own, "author": {"name": author, "key": public, "signature": signer.sign(content).hex()}}

    def check(self, content: bytes, seal: dict[str, Any]) -> Author | None:
        """Who signed `content`: None for this user, else a trusted author.

        Raises:
            Damaged: If a known key made the signature and it does not fit the content.
            Untrusted: If no trusted key signed it.
        """
        own, author = parts(seal)
        key = self.own_key()
        if own.get("id") == _key_id(key):
            if hmac.compare_digest(ascii(own.get("code")), ascii(blake3(content, key=key).hexdigest())):
                return None
            raise Damaged("a record was altered after it was signed", "It is removed; the stage runs again.")
        return self._check_author(content, author)

    def own_key(self) -> bytes:
        """The key of own records: 32 random bytes, readable by this user alone.

        Raises:
            StoreError: If it can be neither read nor made, or others may have read it.
        """
        if self._own is None:
            self._own = secret(self.folder, "key")
        return self._own

    def identity(self) -> Author | None:
        """This user as an author for others to trust; None without the ``share`` extra."""
        signer = self._signing_key()
        return signer and Author(platform.author(), signer.public_key().public_bytes_raw().hex())

    def trusted(self) -> tuple[Author, ...]:
        """The authors whose records are used, by name."""
        return tuple(sorted((Author(name, key) for key, name in self._list().items()), key=lambda a: (a.name, a.key)))

    def add(self, author: Author) -> None:
        """Trust what `author` signed from now on.

        Raises:
            BadUse: If the key is not an Ed25519 public key in hexadecimal.
        """
        if not is_key(author.key):
            raise BadUse(f'"{author.key}" is not a public key', "Give the 64 digits that their `nbexp trust` shows.")
        self._write(self._list() | {author.key: author.name})

    def remove(self, name_or_key: str) -> tuple[Author, ...]:
        """Stop trusting an author, by name or key; who it was."""
        gone = tuple(author for author in self.trusted() if name_or_key in (author.name, author.key))
        if gone:
            self._write({a.key: a.name for a in self.trusted() if a not in gone})
        return gone

    def _check_author(self, content: bytes, author: dict[str, Any]) -> Author:
        who = claimed(author.get("name"), author.get("key"))
        key = who.key
        if key not in self._list():
            ask = f"Ask them: if this is their key, nbexp trust add {who.name} {key}"
            advice = ask if who.name and key else "The stage runs again and is stored anew."
            raise Untrusted(f'a record by "{who.name or "an unknown author"}" is signed by no trusted key', advice)
        if not verifies(key, author.get("signature"), content):
            raise Damaged("a record was altered after it was signed", "It is removed; the stage runs again.")
        return Author(self._list()[key], key)

    def _signing_key(self) -> Any:
        if self._signer is None:
            try:
                from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
            except ImportError:
                return None
            self._signer = Ed25519PrivateKey.from_private_bytes(secret(self.folder, "share.key"))
        return self._signer

    def _list(self) -> dict[str, str]:
        """Public key -> name; read again when the file changes, for `nbexp trust` runs in another process."""
        path = os.path.join(self.folder, "trusted.json")
        try:
            info = os.stat(path)
        except OSError:
            return {}
        now = platform.stamp(info)
        if self._trusted[0] != now:
            self._trusted = (now, _read_trusted(path))
        return self._trusted[1]

    def _write(self, keys: dict[str, str]) -> None:
        platform.make_private_dir(self.folder)
        content = json.dumps({"authors": keys}, indent=1, sort_keys=True).encode()
        platform.replace_file(os.path.join(self.folder, "trusted.json"), content)


def _key_id(key: bytes) -> str:
    return digest("key id", key).hex()[:16]


def _read_trusted(path: str) -> dict[str, str]:
    try:
        with open(path, encoding="utf-8") as file:
            authors = json.load(file)["authors"]
        return {key: str(name) for key, name in authors.items() if is_key(key)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f'"{path}" cannot be read: {error}', "Repair or delete it; then `nbexp trust add` again."
        ) from error
