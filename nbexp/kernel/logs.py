"""What a stage has to do with `logging`: what it asks the configuration for, where its records go, what it changes.

Whether a message is printed, and how, is up to loggers and handlers that cells above have set up. A stage depends on
those that it met, and on no others. A record that goes elsewhere than to stdout or stderr, and a configuration that is
left changed, are what a hit does not repeat.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

from nbexp.errors import Unfingerprintable
from nbexp.kernel.logparts import (
    EFFECTIVE,
    GENERAL,
    HANDLERS,
    LEVEL,
    LOGGER,
    NAME,
    OF_IMPORT,
    chain,
    handler_digest,
    is_ours,
    log_part,
    logger_called,
)  # fmt: skip
from nbexp.kernel.origins import in_installed_import
from nbexp.kernel.wrapping import Wrappings
from nbexp.records import Part
from nbexp.store.writer import THREAD_NAME

_ABSENT = object()

#: Attributes that are watched, and the class beneath which they are watched.
_WATCHED: tuple[tuple[type, str], ...] = (
    (logging.Filterer, "filters"), (logging.Logger, "level"), (logging.Logger, "propagate"),
    (logging.Logger, "disabled"), (logging.Logger, "handlers"), (logging.Handler, "level"),
    (logging.Handler, "formatter"), (logging.StreamHandler, "stream"),
)  # fmt: skip

#: Functions of `logging` that set or tell what holds for all loggers.
_GENERAL = ("addLevelName", "captureWarnings", "setLoggerClass", "setLogRecordFactory", "getLoggerClass", "disable")

#: The way of a record, whose questions are answered by dependencies of their own.
_ON_THE_WAY = frozenset(
    function.__code__
    for function in (
        logging.Logger.isEnabledFor, logging.Logger.handle, logging.Logger.callHandlers, logging.Filterer.filter,
        logging.Handler.handle, logging.Handler.format,
    )
)  # fmt: skip

_EFFECTIVE: CodeType = logging.Logger.getEffectiveLevel.__code__
_ENABLED: CodeType = logging.Logger.isEnabledFor.__code__

#: Packages whose handlers write for the kernel itself.
_OF_KERNEL = ("IPython", "ipykernel", "traitlets")


@dataclass(frozen=True, slots=True)
class LogUse:
    """What a stage had to do with `logging`.

    Attributes:
        asked: Kind and name of each dependency (see `log_part`).
        handed: Handlers that were given records and that were there before: a hit gives them none.
        changed: What of the configuration is not as it was. unknown: Loggers that no name leads to.
    """

    asked: tuple[tuple[str, str], ...] = ()
    handed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def parts(self) -> Iterator[Part]:
        """The dependencies as they are now, at the end of the stage, which has left them as they were."""
        return (log_part(kind, name) for kind, name in self.asked)


class LogWatch:
    """Sees what a stage asks and does. Nothing is described before it is asked for."""

    def __init__(self) -> None:
        self._wrappings = Wrappings()
        self._placed: list[tuple[type, str, _Watched]] = []
        self._forget()

    def _forget(self) -> None:
        self._levels: dict[tuple[int, int], logging.Logger] = {}
        self._effective: dict[int, logging.Logger] = {}
        self._met: dict[int, logging.Logger] = {}
        self._names: dict[str, None] = {}
        self._loggers: dict[int, Any] = {}
        self._general: tuple[Any, ...] | None = None
        self._asked_general = False
        self._handed: dict[str, None] = {}
        self._before: dict[tuple[int, str], tuple[Any, Any]] = {}
        self._made: dict[int, Any] = {}
        self._imported: set[int] = set()

    def start(self) -> None:
        """Begin to watch."""
        self._forget()
        self._general = _state_of_all()
        try:
            wrap = self._wrappings.wrap
            wrap(logging.Logger, "isEnabledFor", self._enabling(logging.Logger.isEnabledFor))
            wrap(logging.Logger, "getEffectiveLevel", self._levelling(logging.Logger.getEffectiveLevel))
            wrap(logging.Logger, "callHandlers", self._calling(logging.Logger.callHandlers))
            wrap(logging, "getLevelName", self._naming(logging.getLevelName))
            for name in _GENERAL:
                wrap(logging, name, self._noting(getattr(logging, name)))
            for owner, name in _WATCHED:
                if name not in vars(owner):
                    self._place(owner, name)
        except BaseException:  # an interrupt too: nothing of ours stays
            self._remove()
            raise

    def stop(self) -> LogUse:
        """End, and say what was seen; safe at any moment."""
        self._remove()
        if self._general is None:
            return LogUse()
        general, self._general = self._general, None
        use = LogUse(
            tuple(dict.fromkeys(self._asked())),
            tuple(self._handed),
            tuple(dict.fromkeys(self._changed(general))),
            tuple(dict.fromkeys(logger.name for logger in self._asking() if self._is_unknown(logger))),
        )
        self._forget()
        return use

    def _place(self, owner: type, name: str) -> None:
        watched = _Watched(self, name)
        self._placed.append((owner, name, watched))
        setattr(owner, name, watched)

    def _remove(self) -> None:
        self._wrappings.undo()
        while self._placed:
            owner, name, watched = self._placed[-1]
            if vars(owner).get(name) is watched:
                delattr(owner, name)
            self._placed.pop()

    # -- what is noted while the stage runs ----------------------------------------------------------------------------

    def _enabling(self, original: Callable[..., bool]) -> Callable[..., bool]:
        levels = self._levels

        def is_enabled_for(logger: logging.Logger, level: Any) -> bool:
            answer = original(logger, level)
            if (id(logger), level) not in levels and not _is_writer():
                levels[id(logger), level] = logger
            return answer

        return is_enabled_for

    def _levelling(self, original: Callable[..., int]) -> Callable[..., int]:
        effective = self._effective

        def get_effective_level(logger: logging.Logger) -> int:
            if id(logger) not in effective and not _is_writer():
                frame = sys._getframe(1)
                if frame.f_code is not _ENABLED and not in_installed_import(frame):
                    effective[id(logger)] = logger
            return original(logger)

        return get_effective_level

    def _calling(self, original: Callable[..., None]) -> Callable[..., None]:
        def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
            if not _is_writer():
                self._met[id(logger)] = logger
                for handler in _given(logger, record.levelno):
                    if id(handler) not in self._made and not _is_repeated(handler):
                        self._handed[_called(handler)] = None
            original(logger, record)

        return call_handlers

    def _naming(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def get_level_name(level: Any) -> Any:
            if type(level) in (int, str):
                self._names[repr(level)] = None
            return original(level)

        return get_level_name

    def _noting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*arguments: Any, **named: Any) -> Any:
            if not in_installed_import(sys._getframe(1)):
                self._asked_general = True
            return original(*arguments, **named)

        return noting

    def got(self, owner: Any, name: str, value: Any, frame: FrameType) -> None:
        """Somebody reads an attribute: he depends on it, and may change what it holds."""
        if frame.f_code is _EFFECTIVE:
            return
        if type(value) is list:
            self.setting(owner, name, value, frame)
        elif isinstance(owner, logging.Logger) and not in_installed_import(frame) and not _is_writer():
            self._loggers[id(owner)] = owner

    def setting(self, owner: Any, name: str, old: Any, frame: FrameType) -> None:
        """Somebody sets an attribute, or may; its first value of all is no change."""
        if old is _ABSENT:
            self._made[id(owner)] = owner
        elif in_installed_import(frame) or _is_writer():
            self._imported.add(id(owner))
        else:
            self._loggers[id(owner)] = owner
            kept = list(old) if type(old) is list else old
            self._before.setdefault((id(owner), name), (owner, kept))

    # -- what it comes to ----------------------------------------------------------------------------------------------

    def _asked(self) -> Iterator[tuple[str, str]]:
        if self._asked_general:
            yield GENERAL, "general"
        for name in self._names:
            yield NAME, name
        for (_, level), logger in self._levels.items():
            yield from self._named(LEVEL, logger, f"{logger.name} {int(level)}")
        for logger in self._effective.values():
            yield from self._named(EFFECTIVE, logger, logger.name)
        for logger in self._met.values():
            yield from self._named(HANDLERS, logger, logger.name)
        for owner in self._loggers.values():
            for logger in [owner] if isinstance(owner, logging.Logger) else _holders(owner):
                yield from self._named(LOGGER, logger, logger.name)

    def _named(self, kind: str, logger: logging.Logger, name: str) -> Iterator[tuple[str, str]]:
        if logger_called(logger.name) is not logger:
            return
        family = [each for each in chain(logger.name) if each is not logging.root]
        if any(id(each) in self._imported for each in family) and all(id(each) in self._made for each in family):
            yield kind + OF_IMPORT, name
            yield LOGGER, "root"  # what they are without the import
        else:
            yield kind, name

    def _asking(self) -> Iterator[logging.Logger]:
        yield from self._levels.values()
        yield from self._effective.values()
        yield from self._met.values()
        yield from (owner for owner in self._loggers.values() if isinstance(owner, logging.Logger))

    def _is_unknown(self, logger: logging.Logger) -> bool:
        return id(logger) not in self._made and logger_called(logger.name) is not logger

    def _changed(self, general: tuple[Any, ...]) -> Iterator[str]:
        if _state_of_all() != general:
            yield "what holds for all loggers"
        for (_, name), (owner, old) in self._before.items():
            now = vars(owner).get(name, _ABSENT)
            if _is_same(old, now):
                continue
            if isinstance(owner, logging.Logger):
                if id(owner) not in self._made or logger_called(owner.name) is owner:
                    yield f"{name} of the logger {owner.name}"
            elif id(owner) not in self._made:
                yield f"{name} of the handler {_called(owner)}"


class _Watched:
    """Stands on a class for an attribute that its objects hold, and tells who reads and sets it."""

    def __init__(self, watch: LogWatch, name: str) -> None:
        self._watch = watch
        self._name = name

    def __get__(self, owner: Any, kind: type) -> Any:
        try:
            value = owner.__dict__[self._name]
        except (KeyError, AttributeError):  # not set yet, or asked of the class
            raise AttributeError(f"{kind.__name__!r} object has no attribute {self._name!r}") from None
        if (frame := sys._getframe(1)).f_code not in _ON_THE_WAY:
            self._watch.got(owner, self._name, value, frame)
        return value

    def __set__(self, owner: Any, value: Any) -> None:
        self._watch.setting(owner, self._name, vars(owner).get(self._name, _ABSENT), sys._getframe(1))
        vars(owner)[self._name] = value

    def __delete__(self, owner: Any) -> None:
        self._watch.setting(owner, self._name, vars(owner).get(self._name, _ABSENT), sys._getframe(1))
        del vars(owner)[self._name]


def _is_writer() -> bool:
    """Whether it is the thread that stores: what it asks is no part of the stage."""
    return threading.current_thread().name == THREAD_NAME


def _given(logger: logging.Logger, level: int) -> Iterator[logging.Handler]:
    """The handlers that are given a record of `level`; where there are none, that of last resort is."""
    each: logging.Logger | None = logger
    while each is not None:
        yield from (handler for handler in vars(each)["handlers"] if level >= vars(handler).get("level", 0))
        each = each.parent if vars(each)["propagate"] else None


def _is_repeated(handler: logging.Handler) -> bool:
    """Whether a hit repeats what a handler does with a record: it prints to a stream that is recorded, and no more."""
    kind: type = type(handler)
    if kind is logging.NullHandler or handler is logging.lastResort or kind.__module__.startswith(_OF_KERNEL):
        return True
    if not isinstance(handler, logging.StreamHandler) or not is_ours(vars(handler).get("stream")):
        return False
    stock = logging.StreamHandler
    return all(getattr(kind, name) is getattr(stock, name) for name in ("emit", "handle", "flush", "handleError"))


def _called(handler: logging.Handler) -> str:
    file = getattr(handler, "baseFilename", "")
    return f"{type(handler).__name__} {file}".rstrip()


def _holders(handler: Any) -> list[logging.Logger]:
    known = [logging.root, *logging.root.manager.loggerDict.values()]
    return [one for one in known if isinstance(one, logging.Logger) and handler in one.handlers]


def _state_of_all() -> tuple[Any, ...]:
    module: Any = logging
    return (
        logging.root.manager.disable, module._levelToName.copy(), module._logRecordFactory, module._loggerClass,
        module._warnings_showwarning, logging.lastResort, logging.raiseExceptions,
    )  # fmt: skip


def _is_same(old: Any, now: Any) -> bool:
    if type(old) is list and type(now) is list:
        return len(old) == len(now) and all(map(_does_same, old, now))
    return old is now or (type(old) in (int, bool, str) and type(old) is type(now) and old == now)


def _does_same(old: Any, now: Any) -> bool:
    """Whether a handler or filter is the one that was there, or a new handler that does just the same."""
    if old is now:
        return True
    if not (isinstance(old, logging.Handler) and isinstance(now, logging.Handler)):
        return False
    try:
        return _is_repeated(old) and _is_repeated(now) and handler_digest(old) == handler_digest(now)
    except Unfingerprintable:
        return False
