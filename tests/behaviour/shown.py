"""Stage cells whose hit, in another kernel, must send the very messages that the run sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Run in each kernel before the stages.
SETUP = """\
import asyncio, logging, sys, threading, time
from IPython.display import HTML, clear_output, display
import numpy as np
"""


@dataclass(frozen=True)
class Shown:
    """A stage cell; `checks` are expressions that hold afterwards in both kernels, given as expression and value."""

    name: str
    source: str
    checks: tuple[tuple[str, Any], ...] = ()
    results: int | None = None
    displays: int | None = None


SHOWN = [
    Shown("nothing", "a1 = 1", (("a1", 1),), 0, 0),
    Shown("last value", "a2 = 2\na2 + 1", (("a2", 2), ("_", 3), ("Out[max(Out)]", 3)), 1),
    Shown("last value None", "a3 = 1\nNone", results=0),
    Shown("last value with a semicolon", "a4 = 4\na4;", (("a4", 4),), 0),
    Shown("semicolon in a comment", "a4b = 4\na4b  # ;", (("_", 4),), 1),
    Shown("streams interleaved", "for i in range(3):\n    print(i)\n    print(-i, file=sys.stderr)\na5 = 1"),
    Shown("text without an end of line", "print('x', end='')\nprint('y', end='', file=sys.stderr)\n5"),
    Shown("carriage returns", "for i in range(5):\n    sys.stdout.write(f'\\r{i}')\n    sys.stdout.flush()"),
    Shown("unicode", "print('é 漢 🙂 \\x1b[31mred\\x1b[0m \\ud83d'.encode('utf-8', 'replace').decode())\n'é🙂'"),
    Shown("large output", "for i in range(20000): print(i, 'x' * 40)"),
    Shown("display", "print('a')\ndisplay(HTML('<b>x</b>'))\nprint('b')\ndisplay({'a': 1}, [2])\n'end'", (), 1, 3),
    Shown("display with metadata", "display(HTML('<i>y</i>'), metadata={'text/html': {'k': [1]}})", (), 0, 1),
    Shown("update_display", "h = display('x', display_id='u1')\nh.update('y')\nprint('z')\nh.update('w')", (), 0, 1),
    Shown("clear_output", "print('a')\nclear_output(wait=True)\nprint('b')\nclear_output()\nprint('c')"),
    Shown("streams sent in time",
          "print('a')\ntime.sleep(0.3)\nprint('b', file=sys.stderr)\ntime.sleep(0.3)\nprint('c')"),
    Shown("streams flushed", "print('a', file=sys.stderr, flush=True)\nprint('b')\nprint('c', file=sys.stderr)"),
    Shown("logging", "logging.getLogger('q').warning('to stderr'); print('then')"),
    Shown("threads print", "t = threading.Thread(target=print, args=('t',)); t.start(); t.join(); del t\nprint('m')"),
    Shown("top-level await",
          "await asyncio.sleep(0)\na6 = await asyncio.sleep(0, 'v')\nprint('p')\na6", (("a6", "v"),), 1),
    Shown("top-level async for",
          "async def g1():\n    yield 1\n    yield 2\na7 = []\nasync for i in g1():\n    a7.append(i)",
          (("a7", [1, 2]), ("i", 2))),
    Shown("async comprehension",
          "async def g2():\n    for i in range(3):\n        yield i\na8 = [i async for i in g2()]\na8",
          (("a8", [0, 1, 2]), ("_", [0, 1, 2])), 1),
    Shown("async with", "import contextlib\n@contextlib.asynccontextmanager\nasync def c1():\n    yield 5\n"
          "async with c1() as a9:\n    print(a9)", (("a9", 5),)),
    Shown("gather", "a10 = await asyncio.gather(*(asyncio.sleep(0, i) for i in range(4)))", (("a10", [0, 1, 2, 3]),)),
    Shown("%%time inside", "%%time\na11 = 11\nprint('timed')", (("a11", 11),)),
    Shown("%time inside", "%time a12 = 12", (("a12", 12),)),
    Shown("%%capture inside", "%%capture kept\nprint('quiet')\na13 = 13", (("a13", 13), ("kept.stdout", "quiet\n"))),
    Shown("from __future__",
          "from __future__ import annotations\ndef f14(x: Undefined) -> Nothing: return x\na14 = f14(1)",
          (("a14", 1), ("f14.__annotations__['x']", "Undefined"))),
    Shown("a comment above the future", "# note\nfrom __future__ import annotations\na15 = 15", (("a15", 15),)),
    Shown("empty lines and strings", "\n\n'''text'''\n\na16 = '''\n%%stage\n'''\n", (("a16", "\n%%stage\n"),)),
    Shown("docstring-like first line", "'first'\na17 = 17", (("a17", 17),)),
    Shown("underscore is read", "a18 = [_]\na18"),
    Shown("a frame", "import pandas as pd\nd20 = pd.DataFrame({'a': [1, 2]})\nd20", (("_ is d20", True),), 1),
    Shown("last value is an input", "a1", (("_ is a1", True),), 1),
    Shown("_repr_html_ counts its calls",
          "class R21:\n    n = 0\n"
          "    def _repr_html_(self):\n        R21.n += 1\n        return f'<b>{R21.n}</b>'\nr21 = R21()\nr21"),
    Shown("_ipython_display_", "class D22:\n    def _ipython_display_(self): print('own')\nd22 = D22()\nd22"),
    Shown("exception caught", "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    print('caught', e)\na23 = 23",
          (("a23", 23), ("'e' in dir()", False))),
    Shown("warning", "import warnings\nwith warnings.catch_warnings():\n    warnings.simplefilter('always')\n"
          "    warnings.warn_explicit('careful', UserWarning, 'f.py', 1)"),
    Shown("figures",
          "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.figure()\nplt.plot([2, 1])\n"
          "print('before');", (("plt.get_fignums()", []),), 0, 2),
    Shown("figure and last value",
          "plt.plot([1, 3])\nprint('text')\n'last'", (("plt.get_fignums()", []), ("_", "last")), 1, 1),
    Shown("figure kept in a variable", "f38, ax38 = plt.subplots()\nax38.plot([3, 1]);",
          (("plt.get_fignums()", []), ("len(f38.axes)", 1), ("f38.axes[0] is ax38", True)), 0, 1),
    Shown("figure shown in the middle", "print('a')\nplt.plot([1, 5])\nplt.show()\nprint('b')",
          (("plt.get_fignums()", []),), 0, 1),
    Shown("figure displayed and closed", "f40 = plt.figure()\nplt.plot([1])\ndisplay(f40)\nplt.close(f40)",
          (("plt.get_fignums()", []),), 0, 1),
    Shown("figure as last value", "f41, x41 = plt.subplots()\nf41", (("plt.get_fignums()", []),)),
    Shown("progress bar in place",
          "h42 = display(HTML('0'), display_id=True)\nfor i in range(3):\n    h42.update(HTML(str(i)))"),
    Shown("deletion", "a42 = 1\ndel a42\nprint('gone')", (("'a42' in dir()", False),)),
]  # fmt: skip
