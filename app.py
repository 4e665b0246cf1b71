"""The dashboard's server: what stands between a browser and the pages, and the folding of the spool beside them.

Run it with `streamlit run app.py`. `AUDIT_STORE` names the store (default `audit.duckdb`); with
`AUDIT_READ_ONLY=1` the spool is left to other programs. `AUDIT_HOSTS` names the addresses of a reverse proxy,
`AUDIT_EXPORTS` how many exports are downloaded at the same time.
"""

import contextlib
from collections.abc import AsyncIterator

import streamlit as st
from starlette.middleware import Middleware

from dashboard.server import allowed_origins, background_service, environment, exports
from dashboard.server.download_sessions import DownloadSessions
from dashboard.server.long_links import LongLinks
from dashboard.server.page_head import OwnHead
from dashboard.server.same_origin import SameOrigin
from dashboard.server.security_headers import SecurityHeaders


@contextlib.asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Folds for as long as the server runs."""
    with background_service.folding():
        yield


environment.check_limits()
base_path = st.get_option("server.baseUrlPath") or ""
app = st.App(
    "dashboard/main.py",
    lifespan=lifespan,
    routes=[exports.route(base_path)],
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(SameOrigin, allowed_origins.from_environment()),
        Middleware(DownloadSessions, base_path),
        Middleware(LongLinks),
        Middleware(OwnHead),
    ],
)
