"""The log as a reader uses it: rows, keys, downloads, and events that arrive meanwhile."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from audit_store.engines.duckdb.store import Store
from ingest import append
from tests.browser.conftest import ROOT, Serve, Visit, Watched, becomes, parameters
from tests.conftest import Fill
from tests.dashboard.page_runs import event

ROW = 35


def click_row(seen: Watched, row: int) -> None:
    box = seen.page.get_by_test_id("stDataFrame").first.bounding_box()
    assert box is not None
    seen.page.mouse.click(box["x"] + 150, box["y"] + ROW * (row + 1) + 10)
    seen.settle()


def opened(page: Page) -> list[str]:
    return parameters(page).get("event", [])


def numbered(store: Store, fill: Fill, count: int) -> list[str]:
    """So many events; gives their ids, the newest first."""
    names = [f"00000000-0000-4000-8000-{number:012}" for number in range(count)]
    fill(store, [event(120 - number / 60, event_id=name) for number, name in enumerate(names)])
    return names[::-1]


def test_rows_open_by_a_click_and_keys_step_through_them(
    store: Store, fill: Fill, serve: Serve, visit: Visit
) -> None:
    names = numbered(store, fill, 30)
    seen = visit(serve(store.path).url + "/log")
    shown = seen.page.get_by_test_id("stCode").first
    for row in (4, 6):
        click_row(seen, row)
        expect(shown).to_have_text(names[row])
        becomes(lambda: opened(seen.page), [names[row]])
    for key, name in (("j", names[7]), ("j", names[8]), ("k", names[7])):
        seen.settle()
        seen.page.keyboard.press(key)
        expect(shown).to_have_text(name)
        becomes(lambda: opened(seen.page), [name])
    seen.page.reload()
    seen.settle()
    expect(seen.page.get_by_text("Event details")).to_be_visible()
    seen.page.keyboard.press("Escape")
    expect(seen.page).not_to_have_url(re.compile("event="))


def test_letters_typed_into_the_search_are_no_commands(
    store: Store, fill: Fill, serve: Serve, visit: Visit
) -> None:
    names = numbered(store, fill, 5)
    seen = visit(f"{serve(store.path).url}/log?event={names[2]}")
    seen.page.get_by_placeholder("Text in any field").press_sequentially("jk")
    seen.page.wait_for_timeout(300)
    assert opened(seen.page) == [names[2]]


def test_a_download_is_what_its_manifest_says(
    store: Store, fill: Fill, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    numbered(store, fill, 120)
    fill(store, [event(1, agent="bob")])
    seen = visit(serve(store.path).url + "/log?agent=ada")
    expect(seen.page.get_by_text("1–100 of 120 events")).to_be_visible()
    seen.page.get_by_role("button", name="Export").click()
    for label in ("CSV", "JSON Lines", "Parquet", "OCSF"):
        with seen.page.expect_download() as download:
            seen.page.get_by_role("button", name=label).click()
        with zipfile.ZipFile(download.value.path()) as packed:
            packed.extractall(tmp_path)
            file = tmp_path / packed.namelist()[0]
        checked = subprocess.run(
            [sys.executable, "-m", "audit_store", "check-export", str(file)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (checked.returncode, checked.stderr) == (0, "")
        assert "120 events" in checked.stdout


def test_new_events_appear_and_the_opened_one_stays(
    store: Store, fill: Fill, serve: Serve, visit: Visit
) -> None:
    names = numbered(store, fill, 90)
    seen = visit(serve(store.path).url + "/log")
    click_row(seen, 3)
    table = seen.page.get_by_test_id("stDataFrame").first
    table.hover()
    seen.page.mouse.wheel(0, 10 * ROW)
    before = scrolled(seen.page)
    append(agent="eve", activity="Login", store=store.path)
    expect(seen.page.get_by_text("1–91 of 91 events")).to_be_visible(timeout=5_000)
    assert opened(seen.page) == [names[3]]
    expect(seen.page.get_by_text("Event details")).to_be_visible()
    assert scrolled(seen.page) == before > 0
    expect(seen.page.get_by_text(re.compile(r"^Newest event \d+ seconds? ago$"))).to_be_visible()


def scrolled(page: Page) -> float:
    page.wait_for_timeout(500)
    return float(page.locator(".dvn-scroller").first.evaluate("one => one.scrollTop"))
