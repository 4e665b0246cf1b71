"""The help behind the "?" of the header: keys, the grammar of the query line, and the words of the product."""

import streamlit as st

from audit_store.filters import query_examples, query_line

_KEYS = """
| key | what it does |
|---|---|
| `/` | go to the search |
| `Alt`+`Z` | restore the filters before the last change |
| `J`, `K` | the next and the previous event or alarm of an open list |
| `Esc` | close the open event |
| `A` | acknowledge the open alarm |
"""
_QUERY = f"""
{query_examples.table()}

Fields are {", ".join(f"`{name}`" for name in query_line.NAMES)} and `meta.<path>`.
"""
_WORDS = """
**Agent**: who acted, a person, a service or an API key. **Activity**: the kind of act, such as Login.
**Target**: what it was done to. **Source**: the system that reported it.
**Spool**: the folder in which events wait, safe on disk, until they are in the file.
**Alarm**: far more logins than expected, or what a rule found. **Finding**: something unusual that is no alarm.

Every filter is in the address of the page, so a link shows a colleague the same view;
`docs/filters-and-links.md` lists them.
"""


def draw() -> None:
    """Draw the button; what it opens is sent to the browser when it is opened."""
    box = st.popover("?", key="help", help="Keys, query line and words", type="tertiary", on_change="rerun")
    if box.open:
        keys, query, words = box.tabs(["Keys", "Query line", "Words"])
        keys.markdown(_KEYS)
        query.markdown(_QUERY)
        words.markdown(_WORDS)
