"""Long metadata: the size of a store, the time of its write, and that of a page of its newest rows.

The older store has the compression that DuckDB chooses by itself, as tables of version 0.1.0 have. It is then
compressed a group of rows at a time, as a dashboard does in the background; the file keeps the free space.
"""

import time
from collections.abc import Callable
from pathlib import Path

from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from audit_store.filters import EventFilter
from benchmarks.folder import temporary_folder

EVENTS = 2 * 122_880 + 10
RUNS = 5
# About 1,300 bytes that a vendor's records have: most names and values repeat, the ids do not.
_FILL = """
INSERT INTO events
SELECT i, uuidv7(), TIMESTAMP '2026-01-01' + to_seconds(i), TIMESTAMP '2026-01-01', 'role-' || hash(i) % 200,
       'GetObject', '', 'success', '203.0.113.9', NULL, 'cloudtrail', json_object(
           'eventVersion', '1.08', 'requestID', md5(i::VARCHAR), 'eventID', md5((i + 1)::VARCHAR),
           'userIdentity', json_object('type', 'AssumedRole', 'arn', 'arn:aws:sts::123456789012:assumed-role/role-'
               || hash(i) % 200 || '/session', 'accessKeyId', 'ASIA' || upper(md5((hash(i) % 200)::VARCHAR))[:16]),
           'userAgent', 'aws-cli/2.13.5 Python/3.11.4 Linux/5.10 exe/x86_64 prompt/off command/s3.cp',
           'requestParameters', json_object('bucketName', 'logs-' || hash(i * 3) % 90, 'key', 'year=2026/month=01/part-'
               || i || '.json.gz', 'Host', 's3.us-east-1.amazonaws.com'),
           'resources', [json_object('type', 'AWS::S3::Object', 'ARN', 'arn:aws:s3:::logs/' || md5((i // 7)::VARCHAR)),
               json_object('accountId', '123456789012', 'type', 'AWS::S3::Bucket', 'ARN', 'arn:aws:s3:::logs')],
           'tlsDetails', json_object('tlsVersion', 'TLSv1.3', 'cipherSuite', 'TLS_AES_128_GCM_SHA256'),
           'additionalEventData', json_object('x-amz-id-2', md5((i + 2)::VARCHAR) || md5((i + 3)::VARCHAR),
               'bytesTransferredOut', hash(i * 5) % 100000, 'SignatureVersion', 'SigV4'), 'readOnly', true,
           'eventType', 'AwsApiCall', 'managementEvent', false, 'recipientAccountId', '123456789012',
           'eventCategory', 'Data')
FROM range($events) numbers(i)
"""
_WITHOUT_COMPRESSION = (
    "CREATE TABLE plain AS FROM events; DROP TABLE events; ALTER TABLE plain RENAME TO events"
)


def main() -> None:
    """Print the figures of a new store, of an older one, and of that after its compression."""
    with temporary_folder() as folder:
        _print("new", *_filled(folder / "new.duckdb"))
        store, seconds = _filled(folder / "older.duckdb", _WITHOUT_COMPRESSION)
        _print("older", store, seconds)
        seconds = _seconds(lambda: [None for _ in iter(store.compress, False)])
        _print("older, compressed", store, seconds)


def _filled(path: Path, *statements: str) -> tuple[Store, float]:
    store = Store(path)

    def fill() -> None:
        with store.write() as connection:
            for statement in statements:
                connection.execute(statement)
            connection.execute(_FILL, {"events": EVENTS})
            connection.execute("CHECKPOINT")

    return store, _seconds(fill)


def _print(name: str, store: Store, seconds: float) -> None:
    columns = ("seq", "occurred_at", "agent", "metadata")
    page = store.queries.page(EventFilter(), below=EVENTS, rows=100, columns=columns)
    newest = min(_seconds(lambda: store.run(page)) for _ in range(RUNS))
    print(
        f"{name:18} {_used(store) / 1e6:6.0f} MB used of {store.path.stat().st_size / 1e6:6.0f}, "
        f"written in {seconds:5.1f} s, newest 100 rows in {newest * 1e3:5.0f} ms"
    )


def _used(store: Store) -> int:
    """The bytes of the blocks that are not free."""
    [size] = store.run(Query("SELECT block_size * used_blocks AS size FROM pragma_database_size()"))["size"]
    return int(size)


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
