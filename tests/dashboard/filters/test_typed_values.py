"""Addresses, targets and metadata are typed into lists of the sidebar."""

from typing import Any

import pytest

from audit_store.engines.duckdb.store import Store
from tests.conftest import in_campaign
from tests.dashboard.page_runs import filters_of, metrics, open_box, show, widget, words


@pytest.mark.parametrize(
    ("key", "typed", "filters", "events"),
    [
        ("source_ip", ["203.0.113.0/24"], {"source_ip": ["203.0.113.0/24"]}, "1"),
        ("not_source_ip", ["203.0.113.9"], {"not_source_ip": ["203.0.113.9"]}, "3"),
        ("target", ["e*", "nobody"], {"target": ["e*", "nobody"]}, "1"),
        ("meta", ["reason=left", "n=1.5"], {"meta.reason": ["left"], "meta.n": ["1.5"]}, "1"),
        *in_campaign(
            ("not_target", ["*"], {"not_target": ["*"]}, "3"),
            ("not_meta", ["reason=*"], {"not_meta.reason": ["*"]}, "3"),
        ),
    ],
)
def test_a_typed_value_filters(
    week: Store, key: str, typed: list[str], filters: dict[str, list[str]], events: str
) -> None:
    app = open_box(show(week), "more")
    widget(app, key).set_value(typed).run()
    assert filters_of(app) == filters
    assert metrics(app)["Events"] == events
    widget(app, key).set_value([]).run()
    assert filters_of(app) == {}


@pytest.mark.parametrize(
    ("key", "typed", "problem"),
    [
        ("source_ip", "10.0.0.0/99", "10.0.0.0/99: give an address, or a network such as 203.0.113.0/24"),
        ("meta", "admin", "admin: type a path and a value, such as user.role=admin."),
        *in_campaign(("not_meta", "reason=", "reason=: type a path and a value, such as user.role=admin.")),
    ],
)
def test_a_text_that_is_no_value_is_explained(week: Store, key: str, typed: str, problem: str) -> None:
    app = open_box(show(week), "more")
    widget(app, key).set_value([typed]).run()
    assert filters_of(app) == {}
    assert problem in words(app)


def test_values_of_the_url_are_in_the_lists_and_stay(week: Store) -> None:
    parameters: dict[str, Any] = {"meta.a=b": ["1"], "not_meta.x": ["2", "3"], r"meta.a\.b": ["4"]}
    app = show(week, **parameters)
    assert widget(app, "meta").value == ["a=b=1", r"a\.b=4"]
    assert widget(app, "not_meta").value == ["x=2", "x=3"]
    widget(app, "meta").set_value(["a=b=1", r"a\.b=4", "a=c"]).run()
    assert filters_of(app) == parameters | {"meta.a": ["c"]}
