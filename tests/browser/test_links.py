"""A link shows everyone the same events, and a typed line is the filter of the page."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from playwright.sync_api import expect

from audit_store.engines.duckdb.store import Store
from tests.browser.conftest import Visit, becomes, choose, events_are, parameters, save_view, serving_well
from tests.conftest import Fill
from tests.dashboard.page_runs import WEEK, event


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, fill: Fill) -> Iterator[str]:
    path = tmp_path_factory.mktemp("links") / "audit.duckdb"
    every_hour = [event(60 * hours, agent="ada") for hours in range(1, 24 * 7)]
    fill(Store(path), [*WEEK, *every_hour])
    with serving_well(path, path.with_name("server.log"), AUDIT_READ_ONLY="1") as server:
        yield server.url


def test_a_link_shows_the_same_off_hours_in_another_zone(url: str, visit: Visit) -> None:
    page = visit(f"{url}/?hours=off&range=30d", zone="Europe/Berlin").page
    number = page.get_by_test_id("stMetricValue").first.inner_text()
    link = page.get_by_test_id("stSidebar").get_by_role("link", name="Activity").get_attribute("href")
    assert link is not None
    other = visit(urljoin(url, link), zone="America/New_York").page
    events_are(other, number)
    assert parameters(other) == {"hours": ["off"], "range": ["30d"], "tz": ["Europe/Berlin"]}


def test_a_typed_line_is_the_filter_and_says_what_is_wrong(url: str, visit: Visit) -> None:
    seen = visit(f"{url}/?range=all")
    page, line = seen.page, seen.page.get_by_label("Query", exact=True)
    expect(line).to_have_value("range:all")
    line.fill("range:all agent:b* -activity:Login")
    line.press("Enter")
    events_are(page, "1")
    seen.settle()
    assert parameters(page) == {"range": ["all"], "tz": ["UTC"], "agent": ["b*"], "not_activity": ["Login"]}
    line.fill("range:all outcome:x")
    line.press("Enter")
    expect(page.get_by_text("the query cannot be read at character 19, 'x': give success")).to_be_visible()
    seen.settle()
    line.fill("range:all ")
    options = page.get_by_role("listbox", name="Completions of the query").get_by_role("option")
    for typed, keys, offered, completed in (
        ("ou", "ArrowDown Enter", ["outcome:"], "range:all outcome:"),
        ("", "ArrowDown ArrowDown Tab", ["success", "failure", "none"], "range:all outcome:failure"),
        (" -ag", "ArrowUp Enter", ["agent:"], "range:all outcome:failure -agent:"),
        ("B", "ArrowDown Enter", ["bob"], "range:all outcome:failure -agent:bob"),
        # Read when it is typed.
        (" -target:", "ArrowDown Enter", ["eve"], "range:all outcome:failure -agent:bob -target:eve"),
    ):
        page.keyboard.type(typed)
        expect(options).to_have_text(offered)
        for key in keys.split():
            page.keyboard.press(key)
        expect(line).to_have_value(completed)
    expect(options).to_have_count(0)
    line.press("Enter")
    becomes(lambda: parameters(page).get("not_agent"), ["bob"])
    seen.settle()
    page.get_by_role("button", name="Reset all").click()
    expect(line).to_have_value("")
    seen.settle()
    assert parameters(page) == {"tz": ["UTC"]}


def test_an_address_is_filtered_by_its_network(url: str, visit: Visit) -> None:
    seen = visit(url)
    page = seen.page
    page.get_by_text("More filters", exact=True).click()
    seen.settle()
    page.get_by_role("combobox", name=re.compile("^Address")).click()
    page.keyboard.type("203.0.113.0/24")
    expect(page.get_by_role("option", name="Add: 203.0.113.0/24")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"source_ip=203\.0\.113\.0%2F24"))
    events_are(page, "1")


def test_a_saved_view_opens_on_its_page_and_first_of_all_where_it_is_chosen(url: str, visit: Visit) -> None:
    seen = visit(f"{url}/log?agent=bob&range=all")
    save_view(seen, "of bob")
    visitor = visit(f"{url}/?outcome=failure")
    visitor.page.get_by_text("Saved views").click()
    visitor.settle()
    choose(visitor.page, "Open a view", "of bob", "of bob (saved)")
    expect(visitor.page).to_have_url(re.compile(r"/log\?.*agent=bob"))
    expect(visitor.page.get_by_role("heading", name="Audit log")).to_be_visible()
    visitor.settle()
    assert parameters(visitor.page) == {"agent": ["bob"], "range": ["all"], "tz": ["UTC"]}
    page = visitor.page
    page.get_by_role("button", name="Change this view").click()
    page.get_by_label("Name", exact=True).fill("bob's")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_text("Renamed to “bob's”.")).to_be_visible()
    visitor.settle()
    page.get_by_text("Open this view first").click()
    expect(page.get_by_text("“bob's” opens first.")).to_be_visible()
    newcomer = visit(url, zone="Asia/Kolkata")
    expect(newcomer.page.get_by_role("heading", name="Audit log")).to_be_visible()
    becomes(lambda: parameters(newcomer.page), {"agent": ["bob"], "range": ["all"], "tz": ["UTC"]})
    visitor.settle()
    page.get_by_text("Open this view first").click()
    expect(page.get_by_text("No view opens first.")).to_be_visible()


def test_names_lead_to_their_pages_and_the_time_range_goes_along(url: str, visit: Visit) -> None:
    seen = visit(f"{url}/log?range=30d&activity=Coffee+made&tz=Asia%2FKolkata")
    page = seen.page
    seen.open_row(0)
    page.locator(".tree").get_by_role("link", name="203.0.113.9").click()
    expect(page.get_by_role("heading", name="Agents")).to_be_visible()
    seen.settle()
    time = {"range": ["30d"], "tz": ["Asia/Kolkata"]}
    assert parameters(page) == {"source_ip": ["203.0.113.9"]} | time
    name = page.get_by_role("region", name="Agents, the most frequent first").get_by_role("link", name="eve")
    assert parse_qs(urlsplit(name.get_attribute("href") or "").query) == {"agent": ["eve"]} | time
    name.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Addresses")).to_be_visible()
    assert parameters(page) == {"agent": ["eve"]} | time
    page.get_by_role("link", name="Show all in the log").click()
    pill = page.get_by_role("listitem").get_by_role("link", name="Agent eve")
    expect(pill).to_have_attribute("href", re.compile(r"^/agent\?.*agent=eve"))
