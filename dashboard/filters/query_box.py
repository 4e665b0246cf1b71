"""The line in which a filter is typed, with what is wrong in it; the browser completes its fields and values."""

from collections.abc import Iterable, Mapping

import streamlit as st

from audit_store.errors import InvalidQuery
from audit_store.filters import EventFilter, query_line
from dashboard import components
from dashboard.filters import url_state
from dashboard.filters.controls import set_value
from dashboard.text import shown

_KEY = "query"
_REFUSED = "query_refused"
_HELP = """Fields are `activity`, `agent`, `outcome`, `source`, `ip`, `target`, `hours`, `range`, `from`, `to` and
`meta.<path>`; `-` before one leaves a value out, `*` at an end stands for any text. Other words are searched for.
The arrow keys choose among what completes a field or value."""


def draw(where: EventFilter, values: Mapping[str, Iterable[str]]) -> None:
    """Draw the line of a filter; `values` are those of each field, which complete the line."""
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
        fields, excluded, texts = query_line.offers(values)
        components.draw(
            "query_completion",
            {
                "input": f".st-key-{_KEY} input",
                "fields": fields,
                "excluded": excluded,
                # A text with hidden characters could look like another one.
                "values": {
                    name: [value for value in offered if shown(value) == value]
                    for name, offered in texts.items()
                },
            },
            key="query_completion",
            on={},
        )
    if problem:
        st.text(shown(problem))


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
