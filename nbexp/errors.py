"""What can go wrong, as exceptions with two lines: what happened, with the name in quotes; what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Advice for a name that is not known: the closest one that is, else the first few that are.

    Args:
        otherwise: What to say where nothing is known at all.

    Example:
        >>> closest("tain", ["train", "load"])
        'Did you mean "train"?'
    """
    names = list(dict.fromkeys(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if near:
        return f'Did you mean "{near[0]}"?'
    more = ", …" if len(names) > 8 else ""
    return f"There are: {', '.join(names[:8])}{more}." if names else otherwise


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


class Damaged(StoreError):
    """A stored file is missing, truncated or altered: a miss, removed and reported."""


class Untrusted(StoreError):
    """A record that no trusted key signed: never unpickled (L9)."""
