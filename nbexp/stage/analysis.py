"""What a cell's source says by itself: its meaning, the names it reads and binds, and what cannot be told."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from nbexp import hashing
from nbexp.stage.assumptions import Chain
from nbexp.stage.flow import Cell, Definition
from nbexp.stage.magics import Code, as_magic, code_inside
from nbexp.stage.meaning import meaning
from nbexp.stage.scopes import FUNCTIONS, Bound, bound

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
        textual: The part of `live_in` that was found in texts only.
        texts: Names whose value, if it is a string, is looked through for names (``df.query(text)``);
            `strings.names_in_text` finds them.
        written_before: For the first name of each chain of `live_in`, names that the cell has surely overwritten before
            it uses that one: code reached through it cannot see their values from above.
        assumed, otherwise: If a chain of `assumed` leads to notebook or project code, `live_in` has to be widened by
            `otherwise`.
        stores: Names possibly bound at top level; deletes: possibly deleted.
        binds: The names of `stores` in the order of the source, those that say most about the cell first.
        imports: Modules imported anywhere in the cell. maybe_imports: ``package.name`` where a name imported from a
            package may be a module of its own.
        attribute_stores: Whether a library could be patched: it assigns attributes, or calls ``setattr`` and the like.
        dynamic: Why every variable counts; empty if the source shows all names.
        definitions: Functions and classes defined at top level, in order.
        quiet: Whether a trailing semicolon hides the last value.
        has_last: Whether the last statement is an expression.
        always: Magics and shell lines with effects of their own: ``("!ls", "%pip")``.
    """

    digest: str
    live_in: frozenset[Chain]
    late: frozenset[Chain]
    textual: frozenset[Chain]
    texts: frozenset[Chain]
    written_before: dict[str, frozenset[str]]
    assumed: frozenset[Chain]
    otherwise: frozenset[Chain]
    stores: frozenset[str]
    deletes: frozenset[str]
    binds: tuple[str, ...]
    imports: frozenset[str]
    maybe_imports: frozenset[str]
    attribute_stores: bool
    dynamic: tuple[str, ...]
    definitions: tuple[str, ...]
    quiet: bool
    has_last: bool
    always: tuple[str, ...]


def analyse(tree: ast.Module, source: str) -> Analysis:
    """Analyse a cell's body, as IPython transformed it, without the stage header.

    Args:
        tree: The parsed source. source: Its text; results are remembered by it.

    Example:
        >>> text = "y = x + 1\\ny"
        >>> analyse(ast.parse(text), text).live_in
        frozenset({('x',)})
    """
    found = _cache.get(source)
    if found is None:
        found = _cache[source] = _analyse(tree, source)
        if len(_cache) > _KEPT:
            _cache.popitem(last=False)
    else:
        _cache.move_to_end(source)
    return found


def _analyse(tree: ast.Module, source: str) -> Analysis:
    regions = _regions(tree)
    body = [statement for region in regions for statement in region]
    top = bound(body)
    try:
        cell, other = _flow(tree, top, body)
        digest = _digest(tree, source)
    except RecursionError:
        cell = other = _everything(tree, top)
        digest = _digest(tree, source)
    magic_stores = list(cell.stores)
    live = frozenset(cell.live | cell.late | cell.kept())
    return Analysis(
        digest=digest,
        live_in=live,
        late=frozenset(cell.late - cell.live),
        textual=frozenset((cell.textual & live) - cell.named),
        texts=frozenset(cell.texts),
        written_before={root: names for root, names in cell.before.items() if names},
        assumed=frozenset(cell.assumed),
        otherwise=frozenset(other.live | other.late | other.kept()) - live,
        stores=frozenset([*top.names, *magic_stores]),
        deletes=frozenset(top.deleted),
        binds=_ranked(top, magic_stores),
        imports=frozenset(cell.imports),
        maybe_imports=frozenset(cell.candidates),
        attribute_stores=cell.attribute_stores,
        dynamic=tuple(cell.dynamic),
        definitions=tuple(name for name, how in top.names.items() if how == "definition"),
        quiet=_ends_with_semicolon(source),
        has_last=bool(tree.body) and isinstance(tree.body[-1], ast.Expr),
        always=tuple(cell.always),
    )


def _regions(tree: ast.Module) -> list[Sequence[ast.stmt]]:
    """The statements of the cell, and those inside magics that run in the notebook's namespace."""
    regions: list[Sequence[ast.stmt]] = [tree.body]
    for code in _inline_codes(tree):
        regions += [code.setup, code.body]
    return regions


def _inline_codes(tree: ast.AST) -> Iterator[Code]:
    for node in ast.walk(tree):
        magic = as_magic(node) if isinstance(node, ast.Call) else None
        code = code_inside(magic) if magic is not None and magic.has_code else None
        if code is not None and not code.function:
            yield code
            for statement in (*code.setup, *code.body):
                yield from _inline_codes(statement)


def _flow(tree: ast.Module, top: Bound, body: Sequence[ast.stmt]) -> tuple[Cell, Cell]:
    """The findings with and without what well-known names are taken to do."""
    branching = any(isinstance(node, ast.NamedExpr) or as_magic(node) is not None for node in ast.walk(tree))
    definitions, single = _definitions(body), _single(body, top)
    cell = Cell(top, definitions, single, branching=branching)
    cell.run(tree.body)
    if not cell.assumed:
        return cell, cell
    other = Cell(top, definitions, single, assume=False, branching=branching)
    other.run(tree.body)
    return cell, other


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements that belong to the top-level scope, those in blocks included."""
    for statement in body:
        yield statement
        if not isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            for child in ast.iter_child_nodes(statement):
                if isinstance(child, ast.stmt):
                    yield from _statements([child])
                elif isinstance(child, ast.ExceptHandler | ast.match_case):
                    yield from _statements(child.body)


def _definitions(body: Iterable[ast.stmt]) -> dict[str, list[Definition]]:
    """The functions and classes of the top-level scope, and lambdas that are given a name at once."""
    found: dict[str, list[Definition]] = {}
    for node in _statements(body):
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            found.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Lambda):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
    return found


def _single(body: Iterable[ast.stmt], top: Bound) -> dict[str, ast.expr]:
    """Names bound exactly once, by ``name = value``."""
    return {
        node.targets[0].id: node.value
        for node in _statements(body)
        if isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
        and top.count[node.targets[0].id] == 1
        and node.targets[0].id not in top.deleted
    }


def _everything(tree: ast.Module, top: Bound) -> Cell:
    """For code nested too deeply to be walked: every name counts as read."""
    cell = Cell(top, {}, {})
    cell.dynamic["code nested too deeply"] = None
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            cell.live.add((node.id,))
            if not isinstance(node.ctx, ast.Load):
                cell.stores[node.id] = None
        elif isinstance(node, ast.Import):
            cell.imports.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            cell.imports.add(node.module)
    cell.attribute_stores = True
    return cell


def _ranked(top: Bound, magic_stores: Sequence[str]) -> tuple[str, ...]:
    """The names that a cell binds, in order; temporaries, imports and private names after the others."""
    names = [*top.names.items(), *((name, "value") for name in magic_stores if name not in top.names)]
    main = [name for name, how in names if how in ("value", "definition") and not name.startswith("_")]
    return tuple(main or [name for name, _ in names])


def _digest(tree: ast.Module, source: str) -> str:
    return hashing.digest("cell", meaning(tree, _code_for_magic), str(_ends_with_semicolon(source))).hex()


def _code_for_magic(node: ast.AST) -> ast.AST | None:
    """The call of a magic with its Python parsed, so that comments in it have no meaning either."""
    magic = as_magic(node)
    code = code_inside(magic) if magic is not None and magic.has_code else None
    if magic is None or code is None:
        return None
    return ast.Tuple([ast.Constant(magic.label), ast.Constant(magic.line), *code.setup, *code.body])  # type: ignore[list-item]


def _ends_with_semicolon(source: str) -> bool:
    """Whether the last token is a semicolon, as IPython's display hook asks."""
    if ";" not in source:
        return False
    skipped = (tokenize.ENDMARKER, tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.DEDENT)
    try:
        tokens = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type not in skipped]
    except (tokenize.TokenError, IndentationError):
        return False
    return bool(tokens) and tokens[-1].string == ";"
