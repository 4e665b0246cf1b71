"""During a large download, other pages answer and appended events are stored; one that is broken off fails."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from ingest import append
from ingest.fold import fold
from tests import ROOT, forked
from tests.browser.conftest import Visit, crowd, leave, serving, slowness

EVENTS = 60_000
SOON = 3.0


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return crowd(tmp_path_factory.mktemp("large") / "audit.duckdb", EVENTS)


def stored(store: Store) -> int:
    return int(store.run(queries.summary(EventFilter()))["events"][0])


def until_stored(store: Store, events: int) -> float:
    """The seconds until this many events are in the file."""
    begun = time.monotonic()
    while stored(store) < events:
        assert time.monotonic() - begun < 60
        time.sleep(0.1)
    return time.monotonic() - begun


def test_an_export_to_a_slow_reader_blocks_no_fold(store: Store) -> None:
    before = stored(store)
    command = [sys.executable, "-m", "audit_store", "export", "--format", "jsonl", "--store", str(store.path)]
    with forked.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as export:
        assert export.stdout is not None
        lines = export.stdout.readline().count(b"\n")
        # The pipe is full, so the export waits in the middle of the file.
        begun = time.monotonic()
        append(agent="meanwhile", activity="Login", store=store.path, fold=False)
        fold(store.path)
        assert stored(store) == before + 1
        assert time.monotonic() - begun < SOON * slowness()
        assert export.poll() is None
        lines += sum(part.count(b"\n") for part in iter(lambda: export.stdout.read(1 << 20), b""))
    assert (export.returncode, lines) == (0, before)


def test_a_download_lets_other_pages_and_folds_go_on(store: Store, tmp_path: Path, visit: Visit) -> None:
    with serving(store.path, tmp_path / "server.log") as server:
        other = visit(f"{server.url}/?range=24h").page
        seen = visit(f"{server.url}/log?range=all&tz=UTC")
        before = stored(store)
        alone = seconds_to_filter(other, "Success", "Successful events, last 24 hours")
        other.get_by_role("button", name="Reset all").click()
        expect(other).not_to_have_url(re.compile("outcome="))
        seen.page.get_by_role("button", name="Export", exact=True).click()
        with seen.page.expect_download(timeout=120_000) as download:
            begun = time.monotonic()
            seen.page.get_by_role("link", name="OCSF").click()
            append(agent="meanwhile", activity="Login", store=store.path, fold=False)
            folded = until_stored(store, before + 1)
            answered = seconds_to_filter(other, "Failure", "Failed events, last 7 days")
        lasted = time.monotonic() - begun
        assert download.value.failure() is None
        print(f"fold {folded:.1f} s, page {answered:.1f} s (alone {alone:.1f} s), download {lasted:.1f} s")
        assert folded < lasted
        assert answered < lasted
        assert answered < SOON * slowness() + 3 * alone
        assert server.trouble() == []
        leave(other)
        leave(seen.page)


def test_a_download_shows_its_progress_and_fails_in_the_browser_when_it_is_broken_off(
    tmp_path: Path, visit: Visit
) -> None:
    store = crowd(tmp_path / "audit.duckdb", 120_000)  # more than one read of the store
    with serving(store.path, tmp_path / "server.log") as server:
        seen = visit(f"{server.url}/log?range=all&tz=UTC")
        seen.page.get_by_role("button", name="Export", exact=True).click()
        with seen.page.expect_download(timeout=120_000) as download:
            seen.page.get_by_role("link", name="OCSF").click()
        expect(seen.page.get_by_text(re.compile(r"^OCSF: [\d,]+ of 120,000 events$"))).to_be_visible()
        store.path.unlink()
        assert download.value.failure() is not None
        assert "was broken off after 99840 events" in server.log.read_text()
        leave(seen.page)


def seconds_to_filter(page: Page, outcome: str, heading: str) -> float:
    """How long it takes until a click on an outcome has changed the page."""
    clicked = time.monotonic()
    page.get_by_role("button", name=re.compile(f"^{outcome}")).click()
    expect(page.get_by_text(heading)).to_be_visible(timeout=60_000)
    return time.monotonic() - clicked
