"""Recorded messages shown again, as the run showed them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from nbexp.records import Message


def replay(shell: Any, messages: Sequence[Message]) -> None:
    """Show recorded messages as the run did: to be called by the swapped body of a hit, before the last value.

    What stands before the last value's message is shown at once. The last value's own formatting is answered, once,
    with the recorded bundle, so that its class need not be able to show itself twice in the same way; what stands after
    it (figures shown after the cell) follows when the cell is over.
    """
    results = [number for number, message in enumerate(messages) if message.kind == "result"]
    last = results[-1] if results else len(messages)
    _show_all(shell, messages[:last])
    if results:
        _answer_once(shell, messages[last])
        _follow(shell, messages[last + 1 :])


def _show_all(shell: Any, messages: Sequence[Message]) -> None:
    for number, message in enumerate(messages):
        show(shell, message)
        if message.kind == "stream" and number + 1 < len(messages) and messages[number + 1].kind == "stream":
            getattr(sys, message.name).flush()  # a kernel holds texts back and would send those of one stream together


def show(shell: Any, message: Message) -> None:
    """Send one message to the front end. A result here is one of several (``ast_node_interactivity = "all"``)."""
    if message.kind == "stream":
        getattr(sys, message.name).write(message.text)
    elif message.kind == "clear":
        shell.display_pub.clear_output(message.wait)
    elif message.kind == "result":
        _show_result(shell.displayhook, message)
    else:
        shell.display_pub.publish(
            data=dict(message.data),
            metadata=dict(message.metadata),
            transient=dict(message.transient),
            update=message.kind == "update",
        )


def _show_result(hook: Any, message: Message) -> None:
    if message.data:
        hook.start_displayhook()
        hook.write_output_prompt()
        hook.write_format_data(dict(message.data), dict(message.metadata))
        hook.finish_displayhook()


def _answer_once(shell: Any, message: Message) -> None:
    hook = shell.displayhook
    before = hook.__dict__.get("compute_format_data")

    def forget() -> None:
        if hook.__dict__.get("compute_format_data") is answer:
            if before is None:
                del hook.compute_format_data
            else:
                hook.compute_format_data = before

    def answer(result: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        forget()
        return dict(message.data), dict(message.metadata)

    hook.compute_format_data = answer
    _after_cell(shell, forget)  # an interrupt, or a last value that is not shown after all, leaves nothing behind


def _follow(shell: Any, messages: Sequence[Message]) -> None:
    def rest() -> None:
        _show_all(shell, messages)

    if messages:
        _after_cell(shell, rest)


def _after_cell(shell: Any, callback: Callable[[], None]) -> None:
    """Call `callback` once, when the running cell is over."""

    def once() -> None:
        shell.events.unregister("post_execute", once)
        callback()

    shell.events.register("post_execute", once)
