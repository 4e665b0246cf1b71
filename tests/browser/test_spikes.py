"""Alarms in a browser: from the list to the events, with decisions that stay, and on the other pages."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from alarms.detector.detector import steps
from alarms.detector.settings import settings_of
from alarms.triage.exceptions import Expected, read
from alarms.triage.states import set_state, states
from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from tests.browser.conftest import (
    EVENT_LIST,
    PATIENCE,
    Scheme,
    Serve,
    Server,
    Visit,
    Watched,
    becomes,
    leave,
    parameters,
    serving_well,
)
from tests.conftest import Fill, in_campaign
from tests.dashboard.alarm_page.recorded import HOUR, THIS_HOUR, many, small, takeover, write

ATTACK, SCRIPT = takeover("ada"), small("bob", 98, total=40)
BURST = ATTACK.starts_at
WEEK = "range=7d&tz=UTC"
SIZES = [(400, "dark"), *in_campaign((1400, "light"))]
MAIN = "document.querySelector('[data-testid=stMain]')"


def login(agent: str, at: datetime, **fields: str) -> Event:
    return Event.of({"agent": agent, "activity": "Login", "occurred_at": at.replace(tzinfo=UTC), **fields})


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, fill: Fill) -> Path:
    """Five weeks of three agents who log in once an hour, with the record of a takeover and of a script gone wild."""
    usual = [
        login(
            agent,
            THIS_HOUR - hour * HOUR + timedelta(minutes=7 * place),
            outcome="success",
            source_ip="192.0.2.1",
        )
        for hour in range(1, 24 * 35)
        for place, agent in enumerate(("ada", "bob", "eve"))
    ]
    guessed = [
        login("ada", BURST + timedelta(seconds=30 * n), outcome="failure", source_ip="203.0.113.9")
        for n in range(88)
    ]
    store = Store(tmp_path_factory.mktemp("watched") / "audit.duckdb")
    return write(fill(store, [*usual, *guessed]), ATTACK, SCRIPT).path


@pytest.fixture(scope="module")
def server(watched: Path) -> Iterator[Server]:
    """A dashboard of this log that only reads, in which the alarm of ada is marked as expected."""
    set_state(watched, ATTACK, "expected")
    with serving_well(watched, watched.with_name("server.log"), AUDIT_READ_ONLY="1") as server:
        yield server


@pytest.fixture
def own(watched: Path, tmp_path: Path) -> Path:
    """A copy of the log for one test, without marks."""
    return Path(shutil.copy(watched, tmp_path / "audit.duckdb"))


def headline(seen: Watched) -> Locator:
    return seen.page.locator(".st-key-alarm_headline").get_by_test_id("stText")


def fits(seen: Watched) -> None:
    """Assert that nothing of the page is wider than the window."""
    assert seen.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert seen.page.evaluate(f"() => {MAIN}.scrollWidth <= {MAIN}.clientWidth")
    assert seen.warnings == []


def test_the_worst_alarm_is_open_and_leads_to_its_events(own: Path, serve: Serve, visit: Visit) -> None:
    seen = visit(f"{serve(own, AUDIT_READ_ONLY='1').url}/spikes?{WEEK}")
    expect(seen.page.get_by_text("2 open alarms")).to_be_visible()
    expect(headline(seen)).to_have_text(re.compile("^ada · "))
    expect(seen.page.get_by_test_id("stVegaLiteChart")).to_have_count(2)
    expect(seen.page.get_by_text("What followed")).to_be_visible()
    seen.page.get_by_role("link", name="Show these events").click()
    seen.settle()
    expect(seen.page.get_by_text(re.compile("of 89 events"))).to_be_visible()
    assert parameters(seen.page)["agent"] == ["ada"]
    seen.page.go_back()
    seen.settle()
    assert seen.warnings == []


def test_keys_move_through_the_list_and_acknowledge(own: Path, serve: Serve, visit: Visit) -> None:
    server = serve(own, AUDIT_READ_ONLY="1")
    seen = visit(f"{server.url}/spikes?{WEEK}")
    expect(headline(seen)).to_have_text(re.compile("^ada · "))
    seen.page.keyboard.press("j")
    expect(headline(seen)).to_have_text(re.compile("^bob · "), timeout=PATIENCE * 1000)
    assert parameters(seen.page)["alarm"] == [SCRIPT.id]
    seen.page.keyboard.press("a")
    becomes(lambda: states(own).of(SCRIPT).state, "acknowledged")
    expect(seen.page.get_by_text("1 open alarm", exact=True)).to_be_visible()
    seen.page.keyboard.press("k")
    expect(headline(seen)).to_have_text(re.compile("^ada · "), timeout=PATIENCE * 1000)
    seen.settle()
    assert seen.warnings == []


@pytest.mark.campaign
def test_a_decision_is_there_after_a_restart(own: Path, serve: Serve, visit: Visit) -> None:
    server = serve(own, AUDIT_READ_ONLY="1")
    seen = visit(f"{server.url}/spikes?{WEEK}")
    seen.page.get_by_role("button", name="More states").click()
    popover = seen.page.get_by_test_id("stPopoverBody")
    popover.get_by_text("Incident", exact=True).click()
    popover.get_by_label("Note").fill("Asked her: it was not her")
    popover.get_by_role("button", name="Save").click()
    expect(seen.page.get_by_text("Asked her: it was not her").last).to_be_visible()
    leave(seen.page)
    server.process.terminate()
    server.process.wait(20)
    again = visit(f"{serve(own, AUDIT_READ_ONLY='1').url}/spikes?{WEEK}&state=incident")
    expect(headline(again)).to_have_text(re.compile("^ada · "))
    expect(again.page.get_by_text("Incident by dashboard: Asked her: it was not her")).to_be_visible()


@pytest.mark.campaign
def test_an_exception_is_previewed_before_it_is_made(own: Path, serve: Serve, visit: Visit) -> None:
    seen = visit(f"{serve(own, AUDIT_READ_ONLY='1').url}/spikes?{WEEK}&alarm={SCRIPT.id}")
    seen.page.get_by_role("button", name="Expect this from now on").click()
    popover = seen.page.get_by_test_id("stPopoverBody")
    expect(popover.get_by_text("1 alarm of the last 90 days would have been silenced")).to_be_visible()
    popover.get_by_label("Why").fill("load test")
    popover.get_by_label("Why").press("Enter")
    seen.settle()
    popover.get_by_role("button", name="Expect", exact=True).click()
    becomes(
        lambda: [(exception.expected, exception.note) for exception in read(own)],
        [(Expected(agent="bob", kind="agent"), "load test")],
    )


def test_a_page_that_is_open_lists_an_alarm_when_it_is_recorded(
    own: Path, serve: Serve, visit: Visit
) -> None:
    seen = visit(f"{serve(own, AUDIT_READ_ONLY='1').url}/spikes?{WEEK}")
    expect(seen.page.get_by_text("2 open alarms")).to_be_visible()
    write(Store(own), small("eve", 4))
    expect(seen.page.get_by_text("3 open alarms")).to_be_visible(timeout=PATIENCE * 1000)


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_500_alarms_fit_the_window(own: Path, serve: Serve, visit: Visit, width: int, scheme: Scheme) -> None:
    write(Store(own), *many(500))
    server = serve(own, AUDIT_READ_ONLY="1")
    seen = visit(f"{server.url}/spikes?{WEEK}", size=(width, 900), scheme=scheme)
    expect(seen.page.get_by_text("502 open alarms")).to_be_visible()
    expect(headline(seen)).to_have_text(re.compile("^ada · "))
    fits(seen)
    assert seen.page.evaluate(f"() => {MAIN}.scrollHeight") < 3000, "the list scrolls, not the page"


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_without_alarms_the_page_says_so_once(
    tmp_path: Path, fill: Fill, serve: Serve, visit: Visit, width: int, scheme: Scheme
) -> None:
    store = fill(Store(tmp_path / "audit.duckdb"), [login("ada", THIS_HOUR - 400 * HOUR)])
    server = serve(write(store).path, AUDIT_READ_ONLY="1")
    seen = visit(f"{server.url}/spikes?{WEEK}", size=(width, 900), scheme=scheme)
    expect(seen.page.get_by_test_id("stMain").get_by_text(re.compile("No .*alarms"))).to_have_count(1)
    expect(seen.page.get_by_role("button", name="Show all time")).to_be_visible()
    fits(seen)


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_guessing_that_succeeds_on_the_first_day_is_one_alarm(
    tmp_path: Path, fill: Fill, serve: Serve, visit: Visit, width: int, scheme: Scheme
) -> None:
    at = THIS_HOUR - 30 * timedelta(minutes=1)
    guessed = [
        login("ada", at + timedelta(seconds=5 * n), outcome="failure", source_ip="203.0.113.9")
        for n in range(60)
    ]
    store = fill(Store(tmp_path / "audit.duckdb"), guessed)
    list(steps(store, settings_of(store.path)))
    server = serve(store.path, AUDIT_READ_ONLY="1")
    seen = visit(f"{server.url}/spikes?{WEEK}", size=(width, 900), scheme=scheme)
    expect(seen.page.get_by_text(re.compile("Learning the baseline until "))).to_be_visible()
    expect(
        seen.page.get_by_text(re.compile("^ada failed to log in 60 times .* from 203.0.113.9"))
    ).to_be_visible()
    success = login("ada", at + timedelta(minutes=6), outcome="success", source_ip="203.0.113.9")
    fill(store, [success])
    list(steps(store, settings_of(store.path)))
    expect(
        seen.page.get_by_text("60 failed logins, then 1 successful one from 203.0.113.9", exact=True)
    ).to_be_visible()
    expect(seen.page.get_by_text("1 open alarm", exact=True)).to_be_visible()
    fits(seen)


def test_the_other_pages_mark_the_hours_and_rows_of_alarms(server: Server, visit: Visit) -> None:
    seen = visit(f"{server.url}/?{WEEK}&agent=ada")
    expect(seen.page.get_by_text("Login alarm")).to_be_visible()
    seen.page.get_by_role("link", name="Show alarms").click()
    expect(seen.page).to_have_url(re.compile(r"/spikes\?.*agent=ada"))
    seen.settle()

    end = BURST + timedelta(minutes=49)
    hour = f"range=custom&from={BURST:%Y-%m-%dT%H:%M}&to={end:%Y-%m-%dT%H:%M}&tz=UTC"
    seen.page.goto(f"{server.url}/log?{hour}&outcome=failure")
    seen.settle()
    expect(seen.page.locator(EVENT_LIST).get_by_role("img", name="Expected").first).to_be_attached()
    seen.open_row(0)
    expect(seen.page.get_by_text("Alarm, expected")).to_be_visible()
    seen.page.get_by_role("link", name="Show this alarm").click()
    seen.settle()
    expect(headline(seen)).to_have_text(re.compile("^ada · "))
    assert seen.warnings == []


def test_without_alarms_nothing_is_marked(server: Server, visit: Visit) -> None:
    seen = visit(f"{server.url}/?{WEEK}&agent=ada")
    legend = seen.page.get_by_text("Login alarm")
    expect(legend).to_be_visible()
    seen.go(f"/?{WEEK}&agent=eve")
    expect(seen.page.get_by_text("Events by eve, last 7 days, UTC")).to_be_visible()
    expect(legend).to_have_count(0)
