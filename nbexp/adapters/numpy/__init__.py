"""Adapters for numpy: arrays and their kinds, scalars, dtypes, ufuncs, random generators."""

from __future__ import annotations

import numpy as np

from nbexp.adapters.base import Adapter
from nbexp.adapters.numpy.arrays import ArrayAdapter, Detached, DetachedAdapter, MemmapAdapter, SubclassAdapter
from nbexp.adapters.numpy.dtypes import DtypeAdapter
from nbexp.adapters.numpy.masked import MaskedAdapter, MaskedConstantAdapter
from nbexp.adapters.numpy.random import (
    BitGeneratorAdapter,
    GeneratorAdapter,
    RandomStateAdapter,
    SeedSequenceAdapter,
)
from nbexp.adapters.numpy.scalars import RecordAdapter, ScalarAdapter, UfuncAdapter

__all__ = ["ADAPTERS", "BASES"]

#: Exact types; subclasses follow `BASES`.
ADAPTERS: dict[type | str, Adapter] = {
    np.ndarray: ArrayAdapter(),
    Detached: DetachedAdapter(),
    np.matrix: SubclassAdapter(),
    np.recarray: SubclassAdapter(),
    np.memmap: MemmapAdapter(),
    np.ma.MaskedArray: MaskedAdapter(),
    type(np.ma.masked): MaskedConstantAdapter(),
    np.ufunc: UfuncAdapter(),
    np.void: RecordAdapter(),
    np.record: RecordAdapter(),
    np.random.Generator: GeneratorAdapter(),
    np.random.RandomState: RandomStateAdapter(),
    np.random.SeedSequence: SeedSequenceAdapter(),
}

BASES: tuple[tuple[type, Adapter], ...] = (
    (np.memmap, MemmapAdapter()),
    (np.ma.MaskedArray, MaskedAdapter()),
    (np.ndarray, SubclassAdapter()),
    (np.dtype, DtypeAdapter()),
    (np.void, RecordAdapter()),
    (np.generic, ScalarAdapter()),
    (np.random.BitGenerator, BitGeneratorAdapter()),
)
