"""The generated log: the same every time, believable in its totals and rhythm, with spikes that stand out."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from itertools import islice, pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_store import catalogue
from audit_store.event import Event
from demo import Planted, generate, planted
from demo.__main__ import main
from demo.live import trickle
from demo.roster import AGENTS_MAX, roster
from tests.conftest import examples, in_campaign
from tests.demo.demo_log import FIRST, PLANTED, UNTIL, hourly

UNSEEN = ip_network("198.51.100.0/24")
DOCUMENTATION = [UNSEEN, *map(ip_network, ("192.0.2.0/24", "203.0.113.0/24", "2001:db8::/32"))]
EVERYTHING = set(catalogue.load().category_by_activity)


def within(frame: pd.DataFrame, spike: Planted) -> pd.DataFrame:
    """The rows of a planted spike's agents and time."""
    moment = frame["occurred_at"]
    return frame[(moment >= spike.start) & (moment < spike.end) & frame["agent"].isin(spike.agents)]


SMALL: dict[str, Any] = {"seed": 7, "days": 20, "agents": 12, "until": UNTIL}


@pytest.fixture(scope="module")
def small() -> list[dict[str, Any]]:
    return list(generate(**SMALL))


def test_the_same_arguments_give_the_same_events(small: list[dict[str, Any]]) -> None:
    assert list(generate(**SMALL)) == small


@pytest.mark.parametrize(
    "change", [{"seed": 8}, {"until": UNTIL + timedelta(days=1)}, *in_campaign({"days": 19}, {"agents": 11})]
)
def test_other_arguments_give_another_log_with_other_keys(
    small: list[dict[str, Any]], change: dict[str, Any]
) -> None:
    keys = {event["event_id"] for event in small}
    assert keys.isdisjoint(event["event_id"] for event in generate(**SMALL | change))


@pytest.mark.parametrize(("hour", "hours"), [(22, 7), *in_campaign((6, 1), (5, -23))])
def test_within_a_day_a_later_until_only_moves_the_window(hour: int, hours: int) -> None:
    first = datetime(2026, 11, 22, hour, tzinfo=UTC)
    second = first + timedelta(hours=hours)
    earlier, later = sorted((first, second))
    before, after = (list(generate(days=10, agents=8, until=until)) for until in (earlier, later))
    both = [event for event in after if event["occurred_at"] < earlier]
    assert both == [event for event in before if event["occurred_at"] >= later - timedelta(days=10)]
    assert len(after) > len(both)


def test_the_default_until_is_the_start_of_this_hour() -> None:
    last = max(event["occurred_at"] for event in generate(days=2))
    assert last.replace(minute=0, second=0, microsecond=0) < datetime.now(UTC)
    assert timedelta(0) < datetime.now(UTC) - last < timedelta(hours=3)


def test_totals(log: pd.DataFrame) -> None:
    assert 120_000 <= len(log) <= 180_000
    assert log["agent"].nunique() == 40
    assert set(log["activity"]) == EVERYTHING
    assert len(EVERYTHING) == 22
    assert log["activity"].value_counts().min() >= 90  # even the rarest happens daily
    assert 0.2 < (log["activity"] == "Login").mean() < 0.35
    assert log["description"].nunique() > 2_000
    assert (log["description"].str.len() > 10).all()


def test_every_event_is_valid(events: list[dict[str, Any]], campaign: bool) -> None:
    for event in events if campaign else events[::10]:
        assert Event.of(event).description == event["description"]


def test_times_ascend_within_the_window_and_keys_are_unique(log: pd.DataFrame) -> None:
    assert log["occurred_at"].is_monotonic_increasing
    assert log["occurred_at"].iloc[0] >= FIRST
    assert log["occurred_at"].iloc[-1] < UNTIL
    assert log["event_id"].is_unique
    assert UUID(log["event_id"].iloc[0]).version == 4


def test_no_blank_is_left_in_a_sentence(log: pd.DataFrame) -> None:
    assert not log["description"].str.contains("[{}]").any()
    assert not log["target"].dropna().str.contains("[{}]").any()


def test_outcomes(log: pd.DataFrame, logins: pd.DataFrame) -> None:
    assert logins["outcome"].notna().all()
    usual = logins[~logins.index.isin(pd.concat([within(logins, spike) for spike in PLANTED]).index)]
    assert 0.002 < (usual["outcome"] == "failure").mean() < 0.03
    others = log[log["activity"] != "Login"]
    assert set(others["outcome"].dropna()) == {"success", "failure"}
    assert (others["outcome"] == "failure").mean() < 0.03


def test_addresses_are_for_documentation_and_each_agent_has_a_few_of_its_own(log: pd.DataFrame) -> None:
    addresses = {text: ip_address(text) for text in log["source_ip"].unique()}
    assert all(any(address in network for network in DOCUMENTATION) for address in addresses.values())
    usual = log[[addresses[text] not in UNSEEN for text in log["source_ip"]]]
    assert usual.groupby("agent")["source_ip"].nunique().between(1, 3).all()


def test_people_keep_to_their_week_and_their_hours(log: pd.DataFrame) -> None:
    for agent in roster(40):
        own = log[(log["agent"] == agent.name) & (log["activity"] != "Login")]
        local = own["occurred_at"].dt.tz_convert(agent.zone)
        if agent.profile.machine:
            assert 0.12 < (local.dt.day_of_week >= 5).mean() < 0.4, agent.name
            continue
        since = (local.dt.hour + local.dt.minute / 60 - agent.starts) % 24
        assert (since < 10).mean() > 0.9, agent.name
        if agent.kind != "support":
            assert (local.dt.day_of_week >= 5).mean() < 0.1, agent.name


def test_a_joiner_a_leaver_and_absences(log: pd.DataFrame) -> None:
    day = log["occurred_at"].dt.date
    first, last = day.groupby(log["agent"]).min(), day.groupby(log["agent"]).max()
    joined = [agent.name for agent in roster(40) if agent.joined is not None]
    left = [agent.name for agent in roster(40) if agent.left is not None]
    assert [name for name in first.index if first[name] > FIRST.date() + timedelta(days=30)] == joined
    assert [name for name in last.index if last[name] < UNTIL.date() - timedelta(days=12)] == left
    assert (len(joined), len(left)) == (1, 1)
    active = day.groupby(log["agent"]).nunique()
    assert active.min() < 50 < 85 < active.max()


def test_facts_of_the_planted_spikes_are_the_logs_own(logins: pd.DataFrame) -> None:
    assert 8 <= len(PLANTED) <= 10
    assert all(earlier.start < later.start for earlier, later in pairwise(PLANTED))
    for spike in PLANTED:
        rows = within(logins, spike)
        addresses = rows["source_ip"].value_counts()
        usual = 6 * len(spike.agents) * ((spike.end - spike.start) / timedelta(hours=1) + 1)
        assert spike.count <= len(rows) <= spike.count + usual, spike.kind
        if spike.source_ip is not None:
            assert spike.count <= addresses[spike.source_ip], spike.kind
        else:
            assert sum(ip_address(text) in UNSEEN for text in rows["source_ip"]) == spike.count, spike.kind


@pytest.mark.parametrize("spike", [spike for spike in PLANTED if spike.kind != "password spray"])
def test_a_planted_spike_is_five_times_the_usual_of_each_agent(logins: pd.DataFrame, spike: Planted) -> None:
    counts = hourly(logins)
    start, end = (moment.replace(tzinfo=None) for moment in (spike.start, spike.end))
    for agent in spike.agents:
        usual = counts.loc[: start - timedelta(hours=1), agent]
        peak = counts.loc[start - timedelta(hours=1) : end, agent].max()
        assert peak >= 5 * max(usual[usual > 0].median(), 1), agent
        assert peak >= 12


def test_a_spray_shows_in_the_fleet_and_on_no_agent(logins: pd.DataFrame) -> None:
    spray = next(spike for spike in PLANTED if spike.kind == "password spray")
    hour = pd.Timestamp(spike_hour := spray.start.replace(minute=0, tzinfo=None))
    refused = logins[logins["outcome"] == "failure"]
    assert hourly(refused).sum(axis=1)[hour] >= 5 * 12
    assert within(refused, spray).groupby("agent").size().max() <= 5
    acting = (hourly(logins) > 0).sum(axis=1)
    same_hour = acting[(pd.DatetimeIndex(acting.index).hour == spike_hour.hour) & (acting.index != hour)]
    assert acting[hour] >= 1.5 * same_hour.max()


def test_an_intruder_does_something_once_inside(log: pd.DataFrame) -> None:
    takeover = next(spike for spike in PLANTED if spike.kind == "account takeover")
    own = log[(log["source_ip"] == takeover.source_ip) & (log["agent"] == takeover.agents[0])]
    guesses, rest = own[own["activity"] == "Login"], own[own["activity"] != "Login"]
    assert guesses["outcome"].iloc[-1] == "success"
    assert rest["occurred_at"].min() > guesses["occurred_at"].max()
    assert {"API key copied", "Customer list request for segment"} <= set(rest["activity"])


@pytest.mark.parametrize("hour", range(24))
def test_every_default_range_has_something_to_show(hour: int) -> None:
    until = datetime(2026, 5, 13, hour, tzinfo=UTC)
    spikes = planted(7, until)
    ages = [until - spike.end for spike in spikes]
    assert all(until - spike.start < timedelta(days=62) for spike in spikes)  # after four weeks of history
    assert [min(ages) > timedelta(hours=1), min(ages) < timedelta(hours=29)] == [True, True]
    assert sum(age < timedelta(days=7) for age in ages) >= 4
    assert sum(age < timedelta(days=30) for age in ages) >= 7


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"until": datetime(2026, 1, 1)}, "offset"),  # noqa: DTZ001 - the naive time is what is refused
        ({"until": datetime(1989, 1, 1, tzinfo=UTC)}, "1989"),
        ({"until": datetime(1990, 2, 1, tzinfo=UTC)}, "1990"),
        ({"days": 0}, "days is 0"),
        ({"agents": 0}, "agents is 0"),
        ({"agents": AGENTS_MAX + 1}, f"1 to {AGENTS_MAX}"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_refusals_name_the_value(arguments: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        generate(**arguments)
    with pytest.raises(ValueError, match=word):
        planted(**arguments)


@settings(max_examples=examples(12))
@given(
    seed=st.integers(0, 2**32 - 1),
    days=st.integers(1, 12),
    agents=st.integers(1, 60),
    until=st.datetimes(datetime(1991, 1, 1), datetime(2199, 11, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_any_world_is_a_log(seed: int, days: int, agents: int, until: datetime) -> None:
    made = list(generate(seed=seed, days=days, agents=agents, until=until))
    moments = [event["occurred_at"] for event in made]
    assert moments == sorted(moments)
    assert all(until - timedelta(days=days) <= moment < until for moment in moments)
    assert len({event["event_id"] for event in made}) == len(made)
    assert {event["agent"] for event in made} <= {agent.name for agent in roster(agents)}
    for event in made[::50]:
        Event.of(event)
    for spike in planted(seed, until, days=days, agents=agents):
        count = sum(
            spike.start <= event["occurred_at"] < spike.end
            and event["agent"] in spike.agents
            and event["activity"] == "Login"
            for event in made
        )
        assert count >= spike.count


def test_all_names_differ_however_many_agents_are_asked_for() -> None:
    assert len({agent.name for agent in roster(AGENTS_MAX)}) == AGENTS_MAX


def test_a_trickle_happens_now_and_holds_no_attack() -> None:
    made = list(islice(trickle(seed=7, agents=40, now=UNTIL - timedelta(days=4, hours=12)), 300))
    assert all(Event.of(event).occurred_at is None for event in made)
    assert not any(ip_address(event["source_ip"]) in UNSEEN for event in made)
    assert len({event["agent"] for event in made}) > 20


def stored(store: Path) -> int:
    with duckdb.connect(str(store), read_only=True) as connection:
        row = connection.execute("SELECT count(*) FROM events").fetchone()
    assert row is not None
    return int(row[0])


def test_filling_twice_stores_nothing_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "new" / "audit.duckdb"
    command = ["--store", str(store), "--days", "3", "--agents", "12", "--until", "2026-11-22T22:00:00Z"]
    wanted = len(list(generate(days=3, agents=12, until=UNTIL)))
    for words in (f"{wanted:,} events of 12 agents", f"{wanted:,} were there already"):
        assert main(command) == 0
        written = capsys.readouterr()
        assert words in written.err
        assert written.out == ""
    assert "stale password on a phone" in written.err
    assert stored(store) == wanted


def test_live_appends_for_as_long_as_it_is_told(tmp_path: Path) -> None:
    store = tmp_path / "audit.duckdb"
    command = [
        "--store",
        str(store),
        "--days",
        "1",
        "--agents",
        "3",
        "--live",
        "--rate",
        "20",
        "--seconds",
        "1",
    ]
    before = datetime.now(UTC).replace(tzinfo=None)
    assert main(command) == 0
    assert main(["--store", str(store), "--days", "1", "--agents", "3"]) == 0  # folds what live left waiting
    with duckdb.connect(str(store), read_only=True) as connection:
        row = connection.execute("SELECT count(*) FROM events WHERE occurred_at >= ?", [before]).fetchone()
    assert row is not None
    assert 1 <= row[0] <= 21


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--days", "0"], "days is 0"),
        (["--until", "2026-11-22T22:00:00"], "offset"),
        (["--rate", "0"], "--rate"),
        (["--seconds", "nan"], "--seconds"),
    ],
)
def test_the_command_line_refuses_with_status_2(
    arguments: list[str], word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(["--store", str(tmp_path / "audit.duckdb"), *arguments])
    except SystemExit as exit_:
        status = int(str(exit_.code))
    assert status == 2
    assert word in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
