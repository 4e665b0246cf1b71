"""The years of lines whose times have none, when the caller says which year the first one is of."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa

from audit_store.engines.duckdb.connection import Connection
from ingest.formats.line_shape import LineShape
from ingest.importing import arrow_columns, record_sql
from ingest.importing.sources.frames import Frame

YEAR = "year"
HALF_A_YEAR = 6
"""Months: a step back by as many is the next year, a step forward by more a late line of the year before."""


def with_years(
    frames: Iterator[Frame], shape: LineShape, first: int, connection: Connection
) -> Iterator[Frame]:
    """Frames of the groups of lines with a column `year`: `first` up to the first step from December to January."""
    year, month = first, 0
    for frame in frames:
        with connection.cursor() as cursor:
            cursor.register("frame", frame.table)
            lines: pa.Table = cursor.sql(record_sql.opened_lines(shape)).to_arrow_table()
        months = arrow_columns.numbers(lines["month"])
        # A line without a month is of the year of the line before.
        filled = np.maximum.accumulate(np.where(months > 0, np.arange(1, len(months) + 1), 0))
        months = np.concatenate(([month], months))[filled]
        before = np.concatenate(([month], months[:-1]))
        steps = np.where(before > 0, months - before, 0)
        years = year + np.cumsum((steps <= -HALF_A_YEAR).astype(np.int64) - (steps > HALF_A_YEAR))
        if len(years):
            year, month = int(years[-1]), int(months[-1])
        table = lines.drop_columns("month").append_column(YEAR, arrow_columns.integers(years))
        yield replace(frame, table=table)
