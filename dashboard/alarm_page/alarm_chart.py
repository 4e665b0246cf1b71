"""The chart of the opened alarm: the logins of its series, what was expected, and the hours in question."""

from datetime import datetime, timedelta

import pandas as pd
import streamlit as st

from alarms import SENSITIVITIES
from alarms.records.record import AlarmRecord
from alarms.records.series import AFTER, RecordSeries, series_of
from audit_store.engines.registry import open_store
from audit_store.filters import EventFilter
from audit_store.local_time import wall_clock
from dashboard import active_catalogue, data
from dashboard.alarm_page import selection
from dashboard.charts import logins
from dashboard.frame import chart

_KEPT = 64
_HOUR = timedelta(hours=1)


def draw(record: AlarmRecord, where: EventFilter, now: datetime) -> None:
    """Draw the series of a record; nothing for one that is about no series."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    # Once the hours that are shown are over, the chart stays the same while events arrive.
    until = min(hour, record.ends_at + AFTER + _HOUR)
    key = (str(data.store().path), record.id, record.revision, where.tz, selection.sensitivity(), until)
    series = _series(key, str(active_catalogue.activities()), record, now)
    if series is None or series.frame.empty:
        return
    chart.draw(
        logins.spikes(
            while_learned(series.frame),
            noun=series.noun,
            height=170,
            marked=(wall_clock(record.starts_at, where.zone), wall_clock(record.ends_at, where.zone)),
        )
    )


def while_learned(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame without a range in the hours in which the baseline is still learned."""
    is_learning = frame["learning_day"] > 0
    masked = frame.assign(state=frame["state"].mask(is_learning, "learning"))
    return masked.assign(**{name: frame[name].mask(is_learning) for name in ("expected", "upper")})


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _series(
    key: tuple[str, str, int, str, str, datetime], activities: str, _record: AlarmRecord, _now: datetime
) -> RecordSeries | None:
    path, _, _, tz, sensitivity, _ = key
    chosen = next(choice for choice in SENSITIVITIES if choice.name == sensitivity)
    catalogue = active_catalogue.activities()
    return series_of(open_store(path), _record, catalogue, _now, tz=tz, sensitivity=chosen)
