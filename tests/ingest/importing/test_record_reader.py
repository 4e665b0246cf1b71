"""Any input file becomes rows and rejects: nothing is lost, nothing comes twice, each bad line is named."""

import gzip
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from audit_store.engines.duckdb.store import Connection, OutOfMemory, scratch
from audit_store.errors import InvalidEvent, InvalidFormat
from audit_store.event import content_uuid
from ingest import formats
from ingest.importing import record_reader, staging_sql
from ingest.importing.mapping import Recipe
from ingest.importing.record_reader import Chunk, ReadOptions, read
from ingest.importing.sources import frames
from tests.ingest.importing.records import GOOD, ids, lines_of, take

TIMED = b'{"agent":"a","activity":"b","occurred_at":"2024-01-01T00:00:00Z"}'


@pytest.mark.parametrize(
    ("content", "good"),
    [
        (b"", []),
        (b"\n\n", []),
        (GOOD, [1]),
        (GOOD + b"\n", [1]),
        (b"\xef\xbb\xbf" + GOOD + b"\r\n" + GOOD + b"\r\n", [1, 2]),
        (b"\n  \n" + GOOD + b"\n\n" + GOOD, [3, 5]),
    ],
)
def test_line_ends_blank_lines_and_byte_order_marks(content: bytes, good: list[int]) -> None:
    rows, rejects = take(content)
    assert (lines_of(rows), rejects) == (good, [])


BAD = [
    (b"nonsense", "it must be a JSON object"),
    (b"[]", "it must be a JSON object"),
    (b'{"agent":"caf\xe9","activity":"b"}', "it must be UTF-8, and byte 14 is 0xe9"),
    (b'{"agent":"' + b"x" * (1 << 20) + b'","activity":"b"}', "at most 1048576 bytes"),
    (b'{"agent":"a","activity":"b","outcome":"no"}', "outcome: 'no' is not allowed"),
    (b'{"agent":"a","agent":"b","activity":"b"}', "duplicate key"),
    (b'{"agent":"a","activity":"b","n":NaN}', "NaN and Infinity are not valid JSON"),
    (b'{"agent":"a","activity":"b","n":1,"metadata":{"n":1}}', "in its metadata and beside it"),
    (b'{"agent":"a","activity":"b","metadata":"{}}"}', "metadata: "),
    (b'{"activity":"b"}', "agent is missing: the record has no agent, but activity: "),
]


@pytest.mark.parametrize(("line", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_a_bad_line_is_named_and_the_others_stay(line: bytes, reason: str) -> None:
    rows, (reject,) = take(GOOD + b"\n" + line + b"\n" + GOOD)
    assert lines_of(rows) == [1, 3]
    assert reject.line == 2
    assert reason in reject.reason
    assert reject.raw == line.decode(errors="backslashreplace")[: len(reject.raw)]
    assert 0 < len(reject.raw) <= 2010


def test_null_means_not_given() -> None:
    record = dict.fromkeys(("description", "outcome", "source_ip", "event_id", "metadata", "occurred_at"))
    (row,), _ = take(json.dumps({"agent": "a", "activity": "b", **record}).encode(), source="here")
    assert (row["description"], row["outcome"], row["source"], row["metadata"]) == ("", None, "here", "{}")
    assert row["timed"] is False
    assert abs(row["occurred_at"] - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("record", "metadata"),
    [
        ({"metadata": {"a": 1}}, '{"a":1}'),
        ({"metadata": '{ "a":  1.0 }'}, '{ "a":  1.0 }'),
        ({"metadata": {"a": {"b": [1, {}]}}}, '{"a":{"b":[1,{}]}}'),
        ({"metadata": {"a": 1}, "b": {"c": None}}, '{"a":1,"b":{"c":null}}'),
        ({"metadata": '{"a": 1}', "b": 2}, '{"a":1,"b":2}'),
        ({"b": "é", "Agent": 1.5}, '{"b":"é","Agent":1.5}'),
    ],
)
def test_unknown_keys_join_the_metadata(record: dict[str, Any], metadata: str) -> None:
    (row,), _ = take(json.dumps({"agent": "a", "activity": "b"} | record).encode())
    assert json.loads(row["metadata"]) == json.loads(metadata)
    if "b" not in record:
        assert row["metadata"] == metadata


def test_a_file_read_twice_gives_the_same_keys(tmp_path: Path) -> None:
    content = b"\n".join([GOOD, GOOD, b'{"agent":"a","activity":"b","x":{"y":1}}'] * 3)
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    plain.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    first, second, third = (ids(take(source)[0]) for source in (plain, packed, content))
    assert first == second == third
    assert len(set(first)) == 9
    assert ids(take(content + b"\n" + GOOD)[0])[:9] == first
    assert set(ids(take(content, source="other")[0])).isdisjoint(first)


def test_identical_records_are_counted_across_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "same.jsonl"
    file.write_bytes((GOOD + b"\n") * 50)
    whole = ids(take(file)[0])
    monkeypatch.setattr(frames, "FRAME_ROWS", 7)
    assert ids(take(file)[0]) == ids(take(file.read_bytes())[0]) == whole
    assert len(set(whole)) == 50


@pytest.mark.parametrize("rows_a_frame", [4, 1000])
def test_a_key_of_content_is_the_same_whichever_way_it_is_made(
    monkeypatch: pytest.MonkeyPatch, rows_a_frame: int
) -> None:
    other = '{"agent":"é","activity":"b","source":"s","metadata":{"k":"\x7f𝄞","l":[1]}}'.encode()
    lines = [GOOD, b" " + GOOD + b"\t", GOOD + b"\r", other, GOOD[:-1] + b',"event_id":"k"}', b"[]", other]
    content = b"\n".join(lines * 3)
    monkeypatch.setattr(frames, "FRAME_ROWS", rows_a_frame)
    quick, _ = take(content, source="s 1")
    monkeypatch.setattr(Recipe, "plain_fields", lambda _: None)
    exact, rejects = take(content, source="s 1")
    for name in ("line", "event_id", "keyed", "source"):
        assert [row[name] for row in quick] == [row[name] for row in exact]
    assert (len(rejects), len(set(ids(exact)))) == (3, 16)
    assert ids(exact)[0] == content_uuid("s 1", GOOD.decode())


def test_what_memory_does_not_hold_at_once_is_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def small() -> Iterator[Connection]:
        with scratch() as connection:
            connection.execute("SET memory_limit = '24MB'")
            yield connection

    monkeypatch.setattr(record_reader, "scratch", small)
    record = GOOD[:-1] + b',"metadata":{"a":[' + b",".join([b"1"] * 64) + b"]}}"
    rows, rejects = take(b"\n".join([record] * 6000))
    assert (lines_of(rows), rejects) == (list(range(1, 6001)), [])
    assert len(set(ids(rows))) == 6000


def test_a_record_that_memory_does_not_hold_is_named_by_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OutOfMemory("Out of Memory Error: failed to allocate data")

    monkeypatch.setattr(staging_sql, "stage", full)
    with pytest.raises(InvalidFormat, match=r"^line 2: the record takes more memory than an import may use"):
        take(b"\n" + GOOD)


def test_fresh_keys_are_new_each_time() -> None:
    nested = b'{"agent":"a","activity":"b","x":{"y":1}}'
    rows = [row for _ in range(2) for row in take(GOOD + b"\n" + nested, keys="fresh")[0]]
    assert len(set(ids(rows))) == 4
    assert not any(row["keyed"] for row in rows)


def test_gzip_that_breaks_off_keeps_the_members_before() -> None:
    lines = [b'{"agent":"%d","activity":"b"}\n' % number for number in range(20_000)]
    members = [gzip.compress(b"".join(lines[start : start + 5_000])) for start in range(0, 20_000, 5_000)]
    rows, [reject] = take(b"".join(members)[:-9])
    assert lines_of(rows) == list(range(1, 15_001))
    assert "its gzip data is damaged: it ends within a member" in reject.reason
    assert reject.line == len(rows) + 1


def test_progress_is_counted_in_bytes_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(GOOD * 1))
    *_, last = read(path, formats.load("jsonl"), ReadOptions())
    assert isinstance(last, Chunk)
    assert last.bytes_done == path.stat().st_size


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"map": {"who": "user"}}, "who=user"),
        ({"map": {"agent": "$.a..b"}}, r"\$\.a\.\.b"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], word: str) -> None:
    with pytest.raises(InvalidFormat, match=word):
        take(GOOD, **options)


def test_a_source_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidEvent, match="source"):
        take(GOOD, source="x" * 129)


@pytest.mark.parametrize(
    "record", [{"at": "2024-10-27T02:30:00"}, {"at": "2024-10-27 02:30:00.5", "deep": {"a": {}}}]
)
def test_a_time_without_offset_needs_a_zone(record: dict[str, Any]) -> None:
    content = json.dumps({"agent": "a", "activity": "b"} | record).encode()
    _, (reject,) = take(content, map={"occurred_at": "at"})
    assert "name the time zone" in reject.reason
    (row,), _ = take(content, map={"occurred_at": "at"}, timezone="Europe/Berlin")
    assert row["occurred_at"].replace(microsecond=0) == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)


def test_fields_may_come_from_elsewhere() -> None:
    record = {"user": {"name": "ann"}, "code": 4624, "activity": "x", "id": "k", "event_id": "800"}
    options: dict[str, Any] = {"map": {"agent": "$.user.name", "activity": "code", "event_id": ""}}
    (row,), _ = take(json.dumps(record).encode(), **options)
    assert (row["agent"], row["activity"]) == ("ann", "4624")
    assert json.loads(row["metadata"]) == {
        "user": {"name": "ann"},
        "activity": "x",
        "id": "k",
        "event_id": "800",
    }


def test_a_spool_line_that_sql_doubts_keeps_its_id() -> None:
    key = UUID("018f3c5e-9a3b-7c4d-8e5f-0123456789ab")
    record = {"agent": "a", "activity": "b", "fresh_id": str(key), "appended_at": "2026-01-01T00:00:00Z"}
    deep = record | {"metadata": {"a": {"b": 1}}}
    bad = record | {"fresh_id": "7"}
    content = "\n".join(map(json.dumps, (record, deep, bad))).encode()
    rows, (reject,) = take(content, "spool", keys="fresh")
    assert [(row["event_id"], row["keyed"], row["timed"]) for row in rows] == [(key, False, False)] * 2
    assert {row["occurred_at"] for row in rows} == {datetime(2026, 1, 1, tzinfo=UTC)}
    assert reject.reason.startswith("fresh_id: '7'")


def test_a_pipe_can_be_read() -> None:
    incoming, outgoing = os.pipe()
    with os.fdopen(outgoing, "wb") as writer:
        writer.write(gzip.compress(GOOD))
    with os.fdopen(incoming, "rb") as pipe:
        (chunk,) = [each for each in read(pipe, formats.load("jsonl"), ReadOptions(now=True)) if each.read]
    assert chunk.rows.num_rows == 1


DATA = Path(os.environ.get("AUDIT_TEST_DATA", ""))


@pytest.mark.skipif("AUDIT_TEST_DATA" not in os.environ, reason="AUDIT_TEST_DATA names no folder")
def test_naturally_broken_lines(tmp_path: Path) -> None:
    index = [line.split("\t") for line in (DATA / "malformed" / "index.tsv").read_text().splitlines()]
    bad = {int(line): why for line, why, *_ in index if why != "good-context"}
    declaration = tmp_path / "mixed.toml"
    declaration.write_text(
        """
        kind = "jsonl"
        [fields]
        agent = ["Hostname", "computer_name", "Computer", "DeviceName", "$.host.name", "TenantId"]
        activity = ["EventID", "event_id", "ActionType", "Type"]
        occurred_at = ["@timestamp", "TimeGenerated"]
        """
    )
    found = {True: "not-utf8", False: "not-one-json-object-per-line"}
    rows, rejects = take(DATA / "malformed" / "malformed_lines.jsonl.bin", str(declaration), timezone="UTC")
    assert {reject.line: found["UTF-8" in reject.reason] for reject in rejects} == bad
    assert len(rows) == 257


@pytest.mark.parametrize(
    ("fmt", "content"),
    [
        ("jsonl", b'{"agent":"a","activity":"b","timestamp":"2024-01-01T00:00:00Z"}\n' + TIMED),
        ("json", b'[{"agent":"a","activity":"b"},' + TIMED + b"]"),
        ("csv", b"agent,activity,occurred_at\na,b,\na,b,2024-01-01T00:00:00Z\n"),
    ],
)
def test_an_event_without_a_time_is_rejected_unless_it_is_to_get_the_time_of_the_reading(
    fmt: str, content: bytes
) -> None:
    rows, [reject] = take(content, fmt, now=False)
    assert len(rows) == 1
    assert reject.reason.startswith("occurred_at is missing: ")
    assert "--map occurred_at=" in reject.reason
    assert "--now" in reject.reason
    rows, rejects = take(content, fmt, now=True)
    assert ([row["timed"] for row in rows], rejects) == ([False, True], [])


def test_an_address_from_another_column_is_cleaned() -> None:
    cells = ["192.0.2.1:55", "[2001:db8::1]:3", "192.0.2.9", "2001:db8::5", "-", ""]
    lines = "".join(f'a,b,2026-03-14T09:26:53Z,"{cell}"\n' for cell in cells)
    columns = {"agent": "who", "activity": "what", "occurred_at": "at", "source_ip": "ip"}
    rows, rejects = take(f"who,what,at,ip\n{lines}".encode(), "csv", map=columns)
    assert rejects == []
    cleaned = ["192.0.2.1", "2001:db8::1", "192.0.2.9", "2001:db8::5", None, None]
    assert [row["source_ip"] for row in rows] == cleaned
    assert [json.loads(row["metadata"]).get("ip") for row in rows] == [*cells[:2], None, None, "-", None]


def test_a_number_of_thousands_of_digits_is_refused_in_words_of_json() -> None:
    [reject] = take(GOOD[:-1] + b',"n":' + b"9" * 5000 + b"}")[1]
    assert "a number must have at most 4,300 digits" in reject.reason
