"""The body of a request: of a known type, not too large, and unpacked."""

import asyncio
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from ingest.http.refusals import RETRY_SOON, refused

MAX_BYTES = 16 << 20
"""The largest body, as it is sent and unpacked."""
MAX_BYTES_AT_ONCE = 8 * MAX_BYTES
"""How much memory the bodies of all requests may take, as they are sent."""
SECONDS = 60.0
"""How long a body may take to arrive."""
_TOO_LARGE = f"the body has more than {MAX_BYTES:,} bytes; send several requests"
_GZIP = 31  # zlib's word for gzip with the largest window


class Room:
    """How many bytes of bodies are in memory."""

    def __init__(self) -> None:
        self._bytes = 0

    @contextmanager
    def taken(self) -> Iterator["_Share"]:
        """A share of the room, given back at the end."""
        share = _Share()
        try:
            yield share
        finally:
            self._bytes -= share.bytes

    def take(self, share: "_Share", count: int) -> None:
        """Let a share grow. Raises Refusal (429) where there is no room, and 413 where it is one body's most."""
        if share.bytes + count > MAX_BYTES:
            raise refused(413, _TOO_LARGE)
        if self._bytes + count > MAX_BYTES_AT_ONCE:
            raise refused(429, "too many requests arrive at once", Retry_After=str(RETRY_SOON))
        share.bytes += count
        self._bytes += count


class _Share:
    def __init__(self) -> None:
        self.bytes = 0


def content_type(request: Request, *allowed: str) -> str:
    """The type of a body without its parameters. Raises Refusal (415) for one that is not allowed."""
    given = request.headers.get("content-type", "")
    kind = given.partition(";")[0].strip().lower()
    if kind not in allowed:
        raise refused(415, f"Content-Type {given or '(none)'!r}: send {' or '.join(allowed)}")
    return kind


async def body(request: Request, room: Room, share: _Share) -> bytes:
    """The body of a request, unpacked. Raises Refusal (400, 408, 413, 415, 429)."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise refused(415, f"Content-Encoding {encoding!r}: send gzip, or none")
    parts = []
    try:
        async with asyncio.timeout(SECONDS):
            async for part in request.stream():
                room.take(share, len(part))
                parts.append(part)
    except TimeoutError:
        raise refused(408, f"the body did not arrive within {SECONDS:.0f} seconds") from None
    content = b"".join(parts)
    return unpacked(content) if encoding == "gzip" else content


def unpacked(content: bytes) -> bytes:
    """What gzip has packed, in one member or several. Raises Refusal (400, 413)."""
    parts = []
    left = MAX_BYTES
    while content:
        member = zlib.decompressobj(_GZIP)
        try:
            part = member.decompress(content, left + 1)
        except zlib.error:
            raise refused(400, "the body is not gzip, as Content-Encoding says, or damaged") from None
        if len(part) > left:
            raise refused(413, _TOO_LARGE)
        if not member.eof:
            raise refused(400, "the body ends within its gzip data")
        left -= len(part)
        parts.append(part)
        content = member.unused_data
    return b"".join(parts)
