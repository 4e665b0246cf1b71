"""The address bar: the one place where the state of every filter lives.

Streamlit's own `bind="query-params"` writes a widget's labels into the URL and drops what is not among its
options. Here a relative range must stay `7d`, a name nobody logged this week must still filter, and a value
that cannot be used must be named to the reader. So widgets are set from the URL, and write to it when they
change.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from audit_store import ranges
from audit_store.errors import InvalidFilter
from audit_store.filters import LISTS, SINGLE, EventFilter

EVENT = "event"
_FILTERS = (*SINGLE, *LISTS)
_HISTORY = "filters_before"
_STEPS_KEPT = 50
_CHANGES = "filters_changed"


def browser_zone() -> str:
    """The IANA name of the reader's time zone, as the browser tells it; UTC where it does not."""
    return st.context.timezone or "UTC"


def event_filter() -> EventFilter:
    """The filter that the URL describes."""
    return read()[0]


def read() -> tuple[EventFilter, list[InvalidFilter]]:
    """The filter that the URL describes, and a notice for each value of it that was ignored."""
    return EventFilter.parse(_parameters(), tz=browser_zone())


def change(**values: str | Sequence[str] | None) -> None:
    """Change filters in the URL; None or nothing takes one away. `from_` stands for `from`.

    Values of the old URL that could not be used go with the first change.
    """
    wanted = _parameters() | {name.rstrip("_"): _listed(value) for name, value in values.items()}
    where, _ = EventFilter.parse(wanted, tz=browser_zone())
    go(link(where))


def local_text(moment: datetime) -> str:
    """A naive local time as `from` and `to` say it: a date where it is midnight."""
    return moment.date().isoformat() if ranges.midnight(moment) else moment.isoformat(timespec="minutes")


def reset() -> None:
    """Take every filter out of the URL."""
    go({})


def go(filters: Mapping[str, Sequence[str]]) -> None:
    """Put these filters into the URL in place of those there, and remember those for `undo`."""
    before = _parameters()
    _write(filters)
    if _parameters() != before:
        st.session_state[_HISTORY] = [*st.session_state.get(_HISTORY, ()), before][-_STEPS_KEPT:]


def changes() -> int:
    """How often the reader has changed filters; part of a chart's key, so that no choice in it comes back."""
    return int(st.session_state.get(_CHANGES, 0))


def can_undo() -> bool:
    """Whether the reader has changed a filter."""
    return bool(st.session_state.get(_HISTORY))


def undo() -> None:
    """Put the filters before the last change back into the URL."""
    if earlier := st.session_state.get(_HISTORY):
        *st.session_state[_HISTORY], before = earlier
        _write(before)


def link(where: EventFilter) -> dict[str, list[str]]:
    """A filter as URL parameters; the reader's own time zone is left to the browser."""
    found = where.parameters()
    if found["tz"] == [browser_zone()]:
        del found["tz"]
    return found


def is_filtered() -> bool:
    """Whether the URL holds any filter."""
    return bool(_parameters())


def opened_event() -> str | None:
    """The `event_id` whose details the URL asks for."""
    return st.query_params.get(EVENT) or None


def open_event(event_id: str | None) -> None:
    """Put an event into the URL, or take it out."""
    if event_id is not None:
        st.query_params[EVENT] = event_id
    elif EVENT in st.query_params:
        del st.query_params[EVENT]


def _parameters() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in _FILTERS if name in st.query_params}


def _listed(value: str | Sequence[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _write(filters: Mapping[str, Sequence[str]]) -> None:
    others = {name: st.query_params.get_all(name) for name in st.query_params if name not in _FILTERS}
    st.query_params.from_dict({**others, **filters})
    st.session_state[_CHANGES] = changes() + 1
