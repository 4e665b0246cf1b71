"""Hostile texts in a real browser: they stay text, and no request goes to another host."""

import re
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from audit_store.engines.duckdb.store import Store
from tests.browser.conftest import Serve, Visit
from tests.conftest import Fill
from tests.hostile import APART, HIDDEN, MARK, STRINGS, events

_MARKUP = ":is(img, script, iframe, object, embed, video, form:not(.vega-bindings), meta, base, math, marquee, .katex)"

_SUBJECT = r"http://127\.0\.0\.1:\d+/agent\?"
_SPARKLINE = '<img src="data:image/svg+xml;base64,'


def check(page: Page) -> None:
    app = page.get_by_test_id("stApp")
    markup: list[str] = app.locator(_MARKUP).evaluate_all("elements => elements.map(one => one.outerHTML)")
    assert [html for html in markup if "stLogo" not in html and not html.startswith(_SPARKLINE)] == []
    links = app.locator("a").evaluate_all("elements => elements.map(one => [one.href, one.textContent])")
    assert [link for link in links if not link[0].startswith("http://127.0.0.1")] == []
    # Names lead to their pages, and no other text of an event is a link.
    assert [link for link in links if MARK in link[1] and not re.match(_SUBJECT, link[0])] == []
    components = page.get_by_test_id("stBidiComponentIsolated").locator("> *").all_inner_texts()
    assert set("".join([app.inner_text(), *components])) & HIDDEN == set()
    assert page.get_by_test_id("stException").count() == 0


def test_hostile_events_are_plain_text_everywhere(
    tmp_path: Path, fill: Fill, serve: Serve, visit: Visit, campaign: bool
) -> None:
    store = fill(Store(tmp_path / "audit.duckdb"), events())
    server = serve(store.path)
    seen = visit(server.url)
    check(seen.page)
    for path in ("/spikes", "/store", "/log"):
        seen.page.goto(server.url + path)
        seen.settle()
        check(seen.page)
    for number in range(0, len(STRINGS), (6 if campaign else 12) * APART):
        event_id = f"00000000-0000-4000-8000-{number:012}"
        seen.go(f"/log?{urlencode({'q': STRINGS[number + 2][:60], 'event': event_id})}")
        expect(seen.page.get_by_text(event_id)).to_be_visible()
        expect(seen.page.get_by_test_id("stMain")).to_contain_text(MARK)
        check(seen.page)
