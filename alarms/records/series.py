"""The series behind a record: hourly counts and the expected range around its hours, for one chart."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alarms.collection_gaps import is_collected
from alarms.counts import Clock, clock_of
from alarms.login_alarm import SERIES_NAMES
from alarms.records.record import AlarmRecord
from alarms.sensitivity import Sensitivity
from alarms.watch import in_period
from analysis import band, fit_unfed, local_times
from audit_store.catalogue import Catalogue
from audit_store.engines.protocol import Engine, Reader
from audit_store.filters import EventFilter
from audit_store.ranges import Period

BEFORE, AFTER = timedelta(days=5), timedelta(days=1)
"""What is shown before the start and after the end of an alarm."""

Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RecordSeries:
    """`frame` has a row an hour: bucket (naive local start), count, expected, upper, is_spike, state and learning_day,
    as `analysis.band` gives them; `noun` is what is counted, in the singular."""

    noun: str
    frame: pd.DataFrame


def series_of(
    engine: Engine,
    record: AlarmRecord,
    catalogue: Catalogue,
    now: datetime,
    *,
    tz: str,
    sensitivity: Sensitivity,
) -> RecordSeries | None:
    """The logins of the agent of a record, or its overall series, with the limits of a sensitivity.

    Learned from the sixteen weeks before what is shown. Local times are those of `tz`; hours are compared in the zone
    of the record, and `now` is naive UTC. None for a record that is about no series. Raises what the store raises.
    """
    if record.kind not in SERIES_NAMES:
        return None
    period = Period(record.starts_at - BEFORE, min(record.ends_at + AFTER, now))
    with engine.read() as reader:
        _, first, newest, *_ = reader.one(engine.queries.extent())
        clock = clock_of(EventFilter(period=period, tz=record.tz), first, newest, now)
        if not len(clock.hours):
            return None
        logins = EventFilter(period=clock.period, activity=catalogue.logins)
        n_series = int(reader.one(engine.queries.summary(logins))[1])
        counts = _counted(engine, reader, record, logins, clock, catalogue.failures)
        collected = _collected(engine, reader, clock, now)
    frame = pd.DataFrame({record.id: np.where(collected, counts, np.nan)}, index=clock.hours)
    n_series, budget = max(n_series, 1), sensitivity.budget
    scope = "agent" if record.agent else "overall"
    # The running hour of an alarm is judged with what it has so far, as the detector judges it.
    at = pd.Timestamp(now) if record.ends_at <= now else None
    model = fit_unfed(frame, tz=record.tz, scope=scope, budget=budget, n_series=n_series, now=at)
    rows = band(model, record.id, budget, n_series=n_series)
    starts = pd.DatetimeIndex(rows["bucket_start"])
    is_near = in_period(starts, (record.starts_at - BEFORE, period.end or now))
    shown = rows[is_near].drop(columns=["bucket_start", "score"]).reset_index(drop=True)
    shown.insert(0, "bucket", local_times(starts[is_near], tz))
    return RecordSeries("agent" if record.kind == "agents" else record.noun.removesuffix("s"), shown)


def _counted(
    engine: Engine,
    reader: Reader,
    record: AlarmRecord,
    logins: EventFilter,
    clock: Clock,
    failures: tuple[str, ...],
) -> Counts:
    """What the series of a record counts in each hour of the clock."""
    hours = len(clock.hours)
    queries = engine.login_queries
    if record.agent or record.kind == "agents":
        where = replace(logins, agent=(record.agent,)) if record.agent else logins
        rows = reader.run(queries.login_counts(where, failures, clock.step))
        by_agent: list[Counts] = [
            np.bincount(clock.positions(buckets), attempts, minlength=hours).astype(np.float64)
            for buckets, attempts in zip(rows["buckets"], rows["attempts"], strict=True)
        ]
        if record.agent:
            return sum(by_agent, np.zeros(hours))
        return sum(((counts > 0).astype(np.float64) for counts in by_agent), np.zeros(hours))
    totals = reader.run(queries.login_totals(logins, failures, clock.step))
    figure = totals["failed" if record.kind == "failed" else "attempts"].to_numpy()
    return np.bincount(clock.positions(totals["bucket"].to_numpy()), figure, minlength=hours).astype(
        np.float64
    )


def _collected(engine: Engine, reader: Reader, clock: Clock, now: datetime) -> NDArray[np.bool_]:
    """Whether anything was collected in each hour of the clock."""
    heartbeat = reader.run(engine.login_queries.heartbeat(EventFilter(period=clock.period), clock.step))
    positions = clock.positions(heartbeat["bucket"].to_numpy(dtype=np.int64))
    events = np.bincount(positions, heartbeat["events"].to_numpy(), minlength=len(clock.hours))
    return np.asarray(is_collected(events.astype(np.float64), clock.hours, now))
