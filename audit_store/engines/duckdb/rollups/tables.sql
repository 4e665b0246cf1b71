-- The roll-ups of a store. Statements end with a semicolon at the end of a line.

CREATE TABLE rollups (
    name VARCHAR NOT NULL,
    covered BIGINT NOT NULL,
    events BIGINT NOT NULL,
    activities VARCHAR[],
    compacted_rows BIGINT NOT NULL,
    compacting TIMESTAMP
);

CREATE TABLE events_by_quarter_hour (
    quarter_hour TIMESTAMP NOT NULL,
    activity VARCHAR NOT NULL,
    outcome VARCHAR,
    source VARCHAR NOT NULL,
    events BIGINT NOT NULL
);

CREATE TABLE events_by_agent_and_day (
    day TIMESTAMP NOT NULL,
    agent VARCHAR NOT NULL,
    activity VARCHAR NOT NULL,
    outcome VARCHAR,
    source VARCHAR NOT NULL,
    events BIGINT NOT NULL,
    quarter_hours UTINYINT[] NOT NULL
);

CREATE TABLE logins_by_quarter_hour (
    quarter_hour TIMESTAMP NOT NULL,
    agent VARCHAR NOT NULL,
    activity VARCHAR NOT NULL,
    outcome VARCHAR,
    source VARCHAR NOT NULL,
    events BIGINT NOT NULL
);

CREATE TABLE logins_by_address_and_week (
    week TIMESTAMP NOT NULL,
    agent VARCHAR NOT NULL,
    source_ip VARCHAR,
    activity VARCHAR NOT NULL,
    events BIGINT NOT NULL
);

COMMENT ON TABLE rollups IS 'What each roll-up counts: exactly the events with seq < covered';
COMMENT ON COLUMN rollups.name IS 'The table';
COMMENT ON COLUMN rollups.covered IS 'Events with a smaller seq are counted, all others are not';
COMMENT ON COLUMN rollups.events IS 'The sum of the table''s column events';
COMMENT ON COLUMN rollups.activities IS 'The activities that are counted; NULL where all are';
COMMENT ON COLUMN rollups.compacted_rows IS 'How many rows the table had after its last compaction';
COMMENT ON COLUMN rollups.compacting IS 'While the table is compacted: the first bucket that is not';
COMMENT ON TABLE events_by_quarter_hour IS 'Counted events; add up rows of equal columns';
COMMENT ON COLUMN events_by_quarter_hour.quarter_hour IS 'Start of the quarter of an hour, UTC';
COMMENT ON TABLE events_by_agent_and_day IS 'Counted events; add up rows of equal columns';
COMMENT ON COLUMN events_by_agent_and_day.day IS 'Start of the day, UTC';
COMMENT ON COLUMN events_by_agent_and_day.quarter_hours IS 'For each event the quarter of an hour of the day, 0 to 95';
COMMENT ON TABLE logins_by_quarter_hour IS 'Counted events of the activities in rollups; add up rows of equal columns';
COMMENT ON COLUMN logins_by_quarter_hour.quarter_hour IS 'Start of the quarter of an hour, UTC';
COMMENT ON TABLE logins_by_address_and_week IS 'Counted events of the activities in rollups; add up rows of equal columns';
COMMENT ON COLUMN logins_by_address_and_week.week IS 'Start of the week, a Thursday as 1970-01-01 was, UTC';
