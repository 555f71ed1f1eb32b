"""What can go wrong, as exceptions with two lines: what happened, with the name in quotes; what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

#: So alike two words must be for one to be offered in place of the other; further off, a guess only misleads.
_ALIKE = 0.6

#: So many known names are listed.
_LISTED = 12


def nearest(word: str, known: Iterable[str]) -> str:
    """The known name that `word` probably stands for, ``""`` if none is close to it."""
    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=_ALIKE)
    return names[near[0]] if near else ""


def closest(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Advice for a name that is not known: the closest one that is, else those that are.

    Args:
        otherwise: What to say where nothing is known at all.

    Example:
        >>> closest("tain", ["train", "load"])
        'Did you mean "train"?'
    """
    names = list(dict.fromkeys(known))
    if near := nearest(word, names):
        return f'Did you mean "{near}"?'
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"There are: {', '.join(names[:_LISTED])}{more}." if names else otherwise


class NbexpError(Exception):
    """An error that a user can act on.

    Args:
        what: What happened and to what, names in quotes, one sentence.
        advice: What to do about it, one sentence.
    """

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.what}\n{self.advice}" if self.advice else self.what

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a stack: the two lines, as it does for a magic that is used wrongly."""
        return [f"{type(self).__name__}: {self.what}", *([self.advice] if self.advice else [])]

    @property
    def sentences(self) -> str:
        """What happened and what to do, on one line."""
        return f"{self.what}. {self.advice}" if self.advice else self.what


class BadUse(NbexpError):
    """A command or header that cannot be understood; the CLI exits with 2 and nothing was written."""


class ValueProblem(NbexpError):
    """A value that nbexp cannot work with for sure.

    Args:
        path: Where the value lies, from the variable inwards: ``model.pipe._lock``. While an error travels outwards,
            each level puts its own piece in front with `inside`.
        type_name: The full name of the value's type.
        why: Why it cannot be used, as a clause: ``it holds a lock``.
        advice: What to do.
    """

    verb = "used"

    def __init__(self, path: str, type_name: str, why: str, advice: str = "") -> None:
        self.path, self.type_name, self.why = path, type_name, why
        super().__init__(f'"{path}" ({type_name}) cannot be {self.verb}: {why}', advice)

    def inside(self, prefix: str) -> ValueProblem:
        """The same problem seen from one level further out."""
        return type(self)(prefix + self.path, self.type_name, self.why, self.advice)


class Unfingerprintable(ValueProblem):
    """A value whose content cannot be told for sure: a stage that reads it runs and is not stored (L4)."""

    verb = "fingerprinted"


class Unstorable(ValueProblem):
    """A value that cannot be stored and brought back: the stage that makes it runs and is not stored (L4)."""

    verb = "stored"


class Unpatchable(ValueProblem):
    """A live value that cannot take over another value's content in place."""

    verb = "restored in place"


class StoreError(NbexpError):
    """The store cannot be read or written; the cell's own result is never lost."""


class Lost(StoreError):
    """A result that was to be stored in the background and is not: told on the next line, each time."""


class Damaged(StoreError):
    """A stored file is missing, truncated or altered: a miss, removed and reported."""


class Unloadable(StoreError):
    """Stored values whose surroundings are not there any more (a module, a class): a miss, and they stay stored."""


class Evicted(Unloadable):
    """Values that were given up so that the store stays within its budget: a miss."""


class Untrusted(StoreError):
    """A record that no trusted key signed: never unpickled (L9)."""
