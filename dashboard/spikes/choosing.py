"""Which recorded alarms a filter leaves."""

from collections.abc import Callable, Iterable, Sequence

from alarms.records.record import AlarmRecord
from audit_store.filters import EventFilter, Value, has_address, matches


def concerns(record: AlarmRecord, where: EventFilter) -> bool:
    """Whether a filter leaves one of the agents, activities and addresses of an alarm, whatever its time range.

    A record names the agents and addresses with most of it alone; where it has more, those may be left, too.
    """
    agents = [share.name for share in record.agents] or [record.agent]
    addresses = [share.name for share in record.addresses] or [""]
    return (
        leaves(where.activity, where.not_activity, record.where.get("activity", ()))
        and (record.more_agents > 0 or leaves(where.agent, where.not_agent, agents))
        and (
            record.more_addresses > 0
            or leaves(where.source_ip, where.not_source_ip, addresses, has=has_address)
        )
    )


def leaves(
    selected: Sequence[Value],
    excluded: Sequence[Value],
    names: Sequence[str],
    has: Callable[[Iterable[Value], str], bool] = matches,
) -> bool:
    """Whether a filter leaves some of these names; where none is known, it leaves them."""
    return not names or any(
        (not selected or has(selected, name)) and not has(excluded, name) for name in names
    )
