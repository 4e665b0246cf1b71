"""The tiles above the charts: events, agents and failures with their change, and the open alarms."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from alarms.records.reading import Progress
from alarms.records.record import AlarmRecord
from alarms.triage.states import OPEN
from audit_store.filters import EventFilter
from audit_store.quantities import counted
from dashboard.activity.overview import Overview
from dashboard.activity.period_comparison import change
from dashboard.charts import sparkline
from dashboard.charts.activity import AGENT, ALARM
from dashboard.spikes import cards, recent, states


def draw(view: Overview, where: EventFilter, first: datetime | None, listed: Sequence[AlarmRecord]) -> None:
    """Draw four tiles; `first` is the time of the first event of the log (naive UTC), `listed` the alarms in view."""
    lines = {"Events": (view.by_bar("events"), AGENT), "Failures": (view.by_bar("failures"), ALARM)}
    with st.container(horizontal=True, key="tiles"):
        for label, events, before in view.counts():
            delta = change(where, first, events, before, bad=label == "Failures")
            with st.container(border=True, gap="xxsmall", height="stretch"):
                st.metric(label, f"{events:,}", **delta)
                if label in lines:
                    counts, colour = lines[label]
                    st.html(sparkline.image(counts, f"{label} over time", colour))
        _open_alarms(where, listed)


def _open_alarms(where: EventFilter, listed: Sequence[AlarmRecord]) -> None:
    triage = states.triage()
    opened = [record for record in listed if triage.of(record).state == OPEN]
    progress = recent.progress(where)
    is_judged = progress is not None and progress.judged_until is not None
    with st.container(border=True, gap="xxsmall", height="stretch"):
        st.metric("Open alarms", f"{len(opened):,}" if is_judged else "–", help=_help(progress))
        cards.link("Show alarms", where)


def _help(progress: Progress | None) -> str | None:
    if progress is None or progress.judged_until is None:
        return "The log is not judged for alarms yet."
    return f"{counted(progress.hours_left, 'earlier hour')} to judge." if progress.hours_left else None
