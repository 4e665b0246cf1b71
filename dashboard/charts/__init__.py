"""Charts: a DataFrame becomes an alt.Chart; no Streamlit, no store."""
