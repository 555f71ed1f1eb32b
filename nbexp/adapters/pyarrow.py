"""Arrow arrays and tables: content is types and values; how they are cut into chunks or lie in memory is not.

An exception are types that hold floating point numbers: their sums depend on the chunks in the last bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nbexp.adapters.base import Adapter, Node, Storing
from nbexp.adapters.content import Content, joined


def type_content(kind: Any) -> Any:
    """An Arrow type as a plain tree: exact, with the names and metadata of nested fields."""
    if kind.num_fields == 0 and not isinstance(kind, (pa.BaseExtensionType, pa.DictionaryType)):
        return str(kind)
    return str(kind), pa.schema([pa.field("", kind)]).serialize().to_pybytes()


def arrow_content(array: Any) -> Content:
    """What an Arrow array or chunked array is made of."""
    chunks: tuple[int, ...] = ()
    if isinstance(array, pa.ChunkedArray):
        if array.num_chunks > 1 and _order_matters(array.type):
            chunks = tuple(len(chunk) for chunk in array.chunks if len(chunk))
        array = array.chunk(0) if array.num_chunks == 1 else pa.concat_arrays(array.chunks or [_empty(array.type)])
    values = _values(array)
    return Content((type_content(array.type), len(array), chunks, values.meta), values.buffers, values.children)


def _empty(kind: Any) -> Any:
    return pa.array([], kind)


def _order_matters(kind: Any) -> bool:
    return bool(pa.types.is_floating(kind)) or kind.num_fields > 0


def _values(array: Any) -> Content:
    """The values of one array, by the family of its type; what no family fits becomes Python objects."""
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        return _values(array.storage)
    if pa.types.is_null(kind):
        return Content("null")
    if pa.types.is_dictionary(kind):
        return joined([_values(array.indices), arrow_content(array.dictionary)])
    if kind in _TEXTS:
        return _text(array)
    if pa.types.is_struct(kind):
        return joined([_validity(array), *(arrow_content(field) for field in array.flatten())])
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return joined([_validity(array), _values(pc.fill_null(pc.list_value_length(array), 0)), _flat(array)])
    if pa.types.is_fixed_size_list(kind):
        return joined([_validity(array), _flat(array)])
    if pa.types.is_boolean(kind):
        filled = array.fill_null(False) if array.null_count else array
        return joined([_validity(array), Content("bits", (filled.to_numpy(zero_copy_only=False).view(np.uint8),))])
    if pa.types.is_primitive(kind) or pa.types.is_decimal(kind) or pa.types.is_fixed_size_binary(kind):
        return joined([_validity(array), _fixed(array)])
    return Content("objects", (), (tuple(array.to_pylist()),))


#: Offsets into less text than this fit into 32 bits.
_SHORT_TEXT = 1 << 31

_TEXTS = frozenset({pa.string(), pa.large_string(), pa.binary(), pa.large_binary()})


def _validity(array: Any) -> Content:
    if not array.null_count:
        return Content("all")
    return Content("some", (array.is_valid().to_numpy(zero_copy_only=False).view(np.uint8),))


def _flat(array: Any) -> Content:
    return arrow_content(array.flatten())


def _fixed(array: Any) -> Content:
    """Values of equal width, as one piece of memory in which nulls are zero."""
    width = array.type.bit_width // 8
    start, stop = array.offset * width, (array.offset + len(array)) * width
    memory = _bytes_of(array.buffers()[1])[start:stop]
    if array.null_count:
        memory = memory.copy()
        memory.reshape(-1, width)[~array.is_valid().to_numpy(zero_copy_only=False)] = 0
    return Content("fixed", (memory,))


def _text(array: Any) -> Content:
    """Strings or bytes: where each ends, counted from the first, and all of them as one piece of memory."""
    validity = _validity(array)
    if array.null_count:
        array = array.fill_null("" if pa.types.is_string(array.type) or pa.types.is_large_string(array.type) else b"")
    if not len(array):
        return joined([validity, Content("text")])
    _, ends, memory = array.buffers()
    width = np.int64 if array.type in (pa.large_string(), pa.large_binary()) else np.int32
    offsets = _bytes_of(ends).view(width)[array.offset : array.offset + len(array) + 1]
    first, last = int(offsets[0]), int(offsets[-1])
    rebased = offsets - first if first else offsets
    if last - first < _SHORT_TEXT and width is np.int64:
        rebased = rebased.astype(np.int32)  # half as much to hash; how many bytes there are tells which it was
    text = _bytes_of(memory)[first:last]
    return joined([validity, Content("text", (rebased[1:].view(np.uint8), text))])


def _bytes_of(buffer: Any) -> np.ndarray[Any, Any]:
    return np.frombuffer(buffer, np.uint8) if buffer is not None and buffer.size else np.empty(0, np.uint8)


class ArrowAdapter(Adapter):
    """What the Arrow adapters have in common: the values are immutable, so a copy may be the object itself."""

    def content(self, value: Any) -> Content:
        """What `value` is made of."""
        raise NotImplementedError

    def describe(self, value: Any) -> Node:
        content = self.content(value)
        tag = f"pyarrow.{type(value).__qualname__}"
        return Node(tag, content.meta, content.buffers, content.children, mutable=False)

    def detach(self, value: Any) -> Any:
        return value


class ArrayAdapter(ArrowAdapter):
    """A `pyarrow.Array` or `pyarrow.ChunkedArray`."""

    def content(self, value: Any) -> Content:
        return arrow_content(value)

    def reduce(self, value: Any, storing: Storing) -> Any:
        """Without the memory before and after a slice."""
        return _compact(value).__reduce_ex__(5)

    def preview(self, value: Any) -> str:
        return f"{type(value).__qualname__} {str(value.type)[:30]}, {len(value):,} values"


def _compact(array: Any) -> Any:
    if isinstance(array, pa.ChunkedArray) or array.get_total_buffer_size() <= 2 * array.nbytes + 256:
        return array
    return array.take(pa.array(range(len(array)), pa.int64()))


class TableAdapter(ArrowAdapter):
    """A `pyarrow.Table` or `pyarrow.RecordBatch`: its schema with all metadata, and the columns."""

    def content(self, value: Any) -> Content:
        columns = joined(arrow_content(column) for column in value.columns)
        schema = value.schema.serialize().to_pybytes()
        return Content((schema, value.num_rows, columns.meta), columns.buffers, columns.children)

    def preview(self, value: Any) -> str:
        return f"{type(value).__qualname__} {value.num_rows:,} rows x {value.num_columns:,} columns"


class TypeAdapter(ArrowAdapter):
    """A `pyarrow.DataType`, `pyarrow.Field` or `pyarrow.Schema`."""

    def content(self, value: Any) -> Content:
        if isinstance(value, pa.DataType):
            return Content(type_content(value))
        schema = value if isinstance(value, pa.Schema) else pa.schema([value])
        return Content(schema.serialize().to_pybytes())

    def preview(self, value: Any) -> str:
        return str(value).replace("\n", ", ")[:80]


class ScalarAdapter(ArrowAdapter):
    """A `pyarrow.Scalar`."""

    def content(self, value: Any) -> Content:
        return Content(type_content(value.type), (), (value.as_py(),))

    def preview(self, value: Any) -> str:
        return str(value)[:80]


class BufferAdapter(ArrowAdapter):
    """A `pyarrow.Buffer`: bytes."""

    def content(self, value: Any) -> Content:
        return Content(value.size, (_bytes_of(value),))

    def preview(self, value: Any) -> str:
        return f"Buffer of {value.size:,} bytes"


ADAPTERS: dict[type | str, Adapter] = {}

BASES: tuple[tuple[type, Adapter], ...] = (
    (pa.Array, ArrayAdapter()),
    (pa.ChunkedArray, ArrayAdapter()),
    (pa.Table, TableAdapter()),
    (pa.RecordBatch, TableAdapter()),
    (pa.DataType, TypeAdapter()),
    (pa.Field, TypeAdapter()),
    (pa.Schema, TypeAdapter()),
    (pa.Scalar, ScalarAdapter()),
    (pa.Buffer, BufferAdapter()),
)
