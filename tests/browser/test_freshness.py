"""Open pages follow the store, say as of when they are right, and recover when the file is free again."""

import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from alarms.records.reading import records
from audit_store.engines.registry import open_store
from audit_store.ranges import Period
from ingest import append, append_many
from tests.browser.conftest import Serve, Visit, crowd

AS_OF = re.compile(r"As of \d\d:\d\d:\d\d")


@contextlib.contextmanager
def held(store: Path) -> Iterator[None]:
    """Another program that has the file open for writing, and stores an event of its own in it."""
    code = (
        f"import duckdb, sys; c = duckdb.connect({str(store)!r}); "
        "c.execute('CREATE TABLE IF NOT EXISTS other (n INT)'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield
        process.kill()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return crowd(tmp_path / "audit.duckdb", 500).path


def first_figure(page: Page) -> str:
    return page.get_by_test_id("stMetricValue").first.inner_text()


def test_activity_and_store_follow_new_events(store: Path, serve: Serve, visit: Visit) -> None:
    server = serve(store)
    pages = [visit(server.url + path).page for path in ("/?range=all", "/store")]
    for page in pages:
        expect(page.get_by_text(AS_OF)).to_be_visible()
        expect(page.get_by_test_id("stMetricValue").first).to_have_text("500")
    append(agent="newcomer", activity="Login", store=store)
    for page in pages:
        expect(page.get_by_test_id("stMetricValue").first).to_have_text("501", timeout=40_000)


def test_a_page_stays_as_it_is_while_refreshing_is_off(store: Path, serve: Serve, visit: Visit) -> None:
    server = serve(store)
    page = visit(server.url + "/?range=all").page
    page.get_by_text("Refresh", exact=True).click()
    other = visit(server.url + "/store").page
    before = len(records(open_store(store), Period()))
    outcomes = ["failure"] * 99 + ["success"]
    append_many([{"agent": "guessed", "activity": "Login", "outcome": o} for o in outcomes], store=store)
    expect(other.get_by_test_id("stMetricValue").first).to_have_text("600", timeout=40_000)
    deadline = time.monotonic() + 30
    while len(records(open_store(store), Period())) == before and time.monotonic() < deadline:
        page.wait_for_timeout(500)
    assert len(records(open_store(store), Period())) > before, "its alarm would draw the page again"
    page.wait_for_timeout(6_000)
    assert first_figure(page) == "500"


@pytest.mark.parametrize("path", ["/", "/store"])
def test_a_busy_page_recovers_by_itself(store: Path, serve: Serve, visit: Visit, path: str) -> None:
    server = serve(store, AUDIT_READ_ONLY="1")
    with held(store):
        page = visit(server.url + path).page
        expect(page.get_by_text("The store is busy").first).to_be_visible()
        expect(page.get_by_text("within a second")).to_have_count(0)
    expect(page.get_by_text("The store is busy")).to_have_count(0, timeout=40_000)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("500")


def test_an_open_page_says_that_the_file_is_held(store: Path, serve: Serve, visit: Visit) -> None:
    server = serve(store, AUDIT_READ_ONLY="1")
    pages = [visit(server.url + path).page for path in ("/log", "/")]
    notice = re.compile("Not refreshed, because the store cannot be read: .*PID")
    with held(store):
        for page in pages:
            expect(page.get_by_text(notice)).to_be_visible(timeout=40_000)
            expect(page.get_by_text("StoreBusy")).to_have_count(0)
    for page in pages:
        expect(page.get_by_text(notice)).to_have_count(0, timeout=40_000)
