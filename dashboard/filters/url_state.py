"""The URL as the state of every filter: it is parsed once a run, and widgets write to it when they change.

Streamlit's own `bind="query-params"` writes a widget's labels into the URL and drops values that are not among
its options. Here a relative range has to stay `7d`, a name without events this week has to filter all the same,
and a value that cannot be used has to be named. So each widget is set from the URL and writes to it on a change.

The run of a fragment changes nothing: the browser asks for it by a timer, and may send widgets and a URL that it had
before the last run of the page reached it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from audit_store import local_time, ranges
from audit_store.errors import InvalidFilter
from audit_store.filters import LISTS, SINGLE, EventFilter, Pattern, Value, is_parameter, text_of

EVENT, PINNED, ALARM, PAGE = "event", "pin", "alarm", "page"
OF_PAGES = (EVENT, PINNED, ALARM, "state", "sensitivity", "columns", "rows", "fold")
"""The parameters that are not filters but a page's own. A page of the log belongs to its filter."""
_REQUEST = "url_request"
_HISTORY = "url_history"
_HISTORY_LENGTH = 50
_CHANGES = "url_changes"
_LAST = "url_last"
_UNDO_NEXT = "url_undo_next"


@dataclass(frozen=True, slots=True)
class Request:
    """What the URL asks for in one run: its filter, the time (naive UTC) it is relative to, and ignored values."""

    where: EventFilter
    now: datetime
    ignored: tuple[InvalidFilter, ...]


def read() -> Request:
    """Parse the URL and keep the result for the rest of the run; `dashboard/main.py` calls it once, at the start."""
    if st.session_state.pop(_UNDO_NEXT, False):
        undo()
    st.session_state[_LAST] = _all_parameters()
    now = local_time.now()
    where, ignored = EventFilter.parse(_parameters(), now=now.replace(tzinfo=UTC), tz=browser_zone())
    request = st.session_state[_REQUEST] = Request(where, now, (*ignored, *_unknown()))
    return request


def current() -> Request:
    """The request of this run; in the rerun of a fragment, that of the run that drew the fragment."""
    request: Request = st.session_state[_REQUEST]
    return request


def rerun() -> None:
    """Run the page again from a fragment, with the URL that the last run of the page had."""
    if st.session_state[_LAST] != _all_parameters():
        st.query_params.from_dict(st.session_state[_LAST])
    st.rerun()


def in_fragment() -> bool:
    """Whether this is the run of a fragment, not of the whole page."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


def until_now(where: EventFilter) -> EventFilter:
    """The same filter with a relative range that ends now, for a fragment that reruns by itself."""
    if where.range == "custom":
        return where
    return replace(where, period=ranges.relative(where.range, datetime.now(UTC), where.zone))


def browser_zone() -> str:
    """The IANA name of the browser's time zone; UTC where the browser does not send one."""
    return st.context.timezone or "UTC"


def change(**values: Value | Sequence[Value] | None) -> None:
    """Change filters in the URL; None or an empty value removes one. `from_` stands for `from`.

    A name is taken literally, also with an asterisk at an end. Values of the URL that were ignored are removed, too.
    """
    wanted = _parameters()
    for keyword, changed in values.items():
        name = keyword.rstrip("_")
        wanted[name] = [text_of(name, value) for value in _listed(changed)]
    where, _ = EventFilter.parse(wanted, tz=browser_zone())
    go(link(where))


def change_period(start: datetime | None, end: datetime | None) -> None:
    """Filter by a custom range of naive local times, open where one is None."""
    start_text, end_text = (None if bound is None else local_time.plain_text(bound) for bound in (start, end))
    change(range="custom", from_=start_text, to=end_text)


def reset() -> None:
    """Remove every filter from the URL; the time zone stays."""
    go({name: values for name, values in _parameters().items() if name == "tz"})


def go(filters: Mapping[str, Sequence[str]]) -> None:
    """Replace the filters in the URL, and remember the previous ones for `undo`."""
    before = _parameters()
    _write(filters)
    if _parameters() != before:
        st.session_state[_HISTORY] = [*st.session_state.get(_HISTORY, ()), before][-_HISTORY_LENGTH:]


def open_view(parameters: Mapping[str, Sequence[str]]) -> None:
    """Replace everything in the URL, and remember the previous filters for `undo`."""
    if not in_fragment():
        for name in {*_all_parameters(), *parameters}:
            if not _is_of_filter(name):
                put(name, parameters.get(name, ()))
        go({name: values for name, values in parameters.items() if _is_of_filter(name)})


def changes() -> int:
    """How often this session has changed filters; as part of a chart's key, it clears the chart's selection."""
    return int(st.session_state.get(_CHANGES, 0))


def can_undo() -> bool:
    """Whether this session has changed a filter."""
    return bool(st.session_state.get(_HISTORY))


def undo() -> None:
    """Restore the filters before the last change; in the next run of the page, if that of a fragment took the click."""
    if in_fragment():
        st.session_state[_UNDO_NEXT] = True
    elif earlier := st.session_state.get(_HISTORY):
        *st.session_state[_HISTORY], before = earlier
        _write(before)


def link(where: EventFilter) -> dict[str, list[str]]:
    """A filter as URL parameters; the time zone is one of them, so that everyone who opens the link sees the same."""
    return where.parameters()


def view() -> dict[str, list[str]]:
    """Everything that the URL says but the opened and the pinned event, with the time zone."""
    others = {
        name: values
        for name, values in _all_parameters().items()
        if not is_parameter(name) and name not in (EVENT, PINNED)
    }
    return others | link(current().where)


def says_anything() -> bool:
    """Whether the URL has any parameter."""
    return bool(_all_parameters())


def is_filtered() -> bool:
    """Whether the URL has any filter; the time zone alone is none."""
    return bool(_parameters().keys() - {"tz"})


def opened_event() -> str | None:
    """The `event_id` of the event that the URL opens."""
    return st.query_params.get(EVENT) or None


def open_event(event_id: str | None) -> None:
    """Put an event into the URL, or remove it."""
    put(EVENT, [] if event_id is None else [event_id])


def pinned_event() -> str | None:
    """The `event_id` of the event that the URL keeps beside the list."""
    return st.query_params.get(PINNED) or None


def pin_event(event_id: str | None) -> None:
    """Keep an event beside the list, or none."""
    put(PINNED, [] if event_id is None else [event_id])


def own(name: str) -> list[str]:
    """The values of a parameter that is not a filter but a page's own."""
    return st.query_params.get_all(name)


def put(name: str, values: Sequence[str]) -> None:
    """Put a parameter that is not a filter into the URL, with the time zone; no value removes it."""
    if in_fragment():
        return
    if values:
        st.query_params[name] = list(values)
        # What is copied from the address bar then means the same to everyone.
        st.query_params.setdefault("tz", current().where.tz)
    elif name in st.query_params:
        del st.query_params[name]
    st.session_state[_LAST] = _all_parameters()


def _all_parameters() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _parameters() -> dict[str, list[str]]:
    return {name: values for name, values in _all_parameters().items() if _is_of_filter(name)}


def _unknown() -> Iterator[InvalidFilter]:
    """A notice for each parameter of the URL that is neither a filter nor a page's own."""
    for name, values in _all_parameters().items():
        if not _is_of_filter(name) and name not in OF_PAGES:
            filters = ", ".join((*SINGLE, *LISTS))
            yield InvalidFilter(name, ", ".join(values), f"filters are named {filters} and meta.<path>")


def _listed(value: Value | Sequence[Value] | None) -> list[Value]:
    return [value] if isinstance(value, str | Pattern) else list(value or ())


def _is_of_filter(name: str) -> bool:
    """Whether a parameter is replaced with the filter: another filter begins with its first page."""
    return name == PAGE or is_parameter(name)


def _write(filters: Mapping[str, Sequence[str]]) -> None:
    if in_fragment():
        return
    others = {name: values for name, values in _all_parameters().items() if not _is_of_filter(name)}
    st.query_params.from_dict({**others, **filters})
    st.session_state[_CHANGES] = changes() + 1
