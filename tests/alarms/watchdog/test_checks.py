"""What the watchdog finds wrong, in real stores, spools and deliveries."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import ingest
from alarms.watchdog import checks
from alarms.watchdog.checks import DELIVERY, FOLDING, SOURCE, Fault
from audit_store.engines.duckdb.store import Store
from audit_store.errors import AuditStoreError
from audit_store.local_time import now
from audit_store.state import deliveries
from audit_store.state.deliveries import Message
from ingest.fold import fold
from tests.alarms.login_logs import AGENTS, logins, office, store_of

NOW = datetime(2026, 3, 16)  # noqa: DTZ001 - naive UTC; a Monday
START = NOW - timedelta(weeks=3)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def reporting(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store of two sources: "web" reports to the end, "vpn" until two days before."""
    end = NOW - timedelta(days=2)
    hours = [START + timedelta(hours=hour) for hour in range(3 * 168)]
    rows = [row | {"source": "vpn"} for at in hours if at < end for row in logins("robot", at, 1)]
    rows += [row for at in hours for row in logins("robot", at, 1)]
    return store_of(Store(tmp_path_factory.mktemp("reporting") / "audit.duckdb"), rows)


def faults(store: Store, moment: datetime) -> list[Fault]:
    """What does not work in a store."""
    with store.read() as reader:
        return checks.faults(store, reader, moment)


def kinds(found: list[Fault]) -> list[tuple[str, str]]:
    """What each fault is about."""
    return [(fault.kind, fault.subject) for fault in found]


def test_a_source_that_fell_silent_is_a_fault_from_its_last_hour_on(reporting: Store) -> None:
    (fault,) = faults(reporting, NOW)
    assert (fault.kind, fault.subject, fault.since) == (SOURCE, "vpn", NOW - timedelta(days=2))
    assert fault.sentence == (
        "Source vpn has sent no events since 2026-03-14 00:00 UTC; look whether it still runs."
    )


def test_a_source_that_reports_is_none(reporting: Store) -> None:
    assert not faults(reporting, NOW - timedelta(days=2))


def test_an_outage_of_everything_is_no_pause_of_a_source(tmp_path: Path) -> None:
    outage = range(400, 448)
    hours = [hour for hour in range(3 * 168) if hour not in outage]
    rows = [row for hour in hours for row in logins("robot", START + hour * HOUR, 1)]
    rows += [row | {"source": "vpn"} for row in rows if row["occurred_at"] < NOW - 8 * HOUR]
    store = store_of(Store(tmp_path / "audit.duckdb"), rows)
    assert [(fault.subject, fault.since) for fault in faults(store, NOW)] == [("vpn", NOW - 8 * HOUR)]


def test_an_outage_that_lasts_is_news_of_every_source(reporting: Store) -> None:
    assert {fault.subject for fault in faults(reporting, NOW + timedelta(days=3))} == {"vpn", "web"}


def test_office_hours_are_no_silence(tmp_path: Path) -> None:
    store = store_of(Store(tmp_path / "audit.duckdb"), office(AGENTS[:2], weeks=3, start=START))
    sunday = NOW - timedelta(hours=12)
    assert not faults(store, sunday)


def test_events_that_wait_too_long_are_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "audit.duckdb"
    ingest.append(store=path, agent="ada", activity="Login", fold=False)
    fold(path)
    ingest.append(store=path, agent="ada", activity="Login", fold=False)
    (waiting,) = (path.with_name("audit.duckdb.spool")).glob("*.open")
    moment = now()
    assert not faults(Store(path), moment)
    os.utime(waiting, (waiting.stat().st_mtime - 3600,) * 2)
    (fault,) = faults(Store(path), moment)
    assert (fault.kind, moment - fault.since >= timedelta(minutes=59)) == (FOLDING, True)
    assert fault.sentence.endswith("; python -m ingest fold says why.")


def message(key: str) -> Message:
    """A message with this key."""
    return Message(key, [], f"sentence {key}", "{}")


def test_messages_that_do_not_arrive_are_a_fault_of_their_receiver(tmp_path: Path) -> None:
    store = store_of(Store(tmp_path / "audit.duckdb"), logins("ada", START, 1))
    first, second, _ = deliveries.add(store.path, "slow", [message("a"), message("b"), message("c")])
    (refused,) = deliveries.add(store.path, "strict", [message("d")])
    deliveries.acknowledge(store.path, first)
    deliveries.postpone(store.path, second, now(), "503 from slow")
    deliveries.refuse(store.path, refused, "400 from strict")
    moment = now()
    assert kinds(faults(store, moment)) == [(DELIVERY, "strict")]
    late = faults(store, moment + timedelta(hours=2))
    assert kinds(late) == [(DELIVERY, "slow"), (DELIVERY, "strict")]
    assert "slow has not taken 2 alarms since " in late[0].sentence
    assert late[0].sentence.endswith(" UTC: 503 from slow.")
    assert late[1].sentence == "strict refused 1 alarm; python -m alarms dead-letters lists them."


def test_a_store_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AuditStoreError):
        faults(Store(tmp_path / "audit.duckdb"), NOW)
