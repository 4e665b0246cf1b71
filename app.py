"""The dashboard's server: security headers around every page, and the folding of the spool beside them.

Run it with `streamlit run app.py`. `AUDIT_STORE` names the store (default `audit.duckdb`); with
`AUDIT_READ_ONLY=1` the spool is left to other programs.
"""

import contextlib
from collections.abc import AsyncIterator

import streamlit as st
from starlette.middleware import Middleware

from dashboard.server import background_service
from dashboard.server.page_head import OwnHead
from dashboard.server.security_headers import SecurityHeaders


@contextlib.asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Folds for as long as the server runs."""
    with background_service.folding():
        yield


app = st.App(
    "dashboard/main.py",
    lifespan=lifespan,
    middleware=[Middleware(SecurityHeaders), Middleware(OwnHead)],
)
