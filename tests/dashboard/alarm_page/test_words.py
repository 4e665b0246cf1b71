"""Alarms in words."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alarms.records.record import Reason
from dashboard.alarm_page import words
from tests.alarms.records.recorded import record

ALARM = record()
(ADA,) = ALARM.agents
TAKEOVER = "38 failed logins, then 3 successful ones"


@pytest.mark.parametrize(
    ("changes", "who", "what"),
    [
        ({}, "support-7", TAKEOVER),
        ({"reasons": ()}, "support-7", "41 logins, 38 failed, 3 succeeded"),
        ({"kind": "all", "agent": "", "total": 60}, "support-7", TAKEOVER),
        (
            {"kind": "all", "agent": "", "total": 60, "agents": (ADA, replace(ADA, name="bob"))},
            "support-7 and 1 more",
            TAKEOVER,
        ),
        (
            {"kind": "rule", "rule": "bulk-deletion", "reasons": (), "sentence": "ada deleted 12 things"},
            "support-7",
            "ada deleted 12 things",
        ),
        (
            {
                "kind": "rule",
                "rule": "many-agents-from-one-address",
                "agent": "",
                "reasons": (),
                "sentence": "a spray",
            },
            "203.0.113.9",
            "a spray",
        ),
        ({"kind": "rule", "rule": "success-after-failures", "sentence": "ada: …"}, "support-7", TAKEOVER),
        (
            {
                "kind": "watchdog",
                "rule": "silent source",
                "agent": "",
                "addresses": (),
                "reasons": (),
                "sentence": "no events",
            },
            "Silent source",
            "no events",
        ),
    ],
)
def test_a_line_says_who_and_what(changes: dict[str, object], who: str, what: str) -> None:
    alarm = record(**changes)
    assert (words.who(alarm), words.what(alarm)) == (who, what)


def test_a_rule_says_which_address_failed_and_which_succeeded() -> None:
    (address,) = ALARM.addresses
    second = replace(address, name="203.0.113.10", count=3, failed=0, succeeded=3)
    alarm = record(kind="rule", rule="success-after-failures", addresses=(address, second))
    assert words.what(alarm) == f"{TAKEOVER}; failed from 203.0.113.9, succeeded from 203.0.113.10"


def test_a_list_counts_the_agents_that_were_taken_over() -> None:
    assert words.brief(ALARM) == words.what(ALARM) == TAKEOVER
    shares = tuple(replace(ALARM.agents[0], name=f"support-{n}", succeeded=n) for n in range(4))
    alarm = record(agent="", kind="all", agents=shares)
    assert words.brief(alarm) == "6 logins of 3 agents succeeded after failures"


def test_a_reason_is_said_once() -> None:
    (takeover,) = ALARM.reasons
    reasons = (
        takeover,
        Reason("success-after-failures", "x"),
        Reason("many-failures", "x"),
        Reason("**", "*x*"),
    )
    alarm = record(kind="rule", rule="success-after-failures", reasons=reasons)
    assert [(title, text) for title, _, text in words.chips(alarm)] == [
        ("Succeeded after failures", ""),
        ("Many failed logins", ""),
        ("", "*x*"),
    ]


def test_an_attack_that_is_over_does_not_run() -> None:
    alarm = record(status="running")
    assert words.is_running(alarm, alarm.starts_at)
    assert not words.is_running(alarm, alarm.ends_at)


def test_a_moment_has_no_end() -> None:
    alarm = record(ends_at=ALARM.starts_at + timedelta(milliseconds=30))
    assert words.when(alarm, words.ZoneInfo("UTC"), ALARM.starts_at) == "Sat 14 Mar, 13:00"


def test_the_hour_in_which_clocks_go_back_has_an_end() -> None:
    alarm = record(starts_at=datetime(2026, 10, 25), ends_at=datetime(2026, 10, 25, 1))  # noqa: DTZ001
    assert words.when(alarm, words.ZoneInfo("Europe/Berlin"), alarm.starts_at) == "Sun 25 Oct, 02:00–02:00"


def test_what_does_not_work_has_no_end_until_it_works_again() -> None:
    zone, at = words.ZoneInfo("UTC"), ALARM.starts_at
    lasts, over = (record(kind="watchdog", status=status) for status in ("running", "settled"))
    assert words.when(lasts, zone, at) == "since Sat 14 Mar, 13:00"
    assert words.when(over, zone, at) == "Sat 14 Mar, 13:00–14:00"


def test_the_year_is_named_where_it_is_another_one() -> None:
    at = ALARM.starts_at
    assert "2026" not in words.when(ALARM, words.ZoneInfo("UTC"), at)
    assert "2026" in words.when(ALARM, words.ZoneInfo("UTC"), datetime(2027, 1, 5))  # noqa: DTZ001
