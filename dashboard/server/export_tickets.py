"""Tickets of exports: what a link below `/export` stands for, and for which browser.

A link holds a random id only, so that it is short whatever the filter, and says nothing. The filter stays here.
"""

import secrets
import threading
import time
from dataclasses import dataclass, field

from audit_store.engines.protocol import Engine
from audit_store.filters import EventFilter
from dashboard.server.downloads import Download

LIFETIME = 30 * 60.0
"""Seconds that a ticket can be used after the page was last drawn."""
_DOWNLOADS_KEPT = 4


@dataclass(frozen=True, slots=True)
class Ticket:
    """What may be exported: the events of a filter, by the browser that sends this cookie, under a viewer's name."""

    where: EventFilter
    store: Engine
    cookie: str
    by: str
    stem: str
    """The name of the file of events, without its ending."""


@dataclass(slots=True)
class _Entry:
    ticket: Ticket
    until: float
    downloads: list[Download] = field(default_factory=list)


class Tickets:
    """The tickets of this process, by id; safe for threads."""

    def __init__(self, lifetime: float = LIFETIME) -> None:
        """`lifetime` is in seconds."""
        self._lifetime = lifetime
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def issue(self, ticket: Ticket, ticket_id: str | None = None) -> str:
        """Let an id (default: a new one) stand for this ticket from now on, for its lifetime; gives the id."""
        ticket_id = ticket_id or secrets.token_urlsafe(32)
        with self._lock:
            self._drop_expired()
            entry = self._entries.setdefault(ticket_id, _Entry(ticket, 0.0))
            entry.ticket, entry.until = ticket, time.monotonic() + self._lifetime
        return ticket_id

    def find(self, ticket_id: str, cookie: str) -> Ticket | None:
        """The ticket with this id; None where there is none, it has expired, or it is that of another browser."""
        with self._lock:
            self._drop_expired()
            entry = self._entries.get(ticket_id)
        if entry is None or not cookie or entry.ticket.cookie != cookie:
            return None
        return entry.ticket

    def note(self, ticket_id: str, download: Download) -> None:
        """Let the page of a ticket show a download."""
        with self._lock:
            entry = self._entries.get(ticket_id)
            if entry is not None:
                entry.downloads = [*entry.downloads, download][-_DOWNLOADS_KEPT:]

    def downloads(self, ticket_id: str) -> list[Download]:
        """The latest downloads of a ticket, the oldest first."""
        with self._lock:
            entry = self._entries.get(ticket_id)
            return list(entry.downloads) if entry is not None else []

    def _drop_expired(self) -> None:
        moment = time.monotonic()
        for ticket_id in [key for key, entry in self._entries.items() if entry.until <= moment]:
            del self._entries[ticket_id]


tickets = Tickets()
