"""The log: events, the newest first, a page at a time; a selected row opens the event beside the list."""

import time

import streamlit as st

from dashboard import data, notices
from dashboard.filters import url_state
from dashboard.log import (
    export_menu,
    freshness,
    heading,
    histogram,
    listing,
    neighbours,
    paging,
    pin,
    search,
    toolbar,
    view,
)
from dashboard.log.event import event_panel, pinned_event
from dashboard.log.event_list import columns, folding
from dashboard.log.event_list import draw as event_list
from dashboard.spikes import matching, recent, states

LIVE_SECONDS = 2
where = url_state.current().where
extent = data.surroundings(where).extent
shown = view.current(extent.last_seq + 1)
is_live = shown.page == 1 and not where.q and toolbar.is_live()
if is_live:
    pin.unpin()
pinned = pin.pin(where, extent.last_seq + 1, shown.below)
found = listing.current(pinned)
if where.q:
    search.begin(found, shown.page * shown.rows)
opened_id = url_state.opened_event()
opened = data.event(opened_id).to_dict("records") if opened_id else []
drawn_at = time.monotonic()
has_histogram = not where.q and not where.metadata  # it would read every event
if not where.q:
    # With one opening of the store; what is drawn below finds the results in the cache.
    data.frames(
        *([histogram.statement(where, extent)] if has_histogram else []),
        *found.first_statements(),
        data.queries().newer(url_state.until_now(where), since=pinned.below),
    )


@st.fragment(run_every=LIVE_SECONDS)
def live() -> None:
    """Draw how fresh the log is; newer events are shown at once in a live log, else after a click on a button."""
    freshness_line = st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="log_freshness"
    )
    with notices.left_to_header(), freshness_line:
        freshness.draw(where)
        _show_newer(data.newer(url_state.until_now(where), pinned.below))


def _show_newer(newer: int) -> None:
    if newer and is_live:
        # Not during the run of the whole page: with new events every second, it would never end.
        if time.monotonic() - drawn_at > LIVE_SECONDS / 2:
            url_state.rerun()
    elif newer and freshness.newer_button(newer):
        pin.unpin()
        view.remove_page()
        url_state.rerun()


notices.ignored_values(shown.ignored)
with st.container(gap="xsmall"):
    totals = heading.draw(where)
    if has_histogram:
        histogram.draw(where, extent)
with st.container(horizontal=True, vertical_alignment="center", key="log_toolbar"):
    live()
    toolbar.live()
    toolbar.look(shown)
    export = st.container(width="content")

if opened_id and not opened:
    notices.line(f"event={opened_id} was ignored: no event has this id")
beside = pinned_event.read()
progress = search.draw(found) if where.q else None
if where.q and found.events == 0 and not found.complete and progress is not None:
    search.go_on(found, progress, shown.rows)
    st.stop()

positions = [neighbours.position(found, event["seq"]) for event in opened]
page = paging.page_to_show(found, shown, pinned, positions[0].rank if positions else None)
seqs = found.seqs((page - 1) * shown.rows, shown.rows)
if not seqs and found.complete:
    notices.nothing_matches(where, extent.last)
    st.stop()
list_column, *panel_columns = st.columns([3, 2] if opened or beside else [1])
with list_column:
    events = data.events_at(
        seqs, columns.read(shown.columns, metadata=bool(where.q) or folding.reads_metadata(shown.fold))
    )
    event_list.draw(
        events,
        where,
        shown.columns,
        page=f"{page}_{paging.list_key(pinned, shown.rows)}",
        room_for=len(seqs) if page == 1 else shown.rows,
        alarms=matching.words(matching.of_rows(events, recent.in_view(where)), states.triage()),
        density=st.session_state[toolbar.DENSITY],
        fold=shown.fold,
        brief=bool(panel_columns),
    )
    below_list = st.container()

for event in beside:
    with panel_columns[0]:
        pinned_event.draw(event, pinned.where, shown)
for event, position in zip(opened, positions, strict=True):
    with panel_columns[0]:
        event_panel.draw(event, position, pinned, shown)

# To count the events can take longer than to read those of a page.
totals.text(paging.span(page, shown.rows, found.events, complete=found.complete))
totals.caption(paging.share(found.events, extent.events))
with export:
    export_menu.menu(pinned, found.events if found.complete else None)
with below_list:
    paging.choose(found.events, page, shown.rows, pinned)

recent.watch(where, toolbar.is_live)
if progress is not None:
    search.go_on(found, progress, page * shown.rows)
