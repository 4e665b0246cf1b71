"""Alarms in a browser: from the list to the events, with a mark, and on the other pages."""

import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from alarms import mark, review, watch_logins
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from tests.browser.conftest import Serve, Server, Visit, Watched, choose, leave, serving_well
from tests.conftest import Fill
from tests.dashboard.page_runs import NOW
from tests.dashboard.spikes.test_spikes_page import BURST, login

SCRIPT = BURST - timedelta(days=2)
WEEK = "range=7d&tz=UTC"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, fill: Fill) -> Path:
    """Five weeks of three agents who log in once an hour, a brute force on ada, and a script of bob's gone wild."""
    usual = [
        login(agent, NOW - timedelta(hours=hour, minutes=7 * place), outcome="success", source_ip="192.0.2.1")
        for hour in range(1, 24 * 35)
        for place, agent in enumerate(("ada", "bob", "eve"))
    ]
    guessed = burst("ada", BURST, 60, "failure", "203.0.113.99")
    looped = burst("bob", SCRIPT, 40, "success", "192.0.2.1")
    store = Store(tmp_path_factory.mktemp("watched") / "audit.duckdb")
    return fill(store, [*usual, *guessed, *looped]).path


@pytest.fixture(scope="module")
def server(watched: Path) -> Iterator[Server]:
    """A dashboard of this log, in which the alarm of ada is marked as expected."""
    worst = review(watch_logins(Store(watched), EventFilter(), NOW.replace(tzinfo=None))).alarms[0]
    mark(watched, worst, "expected")
    with serving_well(watched, watched.with_name("server.log"), AUDIT_READ_ONLY="1") as server:
        yield server


def burst(agent: str, at: datetime, times: int, outcome: str, address: str) -> Iterator[object]:
    for second in range(times):
        moment = at + timedelta(seconds=50 * second)
        yield login(agent, moment, outcome=outcome, source_ip=address)


def sentences(seen: Watched) -> Locator:
    return seen.page.get_by_test_id("stText").filter(has_text="by chance").filter(visible=True)


def test_an_alarm_leads_to_its_events_and_keeps_its_mark(
    watched: Path, tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    own = Path(shutil.copy(watched, tmp_path / "audit.duckdb"))
    server = serve(own)
    seen = visit(f"{server.url}/spikes?{WEEK}")
    expect(sentences(seen)).to_have_count(2)
    worst = sentences(seen).first.inner_text()
    assert "203.0.113.99" in worst
    assert "also seen in " in worst
    logins = re.search(r": (\d+) (?:failed )?logins", worst)
    assert logins is not None
    seen.page.get_by_role("link", name="Show these events").first.click()
    seen.settle()
    expect(seen.page.get_by_text(f"of {logins[1]} events")).to_be_visible()

    seen.page.go_back()
    seen.settle()
    save(seen, "Incident", "Asked her: it was not her")
    leave(seen.page)
    server.process.terminate()
    server.process.wait(20)
    assert seen.warnings == []

    again = visit(f"{serve(own).url}/spikes?{WEEK}")
    expect(again.page.get_by_text("Asked her: it was not her")).to_be_visible()
    pill(again, "Incident")
    expect(sentences(again)).to_have_text([worst])
    pill(again, "Incident")
    pill(again, "Open")
    expect(sentences(again)).to_have_count(1)
    assert sentences(again).inner_text() != worst


def save(seen: Watched, verdict: str, note: str) -> None:
    """Mark the first alarm of the list."""
    seen.page.get_by_test_id("stPopover").get_by_role(
        "button", name=re.compile("^Status: .*Open")
    ).first.click()
    popover = seen.page.get_by_test_id("stPopoverBody")
    popover.get_by_text(verdict).click()
    popover.get_by_label("Note").fill(note)
    popover.get_by_role("button", name="Save").click()
    expect(seen.page.get_by_text(re.compile(f"^Marked by dashboard on .*: {note}$"))).to_be_visible()
    seen.settle()


def pill(seen: Watched, name: str) -> None:
    seen.page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).first.click()
    seen.settle()


def test_one_agent_and_another_sensitivity(server: Server, visit: Visit) -> None:
    seen = visit(f"{server.url}/spikes?{WEEK}")
    expect(seen.page.get_by_text("2 of 168 hours stand out.")).to_be_visible()
    choose(seen.page, "Agent in the chart", "eve", "eve")
    expect(seen.page.get_by_text("0 of 168 hours stand out.")).to_be_visible()
    seen.page.get_by_test_id("stSlider").locator("[role=slider], input").first.focus()
    seen.page.keyboard.press("ArrowRight")
    expect(seen.page.get_by_text(re.compile("^Expect about .* per agent in 10 months"))).to_be_visible()
    seen.settle()
    assert seen.warnings == []


def test_the_other_pages_mark_the_hours_and_rows_of_alarms(server: Server, visit: Visit) -> None:
    seen = visit(f"{server.url}/?{WEEK}&agent=ada")
    expect(seen.page.get_by_text("Login alarm in the last 16 weeks of the log")).to_be_visible()
    seen.page.get_by_role("link", name="Show alarms").click()
    expect(seen.page).to_have_url(re.compile(r"/spikes\?.*agent=ada"))
    seen.settle()

    end = BURST + timedelta(minutes=49)
    hour = f"range=custom&from={BURST:%Y-%m-%dT%H:%M}&to={end:%Y-%m-%dT%H:%M}&tz=UTC"
    seen.page.goto(f"{server.url}/log?{hour}&outcome=failure")
    seen.settle()
    expect(seen.page.locator("[data-testid^=glide-cell]", has_text="Expected").first).to_be_attached()
    seen.open_row(0)
    expect(seen.page.get_by_text("Alarm, marked expected")).to_be_visible()
    sentence = seen.page.get_by_test_id("stText").filter(has_text="by chance").inner_text()
    seen.page.get_by_role("link", name="Show this alarm").click()
    seen.settle()
    expect(sentences(seen)).to_have_text([sentence])
    assert seen.warnings == []


def test_without_alarms_nothing_is_marked(server: Server, visit: Visit) -> None:
    seen = visit(f"{server.url}/?{WEEK}&agent=ada")
    legend = seen.page.get_by_text("Login alarm in the last 16 weeks of the log")
    expect(legend).to_be_visible()
    seen.go(f"/?{WEEK}&agent=eve")
    expect(seen.page.get_by_text("Events by eve, last 7 days, UTC")).to_be_visible()
    expect(legend).to_have_count(0)
