"""A file that is not of the named format: no line of it is lost without a word."""

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_store.errors import InvalidFormat
from ingest import formats
from ingest.importing.record_reader import ReadOptions, read
from tests.conftest import examples, rest_in_campaign

RUBBISH = [
    "all work and no play",
    "\ttab first",
    "   spaces first",
    "2026-03-14 09:26:53 something else",
    "key=value other='it''s'",
    "{",
    '{"a": 1}',
    "null",
    "[1, 2]",
    "<html>",
    "LOG:  checkpoint",
    "AUDIT: SESSION",
    "a,b,c",
    "\0\1",
    "é€",
    "\ufeff",
]
ONE_OF_A_KIND = [*{formats.load(name).kind: name for name in formats.names()}.values()]


class Counts(NamedTuple):
    """What became of the lines of a file."""

    read: int
    stored: int
    rejected: int
    skipped: int


def counts(content: bytes, name: str) -> Counts:
    import io

    chunks = list(read(io.BytesIO(content), formats.load(name), ReadOptions(), in_threads=False))
    return Counts(
        sum(chunk.read for chunk in chunks),
        sum(len(chunk.rows) for chunk in chunks),
        sum(len(chunk.rejects) for chunk in chunks),
        sum(sum(chunk.skipped.values()) for chunk in chunks),
    )


@pytest.mark.parametrize("name", rest_in_campaign(ONE_OF_A_KIND, formats.names()))
@settings(max_examples=examples(30))
@given(lines=st.lists(st.sampled_from(RUBBISH), min_size=1, max_size=12))
def test_no_format_takes_rubbish_for_records_that_need_no_word(name: str, lines: list[str]) -> None:
    content = "".join(f"{line}\n" for line in lines).encode()
    try:
        result = counts(content, name)
    except InvalidFormat:
        return
    assert (result.stored, result.skipped) == (0, 0)
    assert result.rejected == result.read
    assert result.read > 0 or not content.decode("utf-8-sig").strip(), "only an empty file has no record"
