"""The head of the login-spike page: what is open, since when, and how far the log is judged."""

from datetime import datetime, timedelta

import pandas as pd
import streamlit as st

from alarms.records.record import SEVERITIES
from audit_store.filters import EventFilter
from audit_store.local_time import wall_clock
from audit_store.quantities import ago, counted
from dashboard import data, notices
from dashboard.alarm_page import selection, words
from dashboard.alarm_page.selection import Selection
from dashboard.charts import alarms as charts
from dashboard.data import Extent
from dashboard.filters import url_state
from dashboard.frame import chart
from dashboard.server import background_service
from dashboard.text import shown

LEARNING = timedelta(days=7)
"""How long after the first event the baseline is learned."""


def draw(selected: Selection, where: EventFilter, extent: Extent, now: datetime) -> None:
    """Draw the verdict, the strip of alarms over the time range, and how far the log is judged."""
    progress = selected.progress
    if progress.judged_at is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _verdict(selected, where, now)
            st.space("stretch")
            st.caption(_judged(progress.judged_at, progress.hours_left, now), width="content")
    if progress.problem:
        notices.line(f"The last judgement failed: {progress.problem}")
    if learning := _learning(extent, where, now):
        notices.line(learning)
    if selected.matching:
        _strip(selected, where, extent, now)


def nothing(selected: Selection, where: EventFilter) -> None:
    """Draw why the list is empty, and the next step."""
    if selected.progress.judged_until is None:
        st.subheader("Not judged yet", icon=":material/hourglass_top:", anchor=False)
        st.text(_who_judges())
    elif selected.matching:
        st.subheader("No alarms in these statuses", icon=":material/filter_alt_off:", anchor=False)
        st.button("Show all statuses", on_click=url_state.put, args=(selection.STATE, selection.ALL_STATUSES))
    else:
        st.text("Alarms are listed here as soon as they are recorded.")
        if where.range != "all":
            st.button(
                "Show all time", on_click=url_state.change, kwargs={"range": "all", "from_": None, "to": None}
            )


def _verdict(selected: Selection, where: EventFilter, now: datetime) -> None:
    opened = selected.open
    if not opened:
        none = "No open alarms" if selected.matching else "No alarms"
        st.markdown(f":green[:material/check_circle:] **{none}**", width="content")
        return
    severities = [alarm.record.severity for alarm in opened]
    first = min(alarm.record.starts_at for alarm in opened)
    st.markdown(f"**{counted(len(opened), 'open alarm')}**", width="content")
    for severity in SEVERITIES:
        if number := severities.count(severity):
            st.badge(
                f"{number:,} {severity}",
                color=words.SEVERITY_COLOURS[severity],
                help=words.SEVERITY_HELP[severity],
            )
    st.caption(f"since {words.moment(first, where.zone, now)}", width="content")


def _judged(at: datetime, hours_left: int, now: datetime) -> str:
    left = f"; {counted(hours_left, 'earlier hour')} to go" if hours_left else ""
    return f"Last judged {ago(now - at)}, with the running hour{left}"


def _learning(extent: Extent, where: EventFilter, now: datetime) -> str:
    if extent.first is None or now >= extent.first + LEARNING:
        return ""
    until = words.moment(extent.first + LEARNING, where.zone, now)
    return f"Learning the baseline until {until}. Until then, only very many or failed logins are alarms."


def _who_judges() -> str:
    if background_service.may_write(data.store().path):
        return "The dashboard judges the log in the background; alarms are listed as they are recorded."
    return shown(
        f"This dashboard is read-only. Judge the log with: python -m alarms run --store {data.store().path}"
    )


def _strip(selected: Selection, where: EventFilter, extent: Extent, now: datetime) -> None:
    starts = [wall_clock(alarm.record.starts_at, where.zone) for alarm in selected.listed]
    frame = pd.DataFrame(
        {
            "starts_at": pd.Series(starts, dtype="datetime64[us]"),
            "severity": [alarm.record.severity for alarm in selected.listed],
        }
    )
    begin = where.period.start or extent.first or now
    if starts:
        begin = min(begin, min(alarm.record.starts_at for alarm in selected.listed))
    end = min(where.period.end or now, now)
    chart.draw(charts.strip(frame, wall_clock(begin, where.zone), wall_clock(end, where.zone)))
