"""A line typed into the sidebar is the filter of the URL, and a line that cannot be read stays with its problem."""

import pytest

from audit_store.engines.duckdb.store import Store
from dashboard.filters import query_box
from tests.conftest import Fill
from tests.dashboard.page_runs import (
    HOSTILE,
    MARKDOWN,
    component,
    drawn,
    event,
    filters_of,
    metrics,
    show,
    url,
    widget,
    words,
)


def test_a_line_replaces_the_filter(week: Store) -> None:
    app = show(week, range="30d", agent="bob", tz="Asia/Kolkata")
    assert widget(app, "query").value == "range:30d agent:bob"
    widget(app, "query").set_value("agent:a* -activity:Login").run()
    assert url(app) == {"agent": ["a*"], "not_activity": ["Login"], "tz": ["Asia/Kolkata"]}
    assert metrics(app)["Events"] == "1"
    widget(app, "query").set_value("wrong pass").run()
    assert filters_of(app) == {"q": ["wrong pass"]}
    assert widget(app, "query").value == '"wrong pass"'


def test_a_line_that_cannot_be_read_stays_until_it_is_changed(week: Store) -> None:
    app = show(week, agent="ada")
    widget(app, "query").set_value("agent:ada user:x").run()
    assert filters_of(app) == {"agent": ["ada"]}
    assert widget(app, "query").value == "agent:ada user:x"
    assert "the query cannot be read at character 11, 'user:x': give one of outcome, activity" in words(app)
    widget(app, "outcome").set_value(["failure"]).run()
    assert widget(app, "query").value == "outcome:failure agent:ada"
    assert "cannot be read" not in words(app)


def test_what_completes_a_line_is_sent(week: Store) -> None:
    sent = component(show(week), "query_completion")
    assert sent["values"]["agent"] == ["ada", "bob", "eve"]
    assert sent["values"]["outcome"] == ["success", "failure", "none"]


def test_values_of_events_are_read_only_for_the_field_that_is_typed(
    store: Store, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = [event(200, target=target, source="web") for target in ("old", "older")]
    fill(store, [*old, event(2, target="b*"), event(1, target="a b", source_ip="203.0.113.9")])
    app = show(store)
    sent = component(app, "query_completion")
    assert sent["on_request"] == ["source", "ip", "target"]
    assert sent["values"]["target"] == sent["values"]["ip"] == []
    app.session_state["query_asked"] = "target"
    assert component(app.run(), "query_completion")["values"]["target"] == ['"a b"', r"b\*", "old", "older"]
    monkeypatch.setattr(query_box, "NEWEST", 3)
    app.session_state["query_asked"] = "target"
    sent = component(app.run(), "query_completion")
    assert sent["values"]["target"] == ['"a b"', r"b\*"]
    assert sent["on_request"] == ["source", "ip"]
    app.session_state["query_asked"] = "source"
    assert component(app.run(), "query_completion")["values"]["source"] == ["none"]


@pytest.mark.parametrize("line", [HOSTILE, f'agent:"{HOSTILE}" agent:'])
def test_a_line_is_never_markdown(week: Store, line: str) -> None:
    app = show(week, agent=HOSTILE)
    widget(app, "query").set_value(line).run()
    texts = [str(element.value) for element in drawn(app, *MARKDOWN)] + [one.label for one in app.button]
    assert not [text for text in texts if "<img" in text]
