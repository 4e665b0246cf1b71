"""The name of the viewer, under which exports and marks on alarms are recorded."""

import streamlit as st

from alarms import BY_MAX

ANONYMOUS = "dashboard"
_CLAIMS = ("email", "preferred_username", "name")


def name() -> str:
    """The e-mail address, user name or name of the signed-in viewer; ANONYMOUS where Streamlit knows none.

    Streamlit knows the viewer after `st.login`, or from a header of a proxy, named by `server.trustedUserHeaders`.
    """
    user = st.user.to_dict()
    if user.get("is_logged_in") is False:
        return ANONYMOUS
    claims = (user.get(claim) for claim in _CLAIMS)
    return next((claim[:BY_MAX] for claim in claims if isinstance(claim, str) and claim), ANONYMOUS)
