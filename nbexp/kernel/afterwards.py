"""What need not be done before a kernel sends its reply: done right after it, and before anything else runs.

A stage cell is over for the user when the reply is there. What only later cells and other processes ask for (the record
as it will be written, the notes of use) waits for that.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

#: How long a kernel takes, at the most, to send that a cell is over.
REPLY_SECONDS = 0.02


class Afterwards:
    """Actions in the order in which they were added; at the latest the next cell or the session's end carries them out.

    Args:
        failed: Told of an error in one of them, which is nobody's: neither the cell's that is over nor the next one's.

    Example:
        >>> afterwards = Afterwards(failed=print)
        >>> afterwards.add(lambda: print("stored"))  # no loop runs here, so nothing is waited for
        stored
    """

    def __init__(self, failed: Callable[[Exception], object]) -> None:
        self._failed = failed
        self._due: deque[Callable[[], object]] = deque()

    def add(self, action: Callable[[], object]) -> None:
        """Carry out `action` when the kernel has sent its reply, where its loop gets to it; without a loop, now.

        A thread that is woken earlier takes the interpreter from the cell that is about to end, for longer than all of
        its storing takes.
        """
        self._due.append(action)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.run()
        else:
            loop.call_later(REPLY_SECONDS, self.run)

    def run(self) -> None:
        """Carry out what is due; from any thread. Costs nothing if there is nothing."""
        while self._due:
            try:
                action = self._due.popleft()
            except IndexError:  # another thread was faster
                return
            try:
                action()
            except Exception as error:  # noqa: BLE001 - see `failed`
                self._failed(error)
            except BaseException:  # an interrupt: it is still to be done
                self._due.appendleft(action)
                raise
