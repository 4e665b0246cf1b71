"""The line in which a filter is typed, with what is wrong in it; the browser completes its fields and values."""

import contextlib
from collections.abc import Collection, Mapping

import streamlit as st

from audit_store.errors import AuditStoreError, InvalidQuery
from audit_store.filters import EventFilter, query_line
from dashboard import components, data, newest_hours
from dashboard.filters import url_state
from dashboard.filters.controls import set_value
from dashboard.text import shown

_KEY, _COMPLETION = "query", "query_completion"
_ASKED = "query_asked"
"""In the state of the session during the run of the fragment: the field whose values the line asks for."""
_ON_REQUEST = ("source", "source_ip", "target")
"""Fields whose values are read from the events, and so only when one of them is typed."""
NEWEST = 1_000_000
"""Of a time range, the most events that are read for them, in about 0.1 s."""
_REFUSED = "query_refused"
_HELP = """Fields are `activity`, `agent`, `outcome`, `source`, `ip`, `target`, `hours`, `range`, `from`, `to` and
`meta.<path>`; `-` before one leaves a value out, `*` at an end stands for any text. Other words are searched for.
The arrow keys choose among what completes a field or value."""


def draw(where: EventFilter, values: Mapping[str, Collection[str]]) -> None:
    """Draw the line of a filter; `values` are those of each field that is a facet, which complete the line."""
    text = query_line.to_text(where)
    line, problem = st.session_state.get(_REFUSED, {}).get(text, (text, ""))
    set_value(_KEY, line)
    with st.container(gap=None):
        st.text_input(
            "Query",
            key=_KEY,
            placeholder='agent:support-* -activity:Login "10 %"',
            help=_HELP,
            on_change=_apply,
            args=(where,),
        )
        _completion(where, values)
    if problem:
        st.text(shown(problem))


@st.fragment
def _completion(where: EventFilter, values: Mapping[str, Collection[str]]) -> None:
    """Draw the list of completions; a field whose values it lacks is asked for, and drawn again with them."""
    asked = st.session_state.pop(_ASKED, None)
    known = {**values, **({asked: _values(where, asked)} if asked in _ON_REQUEST else {})}
    fields, excluded, texts = query_line.offers(known)
    components.draw(
        "query_completion",
        {
            "input": f".st-key-{_KEY} input",
            "fields": fields,
            "excluded": excluded,
            # A text with hidden characters could look like another one.
            "values": {
                name: [value for value in offered if shown(value) == value] for name, offered in texts.items()
            },
            "on_request": [query_line.name_of(field) for field in _ON_REQUEST if field not in known],
        },
        key=_COMPLETION,
        on={"ask": _ask},
    )


def _ask() -> None:
    st.session_state[_ASKED] = query_line.parameter_of(str(components.value(_COMPLETION, "ask")))


def _values(where: EventFilter, field: str) -> Collection[str]:
    """The most frequent values of a field among the newest events of the time range; none if they cannot be read."""
    with contextlib.suppress(AuditStoreError, OSError):
        begin = newest_hours.begin(EventFilter(period=where.period), NEWEST)
        if begin is not None:
            return data.values(newest_hours.within(where, begin, None), field)
    return ()


def _apply(where: EventFilter) -> None:
    """Filter by the line; one that cannot be read stays, until the filter is changed otherwise."""
    line = st.session_state[_KEY]
    st.session_state[_REFUSED] = {}
    try:
        wanted = query_line.parse(line, tz=where.tz)
    except InvalidQuery as error:
        st.session_state[_REFUSED] = {query_line.to_text(where): (line, str(error))}
        return
    url_state.go(url_state.link(wanted))
