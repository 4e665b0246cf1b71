"""Counts by UTC bucket, folded into the local hours, days, weeks and months that a chart shows.

Local times are naive wall-clock times of the viewer's zone. A local bucket is named by its start. The hour that
is repeated in autumn is one bucket; the hour that is skipped in spring has none.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from audit_store.quantities import counted
from audit_store.ranges import Buckets, Period
from audit_store.week_hours import offsets

BARS = 120
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
MONTH = timedelta(days=30)
YEAR = timedelta(days=365)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_STEPS = (timedelta(minutes=1), timedelta(minutes=5), QUARTER, HOUR, 6 * HOUR, DAY, WEEK, MONTH, YEAR)
_INSTANT = timedelta(microseconds=1)
_FIRST, _LAST = datetime(1970, 1, 1), datetime(2201, 1, 1)  # noqa: DTZ001 - naive UTC, as periods are


def chart_step(length: timedelta) -> timedelta:
    """The width of a bar with which a chart of this length has at most about 120 bars.

    MONTH and YEAR stand for calendar months and years, of any length.

    >>> chart_step(timedelta(days=90)) == DAY
    True
    """
    return next((step for step in _STEPS if length <= BARS * step), YEAR)


def query_buckets(step: timedelta, zone: ZoneInfo, period: Period) -> Buckets:
    """Buckets of which each lies in one local bar of `step`: local hours, or less if a bar is shorter.

    Where the zone's offset changes in the period by something else than whole hours, quarters of an hour, of which the
    offsets of all zones since 1972 are multiples (IANA tz database).
    """
    width = min(step, HOUR)
    first, *changes = offsets(zone, period.start or _FIRST, (period.end or _LAST) - _INSTANT)
    remainders = {timedelta(microseconds=offset) % width for _, offset in (first, *changes)}
    # A change at the begin of a bucket: before 2011, St. John's changed its clock at 00:01.
    remainders |= {(_FIRST - moment) % width for moment, _ in changes}
    return Buckets(width, remainders.pop()) if len(remainders) == 1 else Buckets(min(step, QUARTER))


def local_timeline(
    frame: pd.DataFrame,
    *,
    period: Period,
    extent: tuple[datetime | None, datetime | None],
    step: timedelta,
    zone: ZoneInfo,
) -> pd.DataFrame:
    """Rows bucket, category, events, failures, until, partial: one for every bar and category.

    `frame` has the rows of `queries.timeline` for `query_buckets`; `period` is theirs and, where it is open, extends
    from the first to the last of `extent` (naive UTC). `bucket` and `until` are the naive local start and end of a
    bar of `step`: days start at midnight, weeks on Monday. Bars without events are zero, sums equal those of
    `frame`, and `partial` marks the bars that the period cuts. Without events there are no rows.
    """
    bucket = _floor(_local(pd.DatetimeIndex(frame["bucket"]), zone), step)
    counts = frame.assign(bucket=bucket).groupby(["bucket", "category"])[["events", "failures"]].sum()
    bars = _bars(period, extent, step, zone).union(bucket).unique()
    whole = pd.MultiIndex.from_product([bars, frame["category"].unique()], names=["bucket", "category"])
    ends = _next(bars, step)
    partial = [_cut(*bar, period, zone) for bar in zip(bars, ends, strict=True)]
    by_bar = pd.DataFrame({"until": ends, "partial": np.array(partial, dtype=bool)}, index=bars)
    filled = counts.reindex(whole, fill_value=0).reset_index()
    return filled.join(by_bar, on="bucket")


def previous_period_bars(
    bars: pd.DataFrame, moved: pd.DataFrame, step: timedelta, zone: ZoneInfo
) -> pd.DataFrame:
    """Rows bucket, until, events: the events of an earlier period in each bar of a later one, zeros included.

    `bars` is a `local_timeline` of `step` in `zone`, and `moved` has the rows of `queries.moved`.
    """
    bucket = _floor(_local(pd.DatetimeIndex(moved["bucket"]), zone), step)
    counts = moved["events"].groupby(bucket).sum()
    spans = bars[["bucket", "until"]].drop_duplicates(ignore_index=True)
    events = counts.reindex(pd.DatetimeIndex(spans["bucket"]), fill_value=0)
    return spans.assign(events=events.to_numpy(np.int64))


def heat_map(frame: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """168 rows weekday ("Monday" first), hour (0–23, local), events, from rows of `queries.timeline`."""
    local = _local(pd.DatetimeIndex(frame["bucket"]), zone)
    events = np.zeros(7 * 24, dtype=np.int64)
    np.add.at(events, local.day_of_week * 24 + local.hour, frame["events"].to_numpy(np.int64))
    weekday, hour = np.repeat(WEEKDAYS, 24), np.tile(np.arange(24), 7)
    return pd.DataFrame({"weekday": weekday, "hour": hour, "events": events})


def agents(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows label, category, events, agent in the order of `queries.by_agent`, whose rows `frame` has.

    The agents beyond the leading ones share the label "Other (12 agents, 3,456 events)" and have no `agent`.
    Labels are names as logged: escape them with `text.shown` before a browser renders them.
    """
    others = frame["agent"].isna()
    label = frame["agent"].astype(object)
    if others.any():
        how_many, events = frame.loc[others, "agents"].max(), frame.loc[others, "events"].sum()
        label = label.mask(others, f"Other ({counted(how_many, 'agent')}, {counted(events, 'event')})")
    return frame.assign(label=label)[["label", "category", "events", "agent"]]


def _instants(start: datetime, end: datetime, every: timedelta) -> pd.DatetimeIndex:
    """The instants of [start, end) at intervals of `every`, and the last one."""
    return pd.date_range(start, end - _INSTANT, freq=every, unit="us").union(
        pd.DatetimeIndex([end - _INSTANT] if end > start else [], dtype="datetime64[us]")
    )


def _local(moments: pd.DatetimeIndex, zone: ZoneInfo) -> pd.DatetimeIndex:
    return moments.as_unit("us").tz_localize("UTC").tz_convert(zone).tz_localize(None)


def _floor(local: pd.DatetimeIndex, step: timedelta) -> pd.DatetimeIndex:
    if step in (MONTH, YEAR):
        unit = "datetime64[M]" if step == MONTH else "datetime64[Y]"
        return pd.DatetimeIndex(local.to_numpy().astype(unit).astype("datetime64[us]"))
    if step == WEEK:
        return local.normalize() - pd.to_timedelta(local.day_of_week, unit="D")
    return local.floor(step)


def _next(bars: pd.DatetimeIndex, step: timedelta) -> pd.DatetimeIndex:
    if step in (MONTH, YEAR):
        return bars + pd.DateOffset(months=1 if step == MONTH else 12)
    return bars + step


def _bars(
    period: Period, extent: tuple[datetime | None, datetime | None], step: timedelta, zone: ZoneInfo
) -> pd.DatetimeIndex:
    """Every local bar that the period touches; steps in UTC find only hours that exist."""
    start = period.start or extent[0]
    end = period.end or (extent[1] and extent[1] + _INSTANT)
    if start is None or end is None:
        return pd.DatetimeIndex([], dtype="datetime64[us]")
    # Short enough to reach every bar, even the half hour that Lord Howe Island skips in spring.
    every = min(step, QUARTER) if step < DAY else 6 * HOUR
    return _floor(_local(_instants(start, end, every), zone), step).unique()


def _cut(bucket: pd.Timestamp, until: pd.Timestamp, period: Period, zone: ZoneInfo) -> bool:
    first = _utc(bucket, zone, fold=0)
    # A repeated hour ends with its second pass.
    end = _utc(until - _INSTANT, zone, fold=1) + _INSTANT
    return first < (period.start or datetime.min) or end > (period.end or datetime.max)  # noqa: DTZ901


def _utc(local: pd.Timestamp, zone: ZoneInfo, *, fold: int) -> datetime:
    return local.to_pydatetime().replace(tzinfo=zone, fold=fold).astimezone(UTC).replace(tzinfo=None)
