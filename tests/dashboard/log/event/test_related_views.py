"""Views that an event leads to."""

import pytest
from streamlit.testing.v1 import AppTest

from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from audit_store.filters import EventFilter
from dashboard.log.event import related_views
from tests.conftest import Fill
from tests.dashboard.page_runs import event, filters_of


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


@pytest.mark.parametrize(
    ("metadata", "shared"),
    [
        ("{}", {}),
        ('{"request_id": "a*", "session": {"id": 7}}', {"Same request": r"a\*", "Same session": "7"}),
        ('{"trace_id": "t", "request_id": "r"}', {"Same request": "r"}),
        ('{"request_id": null, "session_id": ""}', {}),
    ],
)
def test_events_of_one_request_and_session_are_found(
    own_week: Store, fill: Fill, monkeypatch: pytest.MonkeyPatch, metadata: str, shared: dict[str, str]
) -> None:
    fill(own_week, [event(1, metadata=metadata), event(2)])
    monkeypatch.setenv("AUDIT_STORE", str(own_week.path))
    where, _ = EventFilter.parse({"range": ["30d"], "activity": ["Login"], "tz": ["UTC"]})
    row = own_week.run(Query("SELECT * FROM events ORDER BY seq DESC LIMIT 1 OFFSET 1")).to_dict("records")[0]
    labels = ("Same request", "Same session")
    found = {label: link for label, _, link in related_views.views(row, where) if label in labels}
    assert {label: list(parameters.values())[-1] for label, parameters in found.items()} == {
        label: [value] for label, value in shared.items()
    }
    for parameters in found.values():
        assert own_week.run(own_week.queries.total(EventFilter.parse(parameters)[0]))["events"].tolist() == [
            1
        ]
