"""Signatures: own records by a secret key, those of others by public keys that were trusted."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nbexp.errors import BadUse, Damaged, StoreError, Untrusted
from nbexp.store.seals import Author, claimed_author, read_seal
from nbexp.store.trust import Keys

CONTENT = bytes(range(32))
OTHER = bytes(32)

share = pytest.mark.skipif(not __import__("importlib.util").util.find_spec("cryptography"), reason="needs nbexp[share]")


@pytest.fixture
def mine(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "mine")


@pytest.fixture
def theirs(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "theirs")


def author_of(keys: Keys, name: str = "alice@gpu1") -> Author:
    identity = keys.identity()
    assert identity is not None
    return Author(name, identity.key)


def test_own_records_are_known(mine: Keys) -> None:
    assert mine.check(CONTENT, mine.seal(CONTENT, "me@here")) is None


def test_keys_are_the_same_in_the_next_process(mine: Keys, tmp_path: Path) -> None:
    assert Keys(tmp_path / "mine").check(CONTENT, mine.seal(CONTENT, "me@here")) is None


def test_a_seal_of_other_content_is_damage(mine: Keys) -> None:
    with pytest.raises(Damaged):
        mine.check(OTHER, mine.seal(CONTENT, "me@here"))


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
def test_secrets_are_private(mine: Keys, tmp_path: Path) -> None:
    mine.seal(CONTENT, "me@here")
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "mine").iterdir()} == {0o600}


@share
def test_a_trusted_author_is_named(mine: Keys, theirs: Keys) -> None:
    seal = theirs.seal(CONTENT, "alice@gpu1")
    with pytest.raises(Untrusted, match="alice@gpu1") as caught:
        mine.check(CONTENT, seal)
    assert caught.value.advice.endswith(f"nbexp trust add alice@gpu1 {author_of(theirs).key}")
    mine.add(author_of(theirs, "ali"))
    assert mine.check(CONTENT, seal) == author_of(theirs, "ali")
    assert mine.trusted() == (author_of(theirs, "ali"),)


@share
def test_a_trusted_authors_seal_of_other_content_is_damage(mine: Keys, theirs: Keys) -> None:
    mine.add(author_of(theirs))
    with pytest.raises(Damaged):
        mine.check(OTHER, theirs.seal(CONTENT, "alice@gpu1"))


@share
@pytest.mark.parametrize("signature", ["", "00" * 64, "zz", None, 3, []])
def test_a_broken_signature_is_damage(mine: Keys, theirs: Keys, signature: Any) -> None:
    mine.add(author_of(theirs))
    seal = theirs.seal(CONTENT, "alice@gpu1")
    seal["author"]["signature"] = signature
    with pytest.raises(Damaged):
        mine.check(CONTENT, seal)


@share
@pytest.mark.parametrize("by", ["name", "key"])
def test_trust_can_be_taken_back(mine: Keys, theirs: Keys, by: str) -> None:
    author = author_of(theirs)
    mine.add(author)
    assert mine.remove(getattr(author, by)) == (author,)
    assert mine.remove(getattr(author, by)) == ()
    with pytest.raises(Untrusted):
        mine.check(CONTENT, theirs.seal(CONTENT, "alice@gpu1"))


@share
def test_trust_given_in_another_process_is_seen(mine: Keys, theirs: Keys, tmp_path: Path) -> None:
    seal = theirs.seal(CONTENT, "alice@gpu1")
    with pytest.raises(Untrusted):
        mine.check(CONTENT, seal)
    Keys(tmp_path / "mine").add(author_of(theirs))
    assert mine.check(CONTENT, seal) == author_of(theirs)


@share
def test_a_name_alone_earns_no_trust(mine: Keys, theirs: Keys, tmp_path: Path) -> None:
    mine.add(author_of(theirs, "alice@gpu1"))
    with pytest.raises(Untrusted):
        mine.check(CONTENT, Keys(tmp_path / "mallory").seal(CONTENT, "alice@gpu1"))


@pytest.mark.parametrize("key", ["", "ab", "zz" * 32, "AB" * 32, "ab" * 33])
def test_what_is_no_key_cannot_be_trusted(mine: Keys, key: str) -> None:
    with pytest.raises(BadUse):
        mine.add(Author("alice@gpu1", key))


SEALS: list[Any] = [
    {},
    {"own": None, "author": []},
    {"own": {"id": [], "code": {}}},
    {"own": {}, "author": {"name": "alice@gpu1; rm -rf ~", "key": "ab" * 32, "signature": "x"}},
    {"own": {}, "author": {"name": "\x1b[31m@x", "key": "ab" * 32}},
    {"own": {}, "author": {"name": "\ud800@x", "key": "\ud800"}},
    {"own": {}, "author": {"name": ["x"], "key": {"x": 1}}},
    {"own": {}, "author": {"name": "a@b", "key": "ab" * 32 + "\n"}},
]


@pytest.mark.parametrize("seal", SEALS)
def test_a_strange_seal_is_untrusted_and_prints_nothing_of_its_own(mine: Keys, seal: Any) -> None:
    with pytest.raises(Untrusted) as caught:
        mine.check(CONTENT, seal)
    assert 'by "an unknown author"' in caught.value.what or "a@b" in caught.value.what
    assert str(caught.value).isprintable() or str(caught.value).count("\n") == 1
    assert "rm" not in caught.value.advice


@pytest.mark.parametrize("code", ["", "\ud800", "é" * 64, None, 5, ["a"], "0" * 64])
def test_a_false_code_under_the_own_id_is_damage(mine: Keys, code: Any) -> None:
    seal = mine.seal(CONTENT, "me@here")
    seal["own"]["code"] = code
    with pytest.raises(Damaged):
        mine.check(CONTENT, seal)


@pytest.mark.parametrize("text", [b"", b"null", b"[]", b"\xff", b"{", b"[" * 100_000, b"{}" + b" " * 70_000, b"NaN"])
def test_a_trailer_that_is_no_seal_says_nothing(text: bytes) -> None:
    assert read_seal(text) is None
    assert claimed_author(text) == Author("", "")


def test_a_damaged_key_is_not_used(mine: Keys, tmp_path: Path) -> None:
    mine.own_key()
    (tmp_path / "mine" / "key").write_bytes(b"short")
    with pytest.raises(StoreError, match="damaged"):
        Keys(tmp_path / "mine").own_key()


def test_a_key_behind_a_link_is_not_used(mine: Keys, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "given").write_bytes(bytes(32))
    (tmp_path / "mine" / "key").symlink_to(tmp_path / "given")
    with pytest.raises(StoreError):
        mine.own_key()


def test_a_place_where_no_key_can_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="neither read nor made"):
        Keys(tmp_path / "file").own_key()


@pytest.mark.parametrize("content", ["", "[]", '{"authors": 3}', "{"])
def test_a_broken_list_of_authors_is_named(mine: Keys, theirs: Keys, tmp_path: Path, content: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "trusted.json").write_text(content)
    with pytest.raises(StoreError, match=r"trusted\.json"):
        mine.check(CONTENT, theirs.seal(CONTENT, "alice@gpu1"))


def test_without_the_extra_own_records_work_and_others_say_what_to_install(
    mine: Keys, theirs: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = json.loads(json.dumps(theirs.seal(CONTENT, "alice@gpu1")))
    for name in [name for name in sys.modules if name.partition(".")[0] == "cryptography"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    assert mine.identity() is None
    assert mine.check(CONTENT, mine.seal(CONTENT, "me@here")) is None
    assert set(mine.seal(CONTENT, "me@here")) == {"own"}
    if "author" in seal:
        mine.add(Author("alice@gpu1", seal["author"]["key"]))
        with pytest.raises(Untrusted) as caught:
            mine.check(CONTENT, seal)
        assert "nbexp[share]" in caught.value.advice


def test_many_first_uses_at_once_agree_on_one_key(tmp_path: Path) -> None:
    code = f"from nbexp.store.trust import Keys; print(Keys({os.fspath(tmp_path / 'new')!r}).own_key().hex())"
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(6)]
    keys = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert len(keys) == 1 and len(keys.pop()) == 64
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["key"]
