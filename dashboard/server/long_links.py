"""Links with more parameters than Streamlit reads: without this, they would show another view than they name."""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.runtime.state.query_params import CLIENT_STATE_QUERY_STRING_MAX_FIELDS

TOO_LONG = 414


class LongLinks:
    """ASGI middleware that answers a link with too many parameters with 414 and a sentence that says what to do."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        fields = scope["query_string"].count(b"&") + 1 if scope["type"] == "http" else 0
        if fields <= CLIENT_STATE_QUERY_STRING_MAX_FIELDS:
            await self._app(scope, receive, send)
            return
        reason = (
            f"This link has {fields:,} parameters, and at most {CLIENT_STATE_QUERY_STRING_MAX_FIELDS:,} can be read; "
            "choose fewer values, or exclude the others.\n"
        )
        await PlainTextResponse(reason, TOO_LONG)(scope, receive, send)
