"""The header of a stage: ``%%stage [NAME] [options]`` read into a frozen `Spec`."""

from __future__ import annotations

import functools
import keyword
import re
import shlex
from dataclasses import dataclass
from typing import Any

from nbexp.errors import BadUse, nearest
from nbexp.stage.analysis import Analysis

HEADER = "%%stage"

_NAME = re.compile(r"[^\W][\w.-]*")
_MAX_SEED = 2**32 - 1

HELP = """\
%%stage [NAME] [options]

Run this cell once, store what it made, and restore that whenever nothing it depends on has changed.

NAME             what the stage is called; absent: what it defines (`df, model`)
--in a,b         the variables it may read; reading another one is an error naming it
--out x,y        the variables it must define; leaving one out is an error naming it
--ignore n_jobs  this variable's value is not in the key; said in the record and in every report
--seed N         seeds random, numpy and torch for this stage only, and puts their state back afterwards
--force          run once now and store anew
--always         run every time
--no-store       never keep the result
--recheck        run though stored, and name what is not the same again; what is stored stays
--live           read the kernel as it is, not as the cells above left it

Example:
    %%stage train --seed 0 --out model
    model = fit(df, epochs=3)
"""

#: Option to the name of its field and how its value is read: names, an integer, or a flag.
OPTIONS = {
    "--in": ("ins", "names"),
    "--out": ("outs", "names"),
    "--ignore": ("ignore", "names"),
    "--seed": ("seed", "integer"),
    "--force": ("force", "flag"),
    "--always": ("always", "flag"),
    "--no-store": ("no_store", "flag"),
    "--recheck": ("recheck", "flag"),
    "--live": ("live", "flag"),
}

#: The options that take names of variables.
NAMING = tuple(option for option, (_, kind) in OPTIONS.items() if kind == "names")

#: Options of the design that need what this version does not have: each with what to do instead.
_LATER = {
    "--reads": "Read the file with Python's open() in the cell, which is seen, or use --always.",
    "--writes": "Use --always, so that the files are written on every run.",
    "--env": "Read the variable with os.environ in a plain cell above: its value is then an input.",
}


@dataclass(frozen=True, slots=True)
class Spec:
    """What a stage's header asks for.

    Attributes:
        name: The stage's name, or "" for the default one.
        ins, outs: The contract, or None where none is given.
        ignore: Variables whose values are not in the key.
        seed: What random, numpy and torch are seeded with for this stage, or None.
        force: Run once now. always: Run every time. no_store: Never keep the result.
        recheck: Run, and compare with the stored result. live: Read what the kernel holds, whoever set it.
    """

    name: str = ""
    ins: tuple[str, ...] | None = None
    outs: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    seed: int | None = None
    force: bool = False
    always: bool = False
    no_store: bool = False
    recheck: bool = False
    live: bool = False


@functools.lru_cache(1000)  # a cell is run again and again
def parse_spec(line: str) -> Spec:
    """Read a stage's header line, with or without the leading ``%%stage``.

    Raises:
        BadUse: An unknown option (naming the closest one), a value that is missing or of the wrong kind, a name given
            twice, or an option of a later version.

    Example:
        >>> parse_spec("%%stage train --seed 3").seed
        3
    """
    words = _words(line.strip().removeprefix(HEADER))
    values: dict[str, Any] = {}
    while words:
        word = words.pop(0)
        if word.startswith("-"):
            _option(word, words, values)
        elif "name" in values:
            raise BadUse(
                f'A stage has one name, "{values["name"]}", but "{word}" follows.',
                "Join the words with - or _, and put a comma without spaces between names of variables.",
            )
        else:
            values["name"] = _stage_name(word)
    return Spec(**values)


def default_name(analysis: Analysis) -> str:
    """The label of a stage without a name: the first three names that it binds (D4): ``df, model``.

    Imports, loop variables and names that begin with _ stand in only where there is nothing else; ``cell`` if nothing
    at all is bound. Making it unique is up to the caller.
    """
    return ", ".join(analysis.binds[:3]) or "cell"


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise BadUse(f'The header "{HEADER}{text}" has a quote that is not closed.', "Close the quote.") from error


def _stage_name(word: str) -> str:
    if not _NAME.fullmatch(word):
        raise BadUse(
            f'"{word}" is not a valid stage name.',
            "Begin with a letter, digit or _, and go on with letters, digits, _ . or -.",
        )
    return word


def _option(word: str, words: list[str], values: dict[str, Any]) -> None:
    option, given, value = word.partition("=")
    if option in _LATER:
        raise BadUse(f'"{option}" is not available in this version.', _LATER[option])
    if option not in OPTIONS:
        raise BadUse(f'There is no option "{option}".', _advice(option))
    field, kind = OPTIONS[option]
    if kind == "flag":
        if given:
            raise BadUse(f'"{option}" takes no value, but "{value}" is given.', f"Write {option} alone.")
        values[field] = True
        return
    if not given:
        if not words or words[0].startswith("--"):
            raise BadUse(f'"{option}" needs a value.', f"See {HEADER}? for an example.")
        value = words.pop(0)
    if kind == "integer":
        values[field] = _seed(option, value)
    else:
        values[field] = _merged(values.get(field), _variables(option, value))


def _advice(option: str) -> str:
    close = nearest(option, [*OPTIONS, *_LATER])
    return f"The closest option is {close}; {HEADER}? lists them all." if close else f"{HEADER}? lists them all."


def _seed(option: str, value: str) -> int:
    if not re.fullmatch(r"\d+", value, re.ASCII) or int(value) > _MAX_SEED:
        raise BadUse(f'"{option} {value}" is no seed.', f"Give a whole number from 0 to {_MAX_SEED}.")
    return int(value)


def _variables(option: str, value: str) -> tuple[str, ...]:
    names = tuple(filter(None, (name.strip() for name in value.split(","))))
    for name in names:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise BadUse(f'"{name}" after {option} is no name of a variable.', "Give names with commas: a,b.")
    if not names:
        raise BadUse(f'"{option}" needs at least one name of a variable.', "Give names with commas: a,b.")
    return names


def _merged(before: tuple[str, ...] | None, names: tuple[str, ...]) -> tuple[str, ...]:
    """Both groups, each name once, in order: an option may be given several times."""
    return tuple(dict.fromkeys([*(before or ()), *names]))
