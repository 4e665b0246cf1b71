"""Decisions: a reviewer's state stands above an exception, and an exception above nothing."""

from datetime import date
from pathlib import Path

import pytest

from alarms.records.record import AlarmRecord
from alarms.triage.decisions import Decisions
from alarms.triage.exceptions import Expected, add, withdraw
from alarms.triage.states import STATES, set_state
from tests.alarms.triage.records import AT, record

GROWN = record(hours=9)


@pytest.mark.parametrize("is_excepted", [True, False])
@pytest.mark.parametrize("state", [None, *STATES])
@pytest.mark.parametrize("alarm", [record(), GROWN])
def test_a_state_stands_above_an_exception_until_the_alarm_outgrows_it(
    tmp_path: Path, state: str | None, is_excepted: bool, alarm: AlarmRecord
) -> None:
    path = tmp_path / "audit.duckdb"
    if state is not None:
        set_state(path, record(), state)
    if is_excepted:
        add(path, Expected(agent="support-7"), date(2026, 6, 1), at=AT)
    decision = Decisions.read(path).of(alarm)
    is_outgrown = alarm is GROWN and state not in (None, "open")
    undecided = "silenced" if is_excepted else "open"
    assert decision.status == (undecided if state is None or is_outgrown else state)
    assert decision.is_open is (decision.status == "open")


@pytest.mark.parametrize("is_excepted", [True, False])
@pytest.mark.parametrize("state", [None, *STATES])
def test_what_works_again_waits_for_nobody_and_keeps_the_state_of_its_reviewer(
    tmp_path: Path, state: str | None, is_excepted: bool
) -> None:
    path, fault = tmp_path / "audit.duckdb", record(kind="watchdog", status="running")
    if state is not None:
        set_state(path, fault, state)
    if is_excepted:
        add(path, Expected(agent="support-7"), date(2026, 6, 1), at=AT)
    decision = Decisions.read(path).of(record(hours=9, kind="watchdog", status="settled"))
    assert decision.status == ("over" if state in (None, "open") else state)
    assert not decision.is_open


def test_a_withdrawn_exception_opens_its_alarms(tmp_path: Path) -> None:
    path = tmp_path / "audit.duckdb"
    exception = add(path, Expected(agent="support-7"), date(2026, 6, 1), at=AT)
    assert Decisions.read(path).of(record()).exception == exception
    withdraw(path, exception.number)
    assert Decisions.read(path).of(record()).is_open
