"""What the beginning of a file says about its format."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit_store.errors import InvalidEvent
from ingest.formats import samples
from ingest.formats.declaration import Detection
from ingest.formats.format import Format, key_sets
from ingest.formats.paths import is_path, path_of, scalar, value_at

GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"
_JSON = ("jsonl", "json-records")
# Keys are rarely alike by chance, and a log may hold other records beside those of its format; lines are often alike.
_LEAST_SHARE, _LEAST_SHARE_OF_LINES = 0.1, 0.5
_MAJORITY = 0.5


@dataclass(frozen=True, slots=True)
class Guess:
    """A format that fits, the share of the sample that does, why, in words, and how many keys that asks for."""

    format: Format
    share: float
    reason: str
    keys: int = 0


def text_of(head: bytes) -> str:
    """The beginning of a file as text, without blank lines before it; bytes that are not UTF-8 are replaced."""
    return head.decode("utf-8-sig", errors="replace").lstrip()


def extension(name: str) -> str:
    """The extension of a file's name without `.gz`, such as ".csv"; "." where it has none."""
    return "." + name.lower().removesuffix(".gz").rpartition("/")[2].rpartition(".")[2]


def may_fit(lower: str, detect: Detection) -> bool:
    """Whether `by_records` can find a format in a text (in lower case): it has all names of a set of keys, or a text.

    Quick, and no more than that: the names may stand anywhere.
    """
    texts = any(text.lower() in lower for text in detect.contains)
    return texts or any(all(name in lower for name in _names(keys)) for keys in key_sets(detect.keys))


def _names(keys: Sequence[str]) -> list[str]:
    """The names of the keys in a set of keys, paths and PATH=VALUE, in lower case."""
    paths = [key.partition("=")[0] if not key.endswith("]") else key for key in keys]
    steps = [step for path in paths for step in (path_of(path).steps if is_path(path) else (path,))]
    return [step.lower() for step in steps if isinstance(step, str)]


def begins_like(text: str, detect: Detection) -> bool:
    """Whether a text begins as the pattern of a format says."""
    return detect.pattern is not None and re.search(detect.pattern, text) is not None


def by_records(text: str, formats: Sequence[Format]) -> list[Guess]:
    """The formats whose keys, or whose lines, many of the first records have; those with the largest share.

    Of those, the ones that ask for the most keys: a variant of a format has its keys and more. Several where the
    records are of several kinds.
    """
    documents = samples.json_documents(text) if text[:1] in ("{", "[") else []
    rows = [] if documents else samples.csv_records(text)
    guesses = []
    for candidate in formats:
        if candidate.kind in _JSON and candidate.keys:
            guesses.append(_of_keys(candidate, samples.json_records(documents, envelopes(candidate))))
        elif candidate.kind == "csv" and candidate.keys:
            guesses.append(_of_keys(candidate, rows))
        elif candidate.lines is not None and candidate.pattern is None:
            guesses.append(_fitting_lines(candidate, "" if documents else text))
    guesses = [guess for guess in guesses if guess.share >= _least_share(guess.format)]
    best = max(((guess.share, guess.keys) for guess in guesses), default=(0, 0))
    return [guess for guess in guesses if (guess.share, guess.keys) == best or _is_rival(guess, best[0])]


def _is_rival(guess: Guess, best: float) -> bool:
    """Whether a file is a mixture: less than half of it are of the best format, and half as many of this one."""
    return best < _MAJORITY and best / 2 < guess.share < best


def by_pattern(text: str, formats: Sequence[Format]) -> list[Guess]:
    """Guesses of formats as which a text begins, with how many of its first lines or records fit in words."""
    return [
        Guess(candidate, 1, _fitting_lines(candidate, text).reason)
        if candidate.lines is not None
        else Guess(candidate, 1, _fitting_records(candidate, text))
        for candidate in formats
    ]


def _fitting_records(candidate: Format, text: str) -> str:
    if text.startswith(PARQUET_MAGIC.decode()):
        return "the file begins with the signature of Parquet"
    if candidate.columns:
        return f"a row at its beginning is like those of {candidate.title}"
    documents = samples.json_documents(text)
    records = samples.json_records(documents, envelopes(candidate)) or samples.csv_records(text)
    fitting = sum({"agent", "activity"} <= record.keys() for record in records)
    return f"{fitting} of the first {len(records)} records have an agent and an activity"


def _least_share(fmt: Format) -> float:
    return _LEAST_SHARE_OF_LINES if fmt.lines is not None else _LEAST_SHARE


def envelopes(candidate: Format) -> Sequence[str]:
    """The paths (without $.) of the arrays in which a document of a format may hold its records."""
    return candidate.envelopes or ((candidate.records[2:],) if candidate.records != "$" else ())


def _of_keys(candidate: Format, records: Sequence[Mapping[str, Any]]) -> Guess:
    fitting = [[keys for keys in candidate.keys if _has_all(candidate, record, keys)] for record in records]
    counts = Counter(sets[0] for sets in fitting if sets)
    keys = counts.most_common(1)[0][0] if counts else ()
    words = (
        f"{counts.total()} of the first {len(records)} records are like those of {candidate.title} "
        f"({', '.join(keys)})"
    )
    return Guess(candidate, counts.total() / max(1, len(records)), words, len(keys))


def _fitting_lines(candidate: Format, text: str) -> Guess:
    lines = samples.lines(text, candidate.lines.continuation if candidate.lines else "")
    pattern = candidate.line_pattern
    fitting = sum(pattern is not None and pattern.search(line) is not None for line in lines)
    words = f"{fitting} of the first {len(lines)} lines are like those of {candidate.title}"
    return Guess(candidate, fitting / max(1, len(lines)), words)


def _has_all(candidate: Format, record: Mapping[str, Any], keys: Sequence[str]) -> bool:
    try:
        expanded = candidate.expansion.opened(record)
    except InvalidEvent:
        return False
    return bool(expanded) and all(_has(expanded[0], key) for key in keys)


def _has(record: Mapping[str, Any], key: str) -> bool:
    path, equals, value = key.partition("=") if not key.endswith("]") else (key, "", "")
    actual = value_at(record, path)
    if not equals:
        return actual is not None
    return scalar(actual) in value.split("|")
