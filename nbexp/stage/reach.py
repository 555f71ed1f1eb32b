"""What a stage reaches: from the names that it reads to all that code finds under them, one after the other.

What a name stands for is found in the live namespace, its content is fingerprinted, and the names that its code would
look up in turn are added, until nothing new turns up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from nbexp import hashing
from nbexp.adapters.base import Name
from nbexp.adapters.code import code_fingerprint, is_code, resolve
from nbexp.code.monkeypatches import PYTHON, Monkeypatch
from nbexp.code.origin import NOTEBOOK
from nbexp.fingerprints.fingerprint import Fingerprint, fingerprint
from nbexp.fingerprints.preview import preview
from nbexp.records import Part
from nbexp.snapshot.environment import package_part

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
