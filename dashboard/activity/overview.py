"""The events of a filter, counted for the charts of the activity page."""

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from audit_store.filters import EventFilter
from audit_store.ranges import Buckets, Period
from dashboard import active_catalogue, data
from dashboard.activity import local_buckets, period_comparison, split
from dashboard.activity.split import Split
from dashboard.text import shown


@dataclass(frozen=True, slots=True)
class Totals:
    """The number of events, of agents, and of failed events."""

    events: int
    agents: int
    failures: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The totals of a filter and of its previous period (None for an open range), and its events by time and agent.

    `timeline` is the result of `local_buckets.local_timeline` in bars of `step`, `week` that of
    `local_buckets.heat_map`, and `agents` that of `local_buckets.agents`, its labels escaped by `text.shown`.
    `earlier` is the result of `local_buckets.previous_period_bars` with the column `period`, the name of the previous
    period; None where the previous period cannot be compared. The categories of `timeline` are the parts of `split`.
    """

    totals: Totals
    before: Totals | None
    step: timedelta
    timeline: pd.DataFrame
    week: pd.DataFrame
    agents: pd.DataFrame
    earlier: pd.DataFrame | None
    split: Split

    def by_bar(self, column: str) -> list[int]:
        """The events, or the failures, of each bar."""
        sums: list[int] = self.timeline.groupby("bucket")[column].sum().tolist()
        return sums

    def counts(self) -> list[tuple[str, int, int | None]]:
        """Label, value, and value of the previous period of each total."""
        totals, before = self.totals, self.before
        return [
            ("Events", totals.events, before.events if before else None),
            ("Agents", totals.agents, before.agents if before else None),
            ("Failures", totals.failures, before.failures if before else None),
        ]


def load(where: EventFilter, extent: data.Extent, top: int, by: str = "category") -> Overview:
    """The overview of a filter with its `top` agents, its bars split by one of `split.BY`.

    Raises as `data.surroundings`. A search is split by category only: other parts would read every event again.
    """
    period = closed(where.period, extent)
    step = local_buckets.chart_step(period.length or timedelta())
    wide = local_buckets.query_buckets(step, where.zone, period)
    before, earlier = where.before(), period_comparison.comparable(where, extent.first)
    if where.hours:
        earlier = None  # the bars of another period cover other hours of the week
    queries = data.queries()
    moved = [queries.moved(earlier, period.length or timedelta(), wide)] if earlier else []
    timeline, agents, *more = data.frames(
        queries.timeline(where, wide, active_catalogue.activities()),
        queries.by_agent(where, top, active_catalogue.activities()),
        *([] if before is None else [queries.summary(before)]),
        *moved,
    )
    parts, by_part = _split("category" if where.q else by, where, wide, timeline, agents)
    bars = _folded(by_part, where, period, step)
    return Overview(
        totals=_sums(timeline, agents),
        before=None if before is None else _totals(more[0]),
        step=step,
        timeline=bars,
        week=local_buckets.heat_map(timeline, where.zone),
        agents=_labelled(local_buckets.agents(agents)),
        earlier=_named(local_buckets.previous_period_bars(bars, more[-1], step, where.zone), where)
        if moved
        else None,
        split=parts,
    )


def _split(
    by: str, where: EventFilter, buckets: Buckets, timeline: pd.DataFrame, agents: pd.DataFrame
) -> tuple[Split, pd.DataFrame]:
    """What the bars are split by, and the rows of `timeline` split by it."""
    if by == "category":
        return split.by_category(active_catalogue.activities()), timeline
    values = split.values_of(by, where, agents)
    parts = split.by_values(by, values)
    return parts, split.combined(parts, timeline, data.frames(*split.statements(by, values, where, buckets)))


def _sums(timeline: pd.DataFrame, agents: pd.DataFrame) -> Totals:
    """The totals from these rows, without another scan of the events."""
    return Totals(
        events=int(timeline["events"].sum()),
        agents=int(agents.drop_duplicates("agent")["agents"].sum()),
        failures=int(timeline["failures"].sum()),
    )


def _totals(frame: pd.DataFrame) -> Totals:
    first = frame.iloc[0]
    return Totals(int(first["events"]), int(first["agents"]), int(first["failures"]))


def _labelled(agents: pd.DataFrame) -> pd.DataFrame:
    return agents.assign(label=agents["label"].map(shown))


def _named(earlier: pd.DataFrame, where: EventFilter) -> pd.DataFrame:
    return earlier.assign(period=period_comparison.previous(where))


def closed(period: Period, extent: data.Extent) -> Period:
    """The period, bounded by the first and the last event of the store where it is open."""
    start = period.start or extent.first or period.end
    last = extent.last and extent.last + timedelta(microseconds=1)
    end = period.end or last or start
    if start is not None and end is not None and end < start:
        end = start
    return Period(start, end)


def _folded(timeline: pd.DataFrame, where: EventFilter, period: Period, step: timedelta) -> pd.DataFrame:
    return local_buckets.local_timeline(
        timeline, period=where.period, extent=(period.start, period.end), step=step, zone=where.zone
    )
