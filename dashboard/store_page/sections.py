"""The parts of the store page below its banner: figures, sources, what could not be delivered or stored, the file."""

import contextlib
import shlex
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from audit_store.errors import AuditStoreError
from dashboard.charts import sparkline
from dashboard.pairs import pairs
from dashboard.store_page import health as store_health
from dashboard.store_page import rejects, sources
from dashboard.store_page.health import Health
from dashboard.store_page.sources import Recent
from dashboard.text import shown
from dashboard.times import age, local

_ROW = 35


def draw(health: Health, now: datetime, zone: ZoneInfo) -> None:
    """Draw all of them; `now` is naive UTC."""
    recent: Recent | None = None
    rejected: Sequence[dict[str, Any]] = []
    with contextlib.suppress(AuditStoreError, OSError):
        recent = sources.read(now) if health.contents and health.contents.events else None
    with contextlib.suppress(OSError):
        rejected = rejects.newest(health.rejects)
    _figures(health, recent, rejected, now)
    if recent is not None:
        _sources(recent, now)
    _segments(health)
    _dead_letters(health)
    if health.rejected:
        _rejects(health, rejected)
    _file(health, zone)


def _figures(
    health: Health, recent: Recent | None, rejected: Sequence[dict[str, Any]], now: datetime
) -> None:
    contents = health.contents
    newest = contents and contents.newest
    with st.container(horizontal=True, key="figures"):
        _figure(
            "Events",
            f"{contents.events:,}" if contents else "–",
            "Below: the events of each of the last 30 days.",
            recent.by_day if recent else [],
        )
        _figure("Newest event", age(newest, now) if newest else "–")
        _figure("Waiting in the spool", f"{health.waiting:,}", "Durable, but not in the file yet.")
        _figure(
            "Rejected",
            "–" if health.rejected is None else f"{health.rejected:,}",
            "Not valid, so not stored.",
            rejects.by_day(rejected, now, sources.DAYS) if rejected else [],
        )


def _figure(label: str, value: str, hint: str | None = None, by_day: Sequence[int] = ()) -> None:
    """Draw a figure, with a line of its last 30 days."""
    with st.container(border=True, gap="xxsmall", height="stretch"):
        st.metric(label, value, help=hint)
        if by_day:
            st.html(sparkline.image(by_day, f"{label}, last {sources.DAYS} days"))


def _sources(recent: Recent, now: datetime) -> None:
    st.header(
        "Sources, last 30 days",
        anchor=False,
        help="Times are exact to 15 minutes. “Silent for” is set where the watchdog has an alarm about the source. "
        "“Recorded after” is the median delay of the newest events; a clock that is ahead makes it negative.",
    )
    _table(sources.table(recent.sources, now), "Sources: when each was last seen, its events and its pauses")


def _segments(health: Health) -> None:
    for files, text in (
        (
            health.set_aside,
            "Segments that were set aside; delete one when its rejected records are corrected:",
        ),
        (
            [f"{left.name}: {left.reason}" for left in health.not_folded],
            "Files of the spool that are not folded:",
        ),
        (
            health.unusable,
            "Files that DuckDB could not use; a fold moved them aside and went on without them:",
        ),
    ):
        if files:
            st.markdown(text)
            st.code("\n".join(map(shown, files)), language=None, wrap_lines=True)


def _dead_letters(health: Health) -> None:
    if health.refused_alarms:
        st.header("Alarms that a receiver refused", anchor=False)
        st.code("\n".join(map(shown, health.refused_alarms)), language=None, wrap_lines=True)
        st.markdown("Send them again once the receiver takes them:")
        st.code(f"python -m alarms resend --store {_quoted(health.path)}", language=None, wrap_lines=True)


def _rejects(health: Health, rejected: Sequence[dict[str, Any]]) -> None:
    st.header("Rejected records", anchor=False)
    if rejected:
        _table(rejects.table(rejected), "The newest rejected records, each with the reason")
    st.markdown("All of them are in this file, one a line. Correct their texts and import them again:")
    st.code(
        f"jq -r .raw {_quoted(health.rejects)} > corrected.ndjson\n"
        f"python -m ingest import corrected.ndjson --store {_quoted(health.path)}",
        language=None,
        wrap_lines=True,
    )


def _file(health: Health, zone: ZoneInfo) -> None:
    contents = health.contents
    newest = contents and contents.newest
    roll_ups = store_health.missing_roll_ups(contents) if contents else None
    st.header("File", anchor=False)
    pairs(
        (
            ("Path", shown(str(health.path))),
            ("Size", health.size),
            ("Schema version", str(contents.schema_version) if contents else "–"),
            ("Newest event", local(newest, zone) if newest else "–"),
            ("Last stored", local(contents.recorded, zone) if contents and contents.recorded else "–"),
            ("Spool", shown(str(health.spool))),
            (
                "Folding",
                "By this dashboard" if health.folds else "By other programs: this dashboard is read-only",
            ),
            *([("Roll-ups", roll_ups)] if roll_ups else []),
        )
    )


def _table(rows: pd.DataFrame, alt: str) -> None:
    st.dataframe(rows, hide_index=True, row_height=_ROW, height=_ROW * (min(len(rows), 10) + 1) + 3, alt=alt)


def _quoted(path: object) -> str:
    return shown(shlex.quote(str(path)))
