"""Where a key stands in a TOML text."""

import re

_HEADER = re.compile(r"\s*\[(\[)?\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"\s*([\w-]+|\"[^\"]*\")\s*(?:\.[^=]*)?=")


def line_of(text: str, key: str) -> int | None:
    """The line (from 1) of a key such as `fields.agent` or `when[2].set`, or of its table; None if there is neither.

    Tables of an array are counted from 1.
    """
    table = ""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = header[2].replace('"', "")
            if header[1]:
                counts[table] = counts.get(table, 0) + 1
                table += f"[{counts[table]}]"
            lines.setdefault(table, number)
        elif entry := _KEY.match(line):
            name = entry[1].strip('"')
            lines.setdefault(f"{table}.{name}".lstrip("."), number)
    steps = re.findall(r"[^.\[\]]+|\[\d+\]", key)
    while steps:
        path = "".join(step if step.startswith("[") else f".{step}" for step in steps).lstrip(".")
        if path in lines:
            return lines[path]
        steps.pop()
    return None
