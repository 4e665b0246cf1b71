"""Filters: counts beside the values, charts as controls, undo, saved views."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from audit_store.engines.duckdb.store import Store
from dashboard.charts.activity import HEAT_MAP_HEIGHT
from tests.browser.conftest import Visit, choose, events_are, parameters, save_view, serving_well
from tests.conftest import Fill
from tests.dashboard.page_runs import WEEK, event


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, fill: Fill) -> Iterator[str]:
    path = tmp_path_factory.mktemp("filtering") / "audit.duckdb"
    web = event(10, agent="ada", source="web")
    fill(Store(path), [*WEEK, web, *(event(minutes, agent="ada") for minutes in range(110, 4000, 100))])
    with serving_well(path, path.with_name("server.log"), AUDIT_READ_ONLY="1") as server:
        yield server.url


@pytest.mark.campaign
def test_a_value_selects_as_many_events_as_its_count(url: str, visit: Visit) -> None:
    page = visit(url).page
    page.get_by_role("combobox", name="Agent", exact=False).first.click()
    page.get_by_text(re.compile(r"^bob\s+1$")).first.click()
    events_are(page, "1")
    expect(page).to_have_url(re.compile(r"agent=bob"))
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^Undo")).click()
    events_are(page, "44")
    expect(page).not_to_have_url(re.compile(r"agent="))


def test_a_click_in_the_legend_a_drag_and_a_bar_are_filters_and_undone(url: str, visit: Visit) -> None:
    seen = visit(url)
    page = seen.page
    chart = page.get_by_test_id("stVegaLiteChart").first
    expect(chart).to_have_attribute("aria-label", re.compile("^Busiest: "))
    chart.locator("g.role-legend-label text").filter(has_text="Staff and access").click(force=True)
    expect(page).to_have_url(re.compile("activity=User"))
    events_are(page, "1")
    seen.settle()
    page.keyboard.press("Alt+z")
    events_are(page, "44")
    seen.settle()
    box = chart.locator("svg").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 150, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 350, box["y"] + 110, steps=8)
    page.mouse.up()
    expect(page).to_have_url(re.compile("range=custom&from="))
    seen.settle()
    page.keyboard.press("Alt+z")
    events_are(page, "44")
    seen.settle()
    bars = chart.locator("path[aria-roledescription=bar]")
    bars.first.wait_for(state="attached")
    sizes = bars.evaluate_all("bars => bars.map(bar => bar.getBoundingClientRect().height)")
    bars.nth(sizes.index(max(sizes))).click()
    expect(page).to_have_url(re.compile("range=custom&from="))
    of_bar = parameters(page)
    start, end = (datetime.fromisoformat(of_bar[name][0]) for name in ("from", "to"))
    assert end - start == timedelta(hours=6)


@pytest.mark.campaign
def test_a_saved_view_can_be_opened_by_another_viewer(url: str, visit: Visit) -> None:
    seen = visit(f"{url}/?agent=ada")
    save_view(seen, "<b>mine</b>")
    visitor = visit(url)
    other = visitor.page
    other.get_by_text("Saved views").click()
    visitor.settle()
    choose(other, "Open a view", "mine", "<b>mine</b> (saved)")
    expect(other).to_have_url(re.compile("agent=ada"))


@pytest.mark.campaign
def test_the_sentence_names_today(url: str, visit: Visit) -> None:
    page = visit(f"{url}/?range=24h&agent=bob").page
    page.get_by_text("Copy as a sentence").click()
    sentence = page.get_by_test_id("stCode")
    expect(sentence).to_contain_text("1 event by bob, ")
    expect(sentence).to_contain_text(f"{datetime.now(UTC):%Y}")
    expect(sentence).to_contain_text(f"{url}?range=custom&from=")


def click_hour(page: Page, chart: Locator, day: str, hour: str) -> None:
    """Click on an hour of the week, which its tooltip names: a canvas has no element for it."""
    chart.scroll_into_view_if_needed()
    box = chart.locator("canvas").bounding_box()
    assert box is not None
    row = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun").index(day)
    y = box["y"] + HEAT_MAP_HEIGHT / 7 * (row + 0.5) + 5
    tooltip = page.locator("#vg-tooltip-element.visible")
    for x in range(int(box["x"]) + 35, int(box["x"] + box["width"]), 6):
        page.mouse.move(x, y)
        if tooltip.count() and f"{hour}:00–" in tooltip.inner_text():
            return page.mouse.click(x, y)
    raise AssertionError(f"no hour of the chart is {day} {hour}")


def test_an_hour_of_the_week_is_a_filter_and_off_hours_a_view(url: str, visit: Visit) -> None:
    seen = visit(f"{url}/?range=all")
    page = seen.page
    busiest = page.get_by_test_id("stVegaLiteChart").nth(2)
    label = busiest.get_attribute("aria-label") or ""
    match = re.fullmatch(r"Busiest: (\w{3})\w* (\d\d):\S+, (\d+) events?", label)
    assert match is not None, label
    day, hour, events = match.groups()
    click_hour(page, busiest, day, hour)
    expect(page).to_have_url(re.compile(f"hours={day}-{hour}"))
    events_are(page, events)
    seen.settle()
    page.keyboard.press("Alt+z")
    expect(page).not_to_have_url(re.compile("hours="))
    seen.settle()
    page.get_by_text("Saved views").click()
    seen.settle()
    choose(page, "Open a view", "Off", "Off-hours, last 30 days")
    expect(page).to_have_url(re.compile("hours=off"))
    expect(page.get_by_text("outside Mon–Fri 08:00–18:00, last 30 days")).to_be_visible()


@pytest.mark.campaign
def test_sources_are_counted_when_their_box_is_opened(url: str, visit: Visit) -> None:
    seen = visit(f"{url}/?range=all")
    seen.page.get_by_text("More filters", exact=True).click()
    seen.settle()
    choose(seen.page, re.compile("^Source"), "web", re.compile(r"^web\s+1$"))
    expect(seen.page).to_have_url(re.compile("source=web"))
    events_are(seen.page, "1")
