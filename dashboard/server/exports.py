"""The route below which exports are downloaded: `/export/TICKET/FORMAT`, straight from the store to the browser."""

from functools import partial

import anyio
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from audit_store.engines.settings import number
from audit_store.errors import AuditStoreError
from audit_store.export.archive import archive
from audit_store.export.encoders import FORMATS
from audit_store.export.export import plan
from audit_store.quantities import counted
from dashboard.server.download_sessions import cookie_of
from dashboard.server.downloads import Download, StreamedFile
from dashboard.server.environment import checked
from dashboard.server.export_tickets import Ticket, Tickets, tickets

VARIABLE = "AUDIT_EXPORTS"
AT_ONCE = 2
PREFIX = "export"
WAIT = 20.0
"""Seconds that an export waits for a store that another program holds."""
UNKNOWN = "This export link has expired, or belongs to another browser; open the audit log and choose Export again.\n"
_ENDINGS = {"ocsf": "ocsf.jsonl"}


class Exports:
    """Answers requests for exports, of which at most `at_once` run at the same time."""

    def __init__(self, at_once: int = AT_ONCE, known: Tickets = tickets) -> None:
        self._at_once, self._tickets, self._running = at_once, known, 0

    async def download(self, request: Request) -> Response:
        """The ZIP file that a ticket stands for; 404 without a ticket, 503 where there is no room or no store."""
        if request.method != "GET":
            return Response(status_code=405, headers={"Allow": "GET"})
        ticket_id, fmt = request.path_params["ticket"], request.path_params["format"]
        ticket = self._tickets.find(ticket_id, cookie_of(request.scope))
        if ticket is None or fmt not in FORMATS:
            return PlainTextResponse(UNKNOWN, 404)
        if self._running >= self._at_once:
            return _unavailable(
                f"{counted(self._at_once, 'export is', 'exports are')} being downloaded, the most that "
                f"{VARIABLE} allows at the same time; try again when one has ended."
            )
        self._running += 1
        download = Download(fmt)
        self._tickets.note(ticket_id, download)
        try:
            return await self._stream(ticket, download)
        except AuditStoreError as error:
            download.problem = str(error)
            self._end()
            return _unavailable(f"The export could not begin: {error}.")
        except BaseException:
            self._end()
            raise

    async def _stream(self, ticket: Ticket, download: Download) -> Response:
        planned = await anyio.to_thread.run_sync(partial(plan, ticket.where, ticket.store, WAIT))
        download.total = planned.events
        name = f"{ticket.stem}.{_ENDINGS.get(download.fmt, download.fmt)}"
        pieces = archive(planned, download.fmt, name, ticket.by, WAIT)
        return StreamedFile(f"{name}.zip", "application/zip", pieces, download, self._end)

    def _end(self) -> None:
        self._running -= 1


def route(base_path: str = "") -> Route:
    """The route of a server with this `server.baseUrlPath`; ends the process where AUDIT_EXPORTS cannot be read."""
    allowed = "give how many exports may be downloaded at once, such as 2"
    at_once = checked(lambda: number(VARIABLE, AT_ONCE, allowed))
    return Route(url(base_path, "{ticket}", "{format}"), Exports(at_once).download, methods=["GET"])


def url(base_path: str, ticket_id: str, fmt: str) -> str:
    """The path at which the browser finds an export.

    >>> url("/audit/", "x", "csv")
    '/audit/export/x/csv'
    """
    return "/".join(["", *filter(None, base_path.split("/")), PREFIX, ticket_id, fmt])


def _unavailable(reason: str) -> Response:
    return PlainTextResponse(f"{reason}\n", 503, {"Retry-After": "30"})
