"""Login spikes: what is wrong, since when and who, and what to do about each alarm."""

import streamlit as st

from dashboard import data, notices
from dashboard.alarm_page import alarm_card, alarm_list, boxes, freshness, overview, selection
from dashboard.filters import url_state

request = url_state.current()
where, now = request.where, request.now
extent = data.surroundings(where).extent
notices.ignored_values(selection.ignored())
selected = selection.load(where)
if selected.unknown is not None:
    notices.line(f"alarm={selected.unknown} was ignored: no alarm has this id")

overview.draw(selected, where, extent, now)
list_column, card_column = st.columns(2)
with list_column:
    if selected.matching:
        alarm_list.draw_filters(selected)
    if selected.listed:
        alarm_list.draw(selected, where, now)
    else:
        overview.nothing(selected, where)
if selected.opened is not None:
    with card_column:
        alarm_card.draw(selected, selected.opened, where, extent, now)
boxes.draw(request)
freshness.watch(selected)
