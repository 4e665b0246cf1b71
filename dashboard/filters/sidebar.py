"""The filters in the sidebar of every page. Each widget is set from the URL, and writes to it when it changes."""

import contextlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import streamlit as st

from audit_store import ranges
from audit_store.errors import AuditStoreError
from audit_store.filters import Q_MAX, EventFilter
from audit_store.local_time import bound_text, wall_clock
from dashboard import data
from dashboard.filters import controls, query_box, saved_views_box, typed_values, url_state
from dashboard.filters.controls import set_value
from dashboard.filters.facet_labels import Counts
from dashboard.filters.url_state import Request


def draw(request: Request, counts: Mapping[str, Counts]) -> None:
    """Draw the filters of a request; `counts` are the facets of `data.surroundings`, empty while they are unknown."""
    where, activities, agents = request.where, counts.get("activity", {}), counts.get("agent", {})
    with st.sidebar:
        with _box("Saved views", "views", False) as is_open:
            if is_open:
                saved_views_box.draw(where)
        _undo_and_reset()
        query_box.draw(where, counts)
        _period(where)
        _search(where)
        controls.names("Activity", "activity", where, activities)
        controls.names("Agent", "agent", where, agents)
        controls.outcome(where, counts.get("outcome", {}))
        with _box("More filters", "more", _has_more(where)) as is_open:
            if is_open:
                _more(where, activities, agents)
        _zone(where)


def draw_zone(where: EventFilter) -> None:
    """Draw the time zone alone, for a page without filters."""
    with st.sidebar:
        _zone(where)


def _period(where: EventFilter) -> None:
    set_value("range", where.range)
    st.selectbox(
        "Time range",
        list(ranges.RANGES),
        format_func=ranges.RANGES.__getitem__,
        key="range",
        on_change=_choose_range,
        args=(where,),
    )
    if where.range == "custom":
        _bound("From", "from", where, where.period.start)
        _bound("To (not included)", "to", where, where.period.end)


def _bound(label: str, name: str, where: EventFilter, bound: datetime | None) -> None:
    set_value(name, None if bound is None else _to_minute(bound, where))
    st.datetime_input(
        label,
        value=None,
        min_value=datetime(1970, 1, 1),  # noqa: DTZ001  # the widget takes local times
        max_value=datetime(2200, 1, 1),  # noqa: DTZ001
        key=name,
        format="YYYY-MM-DD",
        on_change=_choose_bound,
        args=(name, where),
    )


def _search(where: EventFilter) -> None:
    set_value("q", where.q)
    st.text_input(
        "Search",
        key="q",
        max_chars=Q_MAX,
        type="search",
        placeholder="Text in any field",
        help="Searches every field, the metadata too; ignores case.",
        on_change=_choose,
        args=("q",),
    )


@contextlib.contextmanager
def _box(label: str, key: str, expanded: bool) -> Iterator[bool]:
    """A box, and whether it is open: a closed one has no widgets, which take the browser long to draw."""
    box = st.expander(label, key=key, expanded=expanded, on_change="rerun")
    with box:
        yield bool(box.open)


def _has_more(where: EventFilter) -> bool:
    """Whether a filter has values that are not among those of the first lists."""
    first = ("activity", "agent", "outcome")
    return any(selection.parameter not in first for selection in where.selections())


def _more(where: EventFilter, activities: Counts, agents: Counts) -> None:
    controls.names("Not these activities", "not_activity", where, activities)
    controls.names("Not these agents", "not_agent", where, agents)
    with contextlib.suppress(AuditStoreError, OSError):
        sources = data.values(where, "source")
        controls.names("Source", "source", where, sources)
        controls.names("Not these sources", "not_source", where, sources)
    typed_values.draw("Address", "source_ip", where, "203.0.113.0/24")
    typed_values.draw("Not these addresses", "not_source_ip", where, "None")
    typed_values.draw("Target", "target", where, "journey*")
    typed_values.draw("Not these targets", "not_target", where, "None")
    typed_values.draw_metadata("Metadata", where, "user.role=admin")
    typed_values.draw_metadata("Not this metadata", where, "None", excluded=True)
    controls.hours(where)


def _undo_and_reset() -> None:
    with st.container(horizontal=True):
        st.button(
            "Undo",
            help="Restore the filters before the last change.",
            shortcut="Alt+Z",
            width="stretch",
            disabled=not url_state.can_undo(),
            on_click=url_state.undo,
        )
        st.button(
            "Reset all",
            width="stretch",
            disabled=not url_state.is_filtered(),
            on_click=url_state.reset,
        )


def _zone(where: EventFilter) -> None:
    set_value("tz", where.tz)
    st.selectbox("Time zone", sorted(ranges.zone_names()), key="tz", on_change=_choose, args=("tz",))


def _choose(name: str) -> None:
    url_state.change(**{name: st.session_state[name]})


def _choose_range(before: EventFilter) -> None:
    chosen = st.session_state["range"]
    if chosen != "custom":
        url_state.change(range=chosen, from_=None, to=None)
        return
    start, end = before.period.start, before.period.end
    url_state.change(
        range=chosen,
        from_=None if start is None else bound_text(start, before.zone),
        to=None if end is None else bound_text(end, before.zone),
    )


def _choose_bound(name: str, before: EventFilter) -> None:
    """Change one bound. The other one stays as the URL has it, to the second and with its offset."""
    local: datetime | None = st.session_state[name]
    if local is None:
        url_state.change(**{f"{name}_": None})
        return
    # A local time that occurs twice is the one that leaves a period.
    times = [
        local.replace(tzinfo=before.zone, fold=fold).astimezone(UTC).replace(tzinfo=None) for fold in (0, 1)
    ]
    fitting = [moment for moment in times if _is_period(name, moment, before)]
    changed = {f"{name}_": bound_text((fitting or times)[0], before.zone)}
    # Without such a time, the other bound is cleared: a range that ends before it starts selects nothing.
    cleared = {} if fitting else {"to" if name == "from" else "from_": None}
    url_state.change(**changed, **cleared)


def _is_period(name: str, moment: datetime, before: EventFilter) -> bool:
    start, end = (moment, before.period.end) if name == "from" else (before.period.start, moment)
    return start is None or end is None or start < end


def _to_minute(moment: datetime, where: EventFilter) -> datetime:
    return wall_clock(moment, where.zone).replace(second=0, microsecond=0)
