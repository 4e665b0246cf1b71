"""Hostile texts in a real browser: they stay texts, and nothing leaves this machine."""

from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from audit_store.engines.duckdb.store import Store
from tests.browser.conftest import Serve, Visit
from tests.conftest import Fill
from tests.hostile import APART, HIDDEN, MARK, STRINGS, events

_MARKUP = ":is(img, script, iframe, object, embed, video, form:not(.vega-bindings), meta, base, math, marquee, .katex)"
_OPENED = range(0, len(STRINGS), 3 * APART)


def check(page: Page) -> None:
    app = page.get_by_test_id("stApp")
    found: list[str] = app.locator(_MARKUP).evaluate_all("found => found.map(one => one.outerHTML)")
    assert [html for html in found if "stLogo" not in html] == []
    links = app.locator("a").evaluate_all("found => found.map(one => [one.href, one.textContent])")
    assert [link for link in links if not link[0].startswith("http://127.0.0.1") or MARK in link[1]] == []
    assert set(app.inner_text()) & HIDDEN == set()
    assert page.get_by_test_id("stException").count() == 0


def test_hostile_events_are_plain_text_everywhere(
    tmp_path: Path, fill: Fill, serve: Serve, visit: Visit
) -> None:
    store = fill(Store(tmp_path / "audit.duckdb"), events())
    server = serve(store.path)
    dialogs: list[str] = []
    seen = visit(server.url)
    seen.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    check(seen.page)
    for path in ("/log", "/spikes", "/store"):
        seen.page.goto(server.url + path)
        seen.settle()
        check(seen.page)
    for place in _OPENED:
        parameters = {"q": STRINGS[place + 2][:60], "event": f"00000000-0000-4000-8000-{place:012}"}
        seen.page.goto(f"{server.url}/log?{urlencode(parameters)}")
        seen.settle()
        expect(seen.page.get_by_test_id("stMain")).to_contain_text(MARK)
        check(seen.page)
    assert dialogs == []
