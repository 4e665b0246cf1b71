"""How the store is doing, whether it can be read or not."""

from datetime import UTC, datetime

import streamlit as st

from dashboard import notices, store_health
from dashboard.filters import url_state
from dashboard.log import event_fields
from dashboard.text import count, shown
from dashboard.times import age, local

zone = url_state.event_filter().zone
now = datetime.now(UTC).replace(tzinfo=None)
found = store_health.look()
inside = found.inside

if found.problem is not None:
    with st.container(border=True):
        notices.problem(found.problem, found.path)
elif inside is not None and inside.events == 0:
    with st.container(border=True):
        notices.empty(found.path)

with st.container(horizontal=True):
    st.metric("Events", "–" if inside is None else count(inside.events), border=True)
    st.metric("Newest event", age(inside.newest, now) if inside and inside.newest else "–", border=True)
    st.metric("Waiting in the spool", count(found.waiting), border=True, help="Durable, not yet in the file.")
    st.metric("Rejected", count(found.rejected), border=True, help="Broke a rule and were not stored.")

st.subheader("Folding", anchor=False)
if not found.folds:
    st.markdown("This dashboard only reads. `python -m ingest fold` moves what waits into the file.")
elif found.fold_error:
    st.markdown(":red[:material/error:] The last fold failed; it is tried again until it succeeds:")
    st.text(shown(found.fold_error))
else:
    st.markdown(":green[:material/check_circle:] What scripts append is moved into the file within a second.")
if found.set_aside:
    st.markdown("Segments set aside, because something in them could not be stored:")
    st.code("\n".join(shown(name) for name in found.set_aside), language=None)
if found.unreadable:
    st.markdown("Files of the spool that this dashboard may not read; change their owner or mode:")
    st.code("\n".join(shown(name) for name in found.unreadable), language=None)
if found.rejected:
    st.markdown("The rejected records, each with its reason:")
    st.code(shown(str(found.rejects)), language=None)

st.subheader("File", anchor=False)
event_fields.pairs(
    (
        ("Path", shown(str(found.path))),
        ("Size", store_health.size(found.size) if found.size else "no file yet"),
        ("Schema version", str(inside.schema_version) if inside else "–"),
        ("Newest event", local(inside.newest, zone) if inside and inside.newest else "–"),
        ("Last stored", local(inside.recorded, zone) if inside and inside.recorded else "–"),
        ("Spool", shown(str(found.spool))),
    )
)
st.button("Refresh", icon=":material/refresh:")
