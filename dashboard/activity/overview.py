"""The activity of a filter, as the frames that charts draw."""

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from audit_store.filters import EventFilter
from audit_store.ranges import Period
from dashboard import active_catalogue, data
from dashboard.activity import local_buckets, period_comparison
from dashboard.text import shown


@dataclass(frozen=True, slots=True)
class Totals:
    """How many events, how many agents had them, and how many of them failed."""

    events: int
    agents: int
    failures: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The counts of a filter and of the period before it (None for an open one), and when and who.

    `timeline` is that of `series.local_timeline` in bars of `step`, `week` that of `series.heat_map`, and
    `agents` that of `series.agents`, its labels passed through the gate. `earlier` is that of
    `series.laid_under`, with the name of the `period`; None where nothing before can be compared.
    """

    totals: Totals
    before: Totals | None
    step: timedelta
    timeline: pd.DataFrame
    week: pd.DataFrame
    agents: pd.DataFrame
    earlier: pd.DataFrame | None

    def counts(self) -> list[tuple[str, int, int | None]]:
        """Each count: its label, its number, and that of the period before."""
        now, before = self.totals, self.before
        return [
            ("Events", now.events, before.events if before else None),
            ("Agents", now.agents, before.agents if before else None),
            ("Failures", now.failures, before.failures if before else None),
        ]


def look(where: EventFilter, extent: data.Extent, top: int) -> Overview:
    """The activity of a filter with its `top` agents. Raises as `data.surroundings`."""
    period = _closed(where.period, extent)
    step = local_buckets.chart_step(period.length or timedelta())
    wide = local_buckets.query_step(step, where.zone, period)
    before, earlier = where.before(), period_comparison.comparable(where, extent.first)
    if where.hours:
        earlier = None  # the same bars of another week are other hours of it
    moved = [data.queries().moved(earlier, period.length or timedelta(), wide)] if earlier else []
    timeline, agents, *found = data.frames(
        data.queries().timeline(where, wide, active_catalogue.activities()),
        data.queries().by_agent(where, top, active_catalogue.activities()),
        *([] if before is None else [data.queries().summary(before)]),
        *moved,
    )
    bars = _folded(timeline, where, period, step)
    return Overview(
        totals=_sums(timeline, agents),
        before=None if before is None else _totals(found[0]),
        step=step,
        timeline=bars,
        week=local_buckets.heat_map(timeline, where.zone),
        agents=_labelled(local_buckets.agents(agents)),
        earlier=_named(local_buckets.laid_under(bars, found[-1], step, where.zone), where) if moved else None,
    )


def _sums(timeline: pd.DataFrame, agents: pd.DataFrame) -> Totals:
    """The totals that stand in these rows already, without another scan of the events."""
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


def _closed(period: Period, extent: data.Extent) -> Period:
    """The period, ending with the first and the last event of the store where it is open."""
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
