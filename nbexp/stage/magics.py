"""What IPython's magics and shell lines in a cell mean for its names.

IPython turns ``%time f(x)`` into ``get_ipython().run_line_magic('time', 'f(x)')`` before anybody parses the cell; the
Python inside is a text by then. Here it is found again: `as_magic` recognises such calls, `code_inside` parses what
runs in the notebook's namespace, and two tables say what is known of the others. A magic that no table names could do
anything: then every variable counts.
"""

from __future__ import annotations

import ast
import io
import re
import shlex
import tokenize
from dataclasses import dataclass
from functools import lru_cache

from nbexp.stage.parsing import parse_statements

#: Magics whose Python runs statement by statement in the notebook's own namespace.
INLINE = frozenset({"time", "prun", "capture"})

#: Magics whose Python runs inside a function: what it assigns stays there.
AS_FUNCTION = frozenset({"timeit", "memit"})

#: Cell magics whose lines below are a shell command, in which ``{}`` and ``$`` are expanded.
SHELLS = frozenset({"sx", "system", "!"})

#: Magics that read no variable but those written into their line with ``{}`` or ``$``.
HARMLESS = frozenset(
    {
        "!", "alias", "alias_magic", "autoawait", "autocall", "automagic", "autoreload", "autosave", "bash",
        "bookmark", "cat", "cd", "cmd", "colors", "conda", "config", "cp", "dhist", "dirs", "doctest_mode", "env",
        "file", "gui", "hist", "history", "html", "HTML", "javascript", "js", "killbgscripts", "latex", "ldir",
        "lf", "lk", "ll", "load_ext", "logoff", "logon", "logstart", "logstate", "logstop", "ls", "lsmagic", "lx",
        "magic", "mamba", "man", "markdown", "matplotlib", "micromamba", "mkdir", "more", "mv", "nbexp", "notebook",
        "pastebin", "pdb", "perl", "pip", "popd", "pprint", "precision", "pushd", "pwd", "pypy", "python",
        "python2", "python3", "quickref", "rehashx", "reload_ext", "rm", "rmdir", "ruby", "save", "sc", "script",
        "set_env", "sh", "SVG", "svg", "sx", "system", "tb", "tensorboard", "unalias", "unload_ext", "uv",
        "watermark", "writefile", "xmode",
    }
)  # fmt: skip

#: Magics that read the variable whose name is their argument.
NAMED = frozenset({"pinfo", "pinfo2", "pdoc", "psource", "pdef", "pfile", "pycat", "page"})

_CALLS = {"run_line_magic": "%", "run_cell_magic": "%%", "system": "!", "getoutput": "!"}

#: The options in front of a magic's Python: a pattern for one of them, with the variable that it binds.
_OPTIONS = {
    "time": re.compile(r"--no[\w-]*(?=\s|$)"),
    "timeit": re.compile(r"-(?:[tcqo]+|[nrp]\s*\d+|v\s*(?P<stores>\w+))(?=\s|$)"),
    "memit": re.compile(r"-(?:[co]+|[rti]\s*[\d.]+)(?=\s|$)"),
    "prun": re.compile(r"-(?:[rq]+|[lsDT]\s*\S+)(?=\s|$)"),
}
_OUTPUT_OPTIONS = frozenset({"--out", "--err", "--proc"})


@dataclass(frozen=True, slots=True)
class Magic:
    """One magic or shell line.

    Attributes:
        sign: ``%``, ``%%`` or ``!``. name: Without the sign; "" for a shell line.
        line: The rest of its line, or the shell command. body: The lines below a cell magic, or None.
    """

    sign: str
    name: str
    line: str
    body: str | None = None

    @property
    def label(self) -> str:
        """As people write it: ``%pip``, ``%%bash``, ``!``."""
        return self.sign + self.name

    @property
    def has_code(self) -> bool:
        """Whether its text is Python that runs with the notebook's names."""
        return self.name in INLINE or self.name in AS_FUNCTION

    @property
    def is_inline(self) -> bool:
        """Whether its Python binds names in the notebook's namespace."""
        return self.name in INLINE


@dataclass(frozen=True, slots=True)
class Code:
    """The Python inside a magic.

    Attributes:
        options: What stands on the magic's line before the code.
        setup: Statements that run before (the line of ``%%timeit``). body: The statements.
        quiet: Whether the code ends with a semicolon.
        stores: Names that the magic itself binds afterwards.
        swallows: Whether an exception in the code does not end the cell.
    """

    options: str
    setup: tuple[ast.stmt, ...]
    body: tuple[ast.stmt, ...]
    quiet: bool
    stores: tuple[str, ...] = ()
    swallows: bool = False


def is_ipython(node: ast.AST) -> bool:
    """Whether `node` is the call ``get_ipython()``."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "get_ipython"


def as_magic(node: ast.AST) -> Magic | None:
    """The magic that a call stands for, or None if it is another call or its texts are not constants."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_ipython(node.func.value)):
        return None
    sign = _CALLS.get(node.func.attr)
    texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if sign is None or node.keywords or len(texts) != len(node.args) or len(texts) != len(sign.strip("!")) + 1:
        return None
    if sign == "!":
        return Magic(sign, "", texts[0])
    return Magic(sign, *texts)


def code_inside(magic: Magic) -> Code | None:
    """The Python that a magic of `INLINE` or `AS_FUNCTION` runs; None if it cannot be parsed."""
    try:
        return _code_inside(magic)
    except (SyntaxError, ValueError):
        return None


@lru_cache(maxsize=128)
def _code_inside(magic: Magic) -> Code:
    text = magic.line if magic.body is None else magic.body
    if magic.name == "capture":
        stores = tuple(word for word in shlex.split(magic.line) if word.isidentifier())
        return Code(magic.line, (), _parse(text), ends_with_semicolon(text), stores, swallows=True)
    options, rest, stores = _split_options(magic)
    setup, text = ((), rest) if magic.body is None else (_parse(rest), text)
    return Code(options, setup, _parse(text), ends_with_semicolon(text), stores, swallows="--no" in options)


def _split_options(magic: Magic) -> tuple[str, str, tuple[str, ...]]:
    """A magic's line as its options, the Python after them, and the variables that the options bind."""
    line, pattern, stores, start = magic.line.strip(), _OPTIONS[magic.name], [], 0
    while match := pattern.match(line, start):
        stores += [name for name in match.groupdict().values() if name]
        start = match.end() + len(line[match.end() :]) - len(line[match.end() :].lstrip())
    return line[:start], line[start:], tuple(stores)


def _parse(text: str) -> tuple[ast.stmt, ...]:
    """The statements of a magic's text, in which other magics may stand.

    Raises:
        SyntaxError: It is no Python.
    """
    try:
        return tuple(parse_statements(text))
    except SyntaxError:
        # Only text with magics of its own comes here; IPython is what runs them, so it is there.
        from IPython.core.inputtransformer2 import TransformerManager

        return tuple(parse_statements(TransformerManager().transform_cell(text)))


def ends_with_semicolon(source: str) -> bool:
    """Whether the last token is a semicolon, as IPython's display hook asks before it shows a value."""
    if ";" not in source:
        return False
    try:
        tokens = [each for each in tokenize.generate_tokens(io.StringIO(source).readline) if each.type not in _NO_CODE]
    except (tokenize.TokenError, SyntaxError):
        return False
    return bool(tokens) and tokens[-1].string == ";"


_NO_CODE = (tokenize.ENDMARKER, tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.DEDENT)


def output_names(magic: Magic) -> tuple[str, ...]:
    """The variables that a script magic binds: ``%%bash --out text --err errors``."""
    try:
        pieces = shlex.split(magic.line)
    except ValueError:
        pieces = magic.line.split()
    if magic.sign != "%%":
        return ()
    pairs = [piece.partition("=")[::2] for piece in pieces]
    named = [(option, value or after) for (option, value), after in zip(pairs, [*pieces[1:], ""], strict=False)]
    return tuple(name for option, name in named if option in _OUTPUT_OPTIONS and name.isidentifier())
