"""Draws the page again when the records of its alarms change."""

import contextlib

import streamlit as st

from audit_store.errors import AuditStoreError
from dashboard import data
from dashboard.alarm_page import selection
from dashboard.alarm_page.selection import Selection
from dashboard.filters import url_state

SECONDS = 5


def watch(selected: Selection) -> None:
    """Look for changes every few seconds while the page is open."""
    _watch(data.store().version(), _drawn(selected))


@st.fragment(run_every=SECONDS)
def _watch(version: tuple[int, ...], drawn: list[tuple[str, int, str]]) -> None:
    with contextlib.suppress(AuditStoreError, OSError):
        if data.store().version() != version:
            where = url_state.until_now(url_state.current().where)
            if _drawn(selection.load(where)) != drawn:
                url_state.rerun()


def _drawn(selected: Selection) -> list[tuple[str, int, str]]:
    return [(alarm.record.id, alarm.record.revision, alarm.status) for alarm in selected.matching]
