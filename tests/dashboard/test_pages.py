"""Every page runs, names bad values of the URL, and draws no text of the log as Markdown."""

import pytest

from audit_store.engines.duckdb.store import Store
from tests.conftest import Fill
from tests.dashboard.page_runs import HOSTILE, MARKDOWN, PAGES, SOME_PAGES, drawn, event, show, words


@pytest.mark.parametrize("page", PAGES)
def test_pages_run_without_an_error(week: Store, page: str) -> None:
    assert show(week, page).title[0].value in ("Activity", "Audit log", "Login spikes", "Agent", "Store")


@pytest.mark.parametrize(
    ("parameters", "notices"),
    [
        (
            {"range": "9d", "tz": "Mars/Olympus", "outcome": "maybe"},
            ["range='9d' was", "tz='Mars/Olympus' was", "outcome='maybe' was"],
        ),
        (
            {"range": "custom", "from_": "yesterday", "outcome": HOSTILE},
            ["from='yesterday' was", "outcome='<img"],
        ),
    ],
)
@pytest.mark.parametrize("page", SOME_PAGES)
def test_a_bad_value_is_named_and_ignored(
    week: Store, page: str, parameters: dict[str, str], notices: list[str]
) -> None:
    texts = [element.value for element in show(week, page, **parameters).text]
    assert [any(text.startswith(notice) for text in texts) for notice in notices] == [True] * len(notices)


@pytest.mark.parametrize("page", PAGES)
def test_no_text_of_the_log_is_drawn_as_markdown(store: Store, fill: Fill, page: str) -> None:
    fields = dict.fromkeys(
        ("agent", "activity", "description", "target", "source_ip", "source"), HOSTILE[:64]
    )
    key = "33333333-3333-4333-8333-333333333333"
    fill(store, [event(1, **fields | {"activity": HOSTILE, "event_id": key}, metadata={HOSTILE: HOSTILE})])
    app = show(store, page, agent=[HOSTILE[:64]], activity=[HOSTILE], not_agent=[HOSTILE], event=key)
    texts = [str(element.value) for element in drawn(app, *MARKDOWN)]
    texts += [f"{element.label}{element.value}{element.delta}{element.help}" for element in app.metric]
    texts += [f"{element.label}{element.help}" for element in drawn(app, "button", "multiselect")]
    texts += [element.label for element in app.expander]
    assert texts
    assert not [text for text in texts if "<img" in text or "evil.example" in text]
    assert not [element for element in app.text if "\u202e" in element.value]
    assert not [option for widget in app.multiselect for option in widget.options if "\u202e" in option]


def test_the_store_page_says_how_far_the_roll_ups_are(week: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Roll-ups" not in words(show(week, "store"))
    monkeypatch.setattr(Store, "batch_rows", 1)
    text = words(show(week, "store"))
    assert "Roll-ups" in text
    assert "0 % of events" in text
