"""What a notebook calls: metrics, results, parameters, values of other stages."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nbexp.errors import BadUse, NbexpError
from nbexp.kernel.active import active_session
from nbexp.records import METRIC_MIME, Metric, Result, spelled

if TYPE_CHECKING:
    from nbexp.kernel.session import Session

_PLAIN = (bool, int, float, str, type(None))


def log(*, step: int | None = None, **values: float) -> None:
    """Log metrics of the stage that runs: kept with its record, and shown live to a sweep.

    Under the cell the last values are shown, in one display for all calls with the same names.

    Args:
        step: The training step or epoch they belong to.
        **values: Numbers by name; 0-dimensional arrays and tensors are taken as numbers. NaN and infinity are kept, and
            sent as the texts ``"NaN"``, ``"Infinity"``, ``"-Infinity"``, for JSON has no such numbers.

    Raises:
        BadUse: For something that is no number.

    Example:
        >>> nbexp.log(loss=0.31, step=10)
    """
    if not values:
        raise BadUse("nbexp.log was called without a metric", "Name one: nbexp.log(loss=0.3, step=10).")
    metric = Metric({name: _number(name, value) for name, value in values.items()}, _step(step))
    session = active_session()
    place, shown = session.metric_display(tuple(values)) if session is not None else (None, False)
    data = {METRIC_MIME: {"values": spelled(metric.values), "step": metric.step}, "text/plain": _line(metric)}
    _show(data, place, update=shown)
    if session is not None:
        session.note_metric(metric)


def result(name: str, value: Any) -> None:
    """Name a result that a run stands for: a number, a text, or a list or dict of them.

    Args:
        name: What reports and comparisons call it.
        value: Plain data.

    Raises:
        BadUse: For anything else: save a figure or table to a file, which is noticed as a result by itself.

    Example:
        >>> nbexp.result("val_acc", 0.93)
    """
    if not isinstance(name, str) or not name:
        raise BadUse(f'a result\'s name must be a text, not "{name!r}"', 'Write nbexp.result("val_acc", 0.93).')
    found = Result(name, _plain(name, value))
    _show({METRIC_MIME: {"result": name, "value": spelled(found.value)}, "text/plain": f"{name}: {found.value}"})
    if (session := active_session()) is not None:
        session.note_result(found)


def load(ref: str, name: str) -> Any:
    """A value of another stage, run or notebook.

    Inside a stage it is a dependency: what `ref` leads to is looked up again before the stage is restored.

    Args:
        ref: An id's beginning (4 or more digits), ``last``, ``last~1``, ``prepare.ipynb`` or ``prepare.ipynb:clean``.
        name: The variable.

    Raises:
        BadUse: There is no such record or variable; the closest one is named.

    Example:
        >>> clean = nbexp.load("prepare.ipynb:clean", "df")
    """
    from nbexp.kernel.loading import load_named

    return load_named(_session_or_error(), ref, name)


class Parameters(Mapping[str, Any]):
    """The notebook's parameters and their values now, read-only: what its parameters cell binds.

    A stage depends on those that it reads here. Values are copies: changing one changes no parameter.

    Example:
        >>> dict(nbexp.params)
        {'lr': 0.01, 'epochs': 3}
    """

    def __getitem__(self, name: str) -> Any:
        return copy.deepcopy(_session_or_error().parameter(name))

    def __iter__(self) -> Iterator[str]:
        return iter(_session_or_error().parameter_names())

    def __len__(self) -> int:
        return len(_session_or_error().parameter_names())

    def __repr__(self) -> str:
        return repr(dict(self))


params = Parameters()


def _session_or_error() -> Session:
    session = active_session()
    if session is None:
        raise NbexpError("nbexp is not loaded in this kernel", "Run %load_ext nbexp first.")
    return session


def _show(data: dict[str, Any], place: str | None = None, *, update: bool = False) -> None:
    """Show `data`, in the display with the id `place` if one is given: a new one, or instead of what it shows."""
    from IPython.display import display, update_display

    if place is None:
        display(data, raw=True)
    elif update:
        update_display(data, display_id=place, raw=True)
    else:
        display(data, display_id=place, raw=True)


def _line(metric: Metric) -> str:
    """``loss: 0.31, acc: 0.9 (step 10)``."""
    text = ", ".join(f"{name}: {value:.6g}" for name, value in metric.values.items())
    return text if metric.step is None else f"{text} (step {metric.step})"


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadUse(f'the metric "{name}" is no number but {type(value).__qualname__}', "Log a number.") from error


def _step(step: Any) -> int | None:
    if step is None or (isinstance(step, int) and not isinstance(step, bool)):
        return step
    raise BadUse(f'"step={step!r}" is no whole number', "Give the step as an int.")


def _plain(name: str, value: Any, around: tuple[int, ...] = ()) -> Any:
    """The value as JSON can hold it; `around` are the ids of the lists and dicts in which it lies."""
    if isinstance(value, _PLAIN):
        return value
    if id(value) in around:
        raise BadUse(f'the result "{name}" contains itself', "Give numbers, texts, lists or dicts.")
    around = (*around, id(value))
    if isinstance(value, list | tuple):
        return [_plain(name, item, around) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(name, item, around) for key, item in value.items()}
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item") and isinstance(found := value.item(), _PLAIN):
        return found
    raise BadUse(
        f'the result "{name}" is {type(value).__qualname__}, not plain data',
        "Give numbers, texts, lists or dicts; save a figure or table to a file instead.",
    )
