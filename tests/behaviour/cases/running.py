"""Exceptions, interrupts, threads, top-level await, generators that run."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import (
    FAILED,
    HIT,
    MISS,
    OTHER,
    RAN,
    RESTORED,
    UNSTORED,
    case,
    cell,
    final,
    replayed,
    restart,
    stage,
    twins,
)

_C = "running"
_ASYNC = "import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x + 1"

CASES = [
    # exceptions
    case("failure keeps nothing", _C, OTHER, stage("a = 1\nb = [2]\n1 / 0\nc = 3", FAILED, error="ZeroDivisionError"), final("(a, b)", (1, [2])), final("'c' in globals()", False), restart(),
         stage("a = 1\nb = [2]\n1 / 0\nc = 3", FAILED, error="ZeroDivisionError")),
    case("failure after a mutation", _C, OTHER, cell("x = []"), stage("x.append(1)\n1 / 0", FAILED, error="ZeroDivisionError"), stage("x.append(1)\n1 / 0", FAILED, error="ZeroDivisionError"), final("x", [1, 1])),
    case("failure, then mended from above", _C, MISS, cell("d = 0"), stage("y = 1 / d", FAILED, error="ZeroDivisionError"), cell("d = 2"), stage("y = 1 / d", RAN), restart(), cell("d = 2"), stage("y = 1 / d", RESTORED), final("y", 0.5)),
    case("stored, then failing, then stored", _C, HIT, cell("d = 1"), stage("y = 1 / d", RAN), cell("d = 0"), stage("y = 1 / d", FAILED, error="ZeroDivisionError"), cell("d = 1"), stage("y = 1 / d", RESTORED), final("y", 1.0)),
    case("exit of the stage by an assertion", _C, OTHER, stage("y = 1\nassert y == 2", FAILED, error="AssertionError"), stage("y = 1\nassert y == 2", FAILED, error="AssertionError")),
    case("keyboard interrupt raised by the cell", _C, OTHER, stage("y = 1\nraise KeyboardInterrupt", FAILED, error="KeyboardInterrupt"), stage("y = 1", RAN), stage("y = 1", RESTORED)),
    case("system exit", _C, OTHER, stage("y = 1\nraise SystemExit", FAILED, error="SystemExit"), final("y", 1)),
    case("exception caught in the cell", _C, HIT, stage("try:\n    1 / 0\nexcept ZeroDivisionError:\n    y = 7", RAN), restart(), stage("try:\n    1 / 0\nexcept ZeroDivisionError:\n    y = 7", RESTORED), final("y", 7)),
    case("traceback shows the right line", _C, OTHER, stage("a = 1\n\nraise ValueError('here')", FAILED, error="ValueError", output="raise ValueError('here')"), final("a", 1)),
    case("error inside a restored function", _C, HIT, stage("def f():\n    a = 1\n    raise ValueError('deep')", RAN), restart(), stage("def f():\n    a = 1\n    raise ValueError('deep')", RESTORED), cell("f()", error="ValueError", output="raise ValueError('deep')")),
    case("source of a restored function", _C, HIT, stage("def f():\n    # a comment\n    return 1", RAN), restart(), stage("def f():\n    # a comment\n    return 1", RESTORED), cell("import inspect\nprint(inspect.getsource(f))", output="# a comment")),
    case("source of a restored class, moved in the cell", _C, HIT, stage("class A:\n    def m(self):\n        return 1", RAN), restart(), stage("# text\n\nclass A:\n    def m(self):\n        return 1", RESTORED), cell("import inspect\nprint(inspect.getsource(A.m))", output="return 1")),
    # faults of nbexp itself
    *(case(f"a fault of nbexp {when} the stage", _C, OTHER,
           cell(f"import nbexp.kernel.session as s\nreal = s.{what}\ndef bad(*a): raise LookupError('oops')\ns.{what} = bad"),
           stage("y = 1", UNSTORED, why="nbexp failed (LookupError: oops)"), final("y", 1), cell(f"s.{what} = real"), stage("y = 1", RAN), stage("y = 1", RESTORED))
      for when, what in (("before", "decide"), ("after", "finish"))),
    # threads
    case("thread that has ended", _C, HIT, stage("import threading\nx = []\nt = threading.Thread(target=x.append, args=(1,))\nt.start()\nt.join()\ndel t", RAN), restart(),
         stage("import threading\nx = []\nt = threading.Thread(target=x.append, args=(1,))\nt.start()\nt.join()\ndel t", RESTORED), final("x", [1])),
    case("thread that still runs", _C, OTHER, cell("import threading\nstop = threading.Event()\ndef wait(): stop.wait(60)"), stage("threading.Thread(target=wait, name='worker').start()", UNSTORED, why="worker"), cell("stop.set()")),
    case("thread of a subclass that still runs", _C, OTHER, cell("import threading\nstop = threading.Event()\nclass W(threading.Thread):\n    def run(self): stop.wait(60)"), stage("W(name='sub').start()", UNSTORED, why="sub"), cell("stop.set()")),
    case("pool used, closed and kept", _C, HIT, stage("from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as p:\n    y = list(p.map(abs, [-1, 2]))", RAN), restart(),
         stage("from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as p:\n    y = list(p.map(abs, [-1, 2]))", RESTORED), final("y", [1, 2]), cell("p.submit(abs, 1)", error="RuntimeError")),
    case("pool used, closed and kept with more", _C, OTHER, stage("from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as p:\n    y = list(p.map(abs, [-1, 2]))\np.rows = 1", UNSTORED, why="running program")),
    case("pool used, closed and kept while it still works", _C, OTHER, cell("import threading\ne = threading.Event()"), stage("from concurrent.futures import ThreadPoolExecutor\np = ThreadPoolExecutor(2)\np.submit(e.wait)\np.shutdown(wait=False)", UNSTORED), cell("e.set()")),
    case("pool used and closed", _C, HIT, stage("from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as p:\n    y = list(p.map(abs, [-1, 2]))\ndel p", RAN), restart(),
         stage("from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as p:\n    y = list(p.map(abs, [-1, 2]))\ndel p", RESTORED), final("y", [1, 2])),
    case("timer that fires later", _C, OTHER, cell("import threading\ndef late(): pass"), stage("t = threading.Timer(60, late)\nt.start()", UNSTORED), cell("t.cancel()")),
    case("threads of joblib", _C, HIT, cell("from joblib import Parallel, delayed"), stage("y = Parallel(2, backend='threading')(delayed(abs)(i) for i in [-1, -2])", RAN), restart(), cell("from joblib import Parallel, delayed"),
         stage("y = Parallel(2, backend='threading')(delayed(abs)(i) for i in [-1, -2])", RESTORED), final("y", [1, 2]), kernel=True),
    case("processes of joblib", _C, OTHER, cell("from joblib import Parallel, delayed"), stage("y = Parallel(2)(delayed(abs)(i) for i in [-1, -2])", UNSTORED, why="started a process"), final("y", [1, 2]), kernel=True),
    replayed("cores counted by joblib", _C, "from joblib.externals.loky.backend import context\nvars(context).update(physical_cores_cache=None)", "context._count_physical_cores()\ny = 1", final("y", 1), needs="joblib"),
    case("cores counted by the cell", _C, OTHER, cell("import subprocess"), stage("subprocess.run(['uname'], capture_output=True)\ny = 1", UNSTORED, why="started a process (uname)")),
    case("spawned process", _C, OTHER, cell("import multiprocessing as mp"), stage("p = mp.get_context('spawn').Process(target=print)\np.start()\np.join()\ndel p", UNSTORED, why="started a process"), kernel=True),
    case("forked process", _C, OTHER, stage("import os\npid = os.fork()\nif pid == 0:\n    os._exit(0)\nos.waitpid(pid, 0)\ndel pid", UNSTORED, why="started a process"), kernel=True, needs="fcntl"),
    # await
    *twins("await", _C, setup=_ASYNC, source="y = await f(1)", miss=_ASYNC.replace("+ 1", "+ 2"), hit=_ASYNC + "  # more", value=("y", 3, 2)),
    *twins("gather", _C, setup=_ASYNC, source="y = await asyncio.gather(f(1), f(2))", miss=_ASYNC.replace("+ 1", "- 1"), hit="z = 0\n" + _ASYNC, value=("y", [0, 1], [2, 3])),
    *twins("async for and async with", _C, setup="import contextlib\nasync def g(n):\n    for i in range(n):\n        yield i\n@contextlib.asynccontextmanager\nasync def c():\n    yield 10", source="y = []\nasync with c() as v:\n    async for i in g(2):\n        y.append(v + i)",
           miss="import contextlib\nasync def g(n):\n    for i in range(n):\n        yield -i\n@contextlib.asynccontextmanager\nasync def c():\n    yield 10",
           hit="import contextlib\nasync def g(n):\n    for i in range(n):\n        yield i\n\n@contextlib.asynccontextmanager\nasync def c():\n    yield 10", value=("y", [10, 9], [10, 11])),
    replayed("await with a last value", _C, _ASYNC, "await f(4)", final("_", 5)),
    replayed("await in a real kernel", _C, _ASYNC, "y = await f(4)\ny", final("y", 5), kernel=True),
    replayed("async comprehension", _C, _ASYNC, "y = [await f(i) for i in range(2)]", final("y", [1, 2]), kernel=True),
    replayed("task awaited in the cell", _C, _ASYNC, "y = await asyncio.create_task(f(3))", final("y", 4), kernel=True),
    case("task that still runs", _C, OTHER, cell("import asyncio\nasync def slow(): await asyncio.sleep(60)"), stage("t = asyncio.create_task(slow(), name='slow')", UNSTORED, why="slow"), cell("t.cancel()"), kernel=True),
    case("failing await", _C, OTHER, cell("async def f(): 1 / 0"), stage("y = 1\nawait f()", FAILED, error="ZeroDivisionError"), stage("y = 1\nawait f()", FAILED, error="ZeroDivisionError"), final("y", 1), kernel=True),
    case("async function made by the stage", _C, HIT, stage(_ASYNC, RAN), restart(), stage(_ASYNC, RESTORED), cell("y = await f(1)"), final("y", 2), kernel=True),
    # interrupts
    case("interrupted while it runs", _C, OTHER, stage("x = [1]\nprint('ready', flush=True)\nimport time\ntime.sleep(60)\nx = [2]", FAILED, error="KeyboardInterrupt", interrupt="ready"), final("x", [1]), stage("x = [1]", RAN), stage("x = [1]", RESTORED), kernel=True),
    case("interrupted, then run again", _C, HIT, cell("wait = True"), stage("print('ready', flush=True)\nimport time\nif wait:\n    time.sleep(60)\ny = 2", FAILED, error="KeyboardInterrupt", interrupt="ready"), cell("wait = False"),
         stage("print('ready', flush=True)\nimport time\nif wait:\n    time.sleep(60)\ny = 2", RAN), restart(), cell("wait = False"), stage("print('ready', flush=True)\nimport time\nif wait:\n    time.sleep(60)\ny = 2", RESTORED), final("y", 2), kernel=True),
    case("interrupted in an await", _C, OTHER, stage("import asyncio\nx = 1\nprint('ready', flush=True)\nawait asyncio.sleep(60)\nx = 2", FAILED, error="CancelledError", interrupt="ready"), final("x", 1), stage("x = 1", RAN), stage("x = 1", RESTORED), kernel=True),
    case("interrupt that the cell catches", _C, OTHER, stage("import time\ntry:\n    print('ready', flush=True)\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    y = 'stopped'", UNSTORED, interrupt="ready", why="interrupted"), final("y", "stopped"), kernel=True),
    case("plain cell interrupted, stages go on", _C, HIT, stage("x = 1", RAN), cell("print('ready', flush=True)\nimport time\ntime.sleep(60)", error="KeyboardInterrupt", interrupt="ready"), stage("x = 1", RESTORED), kernel=True),
]  # fmt: skip
