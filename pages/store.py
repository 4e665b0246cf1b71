"""The health of the store, whether it can be read or not."""

import streamlit as st

from dashboard import notices
from dashboard.filters import url_state
from dashboard.pairs import pairs
from dashboard.store_page import banner
from dashboard.store_page import health as store_health
from dashboard.text import shown
from dashboard.times import age, local

request = url_state.current()
zone = request.where.zone
health = store_health.look()
contents = health.contents

banner.draw(health, request.now, zone)
if health.problem is not None:
    with st.container(border=True):
        notices.problem(health.problem, health.path)
elif contents is not None and contents.events == 0:
    with st.container(border=True):
        notices.empty(health.path)

newest = contents and contents.newest
with st.container(horizontal=True):
    st.metric("Events", f"{contents.events:,}" if contents else "–", border=True)
    st.metric("Newest event", age(newest, request.now) if newest else "–", border=True)
    st.metric(
        "Waiting in the spool", f"{health.waiting:,}", border=True, help="Durable, but not in the file yet."
    )
    rejected = "–" if health.rejected is None else f"{health.rejected:,}"
    st.metric("Rejected", rejected, border=True, help="Not valid, so not stored.")

if health.set_aside:
    st.markdown("These segments were set aside because some of their events could not be stored:")
    st.code("\n".join(shown(name) for name in health.set_aside), language=None)
if health.not_folded:
    st.markdown("These files of the spool are not folded:")
    st.code("\n".join(shown(f"{left.name}: {left.reason}") for left in health.not_folded), language=None)
if health.unusable:
    st.markdown("DuckDB could not use these files; a fold moved them aside and went on without them:")
    st.code("\n".join(shown(name) for name in health.unusable), language=None)
if health.rejected:
    st.markdown("Rejected records, each with the reason, are in this file:")
    st.code(shown(str(health.rejects)), language=None)

if health.refused_alarms:
    st.subheader("Delivery", anchor=False)
    st.markdown("A receiver refused these alarms. Run `python -m alarms resend` once it takes them:")
    st.code("\n".join(map(shown, health.refused_alarms)), language=None)

roll_ups = store_health.missing_roll_ups(contents) if contents else None
st.subheader("File", anchor=False)
pairs(
    (
        ("Path", shown(str(health.path))),
        ("Size", health.size),
        ("Schema version", str(contents.schema_version) if contents else "–"),
        ("Newest event", local(newest, zone) if newest else "–"),
        ("Last stored", local(contents.recorded, zone) if contents and contents.recorded else "–"),
        ("Spool", shown(str(health.spool))),
        (
            "Folding",
            "By this dashboard" if health.folds else "By other programs: this dashboard is read-only",
        ),
        *([("Roll-ups", roll_ups)] if roll_ups else []),
    )
)
