"""A page as tutorials build it: the whole table in a cached DataFrame, filters and groups in pandas."""

import os
from datetime import UTC, datetime, timedelta

import altair as alt
import duckdb
import pandas as pd
import streamlit as st


@st.cache_data
def load() -> pd.DataFrame:
    """The whole log."""
    with duckdb.connect(os.environ["AUDIT_STORE"], read_only=True) as connection:
        return connection.execute("SELECT * FROM events").df()


frame = load()
days = st.sidebar.selectbox("Days", [7, 30, 365])
activities = st.sidebar.multiselect("Activity", sorted(frame["activity"].unique()))
agents = st.sidebar.multiselect("Agent", sorted(frame["agent"].unique()))
shown = frame[frame["occurred_at"] >= datetime.now(UTC).replace(tzinfo=None) - timedelta(days=days)]
if activities:
    shown = shown[shown["activity"].isin(activities)]
if agents:
    shown = shown[shown["agent"].isin(agents)]
st.metric("Events", f"{len(shown):,}")
per_day = shown.groupby([shown["occurred_at"].dt.floor("D"), "activity"]).size().reset_index(name="events")
st.altair_chart(alt.Chart(per_day).mark_bar().encode(x="occurred_at:T", y="events:Q", color="activity:N"))
per_agent = shown.groupby(["agent", "activity"]).size().reset_index(name="events")
top = per_agent.groupby("agent")["events"].sum().nlargest(20).index
st.altair_chart(
    alt.Chart(per_agent[per_agent["agent"].isin(top)])
    .mark_bar()
    .encode(x="events:Q", y="agent:N", color="activity:N")
)
st.dataframe(shown.tail(1_000))
st.text("page finished")
