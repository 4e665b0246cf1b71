"""Alarms on other pages: one a happening, over the right bars, on the right rows, and never in the way of the page."""

from collections.abc import Callable
from datetime import timedelta

import pandas as pd
import pytest

from alarms import mark, read_marks, review, watch_over
from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from dashboard.charts import activity, marks
from dashboard.log.table import READ
from dashboard.spikes import matching, recent
from tests.alarms.login_logs import NOW, Row, logins, looking, office, store_of
from tests.dashboard.page_runs import show, words

HOUR = timedelta(hours=1)
ATTACK = NOW - timedelta(days=6) + 2 * HOUR
SPRAY = NOW - timedelta(days=3) + 21 * HOUR


def attack(agent: str, count: int, at: object = ATTACK) -> list[Row]:
    return logins(agent, at, count, outcome="failure", address="203.0.113.9")


TOGETHER = [
    (attack("support-1", 40) + attack("support-2", 30), [{"support-1", "support-2"}]),
    (attack("support-1", 90) + attack("support-2", 12), [{"support-1"}, {"support-2"}]),
    (attack("support-1", 40) + attack("support-2", 40, ATTACK + 6 * HOUR), [{"support-1"}, {"support-2"}]),
    (attack("support-1", 40) + attack("support-1", 40, ATTACK + 6 * HOUR), [{"support-1"}, {"support-1"}]),
    ([row for n in range(30) for row in attack(f"clerk-{n}", 2)], [set()]),
]


@pytest.mark.parametrize(("rows", "agents"), TOGETHER)
def test_what_is_one_happening_is_one_alarm(store: Store, rows: list[Row], agents: list[set[str]]) -> None:
    found = review(watch_over(store_of(store, office(seed=2) + rows), looking(7), NOW)).alarms
    assert sorted((sorted(alarm.agents) for alarm in found), key=str) == [sorted(each) for each in agents]
    assert all(len({part.key for part in alarm.parts}) == len(alarm.parts) for alarm in found)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Ten weeks of office hours, a brute force on support-3 in office hours, and a spray over clerks at night."""
    rows = office(seed=2) + attack("support-3", 60, ATTACK + 8 * HOUR)
    rows += [row for n in range(30) for row in attack(f"clerk-{n}", 2, SPRAY)]
    return store_of(Store(tmp_path_factory.mktemp("attacked") / "audit.duckdb"), rows)


@pytest.fixture
def known(attacked: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[[EventFilter], list[recent.Told]]:
    """The alarms of the store in a view."""
    monkeypatch.setenv("AUDIT_STORE", str(attacked.path))

    def judged(where: EventFilter) -> list[recent.Told]:
        recent.refresh(where)
        assert not recent.refresh(where), "nothing has changed since"
        return recent.told(where)

    return judged


Known = Callable[[EventFilter], list[recent.Told]]


@pytest.mark.parametrize(
    ("where", "agents"),
    [
        (EventFilter(), [{"support-3"}, set()]),
        (EventFilter(agent=("support-3", "support-1")), [{"support-3"}, set()]),
        (EventFilter(agent=("support-1",)), [set()]),
        (EventFilter(not_agent=("support-3",)), [set()]),
        (EventFilter(activity=("Login", "User deleted"), tz="Asia/Kolkata"), [{"support-3"}, set()]),
        (EventFilter(activity=("User deleted",)), []),
        (EventFilter(not_activity=("Login", "ConsoleLogin")), []),
    ],
)
def test_a_view_has_the_alarms_that_it_could_show(
    known: Known, where: EventFilter, agents: list[set[str]]
) -> None:
    assert sorted((sorted(told.alarm.agents) for told in known(where)), reverse=True) == [
        sorted(each) for each in agents
    ]


def test_rows_of_an_alarm_are_those_of_its_agent_and_of_a_spray_all_logins(
    attacked: Store, known: Known
) -> None:
    told = known(EventFilter())
    events = attacked.run(queries.page(EventFilter(), below=2**62, skip=0, rows=100_000, columns=READ))
    found = matching.of_rows(events, told)
    for one in told:
        rows = events[[each is one for each in found]]
        assert len(rows) == max(part.spike.total for part in one.alarm.closest if part.noun != "agents")
        assert not one.alarm.agents or set(rows["agent"]) == one.alarm.agents
    assert matching.of_rows(events[:0], told) == []
    assert [matching.of_event(events.iloc[place], told) for place in (0, 1)] == found[:2]


@pytest.mark.parametrize(
    ("step", "tz", "starts"),
    [
        (HOUR, "UTC", [ATTACK + 8 * HOUR, SPRAY]),
        (HOUR, "Asia/Kolkata", [ATTACK + 13 * HOUR, ATTACK + 14 * HOUR, SPRAY + 5 * HOUR, SPRAY + 6 * HOUR]),
        (24 * HOUR, "UTC", [ATTACK - 2 * HOUR, SPRAY - 21 * HOUR]),
        (timedelta(days=14), "UTC", [NOW - timedelta(days=14)]),
    ],
)
def test_bars_in_which_an_alarm_lies(known: Known, step: timedelta, tz: str, starts: list[object]) -> None:
    told = known(EventFilter(tz="UTC"))
    bars = pd.date_range(NOW - timedelta(days=14), NOW, freq=step, inclusive="left", unit="us")
    frame = pd.DataFrame({"bucket": bars, "until": bars + step, "events": 5, "category": "Sign-in"})
    found = matching.on_bars(frame, told, [], tz)
    assert found["bucket"].tolist() == starts
    assert found["total"].eq(5).all()
    assert found["said"].str.contains("logins").all()
    assert found["said"].str.contains("1 more alarm").tolist() == [step.days == 14] * len(found)


def test_the_signs_are_a_layer_and_none_without_alarms(known: Known) -> None:
    bars = pd.DatetimeIndex([NOW], dtype="datetime64[us]")
    frame = pd.DataFrame({"bucket": bars, "until": bars + HOUR, "events": 5, "failures": 0})
    frame = frame.assign(category="Sign-in", partial=False)
    chart = activity.timeline(frame, ["Sign-in", "Other"], HOUR)
    said = frame[["bucket", "until"]].assign(total=5, said="support-3: 60 logins")
    layers = marks.with_alarms(chart, said).to_dict()["layer"]
    assert layers[-1]["mark"]["shape"] == "triangle-down"
    assert layers[:-1] == marks.with_alarms(chart, said[:0]).to_dict()["layer"]


def test_a_mark_shows_on_the_bar_the_row_and_in_the_details(attacked: Store, known: Known) -> None:
    told = next(one for one in known(EventFilter(tz="UTC")) if one.alarm.agents)
    mark(attacked.path, told.alarm, "expected")
    made = read_marks(attacked.path)
    assert matching.words([told, None], made) == ["Expected", ""]
    times = {"from_": f"{ATTACK + 8 * HOUR:%Y-%m-%dT%H:%M}", "to": f"{ATTACK + 9 * HOUR:%Y-%m-%dT%H:%M}"}
    view = {"range": "custom", "tz": "UTC", "agent": "support-3"} | times
    listed = show(attacked, "log", **view).dataframe[0].value
    assert [["Expected"]] * len(listed) == listed["alarm"].tolist()
    page = show(attacked, "log", **view, event=listed["event_id"].iloc[0])
    assert "Alarm, marked expected" in words(page)
    assert told.sentence in words(page)
    assert "login alarm" in words(show(attacked, **view))
    assert "login alarm" not in words(show(attacked, **view | {"activity": "User deleted"}))


def test_a_store_that_cannot_be_read_is_left_for_later(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_STORE", str(tmp_path_factory.mktemp("none") / "missing.duckdb"))
    assert not recent.refresh(EventFilter())
    assert recent.told(EventFilter()) == []


def test_a_log_that_grows_is_not_judged_all_the_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_STORE", str(store_of(store, office(seed=2)).path))
    monkeypatch.setattr(recent, "_REST", 1e6)
    assert not recent.refresh(EventFilter())
    store_of(store, attack("support-3", 60))
    assert not recent.refresh(EventFilter())
    monkeypatch.setattr(recent, "_REST", 0)
    assert recent.refresh(EventFilter())
    assert len(recent.told(EventFilter())) == 1
