"""Pools of threads: a closed one (what ``with ThreadPoolExecutor() as pool`` leaves) is a value, others are running."""

from __future__ import annotations

from typing import Any

from nbexp.adapters.base import Adapter, Node, Storing
from nbexp.adapters.refused import RUNNING
from nbexp.errors import Unfingerprintable, Unstorable


class ExecutorAdapter(Adapter):
    """``concurrent.futures.ThreadPoolExecutor`` after its end: all it does is to refuse work."""

    def describe(self, value: Any) -> Node:
        _check_closed(value, Unfingerprintable)
        return Node("closed executor", value._max_workers)

    def reduce(self, value: Any, storing: Storing) -> Any:
        _check_closed(value, Unstorable)
        return closed_executor, (value._max_workers,)

    def preview(self, value: Any) -> str:
        return "closed ThreadPoolExecutor"


def _check_closed(value: Any, kind: type[Unfingerprintable] | type[Unstorable]) -> None:
    """Raise an error of this `kind` if work may still come, or is still done."""
    own = vars(value).keys() - vars(_executor()(1)).keys()
    if not value._shutdown or own or any(thread.is_alive() for thread in value._threads):
        raise kind("", type(value).__qualname__, RUNNING.why, RUNNING.advice)


def closed_executor(workers: int) -> Any:
    """A pool that takes no work."""
    pool = _executor()(workers)
    pool.shutdown()
    return pool


def _executor() -> Any:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor


#: Adapters by the type's name: naming it must not load its module.
ADAPTERS: dict[type | str, Adapter] = {"concurrent.futures.thread.ThreadPoolExecutor": ExecutorAdapter()}
