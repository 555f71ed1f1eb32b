from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nbexp.errors import Unfingerprintable, Unpatchable
from nbexp.fingerprints.fingerprint import fingerprint, mutables
from nbexp.fingerprints.preview import preview
from nbexp.graphs.graph import dump, held, load
from nbexp.graphs.patch import check_patch, detach, patch

go: Any = pytest.importorskip("plotly.graph_objects")
cases: Any = pytest.importorskip("tests.adapters.cases.plotly")


def again(value: Any) -> Any:
    dumped = dump(value)
    return load(dumped.graph, [bytearray(buffer) for buffer in dumped.buffers])


def digest(value: object) -> bytes:
    return fingerprint(value).digest


def patched(live: Any, after: Any, change: Any) -> Any:
    """What a hit makes of `live` if a stage did `change` to its equal `after`."""
    objects, before = mutables(live), mutables(after)
    change(after)
    dumped = dump([detach(part) for part in before], held=held({"value": before}))
    contents = load(
        dumped.graph, [bytearray(buffer) for buffer in dumped.buffers], live=lambda link: objects[link.number]
    )
    pairs = list(zip(objects, contents, strict=True))
    for part, content in pairs:
        check_patch(part, content)
    for part, content in pairs:
        patch(part, content)
    return live


@pytest.mark.parametrize("make", [cases.plot, cases.lines, cases.moving, cases.grid, cases.looked_at, go.Figure])
def test_a_restored_figure_is_the_same_to_the_byte(make: Any) -> None:
    figure = make()
    restored = again(figure)
    assert restored.to_json() == figure.to_json()
    assert list(restored._layout) == list(figure._layout)
    assert restored.to_html("", div_id="a") == figure.to_html("", div_id="a")


def test_arrays_are_arrays_again() -> None:
    restored = again(cases.plot())
    assert type(restored.data[1].y) is np.ndarray
    assert restored.data[0].y == (1, 2, 3.0)


def test_large_arrays_are_stored_outside_the_pickle() -> None:
    dumped = dump(go.Figure(go.Scatter(y=np.arange(100_000.0))))
    assert [buffer.nbytes for buffer in dumped.buffers] == [800_000]
    assert len(dumped.graph) < 20_000


def test_a_part_belongs_to_its_figure_again() -> None:
    figure = cases.plot()
    trace, marker, axis, note, back = again(
        [figure.data[1], figure.data[1].marker, figure.layout.xaxis, figure.layout.annotations[0], figure]
    )
    assert trace is back.data[1]
    assert marker is trace.marker
    assert axis is back.layout.xaxis
    assert note is back.layout.annotations[0]
    marker.color = "green"
    assert back.to_dict()["data"][1]["marker"]["color"] == "green"


def test_what_is_inside_a_frame_belongs_to_it_again() -> None:
    figure = cases.moving()
    trace, back = again([figure.frames[0].data[0], figure])
    assert trace is back.frames[0].data[0]
    trace.name = "new"
    assert back.to_dict()["frames"][0]["data"][0]["name"] == "new"
    assert back.frames[0].layout.xaxis2.title.text == "k"


def test_subplots_go_on() -> None:
    restored = again(cases.grid())
    restored.add_scatter(y=[1], row=1, col=1)
    assert [trace.xaxis for trace in restored.data] == ["x2", "x"]
    assert restored.layout.yaxis2.anchor == "x2"


def test_what_others_hold_stays_part_of_a_patched_figure() -> None:
    live = cases.plot()
    trace, layout, axis, line = live.data[0], live.layout, live.layout.xaxis, live.data[1].marker.line
    patched(live, cases.plot(), lambda figure: figure.add_scatter(y=[1]).update_layout(xaxis_title="new"))
    assert [part.type for part in live.data] == ["bar", "scatter", "scatter"]
    assert live.data[0] is trace
    assert live.layout is layout
    assert layout.xaxis is axis
    assert axis.title.text == "new"
    line.width = 7
    trace.name, live.data[2].name = "first", "last"
    assert live.to_dict()["data"][1]["marker"]["line"]["width"] == 7
    assert [part.get("name") for part in live.to_dict()["data"]] == ["first", None, "last"]


def test_annotations_are_made_anew_when_one_is_added_as_plotly_does() -> None:
    live, run = cases.plot(), cases.plot()
    notes = [figure.layout.annotations[0] for figure in (live, run)]
    patched(live, run, lambda figure: figure.add_annotation(text="more"))
    for figure, note in zip((live, run), notes, strict=True):
        assert note.parent is None
        assert note.text == "here"
        assert [one.text for one in figure.layout.annotations] == ["here", "more"]


def test_a_list_that_was_asked_for_while_empty_fills() -> None:
    live = go.Figure()
    assert live.layout.annotations == ()
    patched(live, go.Figure(), lambda figure: figure.add_annotation(text="new"))
    assert live.layout.annotations[0].text == "new"


def test_a_removed_trace_keeps_what_it_shows() -> None:
    live = cases.plot()
    removed, kept = live.data
    patched(live, cases.plot(), lambda figure: setattr(figure, "data", figure.data[1:]))
    assert live.data == (kept,)
    assert removed.parent is None
    assert removed.y == (1, 2, 3.0)


def test_a_part_that_was_replaced_is_free() -> None:
    def change(parts: Any) -> None:
        parts[0].layout.xaxis = {"title": "other"}

    live = cases.held()
    patched(live, cases.held(), change)
    assert live[2].parent is None
    assert live[2].title.text == "x"
    assert live[0].layout.xaxis.title.text == "other"


def test_a_part_that_moved_within_its_figure_is_refused() -> None:
    figure = cases.plot().add_annotation(text="more")
    first, second = figure.layout.annotations
    with pytest.raises(Unpatchable, match="moved"):
        check_patch(first, detach(second))


def test_every_part_of_a_figure_is_told_from_the_others() -> None:
    figure = cases.plot().add_annotation(text="here", x=1, y=2)
    parts = [figure, *figure.data, figure.layout, *figure.layout.annotations, figure.data[0].marker]
    assert len({digest(part) for part in parts}) == len(parts)


def with_callback() -> Any:
    figure = cases.plot()
    figure.layout.xaxis.on_change(print, "range")
    return figure


def clicked() -> Any:
    figure = cases.plot()
    figure.data[0].on_click(print)
    return figure.data[0].marker


def in_a_batch() -> Any:
    figure = cases.plot()
    figure._in_batch_mode = True
    return figure


class OwnBar(go.Bar):  # type: ignore[misc]
    pass


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (with_callback, "called when it changes"),
        (clicked, "called when it changes"),
        (in_a_batch, "batch"),
        (lambda: OwnBar(y=[1]), "not plotly's own"),
    ],
)
def test_what_is_refused(make: Any, why: str) -> None:
    with pytest.raises(Unfingerprintable, match=why) as caught:
        fingerprint(make())
    assert caught.value.advice


def test_a_part_without_its_place_is_refused() -> None:
    figure = cases.plot()
    axis = figure.layout.xaxis
    figure.layout._compound_props.clear()
    with pytest.raises(Unfingerprintable, match="took its place"):
        fingerprint(axis)


def test_previews() -> None:
    assert preview(cases.plot()) == "Figure: 2 traces (bar, scatter)"
    assert preview(go.Figure(go.Bar())) == "Figure: 1 trace (bar)"
    assert preview(go.Figure()) == "Figure: 0 traces"
    assert preview(cases.plot().layout.xaxis) == "XAxis"
