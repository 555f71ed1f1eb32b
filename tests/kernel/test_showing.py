"""The stage's line: through the publisher, or straight to the socket where no text can be waiting."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from nbexp.kernel.showing import show_line

LINE = {"text/plain": "train: ran"}


class Publisher:
    """What a kernel's publisher has, as far as the line uses it."""

    def __init__(self, in_kernel: bool) -> None:
        self.published: list[dict[str, Any]] = []
        self.sent: list[tuple[Any, ...]] = []
        self.session, self.topic, self.parent_header = self, b"display_data", {"msg_id": "1"}
        if in_kernel:
            self.pub_socket = object()

    def publish(self, data: dict[str, Any]) -> None:
        self.published.append(data)

    def send(self, socket: object, kind: str, content: dict[str, Any], *, parent: Any, ident: bytes) -> None:
        self.sent.append((socket, kind, content, parent, ident))


@pytest.mark.parametrize("in_kernel", [False, True])
@pytest.mark.parametrize("after_text", [False, True])
def test_the_line_goes_straight_only_where_no_text_can_wait(in_kernel: bool, after_text: bool) -> None:
    publisher = Publisher(in_kernel)
    show_line(SimpleNamespace(display_pub=publisher), LINE, after_text)
    if in_kernel and not after_text:
        content = {"data": LINE, "metadata": {}, "transient": {}}
        assert publisher.sent == [(publisher.pub_socket, "display_data", content, {"msg_id": "1"}, b"display_data")]
        assert publisher.published == []
    else:
        assert publisher.published == [LINE]
        assert publisher.sent == []
