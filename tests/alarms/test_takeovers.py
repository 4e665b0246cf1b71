"""What an alarm keeps and says of logins that succeeded after failures."""

from dataclasses import replace

from alarms.takeovers import MOST, most, of_agent, with_origins
from tests.alarms.records.recorded import record

[SHARE] = record().agents
FAILED = [replace(SHARE, name=f"192.0.2.{n}", count=2, failed=2, succeeded=0) for n in range(MOST + 10)]
SUCCEEDED = replace(SHARE, name="203.0.113.9", count=1, failed=0, succeeded=1)


def test_an_alarm_keeps_the_address_that_succeeded_among_many_that_failed() -> None:
    kept = most([*FAILED, SUCCEEDED])
    assert kept == (*FAILED[: MOST - 1], SUCCEEDED)
    assert with_origins(record(addresses=kept)).endswith("succeeded from 203.0.113.9")


def test_an_agent_is_told_of_its_logins_only() -> None:
    ada, bob = (replace(SHARE, name=name) for name in ("ada", "bob"))
    late = record(agent="", agents=(replace(ada, count=0, failed=0, succeeded=2), bob))
    assert of_agent(late, "ada").startswith(
        "ada: 2 logins succeeded after failures, in an alarm about 2 agents"
    )
    tried = record(kind="rule", agent="", noun="events", agents=(replace(ada, count=3, failed=3), bob))
    assert of_agent(tried, "ada").startswith("ada: 3 logins, 3 failed, in an alarm about 2 agents")
