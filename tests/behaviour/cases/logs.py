"""`logging`: whether a message is printed, and how, is up to what cells above have set up."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import (
    HIT,
    MISS,
    OTHER,
    RAN,
    RESTORED,
    UNSTORED,
    Case,
    case,
    cell,
    final,
    replayed,
    restart,
    stage,
    twins,
    write,
)

_C = "logging"

_LOG = "import logging\nlog = logging.getLogger('a.b')\n"
_INFO = f"{_LOG}logging.basicConfig(level='INFO', format='LOG %(message)s', force=True)"
_MINE = """class Mine(logging.Formatter):
    def format(self, record):
        return f'{mark} {record.getMessage()}'
handler = logging.StreamHandler()
handler.setFormatter(Mine())
logging.root.addHandler(handler)"""


def _twins(name: str, source: str, miss: str, hit: str = "", *, setup: str = _INFO) -> list[Case]:
    """`miss` and `hit` are added to the plain cell above the stage."""
    return twins(name, _C, setup=setup, source=source, miss=f"{setup}\n{miss}", hit=f"{setup}\n{hit}")


def _unstored(name: str, setup: str, source: str, why: str) -> Case:
    """It is not stored, and neither is it when it runs again and finds everything as it leaves it."""
    above = (cell(setup),) if setup else ()
    return case(f"{name}: unstored", _C, OTHER, *above, stage(source, UNSTORED, why=why))


def _again(name: str, source: str) -> Case:
    """A stage that finds in one kernel what it sets is stored, and runs in the next one, which has not set it."""
    return case(
        f"{name}: set already", _C, MISS,
        cell(_LOG), stage(source, UNSTORED), stage(source, RAN), stage(source, RESTORED),
        restart(), cell(_LOG), stage(source, UNSTORED),
    )  # fmt: skip


CASES: list[Case] = [
    *_twins("root's level", "log.info('hi')", "logging.root.setLevel('WARNING')", "logging.root.setLevel('DEBUG')"),
    *_twins("own level", "log.info('hi')", "log.setLevel('WARNING')", "logging.getLogger('c').setLevel('WARNING')"),
    *_twins(
        "level above",
        "log.info('hi')",
        "logging.getLogger('a').setLevel(40)",
        "logging.getLogger('a.b.c').setLevel(40)",
    ),
    *_twins("what nobody prints", "log.debug('hi')", "log.setLevel(10)", "log.setLevel('WARNING')"),
    *_twins("format", "log.info('hi')", "logging.basicConfig(format='%(message)s', level='INFO', force=True)", _INFO),
    *_twins("format with nothing logged", "y = 1", "z = 1", "logging.basicConfig(format='%(message)s', force=True)")[
        1:
    ],
    *_twins(
        "stream",
        "log.info('hi')",
        "import sys\nlogging.root.handlers[0].setStream(sys.stdout);",
        "import sys\nlogging.root.handlers[0].setStream(sys.stderr);",
    ),
    *_twins(
        "handler's level",
        "log.info('hi')",
        "logging.root.handlers[0].setLevel(30)",
        "logging.root.handlers[0].setLevel(0)",
    ),
    *_twins(
        "filter",
        "log.info('hi')",
        "log.addFilter(logging.Filter('c'))",
        "logging.getLogger('a').addFilter(logging.Filter('c'))",
    ),
    *_twins(
        "filter of a handler",
        "log.info('hi')",
        "logging.root.handlers[0].addFilter(logging.Filter('c'))",
        "f = logging.Filter('c')",
    ),
    *_twins(
        "propagation",
        "log.info('hi')",
        "logging.getLogger('a').propagate = False",
        "logging.getLogger('a.b.c').propagate = False",
    ),
    *_twins(
        "no handler",
        "log.warning('hi')",
        "logging.getLogger('a').addHandler(logging.NullHandler())",
        "logging.getLogger('c').addHandler(logging.NullHandler())",
        setup=_LOG,
    ),
    *_twins("disabled", "log.info('hi')", "log.disabled = True", "logging.getLogger('a').disabled = True"),
    *_twins("all disabled", "log.info('hi')", "logging.disable(20)", "logging.disable(10)"),
    *_twins("level's name", "log.info('hi')", "logging.addLevelName(20, 'Note')", "logging.addLevelName(25, 'Note')"),
    *_twins("level asked", "y = log.getEffectiveLevel()", "log.setLevel(40)", "logging.getLogger('c').setLevel(40)"),
    *_twins("level read", "y = log.level", "log.setLevel(40)", "logging.getLogger('c').setLevel(40)"),
    *_twins(
        "handlers read",
        "y = len(logging.root.handlers)",
        "logging.root.addHandler(logging.StreamHandler())",
        "log.addHandler(logging.StreamHandler())",
    ),
    *_twins(
        "formatter's code",
        "log.warning('hi')",
        "class Mine(logging.Formatter):\n    def format(self, record): return 'other'\nhandler.setFormatter(Mine())",
        "other = 1",
        setup=f"{_LOG}mark = 'A'\n{_MINE}",
    ),
    *twins(
        "what a formatter reads",
        _C,
        setup=f"{_LOG}mark = 'A'\n{_MINE}",
        source="log.warning('hi')",
        miss=f"{_LOG}mark = 'B'\n{_MINE}",
        hit=f"{_LOG}other = 1\nmark = 'A'\n{_MINE}",
    ),
    case(
        "asked in a module: miss",
        _C,
        MISS,
        write("asks.py", "import logging\ndef f():\n    return logging.getLogger('x').isEnabledFor(20)\n"),
        cell("import logging, asks"),
        stage("y = asks.f()", RAN),
        restart(),
        cell("import logging, asks\nlogging.root.setLevel(20)"),
        stage("y = asks.f()", RAN, why="log level x 20 changed, now on"),
        final("y", True),
    ),
    replayed("the same in a new kernel", _C, _INFO, "log.info('hi')\nlog.debug('no')"),
    replayed("without a configuration", _C, _LOG, "log.warning('hi')\nlog.debug('no')"),
    replayed(
        "own handler for a while",
        _C,
        f"{_LOG}import io",
        "buffer = io.StringIO()\nh = logging.StreamHandler(buffer)\nlog.addHandler(h)\nlog.warning('hi')\nlog.removeHandler(h)\ntext = buffer.getvalue()\ndel h",
        final("text", "hi\n"),
    ),
    replayed("level for a while", _C, _INFO, "old = log.level\nlog.setLevel(10)\nlog.debug('hi')\nlog.setLevel(old)"),
    case(
        "a formatted level: output",
        _C,
        HIT,
        cell(_INFO),
        stage("log.info('hi')", RAN, output="LOG hi"),
        restart(),
        cell(_INFO),
        stage("log.info('hi')", RESTORED, output="LOG hi"),
    ),
    _unstored(
        "to a file",
        f"{_LOG}log.addHandler(logging.FileHandler('o.log', 'w'))",
        "log.warning('hi')",
        "it logged to FileHandler",
    ),
    _unstored(
        "to a buffer",
        f"{_LOG}import io\nbuffer = io.StringIO()\nlog.addHandler(logging.StreamHandler(buffer))",
        "log.warning('hi')",
        "it logged to StreamHandler",
    ),
    _unstored(
        "to a list",
        f"{_LOG}got = []\nclass Mine(logging.Handler):\n    def emit(self, record): got.append(record)\nlog.addHandler(Mine())",
        "log.warning('hi')",
        "it logged to Mine",
    ),
    replayed(
        "to a file, below its level",
        _C,
        f"{_LOG}h = logging.FileHandler('o.log', 'w')\nh.setLevel(40)\nlog.addHandler(h)",
        "log.warning('hi')",
    ),
    _unstored("basicConfig", _LOG, "logging.basicConfig(level='INFO')", "it changed the configuration of logging"),
    _unstored("the root's functions", _LOG, "logging.warning('hi')", "it changed the configuration of logging"),
    _unstored("handlers emptied", _INFO, "logging.root.handlers.clear()", "handlers of the logger root"),
    _unstored(
        "a handler's level", _INFO, "logging.root.handlers[0].setLevel(40)", "level of the handler StreamHandler"
    ),
    _unstored("a level's name", _LOG, "logging.addLevelName(25, 'Note')", "what holds for all loggers"),
    _unstored("a new logger", _LOG, "logging.getLogger('new').setLevel(10)", "level of the logger new"),
    _again("basicConfig", "logging.basicConfig(level='INFO')"),
    _again("a level", "log.setLevel(10)"),
    _again("propagation", "log.propagate = False"),
    _again("a handler where there is none", "if not log.handlers:\n    log.addHandler(logging.NullHandler())"),
    _again("a handler", "log.handlers.clear()\nlog.addHandler(logging.StreamHandler())"),
    _again("all disabled", "logging.disable(30)"),
    _again("warnings captured", "logging.captureWarnings(True)"),
    case(
        "a library that asks: same kernel",
        _C,
        HIT,
        stage("import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1])\nplt.close()\ndel fig, ax", RAN),
        stage(
            "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1])\nplt.close()\ndel fig, ax",
            RESTORED,
        ),
        restart(),
        stage(
            "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1])\nplt.close()\ndel fig, ax",
            RESTORED,
        ),
        needs="matplotlib",
    ),
]
