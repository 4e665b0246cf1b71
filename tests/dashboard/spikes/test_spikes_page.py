"""The login-spike page, over a log with one burst of failed logins."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import alarms
from audit_store.engines.duckdb.store import Store
from audit_store.errors import StoreCorrupt
from audit_store.event import Event
from dashboard.spikes import review_data
from tests.conftest import Fill
from tests.dashboard.page_runs import HOSTILE, button, show, url, words

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
BURST = NOW - timedelta(days=2, hours=3)


def logins() -> Iterator[Event]:
    """Five weeks of three agents who log in once an hour; an address tries one of them, another has a busy hour."""
    for hour in range(24 * 35):
        for number in range(3):
            at = NOW - timedelta(days=35) + timedelta(hours=hour, minutes=7 * number + 1)
            yield login(f"agent {number} {HOSTILE}", at, outcome="success", source_ip=f"192.0.2.{number}")
    for second in range(60):
        at = BURST + timedelta(seconds=50 * second)
        yield login(f"agent 0 {HOSTILE}", at, outcome="failure", source_ip="203.0.113.99")
        if second < 40:
            yield login(
                f"agent 1 {HOSTILE}", at - timedelta(days=2), outcome="success", source_ip="192.0.2.1"
            )


def login(agent: str, at: datetime, **fields: Any) -> Event:
    return Event.of({"agent": agent[:256], "activity": "Login", "occurred_at": at, **fields})


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, fill: Fill) -> Store:
    return fill(Store(tmp_path_factory.mktemp("spikes") / "audit.duckdb"), logins())


def sentences(app: AppTest) -> list[str]:
    return [text.value for text in app.text if " logins " in text.value and "by chance" in text.value]


def test_the_burst_is_listed_with_its_address(watched: Store) -> None:
    app = show(watched, "spikes", tz="UTC", range="7d")
    worst = sentences(app)[0]
    assert "60 failed" in worst
    assert "203.0.113.99" in worst
    assert "1 address never seen before" in worst
    assert "⟨U+202E⟩" in "".join(sentences(app))


def test_a_mark_is_kept_with_its_author_and_filters_the_list(watched: Store) -> None:
    app = show(watched, "spikes", tz="UTC", range="7d")
    before = len(sentences(app))
    name = next(str(button.key) for button in app.button if str(button.key).startswith("save_"))
    name = name.removeprefix("save_")
    app.segmented_control(key=f"verdict_{name}").set_value("incident")
    app.text_area(key=f"note_{name}").set_value(f"Asked them {HOSTILE}")
    app.user = {"email": "ada@example.com"}
    app.button(key=f"save_{name}").click().run()
    assert not app.exception
    again = show(watched, "spikes", tz="UTC", range="7d")
    assert any(
        text.value.startswith("Marked by ada@example.com on") and "Asked them" in text.value
        for text in again.text
    )
    again.pills(key="verdicts").set_value(["incident"]).run()
    assert len(sentences(again)) == 1 < before
    again.pills(key="verdicts").set_value(["expected"]).run()
    assert "No alarms match." in words(again)


def test_a_mark_that_cannot_be_stored_names_the_file_to_mend(
    watched: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object, **__: object) -> None:
        raise StoreCorrupt("audit.duckdb.state.sqlite is damaged; move it away")

    app = show(watched, "spikes", tz="UTC", range="7d")
    monkeypatch.setattr(alarms, "mark", damaged)
    next(button for button in app.button if str(button.key).startswith("save_")).click().run()
    assert "audit.duckdb.state.sqlite is damaged; move it away" in words(app)
    assert "audit_store repair" not in words(app)
    assert sentences(app)


def test_evidence_names_agents_and_addresses(watched: Store) -> None:
    app = show(watched, "spikes", tz="UTC", range="7d")
    next(toggle for toggle in app.toggle if str(toggle.key).startswith("evidence_")).set_value(True).run()
    assert not app.exception
    addresses = next(frame.value for frame in app.dataframe if "Address" in frame.value)
    assert addresses.iloc[0]["Address"] == "203.0.113.99 · first seen"
    assert addresses.iloc[0]["Failed"] == 60


def test_findings_are_computed_when_their_box_is_opened(
    watched: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []
    findings = review_data.findings

    def counting(*arguments: Any) -> list[Any]:
        listed = findings(*arguments)
        computed.append(len(listed))
        return listed

    monkeypatch.setattr(review_data, "findings", counting)
    app = show(watched, "spikes", tz="UTC", range="7d")
    assert computed == []
    app.session_state["findings"] = True
    app.run()
    links = [link for link in app.get("page_link") if link.proto.label == "Show these events"]
    assert computed[0] > 0
    assert len(links) == len(sentences(app)) + computed[0]


def test_without_logins_the_page_offers_all_time(watched: Store) -> None:
    app = show(watched, "spikes", q="no event has this", range="30d")
    assert len([text for text in app.text if text.value.startswith("No Login or")]) == 1
    assert not app.get("vega_lite_chart")
    button(app, "Show all time").click().run()
    assert url(app) == {"q": ["no event has this"], "range": ["all"]}


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"range": "24h"}, "hours stand out."),
        ({"activity": "Journey saved"}, "The filter excludes all logins"),
        ({"agent": "nobody"}, "No Login or ConsoleLogin of the selected agents since"),
        ({"tz": "Asia/Kolkata"}, "hours stand out."),
    ],
)
def test_every_filter_says_how_the_logins_stand(
    watched: Store, parameters: dict[str, str], text: str
) -> None:
    assert text in words(show(watched, "spikes", **parameters))
