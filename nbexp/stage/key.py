"""The key of a stage: everything its result depends on that can be known before it runs, as named parts (L3).

A worklist of names: what the cell reads is found in the live namespace, its content is fingerprinted, and the names
that its code would look up in turn are added, until nothing new turns up. Values enter one by one, so that a change can
be named, and what they share is a part of its own (D14).
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from nbexp import hashing
from nbexp.adapters.base import Name
from nbexp.adapters.code import code_fingerprint, is_code, resolve
from nbexp.code.monkeypatches import PYTHON, Monkeypatch
from nbexp.code.reference import is_project_code
from nbexp.errors import BadUse, closest
from nbexp.fingerprints.fingerprint import Fingerprint, atom, fingerprint
from nbexp.fingerprints.preview import preview
from nbexp.records import Key, Part
from nbexp.snapshot.environment import package_part, python_part
from nbexp.snapshot.modules import loaded_project_modules, module_parts
from nbexp.stage.analysis import Analysis
from nbexp.stage.sharing import sharing_parts
from nbexp.stage.spec import Spec
from nbexp.stage.strings import names_in_value

NOTEBOOK = "__main__"

#: In place of a module, for what code reaches under no name: settings, and what is registered with the shell.
ASIDE = "<aside>"


@dataclass(frozen=True, slots=True)
class Held:
    """Something that code of the stage reaches under no name.

    Attributes:
        kind: Of its part in the key. label: What people call it: ``%foo``, ``pandas.display.float_format``.
        value: The object.
    """

    kind: str
    label: str
    value: Any


@dataclass(frozen=True, slots=True)
class Root:
    """A place that a stage reads, and what was there before it ran.

    Attributes:
        name: Where it is found when code runs. label: The same for people: ``df``, ``utils.CACHE``.
        value: The object. mark: Its fingerprint before the stage. is_code: Whether it is a function or class.
    """

    name: Name
    label: str
    value: Any
    mark: Fingerprint
    is_code: bool


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
            raise BadUse(f'there is no variable "{name}", which --ignore names', closest(name, known))


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


@dataclass
class Walk:
    """From names to all that code finds under them, and under the names that this looks up in turn.

    Attributes:
        ignored: Labels of inputs that do not count. is_host: As in `make_inputs`.
        parts: What was found, by kind and name. roots: The values and code behind it, by label.
        imports: Modules that the code imports. met: Which of `ignored` were found.
        asks_shell: Whether any of it calls ``get_ipython``.
    """

    ignored: frozenset[str]
    is_host: Callable[[str, Any], bool]
    parts: dict[tuple[str, str], Part] = field(default_factory=dict)
    roots: dict[str, Root] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    asks_shell: bool = False
    _pending: deque[tuple[Name, str]] = field(default_factory=deque)
    _seen: set[Name] = field(default_factory=set)
    _packages: set[str] = field(default_factory=set)

    def add(self, names: Iterable[Name], via: str = "") -> None:
        """Look at `names` too; `via` says what leads to them."""
        self._pending.extend((name, via) for name in names if name not in self._seen)

    def run(self) -> None:
        """Follow all names.

        Raises:
            Unfingerprintable: What stands under one of them cannot be told for sure.
        """
        while self._pending:
            name, via = self._pending.popleft()
            if name not in self._seen:
                self._seen.add(name)
                self._visit(name, via)

    def hold(self, things: Iterable[Held], *, if_more: bool = False) -> None:
        """Add what stands under no name, and what that leads to.

        Args:
            if_more: Leave out what its place in another part tells whole: it leads nowhere, and nobody can change it.
        """
        for held in things:
            code = is_code(held.value)
            mark = (code_fingerprint if code else fingerprint)(held.value, label=held.label)
            if if_more and not (code or mark.nodes or mark.reads or mark.packages or mark.imports):
                continue
            label = self._free_label(held.label, mark)
            self.roots[label] = Root(Name(ASIDE, (label,)), label, held.value, mark, code)
            self.parts[held.kind, label] = Part(held.kind, label, mark.digest.hex(), preview(held.value))
            self._reached(mark, label)
        self.run()

    def _free_label(self, label: str, mark: Fingerprint) -> str:
        """Of two things that are called the same, as the formatters of a class and of the one it took the place of."""
        while label in self.roots and self.roots[label].mark.digest != mark.digest:
            label += "'"
        return label

    def _visit(self, name: Name, via: str) -> None:
        self.asks_shell |= name.path[-1:] == ("get_ipython",)
        found = resolve(name)
        for alias, module in found.modules:
            self.parts["alias", str(alias)] = Part(
                "alias", str(alias), hashing.digest("module", module).hex(), module, via
            )
        if found.package:
            self._package(found.package)
        label = str(found.name)
        if label in self.ignored:
            self.met.add(label)
        if found.missing or found.opaque or label in self.roots or label in self.ignored:
            return
        if found.name.module == NOTEBOOK and self.is_host(found.name.path[0], found.value):
            return
        self._root(found.name, label, found.value, via)

    def _root(self, name: Name, label: str, value: Any, via: str) -> None:
        is_code_ = is_code(value)
        mark = code_fingerprint(value, label=label) if is_code_ else fingerprint(value, label=label)
        kind = _kind(name, value, is_code_)
        self.roots[label] = Root(name, label, value, mark, is_code_)
        self.parts[kind, label] = Part(kind, label, mark.digest.hex(), "" if is_code_ else preview(value), via)
        self._reached(mark, label)

    def _reached(self, mark: Fingerprint, label: str) -> None:
        self.add(sorted(mark.reads, key=str), via=label)
        self.imports |= mark.imports
        for package in mark.packages:
            self._package(package)

    def patched(self, patches: Sequence[Monkeypatch]) -> None:
        """Add the patches of the packages that were met; these may lead to more."""
        used = self._packages | {PYTHON}
        left = [patch for patch in patches if patch.package not in used]
        if len(left) == len(patches):
            return
        for patch in patches:
            if patch.package in used:
                label, code = str(patch.name), is_code(patch.value)
                mark = (code_fingerprint if code else fingerprint)(patch.value, label=label)
                kind, shown = ("function", "") if code else ("global", preview(patch.value))
                self.parts[kind, label] = Part(kind, label, mark.digest.hex(), shown, via=patch.package)
                self._reached(mark, label)
        self.run()
        self.patched(left)

    def _package(self, root: str) -> None:
        self._packages.add(root)
        part = package_part(root)
        if part is not None:
            self.parts["package", part.name] = part


def _kind(name: Name, value: Any, code: bool) -> str:
    if code:
        return "class" if isinstance(value, type) else "module" if isinstance(value, ModuleType) else "function"
    return "input" if name.module == NOTEBOOK else "global"


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
