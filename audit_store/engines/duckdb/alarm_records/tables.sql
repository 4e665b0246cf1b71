-- The records of alarms. Statements end with a semicolon at the end of a line.

CREATE TABLE alarm_revisions (
    id VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    status VARCHAR NOT NULL,
    change VARCHAR NOT NULL,
    first_recorded_at TIMESTAMP NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    kind VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    agent VARCHAR NOT NULL,
    starts_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP NOT NULL,
    severity VARCHAR NOT NULL,
    reasons JSON NOT NULL,
    noun VARCHAR NOT NULL,
    total BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    succeeded BIGINT NOT NULL,
    peak TIMESTAMP,
    observed BIGINT NOT NULL,
    expected DOUBLE,
    upper DOUBLE,
    score DOUBLE NOT NULL,
    sensitivity VARCHAR NOT NULL,
    provisional BOOLEAN NOT NULL,
    agents JSON NOT NULL,
    addresses JSON NOT NULL,
    more_agents BIGINT NOT NULL,
    more_addresses BIGINT NOT NULL,
    followed_by JSON NOT NULL,
    spans JSON NOT NULL,
    sentence VARCHAR NOT NULL,
    "where" JSON NOT NULL,
    tz VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    PRIMARY KEY (id, revision)
);

CREATE TABLE judged_hours (
    hour TIMESTAMP NOT NULL,
    logins BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    with_outcome BIGINT NOT NULL,
    agents BIGINT NOT NULL,
    judged_from TIMESTAMP NOT NULL
);

CREATE TABLE detector (
    version VARCHAR NOT NULL,
    settings JSON NOT NULL,
    judged_until TIMESTAMP NOT NULL,
    hours_left BIGINT NOT NULL,
    judged_at TIMESTAMP NOT NULL,
    problem VARCHAR NOT NULL
);

CREATE TABLE judged_rules (
    settings JSON NOT NULL,
    below BIGINT NOT NULL
);

-- Conditions on the view apply before the long columns are read, which they would not after a window.
CREATE VIEW alarms AS
    SELECT * FROM alarm_revisions
    WHERE (id, revision) IN (SELECT id, max(revision) FROM alarm_revisions GROUP BY id);

COMMENT ON TABLE alarm_revisions IS 'One row for each revision of an alarm; rows are only added';
COMMENT ON COLUMN alarm_revisions.id IS 'UUID of the alarm, the same in all of its revisions';
COMMENT ON COLUMN alarm_revisions.status IS 'running, settled or withdrawn';
COMMENT ON COLUMN alarm_revisions.change IS 'What the revision changed';
COMMENT ON COLUMN alarm_revisions.starts_at IS 'Start of its first hour, UTC';
COMMENT ON COLUMN alarm_revisions.ends_at IS 'End of its last hour, UTC';
COMMENT ON COLUMN alarm_revisions.score IS '-log10 of the probability of its least likely hour';
COMMENT ON COLUMN alarm_revisions."where" IS 'The logins of its agents in its hours, or what its series counts, as parameters of the URL of the audit log';
COMMENT ON TABLE judged_hours IS 'What was counted in each hour with logins when it was judged';
COMMENT ON COLUMN judged_hours.hour IS 'Start of the hour, UTC';
COMMENT ON COLUMN judged_hours.judged_from IS 'All stretches of time that start then or later are judged with these counts';
COMMENT ON TABLE detector IS 'One row: which detector judged the store, and how far';
COMMENT ON TABLE judged_rules IS 'One row: the rules that were applied to the events with a smaller seq';
COMMENT ON VIEW alarms IS 'The newest revision of each alarm; withdrawn ones have the status withdrawn';
