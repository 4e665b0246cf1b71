"""Whether the store works, in one sentence: it can be read, it is folded, and its log is judged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from audit_store.quantities import counted
from dashboard.store_page.health import Health
from dashboard.times import age

Level = Literal["good", "warning", "bad"]
"""How bad a finding is; the last one is the worst."""
LEVELS: tuple[Level, ...] = ("good", "warning", "bad")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not work, or works not as expected, with the next step. May hold text of the log."""

    level: Level
    sentence: str


def findings(health: Health, now: datetime) -> list[Finding]:
    """What is wrong with a store at `now` (naive UTC), the worst first; nothing where everything works."""
    listed = [*_reading(health), *_folding(health), *_detection(health, now), *_left_over(health)]
    return sorted(listed, key=lambda finding: -LEVELS.index(finding.level))


def level(listed: list[Finding]) -> Level:
    """The level of the worst finding."""
    return listed[0].level if listed else "good"


def _reading(health: Health) -> Iterator[Finding]:
    if health.problem is not None and not health.is_new:
        yield Finding("bad", f"The store cannot be read: {health.problem}")


def _folding(health: Health) -> Iterator[Finding]:
    if health.fold_error:
        yield Finding("bad", f"The last fold failed; it is retried until it succeeds: {health.fold_error}")
    elif not health.folds and health.waiting:
        waiting = counted(health.waiting, "event")
        yield Finding(
            "warning",
            f"This dashboard is read-only, and {waiting} wait in the spool. Run: python -m ingest fold {health.option}",
        )


def _detection(health: Health, now: datetime) -> Iterator[Finding]:
    progress, error = health.progress, health.detector_error
    if error or (progress and progress.problem):
        yield Finding(
            "bad", f"The last judgement of the log failed: {error or (progress and progress.problem)}"
        )
    elif progress and progress.judged_until is None and health.contents and health.contents.events:
        yield Finding(
            "warning", f"The log is not judged for alarms yet. Run: python -m alarms run {health.option}"
        )
    elif progress and (until := progress.behind(now)) is not None:
        yield Finding(
            "warning",
            f"The log is judged for alarms only until {age(until, now)}. Run: python -m alarms run {health.option}",
        )
    yield from (Finding("warning", sentence) for sentence in health.faults)


def _left_over(health: Health) -> Iterator[Finding]:
    counts = (
        (len(health.set_aside), "segment", "set aside: some of the events could not be stored"),
        (len(health.not_folded), "file", "in the spool that no fold takes"),
        (len(health.unusable), "file", "moved aside: DuckDB could not use it"),
        (len(health.refused_alarms), "alarm", "refused by a receiver"),
    )
    for count, noun, what in counts:
        if count:
            yield Finding("warning", f"{counted(count, noun)} {what}.")
