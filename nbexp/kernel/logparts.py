"""The logging configuration, as far as a stage met it, as dependencies: made when it is stored and before a hit.

A logger is told by its name, a handler by what it does; nothing by its address. A logger that nobody has made says the
same as one that was made and left as it was.
"""

from __future__ import annotations

import ast
import logging
import sys
from collections.abc import Iterator
from typing import Any

from nbexp import hashing
from nbexp.code.origin import is_project
from nbexp.code.reference import is_project_code
from nbexp.errors import Unfingerprintable
from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.records import Part
from nbexp.snapshot.environment import package_part
from nbexp.stage.reach import Walk

#: Whether a logger is on at a level; from which level on it is; the handlers that its records meet; all of one logger;
#: what a level is called; what holds for all loggers.
LEVEL, EFFECTIVE, HANDLERS, LOGGER = "log level", "log effective level", "log handlers", "logger"
NAME, GENERAL = "log level name", "logging"

#: Added to the kinds of loggers that an import in the stage made: they are as this import leaves them, or not there.
OF_IMPORT = " of an import"

_OF_LOGGERS = (LEVEL, EFFECTIVE, HANDLERS, LOGGER)
_KINDS = (*_OF_LOGGERS, NAME, GENERAL, *(kind + OF_IMPORT for kind in _OF_LOGGERS))

#: What `logging` keeps in a handler; the rest is its class's own.
_OF_HANDLER = frozenset(
    {"filters", "_name", "name", "level", "formatter", "lock", "_closed", "stream", "baseFilename", "mode", "encoding"}
)

_NO_LOGGER = logging.Logger("")


def is_log_part(part: Part) -> bool:
    """Whether a dependency is one of this module's."""
    return part.kind in _KINDS


def log_part(kind: str, name: str) -> Part:
    """What a stage met, as it is now.

    Args:
        kind: One of those above. name: The logger's; of a level, ``"logger 10"``; of a level's name, its number.

    Raises:
        Unfingerprintable: A handler, formatter or filter that the stage's records met cannot be told for sure.
    """
    plain = kind.removesuffix(OF_IMPORT)
    if plain == LEVEL:
        logger, _, level = name.rpartition(" ")
        text = "on" if _is_on(logger, int(level)) else "off"
    elif plain == EFFECTIVE:
        text = str(next((logger.level for logger in chain(name) if logger.level), 0))
    elif plain == NAME:
        text = str(logging.getLevelName(ast.literal_eval(name)))
    elif plain == LOGGER:
        return Part(kind, name, _of_logger(logger_called(name) or _NO_LOGGER))
    elif plain == HANDLERS:
        return Part(kind, name, _of_records(name))
    else:
        return Part(kind, name, _general())
    return Part(kind, name, hashing.digest(plain, text).hex(), text)


def log_part_now(part: Part) -> Part:
    """A dependency as it is now; what cannot be told equals nothing."""
    if part.kind.endswith(OF_IMPORT) and not _has_family(part.name.partition(" ")[0]):
        return part  # the import is to come
    try:
        return log_part(part.kind, part.name)
    except Unfingerprintable:
        return Part(part.kind, part.name, "")


def logger_called(name: str) -> logging.Logger | None:
    """The logger of that name; None if nobody has made it. None is made by looking."""
    found = logging.root if name == "root" else logging.root.manager.loggerDict.get(name)
    return found if isinstance(found, logging.Logger) else None


def chain(name: str) -> Iterator[logging.Logger]:
    """The logger of that name and those above it, as far as they are there; the root is the last."""
    while name and name != "root":
        if found := logger_called(name):
            yield found
        name = name.rpartition(".")[0]
    yield logging.root


def is_ours(stream: object) -> str:
    """``stdout`` or ``stderr``, for the streams that are recorded while a stage runs; else empty."""
    return "stdout" if stream is sys.stdout else "stderr" if stream is sys.stderr else ""


def handler_digest(handler: logging.Handler) -> str:
    """The digest of what a handler does with a record that it is given."""
    return _digest(*_of_handler(handler))


# -- what it is made of --------------------------------------------------------------------------------------------


def _has_family(name: str) -> bool:
    return any(logger is not logging.root for logger in chain(name))


def _is_on(name: str, level: int) -> bool:
    """What the logger of that name answers, or would when it is made. Its cache is read and not filled."""
    nearest = next(chain(name))
    manager = logging.root.manager
    if nearest.name == name:
        if type(nearest).isEnabledFor is not logging.Logger.isEnabledFor:
            return bool(nearest.isEnabledFor(level))
        if nearest.disabled:
            return False
        known: bool | None = nearest._cache.get(level)  # type: ignore[attr-defined]
        if known is not None:
            return known
    return manager.disable < level and level >= nearest.getEffectiveLevel()


def _of_records(name: str) -> str:
    """What becomes of the records of the logger of that name."""
    logger = logger_called(name) or _NO_LOGGER
    pieces: list[object] = [logging._logRecordFactory, _kind(logger), *logger.filters]  # type: ignore[attr-defined]
    handlers = list(_handlers(name))
    last = logging.lastResort
    for handler in handlers or ([last] if last is not None else []):
        pieces += _of_handler(handler)
    return _digest(*pieces, bool(handlers))


def _handlers(name: str) -> Iterator[logging.Handler]:
    for logger in chain(name):
        yield from (handler for handler in logger.handlers if type(handler) is not logging.NullHandler)
        if any(type(handler) is logging.NullHandler for handler in logger.handlers):
            yield _NOTHING
        if not logger.propagate:
            return


_NOTHING = logging.NullHandler()


def _of_logger(logger: logging.Logger) -> str:
    pieces: list[object] = [logger.level, bool(logger.propagate), bool(logger.disabled), _kind(logger), *logger.filters]
    for handler in logger.handlers:
        pieces += _of_handler(handler)
    return _digest(*pieces)


def _kind(logger: logging.Logger) -> type:
    """The class of a logger; of one that is not there, the class that it will have."""
    return logging.getLoggerClass() if logger is _NO_LOGGER else type(logger)


def _of_handler(handler: logging.Handler) -> list[object]:
    kind = type(handler)
    stream = is_ours(getattr(handler, "stream", None))
    own = {name: value for name, value in vars(handler).items() if name not in _OF_HANDLER}
    file = getattr(handler, "baseFilename", "")
    return [kind, handler.level, stream, file, handler.formatter, list(handler.filters), own if _is_own(kind) else None]


def _is_own(kind: type) -> bool:
    return is_project(kind.__module__)


def _general() -> str:
    names = {level: name for level, name in logging._levelToName.items() if _LEVELS.get(level) != name}
    return _digest(
        sorted(names.items()),
        int(logging.root.manager.disable),
        logging._logRecordFactory,  # type: ignore[attr-defined]
        logging.getLoggerClass(),
        logging._warnings_showwarning is not None,  # type: ignore[attr-defined]
        bool(logging.raiseExceptions),
    )


_LEVELS = {50: "CRITICAL", 40: "ERROR", 30: "WARNING", 20: "INFO", 10: "DEBUG", 0: "NOTSET"}


def _digest(*pieces: object) -> str:
    """The digest of values, and of all code of the notebook and project that they lead to."""
    mark = fingerprint(list(pieces), label="logging")
    walk = Walk(frozenset(), _is_host)
    walk.add(mark.reads)
    walk.run()
    for label, root in walk.roots.items():
        if root.mark.nodes and not root.is_code:  # the stage may have changed it
            raise Unfingerprintable(label, type(root.value).__name__, "code that its log messages meet reads it")
    parts = [*walk.parts.values(), *filter(None, map(package_part, sorted(mark.packages)))]
    found = sorted(f"{part.kind} {part.name} {part.digest}" for part in parts)
    return hashing.digest("logging", mark.digest, *found).hex()


def _is_host(name: str, value: Any) -> bool:
    return name in ("get_ipython", "exit", "quit", "open") and not is_project_code(value)
