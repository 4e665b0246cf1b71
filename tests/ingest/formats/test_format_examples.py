"""The examples of docs/formats.md: each format, its log and its events."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import ROOT
from tests.ingest.formats.declared import read_as

PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")


class Example(NamedTuple):
    """The heading of an example, its format file, its log, and the lines of its table of events."""

    heading: str
    declaration: str
    log: str
    table: list[str]


def examples() -> list[Example]:
    parts = re.findall(
        r"^### ([^\n]+)\n(?:(?!^#).)*?```toml\n(.*?)```\n+```(?:json|text)\n(.*?)```\n+((?:\|[^\n]*\n)+)",
        PAGE,
        re.MULTILINE | re.DOTALL,
    )
    return [
        Example(heading, declaration, log, table.splitlines()) for heading, declaration, log, table in parts
    ]


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_every_format_file_of_the_page_is_an_example() -> None:
    assert len(examples()) == PAGE.count("```toml")


@pytest.mark.parametrize("example", examples(), ids=[example.heading for example in examples()])
def test_an_example_gives_the_events_of_its_table(tmp_path: Path, example: Example) -> None:
    result = read_as(tmp_path, example.declaration, example.log)
    assert result.rejects == []
    names, _, *expected = map(cells, example.table)
    rows = [row | {"occurred_at": row["occurred_at"].strftime("%Y-%m-%dT%H:%M:%SZ")} for row in result.rows]
    # A table cannot have line ends in its cells.
    assert [[re.sub(r"\s+", " ", row[name] or "") for name in names] for row in rows] == expected
