"""The export menu of the log: a link for each format, what it stands for, and how far downloads have come."""

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.export.encoders import FORMATS as ENCODERS
from dashboard.log.export_menu import FORMATS, progress
from dashboard.server.downloads import Download
from dashboard.server.export_tickets import tickets
from tests.dashboard.page_runs import WEEK, drawn, show


def test_the_menu_offers_every_format() -> None:
    assert list(FORMATS) == list(ENCODERS)


def test_the_menu_counts_the_events_of_a_file(week: Store) -> None:
    app = show(week, "log", agent="ada")
    assert "All 2 events of this list" in " ".join(caption.value for caption in app.caption)
    assert [element.proto.label for element in drawn(app, "link_button")] == [
        label for label, _ in FORMATS.values()
    ]


def test_the_links_stay_the_same_while_the_filter_of_their_ticket_changes(
    week: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = []
    issue = tickets.issue
    monkeypatch.setattr(
        tickets, "issue", lambda ticket, ticket_id=None: issued.append(ticket) or issue(ticket, ticket_id)
    )
    app = show(week, "log", agent="ada")
    links = [element.proto.url for element in drawn(app, "link_button")]
    app.query_params["agent"] = "bob"
    app.run()
    assert [element.proto.url for element in drawn(app, "link_button")] == links
    assert [ticket.where.agent for ticket in (issued[0], issued[-1])] == [("ada",), ("bob",)]
    assert {(ticket.where.below, ticket.stem) for ticket in issued} == {(len(WEEK), "audit-log-up-to-5")}
    assert [link.rpartition("/")[2] for link in links] == list(FORMATS)
    assert len({link.split("/")[2] for link in links}) == 1


@pytest.mark.parametrize(
    ("download", "text"),
    [
        (Download("csv"), "CSV: counting events"),
        (Download("csv", 45678, 12000), "CSV: 12,000 of 45,678 events"),
        (Download("jsonl", 1, 1, complete=True), "JSON Lines: complete, 1 event"),
        (
            Download("ocsf", 9000, 1000, problem="the browser ended the download"),
            "OCSF: broken off after 1,000 events, the browser ended the download",
        ),
    ],
)
def test_the_menu_says_how_far_a_download_has_come(download: Download, text: str) -> None:
    assert progress(download) == text
