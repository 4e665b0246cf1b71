-- The tables of <store>.state.sqlite. Times are RFC 3339 in UTC; `parameters`, `spans` and `seen` are JSON.
-- Each table also has a column crc32, which row_checksums.py adds.

CREATE TABLE views (
    name TEXT PRIMARY KEY,
    parameters TEXT NOT NULL            -- {parameter: [value, …]}, as in the URL
);

-- The view with which the dashboard opens; no row: with all events of the last seven days.
CREATE TABLE default_view (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL                  -- of a view
);

CREATE TABLE marks (
    id INTEGER PRIMARY KEY,             -- the newest mark has the highest
    spans TEXT NOT NULL,                -- [{kind, scope, agent, start, end}, …]: the series and hours of the alarm
    verdict TEXT NOT NULL,
    note TEXT NOT NULL,
    marked_by TEXT NOT NULL,
    marked_at TEXT NOT NULL
);

-- The newest state of an alarm counts. An alarm without one has that of the newest mark on its hours.
CREATE TABLE triage (
    id INTEGER PRIMARY KEY,
    alarm_id TEXT NOT NULL,             -- the column id of the view `alarms` of the store
    state TEXT NOT NULL,                -- open, acknowledged, expected, incident or closed
    note TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at TEXT NOT NULL,
    seen TEXT NOT NULL                  -- {ends_at, total, agents, addresses, …}: the figures of the alarm at that time
);

-- Alarms that are expected: recorded, and not sent.
CREATE TABLE exceptions (
    id INTEGER PRIMARY KEY,
    agent TEXT NOT NULL,                -- whose alarms; empty: of anybody
    address TEXT NOT NULL,              -- from which address; empty: from any
    kind TEXT NOT NULL,                 -- of which kind, or by which rule; empty: of any
    hours TEXT NOT NULL,                -- [value, …]: hours of the week, as the parameter `hours`; empty: any
    until TEXT NOT NULL,                -- the first day on which they are not expected
    note TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at TEXT NOT NULL,               -- alarms that begin before this hour are not expected
    withdrawn_by TEXT,
    withdrawn_at TEXT                   -- NULL while it holds
);

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    sink TEXT NOT NULL,
    key TEXT NOT NULL,                  -- the Idempotency-Key
    spans TEXT NOT NULL,
    sentence TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at TEXT NOT NULL,
    delivered_at TEXT                   -- NULL until the receiver acknowledges the message
);

-- The deliveries that a receiver has not acknowledged although they were sent.
CREATE TABLE attempts (
    delivery_id INTEGER PRIMARY KEY,
    failures INTEGER NOT NULL,
    next_at TEXT NOT NULL,              -- not sent again before this time
    refused_at TEXT,                    -- not NULL: a dead letter, which is sent again on request only
    answer TEXT NOT NULL                -- why it was not acknowledged
);

-- Who may send events over HTTP. The token itself is not stored.
CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    source TEXT NOT NULL,               -- the source of every event that is sent with it
    sha256 TEXT NOT NULL,               -- of the token, in hexadecimal
    created_at TEXT NOT NULL,
    expires_at TEXT,                    -- NULL: never
    revoked_at TEXT                     -- NULL while it holds
);

-- The tables whose rows from a JSON file beside the store are imported, or that have none.
CREATE TABLE imported (
    name TEXT PRIMARY KEY,
    imported_at TEXT NOT NULL
);
