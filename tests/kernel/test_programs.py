"""Which commands only tell of the machine."""

from __future__ import annotations

import pytest

from nbexp.kernel.programs import tells_of_machine


@pytest.mark.parametrize(
    ("command", "tells"),
    [
        ("lscpu --parse=core", True),
        ("/usr/bin/uname -p", True),
        ("sysctl -n hw.physicalcpu", True),
        ("sysctl -w hw.physicalcpu=1", False),
        ("/sbin/ldconfig -p", True),
        ("ldconfig", False),
        ("cat /proc/cpuinfo", True),
        ("cat data.csv", False),
        ("git rev-parse HEAD", False),
        ("", False),
    ],
)
def test_what_tells_of_the_machine(command: str, tells: bool) -> None:
    assert tells_of_machine(command) is tells
