"""POST /v1/events: what is accepted is stored once, and what is refused says why and stores nothing."""

import contextlib
import gzip
import json
import os
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from audit_store.engines.protocol import Query
from audit_store.engines.registry import open_store
from ingest.fold import fold
from ingest.http import tokens
from ingest.http.bodies import MAX_BYTES
from ingest.http.event_bodies import MOST_PROBLEMS
from tests import ROOT
from tests.ingest.http.servers import JSON, NDJSON, Server, serving

pytestmark = pytest.mark.processes
EVENT = {"agent": "ada", "activity": "Login"}


def rows(store: Path) -> list[dict[str, Any]]:
    """Every event of a store, also what waits, in order."""
    fold(store)
    if not store.exists():
        return []
    with open_store(store).read() as reader:
        table = reader.arrow(
            Query("SELECT * REPLACE (event_id::VARCHAR AS event_id) FROM events ORDER BY seq")
        )
    return [dict(row) for row in table.to_pylist()]


def stored(server: Server, agent: str) -> list[dict[str, Any]]:
    return [row for row in rows(server.store) if row["agent"] == agent]


FULL = {
    "agent": "full",
    "activity": "Staff role updated",
    "description": "ünal 日本",
    "occurred_at": "2026-03-14T10:26:53.589793+01:00",
    "outcome": "success",
    "source_ip": "203.0.113.9",
    "target": "user 7",
    "event_id": "key-1",
    "metadata": {"before": {"role": "agent"}, "after": {"role": "admin"}},
}


def test_an_event_is_stored_as_it_was_sent_with_the_source_of_the_token(server: Server) -> None:
    answer = server.post(FULL)
    assert (answer.status, answer.json["accepted"]) == (202, 1)
    [row] = stored(server, "full")
    assert answer.json["event_ids"] == [row["event_id"]]
    same = ("agent", "activity", "description", "outcome", "source_ip", "target")
    assert {name: row[name] for name in same} == {name: FULL[name] for name in same}
    assert (row["source"], str(row["occurred_at"])) == ("web", "2026-03-14 09:26:53.589793")
    assert json.loads(row["metadata"]) == FULL["metadata"]


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


BATCH = [{"agent": "batch", "activity": "Login", "target": str(number)} for number in range(3)]
LINES = b"\n\n".join(json.dumps(event).encode() for event in BATCH)
BODIES = [
    (json.dumps(BATCH).encode(), {"kind": JSON}),
    (LINES, {"kind": NDJSON}),
    (LINES + b"\r\n", {"kind": "Application/X-NDJSON; charset=utf-8"}),
    (packed(LINES), {"kind": NDJSON, "Content_Encoding": "gzip"}),
    (packed(LINES[:50]) + packed(LINES[50:]), {"kind": NDJSON, "Content_Encoding": "gzip"}),
    (b"\xef\xbb\xbf" + json.dumps(BATCH).encode(), {"kind": JSON}),
]


@pytest.mark.parametrize(("content", "how"), BODIES, ids=range(len(BODIES)))
def test_a_batch_is_stored_in_its_order(server: Server, content: bytes, how: Mapping[str, str]) -> None:
    before = len(stored(server, "batch"))
    answer = server.post(content, **how)
    assert (answer.status, answer.json["accepted"]) == (202, 3)
    new = stored(server, "batch")[before:]
    assert [row["event_id"] for row in new] == answer.json["event_ids"]
    assert [row["target"] for row in new] == ["0", "1", "2"]


def test_an_empty_batch_is_accepted(server: Server) -> None:
    assert server.post([]).json == {"accepted": 0, "event_ids": []}
    members = packed(b"") * 100_000  # a server that copied the rest after each would take minutes
    assert server.post(members, NDJSON, Content_Encoding="gzip").json == {"accepted": 0, "event_ids": []}


@pytest.mark.parametrize("how", ["event_id", "Idempotency-Key", "both"])
def test_an_event_with_a_key_is_stored_once_however_often_it_is_sent(server: Server, how: str) -> None:
    event = {**EVENT, "agent": f"once {how}"} | ({} if how == "Idempotency-Key" else {"event_id": how})
    headers = {} if how == "event_id" else {"Idempotency_Key": how}
    ids = [server.post(event, **headers).json["event_ids"] for _ in range(3)]
    assert ids[0] == ids[1] == ids[2]
    assert [row["event_id"] for row in stored(server, event["agent"])] == ids[0]


INVALID: list[tuple[Any, str, list[tuple[int | None, str | None, str]]]] = [
    ([EVENT, {"agent": "x"}], JSON, [(2, "activity", "it is required")]),
    ([3, [], {**EVENT, "occurred_at": "2026-03-14"}], JSON,
     [(1, "record", "{…}"), (2, "record", "{…}"), (3, "occurred_at", "RFC 3339")]),
    ({**EVENT, "outcome": "maybe"}, JSON, [(1, "outcome", '"success", "failure"')]),
    (b'{"agent": "a", "activity": "b", "\\ud800": 1}', JSON, [(1, "\\ud800", "the fields of an event are agent")]),
    ({**EVENT, "target": "\ud800"}, JSON, [(1, "target", "unpaired surrogate")]),
    ({**EVENT, "metadata": {"a": "\ud800"}}, JSON, [(1, "metadata", "unpaired surrogate")]),
    ({**EVENT, "agnet": "typo"}, JSON, [(1, "agnet", "the fields of an event are agent")]),
    ({**EVENT, "source": "other"}, JSON, [(1, "source", "the token is of the source 'web'")]),
    (b'{"agent": "a", "agent": "b", "activity": "Login"}', JSON, [(None, "record", "duplicate key")]),
    (b'{"agent": "a", "activity": "Login", "metadata": {"n": NaN}}', JSON, [(None, "record", "NaN")]),
    (b'{"agent": "a"', JSON, [(None, None, "the body is not JSON")]),
    (b"", JSON, [(None, None, "the body is not JSON")]),
    (b"[" * 100_000, JSON, [(None, None, "nested less deeply")]),
    (b'{"agent": "\xff"}', JSON, [(None, None, "not UTF-8 at byte 12")]),
    (b'{"agent": "a", "activity": "Login"}\n[1]\n{', NDJSON,
     [(2, "record", "{…}"), (3, "record", "it must be a JSON object")]),
    ([{**EVENT, "event_id": "same", "target": str(number)} for number in (1, 2)], JSON,
     [(None, "event_id", "rows 1 and 2 have the same event_id")]),
]  # fmt: skip


@pytest.mark.parametrize(("content", "kind", "expected"), INVALID, ids=range(len(INVALID)))
def test_what_is_not_valid_is_named_with_its_row_and_nothing_is_stored(
    server: Server, content: Any, kind: str, expected: list[tuple[int | None, str | None, str]]
) -> None:
    before = len(rows(server.store))
    answer = server.post(content, kind)
    assert answer.status == 400
    assert [(problem["row"], problem["field"]) for problem in answer.json] == [case[:2] for case in expected]
    for problem, (_, _, words) in zip(answer.json, expected, strict=True):
        assert words in problem["error"]
    assert len(rows(server.store)) == before


def test_an_answer_lists_the_first_hundred_problems(server: Server) -> None:
    answer = server.post([{"agent": "x"}] * 1000)
    assert (answer.status, len(answer.json)) == (400, MOST_PROBLEMS)


@pytest.mark.parametrize(
    ("content", "key", "words"),
    [
        ([EVENT], "key", "for a body of one JSON object"),
        ({**EVENT, "event_id": "one"}, "another", "the Idempotency-Key is 'another'"),
        (EVENT, "x" * 257, "256 characters"),
    ],
)
def test_an_idempotency_key_that_cannot_hold_is_refused(
    server: Server, content: Any, key: str, words: str
) -> None:
    answer = server.post(content, Idempotency_Key=key)
    assert answer.status == 400
    assert words in answer.json[0]["error"]


LARGE = json.dumps({**EVENT, "description": "x" * MAX_BYTES}).encode()
BROKEN = packed(LINES)
REFUSED: list[tuple[int, bytes, dict[str, str]]] = [
    (401, LINES, {"Authorization": ""}),
    (401, LINES, {"Authorization": "Bearer "}),
    (401, LINES, {"Authorization": "Basic dXNlcjpwYXNz"}),
    (401, LINES, {"Authorization": "Bearer audit_00000000_nobody"}),
    (401, LINES, {"Authorization": "Bearer \xe4\xf6"}),
    (413, LARGE, {}),
    (413, packed(LARGE), {"Content_Encoding": "gzip"}),
    (413, packed(b" " * (1 << 20)) * 20, {"Content_Encoding": "gzip"}),
    (400, b"no gzip", {"Content_Encoding": "gzip"}),
    (400, BROKEN[:-9], {"Content_Encoding": "gzip"}),
    (400, BROKEN[:-8] + bytes(8), {"Content_Encoding": "gzip"}),
    (415, LINES, {"Content_Encoding": "br"}),
    (415, LINES, {"kind": "text/plain"}),
    (415, LINES, {"kind": ""}),
]


@pytest.mark.parametrize(("status", "content", "how"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_read_is_refused_and_nothing_is_stored(
    server: Server, status: int, content: bytes, how: dict[str, str]
) -> None:
    before = len(rows(server.store))
    answer = server.post(content, **{"kind": NDJSON, **how})
    assert (answer.status, "www-authenticate" in answer.headers) == (status, status == 401)
    assert answer.json["error"]
    assert len(rows(server.store)) == before


def test_an_unknown_path_and_method_are_named_in_json(server: Server) -> None:
    assert server.ask("POST", "/v2/events").status == 404
    answer = server.ask("GET", "/v1/events")
    assert (answer.status, answer.json) == (405, {"error": "Method Not Allowed"})


def test_probes_need_no_token(server: Server) -> None:
    assert server.ask("GET", "/healthz").json == {"alive": True}
    assert server.ask("GET", "/readyz").json == {"ready": True}


def test_what_many_programs_send_at_once_is_stored_once_each(server: Server) -> None:
    def send(number: int) -> str:
        answer = server.post({**EVENT, "agent": "crowd", "target": str(number)})
        assert answer.status == 202
        return str(answer.json["event_ids"][0])

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(send, range(200)))
    assert sorted(row["event_id"] for row in stored(server, "crowd")) == sorted(ids)


def test_a_body_beyond_the_memory_for_all_requests_is_to_be_sent_again(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(server.begun(b" " * (MAX_BYTES - 1))) for _ in range(9)]
        refused, *others = select.select(slow, [], [], 30)[0]
        assert others == []
        answer = refused.recv(4096)
        assert answer.startswith(b"HTTP/1.1 429 ")
        assert b"retry-after: 1\r\n" in answer
    assert server.post(EVENT).status == 202


def test_a_revoked_or_expired_token_is_refused(server: Server) -> None:
    token, text = tokens.create(server.store, "other", None)
    deadline = time.monotonic() + 20
    headers = {"Authorization": f"bearer {text}"}
    while (answer := server.post({**EVENT, "agent": "of other"}, **headers)).status == 401:
        assert time.monotonic() < deadline
    assert answer.status == 202
    assert [row["source"] for row in stored(server, "of other")] == ["other"]
    assert tokens.revoke(server.store, token.id)
    while server.post([], **headers).status != 401:
        assert time.monotonic() < deadline
    assert not tokens.revoke(server.store, token.id)


def test_what_was_accepted_survives_a_kill(tmp_path: Path) -> None:
    with serving(tmp_path / "audit.duckdb") as server:
        ids = [server.post({**EVENT, "target": str(number)}).json["event_ids"][0] for number in range(20)]
        ids += server.post([EVENT] * 3).json["event_ids"]
        server.end(signal.SIGKILL)
    assert [row["event_id"] for row in rows(server.store)] == ids


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_asked_to_end_answers_and_folds_what_waits(
    tmp_path: Path, how: signal.Signals
) -> None:
    with serving(tmp_path / "audit.duckdb") as server:
        server.post(EVENT)
        with server.begun(b'{"agent":') as connection:
            server.end(how)
            answer = connection.recv(4096)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1\r\n" in answer
        assert server.process.returncode == 0
    with open_store(server.store).read() as reader:
        found = reader.arrow(Query("SELECT count(*) AS events FROM events"))
    assert found.to_pylist() == [{"events": 1}]


def test_a_store_that_takes_nothing_is_to_be_sent_to_again(tmp_path: Path) -> None:
    with serving(tmp_path / "audit.duckdb") as server:
        spool = server.store.with_name("audit.duckdb.spool")
        spool.write_text("no folder")
        answer = server.post(EVENT)
        assert (answer.status, answer.json["error"][-12:]) == (503, "(not stored)")
        assert int(answer.headers["retry-after"]) > 0
        answer = server.ask("GET", "/readyz")
        assert (answer.status, answer.json["ready"]) == (503, False)
        answer = server.post({}, path="/v1/logs")
        assert answer.status == 200, "a request without records stores nothing"
        spool.unlink()
        assert UUID(server.post(EVENT).json["event_ids"][0])
        assert server.ask("GET", "/readyz").status == 200


def test_an_id_of_the_caller_is_kept(server: Server) -> None:
    own = str(uuid4())
    assert server.post({**EVENT, "event_id": own}).json["event_ids"] == [own]


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_the_command_of_the_documentation_stores_an_event(server: Server) -> None:
    page = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    [command] = re.findall(r"```bash\n(.*?)```", page, re.DOTALL)
    script = command.replace("http://127.0.0.1:8502", server.url)
    environment = os.environ | {"TOKEN": server.token}
    done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, check=True)
    [event_id] = json.loads(done.stdout)["event_ids"]
    assert event_id in [row["event_id"] for row in stored(server, "support-7")]
