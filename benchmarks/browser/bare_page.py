"""The least that a page of Streamlit can hold: a heading and a chart, with ?table=1 also a table."""

import altair as alt
import pandas as pd
import streamlit as st

numbers = pd.DataFrame({"hour": range(24), "events": range(24)})
st.title("A page")
st.altair_chart(alt.Chart(numbers).mark_bar().encode(x="hour:O", y="events:Q"))
if "table" in st.query_params:
    st.dataframe(numbers)
