"""Marks on alarms: which alarm a mark belongs to, whatever is read again."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alarms import LoginAlarm, mark, mark_of, read_marks
from alarms.records import reading
from alarms.records.identity import spans_of
from alarms.triage.marks import NOTE_MAX
from alarms.triage.states import states
from audit_store.engines.duckdb.store import Store
from audit_store.engines.registry import accept
from audit_store.state.marks import MarkRow, insert
from tests.alarms.detector.worlds import judge
from tests.alarms.login_alarms import AT, HOUR, alarm
from tests.alarms.login_logs import NOW, logins, office, store_of


def verdict(path: Path, of: LoginAlarm) -> str | None:
    newest = mark_of(of, read_marks(path))
    return newest and newest.verdict


SPAN = spans_of(alarm())[0].as_record()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


def test_a_mark_is_read_as_it_was_made(path: Path) -> None:
    new = mark(path, alarm(), "incident", note="Called back\n\x1b[31m ünal", by="rita", at=AT + HOUR)
    assert read_marks(path) == [new]
    assert (new.key, new.end, new.at) == (alarm().key, AT + HOUR, AT + HOUR)


@pytest.mark.parametrize(
    ("spans", "verdict", "at"),
    [
        ([], "acknowledged", "2026-03-14T13:00:00Z"),
        ([{"series": "support-7"}], "acknowledged", "2026-03-14T13:00:00Z"),
        ([SPAN], "escalated", "2026-03-14T13:00:00Z"),
        ([SPAN], "acknowledged", "yesterday"),
    ],
)
def test_a_row_of_a_later_version_is_passed_over(
    path: Path, spans: list[dict[str, str]], verdict: str, at: str
) -> None:
    insert(path, MarkRow(spans, verdict, "", "", at))
    mark(path, alarm(), "incident")
    assert [row.verdict for row in read_marks(path)] == ["incident"]


def test_the_newest_mark_counts_and_open_takes_it_back(path: Path) -> None:
    for given, expected in (
        ("acknowledged", "acknowledged"),
        ("incident", "incident"),
        ("open", None),
        ("expected", "expected"),
    ):
        mark(path, alarm(), given)
        assert verdict(path, alarm()) == expected
    assert len(read_marks(path)) == 4


OTHERS = [
    (alarm(hours=5), "acknowledged"),
    (alarm(start=AT - HOUR, hours=2), "acknowledged"),
    (alarm(start=AT + HOUR / 2), "acknowledged"),
    (alarm(start=AT + HOUR), None),
    (alarm(start=AT - HOUR), None),
    (alarm(agent="support-8"), None),
    (alarm(kind="all", agent=""), None),
    (alarm(scope="q=word"), None),
]


@pytest.mark.parametrize(("other", "expected"), OTHERS)
def test_a_mark_belongs_to_the_alarm_of_its_series_and_time(
    path: Path, other: LoginAlarm, expected: str | None
) -> None:
    mark(path, alarm(), "acknowledged")
    assert verdict(path, other) == expected


PARTS = alarm(kind="all", agent=""), alarm(kind="failed", agent="")
TOGETHER = [
    (alarm(), "acknowledged"),
    (PARTS[1], "acknowledged"),
    (replace(PARTS[1], also=(alarm(),)), "acknowledged"),
    (replace(PARTS[1], also=(alarm(agent="support-8"),)), None),
    (replace(alarm(), also=(alarm(agent="support-8"),)), None),
    (alarm(start=AT + HOUR), None),
    (alarm(kind="agents", agent=""), None),
]


@pytest.mark.parametrize(("other", "expected"), TOGETHER)
def test_a_mark_follows_an_alarm_over_several_series_and_covers_no_further_agent(
    path: Path, other: LoginAlarm, expected: str | None
) -> None:
    new = mark(path, replace(PARTS[0], also=(PARTS[1], alarm())), "acknowledged")
    assert read_marks(path) == [new]
    assert verdict(path, other) == expected


@pytest.mark.parametrize(
    ("given", "more", "words"),
    [
        ("fine", {}, "verdict is 'fine': give one of acknowledged, expected, incident, open"),
        ("acknowledged", {"note": "x" * (NOTE_MAX + 1)}, "note has 2,001 characters: give at most 2,000"),
        ("acknowledged", {"by": "x" * 257}, "by has 257"),
    ],
)
def test_a_refusal_names_the_value_and_writes_nothing(
    path: Path, given: str, more: dict[str, str], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        mark(path, alarm(), given, **more)
    assert list(path.parent.iterdir()) == []


def test_a_mark_stays_when_the_store_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same log read again, in another zone, shows the same mark."""
    begun = NOW - timedelta(days=2, hours=-2, minutes=-20)
    rows = office() + [row for n in range(3) for row in logins("support-3", begun + n * HOUR, 12 + 20 * n)]
    path = tmp_path / "audit.duckdb"
    mark(path, alarm(agent="support-3", start=begun.replace(minute=0), hours=3), "expected")
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
