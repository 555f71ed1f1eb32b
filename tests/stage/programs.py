"""Random cells, and a namespace that sees which values from above they read: the oracle of the flow analysis.

Every name of `NAMES` has a value from above that can be used in every way, and that decides by chance what happens:
whether a condition holds, how many items a loop gets, whether a call raises or calls back, whether an exception is
swallowed. So one cell, run again and again, takes many of the ways through it.
"""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Callable, Mapping
from random import Random
from types import FunctionType, MethodType
from typing import Any

NAMES = ("a", "b", "c", "d", "e")
FUNCTIONS = ("f", "g", "h")
CLASSES = ("K", "L")


class OutOfFuel(BaseException):
    """The cell ran long enough."""


class Wrong(BaseException):
    """The analysis said something that is not so; no ``except Exception`` of the cell shall catch it."""


class Namespace(dict[str, Any]):
    """The globals of a cell; `read` are the names whose value from above the cell's code got."""

    def __init__(self, chance: Random, *, by_name: bool, overwritten: Mapping[str, frozenset[str]]) -> None:
        names = (*NAMES, *FUNCTIONS, *CLASSES)
        self.above = {name: Above(name, self) for name in names}
        super().__init__(self.above)
        self.chance, self.by_name, self.overwritten = chance, by_name, overwritten
        self.read: set[str] = set()
        self.fuel = 200
        self.failing = chance.choice([0.0, 0.02, 0.1])
        self.swallowing = chance.choice([0.2, 0.8])

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        if value is self.above.get(name):
            self.read.add(name)
            return Above(name, self)  # another object, so that binding it to a name again can be told
        return value

    def __delitem__(self, name: str) -> None:
        self[name]  # whether there was one is seen from above
        super().__delitem__(name)

    def now(self, name: str) -> Any:
        """What a name is bound to, without reading it for the cell."""
        return super().get(name)

    def is_from_above(self, name: str) -> bool:
        """Whether a name still has its value from above."""
        return name in self and self.now(name) is self.above[name]


class Above:
    """A value that the cells above left, or one made of it: `root` is the name through which the cell got it."""

    def __init__(self, root: str, space: Namespace) -> None:
        self.__dict__.update(root=root, space=space)

    def _act(self, *arguments: Any) -> Any:
        """Code from above runs: it may call what it is given, look names up, and raise."""
        space = self.space
        space.fuel -= 1
        if space.fuel < 0:
            raise OutOfFuel
        for name in space.overwritten.get(self.root, ()):
            if space.is_from_above(name):
                raise Wrong(f"{self.root} could see {name} from above")
        if space.by_name and space.chance.random() < 0.3:
            arguments = (*arguments, space.now(space.chance.choice((*FUNCTIONS, *CLASSES))))
        for each in arguments:
            if isinstance(each, FunctionType | MethodType | type) and space.chance.random() < 0.7:
                _call(each)
        if space.chance.random() < space.failing:
            raise ValueError(self.root)
        return Above(self.root, space)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        result = self._act(*arguments, *keywords.values())
        # as a decorator it hands back what it was given, or something else
        functions = [each for each in arguments if isinstance(each, FunctionType | type)]
        return functions[0] if functions and self.space.chance.random() < 0.5 else result

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._act()

    def __setattr__(self, name: str, value: Any) -> None:
        self._act(value)

    def __bool__(self) -> bool:
        self._act()
        return bool(self.space.chance.random() < 0.5)

    def __iter__(self) -> Any:
        return iter([self._act() for _ in range(self.space.chance.randrange(3))])

    def __enter__(self) -> Any:
        return self._act()

    def __exit__(self, kind: Any, *rest: Any) -> bool:
        return kind is not None and issubclass(kind, Exception) and self.space.chance.random() < self.space.swallowing

    def __getitem__(self, key: Any) -> Any:
        return self._act(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._act(value)

    def __delitem__(self, key: Any) -> None:
        self._act()

    def __add__(self, other: Any) -> Any:
        return self._act(other)

    __radd__ = __iadd__ = __lt__ = __gt__ = __mul__ = __add__

    def __eq__(self, other: object) -> bool:
        return bool(self._act(other))

    __hash__ = None  # type: ignore[assignment]

    def __format__(self, spec: str) -> str:
        self._act()
        return ""

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return (Base,)


class Base:
    """What a class gets that names a value from above as its base: it calls a method of each subclass at once."""

    def __init_subclass__(cls) -> None:
        for value in list(vars(cls).values()):
            if isinstance(value, FunctionType):
                _call(value)
                break


def _call(function: Callable[..., Any]) -> Any:
    try:
        made = function()
        for name, value in list(vars(function).items()) if isinstance(function, type) else ():
            if isinstance(value, FunctionType):
                getattr(made, name)()
        return made
    except (TypeError, NameError, AttributeError, ValueError, RecursionError):
        return None  # called with the wrong arguments, or what it needs is gone


def program(chance: Random) -> str:
    """The source of a random cell that Python accepts."""
    while True:
        source = "\n".join(_Writer(chance).block(depth=0, size=chance.randint(2, 7)))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)  # `1()` and the like: random cells are odd
                compile(source, "<cell>", "exec")
        except SyntaxError:  # a global declared after its use, an f-string in an f-string …
            continue
        return source


class _Writer:
    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.loops = 0
        self.function = 0
        self.final = 0

    def block(self, depth: int, size: int | None = None) -> list[str]:
        """Some statements."""
        lines: list[str] = []
        for _ in range(size or self.chance.randint(1, 3)):
            lines += self.statement(depth)
        return lines

    def inner(self, depth: int) -> str:
        return textwrap.indent("\n".join(self.block(depth + 1)), "    ")

    def name(self) -> str:
        return self.chance.choice(NAMES)

    def statement(self, depth: int) -> list[str]:
        kinds = (
            [self.assign] * 6 + [self.use] * 5 + [self.augment, self.delete, self.unpack, self.bind_import, self.item]
        )
        kinds += [self.annotated, self.ask]
        if depth < 3:
            kinds += [self.branch, self.loop, self.attempt, self.manage, self.match, self.repeat] * 2
            kinds += [self.define] * 3 + [self.define_class] * 2
        if self.loops and not self.final:
            kinds += [self.leave_loop] * 2
        if self.function:
            kinds += [self.leave_function]
        if depth < 2:
            kinds += [self.define_class] * 2
        kinds += [self.fail]
        return self.chance.choice(kinds)(depth)

    def assign(self, depth: int) -> list[str]:
        target = self.chance.choice([self.name(), self.name(), self.name(), self.chance.choice(FUNCTIONS)])
        return [f"{target} = {self.expression(2)}"]

    def use(self, depth: int) -> list[str]:
        return [self.expression(2)]

    def augment(self, depth: int) -> list[str]:
        return [f"{self.name()} += {self.expression(1)}"]

    def annotated(self, depth: int) -> list[str]:
        return [f"{self.name()}: {self.expression(0)}" + self.chance.choice(["", f" = {self.expression(1)}"])]

    def delete(self, depth: int) -> list[str]:
        return [f"del {self.chance.choice([self.name(), f'{self.name()}[{self.expression(0)}]'])}"]

    def unpack(self, depth: int) -> list[str]:
        return [f"{self.name()}, *{self.name()} = {self.expression(0)}, {self.expression(0)}"]

    def item(self, depth: int) -> list[str]:
        place = self.chance.choice([f"{self.name()}.x", f"{self.name()}[{self.expression(0)}]"])
        return [f"{place} = {self.expression(1)}"]

    def bind_import(self, depth: int) -> list[str]:
        return [self.chance.choice([f"import math as {self.name()}", f"from math import pi as {self.name()}"])]

    def ask(self, depth: int) -> list[str]:
        return [self.chance.choice([f"globals()['{self.name()}']", f"eval('{self.name()} + {self.name()}')"])]

    def fail(self, depth: int) -> list[str]:
        return ["raise ValueError"] if depth and self.chance.random() < 0.4 else self.use(depth)

    def leave_loop(self, depth: int) -> list[str]:
        return [f"if {self.expression(0)}: {self.chance.choice(['break', 'continue'])}"]

    def leave_function(self, depth: int) -> list[str]:
        return [f"if {self.expression(0)}: return {self.expression(1)}"]

    def branch(self, depth: int) -> list[str]:
        lines = [f"if {self.expression(1)}:", self.inner(depth)]
        if self.chance.random() < 0.6:
            lines += ["else:", self.inner(depth)]
        return lines

    def loop(self, depth: int) -> list[str]:
        items = self.chance.choice(
            [self.name(), f"range({self.chance.choice([0, 1, 2])})", "[1, 2]", self.expression(1)]
        )
        head = f"for {self.name()} in {items}:"
        return self._loop(head, depth)

    def repeat(self, depth: int) -> list[str]:
        # every pass uses fuel, so that none goes on for ever
        test = self.chance.choice([self.name(), f"({self.name()} := {self.name()})", "True"])
        self.loops += 1
        body = self.inner(depth)
        self.loops -= 1
        escape = "    if tick(): break"
        return [f"while {test}:", escape, body, *self._otherwise(depth)]

    def _loop(self, head: str, depth: int) -> list[str]:
        self.loops += 1
        body = self.inner(depth)
        self.loops -= 1
        return [head, body, *self._otherwise(depth)]

    def _otherwise(self, depth: int) -> list[str]:
        return ["else:", self.inner(depth)] if self.chance.random() < 0.3 else []

    def attempt(self, depth: int) -> list[str]:
        lines = ["try:", self.inner(depth)]
        final = self.chance.random() < 0.4
        if not final or self.chance.random() < 0.6:
            lines += [
                self.chance.choice(["except Exception:", f"except Exception as {self.name()}:"]),
                self.inner(depth),
            ]
            if self.chance.random() < 0.3:
                lines += ["else:", self.inner(depth)]
        if final:
            self.final += 1
            lines += ["finally:", self.inner(depth)]
            self.final -= 1
        return lines

    def manage(self, depth: int) -> list[str]:
        items = [f"{self.expression(0)}" + self.chance.choice(["", f" as {self.name()}", f" as {self.name()}.x"])]
        if self.chance.random() < 0.3:
            items.append(f"{self.name()} as {self.name()}")
        if self.chance.random() < 0.3:
            items = [f"open('/dev/null') as {self.name()}"]
        return [f"with {', '.join(items)}:", self.inner(depth)]

    def match(self, depth: int) -> list[str]:
        patterns = ["1", f"[{self.name()}, *_]", f"{self.name()}.x", "_", f"str() as {self.name()}"]
        lines = [f"match {self.expression(1)}:"]
        chosen = self.chance.choice(patterns)
        guard = self.chance.choice(["", f" if {self.expression(1)}"])
        lines += [f"    case {chosen}{guard}:", textwrap.indent(self.inner(depth + 1), "    ")]
        if chosen != "_" or guard:
            last = self.chance.choice(["_", self.name(), "2"])
            lines += [f"    case {last}:", textwrap.indent(self.inner(depth + 1), "    ")]
        return lines

    def define(self, depth: int) -> list[str]:
        name = self.chance.choice(FUNCTIONS)
        parameters = self.chance.choice(
            ["", f"{self.name()}={self.expression(0)}", f"{self.name()}: {self.name()} = 1"]
        )
        lines = [f"@{self.name()}"] if self.chance.random() < 0.15 else []
        return [*lines, f"def {name}({parameters}):", self._function_body(depth, parameters[:1])]

    def _function_body(self, depth: int, parameter: str) -> str:
        loops, final, self.loops, self.final = self.loops, self.final, 0, 0
        self.function += 1
        declared = self.chance.choice([name for name in NAMES if name != parameter])
        head = [f"global {declared}"] if self.chance.random() < 0.3 else []
        body = "\n".join([*head, *self.block(depth + 1)])
        self.function -= 1
        self.loops, self.final = loops, final
        return textwrap.indent(body, "    ")

    def define_class(self, depth: int) -> list[str]:
        outside, self.function, self.loops, self.final = (self.function, self.loops, self.final), 0, 0, 0
        bases = self.chance.choice(["", "", f"({self.name()})", "(object)"])
        lines = [f"@{self.name()}"] if self.chance.random() < 0.1 else []
        lines += [f"class {self.chance.choice(CLASSES)}{bases}:"]
        if self.chance.random() < 0.6:
            lines += [self.inner(depth)]
        function = self.chance.choice(FUNCTIONS)
        body = [f"def {function}(self=1):", self._function_body(depth + 1, "")]
        body += self.chance.choice([[], [self.expression(1)], [f"{self.name()} = {function}()"], self.assign(depth)])
        lines += [textwrap.indent("\n".join(body), "    ")]
        self.function, self.loops, self.final = outside
        return lines

    def expression(self, depth: int) -> str:
        if depth <= 0:
            return self.chance.choice([self.name(), self.name(), self.name(), *FUNCTIONS, "1"])
        one, other, name = self.expression(depth - 1), self.expression(depth - 1), self.name()
        return self.chance.choice(
            [
                one, f"{one} + {other}", f"{name}({one})", f"({name} := {one})", f"({one} and {other})",
                f"({one} or {other})", f"({one} if {name} else {other})", f"{name}.attribute", f"{name}[{one}]",
                f"[{name} for {name} in {one}]", f"[{other} for {name} in {one}]",
                f"[{self.name()} for {name} in {self.name()} if (x := {other})]",
                f"{{{self.chance.choice(FUNCTIONS)}: {self.name()} for {name} in [1]}}",
                f"list({one} for {name} in {self.name()} for x in {self.name()})",
                f"(lambda {name}=1: {one})", f"(lambda: {one})()", f"{name}(lambda: {one})",
                f"f'{{{name}}} {{{one}!r:>{{{self.name()}}}}}'", f"({one} < {name} < {other})",
                f"{self.chance.choice(FUNCTIONS)}()", f"{self.chance.choice(CLASSES)}()",
                f"{name}({self.chance.choice(FUNCTIONS)})",
                f"{self.chance.choice(CLASSES)}().{self.chance.choice(FUNCTIONS)}()",
            ]
        )  # fmt: skip


def run(source: str, seed: int, *, by_name: bool, overwritten: Mapping[str, frozenset[str]]) -> tuple[Namespace, bool]:
    """Run a cell once: its namespace afterwards, and whether it came to its end."""
    space = Namespace(Random(seed), by_name=by_name, overwritten=overwritten)
    ticks = iter(range(8))
    dict.__setitem__(space, "tick", lambda: next(ticks, None) is None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        code = compile(source, "<cell>", "exec")
    try:
        exec(code, space)
    except (OutOfFuel, Exception):  # noqa: BLE001 - a random cell raises whatever its values raise
        return space, False
    return space, True
