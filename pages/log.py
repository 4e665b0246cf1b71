"""The log: events, the newest first, a page at a time; a selected row opens the event beside the list."""

import time

import streamlit as st

from dashboard import data, notices
from dashboard.filters import url_state
from dashboard.log import event_panel, export_menu, freshness, listing, neighbours, paging, search, table
from dashboard.spikes import matching, recent, states

LIVE_SECONDS = 2
where = url_state.current().where
rows: int = st.session_state.get("log_rows", paging.ROWS[1])
on_top = paging.current(rows, where) == 1
if on_top and st.session_state.get("log_live", True) and not where.q:
    paging.unpin()
extent = data.surroundings(where).extent
pinned = paging.pin(where, below=extent.last_seq + 1)
found = listing.current(pinned)
if where.q:
    search.begin(found, paging.current(rows, where) * rows)
table.open_clicked()
opened_id = url_state.opened_event()
opened = data.event(opened_id).to_dict("records") if opened_id else []
drawn_at = time.monotonic()


@st.fragment(run_every=LIVE_SECONDS)
def live() -> None:
    """Draw how fresh the log is; newer events are shown at once in a live log, else after a click on a button."""
    with notices.left_to_header():
        freshness.draw()
        _show_newer(data.newer(url_state.until_now(where), pinned.below))


def _show_newer(newer: int) -> None:
    if newer and on_top and st.session_state["log_live"] and not where.q:
        # Not during the run of the whole page: with new events every second, it would never end.
        if time.monotonic() - drawn_at > LIVE_SECONDS / 2:
            url_state.rerun()
    elif newer and freshness.newer_button(newer):
        paging.unpin()
        paging.turn(1, rows, where)
        url_state.rerun()


with st.container(horizontal=True, vertical_alignment="center"):
    span = st.container(width="stretch")
    st.toggle(
        "Live",
        value=True,
        key="log_live",
        help="Show new events as they arrive, while the first page is open and no text is searched for.",
        persist_state="session",
    )
    columns = table.choose()
    export = st.container(width="content")
    st.selectbox(
        "Rows per page",
        paging.ROWS,
        1,
        "{} rows".format,
        "log_rows",
        label_visibility="collapsed",
        width=120,
        persist_state="session",
    )
with st.container(horizontal=True, vertical_alignment="center", key="log_freshness"):
    live()

if opened_id and not opened:
    notices.line(f"event={opened_id} was ignored: no event has this id")
progress = search.draw(found) if where.q else None
if where.q and found.events == 0 and not found.complete and progress is not None:
    search.go_on(found, progress, rows)
    st.stop()

positions = [neighbours.position(found, event["seq"]) for event in opened]
if positions and positions[0].rank is not None and not paging.was_shown(rows, where):
    paging.turn(positions[0].rank // rows + 1, rows, where)
    on_top = paging.current(rows, where) == 1

page = paging.current(rows, where)
seqs = found.seqs((page - 1) * rows, rows)
if not seqs and found.events == 0:
    notices.nothing_matches(where, extent.last)
    st.stop()
list_column, *panel_columns = st.columns([3, 2] if opened else [1])
with list_column:
    events = data.events_at(seqs, table.READ)
    table.table(
        events,
        where,
        columns,
        key=paging.key(f"table_{page}", rows, where),
        room_for=len(seqs) if page == 1 else rows,
        alarms=matching.words(matching.of_rows(events, recent.in_view(where)), states.triage()),
        brief=bool(opened),
    )
    below_table = st.container()

for event, position in zip(opened, positions, strict=True):
    with panel_columns[0]:
        event_panel.draw(event, position, pinned, rows)

# To count the events can take longer than to read those of a page.
span.text(paging.span(page, rows, found.events, complete=found.complete))
with export:
    export_menu.menu(pinned, found.events if found.complete else None)
with below_table:
    paging.choose(found.events, rows, where)

recent.watch(where)
if progress is not None:
    search.go_on(found, progress, page * rows)
