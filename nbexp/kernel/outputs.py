"""What a cell prints and displays: recorded while it streams live, and replayed on a hit in the same order (L2).

`Tee` never holds output back. It wraps, on the instances, ``sys.stdout.write`` and ``sys.stderr.write`` (any thread),
the shell's display publisher, and the formatting of the last value. It stays open until the cell is over, figures that
are shown after the cell included (``post_execute``), and takes away only wrappers that are still its own.
"""

from __future__ import annotations

import base64
import contextlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from nbexp.kernel.interrupts import InterruptWatch
from nbexp.kernel.pipes import drain_pipes
from nbexp.kernel.streams import SENDER, Order, holds_back
from nbexp.kernel.wrapping import Wrappings
from nbexp.records import STAGE_MIME, Message

#: A view on a live object of the kernel: replayed, it would be dead.
WIDGET_TYPE = "application/vnd.jupyter.widget-view+json"

#: More text than this is not kept, and the stage not stored.
MOST_CHARACTERS = 64 * 2**20


class Tee:
    """Records the messages of one cell.

    Example:
        >>> tee = Tee(shell)
        >>> tee.start()
        >>> print("hello")
        hello
        >>> tee.stop()
        (Message(kind='stream', name='stdout', text='hello\\n', ...),)

    Args:
        shell: IPython's shell, in a kernel or plain.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._wrappings = Wrappings()
        self._order = Order()
        self._open = False
        self._characters = 0
        self._quiet = threading.local()
        self._unreplayable = ""

    @property
    def unreplayable(self) -> str:
        """Why the messages of this cell cannot be replayed faithfully, as a clause; empty if they can."""
        return self._unreplayable

    def start(self) -> None:
        """Begin to record."""
        try:
            drain_pipes()  # what C code printed in the cell before
            self._order, self._unreplayable, self._characters = Order(), "", 0
            self._thread = threading.get_ident()
            self._pager = self._payload()
            self._open = True
            wrap = self._wrappings.wrap
            for name in ("stdout", "stderr"):
                stream = getattr(sys, name)
                if held := holds_back(stream):
                    wrap(stream, SENDER, self._sender(name, getattr(stream, SENDER)))
                wrap(stream, "write", self._writer(name, stream.write, held))
            publisher, hook = self._shell.display_pub, self._shell.displayhook
            wrap(publisher, "publish", self._publisher(publisher.publish))
            wrap(publisher, "clear_output", self._clearer(publisher.clear_output))
            wrap(hook, "compute_format_data", self._formatter(hook.compute_format_data))
            wrap(self._shell, "showtraceback", _cleaned(self._shell.showtraceback))
            wrap(self._shell, "_showtraceback", self._tracer(self._shell._showtraceback))
        except BaseException:  # an interrupt too: no wrapper of ours stays
            self.stop()
            raise

    def stop(self) -> tuple[Message, ...]:
        """End recording and give the messages in order, adjacent texts of one stream as one; nothing if not started."""
        if self._open:
            drain_pipes()
            if self._payload() != self._pager:
                self._refuse("it opened a pager or changed the next input")
        self._open = False
        self._wrappings.undo()
        return self._order.take()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Inside, this thread's output is shown and not recorded: for nbexp's own lines."""
        before = getattr(self._quiet, "on", False)
        self._quiet.on = True
        try:
            yield
        finally:
            self._quiet.on = before

    def _refuse(self, why: str) -> None:
        self._unreplayable = self._unreplayable or why

    def _recording(self) -> bool:
        return self._open and not getattr(self._quiet, "on", False)

    def _payload(self) -> int:
        manager = getattr(self._shell, "payload_manager", None)
        return len(manager.read_payload()) if manager is not None else 0

    # --- the wrappers -------------------------------------------------------------------------------------------------

    def _writer(self, name: str, original: Callable[..., Any], held: bool) -> Callable[..., Any]:
        def write(text: Any, *arguments: Any, **named: Any) -> Any:
            if self._recording() and isinstance(text, str) and not self._writes_last_value():
                self._add_text(name, text, held)
            return original(text, *arguments, **named)

        return write

    def _sender(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def send(*arguments: Any, **named: Any) -> Any:
            if self._open:
                self._order.send(name)
            return original(*arguments, **named)

        return send

    def _writes_last_value(self) -> bool:
        """Whether a plain shell is printing ``Out[1]: ...``, which is the result's message and no stream."""
        hook = self._shell.displayhook
        return bool(hook.is_active) and threading.get_ident() == self._thread and not self._formatting()

    def _formatting(self) -> bool:
        return bool(getattr(self._quiet, "formatting", False))

    def _add_text(self, name: str, text: str, held: bool) -> None:
        self._characters += len(text)
        if self._characters <= MOST_CHARACTERS:
            self._order.text(name, text, held)
        else:
            self._order.drop_texts()
            self._refuse(f"it printed more than {MOST_CHARACTERS // 2**20} MB")

    def _publisher(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def publish(data: Any, metadata: Any = None, *arguments: Any, **named: Any) -> Any:
            if self._recording():
                self._record_display(data, metadata, named)
            with self.paused():  # a plain shell prints the text
                return original(data, metadata, *arguments, **named)

        return publish

    def _record_display(self, data: Any, metadata: Any, named: dict[str, Any]) -> None:
        if not isinstance(data, dict) or STAGE_MIME in data:
            return  # the stage's line is made anew by each run and each hit; metrics and results come in their order
        if WIDGET_TYPE in data:
            self._refuse("it shows a widget")
        kind = "update" if named.get("update") else "display"
        try:
            message = Message(
                kind, data=_plain(data), metadata=_plain(metadata or {}), transient=_plain(named.get("transient") or {})
            )
        except (TypeError, ValueError) as error:
            self._refuse(f"it displays what is no JSON ({error})")
        else:
            self._order.message(message)

    def _clearer(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def clear_output(wait: bool = False) -> Any:
            if self._recording():
                self._order.message(Message("clear", wait=bool(wait)))
            with self.paused():
                return original(wait)

        return clear_output

    def _formatter(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def compute_format_data(result: Any) -> Any:
            if not self._recording():
                return original(result)
            self._quiet.formatting = True  # what a `__repr__` prints is a stream
            try:
                data, metadata = original(result)
            finally:
                self._quiet.formatting = False
            try:
                self._order.message(Message("result", data=_plain(data), metadata=_plain(metadata or {})))
            except (TypeError, ValueError) as error:
                self._refuse(f"its last value displays as what is no JSON ({error})")
            if WIDGET_TYPE in data:
                self._refuse("it shows a widget")
            return data, metadata

        return compute_format_data

    def _tracer(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def showtraceback(*arguments: Any, **named: Any) -> Any:
            self._refuse("it shows a traceback")
            return original(*arguments, **named)

        return showtraceback


def _cleaned(original: Callable[..., Any]) -> Callable[..., Any]:
    def showtraceback(*arguments: Any, **named: Any) -> Any:
        InterruptWatch.hide(sys.exc_info()[1])
        return original(*arguments, **named)

    return showtraceback


def _plain(bundle: dict[str, Any]) -> dict[str, Any]:
    """A copy of a MIME bundle as plain JSON; bytes (images) as base64, as the Jupyter protocol sends them."""
    if all(type(value) is str for value in bundle.values()):
        return dict(bundle)
    copy: dict[str, Any] = json.loads(json.dumps(bundle, default=_bytes_as_text))
    return copy


def _bytes_as_text(value: Any) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"a value of type {type(value).__qualname__}")
