"""A search in a browser: its progress, stopping it, continuing it, and what it finds."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import ROOT
from tests.browser.conftest import Server, Visit, crowd, serving_well

EVENTS = 250_000
NARROW = "from audit_store.engines import protocol\nprotocol.SEQ_BLOCK = 4\n"
"""Makes stretches four thousand times as narrow as they are, so that a search of a small store takes seconds."""
LAST_TEN = f"number {EVENTS // 10 - 1}"


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard that searches slowly. Ten of its newest events contain LAST_TEN, and one old event."""
    folder: Path = tmp_path_factory.mktemp("searched")
    (folder / "sitecustomize.py").write_text(NARROW, encoding="utf-8")
    store = crowd(folder / "audit.duckdb", EVENTS)
    path = os.pathsep.join([str(folder), str(ROOT)])
    with serving_well(store.path, folder / "server.log", PYTHONPATH=path) as server:
        yield server


def begin(page: Page, server: Server, text: str) -> None:
    """Open a search, without waiting for its end."""
    page.goto(f"{server.url}/log?range=all&q={text.replace(' ', '+')}")


def test_a_search_shows_what_it_finds_is_stopped_and_continued_and_goes_on_beside_an_event(
    searched: Server, visit: Visit
) -> None:
    seen = visit(searched.url + "/store")
    begin(seen.page, searched, LAST_TEN)
    so_far = seen.page.get_by_text(re.compile(r"^Searched back to \d+ \w+ \d{4} · 10 matches so far$"))
    expect(so_far).to_be_visible()
    expect(seen.page.get_by_text("1–10 of 10 events so far")).to_be_visible()
    seen.page.get_by_role("button", name="Stop search").click()
    expect(seen.page.get_by_role("button", name="Search on")).to_be_visible()
    seen.settle()
    seen.page.reload()  # a reload searches again from the newest event
    expect(seen.page.get_by_text("1–10 of 10 events so far")).to_be_visible()
    seen.page.get_by_role("button", name="Stop search").click()
    seen.page.get_by_role("button", name="Search on").click()
    expect(seen.page.get_by_role("button", name="Stop search")).to_be_visible()
    seen.open_row(0)
    expect(seen.page.locator("[data-field=description] dd:not(.actions)")).to_have_text(
        f"number {EVENTS - 1}"
    )
    expect(seen.page.get_by_text("Searched to the beginning · 11 matches")).to_be_visible(timeout=90_000)
    expect(seen.page.get_by_text("1–11 of 11 events")).to_be_visible()
    expect(seen.page.get_by_role("button", name="Stop search")).to_have_count(0)
    expect(seen.page.get_by_text("Event details")).to_be_visible()


@pytest.mark.campaign
def test_a_search_that_finds_nothing_says_so_at_its_end(searched: Server, visit: Visit) -> None:
    seen = visit(searched.url + "/store")
    begin(seen.page, searched, "nowhere")
    expect(seen.page.get_by_text(re.compile("^Searched back to .* · no match so far$"))).to_be_visible()
    expect(seen.page.get_by_text("No events match")).to_be_visible(timeout=90_000)
