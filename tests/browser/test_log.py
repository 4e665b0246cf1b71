"""The log in a browser: rows, keys, downloads, and new events."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from ingest import append
from tests.browser.conftest import ROOT, Server, Visit, Watched, becomes, parameters

ROW = 35


def click_row(seen: Watched, row: int) -> None:
    box = seen.page.get_by_test_id("stDataFrame").first.bounding_box()
    assert box is not None
    seen.page.mouse.click(box["x"] + 150, box["y"] + ROW * (row + 1) + 10)
    seen.settle()


def opened(page: Page) -> list[str]:
    return parameters(page).get("event", [])


def newest(server: Server, condition: str = "true", count: int = 30) -> list[str]:
    """The ids of the newest events, the newest first."""
    query = Query(
        f"SELECT event_id::VARCHAR AS id FROM events WHERE {condition} ORDER BY seq DESC LIMIT {count}"
    )
    return list(Store(server.store).run(query)["id"])


def total(page: Page) -> int:
    """How many events the list says that it has."""
    text = page.get_by_text(re.compile(r"^1–100 of [\d,]+ events$")).inner_text()
    return int(text.split()[-2].replace(",", ""))


def test_rows_open_by_a_click_and_keys_step_through_them(crowded: Server, visit: Visit) -> None:
    ids = newest(crowded, "activity = 'Journey saved'")
    seen = visit(crowded.url + "/log?activity=Journey+saved")
    open_id = seen.page.get_by_test_id("stCode").first
    for row in (4, 6):
        click_row(seen, row)
        expect(open_id).to_have_text(ids[row])
        becomes(lambda: opened(seen.page), [ids[row]])
    for key, name in (("j", ids[7]), ("j", ids[8]), ("k", ids[7])):
        seen.settle()
        seen.page.keyboard.press(key)
        expect(open_id).to_have_text(name)
        becomes(lambda: opened(seen.page), [name])
    seen.page.reload()
    seen.settle()
    expect(seen.page.get_by_text("Event details")).to_be_visible()
    seen.page.keyboard.press("Escape")
    expect(seen.page).not_to_have_url(re.compile("event="))


def test_letters_typed_into_the_search_are_no_commands(crowded: Server, visit: Visit) -> None:
    event_id = newest(crowded)[2]
    seen = visit(f"{crowded.url}/log?event={event_id}")
    search = seen.page.get_by_placeholder("Text in any field")
    search.press_sequentially("jk")
    expect(search).to_have_value("jk")
    seen.settle()
    assert opened(seen.page) == [event_id]


def test_a_download_is_what_its_manifest_says(crowded: Server, visit: Visit, tmp_path: Path) -> None:
    seen = visit(crowded.url + "/log?activity=Journey+saved")
    events = total(seen.page)
    seen.page.get_by_role("button", name="Export").click()
    for label in ("CSV", "JSON Lines", "Parquet", "OCSF"):
        with seen.page.expect_download() as download:
            seen.page.get_by_role("button", name=label).click()
        with zipfile.ZipFile(download.value.path()) as packed:
            packed.extractall(tmp_path)
            name, manifest = packed.namelist()
        assert json.loads((tmp_path / manifest).read_text())["exported_by"] == "dashboard"
        checked = subprocess.run(
            [sys.executable, "-m", "audit_store", "check-export", str(tmp_path / name)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (checked.returncode, checked.stderr) == (0, "")
        assert f"{events:,} events" in checked.stdout


def test_new_events_appear_and_the_opened_one_stays(crowded: Server, visit: Visit) -> None:
    seen = visit(crowded.url + "/log")
    event_id, events = newest(crowded)[3], total(seen.page)
    click_row(seen, 3)
    table = seen.page.get_by_test_id("stDataFrame").first
    table.hover()
    seen.page.mouse.wheel(0, 10 * ROW)
    before = scrolled(seen.page)
    append(agent="eve", activity="Login", store=crowded.store)
    expect(seen.page.get_by_text(f"1–100 of {events + 1:,} events")).to_be_visible()
    assert opened(seen.page) == [event_id]
    expect(seen.page.get_by_text("Event details")).to_be_visible()
    assert scrolled(seen.page) == before > 0
    age = re.compile(r"^Newest event (now|a second ago|\d+ seconds ago)$")
    expect(seen.page.get_by_text(age)).to_be_visible()


def scrolled(page: Page) -> float:
    """How far the table is scrolled, in pixels, once it has come to rest."""
    scroller, last = page.locator(".dvn-scroller").first, -1.0
    while (top := float(scroller.evaluate("one => one.scrollTop"))) != last:
        last = top
        page.wait_for_timeout(200)
    return top
