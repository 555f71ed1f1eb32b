"""What a cell's source says by itself: its meaning, the names it reads and binds, and what cannot be told."""

from __future__ import annotations

import ast
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nbexp import hashing
from nbexp.stage.assumptions import Chain
from nbexp.stage.definitions import named_definitions, statements_of_scope
from nbexp.stage.findings import Cell
from nbexp.stage.flow import analyse_flow
from nbexp.stage.magics import Code, as_magic, code_inside, ends_with_semicolon
from nbexp.stage.meaning import meaning
from nbexp.stage.plain import is_plain
from nbexp.stage.scopes import DEFINITION, VALUE, Bound, bound
from nbexp.stage.trees import walk

_KEPT = 512
_cache: OrderedDict[str, Analysis] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a cell's source says.

    Names come as chains: ``np.random.rand`` is ``("np", "random", "rand")``. `live_in` may hold too much, never too
    little: builtins that could be shadowed and words of texts are in it, so chains that lead nowhere are normal.

    Attributes:
        digest: The meaning of the source, hexadecimal; the trailing semicolon is part of it.
        live_in: Names whose value from above the cell may read, or leave as it is on some ways through it.
        late: The part of `live_in` that is read only by functions which the cell defines and never mentions: it can be
            left out unless code that the cell calls looks one of `definitions` up by name.
        kept: The part of `live_in` that is not read, only left as it is on some ways.
        textual: The part of `live_in` that was found in texts only.
        texts: Names whose value, if it is a text, is looked through for names (``df.query(text)``):
            `strings.names_in_value` finds them, and they are to be added to `live_in`.
        written_before: For the first name of each chain of `live_in`, names that the cell has surely overwritten before
            it uses that one: code reached through it cannot see their values from above.
        assumed, otherwise: If a chain of `assumed` leads to notebook or project code, `live_in` has to be widened by
            `otherwise`.
        stores: Names possibly bound at top level; deletes: possibly deleted.
        binds: The names of `stores` in the order of the source, those that say most about the cell first.
        imports: Modules imported anywhere in the cell. maybe_imports: ``package.name`` where a name imported from a
            package may be a module of its own. any_import: Whether any module may be reached or imported besides:
            ``import_module(name)``, ``sys.modules``.
        dynamic: Why every variable counts; empty if the source shows all names.
        dynamic_with: The same where a library is loaded: ``(library, reason)``, such as a text made for ``duckdb.sql``.
        definitions: Functions and classes defined at top level, in order.
        is_plain: Whether it calls nothing, if its values are plain (`nbexp.stage.plain`).
        quiet: Whether a trailing semicolon hides the last value.
        has_last: Whether the last statement is an expression.
        always: Magics and shell lines with effects of their own: ``("!ls", "%pip")``.
        strings: Texts in the cell, which may be names of files.
    """

    digest: str
    live_in: frozenset[Chain]
    late: frozenset[Chain]
    kept: frozenset[Chain]
    textual: frozenset[Chain]
    texts: frozenset[Chain]
    written_before: Mapping[str, frozenset[str]]
    assumed: frozenset[Chain]
    otherwise: frozenset[Chain]
    stores: frozenset[str]
    deletes: frozenset[str]
    binds: tuple[str, ...]
    imports: frozenset[str]
    maybe_imports: frozenset[str]
    any_import: bool
    dynamic: tuple[str, ...]
    dynamic_with: frozenset[tuple[str, str]]
    definitions: tuple[str, ...]
    is_plain: bool
    quiet: bool
    has_last: bool
    always: tuple[str, ...]
    strings: tuple[str, ...]


def analyse(tree: ast.Module, source: str, *, as_written: bool = True) -> Analysis:
    """Analyse a cell's body, as IPython transformed it, without the stage header.

    Args:
        tree: The parsed source. source: Its text; results are remembered by it.
        as_written: Whether the tree is what the text says: nobody's AST transformer has been at it.

    Example:
        >>> text = "y = x + 1\\ny"
        >>> analyse(ast.parse(text), text).live_in
        frozenset({('x',)})
    """
    if not as_written:
        return _analyse(tree, source)
    found = _cache.get(source)
    if found is None:
        found = _cache[source] = _analyse(tree, source)
        if len(_cache) > _KEPT:
            _cache.popitem(last=False)
    else:
        _cache.move_to_end(source)
    return found


def _analyse(tree: ast.Module, source: str) -> Analysis:
    nodes = walk(tree)
    codes = list(_codes(nodes))
    statements = [*tree.body, *(each for code in codes for each in (*code.setup, *code.body))]
    top = bound(statements)
    try:
        branching = bool(codes) or any(isinstance(node, ast.NamedExpr) for node in nodes)
        cell, other = _flows(tree, top, statements, branching=branching)
    except RecursionError:
        cell = other = _everything(tree, top)
    live, kept, quiet = cell.live | cell.late, cell.kept(), ends_with_semicolon(source)
    return Analysis(
        digest=_digest(tree, quiet=quiet),
        live_in=frozenset(live | kept),
        late=frozenset(cell.late - cell.live - kept),
        kept=kept - live,
        textual=frozenset(cell.textual & live) - cell.named,
        texts=frozenset(live if cell.any_text else cell.texts),
        written_before={root: names for root, names in cell.before.items() if names},
        assumed=frozenset(cell.assumed),
        otherwise=frozenset(other.live | other.late | other.kept()) - live - kept,
        stores=frozenset([*top.names, *cell.stores]),
        deletes=frozenset(top.deleted),
        binds=_ranked(top, cell),
        imports=frozenset(cell.imports),
        maybe_imports=frozenset(cell.candidates),
        any_import=cell.any_import or "sys.modules" in cell.dynamic,
        dynamic=tuple(cell.dynamic),
        dynamic_with=frozenset(cell.dynamic_with),
        definitions=tuple(name for name, how in top.names.items() if how == DEFINITION),
        is_plain=is_plain(nodes),
        quiet=quiet,
        has_last=bool(tree.body) and isinstance(tree.body[-1], ast.Expr),
        always=tuple(cell.always),
        strings=tuple(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)),
    )


def _codes(nodes: Iterable[ast.AST]) -> Iterator[Code]:
    """The Python inside magics that runs in the notebook's own namespace, that inside others' Python too."""
    for node in nodes:
        magic = as_magic(node) if isinstance(node, ast.Call) else None
        code = code_inside(magic) if magic is not None and magic.is_inline else None
        if code is not None:
            yield code
            for statement in (*code.setup, *code.body):
                yield from _codes(walk(statement))


def _flows(tree: ast.Module, top: Bound, statements: Sequence[ast.stmt], *, branching: bool) -> tuple[Cell, Cell]:
    """The findings with and without what well-known names are taken to do."""
    definitions, single = named_definitions(statements), _single(statements, top)
    cell = analyse_flow(tree.body, top, definitions, single, branching=branching)
    if not cell.assumed:
        return cell, cell
    return cell, analyse_flow(tree.body, top, definitions, single, assume=False, branching=branching)


def _single(statements: Sequence[ast.stmt], top: Bound) -> dict[str, ast.expr]:
    """Names bound exactly once, by ``name = value``."""
    found: dict[str, ast.expr] = {}
    for node in statements_of_scope(statements):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if top.count[name] == 1 and name not in top.deleted:
                found[name] = node.value
    return found


def _everything(tree: ast.Module, top: Bound) -> Cell:
    """For code nested too deeply to be walked: every name counts as read, and so does every variable."""
    cell = Cell(top, {}, {}, lambda cell, node, scope: set())
    cell.dynamic["code nested too deeply"] = None
    for node in walk(tree):
        if isinstance(node, ast.Name):
            cell.live.add((node.id,))
        elif isinstance(node, ast.Global):
            cell.stores.update(dict.fromkeys(node.names))
        elif isinstance(node, ast.Import):
            cell.imports.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            cell.imports.add(node.module)
    return cell


def _ranked(top: Bound, cell: Cell) -> tuple[str, ...]:
    """The names that a cell binds, in order; the others are left out if there are any that say what it makes."""
    names = [*top.names.items(), *((name, VALUE) for name in cell.stores if name not in top.names)]
    main = [name for name, how in names if how in (VALUE, DEFINITION) and not name.startswith("_")]
    return tuple(main or [name for name, _ in names])


def _digest(tree: ast.Module, *, quiet: bool) -> str:
    return hashing.digest("cell", meaning(tree, _code_for_magic), "quiet" if quiet else "").hex()


def _code_for_magic(node: ast.AST) -> ast.AST | None:
    """The call of a magic with its Python parsed, so that comments and spacing in it have no meaning either."""
    magic = as_magic(node)
    code = code_inside(magic) if magic is not None and magic.has_code else None
    if magic is None or code is None:
        return None
    about = [ast.Expr(ast.Constant(each)) for each in (magic.label, code.options, code.quiet, len(code.setup))]
    return ast.Module([*about, *code.setup, *code.body], [])
