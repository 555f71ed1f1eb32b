"""What the user registered with IPython: magics, display formatters, AST transformers. No variable leads to these.

What IPython and libraries register follows from versions. What a notebook or its project put there is found in tables
of IPython; as hardly anybody does, these are compared with how they were, and looked through only if they changed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter, is_not, itemgetter
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType
from typing import TYPE_CHECKING, Any

from IPython.core.magic import MagicAlias, Magics

from nbexp.code.origin import NOTEBOOK, is_project, origin
from nbexp.records import Part
from nbexp.stage.analysis import Analysis
from nbexp.stage.key import held_part
from nbexp.stage.magics import AS_FUNCTION, INLINE
from nbexp.stage.reach import Held

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_SIGNS = {"line": "%", "cell": "%%"}

#: Names of magics whose text is taken for Python to run: the user may have put other magics in their place.
_TAKEN_FOR_CODE = frozenset(sign + name for sign in _SIGNS.values() for name in (*INLINE, *AS_FUNCTION))

_OWN_ALIASES = frozenset({"ed", "hist", "rep", "SVG", "HTML", "file"})

#: What `Magics` keeps in its instances, and in their traits.
_OF_MAGICS = frozenset({"shell", "options_table", "magics", "registry", "parent", "config", "log"})

_DISPLAY = "the display of "
_PRINTERS = ("type_printers", "deferred_printers", "singleton_printers")
_values_of, _printers_in = attrgetter("_trait_values"), itemgetter(*_PRINTERS)

#: Which expressions of a cell are shown, if the user has not changed it. The setting itself is one of
#: `nbexp.snapshot.display_probes`.
_LAST_ONLY = "last_expr"


@dataclass(frozen=True, slots=True)
class Registered:
    """What stands in a shell's tables.

    Attributes:
        magics: By label (``%foo``), those that are not IPython's own.
        formatters: Printers of the user and for types of the user, each with what to call it.
        transformers: AST transformers. hooks: Functions of the user that are called for each cell.
        shows_more: Whether more than the last value of a cell is shown.
    """

    magics: Mapping[str, Any]
    formatters: tuple[tuple[str, Any], ...]
    transformers: tuple[Any, ...]
    hooks: tuple[tuple[str, Any], ...]
    shows_more: bool

    def by_user(self) -> list[tuple[str, Any]]:
        """What is the user's, each with what to call it: to be compared by identity with another time's."""
        if self is _NOTHING:
            return []
        magics = [(label, value) for label, value in self.magics.items() if _is_users(value)]
        fields = [(label, each) for label, value in magics for each in _fields(value).values()]
        transformers = [("an AST transformer", each) for each in self.transformers]
        return [*magics, *fields, *self.formatters, *transformers, *self.hooks]


#: As it nearly always is: told by identity, for every stage asks.
_NOTHING = Registered({}, (), (), (), False)


class Tables:
    """IPython's tables of one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._entries: list[Any] = []
        self._known: Registered | None = None

    def now(self) -> Registered:
        """What is registered now."""
        entries = _entries(self._shell)
        if self._known is None or _differ(entries, self._entries):
            self._entries, self._known = entries, _look(self._shell)
        return self._known


def reached(registered: Registered, analysis: Analysis, asks_shell: bool) -> list[Held]:
    """What a stage reaches of what is registered.

    Args:
        asks_shell: Whether code that the stage calls asks for the shell: then it reaches all.
    """
    if registered is _NOTHING:
        return []
    all_of_it, magics = asks_shell or bool(analysis.dynamic), registered.magics
    called = magics.keys() if asks_shell or _asks(analysis) else magics.keys() & {*analysis.always, *_TAKEN_FOR_CODE}
    found = [Held("function", label, _content(magics[label])) for label in sorted(called)]
    shows = all_of_it or (analysis.has_last and not analysis.quiet) or registered.shows_more
    return [*found, *(_formatting(registered) if shows else ())]


def reaches_formatters(roots: Iterable[str]) -> bool:
    """Whether formatters are among what a stage reads, by label: what they change is then brought back."""
    return any(label.startswith(_DISPLAY) for label in roots)


def is_host(shell: InteractiveShell, name: str, value: Any) -> bool:
    """Whether a name of the notebook is bound to what IPython put there itself."""
    put_there = name == "open" and shell.user_ns_hidden.get("open") is value
    return put_there or name in ("get_ipython", "exit", "quit")


def formatters_part(shell: InteractiveShell, registered: Registered) -> Part:
    """What decides how values are shown, as a dependency of a stage that was seen to show one."""
    found = [] if registered is _NOTHING else _formatting(registered)
    if not found:
        return _usual_formatters()
    return held_part("formatters", "values", found, functools.partial(is_host, shell))


@functools.cache
def _usual_formatters() -> Part:
    return held_part("formatters", "values", (), lambda name, value: False)


def changed(before: list[tuple[str, Any]], after: list[tuple[str, Any]]) -> str:
    """What is registered now and was not before, or no longer; ``""`` if nothing is."""
    for (old_label, old), (label, value) in zip(before, after, strict=False):
        if old_label != label or old is not value:
            return label
    more, least = max(before, after, key=len), min(len(before), len(after))
    return more[least][0] if len(more) > least else ""


def _asks(analysis: Analysis) -> bool:
    """Whether the cell itself may do anything with the shell; a magic of the user that it calls is told by its name."""
    return any(not reason.startswith("%") for reason in analysis.dynamic)


def _formatting(registered: Registered) -> list[Held]:
    return [Held("state", label, value) for label, value in registered.formatters]


# the tables


def _differ(one: list[Any], other: list[Any]) -> bool:
    return len(one) != len(other) or any(map(is_not, one, other))


def _formatters(shell: Any) -> dict[str, Any]:
    display = shell.display_formatter
    others = {"_ipython_display_": display.ipython_display_formatter, "_repr_mimebundle_": display.mimebundle_formatter}
    return {**display.formatters, **others}


def _tables(formatters: Iterable[Any]) -> list[dict[Any, Any]]:
    """The printers of all formatters; a table that nobody has asked for yet is made when it is asked for."""
    try:
        return list(chain.from_iterable(map(_printers_in, map(_values_of, formatters))))
    except KeyError:
        return [getattr(formatter, name) for formatter in formatters for name in _PRINTERS]


def _entries(shell: Any) -> list[Any]:
    """Everything in the tables. Traits are read from where they lie: asking for each would cost."""
    magics, formatters = shell.magics_manager.magics, _formatters(shell)
    found = [*magics["line"].values(), *magics["cell"].values(), *formatters.values(), shell.ast_node_interactivity]
    for printers in filter(None, _tables(formatters.values())):
        found += printers
        found += printers.values()
    found += shell.ast_transformers
    for hooks in _hooks(shell).values():
        found += hooks
    return found


def _hooks(shell: Any) -> dict[str, list[Any]]:
    transformers = [*shell.input_transformers_cleanup, *shell.input_transformers_post]
    return {"an input transformer": transformers, **shell.events.callbacks}


def _look(shell: Any) -> Registered:
    magics = {
        _SIGNS[kind] + name: value
        for kind, table in shell.magics_manager.magics.items()
        for name, value in table.items()
        if not _is_ipythons(name, value)
    }
    transformers = tuple(each for each in shell.ast_transformers if _home(each).partition(".")[0] != "nbexp")
    hooks = tuple((label, each) for label, hooks in _hooks(shell).items() for each in hooks if _is_users(each))
    found = Registered(magics, tuple(_printers(shell)), transformers, hooks, shell.ast_node_interactivity != _LAST_ONLY)
    return _NOTHING if found == _NOTHING else found


def _printers(shell: Any) -> Iterator[tuple[str, Any]]:
    for mime, formatter in _formatters(shell).items():
        if _is_users(formatter):
            yield f"{_DISPLAY}{mime}", formatter
        for name in _PRINTERS:
            for key, printer in getattr(formatter, name).items():
                if _is_users(printer) or (isinstance(key, type) and is_project(key.__module__)):
                    yield f"{_DISPLAY}{_type_name(key)} as {mime}", printer


def _type_name(key: Any) -> str:
    """What to call a type, the module and name of one that is not loaded, or the number of an object."""
    if isinstance(key, tuple):
        return ".".join(map(str, key))
    return key.__qualname__ if isinstance(key, type) else "one object"


# whose they are, and what they are


def _home(value: Any) -> str:
    """The module whose code `value`, something to be called, is."""
    if type(value) is functools.partial:
        return _home(value.func)
    if type(value) is FunctionType:
        return str(value.__globals__.get("__name__", NOTEBOOK))
    if type(value) is MethodType:
        return type(value.__self__).__module__
    named = value if isinstance(value, type | BuiltinFunctionType | MethodDescriptorType) else type(value)
    return str(getattr(named, "__module__", None) or "builtins")


def _is_users(value: Any) -> bool:
    """Whether only the user can have registered it: it is no library's, nor IPython's or ours. ``str.upper`` may be."""
    home = _home(value)
    return type(value) is MagicAlias or (origin(home).kind != "installed" and home.partition(".")[0] != "nbexp")


def _is_ipythons(name: str, magic: Any) -> bool:
    if type(magic) is MagicAlias:
        return name in _OWN_ALIASES
    return _home(magic).partition(".")[0] in ("IPython", "ipykernel", "nbexp")


def _content(magic: Any, depth: int = 9) -> Any:
    """What a magic is made of: of one that is a method, without what IPython keeps in its object."""
    if type(magic) is MagicAlias:
        target = magic.shell.magics_manager.magics[magic.magic_kind].get(magic.magic_name)
        own = target is None or not depth or _is_ipythons(magic.magic_name, target)
        return magic.magic_name, magic.magic_params, None if own else _content(target, depth - 1)
    if type(magic) is MethodType and isinstance(magic.__self__, Magics):
        return magic.__func__, type(magic.__self__), _fields(magic)
    return magic


def _fields(magic: Any) -> dict[str, Any]:
    """The fields and traits that the user's class gave to the object of a magic."""
    owner = getattr(magic, "__self__", None) if type(magic) is MethodType else None
    if not isinstance(owner, Magics) or origin(type(owner).__module__).kind == "installed":
        return {}
    fields = {name: value for name, value in vars(owner).items() if not name.startswith(("_trait", "_cross_"))}
    fields |= getattr(owner, "_trait_values", {})
    return {name: value for name, value in sorted(fields.items()) if name not in _OF_MAGICS}
