"""A format is data: one TOML file that says how the records of a kind of file become events."""

import tomllib
from functools import cache
from pathlib import Path

from audit_store.errors import InvalidFormat, reason
from ingest.formats.declaration import InvalidDeclaration, read
from ingest.formats.detection import read_head
from ingest.formats.format import Format, When, build

__all__ = ["Format", "When", "detect", "load", "names"]

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The names of the formats that come with the program."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load(name: str) -> Format:
    """The format with this name, or declared in the TOML file at this path.

    Raises InvalidFormat for an unknown name, and for a wrong declaration, naming the file and the key.
    """
    if name in names():
        return _load(_FOLDER / f"{name}.toml")
    if name.endswith(".toml"):
        return _load(Path(name))
    raise InvalidFormat(
        f"unknown format {name!r}: give one of {', '.join(names())}, or the path of a .toml file"
    )


def detect(path: Path) -> Format:
    """The format of the file at `path`, plain or gzip, by its first 64 KiB and its extension.

    Raises InvalidFormat, listing the formats, where none or several fit, and OSError for an unreadable file.
    """
    head, extension = read_head(path)
    formats = [load(name) for name in names()]
    fitting = [candidate for candidate in formats if candidate.pattern and candidate.pattern.search(head)]
    # Content comes first; the extension only decides what content leaves open.
    if len(fitting) != 1:
        fitting = [
            candidate for candidate in fitting or formats if extension in candidate.extensions
        ] or fitting
    if len(fitting) != 1:
        why = f"both {' and '.join(candidate.name for candidate in fitting)} fit" if fitting else "none fits"
        raise InvalidFormat(
            f"the format of {path} is not clear ({why}): name it with --format, one of {', '.join(names())}"
        )
    return fitting[0]


@cache
def _load(path: Path) -> Format:
    try:
        return build(path.stem, read(tomllib.loads(path.read_text(encoding="utf-8"))))
    except (OSError, ValueError, InvalidDeclaration) as error:
        raise InvalidFormat(f"format {path}: {reason(error)}") from error
