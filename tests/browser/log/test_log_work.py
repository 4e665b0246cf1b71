"""Working in the log: the next step is on the screen, and only a click or the Enter key opens an event."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from ingest import append, append_many
from tests.browser.conftest import EVENT_LIST, EVENT_ROWS, Server, Visit, becomes, parameters, serving_well
from tests.browser.log.test_log import newest, opened

WIDE = (1400, 900)


def ids(page: Page) -> list[str]:
    """The ids of the rows of the list."""
    listed: list[str] = page.locator(EVENT_ROWS).evaluate_all("rows => rows.map(row => row.dataset.id)")
    return listed


def is_in_view(page: Page, event_id: str) -> bool:
    """Whether the row of an event is inside the window and inside the list, below its header."""
    return bool(
        page.locator(f"{EVENT_ROWS}[data-id='{event_id}']").evaluate(
            """row => {
                const place = row.getBoundingClientRect(), list = row.closest(".event-list").getBoundingClientRect();
                const header = row.closest("table").querySelector("th").getBoundingClientRect();
                return place.top >= header.bottom - 1 && place.bottom <= Math.min(list.bottom, innerHeight) + 1;
            }"""
        )
    )


def test_the_first_row_is_in_the_upper_half_of_the_window(crowded: Server, visit: Visit) -> None:
    box = visit(f"{crowded.url}/log", size=WIDE).page.locator(EVENT_ROWS).first.bounding_box()
    assert box is not None
    assert box["y"] <= 0.45 * 900


def test_a_wide_window_cuts_no_short_text(crowded: Server, visit: Visit) -> None:
    page = visit(f"{crowded.url}/log", size=WIDE).page
    cut = page.locator(f"{EVENT_LIST} :is(td, th):not(.description)").evaluate_all(
        "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.outerHTML)"
    )
    assert cut == []


def test_a_click_on_a_header_neither_sorts_nor_opens_an_event(crowded: Server, visit: Visit) -> None:
    seen = visit(f"{crowded.url}/log?agent=busy&range=all")
    before = ids(seen.page)
    for header in ("Agent", "Activity"):
        seen.page.locator(EVENT_LIST).get_by_role("columnheader", name=header).click()
        seen.settle()
    assert (ids(seen.page), opened(seen.page)) == (before, [])


def test_tab_reaches_the_list_without_opening_an_event_and_keys_move_in_it(
    crowded: Server, visit: Visit
) -> None:
    seen = visit(f"{crowded.url}/log?agent=busy&range=all")
    first, second = ids(seen.page)[:2]
    seen.page.get_by_role("button", name="Export").focus()
    seen.page.keyboard.press("Tab")
    rows = seen.page.locator(EVENT_ROWS)
    expect(rows.first).to_be_focused()
    seen.settle()
    assert opened(seen.page) == []
    seen.page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    seen.page.keyboard.press("Enter")
    becomes(lambda: opened(seen.page), [second])
    assert first != second


def test_the_selected_row_stays_in_view_while_keys_step_down(crowded: Server, visit: Visit) -> None:
    listed = newest(crowded, "activity = 'Journey saved'", 40)
    seen = visit(f"{crowded.url}/log?activity=Journey+saved&event={listed[14]}")
    for event_id in listed[15:24]:
        seen.page.keyboard.press("j")
        expect(seen.page.locator(f"{EVENT_ROWS}[aria-selected=true]")).to_have_attribute("data-id", event_id)
        seen.settle()
        assert is_in_view(seen.page, event_id)


def test_a_pivot_shows_its_result_and_one_undo_leads_back(crowded: Server, visit: Visit) -> None:
    event_id = newest(crowded, "agent = 'busy'", 80)[70]
    seen = visit(f"{crowded.url}/log?agent=busy&event={event_id}")
    button = seen.page.get_by_role("button", name=re.compile("15 minutes"))
    button.scroll_into_view_if_needed()
    button.click()
    becomes(lambda: parameters(seen.page).get("range"), ["custom"])
    seen.settle()
    assert seen.page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == 0
    assert is_in_view(seen.page, event_id)
    seen.page.keyboard.press("Alt+z")
    becomes(
        lambda: {"agent": parameters(seen.page)["agent"]} | {"range": parameters(seen.page).get("range")},
        {"agent": ["busy"], "range": None},
    )


def test_a_link_to_a_page_shows_the_same_events_while_others_arrive(crowded: Server, visit: Visit) -> None:
    seen = visit(f"{crowded.url}/log?activity=Journey+saved")
    seen.page.get_by_role("button", name="Page 2", exact=True).click()
    becomes(lambda: len(parameters(seen.page).get("page", [])), 1)
    seen.settle()
    listed = ids(seen.page)
    append(agent="eve", activity="Journey saved", store=crowded.store)
    expect(seen.page.get_by_role("button", name="Show 1 new event")).to_be_visible()
    assert ids(seen.page) == listed
    seen.page.reload()  # a new session, as that of anybody who opens the link
    seen.settle()
    assert ids(seen.page) == listed


def test_dragging_over_the_small_chart_zooms_in(crowded: Server, visit: Visit) -> None:
    seen = visit(f"{crowded.url}/log?range=24h&tz=UTC")
    box = seen.page.locator(".histogram svg").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    seen.page.mouse.move(box["x"] + 0.9 * box["width"], middle)
    seen.page.mouse.down()
    seen.page.mouse.move(box["x"] + box["width"] - 2, middle, steps=4)
    seen.page.mouse.up()
    becomes(lambda: parameters(seen.page).get("range"), ["custom"])
    seen.settle()
    assert ids(seen.page)


def test_a_filter_is_removed_by_its_pill(crowded: Server, visit: Visit) -> None:
    seen = visit(f"{crowded.url}/log?agent=busy&outcome=failure&tz=UTC")
    seen.page.get_by_role("button", name="Remove Failed").click()
    becomes(lambda: parameters(seen.page).get("outcome"), None)
    assert parameters(seen.page)["agent"] == ["busy"]


def test_a_phone_shows_time_agent_and_activity_and_an_event_fills_the_window(
    crowded: Server, visit: Visit
) -> None:
    seen = visit(f"{crowded.url}/log?agent=busy", size=(400, 860))
    headers = seen.page.locator(f"{EVENT_LIST} th")
    shown = [header.get_attribute("class") for header in headers.all() if header.is_visible()]
    assert shown == ["time", "agent", "activity"]
    seen.open_row(0)
    box = seen.page.locator("[class*=st-key-details_]").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 400, "height": 860}
    seen.page.get_by_role("button", name="Close").click()
    expect(seen.page.locator("[class*=st-key-details_]")).to_have_count(0)


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard of one long run of failed logins, a change of a role, and an event with 64 KiB of metadata."""
    store = tmp_path_factory.mktemp("rich") / "audit.duckdb"
    login = {"agent": "ada", "activity": "Login", "outcome": "failure", "metadata": {"request_id": "r1"}}
    append_many([login] * 30, store=store)
    role = {"user": {"role_was": "staff", "role": "admin"}, "request_id": "r1"}
    append(agent="bob", activity="Staff role updated", metadata=role, store=store)
    full = {f"key {number}": "x" * 50 for number in range(1000)}
    append(agent="eve", activity="Journey saved", metadata=full, store=store)
    with serving_well(store, store.with_name("server.log")) as server:
        yield server


def test_rows_fold_into_one_that_opens(rich: Server, visit: Visit) -> None:
    seen = visit(f"{rich.url}/log?range=all&columns=time&columns=agent")
    rows = seen.page.locator(EVENT_ROWS).locator("visible=true")
    expect(rows).to_have_count(32)
    seen.page.get_by_role("button", name="View", exact=True).click()
    seen.page.get_by_role("radio", name="Repeats").click()
    expect(rows).to_have_count(3)
    seen.page.get_by_role("radio", name="Requests").click()
    expect(rows).to_have_count(2)
    becomes(lambda: parameters(seen.page).get("fold"), ["request"])
    seen.page.keyboard.press("Escape")
    seen.page.get_by_role("button", name="× 31").click()
    expect(rows).to_have_count(32)
    assert opened(seen.page) == []


def test_a_change_stands_side_by_side_and_a_value_becomes_a_column(rich: Server, visit: Visit) -> None:
    seen = visit(f"{rich.url}/log?range=all")
    seen.open_row(1)
    change = seen.page.locator(".tree tbody tr")
    expect(change).to_have_text(re.compile("user.role.*staff.*admin"))
    seen.page.get_by_role("button", name="Add as column: role admin").click()
    becomes(lambda: parameters(seen.page).get("columns", [])[-1:], ["meta.user.role"])
    expect(seen.page.locator(EVENT_ROWS).nth(1)).to_contain_text("admin")
    seen.page.get_by_role("button", name="Same request").click()
    expect(seen.page.locator(EVENT_ROWS)).to_have_count(31)
    assert parameters(seen.page)["meta.request_id"] == ["r1"]


def scrolls_in_the_window(panel: Locator) -> bool:
    """Whether a panel is inside the window, and what does not fit into it is reached by scrolling."""
    return bool(
        panel.evaluate(
            """one => one.getBoundingClientRect().bottom <= innerHeight && one.scrollHeight > one.clientHeight
                && getComputedStyle(one).overflowY === 'auto'"""
        )
    )


def test_a_pinned_event_stays_beside_the_list_while_others_are_opened(rich: Server, visit: Visit) -> None:
    seen = visit(f"{rich.url}/log?range=all", size=WIDE)
    page = seen.page
    first = seen.open_row(1).inner_text()
    details = page.locator("[class*=st-key-details_]")
    assert scrolls_in_the_window(details)
    page.get_by_role("button", name="Pin", exact=True).click()
    becomes(lambda: parameters(page).get("pin"), [first])
    seen.settle()
    page.locator(EVENT_ROWS).nth(2).click()
    pinned = page.locator("[class*=st-key-pinned_].stVerticalBlock")
    expect(pinned.get_by_text(first)).to_have_count(1)
    becomes(lambda: len(opened(page)), 1)
    seen.settle()
    assert opened(page) != [first]
    assert scrolls_in_the_window(details)
    assert scrolls_in_the_window(pinned)
    page.reload()
    seen.settle()
    page.get_by_role("button", name="Unpin").click()
    expect(pinned).to_have_count(0)
    assert "pin" not in parameters(page)


def test_an_event_with_much_metadata_shows_its_first_values_and_all_as_text(
    rich: Server, visit: Visit
) -> None:
    seen = visit(f"{rich.url}/log?range=all")
    seen.open_row(0)
    expect(seen.page.locator("[data-field=metadata]")).to_have_count(200)
    expect(seen.page.get_by_text("800 more values; all are in the text below.")).to_be_visible()
    seen.page.get_by_text("As text").click()
    expect(seen.page.locator(".tree pre")).to_contain_text('"key 999": "xxx')


def test_thousands_of_columns_that_do_not_exist_are_ignored(rich: Server, visit: Visit) -> None:
    nonsense = "&".join(f"columns=%3Cimg%20src=x%20onerror=alert({number})%3E" for number in range(500))
    seen = visit(f"{rich.url}/log?range=all&{nonsense}&columns=time")
    assert [th.inner_text() for th in seen.page.locator(f"{EVENT_LIST} th:not(.alarm)").all()] == [
        "Time +00:00"
    ]
