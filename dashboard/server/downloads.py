"""A file as a response that is sent while it is made: at the speed of the browser, and cut off where it fails.

There is no length, so the body is sent in chunks, and a browser reports a download that ends without the last one.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from audit_store.errors import AuditStoreError
from audit_store.export.export import Piece

STALLED = 300.0
"""Seconds that a browser may take for SENT_AT_ONCE bytes, before its download is broken off."""
SENT_AT_ONCE = 256 << 10
_logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Download:
    """How far a download has come; `total` is None while its events are being counted."""

    fmt: str
    total: int | None = None
    events: int = 0
    complete: bool = False
    problem: str | None = None
    """Why it was broken off."""

    @property
    def runs(self) -> bool:
        """Whether it has neither been completed nor broken off."""
        return not self.complete and self.problem is None


class StreamedFile(Response):
    """A file of pieces, each made in a thread when the one before it was taken by the browser.

    `end` is called once, in any case.
    """

    def __init__(
        self, name: str, media_type: str, pieces: Iterator[Piece], download: Download, end: Callable[[], None]
    ) -> None:
        super().__init__(media_type=media_type)
        del self.headers["content-length"]
        self.headers["content-disposition"] = f'attachment; filename="{name}"'
        self.headers["cache-control"] = "no-store"
        self._name, self._pieces, self._download, self._end = name, pieces, download, end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file; returns before its end where it is broken off, upon which the server closes the connection."""
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            await self._send_pieces(Request(scope, receive), send)
            await send({"type": "http.response.body", "body": b""})
            self._download.complete = True
        except (AuditStoreError, OSError) as error:
            self._break_off(str(error))
        except BaseException as error:
            self._break_off(f"the server failed ({type(error).__name__})")
            raise
        finally:
            self._end()

    async def _send_pieces(self, request: Request, send: Send) -> None:
        following = partial(next, self._pieces, None)
        while (piece := await anyio.to_thread.run_sync(following)) is not None:
            if await request.is_disconnected():
                raise AuditStoreError("the browser ended the download")
            for start in range(0, len(piece.data), SENT_AT_ONCE):
                await _within_limit(send, piece.data[start : start + SENT_AT_ONCE])
            self._download.events += piece.events

    def _break_off(self, reason: str) -> None:
        self._download.problem = reason
        _logger.warning(
            "The download of %s was broken off after %d events: %s", self._name, self._download.events, reason
        )


async def _within_limit(send: Send, data: bytes) -> None:
    try:
        with anyio.fail_after(STALLED):
            await send({"type": "http.response.body", "body": data, "more_body": True})
    except TimeoutError:
        raise AuditStoreError(f"the browser took nothing for {STALLED:.0f} seconds") from None
