"""An alarm as it is recorded: what, who, when, how much, and what else the events say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alarms.records.identity import SeriesSpan
from audit_store.quantities import counted

RUNNING, SETTLED, WITHDRAWN = "running", "settled", "withdrawn"
RULE, WATCHDOG = "rule", "watchdog"
"""The kinds of the alarms that rules find, and of those about what does not work."""
SUCCEEDED = "succeeded after failures"
"""The name of the reason that says how many logins succeeded after failures in a row."""
LEAST_FAILURES = 5
"""Failed logins of an agent in a row, after which a success is a reason for concern."""
SEVERITIES = ("critical", "high", "medium", "low")
"""The severities, the worst first."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A fact that sets the severity: its `name`, such as "administrator", and a short `text` for a reviewer."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Share:
    """The part of an alarm that is an agent's or an address's.

    `count` is what the alarm counts, `failed` the failed logins among it, and `succeeded` the logins that succeeded
    after failures; `usual` is the mean of the same hours on
    the days before (None: there are none). `first_seen` is the first login (naive UTC), None where it is
    known to be earlier and was not looked up; `is_new`: not before the alarm.
    """

    name: str
    count: int
    failed: int
    usual: float | None
    first_seen: datetime | None
    is_new: bool
    succeeded: int = 0


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What an agent of an alarm did from an address afterwards: `events` of one activity, the first at `first_at`.

    `is_sensitive`: the catalogue lists the activity as sensitive.
    """

    activity: str
    agent: str
    address: str | None
    events: int
    first_at: datetime
    is_sensitive: bool


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    """One alarm at one revision; all times are naive UTC.

    `id` is a UUID that never changes, `revision` counts from 1, and `change` says what the revision changed. `status`
    is RUNNING (its last hour, or one of the two after it, is not over), SETTLED or WITHDRAWN. `kind` is a series of
    login_alarm.SERIES_NAMES, "rule" or "watchdog"; `rule` is the name of the rule, else ""; `agent` is "" for an
    alarm over many agents. It covers [`starts_at`, `ends_at`).

    `noun` is what is counted, in the plural. `succeeded` are all successes, but those after failures alone where the
    noun is failed logins.
    `observed`, `expected`, `upper` and `score` (−log10 p) are those of the least likely hour, which starts at
    `peak`. `sensitivity` names the least sensitive of SENSITIVITIES at which it is an alarm; `provisional`: the
    series was still learning. `agents` and `addresses` begin with the largest excess, `followed_by` with what is
    sensitive. `spans` are all series in which it was seen, its own first. `sentence` has its times in the zone
    `tz`. `where` holds the logins of its agents in its hours, or what its series counts, as parameters of
    a URL. `version` is the detector's.
    """

    id: str
    revision: int
    status: str
    change: str
    first_recorded_at: datetime
    recorded_at: datetime
    kind: str
    rule: str
    agent: str
    starts_at: datetime
    ends_at: datetime
    severity: str
    reasons: tuple[Reason, ...]
    noun: str
    total: int
    failed: int
    succeeded: int
    peak: datetime | None
    observed: int
    expected: float | None
    upper: float | None
    score: float
    sensitivity: str
    provisional: bool
    agents: tuple[Share, ...]
    addresses: tuple[Share, ...]
    more_agents: int
    more_addresses: int
    followed_by: tuple[FollowUp, ...]
    spans: tuple[SeriesSpan, ...]
    sentence: str
    where: Mapping[str, list[str]]
    tz: str
    version: str

    @property
    def works_again(self) -> bool:
        """Whether it is about something that did not work and does again."""
        return self.kind == WATCHDOG and self.status == SETTLED

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done: it is withdrawn, or what it is about works again."""
        return self.status == WITHDRAWN or self.works_again

    @property
    def takeover(self) -> str:
        """See `takeover_of`."""
        return takeover_of(self.reasons)


def takeover_reason(failed: int, failures: int, succeeded: int) -> Reason:
    """The reason of an alarm in which so many logins failed, and so many succeeded after `failures` in a row."""
    successes = counted(succeeded, "successful one")
    # Guessing may go on after it has succeeded.
    order = f"then {successes}" if failures >= failed else f"{successes} after {failures} of them"
    return Reason(SUCCEEDED, f"{counted(max(failed, failures), 'failed login')}, {order}")


def takeover_of(reasons: Sequence[Reason]) -> str:
    """How many logins failed in a row and then succeeded, in words; empty for an alarm without that reason."""
    return next((reason.text for reason in reasons if reason.name == SUCCEEDED), "")
