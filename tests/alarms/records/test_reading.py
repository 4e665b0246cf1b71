"""Records are read as they were written: the newest revision, the worst first, from any store."""

import json
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest

from alarms.records import reading
from alarms.records.record import Reason
from alarms.records.rows import as_row, from_row
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from audit_store.errors import AuditStoreError
from audit_store.ranges import Period
from tests.alarms.records.recorded import AT, HOUR, ID, record, write
from tests.test_version_0_1_0 import ARCHIVE

OTHER = ID.replace("1", "2")


@pytest.fixture
def recorded(store: Store) -> Store:
    """A store with an alarm that grew."""
    write(store, record(), record(revision=2, change="grew", total=97, ends_at=AT + 2 * HOUR))
    return store


def test_a_record_is_read_as_it_was_written(store: Store) -> None:
    write(store, record(), record(id=OTHER, peak=None, expected=None, upper=None, agent="", agents=()))
    assert reading.record(store, ID) == record()
    assert reading.record(store, OTHER) == record(
        id=OTHER, peak=None, expected=None, upper=None, agent="", agents=()
    )
    assert reading.record(store, "unknown") is None


def test_a_share_of_an_earlier_version_has_no_successes() -> None:
    row = as_row(record())
    shares = [
        {name: value for name, value in one.items() if name != "succeeded"}
        for one in json.loads(row["agents"])
    ]
    assert from_row(row | {"agents": json.dumps(shares)}) == record()


def test_the_newest_revision_is_listed_and_all_are_history(recorded: Store) -> None:
    [newest] = reading.records(recorded)
    assert (newest.revision, newest.total) == (2, 97)
    assert reading.record(recorded, ID) == newest
    assert [alarm.total for alarm in reading.history(recorded, ID)] == [41, 97]


@pytest.mark.parametrize(
    ("start", "end", "is_listed"),
    [
        (None, None, True),
        (AT + HOUR, None, True),
        (AT + 2 * HOUR, None, False),
        (None, AT, False),
        (None, AT + timedelta(microseconds=1), True),
    ],
)
def test_alarms_that_touch_a_period_are_listed(
    recorded: Store, start: object, end: object, is_listed: bool
) -> None:
    period = Period(start, end)  # type: ignore[arg-type]
    assert [alarm.id for alarm in reading.records(recorded, period)] == [ID] * is_listed


def test_withdrawn_alarms_are_listed_on_request_only(recorded: Store) -> None:
    write(recorded, record(revision=3, status="withdrawn", change="withdrawn: not above its limit"))
    assert reading.records(recorded) == []
    assert [alarm.revision for alarm in reading.records(recorded, with_withdrawn=True)] == [3]


def test_the_worst_alarm_is_first(store: Store) -> None:
    [reason] = record().reasons
    ranked = [
        record(
            id="a", severity="critical", score=1.0, reasons=(Reason("api key", "API key copied followed"),)
        ),
        record(id="a2", severity="critical", score=50.0, reasons=(reason, reason)),
        record(id="b", severity="high", reasons=(reason, reason), score=2.0),
        record(id="c", severity="high", score=99.0),
        record(id="d", severity="high", score=98.0),
        record(id="e", severity="medium", score=500.0),
        record(id="f", severity="low", score=500.0),
    ]
    write(store, *reversed(ranked))
    assert [alarm.id for alarm in reading.records(store)] == ["a", "a2", "b", "c", "d", "e", "f"]


def test_progress_is_that_of_the_last_stretch(store: Store) -> None:
    with store.write():
        pass
    assert reading.progress(store) == reading.Progress(None, 0, None, "")
    write(store)
    write(store)
    assert reading.progress(store) == reading.Progress(AT, 5, AT + HOUR, "")


def test_a_revision_is_stored_once_and_what_came_with_it_not_at_all(recorded: Store) -> None:
    with pytest.raises(AuditStoreError):
        write(recorded, record(id=OTHER), record())
    assert reading.record(recorded, OTHER) is None


def test_any_client_can_query_the_view(recorded: Store) -> None:
    rows = recorded.run(
        Query(
            'SELECT a.id, s.name FROM alarms a, unnest(from_json(a.addresses, \'[{"name": "VARCHAR"}]\')) AS t(s)'
        )
    )
    assert rows.to_numpy().tolist() == [[ID, "203.0.113.9"]]


@pytest.mark.parametrize("older", ["0.1.0", "with roll-ups"])
def test_an_older_store_has_no_records_until_it_is_written(store: Store, older: str, tmp_path: Path) -> None:
    if older == "0.1.0":
        with tarfile.open(ARCHIVE) as archive:
            archive.extractall(tmp_path, filter="data")
        store = Store(next(tmp_path.rglob("audit.duckdb")))
    else:
        with store.write() as connection:
            connection.execute("DROP VIEW alarms")
            connection.execute("DROP TABLE alarm_revisions")
    assert reading.records(store) == []
    assert reading.progress(store).judged_at is None
    write(store, record())
    assert reading.records(store) == [record()]
