"""A viewer's way through the demo: open, filter, follow a link, open an event."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from demo.__main__ import main as demo
from tests.browser.conftest import Visit, events_are, serving_well


@pytest.fixture(scope="module")
def url(store: Path) -> Iterator[str]:
    with serving_well(store, store.with_name("server.log")) as server:
        yield server.url


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "audit.duckdb"
    assert demo(["--store", str(path), "--days", "30", "--agents", "12"]) == 0
    return path


def count(store: Path, condition: str) -> int:
    now = datetime.now(UTC).replace(tzinfo=None, second=0, microsecond=0)
    frame = Store(store).run(Query(f"SELECT count(*) AS n FROM events WHERE {condition}", {"now": now}))
    return int(frame.n[0])


def test_filters_change_the_charts_the_table_and_the_address(store: Path, url: str, visit: Visit) -> None:
    page = visit(url + "/?range=all&tz=UTC").page
    events_are(page, format(count(store, "$now IS NOT NULL"), ","))
    expect(
        page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg")
    ).to_have_count(3)
    chart = page.get_by_test_id("stVegaLiteChart").first
    before = chart.get_attribute("aria-label") or ""
    assert before.startswith("Busiest: ")
    page.get_by_role("button", name="Failure").click()
    page.wait_for_url(re.compile("outcome=failure"))
    failures = format(count(store, "outcome = 'failure' AND $now IS NOT NULL"), ",")
    events_are(page, failures)
    expect(chart).not_to_have_attribute("aria-label", before)
    page.get_by_role("link", name="Audit log").click()
    page.wait_for_url(re.compile("/log.*outcome=failure"))
    expect(page.get_by_text(f"of {failures} events")).to_be_visible()


def test_a_link_shows_its_view_on_a_fresh_server(store: Path, url: str, visit: Visit) -> None:
    page = visit(url + "/log?range=30d&activity=Login").page
    logins = count(store, "activity = 'Login' AND occurred_at >= $now - INTERVAL 30 DAY")
    total = page.get_by_text(re.compile(r"of [\d,]+ events"))
    shown = re.search(r"of ([\d,]+) events", total.first.inner_text())
    assert shown is not None
    # The window moves with the clock, a minute's step at a time.
    assert abs(int(shown.group(1).replace(",", "")) - logins) <= 3
    expect(page.get_by_role("combobox", name="Time range")).to_have_value("Last 30 days")
    expect(page.get_by_role("group", name="Selected values").first).to_contain_text("Login")
    expect(page).to_have_title(re.compile("Audit log"))


def test_an_event_has_an_address_of_its_own(store: Path, url: str, visit: Visit) -> None:
    frame = Store(store).run(Query("SELECT event_id::VARCHAR AS event_id, agent FROM events WHERE seq = 5"))
    page = visit(url + f"/log?range=all&event={frame.event_id[0]}").page
    expect(page.locator("[data-testid=stMain]").get_by_text(frame.event_id[0]).first).to_be_visible()


@pytest.mark.campaign
def test_every_page_answers_bad_parameters_with_a_notice(url: str, visit: Visit) -> None:
    for path in ("/", "/log", "/store"):
        page = visit(url + path + "?range=9d&tz=Mars/Base&outcome=maybe").page
        expect(page.get_by_text(re.compile("Mars/Base.*ignored")).first).to_be_visible()
