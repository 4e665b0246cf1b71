"""The name of the viewer is that of Streamlit's `st.user`."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest


def script() -> None:
    import streamlit as st

    from dashboard import viewer

    st.text(viewer.name())


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({}, "dashboard"),
        ({"is_logged_in": False}, "dashboard"),
        ({"is_logged_in": False, "email": "eve@example.com"}, "dashboard"),
        ({"is_logged_in": True, "email": "ada@example.com", "name": "Ada"}, "ada@example.com"),
        ({"is_logged_in": True, "name": "Ada"}, "Ada"),
        ({"preferred_username": "ada", "name": "Ada"}, "ada"),
        ({"email": None}, "dashboard"),
        ({"name": "x" * 300}, "x" * 256),
    ],
)
def test_the_name_is_the_first_claim_of_a_signed_in_viewer(user: dict[str, Any], name: str) -> None:
    app = AppTest.from_function(script)
    app.user = user
    assert [text.value for text in app.run().text] == [name]
