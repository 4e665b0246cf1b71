"""Tickets of exports: who may use them, for how long, and what they stand for."""

from dataclasses import replace
from pathlib import Path

from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from dashboard.server.downloads import Download
from dashboard.server.export_tickets import Ticket, Tickets

COOKIE, OTHER = "a" * 43, "b" * 43
TICKET = Ticket(EventFilter(agent=("ada",)), Store(Path("audit.duckdb")), COOKIE, "ada", "audit-log")


def test_a_ticket_is_that_of_the_browser_that_sends_its_cookie() -> None:
    tickets = Tickets()
    ticket_id = tickets.issue(TICKET)
    assert tickets.find(ticket_id, COOKIE) == TICKET
    for cookie in (OTHER, ""):
        assert tickets.find(ticket_id, cookie) is None
    assert tickets.find("x", COOKIE) is None


def test_a_ticket_without_a_cookie_is_nobodys() -> None:
    tickets = Tickets()
    assert tickets.find(tickets.issue(replace(TICKET, cookie="")), "") is None


def test_ids_are_random_and_say_nothing() -> None:
    tickets = Tickets()
    ids = {tickets.issue(TICKET) for _ in range(100)}
    assert len(ids) == 100
    assert all(len(ticket_id) == 43 and "ada" not in ticket_id for ticket_id in ids)


def test_a_ticket_expires_unless_its_page_is_drawn_again() -> None:
    expired = Tickets(lifetime=0.0)
    ticket_id = expired.issue(TICKET)
    assert expired.find(ticket_id, COOKIE) is None

    tickets = Tickets()
    ticket_id = tickets.issue(TICKET)
    later = replace(TICKET, where=EventFilter(agent=("bob",)))
    assert tickets.issue(later, ticket_id) == ticket_id
    assert tickets.find(ticket_id, COOKIE) == later


def test_a_ticket_lists_its_latest_downloads() -> None:
    tickets = Tickets()
    ticket_id = tickets.issue(TICKET)
    downloads = [Download("csv", total=number) for number in range(9)]
    for download in downloads:
        tickets.note(ticket_id, download)
    tickets.note("x", Download("csv"))
    assert tickets.downloads(ticket_id) == downloads[-4:]
    assert tickets.downloads("x") == []
