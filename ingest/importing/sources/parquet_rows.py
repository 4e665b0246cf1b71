"""Parquet files → frames."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audit_store.errors import InvalidFormat
from ingest.importing.arrow_columns import integers
from ingest.importing.sources.frames import FRAME_BYTES, Frame

BATCH_ROWS = 100_000


def parquet_rows(file: Path | BinaryIO) -> Iterator[Frame]:
    """Every row is a record, numbered from 1. Raises InvalidFormat for a file that is not Parquet."""
    try:
        content = pq.ParquetFile(file)
        names = tuple(content.schema_arrow.names)
        rows_before = 0
        for batch in content.iter_batches(batch_size=_batch_rows(content.metadata)):
            lines = integers(np.arange(rows_before + 1, rows_before + 1 + batch.num_rows))
            rows_before += batch.num_rows
            labels = [f"c{index}" for index in range(batch.num_columns)]
            columns = pa.Table.from_batches([batch]).rename_columns(labels)
            yield Frame(columns.add_column(0, "line", lines), names=names)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise InvalidFormat(f"not a readable Parquet file: {error}") from error


def _batch_rows(metadata: pq.FileMetaData) -> int:
    """As many rows as a frame may have bytes, by the mean of the file."""
    groups = (metadata.row_group(index) for index in range(metadata.num_row_groups))
    size = sum(group.total_byte_size for group in groups)
    return min(BATCH_ROWS, max(1, FRAME_BYTES * metadata.num_rows // max(1, size)))
