"""The tiles above the charts: events, agents and failures with their change, and the open alarms."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from alarms.records.record import AlarmRecord
from alarms.triage.states import OPEN
from audit_store.filters import EventFilter
from dashboard.activity.overview import Overview
from dashboard.activity.period_comparison import change
from dashboard.charts import sparkline
from dashboard.charts.activity import AGENT, ALARM
from dashboard.spikes import cards, states


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
    with st.container(border=True, gap="xxsmall", height="stretch"):
        st.metric("Open alarms", f"{len(opened):,}")
        cards.link("Show alarms", where)
