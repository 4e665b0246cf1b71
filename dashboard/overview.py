"""The activity of a filter, as the frames that charts draw."""

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from audit_store import queries
from audit_store.filters import EventFilter
from audit_store.ranges import Period
from dashboard import data, known, series
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
    `agents` that of `series.agents`, its labels passed through the gate.
    """

    totals: Totals
    before: Totals | None
    step: timedelta
    timeline: pd.DataFrame
    week: pd.DataFrame
    agents: pd.DataFrame

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
    step = series.chart_step(period.length or timedelta())
    before = where.before()
    *summaries, timeline, agents = data.frames(
        *[queries.summary(one) for one in (where, before) if one is not None],
        queries.timeline(where, series.query_step(step, where.zone, period), known.activities()),
        queries.by_agent(where, top, known.activities()),
    )
    totals = [_totals(frame) for frame in summaries]
    return Overview(
        totals=totals[0],
        before=totals[1] if before is not None else None,
        step=step,
        timeline=_folded(timeline, where, period, step),
        week=series.heat_map(timeline, where.zone),
        agents=_labelled(series.agents(agents)),
    )


def _totals(frame: pd.DataFrame) -> Totals:
    first = frame.iloc[0]
    return Totals(int(first["events"]), int(first["agents"]), int(first["failures"]))


def _labelled(agents: pd.DataFrame) -> pd.DataFrame:
    return agents.assign(label=agents["label"].map(shown))


def _closed(period: Period, extent: data.Extent) -> Period:
    """The period, ending with the first and the last event of the store where it is open."""
    start = period.start or extent.first or period.end
    last = extent.last and extent.last + timedelta(microseconds=1)
    end = period.end or last or start
    if start is not None and end is not None and end < start:
        end = start
    return Period(start, end)


def _folded(timeline: pd.DataFrame, where: EventFilter, period: Period, step: timedelta) -> pd.DataFrame:
    return series.local_timeline(
        timeline, period=where.period, extent=(period.start, period.end), step=step, zone=where.zone
    )
