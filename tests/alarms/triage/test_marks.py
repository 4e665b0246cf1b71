"""Marks of version 0.1.0: which alarm a mark belongs to, whatever is judged again."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alarms.records import reading
from alarms.records.identity import SeriesSpan
from alarms.records.record import AlarmRecord
from alarms.triage.states import State, states
from audit_store.engines.duckdb.store import Store
from audit_store.engines.registry import accept
from audit_store.state.marks import MarkRow, insert
from tests.alarms.detector.worlds import judge
from tests.alarms.login_logs import NOW, logins, office, store_of
from tests.alarms.triage.records import AT, HOUR, mark, record, span


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


def test_a_mark_is_read_as_it_was_made(path: Path) -> None:
    mark(path, "incident", note="Called back\n\x1b[31m ünal", by="rita", at=AT + HOUR)
    assert states(path).of(record()) == State("incident", "rita", AT + HOUR, "Called back\n\x1b[31m ünal")


@pytest.mark.parametrize(
    ("spans", "verdict", "at"),
    [
        ([], "acknowledged", "2026-03-14T13:00:00Z"),
        ([{"series": "support-7"}], "acknowledged", "2026-03-14T13:00:00Z"),
        ([span().as_record()], "escalated", "2026-03-14T13:00:00Z"),
        ([span().as_record()], "acknowledged", "yesterday"),
    ],
)
def test_a_row_of_a_later_version_is_passed_over(
    path: Path, spans: list[dict[str, str]], verdict: str, at: str
) -> None:
    insert(path, MarkRow(spans, verdict, "", "", at))
    mark(path, "incident")
    assert [state.state for state in states(path).history(record())] == ["incident"]


def test_the_newest_mark_counts_and_open_takes_it_back(path: Path) -> None:
    for verdict in ("acknowledged", "incident", "open", "expected"):
        mark(path, verdict)
        assert states(path).of(record()).state == verdict
    assert len(states(path).history(record())) == 4


ALL, FAILED = span("", kind="all"), span("", kind="failed")
SECOND = span("support-8")


def of(*spans: SeriesSpan) -> AlarmRecord:
    """An alarm that was seen in these series, and that is not longer than a mark's."""
    return replace(record(), spans=spans)


OTHERS = [
    (of(span()), "acknowledged"),
    (of(span(at=AT - HOUR, hours=2)), "acknowledged"),
    (of(span(at=AT + HOUR / 2)), "acknowledged"),
    (of(span(at=AT + HOUR)), "open"),
    (of(span(at=AT - HOUR)), "open"),
    (of(SECOND), "open"),
    (of(ALL), "open"),
    (of(span(scope="q=word")), "open"),
]


@pytest.mark.parametrize(("alarm", "expected"), OTHERS)
def test_a_mark_belongs_to_the_alarm_of_its_series_and_time(
    path: Path, alarm: AlarmRecord, expected: str
) -> None:
    mark(path, "acknowledged")
    assert states(path).of(alarm).state == expected


TOGETHER = [
    (of(span()), "acknowledged"),
    (of(FAILED), "acknowledged"),
    (of(FAILED, span()), "acknowledged"),
    (of(FAILED, SECOND), "open"),
    (of(span(), SECOND), "open"),
    (of(span("", kind="agents")), "open"),
]


@pytest.mark.parametrize(("alarm", "expected"), TOGETHER)
def test_a_mark_follows_an_alarm_over_several_series_and_covers_no_further_agent(
    path: Path, alarm: AlarmRecord, expected: str
) -> None:
    mark(path, "acknowledged", ALL, FAILED, span())
    assert states(path).of(alarm).state == expected


def test_a_mark_stays_when_the_store_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same log read again, in another zone, shows the same mark."""
    begun = NOW - timedelta(days=2, hours=-2, minutes=-20)
    rows = office() + [row for n in range(3) for row in logins("support-3", begun + n * HOUR, 12 + 20 * n)]
    path = tmp_path / "audit.duckdb"
    mark(path, "expected", span("support-3", begun.replace(minute=0), 3))
    for tz in ("UTC", "Asia/Kolkata"):
        monkeypatch.setenv("AUDIT_TZ", tz)
        store = store_of(Store(path), rows)
        judge(store, NOW)
        again, triage = reading.records(store), states(path)
        own = [record for record in again if "support-3" in {span.key.agent for span in record.spans}]
        assert own
        assert {triage.of(record).state for record in own} == {"expected"}
        assert {triage.of(record).state for record in again if record not in own} <= {"open"}
        path.unlink()
        accept(path)
