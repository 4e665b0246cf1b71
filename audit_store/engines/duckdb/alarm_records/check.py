"""Compares the records of alarms with the events, as far as the tables alone can tell."""

import json
from collections.abc import Iterator
from dataclasses import replace

from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.alarm_records import check_sql
from audit_store.engines.duckdb.connection import Connection, rows_of
from audit_store.filters import EventFilter
from audit_store.quantities import counted


def differences(connection: Connection) -> list[str]:
    """A sentence for each alarm, and for the judged hours, that do not agree with the events.

    Events that arrived after the last judgement are left out. Revisions count up from 1; the hours with logins are
    those that were judged, with as many logins; and an alarm counts what its own filter finds: of all agents, unless
    it is about one, and those that failed, if it is on failed logins.
    """
    return [*_revisions(connection), *_hours(connection), *_alarms(connection)]


def _revisions(connection: Connection) -> Iterator[str]:
    for alarm_id, revisions, newest in rows_of(connection, check_sql.incomplete_histories()):
        yield f"alarm {alarm_id}: {counted(revisions, 'revision')} of {newest}"


def _hours(connection: Connection) -> Iterator[str]:
    hours = rows_of(connection, check_sql.different_hours())
    if hours:
        hour, judged, logins = hours[0]
        yield (
            f"judged_hours: {counted(len(hours), 'hour')} not equal to the events; "
            f"{hour:%Y-%m-%d %H:%M} UTC was judged with {counted(judged, 'login')}, the log has {logins:,}"
        )


def _alarms(connection: Connection) -> Iterator[str]:
    for alarm_id, kind, total, noun, where, below, failures in rows_of(
        connection, check_sql.settled_alarms()
    ):
        events, _ = EventFilter.parse(json.loads(where))
        of_series = events if kind == "agent" else events.without("agent")
        counts = replace(of_series, below=below, outcome=events.outcome or tuple(failures))
        found, agents, *_ = rows_of(connection, queries.summary(counts))[0]
        present = agents if kind == "agents" else found
        if present != total:
            yield f"alarm {alarm_id}: it counts {total:,} {noun}, the log has {present:,}"
