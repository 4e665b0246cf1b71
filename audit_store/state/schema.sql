-- The tables of <store>.state.sqlite. Times are RFC 3339 in UTC; `parameters` and `spans` are JSON.
-- Each table also has a column crc32, which row_checksums.py adds.

CREATE TABLE views (
    name TEXT PRIMARY KEY,
    parameters TEXT NOT NULL            -- {parameter: [value, …]}, as in the URL
);

CREATE TABLE marks (
    id INTEGER PRIMARY KEY,             -- the newest mark has the highest
    spans TEXT NOT NULL,                -- [{kind, scope, agent, start, end}, …]: the series and hours of the alarm
    verdict TEXT NOT NULL,
    note TEXT NOT NULL,
    marked_by TEXT NOT NULL,
    marked_at TEXT NOT NULL
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

-- The tables whose rows from a JSON file beside the store are imported, or that have none.
CREATE TABLE imported (
    name TEXT PRIMARY KEY,
    imported_at TEXT NOT NULL
);
