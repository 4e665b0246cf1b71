"""What SQL is sure of is what `Event` says, value for value; it may doubt more, never less."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from audit_store.engines.duckdb.store import Connection, scratch
from audit_store.errors import InvalidEvent
from audit_store.event import FIELDS, KEY_NAMESPACE, content_uuid, key_uuid, parse_object
from ingest import formats
from ingest.importing import key_sql, record_sql, staging_sql
from ingest.importing.mapping import ReadOptions, recipe_of
from ingest.importing.parse import record_to_event
from tests.conftest import examples

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
GOOD = {"agent": "support-7", "activity": "Login"}
UUID_KEY = "018F3C5E-9a3b-7c4d-8e5f-0123456789AB"


@pytest.fixture(scope="module")
def con() -> Iterator[Connection]:
    with scratch() as connection:
        yield connection


def stage(con: Connection, raws: list[str], name: str = "jsonl", **options: Any) -> list[dict[str, Any]]:
    """What SQL makes of these records, one dictionary each."""
    recipe = recipe_of(formats.load(name), ReadOptions(**options))
    plain = recipe.plain_fields()
    assert plain is not None
    query = staging_sql.stage(
        record_sql.json_frame(),
        plain,
        recipe.constants,
        rest=recipe.rest,
        fresh=options.get("keys") == "fresh",
        source=recipe.source,
        zone=options.get("timezone"),
        now=NOW,
    )
    con.register("frame", pa.table({"line": pa.array(range(len(raws)), pa.int64()), "raw": raws}))
    rows: list[dict[str, Any]] = con.sql(query.sql, params=query.params).to_arrow_table().to_pylist()
    assert [row["line"] for row in rows] == list(range(len(raws)))
    for row in rows:
        row["event_id"] = str(uuid.UUID(bytes=row["event_id"]))
    return rows


def agree(row: dict[str, Any], raw: str, name: str = "jsonl", **options: Any) -> None:
    """Where SQL is sure, the exact way gives the same event."""
    if not row["certain"]:
        return
    event, fresh_id, timed = record_to_event(
        parse_object("record", raw), recipe_of(formats.load(name), ReadOptions(**options))
    )
    for field in ("agent", "activity", "description", "outcome", "source_ip", "target", "source"):
        assert row[field] == getattr(event, field), field
    assert row["metadata"] == event.metadata
    assert row["occurred_at"] == (event.occurred_at or NOW)
    assert row["timed"] == timed
    if event.key or fresh_id:
        assert row["event_id"] == (str(event.key) if event.key else fresh_id)
    else:
        assert row["event_id"] == str(content_uuid(event.source, raw.strip(" \t\n\r\f")))
    assert row["of_content"] == (event.key is None and fresh_id is None)
    assert row["keyed"] == (event.key is not None or fresh_id is None)


SURE = [
    GOOD,
    GOOD | {"description": 'Ærø ✓ \\ " \n', "outcome": "failure", "source_ip": "::1", "target": ""},
    GOOD | {"occurred_at": "2026-03-14T09:26:53.123456789+05:30", "event_id": "k" * 256, "source": "s" * 128},
    GOOD | {"occurred_at": "1970-01-01T00:00:00Z", "event_id": UUID_KEY},
    GOOD | {"outcome": None, "metadata": None, "target": None},
    GOOD | {"metadata": {"a": "x", "b": 1, "c": -2.5, "d": None, "e": True}},
    GOOD | {"metadata": '{"a": "x", "b": 1}'},
    GOOD | {"metadata": '{"a": "x"}', "target": None},
    GOOD | {"user_agent": "curl", "n": 3},
    GOOD | {"user_agent": "curl", "metadata": {"k": 1}},
    GOOD
    | {
        "metadata": {
            "user": {"id": 1, "roles": ["a", {"id": "\\"}]},
            "device": {"id": [-0.5, 0.25, None, True]},
        }
    },
    GOOD | {"http": {"path": '/"{[', "codes": [200, 0]}, "metadata": {"a": {}, "b": [[]]}},
]


@pytest.mark.parametrize("record", SURE)
def test_ordinary_records_are_surely_right(con: Connection, record: dict[str, Any]) -> None:
    raw = json.dumps(record)
    (row,) = stage(con, [raw])
    assert row["certain"]
    agree(row, raw)


DOUBTFUL = [
    '{"agent":"a","activity":"b",}',
    '{"agent":"a","activity":"b","agent":"c"}',
    '{"agent":"a","activity":"b","metadata":{"x":NaN}}',
    '{"agent":"a","activity":"b","x":Infinity}',
    '{"agent":"a","activity":"b","metadata":{"k":1,"k":2}}',
    '{"agent":"a","activity":"b","metadata":{"k":1},"k":2}',
    '{"agent":"a","activity":"b","metadata":{"deep":{"k":1,"k":2}}}',
    '{"agent":"a","activity":"b","metadata":{"a":{"b":[1,{"k":1,"l":{},"k":2}]}}}',
    '{"agent":"a","activity":"b","x":{"a":[{"k":1,"k":1}]}}',
    '{"agent":"a","activity":"b","metadata":{"a":[1,],"b":1}}',
    '{"agent":"a","activity":"b","metadata":{"a":' + "[" * 16 + "]" * 16 + "}}",
    '{"agent":"a","activity":"b","metadata":"{\\"a\\":1,}"}',
    '{"agent":"a","activity":"b","metadata":"{\\"a\\":[1\\u002c]}"}',
    '{"agent":"a","activity":"b","metadata":"{\\"k\\":1,\\u007d"}',
    '{"agent":"a","activity":"b","metadata":"[]"}',
    '{"agent":"a","activity":"b","metadata":[1]}',
    '{"agent":"a","activity":"b","metadata":{"x":1e999}}',
    '{"agent":5,"activity":"b"}',
    '{"agent":"","activity":"b"}',
    '{"agent":"\\ud800","activity":"b"}',
    '{"agent":"' + "a" * 257 + '","activity":"b"}',
    '{"activity":"b"}',
    '{"agent":"a","activity":"b","outcome":"maybe"}',
    '{"agent":"a","activity":"b","occurred_at":"2026-02-30T00:00:00Z"}',
    '{"agent":"a","activity":"b","occurred_at":"2026-03-14T09:26:53"}',
    '{"agent":"a","activity":"b","occurred_at":"1969-12-31T23:59:59Z"}',
    '{"agent":"a","activity":"b","occurred_at":"2199-12-31T23:59:59-00:01"}',
    '{"agent":"a","activity":"b","occurred_at":"infinity"}',
    '{"agent":"a","activity":"b","occurred_at":17000000}',
    '{"agent":"a","activity":"b","description":"' + "é" * 4097 + '"}',
    '{"agent":"a","activity":"b","event_id":""}',
    "[1]",
    "null",
    "",
    "{",
    '{"agent":"a","activity":"b"} {"agent":"a","activity":"b"}',
]


RARE = [
    '{"agent":"a","activity":"b","metadata":{"a":[1234567890123456]}}',
    '{"agent":"a","activity":"b","metadata":{"a":["\\u0000"]}}',
    '{"agent":"a","activity":"b","metadata":"{\\"a\\": 1}","more":2}',
    '{"agent":"a","activity":"b","metadata":{"a":[' + "1," * 70 + "1]}}",
    '{"agent":"a","activity":"b","metadata":{"a":[[[[[["' + "x" * 1200 + '"]]]]]]}}',
]


def test_whatever_is_not_surely_right_is_doubted(con: Connection) -> None:
    raws = DOUBTFUL + RARE
    rows = stage(con, raws)
    assert [raw for raw, row in zip(raws, rows, strict=True) if row["certain"]] == []
    assert [row["raw"] for row in rows] == raws


@pytest.mark.parametrize("field", [*staging_sql.TEXTS, "occurred_at"])
def test_a_text_is_told_from_what_only_reads_like_it(con: Connection, field: str) -> None:
    others = ["5", "-0", "1.5", "1e5", "1E400", "9" * 30, "true", "false", "[]", "[1]", "{}", '{"a":1}']
    others += ["NaN", "nan", "-Infinity", "inf", "-INF"]
    members = [{"agent": '"a"', "activity": '"b"', field: other} for other in others]
    rows = stage(
        con, ["{" + ",".join(f'"{name}":{text}' for name, text in each.items()) + "}" for each in members]
    )
    assert [other for other, row in zip(others, rows, strict=True) if row["certain"]] == []
    if field not in ("occurred_at", "outcome"):
        raws = [json.dumps(GOOD | {field: other}) for other in others]
        rows = stage(con, raws)
        assert [other for other, row in zip(others, rows, strict=True) if not row["certain"]] == []
        for row, raw in zip(rows, raws, strict=True):
            agree(row, raw)


_naive = datetime.fromisoformat
texts = st.text(max_size=8) | st.sampled_from(
    ["a", "\\", '"', "\x00", "\x1f", "é", "{}", ",}", ": nan", "𝄞", "null"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
times = (
    st.datetimes(_naive("1969-12-30"), _naive("2200-01-02"), timezones=st.timezones()).map(datetime.isoformat)
    | st.datetimes().map(str)
    | st.from_regex(
        r"(19|20|21)\d\d-[01]\d-[0-3]\d[Tt ][0-2]\d:[0-6]\d:[0-6]\d(\.\d{1,9})?([Zz]|[+-][0-2]\d:[0-6]\d)?",
        fullmatch=True,
    )
    | texts
)
flat = st.dictionaries(texts, scalars, max_size=4)
nested = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)
values: dict[str, st.SearchStrategy[Any]] = {
    "agent": texts | st.sampled_from(["x" * 256, "x" * 257, "𝄞" * 256]),
    "activity": texts | st.sampled_from(["x" * 128, "x" * 129]),
    "description": texts | st.sampled_from(["é" * 4096, "é" * 4096 + "x"]),
    "occurred_at": times,
    "outcome": st.sampled_from(["success", "failure", "Success", ""]),
    "source_ip": texts,
    "target": texts | st.sampled_from(["x" * 512, "x" * 513]),
    "source": texts,
    "event_id": texts
    | st.uuids().map(str)
    | st.sampled_from([UUID_KEY, UUID_KEY.replace("-", ""), "x" * 257]),
    "metadata": flat | flat.map(json.dumps) | st.dictionaries(texts, nested, max_size=3) | scalars,
    "other": nested,
    "Agent": texts,
}
known = st.fixed_dictionaries(
    {name: values[name] for name in ("agent", "activity")},
    optional={name: each for name, each in values.items() if name not in ("agent", "activity")},
)
odd = st.dictionaries(st.sampled_from(sorted(values)) | texts, scalars | flat, max_size=6)


@settings(max_examples=examples(80), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists((known | odd).map(json.dumps) | texts, min_size=1, max_size=20))
def test_sql_agrees_with_the_exact_way(con: Connection, raws: list[str]) -> None:
    for row, raw in zip(stage(con, raws), raws, strict=True):
        agree(row, raw)


@settings(max_examples=examples(40))
@given(st.lists(known.map(lambda record: json.dumps(record, ensure_ascii=False)), min_size=1, max_size=20))
def test_sql_agrees_on_mapped_fields(con: Connection, raws: list[str]) -> None:
    options: dict[str, Any] = {
        "map": {"agent": "other", "target": "activity", "event_id": ""},
        "source": "elsewhere",
    }
    raws = [raw for raw in raws if not any("\ud800" <= letter <= "\udfff" for letter in raw)] or ["{}"]
    for row, raw in zip(stage(con, raws, **options), raws, strict=True):
        if row["certain"]:
            event, *_ = record_to_event(
                parse_object("record", raw), recipe_of(formats.load("jsonl"), ReadOptions(**options))
            )
            assert (row["agent"], row["target"], row["source"]) == (event.agent, event.target, event.source)
            assert row["event_id"] == str(content_uuid(event.source, raw))
            assert json.loads(row["metadata"]) == json.loads(event.metadata)


@settings(max_examples=examples(40))
@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    st.lists(st.datetimes(_naive("1971-01-01"), _naive("2037-12-30")).map(datetime.isoformat), min_size=1),
)
@example("Europe/Berlin", ["2024-03-31T02:30:00", "2024-10-27T02:30:00", "2024-07-01 12:00:00.5"])
def test_sql_agrees_on_wall_clocks(con: Connection, zone: str, clocks: list[str]) -> None:
    rows = stage(con, [json.dumps(GOOD | {"occurred_at": clock}) for clock in clocks], timezone=zone)
    for row, clock in zip(rows, clocks, strict=True):
        if row["certain"]:
            assert row["occurred_at"] == datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(zone))


def test_an_ambiguous_wall_clock_is_doubted(con: Connection) -> None:
    clocks = {"2024-03-31T02:30:00": False, "2024-10-27T02:30:00": False, "2024-07-01T12:00:00": True}
    raws = [json.dumps(GOOD | {"occurred_at": clock}) for clock in clocks]
    assert [row["certain"] for row in stage(con, raws, timezone="Europe/Berlin")] == list(clocks.values())


@settings(max_examples=examples(40))
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=128),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=256),
)
@example("", UUID_KEY)
@example("s", UUID_KEY.replace("-", ""))
def test_sql_makes_the_same_keys_as_python(con: Connection, source: str, key: str) -> None:
    (row,) = stage(con, [json.dumps(GOOD | {"source": source, "event_id": key})])
    assert row["event_id"] == str(key_uuid(source, key))


def test_keys_of_repeated_records_are_of_their_key_and_ordinal(con: Connection) -> None:
    first = content_uuid("é", GOOD["agent"])
    con.register("repeated", pa.table({"event_id": [first.bytes], "ordinal": [7]}))
    (made,) = con.sql(key_sql.repeated_keys().sql).fetchall()
    assert made == (uuid.uuid5(KEY_NAMESPACE, f"again 7:{first.hex}").bytes,)


@settings(max_examples=examples(100))
@given(st.lists(st.text(st.sampled_from("ab} \t\n\r\f\v!é\xa0\x1f~"), max_size=6), min_size=1, max_size=20))
def test_white_space_goes_from_both_ends(con: Connection, raws: list[str]) -> None:
    con.register("frame", pa.table({"raw": pa.array(raws, pa.string())}))
    found = con.sql(f"SELECT {record_sql.trimmed('raw')} FROM frame").fetchall()
    assert found == [(raw.strip(" \t\n\r\f"),) for raw in raws]


def test_a_spool_record_keeps_the_id_and_time_of_its_append(con: Connection) -> None:
    appended = (NOW - timedelta(hours=1)).isoformat()
    raw = json.dumps(GOOD | {"fresh_id": UUID_KEY, "appended_at": appended})
    (row,) = stage(con, [raw], "spool", keys="fresh")
    assert (row["certain"], row["keyed"], row["timed"]) == (True, False, False)
    assert (row["event_id"], row["occurred_at"]) == (UUID_KEY.lower(), NOW - timedelta(hours=1))
    agree(row, raw, "spool", keys="fresh")


def test_fresh_keys_are_of_version_7(con: Connection) -> None:
    rows = stage(con, [json.dumps(GOOD)] * 2, keys="fresh")
    assert {uuid.UUID(row["event_id"]).version for row in rows} == {7}
    assert len({row["event_id"] for row in rows}) == 2
    assert [row["keyed"] for row in rows] == [False, False]


def test_the_fields_of_an_event_are_those_that_sql_knows() -> None:
    assert set(FIELDS) == {*staging_sql.TEXTS, "occurred_at", "metadata"}


def test_the_exact_way_refuses_what_sql_doubts_for_good_reason() -> None:
    recipe = recipe_of(formats.load("jsonl"), ReadOptions())
    for raw in DOUBTFUL:
        with pytest.raises(InvalidEvent):
            record_to_event(parse_object("record", raw), recipe)
