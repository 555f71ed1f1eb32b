from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.express as px
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tests.adapters.conformance import Case


def plot(title: str = "t", last: float = 3.0, colour: str = "red") -> Any:
    figure = go.Figure([go.Bar(y=[1, 2, last]), go.Scatter(y=np.arange(3.0), marker={"color": colour, "size": 4})])
    figure.update_layout(title=title, barmode="group", xaxis={"title": "x", "range": [0, 3]})
    return figure.add_annotation(x=1, y=2, text="here")


def looked_at() -> Any:
    figure = plot()
    figure.data[1].marker.line.color, figure.layout.template.layout.font, figure.layout.annotations[0].font
    figure.to_json()
    return figure


def set_in_another_order() -> Any:
    figure = go.Figure([go.Bar(y=[1, 2, 3.0]), go.Scatter(marker={"size": 4})])
    figure.data[1].marker.color = "red"
    figure.data = ()
    figure.add_traces([go.Bar(y=[1, 2, 3.0]), go.Scatter(marker={"size": 4, "color": "red"}, y=np.arange(3.0))])
    figure.update_layout(xaxis={"range": [0, 3], "title": "x"}, barmode="group", title="t")
    return figure.add_annotation(text="here", y=2, x=1)


def held(trace: int = 0) -> list[Any]:
    figure = plot()
    return [figure, figure.data[trace], figure.layout.xaxis, figure.layout.annotations[0]]


def without(part: str) -> Any:
    figure = plot()
    if part == "trace":
        figure.data = figure.data[:1]
    elif part == "template":
        figure.layout.template = None
    else:
        figure.layout[part] = None
    return figure


def reversed_traces() -> Any:
    figure = plot()
    figure.data = figure.data[::-1]
    return figure


def lines(last: float = 4.0, template: str = "plotly") -> Any:
    frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": [1.5, 2, 3, last], "c": ["x", "x", "y", "y"]})
    return px.line(frame, x="a", y="b", color="c", template=template)


def moving(last: float = 3.0) -> Any:
    frames = [go.Frame(data=[go.Bar(y=np.array([1, last]))], name="one", layout={"xaxis2": {"title": {"text": "k"}}})]
    return go.Figure(go.Bar(y=[1, 2]), frames=frames)


def grid(column: int = 2) -> Any:
    figure = make_subplots(1, 2, subplot_titles=["a", "b"])
    return figure.add_trace(go.Heatmap(z=np.eye(3)), row=1, col=column)


CASES = (
    Case(
        "figure",
        plot,
        same=(looked_at, set_in_another_order),
        different=(
            *(lambda: plot("u"), lambda: plot(last=4.0), lambda: plot(colour="blue"), go.Figure, reversed_traces),
            *(lambda: without("trace"), lambda: without("template"), lambda: without("annotations")),
            *(lambda: plot(last=np.float64(3.0)).update_traces(y=np.array([1, 2, 3.0])), plot("u").to_dict),
        ),
        mutate=lambda figure: figure.add_trace(go.Pie(values=[1, 2])),
        copied=False,  # plotly writes arrays as text when it copies
    ),
    Case(
        "layout changed",
        lambda: plot("layout changed"),
        mutate=lambda figure: figure.update_layout(title="new", xaxis2={"title": "k"}, legend={"x": 1}),
        copied=False,
    ),
    Case(
        "annotation added",
        lambda: plot("annotation added"),
        mutate=lambda figure: figure.add_annotation(x=3, text="there"),
        copied=False,
    ),
    Case(
        "data changed",
        lambda: plot("data changed"),
        mutate=lambda figure: figure.update_traces(y=np.ones(4), marker_color="green"),
        copied=False,
    ),
    Case(
        "traces turned round",
        lambda: plot("traces turned round"),
        mutate=lambda figure: setattr(figure, "data", figure.data[::-1]),
        copied=False,
    ),
    Case(
        "trace removed",
        lambda: plot("trace removed"),
        mutate=lambda figure: setattr(figure, "data", figure.data[1:]),
        copied=False,
    ),
    Case(
        "layout replaced",
        lambda: plot("layout replaced"),
        mutate=lambda figure: setattr(figure, "layout", go.Layout(width=90)),
        copied=False,
    ),
    Case(
        "express figure",
        lines,
        different=(lambda: lines(5.0), lambda: lines(template="plotly_dark")),
        mutate=lambda figure: figure.update_xaxes(title="new"),
        copied=False,
    ),
    Case(
        "figure with frames",
        moving,
        different=(lambda: moving(4.0),),
        mutate=lambda figure: figure.frames[0].update(name="two", data=[go.Bar(y=[1]), go.Scatter(y=[1])]),
        copied=False,
    ),
    Case(
        "subplots",
        grid,
        different=(lambda: grid(1),),
        mutate=lambda figure: figure.add_scatter(y=[1], row=1, col=1),
        copied=False,
    ),
    Case(
        "figure and its parts",
        held,
        different=(
            lambda: held(1),
            lambda: [plot(), plot().data[0], plot().layout.xaxis, plot().layout.annotations[0]],
        ),
        mutate=lambda parts: parts[2].update(title="new"),
        copied=False,
    ),
    Case(
        "trace of a figure",
        lambda: plot().data[1],
        different=(lambda: plot().data[0], lambda: go.Scatter(plot().data[1])),
        mutate=lambda trace: trace.marker.update(color="green"),
        copied=False,
    ),
    Case(
        "part of a trace",
        lambda: plot().data[1].marker,
        different=(lambda: plot().layout.xaxis, lambda: plot(colour="blue").data[1].marker),
        mutate=lambda marker: marker.update(color="green"),
        copied=False,
    ),
    Case(
        "trace without a figure",
        lambda: go.Bar(y=[1, 2], marker={"color": "red"}),
        same=(lambda: go.Bar(marker_color="red", y=[1, 2]),),
        different=(lambda: go.Bar(y=[1, 2]), lambda: go.Scatter(y=[1, 2], marker={"color": "red"})),
        mutate=lambda trace: trace.marker.update(color="green"),
    ),
    Case(
        "layout without a figure",
        lambda: go.Layout(title="t", xaxis3={"title": "k"}),
        different=(lambda: go.Layout(title="t"),),
        mutate=lambda layout: layout.update(annotations=[{"text": "a"}]),
    ),
    Case("axis", lambda: go.layout.XAxis(title="t"), different=(lambda: go.layout.YAxis(title="t"),)),
    Case("colour bar", lambda: go.bar.marker.ColorBar(x=1), different=(lambda: go.bar.marker.ColorBar(x=2),)),
)
