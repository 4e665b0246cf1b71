"""The rules about logins: which of them say the most of one attack, and which other alarms say it already."""

from datetime import timedelta

from alarms.login_alarm import overlaps
from alarms.records.record import WITHDRAWN, AlarmRecord
from alarms.sensitivity import DEFAULT_SENSITIVITY, is_alarm_at
from alarms.takeovers import taken_over

LOGIN_RULES = (
    "success-after-failures",
    "new-address-after-failures",
    "many-failures",
    "many-agents-from-one-address",
)
"""The one that says the most of the same logins first."""


def is_part(record: AlarmRecord, other: AlarmRecord) -> bool:
    """Whether an alarm on the number of logins says all that the one of a rule says.

    That is at the same time, about the same agent with as many successes or, without one, about the same address.
    """
    return (
        record.rule in LOGIN_RULES
        and _is_about(record, other)
        and overlaps((record.starts_at, record.ends_at), (other.starts_at, other.ends_at), timedelta())
    )


def _is_about(record: AlarmRecord, other: AlarmRecord) -> bool:
    if not record.agent:
        return bool({share.name for share in record.addresses} & {share.name for share in other.addresses})
    is_named = record.agent in {share.name for share in other.agents}
    return is_named and taken_over(record).get(record.agent, 0) <= taken_over(other).get(record.agent, 0)


def is_told(record: AlarmRecord) -> bool:
    """Whether an alarm on the number of logins is sent, and listed, unless another sensitivity is chosen."""
    return record.status != WITHDRAWN and is_alarm_at(record.sensitivity, DEFAULT_SENSITIVITY)
