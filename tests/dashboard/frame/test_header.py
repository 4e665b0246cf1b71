"""Every page has the name of the product, as of when it is right, and help."""

import re

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.filters import query_examples
from dashboard.frame import freshness
from tests.dashboard.page_runs import PAGES, open_box, show, words


@pytest.mark.parametrize("page", PAGES)
def test_the_header_names_the_product_and_the_time(week: Store, page: str) -> None:
    text = words(show(week, page))
    assert "Audit log explorer" in text
    assert re.search(r"^As of \d\d:\d\d:\d\d$", text, re.MULTILINE)


@pytest.mark.parametrize(("page", "follows"), [("activity", True), ("store", True), ("log", False)])
def test_pages_that_do_not_follow_by_themselves_have_a_switch(week: Store, page: str, follows: bool) -> None:
    keys = [toggle.key for toggle in show(week, page).toggle]
    assert (freshness.SWITCH in keys) == follows


def test_help_is_sent_when_it_is_opened(week: Store) -> None:
    app = show(week, "store")
    assert "`Alt`+`Z`" not in words(app)
    text = words(open_box(app, "help"))
    assert "`Alt`+`Z`" in text
    assert query_examples.table() in text
