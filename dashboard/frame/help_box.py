"""The help behind the "?" of the header: keys, and what the words of the product mean."""

import streamlit as st

_TEXT = """
| key | what it does |
|---|---|
| `/` | go to the search |
| `Alt`+`Z` | restore the filters before the last change |
| `J`, `K` | the next and the previous event or alarm of an open list |
| `Esc` | close the open event |
| `A` | acknowledge the open alarm |

**Agent**: who acted, a person, a service or an API key. **Activity**: the kind of act, such as Login.
**Target**: what it was done to. **Source**: the system that reported it.
**Spool**: the folder in which events wait, safe on disk, until they are in the file.
**Alarm**: far more logins than expected, or what a rule found. **Finding**: something unusual that is no alarm.

Every filter is in the address of the page, so a link shows a colleague the same view;
`docs/filters-and-links.md` lists them.
"""


def draw() -> None:
    """Draw the button; what it opens is sent to the browser when it is opened."""
    box = st.popover("?", key="help", help="Keys and words", type="tertiary", on_change="rerun")
    if box.open:
        box.markdown(_TEXT)
