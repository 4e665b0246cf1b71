"""A format is data: one TOML file that says how the records of a kind of file become events."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from audit_store.errors import InvalidFormat, reason
from ingest.formats import detection
from ingest.formats.conditions import When
from ingest.formats.declaration import InvalidDeclaration, read
from ingest.formats.detection import Guess
from ingest.formats.format import Format, build
from ingest.formats.toml_lines import line_of

__all__ = ["Format", "Guess", "When", "detect", "guess", "load", "names", "vendor_fields"]

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The names of the formats that come with the program."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load(name: str) -> Format:
    """The format with this name, or declared in the TOML file at this path.

    Raises InvalidFormat for an unknown name, and for a wrong declaration, naming the file, the line and the key.
    """
    if name in names():
        return _load(_FOLDER / f"{name}.toml")
    if name.endswith(".toml"):
        return _load(Path(name))
    raise InvalidFormat(
        f"unknown format {name!r}: give one of {', '.join(names())}, or the path of a .toml file"
    )


def detect(head: bytes, name: str) -> Format:
    """The format of a file by the beginning of its content and the extension of its name.

    Raises InvalidFormat, listing the formats, where none or several fit.
    """
    return guess(head, name).format


def guess(head: bytes, name: str) -> Guess:
    """The same with the reason for it."""
    text, extension = detection.text_of(head), detection.extension(name)
    formats = [load(known) for known in names()]
    guesses = detection.by_records(text, formats) or [
        Guess(candidate, 1, "the file begins like this format")
        for candidate in formats
        if candidate.pattern and candidate.pattern.search(text)
    ]
    # Content comes first; the extension only decides what content leaves open.
    if len(guesses) != 1:
        guesses = _by_extension(extension, [found.format for found in guesses] or formats) or guesses
    if len(guesses) != 1:
        raise InvalidFormat(_unclear(text, name, [found.format.name for found in guesses]))
    return guesses[0]


def vendor_fields(fmt: Format) -> dict[str, str]:
    """For each key or path of a record that a field of the event comes from, the name of that field.

    Where several fields come from one key, the first one has it.
    """
    fields: dict[str, str] = {}
    for name, candidates in fmt.fields.items():
        for candidate in candidates:
            if "{" not in candidate:
                fields.setdefault(candidate, name)
    return fields


def _by_extension(extension: str, formats: list[Format]) -> list[Guess]:
    # What a line holds is seen in its text alone.
    return [
        Guess(candidate, 0, f"the name ends in {extension}")
        for candidate in formats
        if extension in candidate.extensions and candidate.kind != "lines"
    ]


def _unclear(text: str, name: str, fitting: list[str]) -> str:
    if not text.strip():
        return (
            f"{name} is empty, so its format is not clear: name it with --format, one of {', '.join(names())}"
        )
    why = f"both {' and '.join(fitting)} fit" if fitting else "none fits"
    return f"the format of {name} is not clear ({why}): name it with --format, one of {', '.join(names())}"


@cache
def _load(path: Path) -> Format:
    try:
        text = path.read_text(encoding="utf-8")
        return build(path.stem, read(_extended(tomllib.loads(text))))
    except InvalidDeclaration as error:
        line = line_of(text, error.key)
        raise InvalidFormat(f"format {path}{f', line {line}' if line else ''}: {error}") from error
    except (OSError, ValueError) as error:
        raise InvalidFormat(f"format {path}: {reason(error)}") from error


def _extended(data: dict[str, Any]) -> dict[str, Any]:
    """A declaration with the keys of the format that it extends, where it does not give them itself."""
    name = data.pop("extends", None)
    if name is None:
        return data
    if name not in names():
        raise InvalidDeclaration("extends", f"{name!r} is not one of {', '.join(names())}")
    base = _extended(tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8")))
    tables = {
        key: {**base[key], **value}
        for key, value in data.items()
        if isinstance(value, Mapping) and isinstance(base.get(key), Mapping) and key != "detect"
    }
    return {**base, **data, **tables}
