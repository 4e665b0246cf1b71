"""The data of the login-spike page: the logins of a filter, the alarms in them, and the marks of reviewers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd
import streamlit as st

import alarms
from alarms import (
    SENSITIVITIES,
    LoginFinding,
    Mark,
    Review,
    Sensitivity,
    Series,
    Watch,
)
from alarms.triage.states import Triage, states
from audit_store.catalogue import Catalogue
from audit_store.engines.registry import open_store
from audit_store.errors import AuditStoreError
from audit_store.filters import EventFilter
from audit_store.ranges import Period
from dashboard import active_catalogue, data
from dashboard.filters.url_state import Request
from dashboard.text import shown

_WATCHES_KEPT = 4
_HOUR = timedelta(hours=1)
SERIES = {kind: alarms.SERIES_NAMES[kind] for kind in alarms.OVERALL}
VERDICTS = {
    alarms.OPEN: ":material/radio_button_unchecked: Open",
    "acknowledged": ":material/visibility: Acknowledged",
    "expected": ":material/check_circle: Expected",
    "incident": ":material/warning: Incident",
}
SENSITIVITY_NAMES = tuple(sensitivity.name for sensitivity in SENSITIVITIES)
DEFAULT_SENSITIVITY = alarms.DEFAULT_SENSITIVITY.name


def watch(request: Request) -> Watch:
    """The logins of a filter with their baseline. Raises as `data.surroundings`."""
    engine, catalogue = data.store(), active_catalogue.activities()
    where = replace(request.where, period=_whole_hours(request.where.period))
    return _watch(str(engine.path), engine.version(), where, str(catalogue), catalogue, request.now)


def review(watch: Watch, sensitivity: str) -> Review:
    """The alarms at one of SENSITIVITY_NAMES."""
    return alarms.review(watch, _sensitivity(sensitivity))


def series(watch: Watch, review: Review, kind: str, agents: Sequence[str], sensitivity: str) -> Series | None:
    """The chart of the first of `agents`, else of one of SERIES; None where there are no logins."""
    if not agents:
        return review.series.get(kind)
    try:
        return alarms.agent_series(watch, agents[0], _sensitivity(sensitivity))
    except KeyError:
        return None


def findings(watch: Watch, review: Review, sensitivity: str) -> list[LoginFinding]:
    """The findings that are not alarms, the newest first. Raises as `data.surroundings`."""
    return alarms.findings(data.store(), watch, review, _sensitivity(sensitivity))


def marks() -> list[Mark]:
    """The marks of reviewers, oldest first; none where they cannot be read, which `marks_problem` explains."""
    try:
        return alarms.read_marks(data.store().path)
    except AuditStoreError:
        return []


def triage() -> Triage:
    """The states of alarms; all are open where they cannot be read, which `marks_problem` explains."""
    try:
        return states(data.store().path)
    except AuditStoreError:
        return Triage({}, ())


def marks_problem() -> str | None:
    """Why the marks cannot be read, and what to do; None where they can."""
    try:
        alarms.read_marks(data.store().path)
    except AuditStoreError as error:
        return str(error)
    return None


def agents_of(watch: Watch) -> list[str]:
    """The agents with logins, by name."""
    return watch.selected_agents


def evidence_table(rows: pd.DataFrame, label: str) -> pd.DataFrame:
    """The rows of `alarms.Evidence` with column labels, names escaped; `label` is that of the names."""
    names = zip(rows["name"].astype(str), rows["first_ever"].astype(bool), strict=True)
    return pd.DataFrame(
        {
            label: [shown(name) + (" · first seen" if first else "") for name, first in names],
            "Now": rows["now"].to_numpy(),
            "Failed": rows["failed"].to_numpy(),
            "Expected": rows["expected"].round(1).to_numpy(),
        }
    )


def _sensitivity(name: str) -> Sensitivity:
    return next(sensitivity for sensitivity in SENSITIVITIES if sensitivity.name == name)


def _whole_hours(period: Period) -> Period:
    """The hours that a period touches, so that a view asked for again within the hour is the same."""
    start = period.start and period.start.replace(minute=0, second=0, microsecond=0)
    last = period.end and period.end - timedelta(microseconds=1)
    return Period(start, last and last.replace(minute=0, second=0, microsecond=0) + _HOUR)


@st.cache_resource(max_entries=_WATCHES_KEPT, show_spinner="Learning the baseline …")
def _watch(
    path: str,
    version: tuple[int, ...],
    where: EventFilter,
    activities: str,
    _catalogue: Catalogue,
    _now: datetime,
) -> Watch:
    # `version` and `activities` are part of the key: a change of the store or the catalogue fits the baseline again.
    return alarms.watch_logins(open_store(path), where, _now, _catalogue)
