"""Adapters for pandas: frames, series, indexes, arrays, single values, dtypes and groupings."""

from __future__ import annotations

import pandas as pd

from nbexp.adapters.base import Adapter
from nbexp.adapters.pandas.extension import ArrayAdapter
from nbexp.adapters.pandas.frames import FrameAdapter
from nbexp.adapters.pandas.indexes import GROUPINGS, IndexAdapter
from nbexp.adapters.pandas.scalars import SCALARS, DtypeAdapter, OffsetAdapter

ADAPTERS: dict[type | str, Adapter] = {**SCALARS, pd.DataFrame: FrameAdapter(), pd.Series: FrameAdapter()}

BASES: tuple[tuple[type, Adapter], ...] = (
    (pd.DataFrame, FrameAdapter()),
    (pd.Series, FrameAdapter()),
    (pd.Index, IndexAdapter()),
    (pd.api.extensions.ExtensionArray, ArrayAdapter()),
    (pd.api.extensions.ExtensionDtype, DtypeAdapter()),
    (pd.tseries.offsets.BaseOffset, OffsetAdapter()),
    *GROUPINGS,
)
