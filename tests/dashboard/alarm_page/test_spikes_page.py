"""The login-spike page: it lists records, opens one, and keeps what reviewers decide."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from alarms.triage.exceptions import Expected, add, read
from alarms.triage.states import set_state, states
from audit_store.engines.duckdb.store import Store
from audit_store.errors import StoreCorrupt
from dashboard.alarm_page import boxes, decide
from tests.alarms.login_logs import logins, office, store_of
from tests.conftest import in_campaign
from tests.dashboard.alarm_page.recorded import EVIL, HOUR, THIS_HOUR, many, small, takeover, write
from tests.dashboard.page_runs import button, filters_of, show, tables, url, widget, words
from tests.dashboard.test_hostile import check
from tests.hostile import MARK

WORST, OTHER = takeover(), small("support-1", 20)


@pytest.fixture(scope="module")
def office_rows() -> list[dict[str, Any]]:
    """Five weeks of office hours until now, and a brute force on support-3."""
    start = (THIS_HOUR - timedelta(weeks=5)).replace(hour=0)
    rows = [row for row in office(weeks=6, start=start) if row["occurred_at"] < THIS_HOUR]
    return rows + logins("support-3", WORST.starts_at, 88, outcome="failure", address="203.0.113.9")


@pytest.fixture(scope="module")
def office_store(tmp_path_factory: pytest.TempPathFactory, office_rows: list[dict[str, Any]]) -> Store:
    return store_of(Store(tmp_path_factory.mktemp("office") / "audit.duckdb"), office_rows)


@pytest.fixture(scope="module")
def recorded_store(tmp_path_factory: pytest.TempPathFactory, office_store: Store) -> Store:
    return write(copy_of(office_store, tmp_path_factory.mktemp("recorded")), WORST, OTHER)


@pytest.fixture
def store(tmp_path: Path, office_store: Store) -> Store:
    return copy_of(office_store, tmp_path)


@pytest.fixture
def recorded(tmp_path: Path, recorded_store: Store) -> Store:
    """A store with a takeover and a small alarm of the last 7 days."""
    return copy_of(recorded_store, tmp_path)


def copy_of(store: Store, folder: Path) -> Store:
    return Store(Path(shutil.copy(store.path, folder / "audit.duckdb")))


def opened(app: AppTest) -> str:
    """The headline of the opened alarm."""
    return next(text.value for text in app.text if " · " in text.value)


def listed(app: AppTest) -> list[str]:
    return list(app.dataframe[0].value["alarm"])


def badges(app: AppTest) -> list[str]:
    return [one.value.partition("-badge[")[2].rstrip("]") for one in app.markdown if "-badge[" in one.value]


def test_the_page_says_what_is_wrong_since_when_and_who(recorded: Store) -> None:
    app = show(recorded, "spikes", tz="UTC")
    assert "2 open alarms" in words(app)
    assert {"1 critical", "1 low"} <= set(badges(app))
    assert f"since {WORST.starts_at:%a} {WORST.starts_at.day}" in words(app)
    assert "with the running hour" in words(app)
    assert [text.partition(" · ")[0] for text in listed(app)] == ["support-3", "support-1"]
    assert opened(app).startswith("support-3 · ")
    assert words(app).count("82 failed logins, then 6 successful ones") == 1
    assert "Succeeded after failures" in badges(app)
    assert len(app.get("vega_lite_chart")) == 2, "the strip, and the chart of the alarm"


def test_what_followed_and_the_evidence_are_tables(recorded: Store) -> None:
    app = show(recorded, "spikes", tz="UTC")
    followed, evidence = tables(app)
    assert followed["Activity"].tolist() == ["API key copied"]
    assert followed["Risk"].tolist() == ["Sensitive"]
    assert evidence["Name"].tolist() == ["support-3", "203.0.113.9"]
    assert evidence["Failed"].tolist() == ["38", "82"]
    assert evidence["First seen"].tolist()[1] == "New"


def test_an_alarm_in_the_url_is_opened_and_the_keys_move(recorded: Store) -> None:
    app = show(recorded, "spikes", tz="UTC", alarm=OTHER.id)
    assert opened(app).startswith("support-1 · ")
    assert widget(app, "alarm_next").disabled
    widget(app, "alarm_previous").click().run()
    assert url(app)["alarm"] == [WORST.id]
    assert opened(app).startswith("support-3 · ")
    assert widget(app, "alarm_previous").disabled


def test_an_id_that_does_not_exist_is_named(recorded: Store) -> None:
    app = show(recorded, "spikes", tz="UTC", alarm="nothing")
    assert "alarm=nothing was ignored: no alarm has this id" in words(app)
    assert len(listed(app)) == 2


@pytest.mark.parametrize(
    ("parameters", "agents"),
    [
        ({"range": "24h"}, ["support-1"]),
        ({"agent": "support-3"}, ["support-3"]),
        ({"not_agent": "support-3"}, ["support-1"]),
        ({"agent": "*-1"}, ["support-1"]),
        ({"not_agent": "*-3"}, ["support-1"]),
        ({"q": "203.0.113"}, ["support-3"]),
        ({"source_ip": "203.0.113.0/24"}, ["support-3"]),
        ({"source_ip": "192.0.2.1"}, []),
        ({"not_source_ip": "203.0.113.9"}, ["support-1"]),
        ({"activity": "Journey saved"}, []),
        ({"sensitivity": "lowest"}, []),
        ({"state": "closed"}, []),
        *in_campaign(
            ({"activity": "Login"}, ["support-3", "support-1"]),
            ({"state": ["closed", "open"]}, ["support-3", "support-1"]),
        ),
    ],
)
def test_filters_choose_among_the_alarms(
    recorded: Store, parameters: dict[str, Any], agents: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = show(recorded, "spikes", **{"tz": "UTC"} | parameters)
    names = [text.partition(" · ")[0] for text in listed(app)] if agents else []
    assert names == agents
    assert agents or "No alarms" in words(app)


@pytest.mark.parametrize(("name", "value"), [("state", "lost"), ("sensitivity", "extreme")])
def test_a_bad_value_is_named_and_ignored(recorded: Store, name: str, value: str) -> None:
    app = show(recorded, "spikes", **{"tz": "UTC", name: value})
    assert f"{name}='{value}' was ignored" in words(app)
    assert len(listed(app)) == 2


def test_a_hidden_alarm_is_shown_by_its_link(recorded: Store) -> None:
    app = show(recorded, "spikes", tz="UTC", range="24h", alarm=WORST.id)
    assert opened(app).startswith("support-3 · ")
    assert "This alarm is hidden by the current filters." in words(app)


def test_an_alarm_is_acknowledged_with_one_click(recorded: Store) -> None:
    app = show(recorded, "spikes", tz="UTC")
    widget(app, "alarm_acknowledge").click().run()
    assert states(recorded.path).of(WORST).state == "acknowledged"
    again = show(recorded, "spikes", tz="UTC", alarm=WORST.id)
    assert "1 open alarm" in words(again)
    assert widget(again, "alarm_acknowledge").disabled
    assert "Acknowledged by test@example.com" in words(again)


def test_another_state_is_kept_with_its_note_and_author(recorded: Store) -> None:
    app = show(recorded, "spikes", tz="UTC")
    app.segmented_control(key=f"state_of_{WORST.id}").set_value("incident")
    app.text_area(key=f"note_{WORST.id}").set_value(f"Asked them {EVIL}")
    app.user = {"email": "ada@example.com"}
    widget(app, f"save_{WORST.id}").click().run()
    assert not app.exception
    again = show(recorded, "spikes", tz="UTC", state="incident")
    assert "Incident by ada@example.com: Asked them" in words(again)
    assert len(listed(again)) == 1
    check(again)


def test_a_state_that_cannot_be_stored_names_the_file_to_mend(
    recorded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object, **__: object) -> None:
        raise StoreCorrupt("audit.duckdb.state.sqlite is damaged; move it away")

    app = show(recorded, "spikes", tz="UTC")
    monkeypatch.setattr(decide, "set_state", damaged)
    widget(app, "alarm_acknowledge").click().run()
    assert "audit.duckdb.state.sqlite is damaged; move it away" in words(app)
    assert len(listed(app)) == 2


def test_an_alarm_that_grew_says_what_since_when(recorded: Store) -> None:
    set_state(recorded.path, replace(WORST, total=40), "acknowledged")
    app = show(recorded, "spikes", tz="UTC")
    assert "Open again: 88 logins after 40 since acknowledged" in words(app)
    assert "2 open alarms" in words(app)


def test_expecting_an_alarm_makes_an_exception_with_a_preview(recorded: Store) -> None:
    app = show(recorded, "spikes", tz="UTC", alarm=OTHER.id)
    app.session_state["alarm_exception"] = True
    app.run()
    assert "1 alarm of the last 90 days would have been silenced" in words(app)
    app.text_input(key=f"why_{OTHER.id}").set_value("load test")
    widget(app, f"expect_{OTHER.id}").click().run()
    (exception,) = read(recorded.path)
    assert exception.expected == Expected(agent="support-1", kind="agent")
    assert exception.note == "load test"
    assert states(recorded.path).of(OTHER).state == "expected"


def test_a_silenced_alarm_is_listed_under_its_own_status(recorded: Store) -> None:
    until = (THIS_HOUR + timedelta(days=9)).date()
    add(recorded.path, Expected(agent="support-1"), until, at=OTHER.starts_at, by="rita")
    app = show(recorded, "spikes", tz="UTC")
    assert len(listed(app)) == 1
    silenced = show(recorded, "spikes", tz="UTC", state="silenced")
    assert opened(silenced).startswith("support-1")
    assert f"Expected until {until}: support-1" in words(silenced)
    silenced.session_state["exceptions"] = True
    silenced.run()
    widget(silenced, "withdraw_1").click().run()
    assert [exception.withdrawn_by for exception in read(recorded.path)] == ["test@example.com"]
    assert len(listed(show(recorded, "spikes", tz="UTC"))) == 2


def test_a_withdrawn_alarm_says_why(store: Store) -> None:
    write(store, replace(OTHER, status="withdrawn", change="withdrawn: it is part of another"))
    app = show(store, "spikes", tz="UTC")
    assert "No open alarms" in words(app)
    assert "withdrawn: it is part of another" in words(show(store, "spikes", tz="UTC", state="withdrawn"))


def test_the_events_of_an_alarm_are_linked_in_the_zone_of_the_viewer(recorded: Store) -> None:
    app = show(recorded, "spikes", tz="Asia/Kolkata")
    link = next(link for link in app.get("page_link") if link.proto.label == "Show these events")
    start = WORST.starts_at + timedelta(hours=5, minutes=30)
    assert f"from={start:%Y-%m-%dT%H}%3A{start:%M}" in link.proto.query_string
    assert "tz=Asia%2FKolkata" in link.proto.query_string


EMPTY = [
    (None, {}, "Not judged yet", "judges the log in the background"),
    ([], {}, "No alarms", "listed here as soon as they are recorded"),
    ([], {"hours_left": 1200}, "No alarms", "1,200 earlier hours to go"),
    ([], {"problem": "the disk is full"}, "No alarms", "The last judgement failed: the disk is full"),
]


@pytest.mark.parametrize(("records", "progress", "text", "more"), EMPTY)
def test_an_empty_page_says_why_and_when_there_will_be_something_to_see(
    store: Store, records: list[Any] | None, progress: dict[str, Any], text: str, more: str
) -> None:
    if records is not None:
        write(store, *records, **progress)
    app = show(store, "spikes", tz="UTC")
    assert words(app).count(text) == 1
    assert words(app).count(more) == 1
    assert "No open alarms" not in words(app)


def test_a_read_only_dashboard_names_the_command_that_judges(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_READ_ONLY", "1")
    assert f"python -m alarms run --store {store.path}" in words(show(store, "spikes", tz="UTC"))


def test_a_young_log_says_until_when_it_learns(tmp_path: Path) -> None:
    rows = logins("ada", THIS_HOUR - 30 * HOUR, 5)
    app = show(write(store_of(Store(tmp_path / "audit.duckdb"), rows)), "spikes", tz="UTC")
    until = THIS_HOUR - 30 * HOUR + timedelta(days=7)
    assert f"Learning the baseline until {until:%a} {until.day} {until:%b}" in words(app)


def test_the_range_is_not_drawn_while_it_is_learned(tmp_path: Path) -> None:
    rows = [row for n in range(60) for row in logins("ada", THIS_HOUR - n * HOUR, 3)]
    store = write(store_of(Store(tmp_path / "audit.duckdb"), rows), small("ada", 5))
    chart = json.loads(show(store, "spikes", tz="UTC").get("vega_lite_chart")[-1].proto.spec)
    assert "area" not in [layer["mark"]["type"] for layer in chart["layer"]]


def test_500_alarms_are_one_table(store: Store) -> None:
    write(store, WORST, *many(499))
    app = show(store, "spikes", tz="UTC")
    assert len(listed(app)) == 500
    assert opened(app).startswith("support-3")


def test_no_text_of_a_record_is_markdown(store: Store) -> None:
    of_rule = {"agents": (), "kind": "rule", "rule": EVIL, "reasons": (), "sentence": EVIL}
    write(store, takeover(EVIL), takeover("", hours_ago=30, **of_rule))
    for alarm in (takeover(EVIL).id, takeover("", hours_ago=30).id):
        app = show(store, "spikes", tz="UTC", alarm=alarm)
        check(app)
        assert MARK in words(app)


def test_findings_are_computed_when_their_box_is_opened(
    recorded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []
    compute = boxes.alarms.findings

    def counting(*arguments: Any) -> list[Any]:
        findings = compute(*arguments)
        computed.append(len(findings))
        return findings

    monkeypatch.setattr(boxes.alarms, "findings", counting)
    app = show(recorded, "spikes", tz="UTC")
    assert computed == []
    app.session_state["findings"] = True
    app.run()
    links = [link for link in app.get("page_link") if link.proto.label == "Show these events"]
    assert computed[0] > 0
    assert len(links) == 1 + min(computed[0], boxes.MOST_FINDINGS)


def test_no_alarm_in_a_range_offers_all_time(recorded: Store) -> None:
    app = show(recorded, "spikes", range="1h")
    button(app, "Show all time").click().run()
    assert filters_of(app) == {"range": ["all"]}
    assert len(listed(app)) == 2
