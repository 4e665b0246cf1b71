"""The files of rules: the built-in one, one's own over it, and what is wrong with one."""

from datetime import timedelta
from pathlib import Path

import pytest

from alarms.rules import rule, rules_file
from audit_store.errors import InvalidFormat


def test_own_settings_lie_over_the_built_in_ones(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("[bulk-deletion]\nevents = 3\n\n[dormant-agent]\nenabled = true\n", encoding="utf-8")
    built_in, own = rules_file.load(), rules_file.load(path)
    assert own["bulk-deletion"] == rule.BulkDeletion(
        enabled=True,
        severity="high",
        activities=("User deleted", "Segment deleted", "Journey deleted", "Delete widget popup"),
        events=3,
        within="10m",
    )
    assert own["dormant-agent"].enabled
    assert {name for name in own if own[name] != built_in[name]} == {"bulk-deletion", "dormant-agent"}


def test_the_file_of_the_environment_comes_before_that_beside_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, named = tmp_path / "audit.duckdb", tmp_path / "mine.toml"
    assert rules_file.in_force(store) == rules_file.load()
    (tmp_path / "rules.toml").write_text("[bulk-deletion]\nevents = 3\n", encoding="utf-8")
    assert rules_file.in_force(store) == rules_file.load(tmp_path / "rules.toml")
    monkeypatch.setenv("AUDIT_RULES", str(named))
    with pytest.raises(InvalidFormat, match=r"mine\.toml"):
        rules_file.in_force(store)
    named.write_text("[bulk-deletion]\nevents = 4\n", encoding="utf-8")
    assert rules_file.in_force(store) == rules_file.load(named)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[bulk]\nevents = 3", "line 1: bulk: there is no rule 'bulk'; give one of success-after-failures, "),
        (
            "\n[bulk-deletion]\nwithin = '10m'\nevents = 0",
            "line 4: bulk-deletion events: 0 is not allowed; give a whole number of 1 or more",
        ),
        (
            "[bulk-deletion]\nevents = '3'",
            "line 2: bulk-deletion events: '3' is not allowed; give a whole number of 1 or more",
        ),
        (
            "[bulk-deletion]\nwithin = '10 minutes'",
            "line 2: bulk-deletion within: '10 minutes' is not allowed; give a whole number and s, m, h or d",
        ),
        (
            "[bulk-deletion]\nactivities = []",
            "line 2: bulk-deletion activities: [] is not allowed; give a list of at least one text",
        ),
        (
            "[bulk-deletion]\nenabled = 1",
            "line 2: bulk-deletion enabled: 1 is not allowed; give true or false",
        ),
        (
            "[bulk-deletion]\ncount = 1",
            "line 2: bulk-deletion count: there is no such setting; give one of enabled, severity, activities, events",
        ),
        (
            "[bulk-deletion]\nseverity = 'dire'",
            "line 2: bulk-deletion severity: 'dire' is not allowed; give critical, high, medium or low",
        ),
        ("bulk-deletion = 3", "line 1: bulk-deletion: write the settings of a rule under [bulk-deletion]"),
        ("[bulk-deletion", "rules "),
    ],
)
def test_an_error_names_the_file_the_line_and_the_value(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidFormat) as raised:
        rules_file.load(path)
    assert message in str(raised.value)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("1h", timedelta(hours=1)),
        ("90d", timedelta(days=90)),
    ],
)
def test_a_length_of_time_has_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    assert rule.length(text) == expected
