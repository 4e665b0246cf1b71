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

CREATE INDEX deliveries_by_sink ON deliveries (sink);

-- The tables whose rows from a JSON file beside the store are imported, or that have none.
CREATE TABLE imported (
    name TEXT PRIMARY KEY,
    imported_at TEXT NOT NULL
);
