"""Logins that succeeded after failures, in what is recorded of an attack."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from alarms.delivery.record_messages import new_messages
from alarms.records import reading
from alarms.records.record import AlarmRecord
from alarms.takeovers import of_agent, taken_over
from alarms.triage.states import ACKNOWLEDGED, OPEN, set_state, states
from audit_store.engines.duckdb.store import Store
from tests.alarms.detector.worlds import HOUR, NOON, judge
from tests.alarms.login_logs import OFFICE, Row, logins, store_of

MINUTE = timedelta(minutes=1)
GUESSER, SECOND, THIRD = "198.51.100.220", "198.51.100.221", "198.51.100.99"
EVENING = NOON + 9 * HOUR
"""No agent logs in at this time; OFFICE is the usual address of all of them."""


def guesses(
    agent: str, count: int, at: datetime = EVENING, address: str | None = GUESSER, gap: float = 1.0
) -> list[Row]:
    """Failed logins, a second apart."""
    seconds = (timedelta(seconds=gap * number) for number in range(count))
    return [row for s in seconds for row in logins(agent, at + s, 1, outcome="failure", address=address)]


def success(agent: str, at: timedelta = 5 * MINUTE, address: str | None = GUESSER) -> list[Row]:
    """A login that succeeds, so long after EVENING."""
    return logins(agent, EVENING + at, 1, address=address)


def key_copied(agent: str, at: timedelta, address: str) -> list[Row]:
    return logins(agent, EVENING + at, 1, address=address, activity="API key copied")


def judged(store: Store, rows: Iterable[Row], now: datetime = EVENING + HOUR) -> AlarmRecord:
    """The one alarm of the evening."""
    judge(store_of(store, rows), now)
    [alarm] = [record for record in reading.records(store) if record.starts_at >= NOON]
    return alarm


ADA, BOB, CLEO = "support-1", "support-2", "support-3"
CASES = {
    "the address that guessed": (
        [*guesses(ADA, 40), *success(ADA)],
        "40 failed logins, then 1 successful one",
    ),
    "a second address that the agent never used": (
        [*guesses(ADA, 40), *success(ADA, address=SECOND)],
        "40 failed logins, then 1 successful one",
    ),
    "two addresses, and guessing that goes on": (
        [
            *guesses(ADA, 40),
            *success(ADA, address=SECOND),
            *guesses(ADA, 30, EVENING + 6 * MINUTE),
            *success(ADA, 9 * MINUTE, THIRD),
        ],
        "70 failed logins, 2 successful ones after 40 of them",
    ),
    "guesses from an address each": (
        [
            *[row for n in range(40) for row in guesses(ADA, 1, EVENING + n * MINUTE / 10, f"198.18.0.{n}")],
            *success(ADA, address=SECOND),
        ],
        "40 failed logins, then 1 successful one",
    ),
    "the usual address, while others guess": ([*guesses(ADA, 40), *success(ADA, address=OFFICE)], ""),
    "the usual address, after a slip, while others guess": (
        [
            *guesses(ADA, 40),
            *guesses(ADA, 1, EVENING + 4 * MINUTE, OFFICE),
            *success(ADA, address=OFFICE),
        ],
        "",
    ),
    "the usual address, from which somebody guessed": (
        [*guesses(ADA, 40, address=OFFICE), *success(ADA, address=OFFICE)],
        "40 failed logins, then 1 successful one",
    ),
    "the owner, between the guesses and the intruder": (
        [
            *guesses(ADA, 40),
            *success(ADA, 2 * MINUTE, OFFICE),
            *success(ADA, address=SECOND),
        ],
        "40 failed logins, then 1 successful one",
    ),
    "another agent": ([*guesses(ADA, 40), *success(BOB, address=SECOND)], ""),
    "nobody knows from where": (
        [*guesses(ADA, 40, address=None), *success(ADA, address=None)],
        "40 failed logins, then 1 successful one",
    ),
    "before the guesses": ([*success(ADA, -MINUTE + MINUTE / 2, SECOND), *guesses(ADA, 40)], ""),
    "a client whose logins fail now and then": (
        [row for n in range(60) for row in [*guesses(ADA, n % 3 == 0, EVENING + n * MINUTE / 2, SECOND),
                                           *success(ADA, n * MINUTE / 2 + MINUTE / 10, SECOND)]],
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "takeover"), CASES.values(), ids=CASES)
def test_a_login_succeeds_after_failures_from(log: Store, rows: list[Row], takeover: str) -> None:
    alarm = judged(log, rows)
    assert alarm.takeover == takeover
    assert (alarm.severity == "high") == bool(takeover), alarm.reasons
    assert set(taken_over(alarm)) == ({ADA} if takeover else set())


@pytest.mark.parametrize("address", [GUESSER, SECOND])
def test_what_follows_a_success_from_any_address_is_followed(log: Store, address: str) -> None:
    alarm = judged(
        log, [*guesses(ADA, 40), *success(ADA, address=SECOND), *key_copied(ADA, 20 * MINUTE, address)]
    )
    assert alarm.severity == "critical"
    assert "API key copied followed" in [reason.text for reason in alarm.reasons]


SEVERAL = [
    *guesses(ADA, 60),
    *success(ADA, address=SECOND),
    *success(ADA, 6 * MINUTE, THIRD),
    *guesses(BOB, 50, EVENING + 10 * MINUTE),
    *success(BOB, 12 * MINUTE),
]
LATE = [*guesses(CLEO, 45, EVENING + 20 * MINUTE), *success(CLEO, 22 * MINUTE)]


def test_an_alarm_over_several_agents_tells_every_takeover(log: Store) -> None:
    alarm = judged(log, [*SEVERAL, *LATE])
    assert (
        alarm.takeover
        == "155 failed logins of 3 agents; 4 successful ones: support-1 2, support-2 1, support-3 1"
    )
    assert alarm.takeover in alarm.sentence
    assert taken_over(alarm) == {ADA: 2, BOB: 1, CLEO: 1}
    assert {share.name: share.succeeded for share in alarm.addresses} == {GUESSER: 2, SECOND: 1, THIRD: 1}


def test_what_follows_any_takeover_makes_an_alarm_critical(log: Store) -> None:
    alarm = judged(log, [*SEVERAL, *LATE, *key_copied(CLEO, 23 * MINUTE, "192.0.2.200")])
    assert alarm.severity == "critical"
    assert [(event.agent, event.activity) for event in alarm.followed_by] == [(CLEO, "API key copied")]


def test_a_further_takeover_is_an_update_that_names_it_and_opens_the_alarm_again(log: Store) -> None:
    first = judged(log, SEVERAL + guesses(CLEO, 45, EVENING + 20 * MINUTE), EVENING + 21 * MINUTE)
    set_state(log.path, first, ACKNOWLEDGED)
    sent = new_messages("store", [first], [])
    grown = judged(log, success(CLEO, 22 * MINUTE), EVENING + 23 * MINUTE)
    assert (grown.id, grown.revision) == (first.id, first.revision + 1)
    assert f"logins of {CLEO} succeeded after failures" in grown.change
    state = states(log.path).of(grown)
    assert (state.state, f"logins of {CLEO} succeeded" in state.grew) == (OPEN, True)
    [update] = new_messages("store", [grown], sent)
    assert update.key == f"{first.id}:{grown.revision}:update"


def test_a_success_that_arrives_late_is_told(log: Store) -> None:
    settled = judged(log, guesses(ADA, 40), EVENING + 5 * HOUR)
    assert (settled.status, settled.takeover) == ("settled", "")
    late = judged(log, success(ADA, 80 * MINUTE, SECOND), EVENING + 5 * HOUR)
    assert (late.id, late.takeover) == (settled.id, "40 failed logins, then 1 successful one")


def test_an_agent_reads_what_is_said_of_itself(log: Store) -> None:
    alarm = judged(log, [*SEVERAL, *LATE])
    text = of_agent(alarm, CLEO)
    assert text.startswith(
        "support-3: 45 failed logins, 1 login succeeded after failures, in an alarm about 3 agents,"
    )
    assert ADA not in text
    assert BOB not in text


def test_an_agent_with_a_takeover_is_kept_among_many(log: Store) -> None:
    clerks = [row for n in range(30) for row in guesses(f"clerk-{n:02}", 20, address=GUESSER)]
    alarm = judged(log, [*clerks, *guesses("clerk-99", 6), *success("clerk-99")])
    assert alarm.more_agents == 11
    assert taken_over(alarm) == {"clerk-99": 1}
    assert alarm.takeover == "606 failed logins of 31 agents; 1 successful one: clerk-99"


def test_what_follows_a_spray_that_succeeds_is_followed(log: Store) -> None:
    spray = [row for n in range(30) for row in guesses(f"clerk-{n:02}", 2, EVENING + n * MINUTE / 10)]
    rows = [*spray, *success("clerk-07"), *key_copied("clerk-07", 9 * MINUTE, SECOND)]
    alarm = judged(log, rows)
    assert alarm.takeover == ""
    assert (alarm.severity, [event.agent for event in alarm.followed_by]) == ("critical", ["clerk-07"])
