"""python -m audit_store check compares the records of alarms with the events."""

from datetime import timedelta

import pytest

from alarms.records import reading
from audit_store.__main__ import main
from audit_store.engines.duckdb.store import Store
from tests.alarms.detector.worlds import HOUR, NOON, attack, judge
from tests.alarms.login_logs import logins, store_of

EVENING = NOON + 9 * HOUR


@pytest.fixture
def judged(log: Store) -> Store:
    """A store with an alarm of two agents and one of many, all judged."""
    spray = [row for n in range(30) for row in attack(EVENING - timedelta(days=1), 2, agent=f"clerk-{n}")]
    store_of(log, attack(EVENING, 40) + attack(EVENING, 30, agent="support-1") + spray)
    judge(log, EVENING + 5 * HOUR)
    assert {record.starts_at for record in reading.records(log)} >= {EVENING, EVENING - timedelta(days=1)}
    return log


def test_an_alarm_on_failed_logins_counts_those_that_failed(log: Store) -> None:
    store_of(log, attack(EVENING, 40, successes=3))
    judge(log, EVENING + 5 * HOUR)
    with log.write() as connection:
        connection.execute("UPDATE alarm_revisions SET kind = 'failed', total = 40")
    assert log.check() == [], "its filter finds all 43 logins"
    with log.write() as connection:
        connection.execute("UPDATE alarm_revisions SET total = 43")
    assert len(log.check()) == 1


def test_an_alarm_on_all_logins_counts_those_of_other_agents(log: Store) -> None:
    attacks = [*attack(EVENING, 40), *attack(EVENING, 30, agent="support-1")]
    store_of(log, attacks + logins("support-2", EVENING, 1))
    judge(log, EVENING + 5 * HOUR)
    [record] = reading.records(log)
    assert (record.kind, record.total, len(record.where["agent"])) == ("all", 71, 2)
    assert log.check() == []


def test_records_agree_with_the_events_that_were_judged(judged: Store) -> None:
    assert judged.check() == []
    store_of(judged, logins("support-1", EVENING, 10))
    assert judged.check() == [], "what arrived since then is not judged yet"


DAMAGES = [
    ("UPDATE alarm_revisions SET total = 75 WHERE starts_at = $evening", ("it counts 75 ", ", the log has 70")),
    (
        "DELETE FROM judged_hours WHERE hour = $evening",
        ("1 hour not equal to the events; 2026-02-11 21:00 UTC was judged with 0 logins, the log has 70",),
    ),
    (
        "UPDATE judged_hours SET logins = logins + 1 WHERE hour = $evening",
        ("was judged with 71 logins, the log has 70",),
    ),
    (
        "UPDATE alarm_revisions SET revision = 3 WHERE starts_at = $evening",
        (": 1 revision of 3",),
    ),
    ("UPDATE alarm_revisions SET total = 99 WHERE starts_at = $evening - INTERVAL 1 day", ("it counts 99 ",)),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "sentences"), DAMAGES)
def test_what_does_not_agree_is_named(
    judged: Store, statement: str, sentences: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with judged.write() as connection:
        parameters = {"evening": EVENING} if "$evening" in statement else {}
        connection.execute(statement, parameters)
    assert main(["check", "--store", str(judged.path)]) == 1
    shown = capsys.readouterr().out
    assert all(sentence in shown for sentence in sentences), shown
