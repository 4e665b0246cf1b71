"""The statements that compare the records of alarms with the events."""

from audit_store.engines.protocol import Query

_STEP = "INTERVAL 15 minutes"
"""Hours of every time zone begin at a multiple of it."""


def incomplete_histories() -> Query:
    """Rows id, number of revisions, newest revision, of alarms whose revisions do not count up from 1."""
    return Query(
        "SELECT id, count(*), max(revision) FROM alarm_revisions "
        "GROUP BY id HAVING min(revision) <> 1 OR max(revision) <> count(*) ORDER BY id"
    )


def different_hours() -> Query:
    """Rows hour, logins when it was judged, logins now, where the two differ or an hour with logins was not judged.

    Hours that are not over, and events that arrived after the last judgement, are left out.
    """
    return Query(
        f"""
        WITH judged AS (
            SELECT from_json(detector.settings->'logins', '["VARCHAR"]') AS names, below, judged_until, hours_left
            FROM detector, judged_rules
        ), buckets AS (
            SELECT time_bucket({_STEP}, occurred_at) AS bucket, count(*) AS logins
            FROM events, judged
            WHERE list_contains(names, activity) AND seq < below AND occurred_at < judged_until
            GROUP BY ALL
        ), hours AS (
            SELECT hour, judged_hours.logins AS logins
            FROM judged_hours, judged
            WHERE hour + INTERVAL 1 hour <= judged_until
        ), different AS (
            SELECT hour, hours.logins AS before, coalesce(sum(buckets.logins), 0)::BIGINT AS after
            FROM hours LEFT JOIN buckets ON bucket >= hour AND bucket < hour + INTERVAL 1 hour
            GROUP BY ALL
        )
        SELECT hour, before, after FROM different WHERE before <> after
        UNION ALL
        SELECT bucket, 0, logins
        FROM buckets, judged
        WHERE hours_left = 0 AND bucket < judged_until - INTERVAL 1 hour
            AND NOT EXISTS (
                SELECT 1 FROM judged_hours WHERE bucket >= hour AND bucket < hour + INTERVAL 1 hour
            )
        ORDER BY 1
        """
    )


def settled_alarms() -> Query:
    """Rows id, kind, total, noun, where, below, failures, of the alarms on logins that cannot grow any more.

    `failures` are the outcomes of a login that failed, where failed ones alone are counted; else none.
    """
    return Query(
        'SELECT id, kind, total, noun, "where", below, '
        "CASE WHEN kind = 'failed' THEN from_json(detector.settings->'failures', '[\"VARCHAR\"]') ELSE [] END "
        "FROM alarms, judged_rules, detector "
        "WHERE status = 'settled' AND kind IN ('all', 'failed', 'agents', 'agent') ORDER BY starts_at, id"
    )
