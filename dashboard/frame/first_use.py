"""What a viewer can do without events: append a test event here, paste lines into a program, or look at the demo."""

import shlex
from pathlib import Path

import streamlit as st

from audit_store.errors import AuditStoreError
from dashboard.server import background_service
from dashboard.text import shown
from ingest import append

SOURCE = "dashboard"
"""The source of the events that the form appends."""
_PROBLEM = "first_event_problem"


def draw(path: Path) -> None:
    """Draw them for the store at `path`."""
    if background_service.may_write(path):
        _form(path)
    st.markdown(
        "Append events from a program, from a shell or over HTTP; this page shows the first one at once:"
    )
    python, shell, http = st.tabs(["Python", "Shell", "HTTP"])
    python.code(
        f'from ingest import append\n\nappend(agent="support-7", activity="Login", store={shown(repr(str(path)))})',
        language=None,
        wrap_lines=True,
    )
    quoted = shown(shlex.quote(str(path)))
    shell.code(
        f"python -m ingest append --agent support-7 --activity Login --store {quoted}\n"
        f"python -m ingest import FILE --store {quoted}",
        language=None,
        wrap_lines=True,
    )
    http.code(
        f"TOKEN=$(python -m ingest token create --source shop --store {quoted})\n"
        f"python -m ingest serve --store {quoted} &\n"
        "curl --retry 9 --retry-delay 1 --retry-connrefused http://127.0.0.1:8502/v1/events \\\n"
        '  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\\n'
        '  -d \'{"agent": "support-7", "activity": "Login"}\'',
        language=None,
        wrap_lines=True,
    )
    st.markdown("Or explore a demo store with 90 days of generated activity:")
    st.code("make demo", language=None)


def _form(path: Path) -> None:
    with st.form("first_event", width=480):
        st.markdown("Append a test event:")
        st.text_input("Agent", "support-7", key="first_agent", max_chars=256)
        st.text_input("Activity", "Login", key="first_activity", max_chars=128)
        st.selectbox("Outcome", ["success", "failure"], key="first_outcome")
        st.form_submit_button("Append", type="primary", on_click=_append, args=(path,))
    if (problem := st.session_state.pop(_PROBLEM, None)) is not None:
        st.text(shown(problem))


def _append(path: Path) -> None:
    state = st.session_state
    try:
        append(
            agent=state["first_agent"],
            activity=state["first_activity"],
            outcome=state["first_outcome"],
            description="Test event",
            source=SOURCE,
            store=path,
            fold=not background_service.folds(),
        )
    except AuditStoreError as error:
        state[_PROBLEM] = str(error)
