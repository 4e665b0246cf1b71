-- The tables of a store. Statements end with a semicolon at the end of a line.

CREATE TABLE store_info (
    store_id UUID NOT NULL,
    schema_version INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE events (
    seq BIGINT NOT NULL,
    event_id UUID NOT NULL,
    occurred_at TIMESTAMP NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    agent VARCHAR NOT NULL,
    activity VARCHAR NOT NULL,
    description VARCHAR NOT NULL,
    outcome VARCHAR,
    source_ip VARCHAR,
    target VARCHAR,
    source VARCHAR NOT NULL,
    metadata JSON NOT NULL USING COMPRESSION zstd
);

CREATE TABLE folded_segments (
    name VARCHAR NOT NULL,
    folded_at TIMESTAMP NOT NULL,
    set_aside BOOLEAN NOT NULL,
    stored BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    conflicts BIGINT NOT NULL,
    rejected BIGINT NOT NULL
);

COMMENT ON TABLE events IS 'One row an event, append-only';
COMMENT ON COLUMN events.seq IS 'Position in the log: 0, 1, 2, … without a gap';
COMMENT ON COLUMN events.event_id IS 'The event''s own key when it is a UUID, else UUIDv5 of (source, key); unique within source';
COMMENT ON COLUMN events.occurred_at IS 'When it happened, UTC, microseconds';
COMMENT ON COLUMN events.recorded_at IS 'When it was stored in this file, UTC, microseconds';
COMMENT ON COLUMN events.agent IS 'Who acted: a person, a service, an API key';
COMMENT ON COLUMN events.activity IS 'The kind of act';
COMMENT ON COLUMN events.description IS 'One sentence for a person';
COMMENT ON COLUMN events.outcome IS 'success, failure, or NULL where not given';
COMMENT ON COLUMN events.source_ip IS 'Where the request came from; NULL where not given';
COMMENT ON COLUMN events.target IS 'What it was done to; NULL where not given';
COMMENT ON COLUMN events.source IS 'The system that reported it, the scope of its keys; empty where not given';
COMMENT ON COLUMN events.metadata IS 'Anything else: the JSON text of one object';
COMMENT ON TABLE folded_segments IS 'What became of spool segments: each is folded once, and its file goes afterwards';

CREATE TRIGGER events_keep_rows AFTER DELETE ON events FOR EACH STATEMENT
    INSERT INTO folded_segments (name) SELECT error('events are append-only: none may be deleted');
CREATE TRIGGER events_keep_values AFTER UPDATE ON events FOR EACH STATEMENT
    INSERT INTO folded_segments (name) SELECT error('events are append-only: none may be changed');
