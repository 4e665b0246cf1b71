"""Whole tasks of a viewer, from the first page to the end, and how many clicks they take."""

import sys
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from ingest import append_many
from tests import ROOT, forked
from tests.browser.conftest import EVENT_ROWS, Serve, Visit, crowd, events_are, leave


class Clicks:
    """Clicks, and counts them."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, target: Locator) -> None:
        target.click()
        self.number += 1


@pytest.fixture
def click() -> Clicks:
    return Clicks()


def test_a_newcomer_has_a_first_event_on_screen(
    tmp_path: Path, serve: Serve, visit: Visit, click: Clicks
) -> None:
    page = visit(serve(tmp_path / "audit.duckdb").url).page
    page.get_by_role("textbox", name="Agent").fill("newcomer")
    click(page.get_by_role("button", name="Append"))
    events_are(page, "1")
    click(page.get_by_role("link", name="Audit log"))
    expect(page.locator(EVENT_ROWS)).to_contain_text(["newcomer"])
    assert click.number <= 2
    leave(page)


def test_who_deleted_this_user_and_what_else_did_they_do(
    tmp_path: Path, serve: Serve, visit: Visit, click: Clicks
) -> None:
    store = crowd(tmp_path / "audit.duckdb", 500).path
    done = [
        {"activity": "Login"},
        {"activity": "User deleted", "target": "k.subramanian"},
        {"activity": "API key generated"},
    ]
    append_many([{"agent": "mallory", "outcome": "success"} | event for event in done], store=store)
    seen = visit(serve(store, AUDIT_READ_ONLY="1").url)
    page = seen.page
    page.keyboard.press("/")
    page.keyboard.type("subramanian")
    page.keyboard.press("Enter")
    events_are(page, "1")
    click(page.get_by_role("link", name="Audit log"))
    seen.settle()
    click(page.locator(EVENT_ROWS).filter(has_text="User deleted"))
    click(page.get_by_text("This agent", exact=True))
    rows = page.locator(EVENT_ROWS)
    expect(rows).to_have_count(len(done))
    for event in done:
        expect(rows.filter(has_text=event["activity"])).to_contain_text("mallory")
    assert click.number <= 4
    leave(page)


def test_an_attack_that_happens_now_is_exported_and_the_export_verified(
    tmp_path: Path, serve: Serve, visit: Visit, click: Clicks
) -> None:
    store = tmp_path / "audit.duckdb"
    append_many([{"agent": f"agent-{n}", "activity": "Journey saved"} for n in range(20)], store=store)
    seen = visit(serve(store).url)
    page = seen.page
    events_are(page, "20")
    outcomes = ["failure"] * 40 + ["success"]
    attempts = [
        {"agent": "victim", "activity": "Login", "outcome": outcome, "source_ip": "198.51.100.7"}
        for outcome in outcomes
    ]
    append_many(attempts, store=store)
    click(page.get_by_text("Show alarms"))
    expect(
        page.get_by_text("40 failed logins, then 1 successful one from 198.51.100.7", exact=True)
    ).to_be_visible(timeout=40_000)
    seen.settle()
    click(page.get_by_role("button", name="Export these events"))
    with page.expect_download() as download:
        click(page.get_by_role("link", name="CSV"))
    saved = tmp_path / "alarm.zip"
    download.value.save_as(saved)
    assert click.number <= 5
    leave(page)
    with zipfile.ZipFile(saved) as archive:
        archive.extractall(tmp_path / "export")
    [file] = (tmp_path / "export").rglob("*.csv")
    checking = [sys.executable, "-m", "audit_store", "check-export", str(file)]
    checked = forked.run(checking, cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert file.read_text(encoding="utf-8").count("198.51.100.7") == len(outcomes)
