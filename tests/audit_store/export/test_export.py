"""An export holds exactly the events of its filter, in order, and gives their values back."""

import csv
import io
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.conditions import condition
from audit_store.engines.duckdb.store import Store
from audit_store.engines.registry import accept
from audit_store.errors import AuditStoreError, InvalidFormat, StoreNotFound
from audit_store.event import COLUMNS, Event
from audit_store.export import export as export_module
from audit_store.export.encoders import CSV_COLUMNS, FORMATS
from audit_store.export.export import export, export_to, pieces, plan
from audit_store.export.formulas import neutral
from audit_store.export.ocsf import ocsf
from audit_store.export.verify import check
from audit_store.filters import EventFilter
from audit_store.local_time import local_text
from audit_store.ranges import Period
from ingest.__main__ import main as ingest
from tests.conftest import RECORDED_AT, Fill, examples

MakeStore = Callable[[Iterable[Event]], Store]
START = datetime(2026, 3, 8, tzinfo=UTC)
ALL = EventFilter()
FORMULAS = "=+-@\t\r\n＝＋－＠"
TEXTS = [
    "=1+2",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=x",
    "\r=x",
    "  =HYPERLINK(0)",
    '"=1"',
    "'=1",
    "''=1",
    "＝1",
    "\u200b=1",
    "plain",
    'a "quoted", cell',
    "two\nlines",
    "car\rriage\r\nreturn",
    "nul\0 \x1b",
    "été 🙂 \u202e\u2028",
    ";a|b",
    "'plain",
]


def hostile(place: int) -> Event:
    text = TEXTS[place % len(TEXTS)]
    return Event(
        agent=text,
        activity=TEXTS[(place * 7 + 3) % len(TEXTS)],
        description=TEXTS[(place * 3 + 1) % len(TEXTS)],
        occurred_at=START + timedelta(hours=place, microseconds=place),
        outcome=(None, "success", "failure")[place % 3],
        source_ip=(None, "203.0.113.9")[place % 2],
        target=(None, text)[place % 2],
        source=("", "billing")[place % 2],
        metadata=('{"a": [1, 2.50],\n "b":"=1"}', "{}", '{"big":12345678901234567890.0}')[place % 3],
    )


@pytest.fixture(scope="module")
def world(make_store: MakeStore) -> Store:
    return make_store(hostile(place) for place in range(60))


def exported_bytes(where: EventFilter, fmt: str, store: Store) -> bytes:
    content = io.BytesIO()
    export(where, content, fmt, store)
    return content.getvalue()


def stored(store: Store, where: EventFilter = ALL) -> list[dict[str, Any]]:
    """The events of a filter as plain values, in order."""
    selected, params = condition(where)
    with duckdb.connect(str(store.path), read_only=True) as connection:
        rows = connection.execute(f"SELECT * FROM events WHERE {selected} ORDER BY seq", params).fetchall()
    names = list(COLUMNS)
    return [dict(zip(names, row, strict=True)) for row in rows]


def plain(cell: str) -> str:
    """A cell without the apostrophe that `neutral` put before it."""
    return cell[1:] if cell.startswith("'") and neutral(cell[1:]) == cell else cell


def csv_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def expected_cells(event: dict[str, Any]) -> list[str]:
    texts = [event[name] or "" for name in CSV_COLUMNS[5:]]
    return [str(event["seq"]), str(event["event_id"]), *texts]


def read_cells(row: dict[str, str]) -> list[str]:
    return [row["seq"], row["event_id"], *(plain(row[name]) for name in CSV_COLUMNS[5:])]


def test_csv_gives_every_value_back(world: Store) -> None:
    content = exported_bytes(ALL, "csv", world)
    rows = csv_rows(content)
    assert tuple(rows[0]) == CSV_COLUMNS
    assert [read_cells(row) for row in rows] == [expected_cells(event) for event in stored(world)]
    assert content.startswith(b"seq,event_id,")
    assert content.endswith(b"\r\n")


def test_duckdb_reads_the_same_csv(world: Store, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_bytes(exported_bytes(ALL, "csv", world))
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT * FROM read_csv($file, header = true, all_varchar = true)",
            {"file": str(file)},
        ).fetchall()
    rows = [{name: cell or "" for name, cell in zip(CSV_COLUMNS, row, strict=True)} for row in found]
    assert [read_cells(row) for row in rows] == [expected_cells(event) for event in stored(world)]


def test_no_cell_is_a_formula(world: Store) -> None:
    for row in csv_rows(exported_bytes(ALL, "csv", world)):
        for cell in row.values():
            assert not cell.lstrip(' "\u200b').startswith(tuple(FORMULAS)), cell


@given(st.text(alphabet=st.sampled_from([*FORMULAS, *" '\"`“\u200b\xa0\0ab,"]), max_size=6))
def test_a_neutral_cell_is_no_formula_and_can_be_undone(text: str) -> None:
    cell = neutral(text)
    assert plain(cell) == text
    assert cell in (text, "'" + text)
    assert not cell.strip(' "`“\u200b\xa0\0').startswith(tuple(FORMULAS))


def choice(values: list[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.just(()) | st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True).map(tuple)


def moment(hours: float | None) -> datetime | None:
    return None if hours is None else START.replace(tzinfo=None) + timedelta(hours=hours)


filters = st.builds(
    EventFilter,
    period=st.builds(
        lambda a, b: Period(moment(a), moment(b)),
        st.sampled_from([None, 0.5, 20]),
        st.sampled_from([None, 1, 41.25]),
    ),
    agent=choice(TEXTS),
    outcome=choice(["success", "failure", "none"]),
    not_activity=choice(TEXTS),
    q=st.sampled_from(["", "e", "PLAIN", "=", "'", "203.0"]),
    tz=st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"]),
)


@settings(max_examples=examples(40))
@given(where=filters, fmt=st.sampled_from(sorted(FORMATS)))
def test_an_export_is_exactly_its_filter(world: Store, where: EventFilter, fmt: str) -> None:
    content = exported_bytes(where, fmt, world)
    ids = [str(event["event_id"]) for event in stored(world, where)]
    assert len(ids) == world.run(queries.summary(where))["events"][0]
    assert ids_in(content, fmt) == ids


def ids_in(content: bytes, fmt: str) -> list[str]:
    if fmt == "csv":
        return [row["event_id"] for row in csv_rows(content)]
    if fmt == "parquet":
        found: list[str] = pq.read_table(io.BytesIO(content))["event_id"].to_pylist()
        return found
    events = [json.loads(line) for line in content.decode().split("\n")[:-1]]
    return [event["metadata"]["uid"] if fmt == "ocsf" else event["event_id"] for event in events]


@pytest.mark.parametrize("fmt", ["jsonl", "parquet"])
def test_an_export_can_be_imported_again(
    world: Store, tmp_path: Path, fmt: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, other = tmp_path / f"events.{fmt}", Store(tmp_path / "other.duckdb")
    export_to(file, ALL, fmt, world)
    for stored_now in (60, 0):
        assert ingest(["import", str(file), "--store", str(other.path)]) == 0
        assert f"stored {stored_now}, duplicate {60 - stored_now}" in capsys.readouterr().out
    own = [{name: event[name] for name in event if name != "recorded_at"} for event in stored(other)]
    assert own == [{name: event[name] for name in event if name != "recorded_at"} for event in stored(world)]


def test_parquet_times_are_instants(world: Store) -> None:
    table = pq.ParquetFile(io.BytesIO(exported_bytes(ALL, "parquet", world)))
    kind = json.loads(
        table.schema.column(table.schema_arrow.names.index("occurred_at")).logical_type.to_json()
    )
    assert (kind["isAdjustedToUTC"], kind["timeUnit"]) == (True, "microseconds")
    assert table.read()["occurred_at"].to_pylist()[5] == START + timedelta(hours=5, microseconds=5)


LOCAL = [
    ("2026-03-08T12:00:00.000001", "Asia/Kolkata", "2026-03-08T17:30:00.000001+05:30"),
    ("2026-03-08T06:59:59", "America/New_York", "2026-03-08T01:59:59.000000-05:00"),
    ("2026-03-08T07:00:00", "America/New_York", "2026-03-08T03:00:00.000000-04:00"),
    ("2026-03-08T12:00:00", "UTC", "2026-03-08T12:00:00.000000+00:00"),
    ("1971-01-01T00:00:00", "Africa/Monrovia", "1970-12-31T23:16:00.000000-00:44"),
]


@pytest.mark.parametrize(("utc", "zone", "local"), LOCAL)
def test_local_times_are_rfc_3339(utc: str, zone: str, local: str) -> None:
    moment = datetime.fromisoformat(utc)
    assert local_text(moment, ZoneInfo(zone)) == local
    assert datetime.fromisoformat(local) == moment.replace(tzinfo=UTC)


def test_an_export_is_a_snapshot(store: Store, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_module, "MOST_EVENTS", 1000)
    few = [Event(agent=f"agent {place}", activity="Login") for place in range(2600)]
    fill(store, few)
    planned = plan(ALL, store)
    assert (planned.events, planned.seqs) == (2600, (0, 2599))
    assert [seq_range.events for seq_range in planned.ranges] == [512, 512, 512, 512, 552]
    monkeypatch.setattr(export_module, "MOST_EVENTS", 1100)
    assert [seq_range.events for seq_range in plan(ALL, store).ranges] == [1024, 1024, 552]
    lines = b""
    for piece in pieces(planned, "jsonl"):
        if piece.events and not lines:
            fill(store, few[:3])  # a fold gets its turn while the export is under way
        lines += piece.data
    assert [json.loads(line)["agent"] for line in lines.splitlines()] == [event.agent for event in few]
    assert plan(ALL, store).events == 2603


def test_long_texts_make_short_ranges(store: Store, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_module, "MOST_BYTES", 1 << 20)
    fill(store, (Event(agent="a", activity="b", description="x" * 4000) for _ in range(1024)))
    assert [seq_range.events for seq_range in plan(ALL, store).ranges] == [512, 512]


@pytest.mark.parametrize(
    ("accepted", "message"), [(False, "is another store"), (True, "was replaced during the export")]
)
def test_a_store_replaced_meanwhile_stops_the_export(
    store: Store, fill: Fill, make_store: MakeStore, accepted: bool, message: str
) -> None:
    fill(store, [hostile(1), hostile(2)])
    planned = plan(ALL, store)
    make_store([hostile(3), hostile(4)]).path.replace(store.path)
    if accepted:
        accept(store.path)
    with pytest.raises(AuditStoreError, match=message):
        list(pieces(planned, "csv"))


def test_a_file_appears_whole_or_not_at_all(store: Store, fill: Fill, tmp_path: Path) -> None:
    file = tmp_path / "out" / "events.csv"
    file.parent.mkdir()
    with pytest.raises(StoreNotFound):
        export_to(file, ALL, "csv", store)
    assert list(file.parent.iterdir()) == []
    file.write_text("as it was")
    with pytest.raises(InvalidFormat, match="unknown format 'excel'; give one of csv, jsonl, parquet, ocsf"):
        export_to(file, ALL, "excel", fill(store, [hostile(1)]))
    assert [path.read_text() for path in file.parent.iterdir()] == ["as it was"]
    made = export_to(file, ALL, "csv", store, by="Ada")
    assert sorted(path.name for path in file.parent.iterdir()) == ["events.csv", "events.csv.manifest.json"]
    assert (made.events, made.exported_by, made.file) == (1, "Ada", "events.csv")
    assert check(file) == []


@pytest.mark.parametrize("fmt", sorted(FORMATS))
def test_nothing_is_exported_as_a_file_without_events(world: Store, tmp_path: Path, fmt: str) -> None:
    file = tmp_path / "none"
    made = export_to(file, EventFilter(agent=("nobody",)), fmt, world)
    assert (made.events, made.first_seq, made.last_seq) == (0, None, None)
    assert ids_in(file.read_bytes(), fmt) == []
    assert check(file) == []


# activity, target, class, activity_id, activity_name
OCSF = [
    ("Login", None, 3002, 1, "Logon"),
    ("ConsoleLogin", None, 3002, 1, "Logon"),
    ("Signed out", None, 3004, 99, "Signed out"),
    ("Logout", None, 3002, 2, "Logoff"),
    ("User deleted", "bob", 3001, 6, "Delete"),
    ("Staff role updated", "bob", 3001, 99, "Staff role updated"),
    ("Journey deleted", "welcome", 3004, 4, "Delete"),
    ("Journey saved", None, 3004, 3, "Update"),
    ("Campaign created", None, 3004, 1, "Create"),
    ("API key copied", None, 3004, 2, "Read"),
    ("Something new", None, 3004, 99, "Something new"),
]


@pytest.mark.parametrize(("activity", "target", "class_uid", "activity_id", "name"), OCSF)
def test_ocsf_says_what_it_must(
    activity: str, target: str | None, class_uid: int, activity_id: int, name: str
) -> None:
    event = {
        "seq": 7,
        "event_id": "id",
        "agent": "ada",
        "activity": activity,
        "description": "",
        "outcome": "failure",
        "source_ip": "203.0.113.9",
        "target": target,
        "source": "",
        "metadata": "{}",
        "occurred_at": datetime.fromisoformat("2026-03-08T00:00:00.001999"),
        "recorded_at": RECORDED_AT.replace(tzinfo=None),
    }
    found = ocsf(event)
    kind = (found["class_uid"], found["activity_id"], found["activity_name"], found["type_uid"])
    assert kind == (class_uid, activity_id, name, class_uid * 100 + activity_id)
    assert (found["category_uid"], found["severity_id"], found["status_id"]) == (3, 1, 2)
    assert found["time"] == 1772928000001
    assert found["metadata"]["original_time"] == "2026-03-08T00:00:00.001999Z"
    assert (found["metadata"]["version"], found["metadata"]["uid"]) == ("1.1.0", "id")
    assert {"name", "vendor_name"} <= set(found["metadata"]["product"])
    assert (found["actor"]["user"]["name"], found["src_endpoint"]["ip"]) == ("ada", "203.0.113.9")
    required = {3002: ("user", "service"), 3001: ("user",), 3004: ("entity",)}[class_uid]
    assert all(found[attribute]["name"] for attribute in required)
