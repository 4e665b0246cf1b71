"""Which alarms on the number of logins say what one of a rule says."""

from dataclasses import replace

import pytest

from alarms.records.record import AlarmRecord, Share
from alarms.rules.logins import is_part
from tests.alarms.records.recorded import HOUR, record


def rule(succeeded: int, agent: str = "support-7") -> AlarmRecord:
    """An alarm of a rule about an agent, so many of whose logins succeeded after failures."""
    return record(kind="rule", rule="success-after-failures", agent=agent, agents=(share(succeeded, agent),))


def share(succeeded: int, agent: str = "support-7") -> Share:
    return replace(record().agents[0], name=agent, succeeded=succeeded)


@pytest.mark.parametrize(
    ("of_rule", "other", "expected"),
    [
        (rule(1), record(agents=(share(1),)), True),
        (rule(1), record(agents=(share(2),)), True),
        (rule(2), record(agents=(share(1),)), False),
        (rule(1), record(agents=(share(0), share(3, "bob"))), False),
        (rule(0), record(agents=(share(0),)), True),
        (rule(0, "bob"), record(agents=(share(0),)), False),
        (
            rule(1),
            record(agents=(share(1),), starts_at=record().ends_at, ends_at=record().ends_at + HOUR),
            False,
        ),
    ],
)
def test_an_alarm_says_what_a_rule_says(of_rule: AlarmRecord, other: AlarmRecord, *, expected: bool) -> None:
    assert is_part(of_rule, other) is expected
