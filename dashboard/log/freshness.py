"""How fresh the log is: the age of the newest event, and sources that have fallen silent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
import streamlit as st

from audit_store.filters import EventFilter
from audit_store.local_time import now
from audit_store.quantities import counted, roughly
from dashboard import data
from dashboard.silence import is_silent
from dashboard.text import shown
from dashboard.times import age

RECENT = 2000
_SHORTEST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Silence:
    """A source whose newest event (`since`, naive UTC) is much longer ago than any gap between its recent events."""

    source: str
    since: datetime
    longest_gap: timedelta


def silences(recent: pd.DataFrame, now: datetime) -> Iterator[Silence]:
    """The silent sources of the rows source, occurred_at (naive UTC, as `now`), the longest silent first.

    `silence.is_silent` says which are, of those whose newest event is at least five minutes ago.
    """
    ordered = recent.sort_values("occurred_at")
    gaps = ordered.assign(gap=ordered.groupby("source")["occurred_at"].diff()).groupby("source")
    sources = gaps.agg(events=("gap", "size"), last=("occurred_at", "max"), longest=("gap", "max"))
    silent = sources[is_silent(now - sources["last"], sources["longest"], sources["events"], _SHORTEST)]
    silent = silent.sort_values("last")
    for source, last, longest in zip(silent.index, silent["last"], silent["longest"], strict=True):
        yield Silence(str(source), last.to_pydatetime(), longest.to_pytimedelta())


def line(silence: Silence, now: datetime) -> str:
    """A silent source in words: "web: silent for 3 hours (longest pause before: 12 minutes)"."""
    source = shown(silence.source) or "events without a source"
    return (
        f"{source}: silent for {roughly(now - silence.since)} "
        f"(longest pause before: {roughly(silence.longest_gap)})"
    )


def draw() -> None:
    """Draw the age of the newest event of the whole store, and a menu of the silent sources."""
    queries, moment = data.queries(), now()
    extent, recent = data.frames(
        queries.extent(), data.newest(EventFilter(), RECENT, ("source", "occurred_at"))
    )
    newest = extent["last"].iloc[0].to_pydatetime()
    with st.container(horizontal=True, gap="small", vertical_alignment="center", width="content"):
        st.caption(f"Newest event {age(newest, moment)}", width="content")
        if silent := list(silences(recent, moment)):
            with st.popover(f"{counted(len(silent), 'source')} silent", type="tertiary", key="log_silent"):
                for silence in silent:
                    st.text(line(silence, moment))


def newer_button(newer: int) -> bool:
    """Draw a button that shows newer events; returns whether it was clicked."""
    return st.button(f"Show {counted(newer, 'new event')}", icon=":material/arrow_upward:", type="primary")
