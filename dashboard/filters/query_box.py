"""The line in which a filter is typed, with what is wrong in it and ways to go on."""

from collections.abc import Iterable, Mapping

import streamlit as st

from audit_store.errors import InvalidQuery
from audit_store.filters import EventFilter, query_line
from dashboard.filters import url_state
from dashboard.filters.controls import set_value
from dashboard.text import shown

OFFERED = 6
_KEY = "query"
_REFUSED = "query_refused"
_HELP = """Fields are `activity`, `agent`, `outcome`, `source`, `ip`, `target`, `hours`, `range`, `from`, `to` and
`meta.<path>`; `-` before one leaves a value out, `*` at an end stands for any text. Other words are searched for."""


def draw(where: EventFilter, values: Mapping[str, Iterable[str]]) -> None:
    """Draw the line of a filter; `values` are those of each field, which complete a line that is not finished."""
    text = query_line.to_text(where)
    line, problem = st.session_state.get(_REFUSED, {}).get(text, (text, ""))
    set_value(_KEY, line)
    st.text_input(
        "Query",
        key=_KEY,
        placeholder='agent:support-* -activity:Login "10 %"',
        help=_HELP,
        on_change=_apply,
        args=(where,),
    )
    if problem:
        st.text(shown(problem))
        for number, longer in enumerate(query_line.complete(line, values)[:OFFERED]):
            # Labels of buttons are Markdown: the line, which may hold text of the log, stands beside its button.
            with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
                st.button("Use", key=f"{_KEY}_{number}", on_click=_use, args=(where, longer))
                st.text(shown(longer, 80))


def _apply(where: EventFilter) -> None:
    _use(where, st.session_state[_KEY])


def _use(where: EventFilter, line: str) -> None:
    """Filter by a line; one that cannot be read stays, until the filter is changed otherwise."""
    st.session_state[_REFUSED] = {}
    try:
        wanted = query_line.parse(line, tz=where.tz)
    except InvalidQuery as error:
        st.session_state[_REFUSED] = {query_line.to_text(where): (line, str(error))}
        return
    url_state.go(url_state.link(wanted))
