"""Seals: the signatures that follow a record, as they are written, and what they claim before they are checked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from nbexp.errors import Untrusted

_MAX_SEAL_BYTES = 1 << 16

_SAFE_NAME = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody whose records can be checked by a public key.

    Attributes:
        name: ``user@host``. key: The Ed25519 public key, 64 hexadecimal digits.
    """

    name: str
    key: str


def claimed_author(seal: bytes) -> Author:
    """Who an unchecked seal says made its record; name and key are empty where it says nothing usable."""
    author = parts(read_seal(seal) or {})[1]
    return claimed(author.get("name"), author.get("key"))


def claimed(name: Any, key: Any) -> Author:
    """Who an unchecked source names; each of the two is empty unless it is safe to print as part of a command."""
    sound = isinstance(name, str) and _SAFE_NAME.fullmatch(name)
    return Author(str(name) if sound else "", str(key) if is_key(key) else "")


def read_seal(seal: bytes) -> dict[str, Any] | None:
    """The seal as plain data; None for what no version of nbexp wrote."""
    try:
        plain = json.loads(seal) if len(seal) < _MAX_SEAL_BYTES else None
    except (ValueError, RecursionError):
        return None
    return plain if isinstance(plain, dict) else None


def parts(seal: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a seal has of the own key and of the author's; empty where it has nothing usable."""
    own, author = seal.get("own"), seal.get("author")
    return own if isinstance(own, dict) else {}, author if isinstance(author, dict) else {}


def is_key(text: Any) -> bool:
    """Whether `text` has the form of a public key."""
    return isinstance(text, str) and re.fullmatch(r"[0-9a-f]{64}", text, re.ASCII) is not None


def verifies(key: str, signature: Any, content: bytes) -> bool:
    """Whether `signature` is that of `content` by the public key `key`.

    Raises:
        Untrusted: That cannot be told here.
    """
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise Untrusted(
            "records of others cannot be checked without the library cryptography", 'pip install "nbexp[share]"'
        ) from None
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
