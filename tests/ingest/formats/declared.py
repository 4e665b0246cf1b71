"""What the tests of declared formats share."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from ingest import formats
from ingest.formats import files
from ingest.importing.record_reader import ReadOptions, Reject, read


class Result(NamedTuple):
    """What a file gave: rows, rejects, and what was skipped by reason."""

    rows: list[dict[str, Any]]
    rejects: list[Reject]
    skipped: dict[str, int]

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]


def read_as(folder: Path, declaration: str, content: Any, **options: Any) -> Result:
    """Read a text, or the JSON Lines of a list of records, by a declaration."""
    declared = folder / "mine.toml"
    declared.write_text(declaration, encoding="utf-8")
    data = folder / "data"
    lines = content if isinstance(content, str) else "".join(json.dumps(record) + "\n" for record in content)
    data.write_text(lines, encoding="utf-8")
    return read_file(data, formats.load(str(declared)), **options)


def read_file(data: Path, fmt: formats.Format, **options: Any) -> Result:
    """Read a file; what is read must be counted in exactly one way."""
    files.built.cache_clear()
    chunks = list(read(data, fmt, ReadOptions(**options)))
    rows = [row for chunk in chunks for row in chunk.rows.to_pylist()]
    rejects = [reject for chunk in chunks for reject in chunk.rejects]
    skipped: dict[str, int] = {}
    for chunk in chunks:
        for reason, count in chunk.skipped.items():
            skipped[reason] = skipped.get(reason, 0) + count
    assert sum(chunk.read for chunk in chunks) == len(rows) + len(rejects)
    return Result(rows, rejects, skipped)
