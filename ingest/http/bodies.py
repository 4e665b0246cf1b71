"""The body of a request: of a known type, not too large, and unpacked."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from ingest.http.refusals import RETRY_SOON, refused

MAX_BYTES = 16 << 20
"""The largest body, as it is sent and unpacked."""
MAX_BYTES_AT_ONCE = 8 * MAX_BYTES
"""How much memory the bodies of all requests may take, as they are sent."""
SECONDS = 60.0
"""How long a body may take to arrive."""
SECONDS_AT_THE_END = 2.0
"""How long it may take once the server is asked to end."""
_TOO_LARGE = f"the body has more than {MAX_BYTES:,} bytes; send several requests"
_GZIP = 31  # zlib's `wbits` for gzip with the largest window
_SLICE = 1 << 16


class Bodies:
    """The bodies that arrive at the moment."""

    def __init__(self) -> None:
        self._bytes = 0
        self._deadlines: set[asyncio.Timeout] = set()
        self._seconds = SECONDS

    @asynccontextmanager
    async def received(self, request: Request) -> AsyncIterator[bytes]:
        """The body of a request, unpacked; what was sent of it counts until the block ends.

        Raises Refusal (400, 413, 415, 429, 503).
        """
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip"):
            raise refused(415, f"Content-Encoding {encoding!r}: send gzip, or none")
        sent = bytearray()
        try:
            await self._read(request, sent)
            content = bytes(sent)
            yield await run_in_threadpool(unpacked, content) if encoding == "gzip" else content
        finally:
            self._bytes -= len(sent)

    def end(self) -> None:
        """Wait for bodies no longer than SECONDS_AT_THE_END. Call it in the thread of the event loop."""
        self._seconds = SECONDS_AT_THE_END
        for deadline in self._deadlines:
            deadline.reschedule(asyncio.get_running_loop().time() + SECONDS_AT_THE_END)

    async def _read(self, request: Request, sent: bytearray) -> None:
        deadline = asyncio.timeout(self._seconds)
        self._deadlines.add(deadline)
        try:
            async with deadline:
                async for part in request.stream():
                    if len(sent) + len(part) > MAX_BYTES:
                        raise refused(413, _TOO_LARGE)
                    if self._bytes + len(part) > MAX_BYTES_AT_ONCE:
                        raise refused(429, "too many requests arrive at once", Retry_After=str(RETRY_SOON))
                    sent += part
                    self._bytes += len(part)
        except TimeoutError:
            words = "the body did not arrive in time; send the request again"
            raise refused(503, words, Retry_After=str(RETRY_SOON)) from None
        finally:
            self._deadlines.discard(deadline)


def content_type(request: Request, *allowed: str) -> str:
    """The type of a body without its parameters. Raises Refusal (415) for one that is not allowed."""
    header = request.headers.get("content-type", "")
    kind = header.partition(";")[0].strip().lower()
    if kind not in allowed:
        raise refused(415, f"Content-Type {header or '(none)'!r}: send {' or '.join(allowed)}")
    return kind


def unpacked(content: bytes) -> bytes:
    """What gzip has packed, in one member or several. Raises Refusal (400, 413)."""
    parts = []
    left = MAX_BYTES
    member = zlib.decompressobj(_GZIP)
    # In slices, because the rest after each member is copied.
    for start in range(0, len(content), _SLICE):
        rest = content[start : start + _SLICE]
        while rest:
            if member.eof:
                member = zlib.decompressobj(_GZIP)
            try:
                part = member.decompress(rest, left + 1)
            except zlib.error:
                raise refused(400, "the body is not gzip, as Content-Encoding says, or damaged") from None
            left -= len(part)
            if left < 0:
                raise refused(413, _TOO_LARGE)
            parts.append(part)
            rest = member.unused_data
    if content and not member.eof:
        raise refused(400, "the body ends within its gzip data")
    return b"".join(parts)
