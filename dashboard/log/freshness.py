"""What the log says about its own freshness: how old the newest event is, and who fell silent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from audit_store.filters import EventFilter
from dashboard import data
from dashboard.text import shown
from dashboard.times import age

RECENT = 2000
ENOUGH = 20
MANY_TIMES = 2
MOST_NAMED = 2
_SHORTEST = timedelta(minutes=5)
_END = 2**62


@dataclass(frozen=True, slots=True)
class Silence:
    """A source that has been silent for much longer than it was between any two of its recent events."""

    source: str
    since: datetime
    longest_gap: timedelta


def silences(recent: pd.DataFrame, now: datetime) -> Iterator[Silence]:
    """The silent sources of the rows source, occurred_at (naive UTC, as `now`), the longest silent first.

    A silence counts from MANY_TIMES the longest gap between events on; a source with fewer than ENOUGH
    events has no usual gap.
    """
    newest = recent.groupby("source")["occurred_at"].max().sort_values()
    for source, last in newest.items():
        times = recent.loc[recent["source"] == source, "occurred_at"].sort_values()
        longest = timedelta() if len(times) < ENOUGH else times.diff().max().to_pytimedelta()
        if len(times) >= ENOUGH and now - last > max(MANY_TIMES * longest, _SHORTEST):
            yield Silence(str(source), last.to_pydatetime(), longest)


def sentence(found: Sequence[Silence], now: datetime) -> str:
    """For a person: "Silent: web for 3 hours (longest pause before: 12 minutes)"."""
    listed = [
        f"{shown(silence.source) or 'events without a source'} for {span(now - silence.since)} "
        f"(longest pause before: {span(silence.longest_gap)})"
        for silence in found[:MOST_NAMED]
    ]
    more = [f"{len(found) - MOST_NAMED} more"] if len(found) > MOST_NAMED else []
    return f"Silent: {', '.join(listed + more)}"


def span(length: timedelta) -> str:
    """A length of time in its largest unit, seconds too: "3 hours", "12 seconds"."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    beginning = datetime(1970, 1, 1)  # noqa: DTZ001  # only the difference counts
    return age(beginning, beginning + length).removesuffix(" ago")


def draw() -> None:
    """One line: the age of the newest event of the whole store, and the sources that are silent."""
    now = datetime.now(UTC).replace(tzinfo=None)
    extent, recent = data.frames(
        data.queries().extent(),
        data.queries().page(
            EventFilter(), below=_END, skip=0, rows=RECENT, columns=("source", "occurred_at")
        ),
    )
    since = now - extent["last"].iloc[0].to_pydatetime()
    ahead = since < timedelta(seconds=-1)
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        words = "in the future" if ahead else f"{span(max(since, timedelta()))} ago"
        st.caption(f"Newest event {words}", width="content")
        if found := list(silences(recent, now)):
            st.text(sentence(found, now), width="content")
