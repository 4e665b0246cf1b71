"""The rows of segments are judged by the rules of an event, all at once."""

import json
from collections.abc import Callable
from datetime import UTC
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from audit_store import event
from audit_store.errors import InvalidEvent
from audit_store.event import BODY, Event
from ingest.importing import arrow_columns
from ingest.rows import ROW_SCHEMA

_LENGTHS = {
    "agent": (1, event.AGENT_MAX),
    "activity": (1, event.ACTIVITY_MAX),
    "source_ip": (0, event.SOURCE_IP_MAX),
    "target": (0, event.TARGET_MAX),
    "source": (0, event.SOURCE_MAX),
}
_BYTES = {"description": event.DESCRIPTION_MAX_BYTES, "metadata": event.METADATA_MAX_BYTES}
_FILLED = arrow_columns.text("-")
_OUTCOMES = arrow_columns.texts(list(event.OUTCOMES))
_TIMES = round(event.EARLIEST.timestamp()) * 1_000_000, round(event.LATEST.timestamp()) * 1_000_000 - 1
_Positions: TypeAlias = "npt.NDArray[np.int64]"


def check_form(rows: pa.Table, count: int | None) -> None:
    """Raise ValueError unless there are `count` rows, every text is UTF-8 and no required value is missing.

    `rows` has ROW_SCHEMA or CODED_SCHEMA.
    """
    if rows.num_rows != count:
        raise ValueError(f"its name says {count} rows, and it has {rows.num_rows}")
    rows.validate(full=True)
    for field in ROW_SCHEMA:
        if not field.nullable and rows[field.name].null_count:
            raise ValueError(f"{field.name} is missing in a row")


def refused(rows: pa.Table, *, metadata: bool) -> dict[int, str]:
    """The rows, by position, that are no valid events, and the reason for each.

    `rows` has the columns of ROW_SCHEMA or CODED_SCHEMA. With `metadata` the text of each is parsed; otherwise only its
    size is checked.
    """
    suspects = _outside_limits(rows)
    if metadata:
        suspects = np.union1d(suspects, _bad_metadata(rows["metadata"]))
    reasons = {position: _reason(rows.slice(position, 1)) for position in suspects.tolist()}
    return {position: reason for position, reason in reasons.items() if reason is not None}


def as_text(row: pa.Table) -> str:
    """One row as JSON, for the list of rejects."""
    return json.dumps(_values(row), ensure_ascii=False, default=str)


def _outside_limits(rows: pa.Table) -> _Positions:
    # A text of few bytes has few characters; to count these takes longer.
    outside = [
        _of_coded(rows[name], partial(_of_length, least=least, most=most))
        for name, (least, most) in _LENGTHS.items()
    ]
    outside += [_not_between(pc.binary_length(rows[name]), 0, most) for name, most in _BYTES.items()]
    outside.append(_not_between(rows["occurred_at"].cast(pa.int64()), *_TIMES))
    outside.append(_of_coded(rows["outcome"], _not_outcomes))
    # Without the counts, NumPy loads its masked arrays, which takes a tenth of a second.
    return np.unique(np.concatenate(outside), return_counts=True)[0]


def _of_coded(texts: Any, outside: Callable[[Any], _Positions]) -> _Positions:
    """Those of the texts that are `outside` the limits; coded ones are decoded only where one of their values is."""
    if not pa.types.is_dictionary(texts.type):
        return outside(texts)
    if not any(len(outside(pa.chunked_array([chunk.dictionary]))) for chunk in texts.chunks):
        return np.empty(0, np.int64)
    return outside(texts.cast(pa.string()))


def _not_outcomes(texts: Any) -> _Positions:
    return _positions(pc.invert(pc.or_(pc.is_null(texts), pc.is_in(texts, _OUTCOMES))))


def _of_length(texts: Any, least: int, most: int) -> _Positions:
    filled = pc.coalesce(texts, _FILLED)
    if not len(_not_between(pc.binary_length(filled), least, most)):
        return np.empty(0, np.int64)
    return _not_between(pc.utf8_length(filled), least, most)


def _not_between(values: Any, least: int, most: int) -> _Positions:
    numbers = arrow_columns.numbers(values)
    return np.flatnonzero((numbers < least) | (numbers > most))


def _positions(marked: Any) -> _Positions:
    positions: npt.NDArray[np.uint64] = np.from_dlpack(pc.indices_nonzero(marked))  # type: ignore[assignment]
    return positions.astype(np.int64)


def _bad_metadata(texts: Any) -> _Positions:
    bad = [text for text in map(str, pc.unique(texts).to_pylist()) if not _is_metadata(text)]
    return _positions(pc.is_in(texts, arrow_columns.texts(bad))) if bad else np.empty(0, np.int64)


def _is_metadata(text: str) -> bool:
    try:
        if text != "{}":
            event.check_metadata(text)
    except InvalidEvent:
        return False
    return True


def _reason(row: pa.Table) -> str | None:
    try:
        Event(**_values(row))
    except InvalidEvent as error:
        return error.reason
    return None


def _values(row: pa.Table) -> dict[str, Any]:
    values = {name: row[name][0].as_py() for name in BODY}
    try:
        moment = row["occurred_at"][0].as_py().astimezone(UTC)
    except (ValueError, OverflowError):  # a year that Python has no date for
        moment = f"{row['occurred_at'].cast(pa.int64())[0].as_py()} µs since 1970"
    return values | {"occurred_at": moment}
