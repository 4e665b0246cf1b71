"""Files become bulk segments of the spool, and those become rows of the store: the import command."""

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from audit_store.engines.fold_results import FoldCounts
from audit_store.engines.registry import open_store, refuse_foreign
from audit_store.errors import AuditStoreError, InvalidFormat, one_line
from audit_store.quantities import counted
from audit_store.store_files import events_in, refuse_own, spool_dir
from ingest import formats
from ingest.fold import fold
from ingest.formats import Format
from ingest.import_report import ImportReport
from ingest.importing.prefetch import prefetched
from ingest.importing.record_reader import Chunk, ReadOptions, read
from ingest.importing.sources.byte_source import Content
from ingest.rejects import PendingRejects, Rejected, rejects_path
from ingest.running_imports import running_import
from ingest.spool.bulk_segments import BulkSegments, in_pieces

FOLD_WAIT = 60.0
STDIN = "-"


def import_files(
    store: Path,
    files: Sequence[str],
    *,
    format_name: str = "auto",
    options: ReadOptions | None = None,
    rejects: Path | None = None,
    strict: bool = False,
    confirm: Callable[[str], object] | None = None,
) -> ImportReport:
    """Import files ("-" is standard input) into a store, and fold them.

    `format_name` is that of a known format, the path of a format file, or "auto". What could not be stored is added
    to the list `rejects`, by default the store's own; with `strict` one such record means that nothing is stored.
    `confirm` is called with the name of a file of whose first records most cannot be stored, before anything is, unless
    they are of a vendor's format; it may raise.

    Raises InvalidFormat, StoreCorrupt for a file that is no store, or OSError for a file that cannot be read, before
    anything is stored. What cannot be folded now is counted as waiting.
    """
    refuse_foreign(store)
    if rejects is not None and rejects != rejects_path(store):
        refuse_own(store, rejects)
    sources = [_open(name, format_name) for name in files]
    with PendingRejects() as rejected, running_import(store) as running:
        segments = BulkSegments(store, running.add)
        try:
            reading = _Reading(sources, options or ReadOptions(), rejected, None if strict else confirm)
            records, skipped = reading.write(segments)
            notes = _list_rejects(store, rejected, rejects or rejects_path(store))
        except BaseException:
            segments.discard()
            raise
        notes += _skipped_words(skipped)
        report = ImportReport(records, rejected=rejected.count, skipped=skipped.total(), notes=notes)
        if strict and rejected.count:
            segments.discard()
            return report
        return _store(store, segments, report)


def _list_rejects(store: Path, rejected: PendingRejects, path: Path) -> tuple[str, ...]:
    if rejected.first is None:
        return ()
    rejected.append_to(path, store if path == rejects_path(store) else path)
    first = f"{rejected.first.file}, line {rejected.first.line}: {rejected.first.reason}"
    return (f"{rejected.count} rejected, listed in {path}; the first: {first}",)


def _skipped_words(skipped: Counter[str]) -> tuple[str, ...]:
    return tuple(
        f"{count} skipped, because they are no events: {reason}" for reason, count in skipped.items()
    )


class _Reading:
    """The rows of all sources, with their rejects put aside and their records counted."""

    def __init__(
        self,
        sources: "list[_Source]",
        options: ReadOptions,
        rejected: PendingRejects,
        confirm: Callable[[str], object] | None,
    ) -> None:
        self._sources, self._options, self._rejected, self._confirm = sources, options, rejected, confirm
        self.records = 0
        self.skipped: Counter[str] = Counter()
        self._unseen = frozenset(options.map or ())

    def write(self, segments: BulkSegments) -> tuple[int, Counter[str]]:
        """Write the events of all sources to segments; gives how many were read, and what was skipped by reason."""
        with _progress(sum(source.size for source in self._sources), "B", "read") as count_on:
            for rows in prefetched(in_pieces(self.tables(count_on), segments.most_rows)):
                segments.write(rows)
        self.check_keys()
        return self.records, self.skipped

    def check_keys(self) -> None:
        """Raise InvalidFormat where no record of any source has the key of a mapped field."""
        entries = self._options.entries()
        for name in sorted(self._unseen if self.records else ()):
            keys = " or ".join(map(repr, entries[name].keys))
            raise InvalidFormat(
                f"--map {name}={(self._options.map or {})[name]}: no record has the key {keys}"
            )

    def tables(self, count_on: Callable[[int], object]) -> Iterator[pa.Table]:
        """Tables of rows (ROW_SCHEMA); `count_on` is called with the bytes read for each.

        Raises InvalidFormat, naming the source.
        """
        for source in self._sources:
            done, unseen, is_first = 0, self._unseen, True
            try:
                with closing(read(source.content, source.format, self._options)) as chunks:
                    for chunk in chunks:
                        if is_first and self._confirm is not None and _is_misfit(source.format, chunk):
                            self._confirm(source.name)
                        is_first = is_first and not chunk.read
                        self.records += chunk.read
                        self.skipped.update(chunk.skipped)
                        self._rejected.add(
                            Rejected(source.name, reject.line, reject.reason, reject.raw)
                            for reject in chunk.rejects
                        )
                        count_on(chunk.bytes_done - done)
                        done = chunk.bytes_done
                        unseen = chunk.unseen
                        yield chunk.rows
            except InvalidFormat as error:
                raise InvalidFormat(f"{source.name}: {error}") from error
            self._unseen &= unseen


def _is_misfit(fmt: Format, chunk: Chunk) -> bool:
    """Whether most of the first records are of another kind; a format that is told by its keys has fitting records."""
    return not fmt.keys and not chunk.is_damage and 2 * len(chunk.rejects) > chunk.read


def _store(store: Path, segments: BulkSegments, report: ImportReport) -> ImportReport:
    """Publish and fold segments; gives the report with what became of their events."""
    notes = report.notes
    published = segments.publish()
    events = sum(events_in(segment) for segment in published)
    try:
        with _progress(events, "events", "store") as count_on:
            notes += fold(store, wait=FOLD_WAIT, after_batch=lambda batch: count_on(batch.events)).problems
    except (AuditStoreError, OSError) as error:
        notes += (str(error),)
    counts = _results(store, segments.stems)
    in_spool = sum(events_in(segment) for segment in published if segment.exists())
    left = events - (counts.events if counts else 0)
    waiting = min(left, in_spool) if counts else left
    if waiting:
        notes += (
            f"{counted(waiting, 'event')} on disk in {spool_dir(store)}, but not in the store: correct this, then run "
            f"python -m ingest fold --store {store}",
        )
    if counts and counts.conflicts:
        notes += (
            f"{counted(counts.conflicts, 'conflict')}: an event with the same event_id came first and stays; listed in "
            f"{rejects_path(store)}",
        )
    if refused := left - waiting:
        notes += (f"{refused} read, and then rejected by the fold, listed in {rejects_path(store)}",)
    return replace(
        report,
        stored=counts.stored if counts else 0,
        duplicates=counts.duplicates if counts else 0,
        conflicts=counts.conflicts if counts else 0,
        rejected=report.rejected + refused,
        waiting=waiting,
        notes=notes,
    )


def _results(store: Path, segments: Sequence[str]) -> FoldCounts | None:
    """What became of segments, whoever folded them; None where the store cannot be read."""
    with contextlib.suppress(AuditStoreError, OSError):
        return open_store(store).fold_results(segments)
    return None


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    content: Content | Path
    format: Format
    size: int = 0


def _open(name: str, format_name: str) -> _Source:
    if name == STDIN:
        return _opened(name, Content(sys.stdin.buffer), format_name)
    path = Path(name)
    if not path.is_file():
        return _opened(name, Content(path), format_name)  # a pipe gives its bytes only once
    # Many files are not kept open at once.
    with closing(Content(path, check=False)) as content:
        return replace(_opened(name, content, format_name), content=path, size=path.stat().st_size)


def _opened(name: str, content: Content, format_name: str) -> _Source:
    try:
        fmt = _detected(content, name) if format_name == "auto" else formats.load(format_name)
    except BaseException:
        content.close()
        raise
    return _Source(name, content, fmt)


def _detected(content: Content, name: str) -> Format:
    if content.damage:
        raise InvalidFormat(f"{name}: {content.damage}")
    return formats.detect(content.head, name)


@contextlib.contextmanager
def _progress(total: int, unit: str, what: str) -> Iterator[Callable[[int], object]]:
    """A bar on standard error where that is a terminal; gives a function that counts on by some units."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from tqdm import tqdm  # takes as long to load as importing 10,000 events

    description = one_line(what)
    with tqdm(total=total or None, unit=unit, desc=description, unit_scale=True, leave=False) as bar:
        yield bar.update
