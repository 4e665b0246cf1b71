"""The log in a browser: rows, keys, downloads, and new events."""

import json
import re
import sys
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from ingest import append
from tests import ROOT, forked
from tests.browser.conftest import EVENT_LIST, OPEN_ID, ROW, Server, Visit, becomes, parameters

NOTE_MESSAGES = """() => {
    const send = WebSocket.prototype.send;
    window.messages = [];
    WebSocket.prototype.send = function (data) {
        window.messages.push(Array.from(data));
        send.call(this, data);
    };
}"""
BEFORE_CLICK = """(message) => {
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
        if (new TextDecoder().decode(data).includes('"open"')) send.call(this, Uint8Array.from(message));
        send.call(this, data);
    };
}"""
"""Sends a message just before that of a click on a row."""


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
    open_id = seen.page.locator(OPEN_ID)
    for row in (4, 6):
        expect(seen.open_row(row)).to_have_text(ids[row])
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


def test_a_click_opens_its_event_also_when_the_log_asks_for_new_events_just_before(
    crowded: Server, visit: Visit
) -> None:
    seen = visit(crowded.url + "/log")
    seen.page.evaluate(NOTE_MESSAGES)
    becomes(lambda: bool(timers(seen.page)), True)
    seen.page.evaluate(BEFORE_CLICK, timers(seen.page)[0])
    seen.open_row(1)
    assert opened(seen.page) == [newest(crowded)[1]]


def timers(page: Page) -> list[list[int]]:
    """The messages by which timers have asked for the run of a fragment."""
    messages: list[list[int]] = page.evaluate("() => window.messages")
    return [data for data in messages if BackMsg.FromString(bytes(data)).rerun_script.is_auto_rerun]


def test_letters_typed_into_the_search_are_no_commands(crowded: Server, visit: Visit) -> None:
    event_id = newest(crowded)[2]
    seen = visit(f"{crowded.url}/log?event={event_id}")
    search = seen.page.get_by_placeholder("Text in any field")
    search.press_sequentially("jk")
    expect(search).to_have_value("jk")
    seen.settle()
    assert opened(seen.page) == [event_id]


@pytest.mark.campaign
def test_a_download_is_what_its_manifest_says(crowded: Server, visit: Visit, tmp_path: Path) -> None:
    seen = visit(crowded.url + "/log?activity=Journey+saved")
    events = total(seen.page)
    seen.page.get_by_role("button", name="Export").click()
    for label in ("CSV", "JSON Lines", "Parquet", "OCSF"):
        with seen.page.expect_download() as download:
            seen.page.get_by_role("link", name=label).click()
        with zipfile.ZipFile(download.value.path()) as packed:
            packed.extractall(tmp_path)
            name, manifest = packed.namelist()
        assert json.loads((tmp_path / manifest).read_text())["exported_by"] == "dashboard"
        checked = forked.run(
            [sys.executable, "-m", "audit_store", "check-export", str(tmp_path / name)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (checked.returncode, checked.stderr) == (0, "")
        assert f"{events:,} events" in checked.stdout


def test_new_events_appear_and_the_rows_in_view_stay(crowded: Server, visit: Visit) -> None:
    seen = visit(crowded.url + "/log")
    event_id, events = newest(crowded)[3], total(seen.page)
    expect(seen.open_row(3)).to_have_text(event_id)
    seen.page.locator(EVENT_LIST).hover()
    seen.page.mouse.wheel(0, 10 * ROW)
    becomes(lambda: seen.page.locator(EVENT_LIST).evaluate("list => list.scrollTop"), 10 * ROW)
    before = top_row(seen.page)
    append(agent="eve", activity="Login", store=crowded.store)
    expect(seen.page.get_by_text(f"1–100 of {events + 1:,} events")).to_be_visible()
    seen.settle()
    assert opened(seen.page) == [event_id]
    expect(seen.page.get_by_text("Event details")).to_be_visible()
    assert top_row(seen.page) == before
    age = re.compile(r"^Newest event of the whole log (now|a second ago|\d+ seconds ago)$")
    expect(seen.page.get_by_text(age)).to_be_visible()


def top_row(page: Page) -> list[object]:
    """The id of the first row that is in view below the header of the list, and how far it is from the list's top."""
    place: list[object] = page.locator(EVENT_LIST).evaluate(
        """(list, height) => {
            const top = list.getBoundingClientRect().top;
            const rows = [...list.querySelectorAll("tbody tr")];
            const row = rows.find(row => row.getBoundingClientRect().top - top >= height);
            return [row.dataset.id, Math.round(row.getBoundingClientRect().top - top)];
        }""",
        ROW,
    )
    return place
