"""Appended lines become the rows that the checked way makes of them; damaged ones are refused."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_store.engines.duckdb.store import Connection, scratch
from audit_store.errors import InvalidEvent
from audit_store.event import Event
from ingest import formats
from ingest.importing.record_reader import ReadOptions, read
from ingest.rows import ROW_SCHEMA
from ingest.spool.appended_lines import appended_rows
from ingest.spool.event_line import event_line

KEY = "018f3c5e-9a3b-7c4d-8e5f-0123456789ab"
LINE: dict[str, Any] = {
    "agent": "ada",
    "activity": "Login",
    "appended_at": "2026-03-14T09:26:53+00:00",
    "fresh_id": KEY,
}

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
events = st.builds(
    Event,
    agent=texts.filter(len),
    activity=texts.filter(len),
    description=texts,
    occurred_at=st.none()
    | st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
    outcome=st.sampled_from([None, "success", "failure"]),
    source_ip=st.none() | texts,
    target=st.none() | texts,
    source=texts,
    event_id=st.none() | texts.filter(len) | st.uuids().map(str) | st.just(KEY.upper()),
    metadata=st.dictionaries(
        texts, st.none() | st.integers() | texts | st.lists(st.floats(-1e9, 1e9)), max_size=3
    ).map(json.dumps),
)


@pytest.fixture(scope="module")
def con() -> Iterator[Connection]:
    with scratch() as connection:
        yield connection


def text(*lines: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def checked_rows(lines: bytes) -> list[dict[str, Any]]:
    """What the checked way makes of the same lines."""
    chunks = list(read(io.BytesIO(lines), formats.load("spool"), ReadOptions(keys="fresh")))
    assert [reject for chunk in chunks for reject in chunk.rejects] == []
    return [row for chunk in chunks for row in chunk.rows.to_pylist()]


@settings(max_examples=12)
@given(st.lists(events, min_size=1, max_size=20))
def test_appended_lines_are_read_as_the_checked_way_reads_them(
    con: Connection, appended: list[Event]
) -> None:
    lines, event_ids = zip(*map(event_line, appended), strict=True)
    content = b"".join(line + b"\n" for line in lines)
    rows = appended_rows(content)
    assert rows.schema == ROW_SCHEMA
    assert rows.to_pylist() == checked_rows(content)
    assert [str(event_id) for event_id in rows["event_id"].to_pylist()] == list(event_ids)
    assert [row["metadata"] for row in rows.to_pylist()] == [event.metadata for event in appended]


WRONG = {
    "torn": text(LINE)[:-20] + b"\n",
    "no line end within": text(LINE).rstrip(b"\n") + text(LINE),
    "two objects and a blank line": text(LINE).rstrip(b"\n") + text(LINE) + b"\n",
    "no text": b"\0\0\0\n",
    "not UTF-8": text(LINE).replace(b"ada", b"\xff"),
    "another type": text(LINE | {"agent": 5}),
    "an unknown field": text(LINE | {"colour": "red"}),
    "a field twice": text(LINE).replace(b'"activity"', b'"agent"'),
    "no agent": text({name: value for name, value in LINE.items() if name != "agent"}),
    "no id": text(LINE | {"fresh_id": None}),
    "a short id": text(LINE | {"fresh_id": KEY[:-1]}),
    "an id with a letter": text(LINE | {"fresh_id": KEY[:-1] + "g"}),
    "an id with a space": text(LINE | {"fresh_id": KEY[:-1] + " "}),
    "an id without a hyphen": text(LINE | {"fresh_id": KEY.replace("-", "0", 1)}),
    "a key that is no UUID": text(LINE | {"event_id": "order 66"}),
    "no time": text(LINE | {"appended_at": None}),
    "a time without an offset": text(LINE | {"appended_at": "2026-03-14T09:26:53"}),
    "a time before 1970": text(LINE | {"occurred_at": "1969-12-31T23:59:59+00:00"}),
    "a time after 2199": text(LINE | {"occurred_at": "2200-01-01T00:00:00+00:00"}),
    "metadata that is no JSON": text(LINE | {"metadata": '{"a":1,}'}),
    "metadata that is no object": text(LINE | {"metadata": "[1]"}),
    "metadata that is too deep": text(LINE | {"metadata": '{"a":' + "[" * 9999}),
    "nothing": b"",
}


@pytest.mark.parametrize("lines", WRONG.values(), ids=WRONG)
def test_what_append_does_not_write_is_refused(lines: bytes) -> None:
    with pytest.raises(ValueError):
        appended_rows(lines)
    with pytest.raises(ValueError):
        appended_rows(text(LINE) + lines + text(LINE) if lines else b"\n")


damages = st.tuples(st.integers(0, 400), st.integers(0, 3), st.binary(max_size=3))


@settings(max_examples=60)
@given(events, st.lists(damages, min_size=1, max_size=3))
def test_a_damaged_line_is_refused_or_can_be_stored(
    con: Connection, event: Event, changes: list[tuple[int, int, bytes]]
) -> None:
    line = event_line(event)[0]
    for position, length, replacement in changes:
        line = line[:position] + replacement + line[position + length :]
    try:
        rows = appended_rows(line + b"\n")
    except ValueError:
        return
    assert rows.num_rows == 1
    con.register("rows", pa.table({"metadata": rows["metadata"], "moment": rows["occurred_at"]}))
    assert con.execute("SELECT metadata::JSON, moment::TIMESTAMP FROM rows").fetchall() != []


def test_lengths_are_judged_with_the_rows() -> None:
    rows = appended_rows(text(LINE | {"agent": "a" * 1000}))
    assert rows["agent"].to_pylist() == ["a" * 1000]
    with pytest.raises(InvalidEvent):
        Event(agent="a" * 1000, activity="Login")


def test_lines_longer_than_a_block_of_the_reader_are_joined_to_one_table() -> None:
    lines = text(*({**LINE, "description": f"{number:08}" * 1000} for number in range(3000)))
    rows = appended_rows(lines)
    assert rows["line"].to_pylist() == list(range(1, 3001))
    assert rows["occurred_at"].to_pylist() == [datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)] * 3000
