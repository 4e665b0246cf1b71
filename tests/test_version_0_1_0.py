"""A store of version 0.1.0, its spool and the files beside it, read by the present code."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from alarms.triage.states import set_state, states
from audit_store.__main__ import main as audit_store
from audit_store.state import deliveries
from audit_store.store_files import waiting_events
from dashboard.filters import saved_views
from ingest import append
from ingest.fold import fold
from ingest.rejects import count_rejects
from tests import ROOT
from tests.alarms.triage.records import record
from tests.fixtures.version_0_1_0.make_files import COLUMNS

ARCHIVE = ROOT / "tests" / "fixtures" / "version_0_1_0" / "files.tar.xz"
WAITING = 4 + 3 + 3 + 3 + 2  # bulk, batch, finished, open, of another program

Row = dict[str, Any]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """The store of version 0.1.0, with all files beside it."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "audit.duckdb"


@pytest.fixture
def expected(store: Path) -> Row:
    """The events that version 0.1.0 had stored, and those that it made of the spool."""
    events: Row = json.loads(store.with_name("expected.json").read_text(encoding="utf-8"))
    return events


@pytest.fixture
def kept(store: Path) -> Iterator[None]:
    """The files of marks, views and deliveries stay as they are, whatever the test does."""
    files = [
        store.with_name(f"{store.name}.{name}") for name in ("marks.jsonl", "views.json", "deliveries.jsonl")
    ]
    before = [file.read_bytes() for file in files]
    yield
    assert [file.read_bytes() for file in files] == before


def rows(store: Path) -> list[Row]:
    """The events by `seq`, as in expected.json."""
    with duckdb.connect(str(store), read_only=True) as connection:
        relation = connection.sql(f"SELECT {COLUMNS} FROM events ORDER BY seq")
        return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def by_id(events: list[Row]) -> list[Row]:
    """The events without `seq`, in an order that does not depend on it."""
    return sorted(
        ({name: value for name, value in event.items() if name != "seq"} for event in events),
        key=lambda event: str(event["event_id"]),
    )


def test_its_events_are_read_and_exported(
    store: Path, expected: Row, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rows(store) == expected["folded"]
    assert audit_store(["export", "--format", "jsonl", "--range", "all", "--store", str(store)]) == 0
    exported = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event_id"] for event in exported] == [event["event_id"] for event in expected["folded"]]


def test_its_spool_is_folded_to_exactly_the_same_events(store: Path, expected: Row) -> None:
    assert waiting_events(store) == WAITING
    report = fold(store)
    counts = {name: getattr(report, name) for name in ("stored", "duplicates", "conflicts", "rejected")}
    assert counts == expected["report"]
    events = rows(store)
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert events[: len(expected["folded"])] == expected["folded"]
    assert by_id(events[len(expected["folded"]) :]) == by_id(expected["waiting"])
    assert waiting_events(store) == 0
    assert count_rejects(store) == 3


def test_a_folded_segment_is_not_folded_again(store: Path, expected: Row) -> None:
    with duckdb.connect(str(store), read_only=True) as connection:
        folded = [name for (name,) in connection.execute("SELECT name FROM folded_segments").fetchall()]
    assert len(folded) == 4
    spool = store.with_name(f"{store.name}.spool")
    segment = folded[0]
    line = {
        "event_id": "18c5a4b2-6d5e-4c3b-8f00-1234567890ab",
        "agent": "left by a kill",
        "activity": "Login",
    }
    (spool / f"{segment}.ndjson").write_text(json.dumps(line) + "\n")
    assert fold(store).stored == expected["report"]["stored"]
    assert not any(event["agent"] == "left by a kill" for event in rows(store))


def test_new_events_follow_its_events(store: Path, expected: Row) -> None:
    append(
        store=store,
        agent="key-1",
        activity="API key copied",
        event_id="request-17",
        source="billing",
        fold=False,
    )
    event_id = append(store=store, agent="new", activity="Login", fold=False)
    report = fold(store)
    assert report.stored == expected["report"]["stored"] + 1
    assert event_id in {event["event_id"] for event in rows(store)}


@pytest.mark.usefixtures("kept")
def test_its_marks_are_read_and_followed_by_states(store: Path) -> None:
    told = [(state.state, state.note, state.by) for state in states(store).history(record())]
    assert told == [("incident", "Called back: ünal", "rita")]
    other = record("support-8")
    assert [state.state for state in states(store).history(other)] == ["acknowledged", "open"]
    set_state(store, record(), "expected")
    assert [state.state for state in states(store).history(record())] == ["incident", "expected"]


@pytest.mark.usefixtures("kept")
def test_its_views_are_read_changed_and_deleted(store: Path) -> None:
    views = {
        "Failures": {"range": ["30d"], "outcome": ["failure"]},
        "Über uns": {"tz": ["Europe/Berlin"], "activity": ["Login", "User deleted"], "q": ["ü"]},
    }
    assert saved_views.load(store) == views
    saved_views.delete(store, "Failures")
    assert saved_views.load(store) == {"Über uns": views["Über uns"]}


@pytest.mark.usefixtures("kept")
def test_its_deliveries_are_known_so_that_nothing_is_sent_twice(store: Path) -> None:
    before = deliveries.read(store, "webhook example.org")
    assert [(each.message.spans[0]["agent"], each.is_delivered) for each in before] == [
        ("support-7", True),
        ("support-9", False),
    ]
    deliveries.acknowledge(store, before[1])
    assert all(each.is_delivered for each in deliveries.read(store, "webhook example.org"))
