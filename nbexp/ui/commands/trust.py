"""``nbexp trust``: whose stored results are used."""

from __future__ import annotations

from typing import Annotated

import typer

from nbexp.errors import BadUse, closest
from nbexp.store import Author, Keys
from nbexp.ui.console import console, print_json
from nbexp.ui.project import Json, open_project
from nbexp.views.text import claim, how_to_trust

_ACTIONS = ("list", "add", "remove")


def trust(
    action: Annotated[str, typer.Argument(metavar="[list|add|remove]", help="What to do.")] = "list",
    who: Annotated[str, typer.Argument(metavar="[NAME]", help="An author, as the list shows it: alice@gpu1.")] = "",
    key: Annotated[str, typer.Argument(metavar="[KEY]", help="Their public key, 64 digits: ask them for it.")] = "",
    json: Json = False,
) -> int:
    """Say whose stored results are used.

    Those of all others are never loaded: loading a result can run code, so trust only people whose code would be run
    anyway.

    Example: nbexp trust add alice@gpu1 6f1c…
    """
    keys = Keys()
    if action == "list":
        _no_more(action, who)
        return _list(keys, json)
    if action == "add":
        return _add(keys, _named(action, who), key, json)
    if action == "remove":
        _no_more(f"{action} {who}", key)
        return _remove(keys, _named(action, who), json)
    raise BadUse(f'"{action}" is no action of `nbexp trust`', closest(action, _ACTIONS))


def _named(action: str, who: str) -> str:
    if not who:
        raise BadUse(f"`nbexp trust {action}` needs the author's name", f"For example: nbexp trust {action} alice@gpu1")
    return who


def _no_more(action: str, word: str) -> None:
    if word:
        raise BadUse(f'"{word}" is one word too many after `nbexp trust {action}`', "See `nbexp trust --help`.")


def _list(keys: Keys, json: bool) -> int:
    own, trusted, signers = keys.identity(), keys.trusted(), open_project().store.catalog().untrusted()
    if json:
        authors = [{"name": author.name, "key": author.key} for author in trusted]
        refused = [{"name": s.author.name, "key": s.author.key, "records": s.records} for s in signers]
        me = {"name": own.name, "key": own.key} if own else None
        print_json("trust", {"you": me, "trusted": authors, "untrusted": refused})
        return 0
    out = console()
    if own is None:
        out.print('you       your own records only; to share them: pip install "nbexp[share]"')
    else:
        out.print(f"you       {own.name}  {own.key}")
    for author in trusted:
        out.print(f"trusted   {author.name}  {author.key}")
    for signer in signers:
        out.print(f"untrusted {claim(signer)}")
        out.print(f"          {how_to_trust(signer)}", style="dim")
    return 0


def _add(keys: Keys, who: str, key: str, json: bool) -> int:
    if not key:
        raise BadUse(f'the key of "{who}" is not known', f"Ask them for it: nbexp trust add {who} KEY")
    author = Author(who, key)
    keys.add(author)
    if json:
        print_json("trust", {"added": {"name": author.name, "key": author.key}})
    else:
        console().print(f"trusted   {author.name}  {author.key}")
    return 0


def _remove(keys: Keys, who: str, json: bool) -> int:
    gone = keys.remove(who)
    if not gone:
        known = ", ".join(author.name for author in keys.trusted()) or "nobody"
        raise BadUse(f'"{who}" is not trusted', f"Trusted: {known}.")
    if json:
        print_json("trust", {"removed": [{"name": author.name, "key": author.key} for author in gone]})
    else:
        for author in gone:
            console().print(f"removed   {author.name}  {author.key}")
    return 0
