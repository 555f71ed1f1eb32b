"""What is chance in an executed notebook, taken out, so that two replays write the same bytes.

- How text arrives in pieces, and whether standard output or standard error arrives first between two displays.
- The random ids of widgets: they are numbered in the order of their creation.
- The process id in the file name that IPython gives a cell, as it stands in warnings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
_KERNEL_FILE = re.compile(r"(ipykernel)_\d+([/\\]\d+\.py)")
_STREAMS = ("stdout", "stderr")


def tidy(notebook: Any) -> Any:
    """The notebook without what chance put into it; `notebook` itself may be changed."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = _merged(cell.outputs)
            for output in cell.outputs:
                _forget_process(output)
    return _number_widgets(notebook)


def _merged(outputs: Iterable[Any]) -> list[Any]:
    """Outputs with the streams between two displays merged, standard output first."""
    tidied: list[Any] = []
    waiting: dict[str, Any] = {}
    for output in outputs:
        if output.output_type == "stream" and output.name in _STREAMS:
            if output.name in waiting:
                waiting[output.name].text += output.text
            else:
                waiting[output.name] = output
            continue
        tidied += [waiting[name] for name in _STREAMS if name in waiting]
        tidied.append(output)
        waiting = {}
    return tidied + [waiting[name] for name in _STREAMS if name in waiting]


def _forget_process(output: Any) -> None:
    if output.output_type == "stream":
        output.text = _KERNEL_FILE.sub(r"\1\2", output.text)
    elif output.output_type == "error":
        output.traceback = [_KERNEL_FILE.sub(r"\1\2", line) for line in output.traceback]


def _number_widgets(notebook: Any) -> Any:
    """The ids of widgets are 32 random hex digits, wherever they stand in the notebook."""
    states = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    if not states:
        return notebook
    import nbformat

    numbers = {identity: f"{number:032x}" for number, identity in enumerate(states, start=1)}
    pattern = re.compile("|".join(map(re.escape, numbers)))
    text = pattern.sub(lambda match: numbers[match[0]], json.dumps(notebook))
    return nbformat.from_dict(json.loads(text))
