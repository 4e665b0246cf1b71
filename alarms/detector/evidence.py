"""What the events of alarms say, read for all alarms of a stretch at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from alarms.counts import EPOCH, bucket_number
from alarms.detector.models import Judged
from alarms.detector.settings import Settings
from alarms.following import AFTER, Subject, followed_by
from alarms.login_alarm import LoginAlarm
from alarms.records.record import LEAST_FAILURES, FollowUp
from alarms.takeovers import successful
from audit_store.engines.protocol import Engine, Reader
from audit_store.filters import EventFilter
from audit_store.ranges import Period

BASELINE_DAYS = 28
ADMINISTRATOR_DAYS = 90


@dataclass(frozen=True)
class Evidence:
    """What the events of one alarm say.

    `attempts` has the rows of `LoginQueries.attempts_around`, `before` those of `addresses_before`. `is_taken_over`: an
    attack has succeeded for an agent at least. `first_seen` has the first login of each agent and address that may be
    new; `followed_by` is what they did afterwards, and `administrators` are the agents that did something sensitive in
    the 90 days before.
    """

    attempts: pd.DataFrame
    is_taken_over: bool
    before: pd.DataFrame
    first_seen: dict[str, datetime]
    followed_by: tuple[FollowUp, ...]
    administrators: frozenset[str]

    @property
    def inside(self) -> pd.DataFrame:
        """The rows of `attempts` with logins in the hours of the alarm."""
        return self.attempts[self.attempts["attempts"] > 0]

    @property
    def succeeded_after(self) -> int:
        """How many logins succeeded after failures."""
        return int(self.attempts["succeeded_after"].sum())


def agents_of(alarm: LoginAlarm) -> list[str | None]:
    """The agents whose logins an alarm is about; None stands for all."""
    return list(dict.fromkeys(part.key.agent or None for part in alarm.closest))


def read(engine: Engine, judged: Judged, settings: Settings, alarms: Sequence[LoginAlarm]) -> list[Evidence]:
    """The evidence for some alarms, in their order. Raises what the store raises."""
    if not alarms:
        return []
    with engine.read() as reader:
        attempts = _attempts(engine, reader, judged, settings, alarms)
        before = _before(engine, reader, settings, alarms, attempts)
        first_seen = _first_seen(engine, reader, judged, settings.catalogue.logins, alarms, attempts, before)
        taken = [successful(rows) for rows in attempts]
        followed = _followed_by(engine, reader, settings, alarms, taken)
        return [
            Evidence(
                attempts=attempts[number],
                is_taken_over=not taken[number].empty,
                before=before[number],
                first_seen=first_seen,
                followed_by=followed.get(number, ()),
                administrators=_administrators(engine, reader, settings, alarm, taken[number]),
            )
            for number, alarm in enumerate(alarms)
        ]


def _attempts(
    engine: Engine, reader: Reader, judged: Judged, settings: Settings, alarms: Sequence[LoginAlarm]
) -> list[pd.DataFrame]:
    step, catalogue = judged.history.clock.step, settings.catalogue
    windows = [row for number, alarm in enumerate(alarms) for row in _windows(number, alarm, step)]
    where = EventFilter(activity=catalogue.logins, period=_period(alarms))
    attempts = reader.run(
        engine.login_queries.attempts_around(
            where, catalogue.failures, step, windows, least_failures=LEAST_FAILURES
        )
    )
    return _split(attempts, len(alarms))


def _before(
    engine: Engine,
    reader: Reader,
    settings: Settings,
    alarms: Sequence[LoginAlarm],
    attempts: Sequence[pd.DataFrame],
) -> list[pd.DataFrame]:
    rows = [row for number, alarm in enumerate(alarms) for row in _addresses(number, alarm, attempts[number])]
    if not rows:
        empty = pd.DataFrame({"source_ip": [], "before": [], "failed_before": []})
        return [empty] * len(alarms)
    period = _period(alarms)
    earlier = Period(_earlier(period.start, BASELINE_DAYS), period.end)
    where = EventFilter(activity=settings.catalogue.logins, period=earlier)
    query = engine.login_queries.addresses_before(where, settings.catalogue.failures, rows, BASELINE_DAYS)
    return _split(reader.run(query), len(alarms))


def _period(alarms: Sequence[LoginAlarm]) -> Period:
    """The time of all alarms and of what follows them."""
    start = min(alarm.start for alarm in alarms)
    return Period(start, max(alarm.end for alarm in alarms) + AFTER)


def _earlier(moment: datetime | None, days: int) -> datetime:
    return max((moment or EPOCH) - timedelta(days=days), EPOCH)


def _windows(number: int, alarm: LoginAlarm, step: timedelta) -> list[tuple[int, int, str | None, bool]]:
    first, inside = bucket_number(alarm.start, step), bucket_number(alarm.end, step)
    end = bucket_number(alarm.end + AFTER, step)
    return [
        (number, bucket, agent, bucket < inside) for agent in agents_of(alarm) for bucket in range(first, end)
    ]


def _addresses(
    number: int, alarm: LoginAlarm, attempts: pd.DataFrame
) -> list[tuple[int, str, str | None, datetime, datetime]]:
    names = attempts.loc[attempts["attempts"] > 0, "source_ip"].dropna().unique()
    return [
        (number, address, agent, alarm.start, alarm.end) for agent in agents_of(alarm) for address in names
    ]


def _split(rows: pd.DataFrame, alarms: int) -> list[pd.DataFrame]:
    parts = dict(list(rows.groupby("window_id")))
    return [parts.get(number, rows[:0]) for number in range(alarms)]


def _first_seen(
    engine: Engine,
    reader: Reader,
    judged: Judged,
    logins: Sequence[str],
    alarms: Sequence[LoginAlarm],
    attempts: Sequence[pd.DataFrame],
    before: Sequence[pd.DataFrame],
) -> dict[str, datetime]:
    """When the agents and addresses were first seen that may be new; the others had a login before their alarm."""
    history = judged.history
    new: dict[str, set[str]] = {"agent": set(), "source_ip": set()}
    for alarm, rows, earlier in zip(alarms, attempts, before, strict=True):
        is_before = np.asarray(history.clock.hours < pd.Timestamp(alarm.start))[history.hour]
        known = {*map(str, history.agents[np.unique(history.agent[is_before])]), *earlier["source_ip"]}
        for column, names in new.items():
            names |= set(rows[column].dropna()) - known
    times: dict[str, datetime] = {}
    for column, names in new.items():
        if names:
            times |= first_times(engine, reader, logins, column, sorted(names))
    return times


def first_times(
    engine: Engine, reader: Reader, logins: Sequence[str], column: str, names: Sequence[str]
) -> dict[str, datetime]:
    """The first login of each of these agents or addresses (naive UTC); `logins` are the activities."""
    every = EventFilter(activity=tuple(logins))
    by_bucket: dict[Period, list[str]] = {}
    for row in reader.arrow(engine.login_queries.first_buckets(every, column, names)).to_pylist():
        by_bucket.setdefault(Period(row["start"], row["end"]), []).append(row["name"])
    queries = (
        engine.login_queries.first_seen(replace(every, period=period), column, in_bucket)
        for period, in_bucket in by_bucket.items()
    )
    return {row["name"]: row["first"] for query in queries for row in reader.arrow(query).to_pylist()}


def _followed_by(
    engine: Engine,
    reader: Reader,
    settings: Settings,
    alarms: Sequence[LoginAlarm],
    taken: Sequence[pd.DataFrame],
) -> Mapping[int, tuple[FollowUp, ...]]:
    """What the agents and addresses of each alarm did besides logins, what is sensitive first."""
    subjects = [
        subject for number, alarm in enumerate(alarms) for subject in _subjects(number, alarm, taken[number])
    ]
    return followed_by(engine, reader, settings.catalogue, subjects)


def _subjects(number: int, alarm: LoginAlarm, taken: pd.DataFrame) -> list[Subject]:
    """Whom to follow: for whom an attack succeeded and from where (`taken`), else the agents of the alarm."""
    if len(taken):
        starts = taken["first_after"].fillna(pd.Timestamp(alarm.start)).dt.to_pydatetime()
        pairs = zip(taken["agent"], taken["source_ip"], starts, strict=True)
        return [
            (number, *subject, start, max(start, alarm.end) + AFTER)
            for agent, address, start in pairs
            for subject in ((agent, None), (None, address))
            if isinstance(subject[0] or subject[1], str)
        ]
    return [(number, agent, None, alarm.start, alarm.end + AFTER) for agent in agents_of(alarm) if agent]


def _administrators(
    engine: Engine, reader: Reader, settings: Settings, alarm: LoginAlarm, taken: pd.DataFrame
) -> frozenset[str]:
    """The agents that did something sensitive on the 90 days before the alarm's."""
    agents = tuple(taken["agent"].unique().tolist() or [agent for agent in agents_of(alarm) if agent])
    if not agents or not settings.catalogue.sensitive:
        return frozenset()
    # Whole days, which the roll-up counts.
    day = alarm.start.replace(hour=0, minute=0)
    period = Period(_earlier(day, ADMINISTRATOR_DAYS), day)
    where = EventFilter(agent=agents, activity=settings.catalogue.sensitive, period=period)
    rows = reader.run(engine.queries.by_agent(where, len(agents), settings.catalogue))
    return frozenset(rows["agent"].dropna())
