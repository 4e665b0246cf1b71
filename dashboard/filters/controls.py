"""The lists of the sidebar that select or exclude values, each with its count."""

import contextlib
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

import streamlit as st

from audit_store import week_hours
from audit_store.errors import AuditStoreError
from audit_store.filters import OUTCOME_CHOICES, EventFilter, Pattern, Value, parse, to_text
from audit_store.quantities import counted
from dashboard import active_catalogue, data
from dashboard.filters import facet_labels, url_state
from dashboard.filters.facet_labels import Counts
from dashboard.text import shown

_OUTCOMES = {"success": "Success", "failure": "Failure", "none": "No outcome"}
_MATCHES = "facet_matches"


def set_value(key: str, value: Any, labels: object = None) -> None:
    """Give a widget its value; `labels` are those of a list's selected options.

    Only a change is assigned: an assignment sends the whole widget to the browser again.
    """
    state, last_labels = st.session_state, f"{key}_labels"
    if key not in state or state[key] != value or state.get(last_labels) != labels:
        state[key] = value
    state[last_labels] = labels


def names(label: str, name: str, where: EventFilter, counts: Counts) -> None:
    """Draw the list of `name`, one of NAMES of `audit_store.filters`.

    A typed text that is not a listed value is searched for among all values, not only the busiest in the list.
    """
    chosen = tuple(map(to_text, where.values(name)))
    column = name.removeprefix("not_")
    typed, matches = st.session_state.get(_MATCHES, {}).get(name, ("", {}))
    offered = facet_labels.options(_texts(counts), _texts(matches), chosen)
    set_value(name, list(chosen), chosen)
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
    if matches:
        st.text(f"{counted(len(matches), 'name')} contain “{shown(typed, 30)}”; pick one from the list.")


def outcome(where: EventFilter, counts: Counts) -> None:
    """Draw the outcomes, each with its count."""
    set_value("outcome", list(where.outcome), [counts.get(choice) for choice in OUTCOME_CHOICES])
    st.pills(
        "Outcome",
        OUTCOME_CHOICES,
        selection_mode="multi",
        format_func=partial(_outcome_label, counts),
        key="outcome",
        on_change=lambda: url_state.change(outcome=st.session_state["outcome"]),
    )


def hours(where: EventFilter) -> None:
    """Draw the hours of the week, and all those outside working hours as one choice."""
    set_value("hours", list(where.hours), where.hours)
    st.multiselect(
        "Hours of the week",
        week_hours.CHOICES,
        format_func=week_hours.label,
        key="hours",
        placeholder="Any",
        select_all=False,
        on_change=lambda: url_state.change(hours=st.session_state["hours"]),
    )


def _outcome_label(counts: Counts, outcome: str) -> str:
    is_counted = bool(counts) and None not in counts.values()
    return f"{_OUTCOMES[outcome]} {counts.get(outcome, 0):,}" if is_counted else _OUTCOMES[outcome]


def _label(column: str, offered: Mapping[str, int | None], chosen: Collection[str], value: str) -> str:
    if value in chosen:
        return shown(value)
    category = active_catalogue.activities().category(str(parse(value))) if column == "activity" else ""
    return facet_labels.label(value, offered.get(value), category)


def _texts(counts: Counts) -> Counts:
    """Values as the list holds them: an asterisk that belongs to a name is escaped."""
    return {to_text(value): events for value, events in counts.items()}


def _ordered(column: str, offered: Collection[str]) -> list[str]:
    return active_catalogue.activities().grouped(offered) if column == "activity" else list(offered)


def _choose(name: str, where: EventFilter, offered: Collection[str]) -> None:
    column = name.removeprefix("not_")
    other = column if name != column else f"not_{column}"
    texts = [facet_labels.value_of(text, offered) for text in st.session_state[name]]
    st.session_state[_MATCHES] = {}
    resolved = [parse(text) if text in offered else _resolved(name, parse(text), where) for text in texts]
    chosen = [value for value in dict.fromkeys(resolved) if value is not None]
    # A selected value is removed from the excluded ones: its count is that of the rows after selecting it.
    kept = [value for value in where.values(other) if value not in chosen]
    url_state.change(**{name: chosen, other: kept})


def _resolved(name: str, value: Value, where: EventFilter) -> Value | None:
    """The value to filter by; None where several values contain the typed text, which are offered next."""
    if isinstance(value, Pattern):
        return value
    matches: dict[str, int | None] = {}
    with contextlib.suppress(AuditStoreError, OSError):
        matches = data.values(where, name.removeprefix("not_"), value)
    if not matches or value in matches:
        return value
    if len(matches) == 1:
        return next(iter(matches))
    st.session_state[_MATCHES] = {name: (value, matches)}
    return None
