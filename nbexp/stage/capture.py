"""What a stage did, gathered when it has run: the graph to store, and the description of its outputs.

All outputs go into one graph, so that whatever they share stays shared. Objects that existed before the stage are
written as references to their place among the inputs; an input changed in place is written as a *patch*: its new
content, to be put into the live object, so that every holder sees it (decisions: restoring mutated inputs).
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import is_not
from typing import Any

from nbexp.adapters.code import code_fingerprint, is_code, resolve
from nbexp.adapters.general import General
from nbexp.code.origin import NOTEBOOK
from nbexp.errors import Unpatchable, Unstorable
from nbexp.fingerprints.fingerprint import Fingerprint, fingerprint
from nbexp.fingerprints.kinds import BUILTIN
from nbexp.fingerprints.preview import preview
from nbexp.graphs.graph import ITSELF, Live, held
from nbexp.graphs.patch import detach
from nbexp.records import Variable
from nbexp.registry import adapter_for
from nbexp.snapshot.modules import changed_globals
from nbexp.stage.key import Inputs
from nbexp.stage.reach import Root


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a stage left behind.

    Attributes:
        names: Notebook variables bound, with their values.
        patches: For each object of a mutated input, where it is found and its new content.
        attributes: Globals of project modules that the stage bound anew: ``(module, name, value)``.
        deleted: Notebook variables deleted.
        variables: All of these, described.
        doubtful: Names in `names` with values of types that no adapter knows: kept only after a round trip (D30).
        held: Objects that existed before and where they are found; empty if no output holds one.
        links: Labels of inputs of which other variables hold an object now, because of the stage.
    """

    names: dict[str, Any]
    patches: list[tuple[Live, Any]] = field(default_factory=list)
    attributes: list[tuple[str, str, Any]] = field(default_factory=list)
    deleted: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    held: Sequence[tuple[object, Live]] = ()
    doubtful: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


def gather(
    inputs: Inputs,
    bound: Sequence[str],
    deleted: Sequence[str],
    namespace: Mapping[str, Any],
    extra: Iterable[Any],
    imported: Iterable[str] = (),
) -> Outputs:
    """The outputs of a stage that has just run.

    Args:
        inputs: What it read, as it was before.
        bound: Notebook variables that it bound; deleted: that it deleted.
        namespace: The notebook's namespace now.
        extra: Other values that will be stored with the outputs (the last value).
        imported: Modules of the project that were loaded while it ran.

    Raises:
        Unstorable: An output, or what the stage did to an input, cannot be brought back.
        Unfingerprintable: The content of an output cannot be told for sure.
    """
    names = {name: namespace[name] for name in bound}
    now = {root.label: mark for root in inputs.roots.values() if (mark := _mark_if_mutated(root)) is not None}
    mutated = [root for root in inputs.roots.values() if root.label in now]
    attributes = [*_rebound_attributes(inputs), *_changed_in_imports(inputs, imported)]
    marks = {name: mark_of(name, value) for name, value in names.items()}
    others = [*extra, *(value for _, _, value in attributes)]
    before = [
        *_held(inputs, mutated, [*marks.values(), *(mark_of("last value", value) for value in others)]),
        *_out_of_name(inputs, {*bound, *deleted}),
    ]
    return Outputs(
        names,
        [patch for root in mutated for patch in _patches(root)],
        attributes,
        tuple(deleted),
        (
            *(Variable(name, "new", *_described(names[name], marks[name])) for name in names),
            *(Variable(root.label, "mutated", *_described(root.value, now[root.label])) for root in mutated),
            *(Variable(name, "deleted") for name in deleted),
        ),
        before,
        tuple(name for name, mark in marks.items() if _is_doubtful(mark)),
        tuple(_links(inputs, marks.values(), now)),
    )


def _links(inputs: Inputs, made: Iterable[Fingerprint], mutated: Mapping[str, Fingerprint]) -> Iterator[str]:
    for root in inputs.roots.values():
        holders = [*made, *(mark for label, mark in mutated.items() if label != root.label)]
        nodes = set(map(id, root.mark.nodes))
        if any(not nodes.isdisjoint(map(id, mark.nodes)) or _overlap(mark, root.mark) for mark in holders):
            yield root.label


def _is_doubtful(mark: Fingerprint) -> bool:
    """Whether a value holds an object that only pickle's own protocol knows."""
    return any(isinstance(adapter_for(tp), General) for tp in set(map(type, mark.nodes)) if tp not in BUILTIN)


def mark_of(name: str, value: Any) -> Fingerprint:
    """The fingerprint of the value of a notebook variable: of functions and classes, what they do."""
    return code_fingerprint(value, label=name) if is_code(value) else fingerprint(value, label=name)


def _described(value: Any, mark: Fingerprint) -> tuple[str, str, str]:
    return type(value).__qualname__, preview(value), mark.digest.hex()


def _mark_if_mutated(root: Root) -> Fingerprint | None:
    """What the object read is now, if it has another content or is made of other objects: ``rows[0] = row`` may put an
    equal one there, which is shared from then on. The name may be bound to another object by now.

    Raises:
        Unstorable: A function or class was changed: that cannot be put into the live one for sure.
    """
    if not root.is_code and not root.mark.nodes:
        return None
    if root.is_code:
        if code_fingerprint(root.value, label=root.label).digest != root.mark.digest:
            raise Unstorable(
                root.label,
                type(root.value).__qualname__,
                "the stage itself changed it (a closure, attribute or default)",
                "Keep what changes in a variable of its own.",
            )
        return None
    now = fingerprint(root.value, label=root.label)
    return now if now.digest != root.mark.digest or _is_made_of_others(root, now) else None


def _is_made_of_others(root: Root, now: Fingerprint) -> bool:
    if not any(map(is_not, now.nodes, root.mark.nodes)):
        return False
    again = fingerprint(root.value, label=root.label)  # some objects are made anew whenever the value is asked for them
    moved = map(is_not, now.nodes, root.mark.nodes)
    return any(other and node is same for other, node, same in zip(moved, now.nodes, again.nodes, strict=True))


def _patches(root: Root) -> list[tuple[Live, Any]]:
    """The new content of every object of a mutated input, reachable from it still or not: others may hold them.

    Raises:
        Unstorable: One of them could not take over another content.
    """
    return [
        (Live(root.label, number), _detached(root, node))
        for number, node in enumerate(root.mark.nodes)
        if not is_code(node)
    ]


def _detached(root: Root, node: object) -> Any:
    try:
        return detach(node)
    except Unpatchable as error:
        why = f"the stage changed it, and {error.why}"
        raise Unstorable(root.label, error.type_name, why, "Make it in the stage that changes it.") from error


def _rebound_attributes(inputs: Inputs) -> list[tuple[str, str, Any]]:
    """Globals of project modules that are bound to another object than before."""
    found = []
    for root in inputs.roots.values():
        if root.name.module == NOTEBOOK and len(root.name.path) == 1:
            continue
        now = resolve(root.name)
        if now.missing or now.value is root.value:
            continue
        found.append((root.name.module, ".".join(root.name.path), now.value))
    return found


def _changed_in_imports(inputs: Inputs, imported: Iterable[str]) -> Iterator[tuple[str, str, Any]]:
    """Globals that the stage changed in project modules that it imports: on a hit these are imported anew."""
    before = {part.name: part.digest for part in inputs.key.parts if part.kind == "global"}
    for name in sorted({part.name for part in inputs.key.parts if part.kind == "module"}.union(imported)):
        for part in changed_globals(name):
            if part.name in inputs.roots or before.get(part.name) == part.digest:
                continue
            variable = part.name.removeprefix(f"{name}.")
            module = vars(sys.modules[name])
            if variable not in module:
                raise Unstorable(part.name, "module global", "the stage deleted it", "Keep it.")
            yield name, variable, module[variable]


def _held(inputs: Inputs, mutated: Sequence[Root], marks: Sequence[Fingerprint]) -> Sequence[tuple[object, Live]]:
    """Where each object of the inputs is found, if any output or patch could hold one; it costs to load the links."""
    roots = {root.label: root for root in inputs.roots.values() if root.mark.nodes}
    made = {id(node) for mark in marks for node in mark.nodes}
    shared = any(not made.isdisjoint(map(id, root.mark.nodes)) for root in roots.values())
    overlaps = any(_overlap(mark, root.mark) for mark in marks for root in roots.values())
    if not (shared or mutated or overlaps):
        return ()
    return held({label: roots[label].mark.nodes for label in sorted(roots)})


def _out_of_name(inputs: Inputs, rebound: Collection[str]) -> Iterator[tuple[object, Live]]:
    """Functions and classes of the notebook that the stage read, and whose own name it bound anew: ``f = g``, where
    ``g`` is a function that was defined as ``f``. Their name does not tell that they were there before."""
    for root in inputs.roots.values():
        value = root.value
        name: str = getattr(value, "__qualname__", "") if root.is_code else ""
        if name.partition(".")[0] in rebound and value.__module__ == NOTEBOOK:
            yield value, Live(root.label, ITSELF)


def _overlap(one: Fingerprint, other: Fingerprint) -> bool:
    return any(a < d and c < b for a, b, _ in one.spans for c, d, _ in other.spans)
