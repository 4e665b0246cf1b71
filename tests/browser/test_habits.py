"""Keys, narrow screens, themes, titles, and a layout that does not shift."""

import re

import pytest
from playwright.sync_api import Page, expect

from ingest import append
from tests.browser.conftest import EVENT_LIST, Scheme, Server, Visit, Watched
from tests.browser.test_controls import opened_event
from tests.conftest import in_campaign

# The layout of a narrow window is the one that may fail.
WIDTHS = (pytest.param(1280, marks=pytest.mark.campaign), 400)
PAGES = {
    "/": "Activity",
    "/log": "Audit log",
    "/spikes": "Login spikes",
    "/agent?agent=busy": "Agent",
    "/store": "Store",
}
# "Good" is up to 0.1 (https://web.dev/articles/cls).
STILL = 0.02
# Each shift as a share of the window, even just after an input.
WATCH = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    window.shifts.push([entry.value, entry.sources.map((one) => (one.node?.outerHTML ?? "").slice(0, 150))]);
}).observe({type: "layout-shift", buffered: true});
"""


# Milliseconds after a run of the page in which something may still shift.
OBSERVED = 1000
# Resolves once no animation runs that ends by itself.
AT_REST = """
() => Promise.all(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
  .map((one) => one.finished.catch(() => null)))
"""
HEIGHT = 860


def focused(page: Page) -> str:
    return str(page.evaluate("() => document.activeElement.getAttribute('placeholder') ?? ''"))


@pytest.mark.parametrize("width", WIDTHS)
def test_slash_goes_to_the_search_also_in_a_closed_sidebar(crowded: Server, visit: Visit, width: int) -> None:
    seen = visit(crowded.url, size=(width, HEIGHT))
    page, search = seen.page, seen.page.get_by_placeholder("Text in any field")
    if width > 640:
        page.get_by_test_id("stSidebar").hover()
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    expect(search).not_to_be_in_viewport()
    page.keyboard.press("/")
    expect(search).to_be_focused()
    expect(search).to_be_in_viewport()
    page.keyboard.type("7/9")
    expect(search).to_have_value("7/9")
    seen.go("/store")
    page.keyboard.press("/")
    assert focused(page) == ""


@pytest.mark.parametrize("width", WIDTHS)
def test_an_opened_event_is_in_sight_beside_its_list(crowded: Server, visit: Visit, width: int) -> None:
    seen = visit(f"{crowded.url}/log", size=(width, HEIGHT))
    table = seen.page.locator(EVENT_LIST)
    before = table.bounding_box()
    assert before is not None
    seen.open_row(1)
    expect(seen.page.get_by_text("Event details")).to_be_in_viewport()
    expect(seen.page.get_by_role("button", name="Close")).to_be_in_viewport()
    after = table.bounding_box()
    assert after is not None
    assert (after["x"], after["y"]) == (before["x"], before["y"])
    seen.page.get_by_text("This agent ± 15 minutes").scroll_into_view_if_needed()
    seen.page.get_by_role("button", name="Close").click()
    expect(seen.page.get_by_text("Event details")).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(400, "dark"), *in_campaign((1280, "light"))])
def test_pages_have_titles_an_icon_a_theme_and_nothing_cut_off(
    crowded: Server, visit: Visit, width: int, scheme: Scheme
) -> None:
    seen = visit(crowded.url, scheme=scheme, size=(width, HEIGHT))
    for path, title in PAGES.items():
        seen.go(path)
        expect(seen.page).to_have_title(f"{title} · Audit log explorer")
        assert seen.page.locator("link[rel~=icon]").count() == 1
        app = seen.page.get_by_test_id("stApp")
        assert app.evaluate("one => getComputedStyle(one).colorScheme") == scheme
        main = seen.page.get_by_test_id("stMain")
        assert main.evaluate("one => one.scrollWidth - one.clientWidth") == 0, path
        assert beyond(seen.page, width) == [], path


def beyond(page: Page, width: int) -> list[str]:
    """Elements outside the window, except in tables, which scroll."""
    elements: list[str] = (
        page.get_by_test_id("stMain")
        .locator("button, p, svg, label, pre, h1, h2, h3")
        .evaluate_all(
            "(elements, width) => elements.filter(one => one.getBoundingClientRect().right > width + 1"
            " && !one.closest('[data-testid=stDataFrame], .event-list')).map(one => one.outerHTML.slice(0, 200))",
            width,
        )
    )
    return elements


def shifts(page: Page) -> float:
    """How much has shifted since the last call, as a sum of shares of the window."""
    entries = page.evaluate("() => window.shifts.splice(0)")
    print(entries)
    return float(sum(value for value, _ in entries))


def watched(seen: Watched) -> Page:
    """A page at rest, whose shifts are noted from here on."""
    seen.page.evaluate(WATCH)
    seen.page.wait_for_timeout(OBSERVED)
    shifts(seen.page)
    return seen.page


@pytest.mark.parametrize(("path", "width"), [("/", 1280), *in_campaign(("/", 400), ("/log", 1280))])
def test_nothing_jumps_while_a_filter_changes(crowded: Server, visit: Visit, path: str, width: int) -> None:
    page = watched(
        seen := visit(f"{crowded.url}{path}?range=24h", size=(width, HEIGHT), motion="no-preference")
    )
    if width < 640:
        page.keyboard.press("/")
        page.evaluate(AT_REST)
        shifts(page)
    page.get_by_role("button", name="Failure").click()
    page.wait_for_url("**outcome=failure**")
    seen.settle()
    page.wait_for_timeout(OBSERVED)
    assert shifts(page) < STILL


def test_nothing_jumps_while_events_arrive(crowded: Server, visit: Visit) -> None:
    seen = visit(f"{crowded.url}/log?range=24h&event={opened_event(crowded, 7990)}", motion="no-preference")
    page = watched(seen)
    total = page.get_by_text(re.compile(r" of [\d,]+ events$"))
    before = int(total.inner_text().split()[-2].replace(",", ""))
    for number in (1, 2):
        append(agent="newcomer", activity="Login", description=f"live {number}", store=crowded.store)
        expect(total).to_have_text(re.compile(f" of {before + number:,} events$"))
        seen.settle()
    page.get_by_text("Live", exact=True).click()
    seen.settle()
    append(agent="newcomer", activity="Login", store=crowded.store)
    expect(page.get_by_role("button", name="Show 1 new event")).to_be_visible()
    assert shifts(page) < STILL
