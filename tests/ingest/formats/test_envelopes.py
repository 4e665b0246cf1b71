"""Arrays of records within documents: found, read to their end, and no larger than memory allows."""

import json
from pathlib import Path
from typing import Any

from ingest import formats
from tests.ingest.formats.declared import read_file
from tests.ingest.formats.vendors import check, written

HIT = {
    "_index": "logs",
    "_id": "a1",
    "_source": {
        "@timestamp": "2026-03-14T09:26:53Z",
        "event": {"action": "file-deleted", "outcome": "success"},
        "user": {"name": "ann"},
    },
}
EVENT = {"agent": "ann", "activity": "file-deleted", "occurred_at": "2026-03-14T09:26:53.000000Z"}


def answer(*hits: dict[str, Any]) -> dict[str, Any]:
    return {"took": 3, "hits": {"total": {"value": len(hits)}, "hits": [*hits]}, "aggregations": {"n": [1]}}


def test_the_hits_of_a_search_are_events(tmp_path: Path) -> None:
    hits = [HIT, HIT | {"_id": "a2"}]
    check(tmp_path, "ecs", json.dumps(answer(*hits), indent=2), [EVENT, EVENT])
    result = check(tmp_path, "ecs", [answer(*hits), answer(HIT | {"_id": "a3"})], [EVENT] * 3)
    assert len({row["event_id"] for row in result.rows}) == 3


def test_an_answer_larger_than_a_record_may_be_is_read_to_its_end(tmp_path: Path) -> None:
    hits = [HIT | {"_id": str(number), "padding": "x" * 1000} for number in range(3000)]
    check(tmp_path, "ecs", json.dumps(answer(*hits)), [EVENT] * 3000)


def test_an_answer_that_is_cut_off_is_a_reject_beside_its_hits(tmp_path: Path) -> None:
    text = json.dumps(answer(HIT, HIT | {"_id": "a2"}))
    path = written(tmp_path, text[: text.index("]")])
    result = read_file(path, formats.load("ecs"))
    assert (len(result.rows), len(result.rejects)) == (2, 1)


def test_a_document_without_hits_is_an_event_of_its_own(tmp_path: Path) -> None:
    check(tmp_path, "ecs", [HIT, {"hits": 3, **HIT}], [EVENT, EVENT])
