"""A format is data: one TOML file that says how the records of a kind of file become events."""

import tomllib
from functools import cache
from pathlib import Path

from audit_store.errors import InvalidFormat, reason
from ingest.formats import detection
from ingest.formats.declaration import InvalidDeclaration, read
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


def detect(head: bytes, name: str) -> Format:
    """The format of a file by the beginning of its content and the extension of its name.

    Raises InvalidFormat, listing the formats, where none or several fit.
    """
    text, extension = detection.text_of(head), detection.extension(name)
    formats = [load(known) for known in names()]
    fitting = [candidate for candidate in formats if candidate.pattern and candidate.pattern.search(text)]
    # Content comes first; the extension only decides what content leaves open.
    if len(fitting) != 1:
        fitting = [
            candidate for candidate in fitting or formats if extension in candidate.extensions
        ] or fitting
    if len(fitting) != 1:
        why = f"both {' and '.join(candidate.name for candidate in fitting)} fit" if fitting else "none fits"
        raise InvalidFormat(
            f"the format of {name} is not clear ({why}): name it with --format, one of {', '.join(names())}"
        )
    return fitting[0]


@cache
def _load(path: Path) -> Format:
    try:
        return build(path.stem, read(tomllib.loads(path.read_text(encoding="utf-8"))))
    except (OSError, ValueError, InvalidDeclaration) as error:
        raise InvalidFormat(f"format {path}: {reason(error)}") from error
