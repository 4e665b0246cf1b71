"""Alarms for the reader: kept while the store stays as it is, with their sentences, evidence and marks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

import alarms
from alarms import SENSITIVITIES, Evidence, LoginAlarm, Mark, QuietNote, Review, Series, Told, Watch
from audit_store.catalogue import Catalogue
from audit_store.engines.registry import open_store
from audit_store.filters import EventFilter
from audit_store.ranges import Period
from dashboard import active_catalogue, data
from dashboard.text import shown

_WATCHES_KEPT = 4
_HOUR = timedelta(hours=1)
SERIES = {"all": "All logins", "failed": "Failed logins", "agents": "Distinct agents"}
VERDICTS = {
    "open": ":material/radio_button_unchecked: Open",
    "seen": ":material/visibility: Seen",
    "expected": ":material/check_circle: Expected",
    "incident": ":material/warning: Incident",
}


def watch(where: EventFilter) -> Watch:
    """The logins of a filter, with what is usual of them. Raises as `data.surroundings`."""
    opened = data.store()
    whole = replace(where, period=_whole_hours(where.period))
    catalogue = active_catalogue.activities()
    return _watch(str(opened.path), opened.version(), whole, str(catalogue), catalogue)


def judged(found: Watch, sensitivity: str) -> Review:
    """The alarms at one of the sensitivities, by name."""
    return alarms.review(found, _sensitivity(sensitivity))


def one_agent(found: Watch, agent: str, sensitivity: str) -> Series | None:
    """The chart of one agent; None where it has no logins."""
    try:
        return alarms.agent_series(found, agent, _sensitivity(sensitivity))
    except KeyError:
        return None


def told(found: Watch, listed: Sequence[LoginAlarm]) -> list[Told]:
    """The alarms with their sentences. Raises as `data.surroundings`."""
    return alarms.tell(data.store(), found, listed)


def evidence(found: Watch, alarm: LoginAlarm) -> Evidence:
    """Who and where from. Raises as `data.surroundings`."""
    return alarms.evidence(data.store(), found, alarm)


def notes(found: Watch, review: Review, sensitivity: str) -> list[QuietNote]:
    """The quieter notes, the newest first. Raises as `data.surroundings`."""
    return alarms.notes(data.store(), found, review, _sensitivity(sensitivity))


def marks() -> list[Mark]:
    """What reviewers have said of alarms."""
    return alarms.read_marks(data.store().path)


def mark(alarm: LoginAlarm, verdict: str, note: str) -> None:
    """Keep what a reviewer says of an alarm."""
    alarms.mark(data.store().path, alarm, verdict, note=note)


def chosen(review: Review, made: Sequence[Mark], verdicts: Sequence[str]) -> list[LoginAlarm]:
    """The alarms with one of these verdicts; without any, all."""
    return alarms.chosen(review.alarms, made, verdicts) if verdicts else list(review.alarms)


def mark_of(alarm: LoginAlarm, made: Sequence[Mark]) -> Mark | None:
    """The last mark on an alarm, None where there is none."""
    return alarms.mark_of(alarm, made)


def table(rows: pd.DataFrame, what: str) -> pd.DataFrame:
    """The rows of an evidence table with words for a head, names through the gate."""
    return pd.DataFrame(
        {
            what: [shown(name) + (" · first time ever" if first else "") for name, first in _names(rows)],
            "Now": rows["now"].to_numpy(),
            "Failed": rows["failed"].to_numpy(),
            "Usual": rows["usual"].round(1).to_numpy(),
        }
    )


def agents_of(found: Watch) -> list[str]:
    """The agents with logins, by name."""
    return sorted(str(agent) for agent in found.logins.agents[found.chosen])


def _names(rows: pd.DataFrame) -> list[tuple[str, bool]]:
    return list(zip(rows["name"].astype(str), rows["first_ever"].astype(bool), strict=True))


def _sensitivity(name: str) -> alarms.Sensitivity:
    return next(one for one in SENSITIVITIES if one.name == name)


def _whole_hours(period: Period) -> Period:
    """The hours that a period touches: a view asked for again within the hour is the same."""
    start = period.start and period.start.replace(minute=0, second=0, microsecond=0)
    end = (
        period.end
        and (period.end - timedelta(microseconds=1)).replace(minute=0, second=0, microsecond=0) + _HOUR
    )
    return Period(start, end)


@st.cache_resource(max_entries=_WATCHES_KEPT, show_spinner="Learning what is usual …")
def _watch(
    path: str, version: tuple[int, ...], where: EventFilter, activities: str, _catalogue: Catalogue
) -> Watch:
    # `version` and `activities` are part of the key: what is stored or named later is learned anew.
    return alarms.watch_over(open_store(path), where, datetime.now(UTC).replace(tzinfo=None), _catalogue)
