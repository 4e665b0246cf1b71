"""Parquet files → frames."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit_store.errors import InvalidFormat
from ingest.importing.arrow_columns import integers
from ingest.importing.sources.frames import FRAME_BYTES, Frame

BATCH_ROWS = 100_000
_INT64_DIGITS = 18


def parquet_rows(file: Path | BinaryIO) -> Iterator[Frame]:
    """Every row is a record, numbered from 1. Raises InvalidFormat for a file that is not Parquet.

    Decimals that are no integers of 64 bits become text, and so do NaN and infinities within structs, lists and maps:
    JSON has neither.
    """
    rows_before = 0
    try:
        content = pq.ParquetFile(file)
        names = tuple(content.schema_arrow.names)
        for batch in content.iter_batches(batch_size=_batch_rows(content.metadata)):
            lines = integers(np.arange(rows_before + 1, rows_before + 1 + batch.num_rows))
            rows_before += batch.num_rows
            labels = [f"c{index}" for index in range(batch.num_columns)]
            columns = pa.table([lines, *map(_for_json, batch.columns)], names=["line", *labels])
            yield Frame(columns, names=names)
    except pa.ArrowNotImplementedError as error:
        raise InvalidFormat(
            f"a type or a compression in this Parquet file is not supported; write it with another one ({error})"
        ) from error
    except (pa.ArrowInvalid, OSError) as error:
        where = (
            f"damaged after row {rows_before:,}" if rows_before else "damaged, cut off or of another format"
        )
        raise InvalidFormat(f"not a readable Parquet file: it is {where}; copy or write it again") from error


def _batch_rows(metadata: pq.FileMetaData) -> int:
    """As many rows as a frame may have bytes, by the mean of the file."""
    groups = (metadata.row_group(index) for index in range(metadata.num_row_groups))
    size = sum(group.total_byte_size for group in groups)
    return min(BATCH_ROWS, max(1, FRAME_BYTES * metadata.num_rows // max(1, size)))


def _for_json(column: "pa.Array[Any]") -> "pa.Array[Any]":
    """The same values in types whose JSON is exact."""
    if pa.types.is_nested(column.type):
        column = column.cast(_exact(column.type))
        return _json_texts(column) if _has_non_finite(column) else column
    return column.cast(_exact(column.type))


def _exact(kind: pa.DataType) -> pa.DataType:
    """The type with decimals as integers of 64 bits, where that suffices, or as text."""
    if pa.types.is_decimal(kind):
        is_integer = kind.scale == 0 and kind.precision <= _INT64_DIGITS
        return pa.int64() if is_integer else pa.string()
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_exact(field.type)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(_exact(kind.key_type), _exact(kind.item_type))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_exact(kind.value_type))
    return kind


def _has_non_finite(column: Any) -> bool:
    if pa.types.is_floating(column.type):
        return bool(pc.any(pc.invert(pc.is_finite(column))).as_py())
    if pa.types.is_struct(column.type):
        return any(map(_has_non_finite, column.flatten()))
    if pa.types.is_map(column.type):
        return _has_non_finite(column.keys) or _has_non_finite(column.items)
    return pa.types.is_nested(column.type) and _has_non_finite(column.flatten())


def _json_texts(column: "pa.Array[Any]") -> "pa.Array[Any]":
    values = column.to_pylist(maps_as_pydicts="lossy")
    texts = [None if value is None else json.dumps(_named(value), default=str) for value in values]
    return pa.array(texts, pa.json_())


def _named(value: Any) -> Any:
    """The value with the names of numbers that JSON does not have."""
    if isinstance(value, dict):
        return {name: _named(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_named(member) for member in value]
    if isinstance(value, float) and value - value != 0:
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value
