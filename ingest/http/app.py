"""The HTTP interface: what is answered to which request."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from audit_store.cli import describe
from audit_store.errors import UNKNOWN, AuditStoreError
from audit_store.event import Event
from audit_store.quantities import size
from audit_store.store_files import spool_dir
from ingest import append_event, append_events
from ingest.http import event_bodies, otlp
from ingest.http.bodies import MAX_BYTES, Bodies, content_type
from ingest.http.openapi import document
from ingest.http.refusals import RETRY_LATER, Refusal, of_error, refused, try_again
from ingest.http.tokens import KnownTokens

_BEARER = "bearer "


def application(store: Path, bodies: Bodies) -> Starlette:
    """The application that appends to a store, an absolute path."""
    server = _Interface(store, bodies)
    routes = [
        Route("/v1/events", server.events, methods=["POST"]),
        Route("/v1/logs", server.logs, methods=["POST"]),
        Route("/healthz", _healthz),
        Route("/readyz", server.readyz),
        Route("/openapi.json", _openapi),
    ]
    handlers = {
        Refusal: _refusal,
        HTTPException: _http_error,
        ClientDisconnect: _disconnected,
        Exception: _failed,
    }
    made = Starlette(routes=routes, exception_handlers=handlers)
    made.router.redirect_slashes = False
    return made


class _Interface:
    def __init__(self, store: Path, bodies: Bodies) -> None:
        self._store, self._tokens, self._bodies = store, KnownTokens(store), bodies

    async def events(self, request: Request) -> Response:
        """POST /v1/events: store events, all or none."""
        source = await self._source(request)
        kind = content_type(request, event_bodies.JSON, event_bodies.NDJSON)
        key = _utf8(request.headers.get("idempotency-key"))
        async with self._bodies.received(request) as content:
            events = await run_in_threadpool(event_bodies.events_of, content, kind, source, key)
            ids = await self._stored(events)
        return JSONResponse({"accepted": len(ids), "event_ids": ids}, 202)

    async def logs(self, request: Request) -> Response:
        """POST /v1/logs: store the log records that are events."""
        kind = otlp.PROTOBUF
        try:
            kind = content_type(request, otlp.PROTOBUF, event_bodies.JSON)
            source = await self._source(request)
            async with self._bodies.received(request) as content:
                events, rejected = await run_in_threadpool(otlp.events_of, content, kind, source)
                await self._stored(events)
        except Refusal as refusal:
            words = refusal.value["error"] if isinstance(refusal.value, dict) else refusal.value[0]["error"]
            answer = otlp.status(kind, words)
            return Response(answer, refusal.status, refusal.headers, media_type=kind)
        return Response(otlp.response(kind, rejected), media_type=kind)

    async def readyz(self, _: Request) -> Response:
        """GET /readyz: whether events can be stored."""
        if problem := await run_in_threadpool(self._problem):
            return JSONResponse({"ready": False, "error": problem}, 503, {"Retry-After": "5"})
        return JSONResponse({"ready": True})

    async def _source(self, request: Request) -> str:
        header = request.headers.get("authorization", "")
        text = header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else ""
        try:
            source = await run_in_threadpool(self._tokens.source_of, text) if text else None
        except (AuditStoreError, OSError) as error:
            raise try_again(error, f"tokens cannot be read: {describe(error)} (not stored)") from error
        if source is None:
            words = "the token is not valid" if text else "send Authorization: Bearer TOKEN"
            raise refused(401, f"{words}; python -m ingest token create makes one", WWW_Authenticate="Bearer")
        return source

    def _problem(self) -> str | None:
        """Why events cannot be stored; None if they can."""
        spool = spool_dir(self._store)
        folder = next(path for path in (spool, *spool.parents) if path.exists())
        if not os.access(folder, os.W_OK | os.X_OK):
            return f"{folder} cannot be written; give this user access to it"
        try:
            self._tokens.refresh()
            free = shutil.disk_usage(folder).free
        except (AuditStoreError, OSError) as error:
            return describe(error)
        return None if free >= MAX_BYTES else f"the disk of {folder} has {size(free)} free; free some space"

    async def _stored(self, events: Sequence[Event]) -> list[str]:
        return await run_in_threadpool(_append, self._store, events)


def _append(store: Path, events: Sequence[Event]) -> list[str]:
    """Store events durably; gives their ids. Raises Refusal."""
    try:
        if len(events) == 1:  # threads that append single events share one sync
            return [append_event(events[0], store=store)]
        return append_events(events, store=store)
    except AuditStoreError as error:
        raise of_error(error, f"{error} ({error.stored})") from error
    except OSError as error:
        raise of_error(error, f"{describe(error)} (not stored)") from error


async def _healthz(_: Request) -> Response:
    return JSONResponse({"alive": True})


async def _openapi(_: Request) -> Response:
    return JSONResponse(document())


async def _refusal(_: Request, refusal: Any) -> Response:
    return JSONResponse(refusal.value, refusal.status, refusal.headers)


async def _http_error(_: Request, error: Any) -> Response:
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _disconnected(_: Request, __: Any) -> Response:
    return Response(status_code=400)  # which nobody reads


async def _failed(_: Request, __: Any) -> Response:
    error = f"the server failed, and its log says how; this is {UNKNOWN}"
    return JSONResponse({"error": error}, 503, {"Retry-After": str(RETRY_LATER)})


def _utf8(header: str | None) -> str | None:
    """A header that is sent in UTF-8, which Starlette reads as Latin-1."""
    return None if header is None else header.encode("latin-1").decode("utf-8", "replace")
