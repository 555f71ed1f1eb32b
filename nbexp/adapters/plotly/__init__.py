"""Figures of plotly and their parts.

What a figure shows lies in plain dicts, which the figure and parts without one own. In which order their keys were set
is no content, though it comes back. The objects in front of the dicts have an identity: a trace that a variable holds
stays the figure's own. Plotly makes those further in when they are asked for: they are told by where they lie.
"""

from __future__ import annotations

from plotly.basedatatypes import BasePlotlyType

from nbexp.adapters.base import Adapter
from nbexp.adapters.plotly.figures import FigureAdapter, PartAdapter
from nbexp.adapters.plotly.objects import FIGURE

__all__ = ["ADAPTERS", "BASES"]

ADAPTERS: dict[type | str, Adapter] = {FIGURE: FigureAdapter()}

BASES: tuple[tuple[type, Adapter], ...] = ((BasePlotlyType, PartAdapter()),)
