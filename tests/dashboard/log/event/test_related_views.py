"""Views that an event leads to."""

from streamlit.testing.v1 import AppTest

from tests.dashboard.page_runs import filters_of


def excluding() -> None:
    from dashboard.filters import url_state
    from dashboard.log.event import related_views

    related_views.exclude("agent", "ada", url_state.read().where)


def test_an_excluded_value_is_no_longer_selected_and_others_stay_excluded() -> None:
    app = AppTest.from_function(excluding)
    app.query_params["agent"] = ["ada", "bob"]
    app.query_params["not_agent"] = "eve"
    app.run()
    assert not app.exception
    assert filters_of(app) == {"agent": ["bob"], "not_agent": ["eve", "ada"]}
