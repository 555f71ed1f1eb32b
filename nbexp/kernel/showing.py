"""How a stage's line reaches the front end."""

from __future__ import annotations

from typing import Any


def show_line(shell: Any, data: dict[str, Any], after_text: bool) -> None:
    """Display `data` under the cell that is about to end.

    A kernel's publisher waits for its sending thread twice before each display, so that text written earlier comes
    first; that takes as long as all of nbexp's work on a small stage. Where no text can be waiting, the message is
    sent as the publisher would send it, without the wait.

    Args:
        data: The MIME bundle. after_text: Whether the cell may have written text that was not sent yet.
    """
    publisher = shell.display_pub
    socket = getattr(publisher, "pub_socket", None)
    if after_text or socket is None:  # None: no kernel of ipykernel's
        publisher.publish(data)
        return
    content = {"data": data, "metadata": {}, "transient": {}}
    publisher.session.send(socket, "display_data", content, parent=publisher.parent_header, ident=publisher.topic)
