"""The log, the newest event first, a page at a time; a chosen row opens its details."""

import time
from dataclasses import asdict

import streamlit as st

from dashboard import data, notices
from dashboard.filters import url_state
from dashboard.log import event_panel, export_menu, freshness, neighbours, paging, table
from dashboard.spikes import matching, recent, review_data
from dashboard.text import count

LIVE_SECONDS = 2
where = url_state.event_filter()
rows: int = st.session_state.get("log_rows", paging.ROWS[1])
on_top = paging.current(rows, where) == 1
if on_top and st.session_state.get("log_live", True):
    paging.unpin()
extent = data.surroundings(where).extent
pinned = paging.pin(where, below=extent.last_seq + 1)
index = data.page_index(pinned.where, pinned.below)
total = int(index["events"].sum())
wanted = url_state.opened_event()
events = data.event(wanted).to_dict("records") if wanted else []
drawn_at = time.monotonic()


@st.fragment(run_every=LIVE_SECONDS)
def refreshing() -> None:
    """How fresh the view is; newer events come by themselves, or with a button where the reader is busy."""
    freshness.draw()
    newer = data.newer(url_state.event_filter(), pinned.below)
    if newer and on_top and st.session_state["log_live"]:
        # Not while the whole page is run: where every second brings events, it would never end.
        if time.monotonic() - drawn_at > LIVE_SECONDS / 2:
            st.rerun()
    elif newer and st.button(
        f"Show {count(newer, 'new event')}", icon=":material/arrow_upward:", type="primary"
    ):
        paging.unpin()
        paging.turn(1, rows, where)
        st.rerun()


with st.container(horizontal=True, vertical_alignment="center"):
    span = st.container(width="stretch")
    st.toggle(
        "Live",
        value=True,
        key="log_live",
        help="New events appear by themselves while the first page is shown.",
        persist_state="session",
    )
    columns = table.choose()
    if total:
        export_menu.menu(pinned, total)
    st.selectbox(
        "Rows a page",
        paging.ROWS,
        1,
        "{} rows".format,
        "log_rows",
        label_visibility="collapsed",
        width=120,
        persist_state="session",
    )
with st.container(horizontal=True, vertical_alignment="center", key="log_freshness"):
    refreshing()

if wanted and not events:
    notices.notice_line(f"event={wanted} was ignored: no event has this id")
if total == 0:
    notices.nothing_matches(where, extent.last)
    st.stop()

places = [neighbours.place(pinned, index, event["seq"]) for event in events]
if places and places[0].rank is not None and not paging.is_begun(rows, where):
    paging.turn(places[0].rank // rows + 1, rows, where)
    on_top = paging.current(rows, where) == 1

listed, *beside = st.columns([3, 2] if events else [1])
with listed:
    above_pages = st.container()
    page = paging.choose(total, rows, where)
    span.text(paging.span(page, rows, total))
    with above_pages:
        stretch = paging.locate(index, (page - 1) * rows, rows)
        shown = data.page(pinned.where, **asdict(stretch), rows=rows, columns=table.READ)
        table.table(
            shown,
            where,
            columns,
            key=paging.key(f"table_{page}", rows, where),
            room_for=min(rows, total),
            alarms=matching.words(matching.of_rows(shown, recent.told(where)), review_data.marks()),
            brief=bool(events),
        )

for event, place in zip(events, places, strict=True):
    with beside[0]:
        event_panel.draw(event, place, pinned, rows)

recent.keep_up(where)
