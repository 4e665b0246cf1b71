"""A format is data: one TOML file that says how the records of a kind of file become events."""

import tomllib
from functools import cache
from pathlib import Path

from audit_store.errors import InvalidFormat
from ingest.formats.declaration import Format, When, Wrong, build
from ingest.formats.detection import read_head

__all__ = ["Format", "When", "detect", "load", "names"]

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The names of the formats that come with the program."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load(name: str) -> Format:
    """The format with this name, or declared in the TOML file at this path.

    Raises InvalidFormat, naming the file and the key, for a wrong declaration, and for an unknown name.
    """
    if name in names():
        return _load(_FOLDER / f"{name}.toml")
    if name.endswith(".toml"):
        return _load(Path(name))
    raise InvalidFormat(
        f"format {name!r} is not known: give one of {', '.join(names())}, or the path of a .toml file"
    )


def detect(path: Path) -> Format:
    """The format of the file at `path`, told by its first lines and its extension; gzip is looked through.

    Raises InvalidFormat, listing the formats, where none or several fit, and OSError for an unreadable file.
    """
    head, extension = read_head(path)
    known = [load(name) for name in names()]
    fitting = [one for one in known if one.pattern is not None and one.pattern.search(head)]
    # Content speaks first; the extension only decides what content leaves open.
    if len(fitting) != 1:
        fitting = [one for one in fitting or known if extension in one.extensions] or fitting
    if len(fitting) != 1:
        why = f"both {' and '.join(one.name for one in fitting)} fit" if fitting else "none fits"
        raise InvalidFormat(
            f"the format of {path} is not clear ({why}): name it with --format, one of {', '.join(names())}"
        )
    return fitting[0]


@cache
def _load(path: Path) -> Format:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidFormat(f"format {path}: {error}") from error
    try:
        return build(path.stem, data)
    except Wrong as error:
        raise InvalidFormat(f"format {path}: {error}") from error
