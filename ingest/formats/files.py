"""The files that declare formats: those that come with the program are in this folder."""

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from audit_store.errors import InvalidFormat, reason
from ingest.formats.declaration import Declaration, InvalidDeclaration, read
from ingest.formats.format import Format, build
from ingest.formats.toml_lines import line_of

_FOLDER = Path(__file__).parent
_AFTER_DETECT = re.compile(r"^\[(?!detect\])", re.MULTILINE)


@cache
def names() -> tuple[str, ...]:
    """The names of the formats that come with the program, in alphabetical order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def load(name: str) -> Format:
    """The format with this name, or declared in the TOML file at this path.

    Raises InvalidFormat for an unknown name, and for a wrong declaration, naming the file, the line and the key.
    """
    if name in names():
        return built(_FOLDER / f"{name}.toml")
    if name.endswith(".toml"):
        return built(Path(name))
    raise InvalidFormat(
        f"unknown format {name!r}: give one of {', '.join(names())}, or the path of a .toml file"
    )


@cache
def outline(name: str) -> Declaration:
    """The top-level keys and the table `detect` of a format that comes with the program, without its other tables.

    An import needs these of all formats, and the whole of one: `detect` comes first in the files, so the rest is
    neither parsed nor compiled.
    """
    return read(_extended(tomllib.loads(_beginning(name)), _beginning))


@cache
def built(path: Path) -> Format:
    """The format that a file declares. Raises InvalidFormat."""
    try:
        text = path.read_text(encoding="utf-8")
        return build(path.stem, read(_extended(tomllib.loads(text), _text)))
    except InvalidDeclaration as error:
        line = line_of(text, error.key)
        raise InvalidFormat(f"format {path}{f', line {line}' if line else ''}: {error}") from error
    except (OSError, ValueError) as error:
        raise InvalidFormat(f"format {path}: {reason(error)}") from error


def _text(name: str) -> str:
    return (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def _beginning(name: str) -> str:
    text = _text(name)
    table = _AFTER_DETECT.search(text)
    return text[: table.start()] if table else text


def _extended(data: dict[str, Any], text_of: Callable[[str], str]) -> dict[str, Any]:
    """A declaration with the keys of the format that it extends, where it does not give them itself."""
    name = data.pop("extends", None)
    if name is None:
        return data
    if name not in names():
        raise InvalidDeclaration("extends", f"{name!r} is not one of {', '.join(names())}")
    base = _extended(tomllib.loads(text_of(name)), text_of)
    tables = {
        key: {**base[key], **value}
        for key, value in data.items()
        if isinstance(value, Mapping) and isinstance(base.get(key), Mapping) and key != "detect"
    }
    return {**base, **data, **tables}
