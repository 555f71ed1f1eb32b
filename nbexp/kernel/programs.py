"""Programs that tell of the machine: what installed code asks of them is no effect of a stage.

A library asks once in a process how many cores there are (joblib's ``lscpu --parse=core``) or where a C library lies
(`ctypes.util.find_library`), in whichever stage is the first to need it. The answer steers how it works, as
`os.cpu_count` does. Asked by the notebook or project, it may be the result: then it counts like any other process.
"""

from __future__ import annotations

import os

#: Programs that only tell of the machine, whatever their arguments.
_TELLERS = frozenset({"lscpu", "nproc", "uname", "sw_vers", "getconf"})

#: The beginnings of commands of programs that can do more.
_QUESTIONS = (
    ("sysctl", "-n"),
    ("ldconfig", "-p"),
    ("cat", "/proc/cpuinfo"),
    ("wmic", "CPU", "Get"),
    ("powershell.exe", "-NoProfile", "-Command", "(Get-CimInstance", "-ClassName", "Win32_Processor).NumberOfCores"),
)


def tells_of_machine(command: str) -> bool:
    """Whether a command, as its words joined by spaces, does nothing but tell of the machine.

    Example:
        >>> tells_of_machine("/usr/bin/lscpu --parse=core"), tells_of_machine("git rev-parse HEAD")
        (True, False)
    """
    program, *words = command.split() or [""]
    asked = (os.path.basename(program), *words)
    return asked[0] in _TELLERS or any(asked[: len(known)] == known for known in _QUESTIONS)
