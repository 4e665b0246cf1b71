"""States of alarms: they belong to the id of an alarm, and an alarm that outgrows its state is open again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alarms.records.record import AlarmRecord
from alarms.triage.seen import Seen
from alarms.triage.states import NOTE_MAX, STATES, State, set_state, states
from audit_store.filters import EventFilter
from audit_store.local_time import now
from audit_store.state import triage as rows
from audit_store.state.triage import TriageRow
from tests.alarms.triage.records import AT, HOUR, mark, record, share, span

LATER = AT + 5 * HOUR


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


def test_an_alarm_is_open_until_somebody_says_more(path: Path) -> None:
    assert states(path).of(record()) == State("open")
    assert states(path).history(record()) == []
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("state", STATES)
def test_a_state_is_read_as_it_was_set(path: Path, state: str) -> None:
    new = set_state(path, record(), state, note="Called back\n\x1b[31m ünal", by="rita", at=LATER)
    assert new == State(state, "rita", LATER, "Called back\n\x1b[31m ünal")
    assert states(path).of(record()) == new


def test_a_decision_of_an_earlier_version_is_not_outgrown_by_what_it_did_not_say(path: Path) -> None:
    seen = {name: value for name, value in Seen.of(record()).as_json().items() if name != "taken_over"}
    rows.insert(path, TriageRow(record().id, "closed", "", "", "2026-03-14T13:00:00Z", seen))
    used = tuple(replace(share, failed=share.count, succeeded=1) for share in record().addresses)
    assert states(path).of(grown(agents=TAKEN, addresses=used)).state == "closed"


def test_the_newest_state_counts_and_all_are_kept(path: Path) -> None:
    new = [set_state(path, record(), state) for state in ("acknowledged", "incident", "closed", "open")]
    assert states(path).of(record()) == new[-1]
    assert states(path).history(record()) == new


def test_a_state_belongs_to_the_id_and_to_nothing_else(path: Path) -> None:
    set_state(path, record(), "expected")
    moved = record(at=AT - 2 * HOUR, hours=3, id=record().id, tz="Asia/Kolkata", revision=2)
    assert states(path).of(moved).state == "expected"
    assert states(path).of(record(id="another")).state == "open"


def grown(**changes: Any) -> AlarmRecord:
    return replace(record(), revision=2, **changes)


TAKEN = tuple(replace(one, succeeded=1) for one in record().agents)
GROWTH = [
    (grown(agents=TAKEN), "logins of support-7 succeeded after failures"),
    (grown(), ""),
    (grown(ends_at=AT + 2 * HOUR, total=61), ""),
    (grown(total=20), ""),
    (grown(ends_at=AT + 3 * HOUR), "2 more hours"),
    (grown(total=62), "62 logins after 41"),
    (grown(agents=(*record().agents, share("ada"), share("bob"))), "2 new agents"),
    (grown(addresses=(*record().addresses, share("192.0.2.8", 30, failed=30))), ""),
    (
        grown(addresses=(*record().addresses, share("192.0.2.8", 30, failed=29))),
        "success from 1 new address",
    ),
    (
        grown(ends_at=AT + 6 * HOUR, total=410, agents=(share("ada"),)),
        "5 more hours, 410 logins after 41, 1 new agent",
    ),
]


@pytest.mark.parametrize("state", ["acknowledged", "expected", "incident", "closed"])
@pytest.mark.parametrize(("later", "grew"), GROWTH)
def test_an_alarm_that_outgrows_its_state_is_open_again(
    path: Path, state: str, later: AlarmRecord, grew: str
) -> None:
    set_state(path, record(), state, by="rita", note="known", at=LATER)
    expected = State(
        "open" if grew else state, "rita", LATER, "known", f"{grew} since {state}" if grew else ""
    )
    assert states(path).of(later) == expected
    set_state(path, later, state)
    assert states(path).of(later).state == state, "what was seen is what it grew to"


def test_a_failed_address_that_succeeds_is_growth(path: Path) -> None:
    failing = record(addresses=(share("192.0.2.8", 30, failed=30),))
    set_state(path, failing, "acknowledged")
    later = replace(failing, addresses=(share("192.0.2.8", 31, failed=30),))
    assert states(path).of(later).grew == "success from 1 new address since acknowledged"


def test_an_open_alarm_says_nothing_of_growth(path: Path) -> None:
    set_state(path, record(), "open")
    assert states(path).of(record(hours=9)).grew == ""


def test_a_mark_on_hours_is_the_state_of_the_alarm_in_them(path: Path) -> None:
    mark(path, "expected", by="rita", note="load test", at=LATER)
    assert states(path).of(record()) == State("expected", "rita", LATER, "load test")
    assert states(path).of(record(hours=2)).state == "expected"
    for other in (record(at=AT + HOUR), record(agent="support-8"), record(agent="")):
        assert states(path).of(other).state == "open"


def test_a_marked_alarm_that_grows_is_open_again(path: Path) -> None:
    """The first hour of an attack is called expected, and the attack goes on for two hours more."""
    mark(path, "expected")
    assert states(path).of(record(hours=3)).state == "open"
    assert states(path).of(record(hours=3)).grew == "2 more hours since expected"
    further = record(spans=(*record().spans, *record(agent="support-8").spans))
    assert states(path).of(further).state == "open", "a further agent is another alarm"


def test_a_state_by_id_overrides_marks_and_follows_them_in_the_history(path: Path) -> None:
    mark(path, "expected", at=AT)
    mark(path, "open", at=AT + HOUR)
    assert states(path).of(record()).state == "open"
    set_state(path, record(), "incident", at=LATER)
    assert states(path).of(record()).state == "incident"
    assert [state.state for state in states(path).history(record())] == ["expected", "open", "incident"]


def test_a_state_that_was_set_under_a_filter_holds_under_every_other(path: Path) -> None:
    """A record is the same whatever a viewer looks at, so the filter of the page is no part of its state."""
    under_filter = EventFilter(source=("vpn",), q="word")
    mark(path, "expected", span(scope=str(under_filter)))
    assert states(path).of(record()).state == "open", "a mark on part of an alarm says nothing of the whole"
    set_state(path, record(), "expected")
    assert states(path).of(record()).state == "expected"


@pytest.mark.parametrize(
    ("state", "at", "seen"),
    [
        ("escalated", "2026-03-14T13:00:00Z", Seen.of(record()).as_json()),
        ("closed", "yesterday", Seen.of(record()).as_json()),
        ("closed", "2026-03-14T13:00:00Z", {}),
        ("closed", "2026-03-14T13:00:00Z", {"ends_at": None}),
    ],
)
def test_a_row_of_a_later_version_is_passed_over(
    path: Path, state: str, at: str, seen: dict[str, Any]
) -> None:
    rows.insert(path, TriageRow(record().id, state, "", "", at, seen))
    assert states(path).of(record()) == State()


@pytest.mark.parametrize(
    ("state", "more", "words"),
    [
        ("fine", {}, "state is 'fine': give one of open, acknowledged, expected, incident, closed"),
        ("closed", {"note": "x" * (NOTE_MAX + 1)}, "note has 2,001 characters: give at most 2,000"),
        ("closed", {"by": "x" * 257}, "by has 257"),
    ],
)
def test_a_refusal_names_the_value_and_writes_nothing(
    path: Path, state: str, more: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        set_state(path, record(), state, **more)
    assert list(path.parent.iterdir()) == []


def test_the_time_of_a_state_is_now_unless_given(path: Path) -> None:
    before = now()
    set_state(path, record(), "closed")
    at = states(path).of(record()).at
    assert at is not None
    assert before <= at <= now()
