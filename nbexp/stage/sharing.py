"""Which inputs share mutable objects or memory: a part of the key of its own (D14).

``x`` and ``y`` may be one list or two equal ones: each alone has the same fingerprint, but a stage that appends to
``x`` leaves ``y`` in another state. So inputs that share anything are fingerprinted once more, together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from nbexp.adapters.code import describe_code
from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.records import Part
from nbexp.stage.reach import Root


def sharing_parts(roots: Iterable[Root]) -> list[Part]:
    """One part for each group of inputs that share something; usually none."""
    return [
        Part("sharing", ", ".join(root.label for root in group), fingerprint(_together(group)).digest.hex())
        for group in groups(list(roots))
    ]


def groups(roots: Sequence[Root]) -> list[list[Root]]:
    """The roots that share objects or overlapping memory, grouped; roots that share nothing are left out."""
    holders = [root for root in sorted(roots, key=lambda root: root.label) if root.mark.nodes or root.mark.spans]
    if not (_share_objects(holders) or _share_memory(holders)):
        return []
    leader = {root.label: root.label for root in holders}

    def find(label: str) -> str:
        while leader[label] != label:
            label = leader[label]
        return label

    for one, other in chain(_object_pairs(holders), _memory_pairs(holders)):
        first, second = sorted((find(one), find(other)))
        leader[second] = first
    grouped: dict[str, list[Root]] = {}
    for root in holders:
        grouped.setdefault(find(root.label), []).append(root)
    return [group for group in grouped.values() if len(group) > 1]


def _share_objects(roots: Sequence[Root]) -> bool:
    """At C speed, as this is asked of every stage: an object in two roots makes the union smaller than the sum."""
    ids = [set(map(id, root.mark.nodes)) for root in roots]
    return len(set().union(*ids)) < sum(map(len, ids))


def _object_pairs(roots: Sequence[Root]) -> Iterable[tuple[str, str]]:
    first: dict[int, str] = {}
    for root in roots:
        for node in root.mark.nodes:
            holder = first.setdefault(id(node), root.label)
            if holder != root.label:
                yield holder, root.label


def _share_memory(roots: Sequence[Root]) -> bool:
    return next(iter(_memory_pairs(roots)), None) is not None


def _memory_pairs(roots: Sequence[Root]) -> Iterable[tuple[str, str]]:
    spans = sorted((span[0], span[1], root.label) for root in roots for span in root.mark.spans)
    reach, holder = -1, ""
    for start, stop, label in spans:
        if start < reach and label != holder:
            yield holder, label
        if stop > reach:
            reach, holder = stop, label


def _together(group: Sequence[Root]) -> dict[str, object]:
    """The values as one graph. A function stands for what it holds: its own reference says nothing of sharing."""
    return {root.label: list(describe_code(root.value).children) if root.is_code else root.value for root in group}
