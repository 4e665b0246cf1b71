"""A line typed into the sidebar is the filter of the URL, and a line that cannot be read stays with its problem."""

import pytest

from audit_store.engines.duckdb.store import Store
from tests.dashboard.page_runs import (
    HOSTILE,
    MARKDOWN,
    component,
    drawn,
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


@pytest.mark.parametrize("line", [HOSTILE, f'agent:"{HOSTILE}" agent:'])
def test_a_line_is_never_markdown(week: Store, line: str) -> None:
    app = show(week, agent=HOSTILE)
    widget(app, "query").set_value(line).run()
    texts = [str(element.value) for element in drawn(app, *MARKDOWN)] + [one.label for one in app.button]
    assert not [text for text in texts if "<img" in text]
