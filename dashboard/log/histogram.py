"""The small chart over the list: its events over time, failed ones in red; a drag zooms in."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd

from audit_store.engines.protocol import Query
from audit_store.filters import EventFilter
from audit_store.quantities import counted
from audit_store.ranges import Period
from dashboard import active_catalogue, components, data
from dashboard.activity import local_buckets, overview
from dashboard.charts.parts import bucket_label
from dashboard.filters import url_state

KEY = "log_histogram"
_TICKS = 6


def draw(where: EventFilter, extent: data.Extent) -> None:
    """Draw the events of a filter in bars of the width that the activity page has. Raises as `data.surroundings`."""
    bars, step = load(where, extent)
    if bars.empty:
        return
    busiest = int(bars["events"].to_numpy().argmax())
    labels = [bucket_label(bucket, step) for bucket in bars["bucket"]]
    components.draw(
        "histogram",
        {
            "events": bars["events"].tolist(),
            "failures": bars["failures"].tolist(),
            "labels": labels,
            "ticks": list(ticks(bars["bucket"].tolist(), step)),
            "summary": f"Busiest: {labels[busiest]}, {counted(int(bars['events'].iloc[busiest]), 'event')}",
        },
        key=KEY,
        on={"zoom": partial(_zoom, bars)},
    )


def statement(where: EventFilter, extent: data.Extent) -> Query:
    """What `draw` reads."""
    period, step = _spread(where, extent)
    wide = local_buckets.query_buckets(step, where.zone, period)
    return data.queries().timeline(where, wide, active_catalogue.activities())


def load(where: EventFilter, extent: data.Extent) -> tuple[pd.DataFrame, timedelta]:
    """Rows bucket, until (naive local), events, failures, one a bar, and the width of a bar.

    From the statement that the activity page runs for its timeline, so that either page finds its rows in the cache.
    Raises as `data.surroundings`.
    """
    period, step = _spread(where, extent)
    [timeline] = data.frames(statement(where, extent))
    bars = local_buckets.local_timeline(
        timeline, period=where.period, extent=(period.start, period.end), step=step, zone=where.zone
    )
    sums = bars.groupby(["bucket", "until"])[["events", "failures"]].sum()
    return sums.reset_index(), step


def _spread(where: EventFilter, extent: data.Extent) -> tuple[Period, timedelta]:
    """The period of the bars, and the width of one."""
    period = overview.closed(where.period, extent)
    return period, local_buckets.chart_step(period.length or timedelta())


def ticks(buckets: Sequence[datetime], step: timedelta) -> Iterator[tuple[int, str]]:
    """The number and the label of about six bars, evenly apart.

    >>> from datetime import datetime
    >>> list(ticks([datetime(2026, 3, 14, hour) for hour in (9, 10)], timedelta(hours=1)))
    [(0, '14 Mar 09:00'), (1, '14 Mar 10:00')]
    """
    for number in range(0, len(buckets), -(-len(buckets) // _TICKS)):
        bucket = buckets[number]
        day = f"{bucket.day} {bucket:%b}"
        if step >= local_buckets.MONTH:
            yield number, f"{bucket:%b %Y}"
        else:
            yield number, day if step >= local_buckets.DAY else f"{day} {bucket:%H:%M}"


def _zoom(bars: pd.DataFrame) -> None:
    """Filter by the time of the bars that were dragged over."""
    match components.value(KEY, "zoom"):
        case [int(first), int(last)] if 0 <= first <= last < len(bars):
            url_state.change_period(_moment(bars["bucket"].iloc[first]), _moment(bars["until"].iloc[last]))


def _moment(time: Any) -> datetime:
    return pd.Timestamp(time).to_pydatetime()
