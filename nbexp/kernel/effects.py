"""What a stage does to the world and reads from it, as typed values in the order in which it happened.

`Recorder` listens to `nbexp.kernel.audit` while a stage runs, in every thread. What remains after the rules of
`nbexp.kernel.places` and `nbexp.kernel.origins` is what the stage depends on (files and folders read) and what a hit
could not repeat (files written, processes, connections, the environment).

Not seen: what libraries ask ``os.stat``, the clock, ``os.urandom``, files that native libraries open by themselves
unless `nbexp.kernel.native` announces them or they are in `Recorder.start(named=...)`, and whatever a child does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from nbexp.kernel import audit, places
from nbexp.kernel.running import Running
from nbexp.kernel.seen import Connection, Effects, FileUse, Process, signature
from nbexp.kernel.sorting import Sorter

__all__ = ["Connection", "Effects", "FileUse", "Process", "Recorder"]


class Recorder:
    """Records the effects of one stage at a time.

    Example:
        >>> recorder = Recorder(own=("/project/.nbexp",))
        >>> recorder.start()
        >>> with open("data.csv") as file:
        ...     text = file.read()
        >>> [use.path for use in recorder.stop().reads]
        ['data.csv']

    Args:
        own: Folders whose files are nbexp's own: the store.
    """

    def __init__(self, own: Iterable[str] = ()) -> None:
        audit.install()
        self._own = tuple(os.path.abspath(path) for path in own)
        self._active = False
        self._input = audit.InputWatch()

    def start(self, named: Iterable[str] = ()) -> None:
        """Begin to record.

        Args:
            named: Strings in the stage's code and inputs that may be the names of files. One that is the name of a
                file counts as read, or as written if it changed, though no door saw it (native libraries).
        """
        try:
            self._begin(named)
        except BaseException:  # an interrupt too: nothing of ours stays installed
            self.abort()
            raise

    def _begin(self, named: Iterable[str]) -> None:
        self._cwd = places.working_directory()
        self._sorter = Sorter(self._cwd, places.Ignored.now(self._own, self._cwd))
        self._sys_path = list(sys.path)
        self._named = [FileUse(name, *places.look(name)) for name in dict.fromkeys(named) if places.is_file_name(name)]
        self._running = Running.now()
        self._active = True
        self._input.__enter__()
        audit.listen(self._sorter.take)

    def stop(self) -> Effects:
        """End recording and say what the stage did; nothing if it was not started."""
        audit.listen(None)
        if not self._active:
            return Effects()
        self._active = False
        self._input.__exit__()
        return self._summary()

    def abort(self) -> None:
        """End recording without a summary; safe at any moment, also when a start was interrupted."""
        audit.listen(None)
        self._active = False
        self._input.__exit__()

    def _summary(self) -> Effects:
        seen = self._sorter.seen
        self._settle_unseen()
        results = {path: use for path, use in seen.results.items() if places.kind(path) == "file"}
        writes = {path: use for path, use in seen.writes.items() if path not in results and _lasts(use)}
        writes.update({path: use for path, use in seen.results.items() if path not in results and _lasts(use)})
        for path in results:
            _drop_parents(writes, path)
        reads = [use for path, use in seen.reads.items() if use.signature or not seen.made(path)]
        return Effects(
            reads=tuple(reads),
            listings=tuple(use for path, use in seen.listings.items() if not seen.made(path)),
            statuses=seen.only_asked(),
            modules=tuple(seen.modules.values()),
            writes=tuple(writes.values()),
            results=tuple(results.values()),
            processes=tuple(seen.processes),
            connections=tuple(seen.connections),
            env=("*",) if "*" in seen.env else tuple(seen.env),
            env_changed=tuple(name for name, before in seen.env_set.items() if os.environ.get(name) != before),
            unpickled=tuple(seen.unpickled),
            sources=tuple(seen.sources),
            folder_asked=seen.folder_asked,
            moved=places.working_directory() != self._cwd,
            paths_changed=sys.path != self._sys_path,
            changed=tuple(use.path for use in reads if self._unsure(use)),
            running=self._running.since(),
            problem=seen.problem,
        )

    def _unsure(self, use: FileUse) -> bool:
        return use.resolved not in self._sorter.seen.writes and signature(use.resolved) != use.signature

    def _settle_unseen(self) -> None:
        """Databases and named files tell by their signature whether they were read or changed."""
        seen = self._sorter.seen
        for use in (*seen.databases.values(), *self._named):
            path = use.resolved
            if path in seen.writes or path in seen.results or path in seen.reads or self._sorter.ignored.read(path):
                continue
            if signature(path) != use.signature:
                seen.writes[path] = use
            elif use.signature is not None or path in seen.databases:
                seen.reads[path] = use


def _lasts(use: FileUse) -> bool:
    """Whether a write is more than a temporary file: it was there before, or is there now."""
    return use.signature is not None or os.path.lexists(use.resolved)


def _drop_parents(writes: dict[str, FileUse], path: str) -> None:
    """A folder made for a result is part of writing the result."""
    while (parent := os.path.dirname(path)) != path:
        if parent in writes and writes[parent].signature is None:
            del writes[parent]
        path = parent
