"""What the tests of the formats of vendors share: records, and what becomes of them."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from ingest import formats
from ingest.importing.sources.byte_source import Content
from tests.ingest.formats.declared import Result, read_file


class Case(NamedTuple):
    """The records of a file, and the fields of their events that matter."""

    format: str
    records: list[dict[str, Any]]
    events: list[dict[str, Any]]


def detected(path: Path) -> str:
    """The name of the format that is detected."""
    with closing(Content(path)) as content:
        return formats.detect(content.head, "unnamed").name


def written(folder: Path, content: Any) -> Path:
    """A file with a text, or with a list of records as JSON Lines."""
    path = folder / "unnamed"
    text = content if isinstance(content, str) else "".join(json.dumps(record) + "\n" for record in content)
    path.write_text(text, encoding="utf-8")
    return path


def check(folder: Path, fmt: str, content: Any, events: list[dict[str, Any]]) -> Result:
    """The file is found to be of the format, and gives these events, whose times are texts in UTC."""
    path = written(folder, content)
    assert detected(path) == fmt
    result = read_file(path, formats.load(fmt))
    assert result.rejects == []
    rows = [
        row | {"occurred_at": row["occurred_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")} for row in result.rows
    ]
    wanted = [dict.fromkeys(event) for event in events]
    assert [{name: row[name] for name in names} for names, row in zip(wanted, rows, strict=True)] == events
    return result
