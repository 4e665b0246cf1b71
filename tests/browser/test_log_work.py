"""Working in the log: the next step is on the screen, and only a click or the Enter key opens an event."""

import re

from playwright.sync_api import Page, expect

from ingest import append
from tests.browser.conftest import EVENT_LIST, EVENT_ROWS, Server, Visit, becomes, parameters
from tests.browser.test_log import newest, opened

WIDE = {"viewport": {"width": 1400, "height": 900}}


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
    box = visit(f"{crowded.url}/log", **WIDE).page.locator(EVENT_ROWS).first.bounding_box()
    assert box is not None
    assert box["y"] <= 0.45 * 900


def test_a_wide_window_cuts_no_short_text(crowded: Server, visit: Visit) -> None:
    page = visit(f"{crowded.url}/log", **WIDE).page
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
    seen.page.get_by_role("button", name="2", exact=True).click()
    becomes(lambda: len(parameters(seen.page).get("page", [])), 1)
    seen.settle()
    listed = ids(seen.page)
    append(agent="eve", activity="Journey saved", store=crowded.store)
    expect(seen.page.get_by_role("button", name="Show 1 new event")).to_be_visible()
    assert ids(seen.page) == listed
    assert ids(visit(seen.page.url).page) == listed


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
