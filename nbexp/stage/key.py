"""The key of a stage: everything its result depends on that can be known before it runs, as named parts (L3).

Values enter one by one, so that a change can be named, and what they share is a part of its own (D14). How they are
found: `nbexp.stage.reach`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbexp import hashing
from nbexp.adapters.base import Name
from nbexp.adapters.code import is_code, resolve
from nbexp.code.monkeypatches import Monkeypatch
from nbexp.code.origin import NOTEBOOK
from nbexp.code.reference import is_project_code
from nbexp.errors import BadUse, closest
from nbexp.fingerprints.fingerprint import atom, fingerprint
from nbexp.fingerprints.preview import preview
from nbexp.records import Key, Part
from nbexp.snapshot.environment import python_part
from nbexp.snapshot.modules import loaded_project_modules, module_parts
from nbexp.stage.analysis import Analysis
from nbexp.stage.reach import ASIDE, Held, Root, Walk
from nbexp.stage.sharing import sharing_parts
from nbexp.stage.spec import Spec
from nbexp.stage.strings import names_in_value


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a stage reads: its static key, and the places behind it by label."""

    key: Key
    roots: Mapping[str, Root]

    def variables(self) -> tuple[str, ...]:
        """The labels of the values (not the code) that the stage reads."""
        found = (label for label, root in self.roots.items() if not root.is_code and root.name.module != ASIDE)
        return tuple(sorted(found))


def make_inputs(
    analysis: Analysis,
    spec: Spec,
    settings: Mapping[str, Any],
    everything: Sequence[str],
    is_host: Callable[[str, Any], bool],
    patches: Iterable[Monkeypatch] = (),
    registered: Callable[[bool], Sequence[Held]] = lambda asks_shell: (),
) -> Inputs:
    """The inputs and static key of a stage about to run.

    Args:
        analysis: What the cell's source says.
        spec: The header.
        settings: Kernel state as its difference from the defaults, by probe.
        everything: All the user's names: read if the cell's code looks names up dynamically.
        is_host: Whether a notebook name is bound to what IPython put there itself; such names are no inputs.
        patches: What the notebook or project put into installed packages: inputs of all that use these.
        registered: What the stage reaches of what the user registered with the shell; it is told whether code of the
            stage asks for the shell.

    Raises:
        Unfingerprintable: An input's content cannot be told for sure; its path begins with the variable's name.
        BadUse: ``--ignore`` names what is no variable.
    """
    walk = Walk(frozenset(spec.ignore), is_host)
    walk.add(_names(analysis.live_in))
    if analysis.dynamic or any(library in sys.modules for library, _ in analysis.dynamic_with):
        walk.add(_names((name,) for name in everything))
    if any(_is_own(chain, is_host) for chain in analysis.assumed):
        walk.add(_names(analysis.otherwise))
    for chain in analysis.texts:
        walk.add(_names(_names_in_value(chain)))
    walk.run()
    walk.hold(_held_in_settings(settings), if_more=True)
    _hold_registered(walk, registered)
    _check_ignored(spec.ignore, walk, everything)
    walk.patched(list(patches))
    loaded = loaded_project_modules() if analysis.any_import else set()
    imported = module_parts(analysis.imports | analysis.maybe_imports | walk.imports | loaded)
    parts = [
        Part("source", "source", analysis.digest),
        python_part(),
        *_option_parts(spec),
        *_setting_parts(settings),
        *sharing_parts(walk.roots.values()),
        *({(part.kind, part.name): part for part in imported} | walk.parts).values(),
    ]
    return Inputs(key_of(parts), walk.roots)


def _check_ignored(ignored: Iterable[str], walk: Walk, everything: Sequence[str]) -> None:
    """A name that is misspelt must not look as if it were left out of the key."""
    for name in ignored:
        if name not in walk.met and name not in everything:
            known = (label for label, root in walk.roots.items() if not root.is_code)
            raise BadUse(f'the stage reads no variable "{name}", which --ignore names', closest(name, known))


def _hold_registered(walk: Walk, registered: Callable[[bool], Sequence[Held]]) -> None:
    """What is registered may itself ask for the shell, and so reach more."""
    asked = None
    while asked is not walk.asks_shell:
        asked = walk.asks_shell
        walk.hold(registered(asked))


def held_part(kind: str, name: str, things: Iterable[Held], is_host: Callable[[str, Any], bool]) -> Part:
    """One part for things that stand under no name, and all that these lead to; `is_host` as in `make_inputs`."""
    walk = Walk(frozenset(), is_host)
    walk.hold(things)
    modules = module_parts(walk.imports) if walk.imports else []
    return Part(kind, name, key_of([*walk.parts.values(), *modules]).digest)


def key_of(parts: Iterable[Part]) -> Key:
    """The key made of `parts`: the order in which they were found does not count."""
    ordered = tuple(sorted(parts, key=lambda part: (part.kind, part.name)))
    named = [(f"{part.kind}\0{part.name}", bytes.fromhex(part.digest)) for part in ordered]
    return Key(hashing.digest_tree(f"key {hashing.FINGERPRINT_VERSION}", named).hex(), ordered)


def reach_of(name: Name) -> str:
    """The digest of what stands at `name` and of all that its code reads.

    Raises:
        Unfingerprintable: Some of it cannot be told for sure.
    """
    walk = Walk(frozenset(), lambda _name, _value: False)
    walk.add([name])
    walk.run()
    return key_of(walk.parts.values()).digest


def _names(chains: Iterable[tuple[str, ...]]) -> list[Name]:
    return [Name(NOTEBOOK, chain) for chain in sorted(chains)]


def _is_own(chain: tuple[str, ...], is_host: Callable[[str, Any], bool]) -> bool:
    """Whether a name of which the analysis assumed that it is a library's leads to something else."""
    found = resolve(Name(NOTEBOOK, chain))
    if found.opaque or found.missing or is_host(chain[0], found.value):
        return False
    return is_project_code(found.value) or not is_code(found.value)


def _names_in_value(chain: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """The names in a text that the cell takes from a variable: ``df.query(condition)``."""
    return names_in_value(resolve(Name(NOTEBOOK, chain)).value)


def _option_parts(spec: Spec) -> list[Part]:
    """Options that change the result; ``--ignore`` changes what the key says of it, so it is one too."""
    options = {"seed": spec.seed, "ignore": tuple(sorted(spec.ignore)) or None}
    return [
        Part("option", f"--{name}", hashing.digest("option", repr(value)).hex(), str(value))
        for name, value in options.items()
        if value is not None
    ]


def _setting_parts(settings: Mapping[str, Any]) -> list[Part]:
    return [
        Part("state", probe, fingerprint(difference, label=probe).digest.hex(), preview(difference))
        for probe, difference in sorted(settings.items())
        if difference
    ]


def _held_in_settings(settings: Mapping[str, Any]) -> list[Held]:
    """Settings that are no plain values: functions that a library calls, loggers."""
    return [
        Held("state", f"{probe}.{name}", value)
        for probe, difference in sorted(settings.items())
        for name, value in difference.items()
        if not atom(value)
    ]
