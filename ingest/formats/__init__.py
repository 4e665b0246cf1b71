"""A format is data: one TOML file that says how the records of a kind of file become events."""

from collections.abc import Sequence

from audit_store.errors import InvalidFormat
from ingest.formats import containers, detection
from ingest.formats.conditions import When
from ingest.formats.detection import Guess
from ingest.formats.files import load, names, outline
from ingest.formats.format import Format

__all__ = ["Format", "Guess", "When", "detect", "guess", "load", "names", "vendor_fields"]


def detect(head: bytes, name: str) -> Format:
    """The format of a file by the beginning of its content and the extension of its name.

    Raises InvalidFormat, listing the formats, where none or several fit.
    """
    return guess(head, name).format


def guess(head: bytes, name: str) -> Guess:
    """The same with the reason for it."""
    if problem := containers.problem(head, name):
        raise InvalidFormat(problem)
    text, extension = detection.text_of(head), detection.extension(name)
    # A format is loaded only where it may fit: to compile all of them takes longer than many an import.
    lower = text.lower()
    guesses = detection.by_records(
        text, [load(known) for known in names() if detection.may_fit(lower, outline(known).detect)]
    ) or detection.by_pattern(
        text, [load(known) for known in names() if detection.begins_like(text, outline(known).detect)]
    )
    # Content comes first; the extension only decides what content leaves open.
    if len(guesses) != 1:
        guesses = _by_extension(extension, [guess.format.name for guess in guesses] or names()) or guesses
    if len(guesses) != 1:
        raise InvalidFormat(_unclear(text, name, [guess.format.name for guess in guesses]))
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


def _by_extension(extension: str, candidates: Sequence[str]) -> list[Guess]:
    # What a line holds is seen in its text alone.
    return [
        Guess(load(name), 0, f"the name ends in {extension}")
        for name in candidates
        if extension in outline(name).detect.extensions and outline(name).kind != "lines"
    ]


def _unclear(text: str, name: str, fitting: list[str]) -> str:
    if not text.strip():
        return (
            f"{name} is empty, so its format is not clear: name it with --format, one of {', '.join(names())}"
        )
    if fitting:
        several = f"{', '.join(fitting[:-1])} and {fitting[-1]}"
        return f"the format of {name} is not clear, because {several} fit: name one of them with --format"
    return f"the format of {name} is not clear, because none fits: name it with --format, one of {', '.join(names())}"
