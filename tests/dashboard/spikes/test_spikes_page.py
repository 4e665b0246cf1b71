"""The page of login spikes, over a log with one burst of failed logins."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from tests.conftest import Fill
from tests.dashboard.page_runs import HOSTILE, MAIN

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


def run(store: Store, monkeypatch: pytest.MonkeyPatch, **parameters: str) -> AppTest:
    monkeypatch.setenv("AUDIT_STORE", str(store.path))
    test = AppTest.from_file(str(MAIN), default_timeout=60)
    for name, value in parameters.items():
        test.query_params[name] = value
    test.switch_page(str(Path(MAIN).parents[1] / "pages" / "spikes.py"))
    test.run()
    assert not test.exception
    return test


def sentences(test: AppTest) -> list[str]:
    return [one.value for one in test.text if " logins " in one.value and "by chance" in one.value]


def test_the_burst_is_told_with_its_address_and_leads_to_its_events(
    watched: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = run(watched, monkeypatch, tz="UTC", range="7d")
    worst = sentences(test)[0]
    assert "60 failed" in worst
    assert "203.0.113.99" in worst
    assert "1 address never seen before" in worst
    assert "⟨U+202E⟩" in "".join(sentences(test))


def test_a_mark_survives_and_filters_the_list(watched: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    test = run(watched, monkeypatch, tz="UTC", range="7d")
    before = len(sentences(test))
    saves = [button for button in test.button if str(button.key).startswith("save_")]
    name = str(saves[0].key).removeprefix("save_")
    test.segmented_control(key=f"verdict_{name}").set_value("incident")
    test.text_area(key=f"note_{name}").set_value(f"Asked them {HOSTILE}")
    test.button(key=f"save_{name}").click().run()
    assert not test.exception
    again = run(watched, monkeypatch, tz="UTC", range="7d")
    assert any(one.value.startswith("Note: Asked them") for one in again.text)
    again.pills(key="verdicts").set_value(["incident"]).run()
    assert len(sentences(again)) == 1 < before


def test_evidence_names_who_and_where_from(watched: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    test = run(watched, monkeypatch, tz="UTC", range="7d")
    toggles = [one for one in test.toggle if str(one.key).startswith("evidence_")]
    toggles[0].set_value(True).run()
    assert not test.exception
    addresses = next(frame.value for frame in test.dataframe if "Address" in frame.value)
    assert addresses.iloc[0]["Address"] == "203.0.113.99 · first time ever"
    assert addresses.iloc[0]["Failed"] == 60


def test_without_logins_nothing_is_drawn_and_there_is_a_way_out(
    watched: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = run(watched, monkeypatch, q="no event has this")
    assert len([one for one in test.text if one.value.startswith("No Login or")]) == 1
    assert "Look at all time" in [one.label for one in test.button]
    assert not test.get("vega_lite_chart")


@pytest.mark.parametrize(
    "parameters",
    [{"range": "1h"}, {"activity": "Journey saved"}, {"agent": "nobody"}, {"q": "%"}, {"tz": "Asia/Kolkata"}],
)
def test_any_filter_has_its_words(
    watched: Store, monkeypatch: pytest.MonkeyPatch, parameters: dict[str, str]
) -> None:
    assert run(watched, monkeypatch, **parameters).text
