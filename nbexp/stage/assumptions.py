"""What a few well-known names are taken to do, so that names are not counted as read when they cannot be.

``with open(path) as file: rows = file.read()`` always binds ``rows``, because files do not swallow exceptions; a
context manager that nobody knows might. Such knowledge holds for the library's own objects only, so each use of it is
handed back: whoever has the live namespace checks that the name does not lead to notebook or project code.
"""

from __future__ import annotations

import ast

Chain = tuple[str, ...]

#: Context managers that let every exception through, by their last name.
_TRANSPARENT = frozenset(
    {
        "open", "no_grad", "enable_grad", "inference_mode", "set_grad_enabled", "autocast", "errstate",
        "printoptions", "option_context", "rc_context", "catch_warnings", "TemporaryDirectory",
        "NamedTemporaryFile", "TemporaryFile", "ZipFile", "ThreadPoolExecutor", "ProcessPoolExecutor", "ThreadPool",
        "Pool", "Parallel", "parallel_backend", "parallel_config", "redirect_stdout", "redirect_stderr", "closing",
        "nullcontext", "tqdm", "trange", "localcontext", "ExcelWriter", "ExcelFile", "HDFStore",
        "threadpool_limits", "sdpa_kernel", "urlopen", "record_function", "config_context",
    }
)  # fmt: skip

#: The same where the last name alone says too little.
_TRANSPARENT_CHAINS = frozenset(
    {
        ("np", "load"), ("numpy", "load"), ("h5py", "File"), ("sqlite3", "connect"), ("requests", "Session"),
        ("plt", "style", "context"), ("threading", "Lock"), ("mpl", "rc_context"), ("torch", "device"),
        ("requests", "get"),
    }
)  # fmt: skip

#: Decorators that do not call what they decorate.
_QUIET_DECORATORS = frozenset(
    {
        "staticmethod", "classmethod", "property", "abstractmethod", "setter", "getter", "deleter", "dataclass",
        "cache", "lru_cache", "cached_property", "wraps", "contextmanager", "asynccontextmanager", "no_grad",
        "enable_grad", "inference_mode", "njit", "jit", "vectorize", "overload", "override", "total_ordering",
        "singledispatch", "final", "delayed",
    }
)  # fmt: skip

#: Base classes that call no method of a class that is being made.
_QUIET_BASES = frozenset(
    {
        "object", "Module", "Dataset", "IterableDataset", "Sampler", "ABC", "Exception", "BaseException",
        "ValueError", "TypeError", "RuntimeError", "KeyError", "LookupError", "dict", "list", "tuple", "set", "str",
        "int", "float", "Protocol", "Generic", "BaseEstimator", "TransformerMixin", "ClassifierMixin",
        "RegressorMixin", "NamedTuple", "TypedDict", "Callback", "LightningModule", "Thread", "UserDict",
        "UserList", "SimpleNamespace", "Optimizer", "Function",
    }
)  # fmt: skip

#: Callables that give as many items as their first argument, at least one if that has one.
_KEEPERS = frozenset({"enumerate", "reversed", "sorted", "list", "tuple", "set", "iter", "tqdm", "track"})


def chain_of(node: ast.AST) -> Chain | None:
    """``a.b.c`` as names; None for anything else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (node.id, *reversed(names)) if isinstance(node, ast.Name) else None


def root_chain(node: ast.AST) -> Chain | None:
    """The names that an expression begins with: ``Path(a).open()`` begins with ``Path``; None if it has none."""
    while (chain := chain_of(node)) is None:
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        else:
            return None
    return chain


def last_name(node: ast.AST) -> str:
    """The last name of a call's function or of a decorator: ``lru_cache`` for ``functools.lru_cache(8)``."""
    while isinstance(node, ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def transparent(context: ast.expr) -> Chain | None:
    """What must be the library's own so that this context manager lets exceptions through; None if it may not."""
    if not isinstance(context, ast.Call):
        return None
    known = last_name(context) in _TRANSPARENT or chain_of(context.func) in _TRANSPARENT_CHAINS
    return root_chain(context) if known else None


def quiet_decorator(decorator: ast.expr) -> Chain | None:
    """What must be the library's own so that this decorator does not call the function; None if it may."""
    return root_chain(decorator) if last_name(decorator) in _QUIET_DECORATORS else None


def quiet_base(base: ast.expr) -> Chain | None:
    """What must be the library's own so that this base class calls no method of a new subclass; None if it may."""
    return root_chain(base) if last_name(base) in _QUIET_BASES else None


def keeper(call: ast.Call) -> Chain | None:
    """What must be the library's own so that this call has an item whenever its first argument has; None if not."""
    return root_chain(call) if last_name(call) in _KEEPERS else None
