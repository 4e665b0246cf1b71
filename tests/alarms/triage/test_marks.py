"""Marks on alarms survive whatever is read again, torn lines and many writers."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms import SENSITIVITIES, AlarmKey, LoginAlarm, chosen, mark, mark_of, read_marks, review, watch_over
from alarms.triage.journal import Journal
from alarms.triage.marks import NOTE_MAX, marks_path
from analysis import Alarm
from audit_store.engines.duckdb.store import Store
from audit_store.errors import AuditStoreError
from audit_store.filters import EventFilter
from tests import ROOT
from tests.alarms.login_logs import NOW, logins, looking, office, store_of

AT = datetime(2026, 3, 14, 13)  # noqa: DTZ001 - naive UTC
HOUR = timedelta(hours=1)


def alarm(
    kind: str = "agent", agent: str = "support-7", start: datetime = AT, hours: int = 1, scope: str = ""
) -> LoginAlarm:
    moment, end = pd.Timestamp(start), pd.Timestamp(start + hours * HOUR)
    spike = Alarm(agent, moment, end, 41, moment, 41, 3.0, 9.0, 1e-9, 9.0, False, "1h")
    return LoginAlarm(AlarmKey(kind, scope, agent, start), spike, "logins", EventFilter(), kind == "failed")


def verdict(marked: Path, found: LoginAlarm) -> str | None:
    newest = mark_of(found, read_marks(marked))
    return newest and newest.verdict


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


def test_a_mark_is_read_as_it_was_made(path: Path) -> None:
    made = mark(path, alarm(), "incident", note="Called back\n\x1b[31m ünal", by="rita", at=AT + HOUR)
    assert read_marks(path) == [made]
    assert (made.key, made.end, made.at) == (alarm().key, AT + HOUR, AT + HOUR)
    assert len(marks_path(path).read_bytes().splitlines()) == 1


def test_nothing_is_marked_before_the_first_mark(path: Path) -> None:
    assert read_marks(path) == []
    assert verdict(path, alarm()) is None
    assert list(path.parent.iterdir()) == []


def test_the_newest_mark_counts_and_open_takes_it_back(path: Path) -> None:
    for said, expected in (
        ("seen", "seen"),
        ("incident", "incident"),
        ("open", None),
        ("expected", "expected"),
    ):
        mark(path, alarm(), said)
        assert verdict(path, alarm()) == expected
    assert len(read_marks(path)) == 4


OTHERS = [
    (alarm(hours=5), "seen"),
    (alarm(start=AT - HOUR, hours=2), "seen"),
    (alarm(start=AT + HOUR / 2), "seen"),
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
    mark(path, alarm(), "seen")
    assert verdict(path, other) == expected


PARTS = alarm(kind="all", agent=""), alarm(kind="failed", agent="")
TOGETHER = [
    (alarm(), "seen"),
    (PARTS[1], "seen"),
    (replace(PARTS[1], also=(alarm(),)), "seen"),
    (replace(PARTS[1], also=(alarm(agent="support-8"),)), None),
    (replace(alarm(), also=(alarm(agent="support-8"),)), None),
    (alarm(start=AT + HOUR), None),
    (alarm(kind="agents", agent=""), None),
]


@pytest.mark.parametrize(("other", "expected"), TOGETHER)
def test_a_mark_follows_an_alarm_over_several_series_and_covers_no_further_agent(
    path: Path, other: LoginAlarm, expected: str | None
) -> None:
    made = mark(path, replace(PARTS[0], also=(PARTS[1], alarm())), "seen")
    assert read_marks(path) == [made]
    assert verdict(path, other) == expected


def test_a_mark_without_parts_is_one_on_a_single_series(path: Path) -> None:
    mark(path, alarm(), "seen")
    line = json.loads(marks_path(path).read_text())
    del line["also"]
    marks_path(path).write_text(json.dumps(line) + "\n")
    assert verdict(path, replace(PARTS[0], also=(alarm(),))) == "seen"


def test_an_alarm_that_went_on_after_its_mark_can_be_told(path: Path) -> None:
    made = mark(path, alarm(hours=2), "expected")
    assert made.covers(alarm(hours=2))
    assert not made.covers(alarm(hours=3))


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ((), [0, 1, 2]),
        (("open",), [2]),
        (("seen", "open"), [0, 2]),
        (("incident",), [1]),
        (("expected",), []),
    ],
)
def test_a_list_is_filtered_by_marks(path: Path, wanted: tuple[str, ...], places: list[int]) -> None:
    alarms = [alarm(agent=name) for name in "abc"]
    mark(path, alarms[0], "seen")
    mark(path, alarms[1], "incident")
    assert chosen(alarms, read_marks(path), wanted) == [alarms[place] for place in places]


@pytest.mark.parametrize(
    ("said", "more", "words"),
    [
        ("fine", {}, "verdict is 'fine': give one of seen, expected, incident, open"),
        ("seen", {"note": "x" * (NOTE_MAX + 1)}, "note has 2,001 characters: give at most 2,000"),
        ("seen", {"by": "x" * 257}, "by has 257"),
    ],
)
def test_a_refusal_names_the_value_and_writes_nothing(
    path: Path, said: str, more: dict[str, str], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        mark(path, alarm(), said, **more)
    assert not marks_path(path).exists()


@pytest.mark.parametrize(
    "torn", [b'{"kind":"agent","sco', b"\xff\xfe\n", b"[1]\n", b'{"kind":"all"}\n', b"\n\n", b"\0" * 40]
)
def test_a_line_that_a_crash_left_loses_no_mark(path: Path, torn: bytes) -> None:
    mark(path, alarm(agent="a"), "seen")
    with marks_path(path).open("ab") as file:
        file.write(torn)
    mark(path, alarm(agent="b"), "incident")
    assert [(each.key.agent, each.verdict) for each in read_marks(path)] == [("a", "seen"), ("b", "incident")]


def test_a_file_that_cannot_be_read_is_an_error_and_not_empty(path: Path) -> None:
    marks_path(path).mkdir(parents=True)
    with pytest.raises(AuditStoreError, match=r"marks\.jsonl"):
        read_marks(path)
    with pytest.raises(AuditStoreError, match=r"marks\.jsonl"):
        mark(path, alarm(), "seen")


def _mark_many(path: Path, name: str) -> None:
    for number in range(25):
        mark(path, alarm(agent=f"{name}-{number}"), "seen", note="n" * 1500)


@pytest.mark.processes
def test_many_reviewers_lose_nothing(path: Path) -> None:
    script = "import sys; from pathlib import Path; from tests.alarms.triage.test_marks import _mark_many;"
    script += "_mark_many(Path(sys.argv[1]), sys.argv[2])"
    root = ROOT
    writers = [subprocess.Popen([sys.executable, "-c", script, str(path), name], cwd=root) for name in "abcd"]
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    assert {each.key.agent for each in read_marks(path)} == {
        f"{name}-{n}" for name in "abcd" for n in range(25)
    }


@given(
    records=st.lists(
        st.dictionaries(st.text(max_size=4), st.text(max_size=20) | st.integers() | st.none()), max_size=6
    )
)
def test_a_journal_gives_back_what_it_was_given(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, object]]
) -> None:
    journal = Journal(tmp_path_factory.mktemp("journal") / "of.jsonl")
    for record in records:
        journal.append(record)
    assert journal.records() == json.loads(json.dumps(records))


def test_a_mark_stays_when_the_store_is_made_again(tmp_path: Path) -> None:
    """The same log read again, in another zone and with another sensitivity, shows the same mark."""
    begun = NOW - timedelta(days=2, hours=-2, minutes=-20)
    rows = office() + [row for n in range(3) for row in logins("support-3", begun + n * HOUR, 12 + 20 * n)]
    path = tmp_path / "audit.duckdb"
    for attempt in range(2):
        store = store_of(Store(path), rows)
        if not attempt:
            found = review(watch_over(store, looking(7), NOW)).alarms
            mark(path, next(each for each in found if "support-3" in each.agents), "expected")
        for tz, sensitivity in (
            ("UTC", SENSITIVITIES[0]),
            ("Asia/Kolkata", SENSITIVITIES[2]),
            ("UTC", SENSITIVITIES[4]),
        ):
            again = review(watch_over(store, looking(9, tz=tz), NOW), sensitivity).alarms
            own = [each for each in again if "support-3" in each.agents]
            assert own
            assert [verdict(path, each) for each in own] == ["expected"] * len(own)
            assert [verdict(path, each) for each in again if each not in own] == [None] * (
                len(again) - len(own)
            )
        path.unlink()
