"""The lists of the sidebar in which a reader chooses values to see, or not to see, each with its count."""

import contextlib
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

import streamlit as st

from audit_store import week_hours
from audit_store.errors import AuditStoreError
from audit_store.filters import OUTCOME_CHOICES, EventFilter
from dashboard import active_catalogue, data
from dashboard.filters import facet_labels, url_state
from dashboard.filters.facet_labels import Counts
from dashboard.text import count, shown

_OUTCOMES = {"success": "Success", "failure": "Failure", "none": "Not given"}
_FOUND = "facet_found"


def hold(key: str, value: Any, labels: object = None) -> None:
    """Give a widget its value; `labels` are those of a list's chosen options.

    Only what has changed is assigned: an assignment sends the whole widget to the browser again.
    """
    state, seen = st.session_state, f"{key}_labels"
    if key not in state or state[key] != value or state.get(seen) != labels:
        state[key] = value
    state[seen] = labels


def names(label: str, name: str, where: EventFilter, counts: Counts) -> None:
    """The list of one of the filters NAMES of `audit_store.filters`.

    What a reader types and nobody bears is looked for in all names, far beyond the busiest in the list.
    """
    chosen: tuple[str, ...] = getattr(where, name)
    column = name.removeprefix("not_")
    typed, found = st.session_state.get(_FOUND, {}).get(name, ("", {}))
    offered = facet_labels.options(counts, found, chosen)
    hold(name, list(chosen), chosen)
    st.multiselect(
        label,
        _ordered(column, offered),
        format_func=partial(_label, column, offered, chosen),
        key=name,
        placeholder="None" if name.startswith("not_") else "Any",
        accept_new_options=True,
        select_all=False,
        on_change=_choose,
        args=(name, where, offered),
    )
    if found:
        st.text(f"“{shown(typed, 30)}” is in {count(len(found), 'name')}, now in the list.")


def outcome(where: EventFilter, counts: Counts) -> None:
    """Success, failure or none given, each with its count."""
    hold("outcome", list(where.outcome), [counts.get(one) for one in OUTCOME_CHOICES])
    st.pills(
        "Outcome",
        OUTCOME_CHOICES,
        selection_mode="multi",
        format_func=lambda one: facet_labels.label(_OUTCOMES[one], counts.get(one, 0) if counts else None),
        key="outcome",
        on_change=lambda: url_state.change(outcome=st.session_state["outcome"]),
    )


def of_week(where: EventFilter) -> None:
    """The hours of the week, and all those outside working hours."""
    hold("hours", list(where.hours), where.hours)
    st.multiselect(
        "Hours of the week",
        week_hours.CHOICES,
        format_func=week_hours.label,
        key="hours",
        placeholder="Any",
        select_all=False,
        on_change=lambda: url_state.change(hours=st.session_state["hours"]),
    )


def _label(column: str, offered: Mapping[str, int | None], chosen: Collection[str], value: str) -> str:
    if value in chosen:
        return shown(value)
    about = active_catalogue.activities().category(value) if column == "activity" else ""
    return facet_labels.label(value, offered.get(value), about)


def _ordered(column: str, offered: Collection[str]) -> list[str]:
    return active_catalogue.activities().grouped(offered) if column == "activity" else list(offered)


def _choose(name: str, where: EventFilter, offered: Collection[str]) -> None:
    column = name.removeprefix("not_")
    other = column if name != column else f"not_{column}"
    values = [facet_labels.value_of(value, offered) for value in st.session_state[name]]
    st.session_state[_FOUND] = {}
    chosen = dict.fromkeys(_known(name, value, where, offered) for value in values)
    chosen.pop(None, None)
    # Who is asked for is no longer excluded: the count beside a name is that of the rows after choosing it.
    kept = [value for value in getattr(where, other) if value not in chosen]
    url_state.change(**{name: [value for value in chosen if value is not None], other: kept})


def _known(name: str, value: str, where: EventFilter, offered: Collection[str]) -> str | None:
    """The value to filter by; None where a typed text is part of several names, which are offered next."""
    if value in offered:
        return value
    found: dict[str, int] = {}
    with contextlib.suppress(AuditStoreError, OSError):
        found = data.find(where, name.removeprefix("not_"), value)
    if not found or value in found:
        return value
    if len(found) == 1:
        return next(iter(found))
    st.session_state[_FOUND] = {name: (value, found)}
    return None
