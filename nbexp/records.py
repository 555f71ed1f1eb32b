"""What is stored and shown, as frozen dataclasses that turn into plain JSON and back.

A *record* is one stored execution of a stage. Its key is a list of named `Part`s, so that two keys can be compared and
a miss explained; what the stage read while it ran stands in `dependencies` and is verified before a hit. Values
themselves are not here: they lie in the record's `Artifact`, a pickled graph and the buffers taken out of it.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any

#: The MIME types that tools and tests read: a stage's line, and metrics and results as they are logged.
STAGE_MIME = "application/vnd.nbexp.stage+json"
METRIC_MIME = "application/vnd.nbexp.metric+json"

#: What JSON has no number for, as it is written in messages, records and answers of commands: as in protobuf's JSON.
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

#: The format of record files. A store whose records have another format is read-only (with a message).
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One named part of a key, or one dependency seen while the stage ran.

    Attributes:
        kind: ``source option python input function class global module package state sharing`` in a static key;
            ``file listing modules rng module load parameter parameters`` among the observed dependencies.
        name: The variable, function (``clean`` or ``utils.clean``), file, package or setting.
        digest: Hexadecimal digest of its content.
        text: A short preview for people (``0.01``), at most 80 characters; empty where there is none.
        via: Which function or variable reads it, for ", called by `load`"; empty if the cell itself does.
    """

    kind: str
    name: str
    digest: str
    text: str = ""
    via: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """Everything a stage's result depends on that can be known before it runs.

    Attributes:
        digest: Hexadecimal digest of all parts: the *static key*.
        parts: The parts, sorted by kind and name.
    """

    digest: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a stage missed, was not stored, or is stale: a value, turned into text only in views.

    Attributes:
        kind: ``changed new gone forced unstorable unfingerprintable effect untrusted damaged store never``
            ``rechecked nondeterministic`` …
        name: What it is about: an input, a function, a file.
        text: One clause in the user's words: "input `lr`: 0.01 -> 0.001".
    """

    kind: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """One thing a stage wrote or displayed, in order.

    Attributes:
        kind: ``stream`` (name, text), ``display`` / ``update`` (data, metadata, transient), ``clear`` (wait),
            ``result`` (the formatted last value: data, metadata; at most one, the last).
    """

    kind: str
    name: str = ""
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    transient: dict[str, Any] = field(default_factory=dict)
    wait: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Where bytes lie: `size` bytes from `offset` of the blob named `blob` (hex digest of the whole blob), or of the
    record's own payload if `blob` is empty."""

    blob: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Artifact:
    """The stored content of a record: one pickled graph and the buffers taken out of it."""

    graph: Span
    buffers: tuple[Span, ...] = ()

    @property
    def blobs(self) -> frozenset[str]:
        """Names of the blobs in which it lies."""
        return frozenset(span.blob for span in (self.graph, *self.buffers) if span.blob)

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self.graph.size + sum(span.size for span in self.buffers)


@dataclass(frozen=True, slots=True)
class Variable:
    """One output of a stage, described: role is ``new`` (bound by the stage), ``mutated`` (an input changed in place)
    or ``deleted``; `fingerprint` is the hexadecimal digest of its content as the stage left it."""

    name: str
    role: str
    type: str = ""
    preview: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A file noticed as a result (``savefig``, ``to_csv`` …): stored, and written again on a hit."""

    path: str
    blob: str
    size: int


@dataclass(frozen=True, slots=True)
class Result:
    """A named result: a number, text, or anything JSON can hold (`nbexp.result`)."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Metric:
    """One `nbexp.log` call: values by name, and the step if one was given."""

    values: dict[str, float]
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One stored execution of a stage. Immutable; its id is the digest of its content.

    Attributes:
        stage: The stage's name. notebook: path relative to the project. cell: the cell's id; ``""`` where unknown.
        key: The static key.
        dependencies: What was read while running (files, RNG state at the start, modules, loads), each with its digest.
        variables: Outputs, described. artifact: where their values lie; None if the values were not kept.
        messages: Streams and displays in order. metrics, results, files: as logged and noticed.
        rng: Generators that moved: name -> digest of the state at the end (the state itself is in the graph).
        reasons: Why it ran.
        seconds: Wall time of the run. created: ISO 8601 in UTC. author: ``user@host``. python: ``3.11.7``.
    """

    stage: str
    notebook: str
    cell: str
    key: Key
    dependencies: tuple[Part, ...] = ()
    variables: tuple[Variable, ...] = ()
    artifact: Artifact | None = None
    messages: tuple[Message, ...] = ()
    metrics: tuple[Metric, ...] = ()
    results: tuple[Result, ...] = ()
    files: tuple[ResultFile, ...] = ()
    reasons: tuple[Reason, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    source: str = ""
    seconds: float = 0.0
    created: str = ""
    author: str = ""
    python: str = ""
    format: int = FORMAT_VERSION

    def to_json(self) -> dict[str, Any]:
        """Plain data for `json.dumps`."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Record:
        """The record that `to_json` gave; unknown fields are an error of the caller (see the format version)."""
        plain = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        key, artifact = plain["key"], plain.get("artifact")
        plain["key"] = Key(key["digest"], _many(Part, key["parts"]))
        plain["artifact"] = artifact and Artifact(Span(**artifact["graph"]), _many(Span, artifact["buffers"]))
        for name, kind in _LISTS.items():
            plain[name] = _many(kind, plain.get(name, ()))
        return cls(**plain)


@dataclass(frozen=True, slots=True)
class Status:
    """What became of one execution of a stage cell.

    Attributes:
        stage: The stage's name.
        status: ``ran`` (and stored), ``restored``, ``failed`` or ``unstored`` (ran, and was not stored).
        reasons: Why it ran. unstored: Why it was not stored.
        key: Hexadecimal static key, ``""`` if none could be made.
        inputs, outputs: Names of variables.
        ran_at: When the result was computed, ISO 8601 in UTC. seconds: how long that took.
        stale: Reasons for which the result is not what a top-to-bottom run gives.
        rewound: What the stage read as cells above it had left it, while the kernel held something set below it.
        error: Of a stage that failed: what it raised, in one or two sentences.
        problems: What the store has met since the line before, whatever stage it concerns: a result that was lost, a
            record that is damaged.
    """

    stage: str
    status: str
    reasons: tuple[Reason, ...] = ()
    key: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    ran_at: str = ""
    seconds: float = 0.0
    stale: tuple[Reason, ...] = ()
    rewound: tuple[Reason, ...] = ()
    unstored: tuple[Reason, ...] = ()
    error: str = ""
    problems: tuple[Reason, ...] = ()


def spelled(value: Any) -> Any:
    """Plain data with each number that JSON does not have as a text: ``"NaN"``, ``"Infinity"``, ``"-Infinity"``."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {name: spelled(item) for name, item in value.items()}
    return [spelled(item) for item in value] if isinstance(value, list | tuple) else value


def unspelled(value: Any) -> Any:
    """What `spelled` was given. A text that is one of the three words comes back as that number, too."""
    if isinstance(value, str):
        return _NOT_FINITE.get(value, value)
    if isinstance(value, dict):
        return {name: unspelled(item) for name, item in value.items()}
    return [unspelled(item) for item in value] if isinstance(value, list) else value


def _metric(values: Any, step: int | None = None) -> Metric:
    return Metric(unspelled(values), step)


def _result(name: str, value: Any) -> Result:
    return Result(name, unspelled(value))


_LISTS: dict[str, Any] = {
    "dependencies": Part,
    "variables": Variable,
    "messages": Message,
    "metrics": _metric,
    "results": _result,
    "files": ResultFile,
    "reasons": Reason,
}


def _many(kind: Any, rows: Any) -> tuple[Any, ...]:
    return tuple(kind(**row) for row in rows)
