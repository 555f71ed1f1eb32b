"""What chance puts into an executed notebook is taken out, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from nbexp.runs.tidy import WIDGET_STATE, tidy


def stream(name: str, text: str) -> Any:
    return new_output("stream", name=name, text=text)


def shown(text: str) -> Any:
    return new_output("display_data", data={"text/plain": text})


def brief(outputs: list[Any]) -> list[str]:
    return [f"{o.name}:{o.text}" if o.output_type == "stream" else o.data["text/plain"] for o in outputs]


def tidied(*outputs: Any) -> list[Any]:
    return list(tidy(new_notebook(cells=[new_code_cell("", outputs=list(outputs))])).cells[0].outputs)


@pytest.mark.parametrize(
    ("outputs", "given"),
    [
        ([], []),
        ([stream("stdout", "a"), stream("stdout", "b")], ["stdout:ab"]),
        ([stream("stderr", "e"), stream("stdout", "a"), stream("stderr", "f")], ["stdout:a", "stderr:ef"]),
        ([stream("stdout", "a"), stream("stderr", "e")], ["stdout:a", "stderr:e"]),
        ([stream("stdout", "a"), shown("D"), stream("stdout", "b")], ["stdout:a", "D", "stdout:b"]),
        ([shown("D"), stream("stderr", "e"), stream("stdout", "a")], ["D", "stdout:a", "stderr:e"]),
    ],
)
def test_text_between_two_displays_is_one_piece_a_stream(outputs: list[Any], given: list[str]) -> None:
    assert brief(tidied(*outputs)) == given


def test_the_process_id_of_the_kernel_is_left_out_of_file_names_alone() -> None:
    first = stream("stderr", "/tmp/ipykernel_4711/123.py:1: UserWarning: ipykernel_4711 is busy")
    assert tidied(first)[0].text == "/tmp/ipykernel/123.py:1: UserWarning: ipykernel_4711 is busy"
    error = new_output("error", ename="E", evalue="", traceback=["File /tmp/ipykernel_12/3.py:1"])
    assert tidied(error)[0].traceback == ["File /tmp/ipykernel/3.py:1"]


def test_widgets_are_numbered_wherever_their_ids_stand() -> None:
    ids = ["b" * 32, "a" * 32]

    def made(ids: list[str]) -> Any:
        view = new_output("display_data", data={"application/vnd.jupyter.widget-view+json": {"model_id": ids[1]}})
        notebook = new_notebook(cells=[new_code_cell("", outputs=[view], id="c")])
        state = {one: {"model_name": "M", "state": {"layout": f"IPY_MODEL_{ids[0]}"}} for one in ids}
        notebook.metadata["widgets"] = {WIDGET_STATE: {"state": state, "version_major": 2, "version_minor": 0}}
        return notebook

    text = nbformat.writes(tidy(made(ids)))
    assert text == nbformat.writes(tidy(made(["c" * 32, "d" * 32])))
    assert f"{2:032x}" in json.dumps(tidy(made(ids)).cells[0].outputs)
