"""A server of exports alone, for tests: python -m tests.dashboard.server.export_server STORE PORT.

TICKET is that of all events, for the browser with the cookie COOKIE.
"""

import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from audit_store.engines.registry import open_store
from audit_store.filters import EventFilter
from dashboard.server import exports
from dashboard.server.export_tickets import Ticket, tickets

TICKET, COOKIE = "t" * 43, "c" * 43


def main(store: str, port: str) -> None:
    """Serve until the process is ended."""
    everything = Ticket(EventFilter(), open_store(Path(store)), COOKIE, "ada", "audit-log")
    tickets.issue(everything, TICKET)
    uvicorn.run(Starlette(routes=[exports.route()]), port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
