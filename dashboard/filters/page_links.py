"""The page that is shown, by its name, and the way to another one."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_ASKED = "page_asked_for"
_KEPT = {"views", "view", "more"}
"""The boxes of the sidebar that stay open on another page, and the view that is chosen there."""


def current() -> str:
    """The name of the page that is shown, such as "log"; a callback, which runs before the page, has none."""
    context = get_script_run_ctx()
    if context is None:
        return ""
    page = context.pages_manager.get_pages().get(context.page_script_hash)
    return "" if page is None else Path(page["script_path"]).stem


def ask(name: str, parameters: Mapping[str, Sequence[str]]) -> None:
    """Show another page with these URL parameters in the run that follows this callback."""
    st.session_state[_ASKED] = name, {key: list(texts) for key, texts in parameters.items()}


def follow() -> None:
    """Go to the page that the last callback asked for, and end this run; an unknown name leads nowhere."""
    name, parameters = st.session_state.pop(_ASKED, ("", {}))
    context = get_script_run_ctx()
    pages = {} if context is None else context.pages_manager.get_pages()
    if name in {Path(page["script_path"]).stem for page in pages.values()}:
        # Streamlit forgets the widgets that a run does not reach, unless their values are assigned.
        for key in _KEPT & st.session_state.keys():
            st.session_state[key] = st.session_state[key]
        st.switch_page(f"../pages/{name}.py", query_params=parameters)
