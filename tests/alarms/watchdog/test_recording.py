"""A fault is one alarm from when something stops working until it works again."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alarms import webhook
from alarms.__main__ import main
from alarms.delivery.record_messages import deliver_recent
from alarms.detector.detector import steps
from alarms.detector.settings import settings_of
from alarms.records import reading
from alarms.records.record import AlarmRecord
from audit_store.engines.duckdb.store import Store
from audit_store.local_time import now
from audit_store.state import deliveries
from audit_store.state.deliveries import Message
from ingest.status import status
from tests.alarms.delivery.receiver import Receiver
from tests.alarms.login_logs import logins, store_of

NOW = datetime(2026, 3, 16)  # noqa: DTZ001 - naive UTC; a Monday
HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store whose source "vpn" reported every hour for three weeks, until two days before NOW; "web" goes on."""
    hours = [NOW - hour * HOUR for hour in range(1, 3 * 168)]
    rows = [row | {"source": "vpn"} for at in hours if at < NOW - 48 * HOUR for row in logins("robot", at, 1)]
    return store_of(
        Store(tmp_path / "audit.duckdb"), [*rows, *(row for at in hours for row in logins("app", at, 1))]
    )


def judge(store: Store, now: datetime) -> list[AlarmRecord]:
    """The new revisions about faults."""
    found = [record for step in steps(store, settings_of(store.path), now) for record in step.revisions]
    return [record for record in found if record.kind == "watchdog"]


def test_a_silent_source_is_one_alarm_until_it_reports_again(store: Store) -> None:
    (new,) = judge(store, NOW)
    assert (new.rule, new.severity, new.status, new.starts_at) == (
        "silent source",
        "high",
        "running",
        NOW - 48 * HOUR,
    )
    assert new.sentence.startswith("Source vpn has sent no events since 2026-03-14 00:00 UTC")
    assert new.where["source"] == ["vpn"]
    assert judge(store, NOW + HOUR) == []
    store_of(store, [row | {"source": "vpn"} for row in logins("robot", NOW + HOUR, 1)])
    (ended,) = judge(store, NOW + 2 * HOUR)
    assert (ended.id, ended.revision, ended.status, ended.change) == (new.id, 2, "settled", "works again")
    assert ended.sentence == (
        "Works again since 2026-03-16 02:00 UTC: source vpn sent no events from 2026-03-14 00:00 UTC on."
    )
    assert [record.id for record in reading.records(store) if record.kind == "watchdog"] == [new.id]


def test_a_receiver_is_told_once_that_it_works_again(store: Store, receiver: Receiver) -> None:
    def deliver(at: datetime) -> list[object]:
        judge(store, at)
        deliver_recent(store, [webhook(receiver.url)], at)
        return [body["action"] for body in receiver.bodies]

    assert deliver(NOW) == ["open"]
    store_of(store, [row | {"source": "vpn"} for row in logins("robot", NOW + HOUR, 1)])
    assert deliver(NOW + 2 * HOUR) == ["open", "close"]
    assert deliver(NOW + 3 * HOUR) == ["open", "close"]


def test_a_fault_that_comes_back_goes_on_under_its_id(store: Store) -> None:
    moment = now()
    (message,) = deliveries.add(store.path, "strict", [Message("key", [], "sentence", "{}")])
    deliveries.refuse(store.path, message, "400 from strict")
    (new,) = [record for record in judge(store, moment) if record.rule == "delivery"]
    deliveries.send_again(store.path, [message.id])
    (ended,) = judge(store, moment)
    deliveries.refuse(store.path, message, "400 from strict")
    (back,) = judge(store, moment)
    assert [record.id for record in (ended, back)] == [new.id, new.id]
    assert (back.revision, back.status, back.change) == (3, "running", "does not work again")


def test_a_fault_that_lasts_is_listed_however_long_ago_it_began(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(store, NOW)
    (sentence,) = status(store.path)["faults"]
    assert sentence.startswith("Source vpn has sent no events since")
    assert status(store.path)["judged_until"] == "2026-03-16T00:00:00Z"
    assert main(["list", "--since", "1h", "--store", str(store.path)]) == 3
    listed = capsys.readouterr()
    assert "Source vpn has sent no events since" in listed.out
    assert "what happened after 2026-03-16T00:00Z is not judged; run python -m alarms run" in listed.err


def test_a_fault_that_is_over_is_no_open_alarm(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    judge(store, NOW)
    store_of(store, [row | {"source": "vpn"} for row in logins("robot", NOW + HOUR, 1)])
    (ended,) = judge(store, NOW + 2 * HOUR)
    assert status(store.path)["faults"] == []
    for state, alarms in (("open", []), ("over", [ended.id])):
        main(["list", "--since", "520w", "--state", state, "--store", str(store.path)])
        assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == alarms


def test_a_log_that_was_not_judged_lately_is_no_log_without_alarms(store: Store) -> None:
    judge(store, NOW - 48 * HOUR)
    assert main(["list", "--store", str(store.path)]) == 2
    assert main(["run", "--store", str(store.path)]) == 0
    assert main(["list", "--state", "closed", "--store", str(store.path)]) == 0


def test_a_log_that_reports_has_no_fault(store: Store) -> None:
    assert judge(store, NOW - 48 * HOUR) == []
