"""What a stage has to do with `logging`, as the watch sees it."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nbexp.kernel import logs
from nbexp.kernel.logparts import HANDLERS, LEVEL, LOGGER, OF_IMPORT, log_part, log_part_now
from nbexp.kernel.logs import LogUse, LogWatch
from nbexp.records import Part
from tests.behaviour.in_process import Project, project_in
from tests.behaviour.model import Cell

CLASSES = (logging.Filterer, logging.Logger, logging.Handler, logging.StreamHandler)


def _names() -> list[dict[str, object]]:
    module = {name: getattr(logging, name) for name in (*logs._GENERAL, "getLevelName")}
    return [*(dict(vars(one)) for one in CLASSES), module]


@pytest.fixture(autouse=True)
def project(tmp_path: Path) -> Iterator[Project]:
    """Logging as in a new kernel; nothing of the watch stays."""
    before = _names()
    with project_in(tmp_path) as made:
        made.start()
        yield made
    assert _names() == before


def watched(action: Callable[[], object]) -> LogUse:
    logging.root.handlers.clear()  # pytest's
    watch = LogWatch()
    watch.start()
    try:
        action()
    finally:
        use = watch.stop()
    return use


def test_nothing_logged() -> None:
    assert watched(lambda: None) == LogUse()


def test_off_is_one_dependency() -> None:
    log = logging.getLogger("own.a")
    assert watched(lambda: [log.debug("x"), log.debug("y")]) == LogUse(((LEVEL, "own.a 10"),))


def test_records_meet_handlers() -> None:
    log = logging.getLogger("own.a")
    asked = watched(lambda: log.warning("x")).asked
    assert (LEVEL, "own.a 30") in asked
    assert (HANDLERS, "own.a") in asked
    assert not any(kind == LOGGER for kind, _ in asked)


def test_handlers_elsewhere_are_named() -> None:
    log, buffer = logging.getLogger("own.a"), io.StringIO()
    log.addHandler(logging.StreamHandler(buffer))
    log.addHandler(logging.StreamHandler(sys.stderr))
    assert watched(lambda: log.warning("x")).handed == ("StreamHandler",)
    assert buffer.getvalue() == "x\n"


def test_new_handlers_are_the_stages_own() -> None:
    log = logging.getLogger("own.a")

    def collect() -> None:
        handler = logging.StreamHandler(io.StringIO())
        handler.setLevel(10)
        log.addHandler(handler)
        log.warning("x")
        log.removeHandler(handler)

    use = watched(collect)
    assert (use.handed, use.changed) == ((), ())


CHANGES: list[Callable[[logging.Logger], object]] = [
    lambda log: log.setLevel(10),
    lambda log: setattr(log, "propagate", False),
    lambda log: setattr(log, "disabled", True),
    lambda log: log.addHandler(logging.NullHandler()),
    lambda log: log.addFilter(logging.Filter("a")),
    lambda log: log.handlers.append(logging.NullHandler()),
    lambda log: log.handlers[0].setFormatter(logging.Formatter("%(message)s")),
    lambda log: log.handlers[0].addFilter(logging.Filter("a")),
    lambda log: logging.disable(10),
    lambda log: logging.addLevelName(25, "Note"),
]


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_changes(number: int) -> None:
    log = logging.getLogger("own.a")
    log.addHandler(logging.StreamHandler(sys.stderr))
    assert len(watched(lambda: CHANGES[number](log)).changed) == 1


def test_what_is_put_back_is_no_change_and_asked() -> None:
    log = logging.getLogger("own.a")
    use = watched(lambda: [log.setLevel(10), log.setLevel(0)])
    assert use == LogUse(((LOGGER, "own.a"),))


def test_threads_of_a_stage_count() -> None:
    log = logging.getLogger("own.a")
    thread = threading.Thread(target=lambda: log.debug("x"))
    assert watched(lambda: [thread.start(), thread.join()]).asked == ((LEVEL, "own.a 10"),)


def test_what_an_import_sets_up_is_no_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package configures its own logger; in the next kernel the import is to come, or has been."""
    logging.root.handlers.clear()  # pytest's
    monkeypatch.setattr(logs, "in_installed_import", lambda frame: frame.f_code.co_name == "set_up" or _above(frame))

    def set_up() -> None:
        logging.getLogger("ownlib").setLevel(20)

    def stage() -> None:
        set_up()
        logging.getLogger("ownlib.a").info("x")

    watch = LogWatch()
    watch.start()
    stage()
    use = watch.stop()
    assert use.changed == ()
    part = log_part(LEVEL + OF_IMPORT, "ownlib.a 20")
    assert (part.kind, part.name) in use.asked
    assert (LOGGER, "root") in use.asked
    assert log_part_now(part) == part
    for name in ("ownlib", "ownlib.a"):
        del logging.root.manager.loggerDict[name]
    assert log_part_now(part) == part
    logging.getLogger("ownlib").setLevel(40)
    assert log_part_now(part) != part


def _above(frame: object) -> bool:
    while frame is not None:
        if frame.f_code.co_name == "set_up":  # type: ignore[attr-defined]
            return True
        frame = frame.f_back  # type: ignore[attr-defined]
    return False


def test_a_logger_that_is_not_there_says_what_it_would() -> None:
    logging.root.handlers.clear()  # pytest's
    for kind, name in ((LEVEL, "own.b 20"), (HANDLERS, "own.b"), (LOGGER, "own.b")):
        before = log_part(kind, name)
        assert "own.b" not in logging.root.manager.loggerDict
        logging.getLogger("own.b")
        assert log_part_now(before) == before
        del logging.root.manager.loggerDict["own.b"]


def test_loggers_without_a_name_are_told() -> None:
    log = logging.Logger("own.c")
    log.addHandler(logging.NullHandler())
    assert watched(lambda: log.warning("x")).unknown == ("own.c",)


def test_unknown_kinds_equal_nothing() -> None:
    assert log_part_now(Part(LOGGER, "own.a", "")).digest


def test_an_interrupt_leaves_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _names()

    def interrupted(self: LogWatch, *_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(LogWatch, "_place", interrupted)
        with pytest.raises(KeyboardInterrupt):
            LogWatch().start()
    assert _names() == before
    project.run(Cell("%%stage s\nimport logging\nraise KeyboardInterrupt"))
    assert _names() == before
    project.run(Cell("%%stage s\nimport logging\n1 / 0"))
    assert _names() == before
