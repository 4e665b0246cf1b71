"""The banner of the store page: one sentence that is green only when everything works."""

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard.store_page import verdict
from dashboard.store_page.health import Health
from dashboard.text import shown
from dashboard.times import local

_HEADS = {
    "good": ":green[:material/check_circle:] **The store works**",
    "warning": ":orange[:material/warning:] **The store needs attention**",
    "bad": ":red[:material/error:] **The store does not work**",
}
_NEW = ":material/add_circle: **There is no store yet**"


def draw(health: Health, now: datetime, zone: ZoneInfo) -> None:
    """Draw the verdict, and a line for each finding; `now` is naive UTC."""
    listed = verdict.findings(health, now)
    with st.container(border=True, key="banner", gap="xsmall"):
        st.markdown(_NEW if health.is_new and not listed else _HEADS[verdict.level(listed)])
        for finding in listed:
            st.text(shown(finding.sentence))
        if not listed:
            st.text(shown(_all_well(health, zone)))


def _all_well(health: Health, zone: ZoneInfo) -> str:
    if health.is_new:
        return f"The first event creates {health.path}."
    folding = (
        "appended events are loaded within a second"
        if health.folds
        else "nothing waits in the spool (this dashboard is read-only)"
    )
    until = health.progress and health.progress.judged_until
    judged = f", and its events are judged for alarms until {local(until, zone)[:16]}" if until else ""
    return f"It can be read, {folding}{judged}."
