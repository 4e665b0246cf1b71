"""What an alarm says of logins that succeeded after failures."""

from collections.abc import Mapping, Sequence

import pandas as pd

from alarms.records.record import RULE, SUCCEEDED, AlarmRecord, Reason, Share, takeover_reason
from audit_store.local_time import wall_clock
from audit_store.quantities import counted
from audit_store.ranges import zone

LEAST_AGENTS = 5
"""Agents that fail from one address, from which on they are many."""
MOST = 20
"""Agents, and addresses, that a record keeps."""
MOST_NAMED = 3
"""Agents, and addresses, that a text names."""


def reason_of(attempts: pd.DataFrame) -> Reason | None:
    """How many logins failed and how many succeeded after; `attempts` has rows of `LoginQueries.attempts_around`."""
    names = ["failed", "failures_before", "succeeded_after"]
    by_agent = attempts.groupby("agent")[names].sum()
    # The first failures may lie before the hours of an alarm, and guessing may go on after a success.
    by_agent["failed"] = by_agent[["failed", "failures_before"]].max(axis=1)
    tried = by_agent[by_agent["failed"] > 0]
    successes = by_agent.loc[by_agent["succeeded_after"] > 0, "succeeded_after"]
    if successes.empty:
        return None
    failed, succeeded = int(tried["failed"].sum()), int(successes.sum())
    if len(tried) == 1:
        return takeover_reason(failed, int(tried["failures_before"].iloc[0]), succeeded)
    by_name = {str(agent): int(number) for agent, number in successes.items()}
    return Reason(
        SUCCEEDED,
        f"{counted(failed, 'failed login')} of {counted(len(tried), 'agent')}; "
        f"{counted(succeeded, 'successful one')}: {_by_agent(by_name)}",
    )


def spraying(attempts: pd.DataFrame) -> pd.DataFrame:
    """Rows attempts, failed, succeeded, agents (that fail) by address, of those with failures of LEAST_AGENTS.

    At least half of the logins from such an address failed.
    """
    rows = attempts[attempts["attempts"] > 0].dropna(subset="source_ip")
    rows = rows.assign(agents=(rows["failed"] > 0).astype(int))
    sums = rows.groupby("source_ip")[["attempts", "failed", "succeeded", "agents"]].sum()
    return sums[(sums["agents"] >= LEAST_AGENTS) & (2 * sums["failed"] >= sums["attempts"])]


def successful(attempts: pd.DataFrame) -> pd.DataFrame:
    """The rows in which an attack succeeded: after failures of the agent, or from an address that tried many."""
    is_sprayed = (attempts["succeeded"] > 0) & attempts["source_ip"].isin(spraying(attempts).index)
    return attempts[(attempts["succeeded_after"] > 0) | is_sprayed]


def most(shares: Sequence[Share]) -> tuple[Share, ...]:
    """At most MOST shares, in their order: those with a success after failures before others."""
    kept = sorted(shares, key=lambda share: not share.succeeded)[:MOST]
    return tuple(share for share in shares if share in kept)


def successes_by(attempts: pd.DataFrame, column: str) -> dict[str, int]:
    """How many logins of each agent, or from each address, succeeded after failures; without those that have none."""
    sums = attempts.dropna(subset=column).groupby(column)["succeeded_after"].sum()
    return {str(name): int(number) for name, number in sums.items() if number}


def taken_over(record: AlarmRecord) -> dict[str, int]:
    """The agents of an alarm with logins that succeeded after failures, and how many."""
    return {share.name: share.succeeded for share in record.agents if share.succeeded}


def with_origins(record: AlarmRecord) -> str:
    """The takeover of an alarm of one agent, and from where: "…; failed from 192.0.2.1, succeeded from 192.0.2.7"."""
    failed = [share.name for share in record.addresses if share.failed]
    succeeded = [share.name for share in record.addresses if share.succeeded]
    if not succeeded or not failed:
        return record.takeover
    if failed == succeeded:
        return f"{record.takeover} from {listed(failed)}"
    return f"{record.takeover}; failed from {listed(failed)}, succeeded from {listed(succeeded)}"


def of_agent(record: AlarmRecord, agent: str) -> str:
    """What an alarm says of one of its agents: all of it if there is no other one."""
    own = next((share for share in record.agents if share.name == agent), None)
    agents = len(record.agents) + record.more_agents
    if own is None or agents == 1:
        return record.sentence
    at = wall_clock(record.starts_at, zone(record.tz))
    part = f"{agent}: {_part(record, own)}, in an alarm about {counted(agents, 'agent')}"
    return f"{part}, {at:%Y-%m-%d %H:%M} {record.tz}"


def _part(record: AlarmRecord, own: Share) -> str:
    if own.succeeded:
        succeeded = f"{counted(own.succeeded, 'login')} succeeded after failures"
        return f"{counted(own.failed, 'failed login')}, {succeeded}" if own.failed else succeeded
    failed = f", {own.failed:,} failed" if own.failed and "failed" not in record.noun else ""
    noun = "logins" if record.kind in ("agents", RULE) else record.noun
    return f"{counted(own.count, noun.removesuffix('s'))}{failed}"


def _by_agent(successes: Mapping[str, int]) -> str:
    """The agents, those with the most first: "olivia 2, priya 1"; a single one without its number."""
    ranked = sorted(successes, key=lambda agent: (-successes[agent], agent))
    return listed([f"{agent} {successes[agent]:,}" for agent in ranked] if len(ranked) > 1 else ranked)


def listed(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are.

    >>> listed(["ada", "bob", "cleo", "dan", "eva"])
    'ada, bob, cleo and 2 more'
    """
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
