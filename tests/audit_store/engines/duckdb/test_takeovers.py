"""The statement of logins that succeeded after failures agrees with a few lines of Python."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from audit_store.engines.duckdb import login_queries
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from audit_store.ranges import Period
from tests.alarms.login_logs import Row, logins, store_of

BEGIN = datetime(2026, 3, 2, 10)  # noqa: DTZ001 - naive UTC
HOUR = timedelta(hours=1)
LEAST = 3


def attempts(dice: random.Random) -> list[Row]:
    """Logins of two agents, some of them before BEGIN, in the order of time."""
    moments = [BEGIN + (number - 6) * timedelta(minutes=2) for number in range(40)]
    return [
        row
        for at in moments
        for row in logins(
            dice.choice("ab"),
            at,
            1,
            outcome=dice.choices(("failure", "success", None), (6, 3, 1))[0],
            address=dice.choice(("192.0.2.1", "192.0.2.2", "192.0.2.3", None)),
        )
    ]


def expected(rows: Sequence[Row]) -> Counter[tuple[str, str | None]]:
    """How many logins of each agent from each address succeeded after failures."""
    usual = {
        (row["agent"], row["source_ip"]) for row in rows if is_before(row) and row["outcome"] == "success"
    }
    in_a_row: Counter[object] = Counter()
    taken, result = set(), Counter[tuple[str, str | None]]()
    for row in (row for row in rows if not is_before(row)):
        agent, own = row["agent"], (row["agent"], row["source_ip"])
        if row["outcome"] == "failure":
            in_a_row.update((agent, own))
        elif row["outcome"] == "success":
            judged_by = own if own in usual else agent
            if in_a_row[judged_by] >= LEAST:
                taken.add(judged_by)
            result[own] += judged_by in taken
            in_a_row[own] = in_a_row[judged_by] = 0
    return +result


def is_before(row: Row) -> bool:
    before: bool = row["occurred_at"] < BEGIN
    return before


@pytest.mark.parametrize("seed", range(20))
def test_the_statement_finds_what_a_few_lines_of_python_find(store: Store, seed: int) -> None:
    rows = attempts(random.Random(seed))
    bucket = (BEGIN - datetime(1970, 1, 1)) // HOUR  # noqa: DTZ001
    found = store_of(store, rows).run(
        login_queries.attempts_around(
            EventFilter(activity=("Login",), period=Period(BEGIN, BEGIN + 2 * HOUR)),
            ("failure",),
            HOUR,
            [(7, bucket + number, None, True) for number in range(2)],
            least_failures=LEAST,
        )
    )
    counts = found[["agent", "source_ip", "succeeded_after"]].itertuples(index=False)
    assert {
        (agent, address if isinstance(address, str) else None): number
        for agent, address, number in counts
        if number
    } == expected(rows)
    assert found["failed"].sum() == sum(row["outcome"] == "failure" and not is_before(row) for row in rows)
