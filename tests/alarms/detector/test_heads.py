"""A recorded alarm is about the same agent or series in all of its revisions, whatever joins it."""

import itertools
import random
from datetime import timedelta

import pytest

from alarms.records import reading
from alarms.records.identity import SeriesSpan
from alarms.records.record import WITHDRAWN, AlarmRecord
from audit_store.engines.duckdb.store import Store
from tests.alarms.detector.worlds import HOUR, NOON, attack, judge
from tests.alarms.login_logs import Row, logins, store_of
from tests.conftest import rest_in_campaign

EVENING = NOON + 9 * HOUR
"""No agent logs in at this time."""


def failures(agent: str, count: int, at: int) -> list[Row]:
    """Failed logins of an agent in an hour of the evening."""
    return attack(EVENING + at * HOUR, count, agent=agent)


def spray(at: int, count: int = 2) -> list[Row]:
    """Failed logins of thirty agents."""
    return [row for n in range(30) for row in failures(f"clerk-{n}", count, at)]


GROWTHS = [
    # What arrives in each hour of the evening; kind and agent of the alarm; its total.
    ([failures("support-1", 40, 0), failures("support-2", 90, 1)], ("agent", "support-1"), 130),
    ([failures("support-1", 40, 0), failures("support-2", 30, 0)], ("agent", "support-1"), 70),
    ([failures("support-1", 40, 0), failures("support-1", 80, 1)], ("agent", "support-1"), 120),
    ([spray(0), failures("support-1", 90, 1)], ("agents", ""), 31),
    ([failures("support-1", 40, 0), [], failures("support-2", 60, 2)], ("agent", "support-1"), 100),
]


@pytest.mark.parametrize(("arrivals", "head", "total"), GROWTHS)
def test_an_alarm_that_others_join_keeps_its_head(
    log: Store, arrivals: list[list[Row]], head: tuple[str, str], total: int
) -> None:
    for hour, rows in enumerate(arrivals):
        store_of(log, rows)
        judge(log, EVENING + (hour + 1) * HOUR)
    [alarm] = [record for record in reading.records(log) if record.starts_at >= NOON]
    history = reading.history(log, alarm.id)
    assert {(record.kind, record.agent) for record in history} == {head}
    assert {record.starts_at for record in history} == {EVENING}
    assert alarm.total == total
    assert alarm.change.startswith(f"grew from {history[-2].total} to {total} ")
    assert alarm.sentence.startswith(head[1] or "Agents logging in")


def test_the_total_is_that_of_all_its_agents_and_of_its_filter(log: Store) -> None:
    store_of(log, failures("support-1", 40, 0) + failures("support-2", 30, 0))
    judge(log, EVENING + 5 * HOUR)
    [alarm] = [record for record in reading.records(log) if record.starts_at >= NOON]
    assert alarm.where["agent"] == ["support-1", "support-2"]
    assert (alarm.total, alarm.failed, sum(share.count for share in alarm.agents)) == (70, 70, 70)
    assert "70 logins of 2 agents" in alarm.sentence


def test_an_alarm_whose_head_is_gone_gets_another(log: Store) -> None:
    store_of(log, failures("support-1", 30, 0) + failures("support-2", 28, 0))
    judge(log, EVENING + 5 * HOUR)
    [alarm] = [record for record in reading.records(log) if record.starts_at >= NOON]
    assert (alarm.agent, alarm.total) == ("support-1", 58)
    earlier = [EVENING - timedelta(days=day) for day in range(1, 30)]
    store_of(log, [row for evening in earlier for row in logins("support-1", evening, 30)])
    judge(log, EVENING + 5 * HOUR)
    after = reading.record(log, alarm.id)
    assert after is not None
    assert after.status != WITHDRAWN
    assert head(after) != head(alarm)
    assert "from 58 to 28 logins" in after.change or "instead of 58 logins" in after.change


@pytest.mark.parametrize("seed", rest_in_campaign([1, 2], range(1, 60)))
def test_an_alarm_never_starts_later_and_never_shrinks_while_events_are_added(log: Store, seed: int) -> None:
    dice = random.Random(seed)
    for step in range(6):
        now = EVENING + step * HOUR / 2
        agents = dice.choice((["support-1"], ["support-2"], ["support-1", "support-3"], ["clerk-1"], []))
        rows = [row for agent in agents for row in attack(now, dice.randrange(3, 60), agent=agent)]
        store_of(log, rows + (spray(step // 2, dice.randrange(1, 4)) if dice.random() < 0.2 else []))
        judge(log, now + HOUR / 2)
    for alarm in reading.records(log, with_withdrawn=True):
        history = [record for record in reading.history(log, alarm.id) if record.status != WITHDRAWN]
        for before, after in itertools.pairwise(history):
            assert after.starts_at <= before.starts_at
            assert head(after) == head(before) or head(before) not in map(series, after.spans)
            assert after.total >= before.total or names(before) - names(after), after.change


def head(record: AlarmRecord) -> tuple[str, str, str]:
    return series(record.spans[0])


def series(span: SeriesSpan) -> tuple[str, str, str]:
    return span.key.series


def names(record: AlarmRecord) -> set[str]:
    return {span.key.agent or span.key.kind for span in record.spans}
