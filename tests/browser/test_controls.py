"""Lists, charts, rows and details are filters, among two thousand agents."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from ingest import append
from tests.browser.conftest import (
    EVENT_LIST,
    Server,
    Visit,
    becomes,
    choose,
    events_are,
    leave,
    parameters,
    save_view,
    serving,
)

CATALOGUE = """
[[category]]
name = "Doors"
colour = "#123abc"
activities = ["Door opened", "Login"]
"""


def opened_event(server: Server, seq: int = 6000) -> str:
    """The id of an event of busy, with every field."""
    query = Query("SELECT event_id::VARCHAR AS id FROM events WHERE seq = $seq", {"seq": seq})
    return str(Store(server.store).run(query)["id"][0])


def test_a_name_among_thousands_is_found_by_typing_and_excluded(crowded: Server, visit: Visit) -> None:
    seen = visit(f"{crowded.url}/?agent=busy")
    page = seen.page
    events_are(page, "4,000")
    agents = page.get_by_role("combobox", name=re.compile("^Agent"))
    agents.fill("agent-1234")
    agents.press("Enter")
    events_are(page, "4,002")
    becomes(lambda: parameters(page)["agent"], ["busy", "agent-1234"])
    page.reload()
    seen.settle()
    page.get_by_text("More filters", exact=True).click()
    seen.settle()
    choose(page, re.compile("^Not these agents"), "busy", re.compile("busy$"))
    events_are(page, "2")
    becomes(lambda: parameters(page).get("not_agent"), ["busy"])
    becomes(lambda: parameters(page)["agent"], ["agent-1234"])


def test_a_bar_is_a_filter_and_its_chart_can_be_read_as_a_table(crowded: Server, visit: Visit) -> None:
    page = visit(f"{crowded.url}/?activity=Login&range=24h").page
    charts = page.get_by_test_id("stVegaLiteChart")
    for chart in charts.all():
        expect(chart).to_have_attribute("aria-label", re.compile(r"^Busiest: .+, [\d,]+ events"))
    page.get_by_role("button", name="Numbers").nth(1).click()
    expect(page.get_by_role("region", name="The numbers behind the chart: activity by agent")).to_be_visible()
    page.keyboard.press("Escape")
    charts.nth(1).locator("canvas").first.click(position={"x": 250, "y": 14})
    expect(page).to_have_url(re.compile("agent=busy"))
    page.get_by_role("button", name="Reset all").click()
    expect(page).not_to_have_url(re.compile("agent=|activity=|range="))


def test_details_lead_to_related_views(crowded: Server, visit: Visit) -> None:
    event = opened_event(crowded)
    seen = visit(f"{crowded.url}/log?tz=UTC&event={event}", permissions=["clipboard-read", "clipboard-write"])
    page = seen.page
    page.get_by_role("button", name="Copy Event id").click()
    becomes(lambda: page.evaluate("() => navigator.clipboard.readText()"), event)
    page.get_by_role("button", name="Copy link").click()
    becomes(lambda: page.evaluate("() => navigator.clipboard.readText()"), page.url)
    before = parameters(page)
    assert before["event"] == [event]
    for label, expected in {
        "Filter by Agent busy": {"agent": ["busy"]},
        "Exclude Activity Journey saved": {"not_activity": ["Journey saved"]},
        "Same address": {"source_ip": ["203.0.113.6"]},
        "This agent ± 15 minutes": {"agent": ["busy"], "range": ["custom"]},
    }.items():
        page.get_by_role("button", name=label).click()
        expect(page).to_have_url(re.compile(f"{next(iter(expected))}="))
        becomes(lambda wanted=expected: {name: parameters(page).get(name) for name in wanted}, expected)
        expect(page.get_by_role("button", name="Undo")).to_be_enabled()
        seen.settle()
        page.keyboard.press("Alt+z")
        becomes(lambda: parameters(page), before)
        seen.settle()


@pytest.mark.campaign
def test_columns_can_be_chosen(crowded: Server, visit: Visit) -> None:
    page = visit(f"{crowded.url}/log?agent=busy").page
    headers = page.locator(f"{EVENT_LIST} th").filter(has_text="Activity")
    expect(headers).to_have_count(1)
    page.get_by_role("button", name="View", exact=True).click()
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Activity").click()
    expect(headers).to_have_count(0)


@pytest.mark.campaign
def test_a_paused_log_says_how_many_are_new(crowded: Server, visit: Visit) -> None:
    page = visit(f"{crowded.url}/log?activity=Login").page
    page.get_by_text("Live", exact=True).click()
    span = page.get_by_text(re.compile(r"^1–100 of [\d,]+ events$"))
    before = span.inner_text()
    append(agent="eve", activity="Login", store=crowded.store)
    expect(page.get_by_role("button", name="Show 1 new event")).to_be_visible()
    assert span.inner_text() == before
    page.get_by_role("button", name="Show 1 new event").click()
    expect(span).not_to_have_text(before)


def test_own_views_and_activities_after_a_first_visit_and_a_restart(tmp_path: Path, visit: Visit) -> None:
    store = tmp_path / "audit.duckdb"
    with serving(store, tmp_path / "first.log") as server:
        seen = visit(server.url)
        page = seen.page
        expect(page.get_by_text("make demo")).to_be_visible()
        page.get_by_role("tab", name="Shell").click()
        expect(page.get_by_text("python -m ingest append --agent")).to_be_visible()
        append(agent="ada", activity="Door opened", store=store)
        events_are(page, "1")
        seen.settle()
        save_view(seen, "mine")
        leave(page)
    own = tmp_path / "own.toml"
    own.write_text(CATALOGUE)
    with serving(store, tmp_path / "second.log", AUDIT_CATALOGUE=str(own)) as server:
        page = visit(server.url).page
        legend = page.get_by_test_id("stVegaLiteChart").first.locator("g.role-legend-label")
        expect(legend.filter(has_text="Doors")).to_have_count(1)
        expect(page.locator("[fill='#123abc']").first).to_be_attached()
        page.get_by_text("Saved views").click()
        choose(page, "Open a view", "mine", "mine (saved)")
        leave(page)
