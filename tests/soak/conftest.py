"""What the long tests share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.soak.evidence import Row, note


@pytest.fixture
def evidence() -> Callable[[str, str, str], Row]:
    """``evidence(id, figure, command)`` puts a measured figure into ``docs/evidence.md``."""
    return note
