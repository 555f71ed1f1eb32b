"""The layers of the package, top to bottom: a module imports from its own folder or from a line above."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "nbexp"

#: Each line may import from those above it. Modules on one line may import each other, without a cycle.
LAYERS = [
    ("errors", "_version", "sizes"),
    ("config", "platform", "hashing", "records", "registry"),
    ("adapters", "code", "fingerprints", "graphs"),
    ("snapshot",),
    ("ml",),
    ("store",),
    ("stage",),
    ("runs",),
    ("lineage",),
    ("kernel",),
    ("sweep",),
    ("views",),
    ("report",),
    ("ui",),
    ("", "__main__"),  # nbexp/__init__.py: the public names, from anywhere; `python -m nbexp`
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

#: The registry names adapters' modules as text; beside that it knows the contract they keep, and the one member of the
#: family that is made from a user's own functions (`nbexp.register`).
ALLOWED = {("registry", "adapters.base"), ("registry", "adapters.registered")}


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def layer(module: str) -> str:
    return module.partition(".")[0]


def imports(tree: ast.AST) -> Iterator[str]:
    """Modules of nbexp that a module imports anywhere, at its top or inside a function; not those for types alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner.removeprefix("nbexp.") in MODULES else node.module
        yield from imports(node)


def nbexp_imports(module: str) -> set[str]:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    found = {name for name in imports(tree) if name == "nbexp" or name.startswith("nbexp.")}
    return {name.removeprefix("nbexp").removeprefix(".") for name in found}


@pytest.mark.parametrize("module", [m for m in MODULES if m])
def test_a_module_imports_only_from_its_own_folder_or_from_a_line_above(module: str) -> None:
    own = RANK[layer(module)]
    above = {
        target
        for target in nbexp_imports(module)
        if RANK[layer(target)] > own and (layer(module), target) not in ALLOWED
    }
    assert not above, f"{module} (layer {layer(module)}) imports {sorted(above)}"


def test_every_folder_and_module_of_the_package_has_a_layer() -> None:
    assert {layer(module) for module in MODULES} <= set(RANK)


def test_no_import_cycle_at_the_top_of_modules() -> None:
    def top_level(module: str) -> set[str]:
        tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
        tree.body = [node for node in tree.body if not isinstance(node, (ast.FunctionDef, ast.ClassDef))]
        found = {name.removeprefix("nbexp").removeprefix(".") for name in imports(tree) if name.startswith("nbexp")}
        return (found & set(MODULES)) - {module, ""}

    graph = {module: top_level(module) for module in MODULES if module}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, f"import cycle: {' -> '.join((*path, module))}"
        if module not in done:
            for target in graph[module]:
                visit(target, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def test_front_ends_never_import_each_other() -> None:
    fronts = {"cli": "ui.cli", "commands": "ui.commands", "magics": "ui.magics", "widgets": "ui.widgets"}
    for module in MODULES:
        if layer(module) != "ui":
            continue
        own = "cli" if module.startswith(("ui.cli", "ui.commands")) else module.split(".")[1] if "." in module else ""
        others = {p for name, p in fronts.items() if name != own and not (own == "cli" and name == "commands")}
        found = {t for t in nbexp_imports(module) if any(t == o or t.startswith(o + ".") for o in others)}
        assert not found, f"{module} imports {sorted(found)}"


@pytest.mark.parametrize("module", [m for m in MODULES if m != "platform"])
def test_what_is_specific_to_an_operating_system_is_in_platform_alone(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    special = {"fcntl", "resource", "pwd", "grp", "msvcrt", "winreg", "termios"}
    found = {name for name in imports(tree) if name.partition(".")[0] in special}
    asked = {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.fork", "os.name", "sys.platform")
    }
    assert not found | asked
