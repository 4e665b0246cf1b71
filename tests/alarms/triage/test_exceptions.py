"""Exceptions: which alarms they hold for, for how long, and what is refused."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alarms.records.record import AlarmRecord
from alarms.triage.exceptions import AlarmException, Expected, add, read, silences, withdraw, would_silence
from audit_store.errors import AuditStoreError
from audit_store.state import exceptions as rows
from tests.alarms.triage.records import AT, HOUR, record, share

# AT is 13:00 UTC on Saturday 14 March 2026.
DAY = timedelta(days=1)
UNTIL = date(2026, 6, 1)
OF_ALL = record(agent="", agents=(share("ada"), share("bob")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


@pytest.mark.parametrize(
    ("expected", "alarm", "is_expected"),
    [
        (Expected(agent="support-7"), record(), True),
        (Expected(agent="support-7"), record(hours=30, severity="critical"), True),
        (Expected(agent="support-8"), record(), False),
        (Expected(agent="support-7"), record(agents=(share("support-7"), share("ada"))), False),
        (Expected(agent="support-7"), record(more_agents=1), False),
        (Expected(agent="ada"), OF_ALL, False),
        (Expected(agent="ada"), replace(OF_ALL, agents=(share("ada"),)), True),
        (Expected(address="203.0.113.9"), record(), True),
        (Expected(address="203.0.113.0/24"), record(), True),
        (Expected(address="203.0.114.0/24"), record(), False),
        (Expected(address="gateway"), record(addresses=(share("gateway"),)), True),
        (Expected(address="203.0.113.9"), record(addresses=()), False),
        (Expected(address="203.0.113.9"), record(more_addresses=1), False),
        (Expected(address="203.0.113.9"), record(addresses=(share("203.0.113.9"), share("x"))), False),
        (Expected(agent="support-7", address="203.0.113.8"), record(), False),
        (Expected(kind="agent"), record(), True),
        (Expected(kind="all"), record(), False),
        (Expected(kind="success after failures"), record(kind="rule", rule="success after failures"), True),
        (Expected(kind="agent", hours=("Sat-13",)), record(), True),
        (Expected(kind="agent", hours=("Sat-13",)), record(hours=2), False),
        (Expected(kind="agent", hours=("Sat-13", "Sat-14")), record(hours=2), True),
        (Expected(kind="agent", hours=("Sat-13",)), record(at=AT + timedelta(minutes=20)), False),
        (Expected(kind="agent", hours=("Sat-13",)), record(tz="Asia/Kolkata"), False),
        (Expected(kind="agent", hours=("Sat-18", "Sat-19")), record(tz="Asia/Kolkata"), True),
        (Expected(kind="agent", hours=("off",)), record(hours=20), True),
        (Expected(kind="agent", hours=("off",)), record(at=AT - DAY), False),
    ],
)
def test_an_exception_describes_alarms(expected: Expected, alarm: AlarmRecord, is_expected: bool) -> None:
    assert expected.matches(alarm) is is_expected
    assert would_silence(expected, [alarm, OF_ALL]) == [alarm] * is_expected + [OF_ALL] * expected.matches(
        OF_ALL
    )


def exception(**changes: Any) -> AlarmException:
    return replace(AlarmException(1, Expected(agent="support-7"), UNTIL, "", "", AT), **changes)


@pytest.mark.parametrize(
    ("held", "alarm", "is_silent"),
    [
        (exception(), record(), True),
        (exception(at=AT + HOUR - timedelta(seconds=1)), record(), True),
        (exception(at=AT + HOUR), record(), False),
        (exception(until=date(2026, 3, 15)), record(), True),
        (exception(until=date(2026, 3, 14)), record(), False),
        (exception(until=date(2026, 3, 15)), record(tz="Pacific/Kiritimati"), False),
        (exception(withdrawn_at=AT + DAY), record(), False),
        (exception(), record(agent="ada"), False),
    ],
)
def test_an_exception_holds_from_its_hour_until_its_date(
    held: AlarmException, alarm: AlarmRecord, is_silent: bool
) -> None:
    assert held.silences(alarm) is is_silent
    assert silences(alarm, [exception(expected=Expected(agent="nobody")), held]) == (
        held if is_silent else None
    )


@pytest.mark.parametrize(
    ("held", "at", "state"),
    [
        (exception(), AT, "in force"),
        (exception(), datetime(2026, 5, 31, 23), "in force"),  # noqa: DTZ001 - naive UTC
        (exception(), datetime(2026, 6, 1), "expired"),  # noqa: DTZ001 - naive UTC
        (exception(withdrawn_at=AT), datetime(2026, 6, 1), "withdrawn"),  # noqa: DTZ001 - naive UTC
    ],
)
def test_an_exception_says_whether_it_is_in_force(held: AlarmException, at: datetime, state: str) -> None:
    assert held.state(at) == state


def test_an_exception_is_read_as_it_was_made(path: Path) -> None:
    expected = Expected("bot", "192.0.2.0/24", "agent", ("Mon-02", "off"))
    first = add(path, expected, UNTIL, note="weekly\nexport", by="rita", at=AT)
    second = add(path, Expected(kind="failed"), UNTIL, at=AT)
    assert read(path) == [first, second]
    assert (first.number, second.number) == (1, 2)
    withdraw(path, 1, by="bob", at=AT + DAY)
    assert read(path) == [replace(first, withdrawn_by="bob", withdrawn_at=AT + DAY), second]


@pytest.mark.parametrize("number", [1, 7])
def test_only_an_exception_in_force_can_be_withdrawn(path: Path, number: int) -> None:
    add(path, Expected(agent="bot"), UNTIL, at=AT)
    withdraw(path, 1, by="rita", at=AT)
    with pytest.raises(AuditStoreError, match=f"there is no exception {number} in force"):
        withdraw(path, number)
    assert [held.withdrawn_by for held in read(path)] == ["rita"]


@pytest.mark.parametrize(
    ("expected", "until", "more", "words"),
    [
        (Expected(), UNTIL, {}, "give an agent, an address or a kind"),
        (Expected(hours=("Mon-02",)), UNTIL, {}, "give an agent, an address or a kind"),
        (Expected(agent="a" * 257), UNTIL, {}, "has 257 characters: give at most 256"),
        (
            Expected(agent="a", hours=("Mon-24",)),
            UNTIL,
            {},
            "'Mon-24' is not an hour of the week: give off, or",
        ),
        (Expected(agent="a"), AT.date(), {}, "end on 2026-03-14: give a date after today, until 2027-03-15"),
        (Expected(agent="a"), date(2027, 3, 16), {}, "end on 2027-03-16: give a date"),
        (Expected(agent="a"), UNTIL, {"note": "x" * 2001}, "note has 2,001 characters"),
    ],
)
def test_a_refusal_names_the_value_and_writes_nothing(
    path: Path, expected: Expected, until: date, more: dict[str, str], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        add(path, expected, until, at=AT, **more)
    assert list(path.parent.iterdir()) == []


def test_a_row_of_a_later_version_is_passed_over(path: Path) -> None:
    new = add(path, Expected(agent="bot"), UNTIL, at=AT)
    rows.insert(path, rows.ExceptionRow("bot", "", "", [], "forever", "", "", "2026-03-14T13:00:00Z"))
    assert read(path) == [new]


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (Expected(agent="bot"), "bot"),
        (
            Expected(agent="bot", address="192.0.2.1", hours=("Mon-02",)),
            "bot from 192.0.2.1, Mon 02:00–02:59",
        ),
        (Expected(address="192.0.2.1"), "anybody from 192.0.2.1"),
        (Expected(kind="failed"), "Failed logins"),
        (Expected(kind="first login"), "first login"),
    ],
)
def test_an_exception_in_words(expected: Expected, words: str) -> None:
    assert expected.sentence == words
