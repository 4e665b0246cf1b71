"""Every value of every JSON document in a file is a record or a reject, whatever stands before it."""

import gzip
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_store.errors import InvalidFormat
from ingest.importing.sources import json_documents
from ingest.importing.sources.byte_source import Content
from tests.conftest import in_campaign
from tests.ingest.importing.records import GOOD, lines_of, take

G = GOOD.decode()
DEEP = "[" * 100_000 + "]" * 100_000
LONG = json.dumps({"agent": "x" * (2 << 20)})
LONG_LIST = json.dumps({"agent": ['"', "\\", "]"] * (1 << 17)})


@pytest.mark.parametrize(
    ("text", "rows", "rejects"),
    [
        (f"[{G},{G}]", [1, 2], []),
        (f"[{G}][{G}]", [1, 2], []),
        (f"[{G}]\n\n[{G}]\n", [1, 2], []),
        (f"{G}{G}\n{G}", [1, 2, 3], []),
        (json.dumps(json.loads(G), indent=2), [1], []),
        (f"[{G}]{json.dumps(json.loads(G), indent=2)}", [1, 2], []),
        (f"[{G}] and more", [1], [2, 3]),
        (f"[{G}]]", [1], [2]),
        (f"[{G},{G}", [1, 2], [3]),
        (f'[{G},{{"agent":}},{G}]', [1, 3], [2]),
        (f'[{G},{{"agent":"a"]}},{G}]', [1, 4], [2, 3]),
        (f"[{G},nonsense,{G},5]", [1, 3], [2, 4]),
        (f"[{G},{DEEP},{G}]", [1, 3], [2]),
        (f"[{G},{LONG},{G}]", [1, 3], [2]),
        (f"[{G},{LONG_LIST},{G}]", [1, 3], [2]),
        (f"[{G},{G[:-2]},{G}]", [1], [2]),
        (f"[{G},{LONG[:-2]}", [1], [2]),
        ("[]", [], []),
        ("[1234567", [], [1]),
    ],
)
@pytest.mark.parametrize("pack", [bytes, *in_campaign(gzip.compress)])
def test_documents(text: str, rows: list[int], rejects: list[int], pack: Any) -> None:
    taken, refused = take(pack(text.encode()), "json")
    assert (lines_of(taken), lines_of(refused)) == (rows, rejects)


def test_documents_may_be_members_of_a_gzip_file() -> None:
    taken, refused = take(gzip.compress(f"[{G},5]".encode()) + gzip.compress(f"[{G}]".encode()), "json")
    assert (lines_of(taken), lines_of(refused)) == ([1, 3], [2])


@pytest.mark.parametrize(
    ("text", "rejects"),
    [
        ("{R}{R}", []),
        ("{R}\n{R}\n", []),
        ('{"more":[1,{"x":"]}"}],"Records":[T],"end":{}}{R}', []),
        ("{R}{R} rest", [3]),
        ('{R}{"Records":[T]', [3]),
        ('{R}{"other":12}{R}', [2]),
        ('{R}{"other":[{"Records":[T]}]}', [2]),
        ("{R}[]{R}5", [3]),
    ],
)
def test_every_delivery_in_a_file_counts(text: str, rejects: list[int]) -> None:
    event = {
        "eventTime": "2023-07-10T12:11:14Z",
        "eventName": "CreateVolume",
        "userIdentity": {"type": "Root"},
    }
    trail = json.dumps(event | {"eventID": "1"})
    text = text.replace("{R}", '{"Records":[T]}').replace("T", trail)
    rows, refused = take(text.encode(), "cloudtrail")
    assert len(rows) == text.replace('[{"Records":[', "").count('"Records":[')
    assert lines_of(refused) == rejects


@pytest.mark.parametrize("text", ["", " ", "5", "nonsense", "]"])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(InvalidFormat, match=r"no JSON object or array in this file"):
        take(text.encode(), "json")


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(st.lists(st.lists(values, max_size=6), min_size=1, max_size=4), st.integers(1, 60), st.booleans())
def test_values_come_out_as_they_went_in(documents: list[list[Any]], size: int, ascii_only: bool) -> None:
    text = "\n".join(json.dumps(document, ensure_ascii=ascii_only) for document in documents).encode()
    stream = Content(io.BytesIO(text))

    class Slow:
        damage = ""

        def read(self, _: int) -> bytes:
            return stream.read(size)

    frames = list(json_documents.json_records(Slow(), "$"))
    raws = [raw for frame in frames for raw in frame.table["raw"].to_pylist()]
    assert [json.loads(raw) for raw in raws] == [value for document in documents for value in document]
    assert [reject for frame in frames for reject in frame.rejects] == []
