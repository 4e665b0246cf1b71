"""Puts a backup back in the place of a store; what waits in the spool is then folded into it again."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from audit_store.backup import manifest as manifests
from audit_store.backup import side_files
from audit_store.backup.manifest import STORE, Manifest
from audit_store.engines import registry
from audit_store.errors import AuditStoreError, one_line, os_error_text
from audit_store.file_lock import no_fold
from audit_store.quantities import counted
from audit_store.store_files import make_spool, set_aside, spool_dir, sync_folder, waiting_events

WAIT = 60.0
"""Seconds to wait for a fold to end, and for another program that has the store open."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    `aside` is the file that was in the place of the store, under its new name. `missing` counts the events that were
    stored after the backup, None where nothing is remembered of the store. `files` names what was put back beside it,
    `returned` counts the segments that wait again because a fold set them aside after the backup.
    """

    store: Path
    manifest: Manifest
    aside: Path | None
    missing: int | None
    files: tuple[str, ...]
    returned: int
    waiting: int

    @property
    def is_complete(self) -> bool:
        """Whether no event is missing; not where a file was replaced of which nothing is remembered."""
        return self.missing == 0 or (self.missing is None and self.aside is None)

    def text(self) -> str:
        """The report for a person, in lines."""
        last_seq = self.manifest.last_seq
        lines = [
            f"{self.store}: restored {counted(self.manifest.events, 'event')} from the backup of "
            f"{self.manifest.made_at:%Y-%m-%d %H:%M:%S} UTC"
        ]
        if self.missing:
            lines.append(
                f"the backup ends with seq {last_seq}, and the store held events to seq {last_seq + self.missing}: "
                f"{counted(self.missing, 'event')} missing, except those that still wait in the spool"
            )
        if self.missing is None:
            lines.append(
                "nothing is remembered of the store here; events stored after the backup are missing"
            )
        if self.aside is not None:
            lines.append(
                f"the file that was there is {self.aside}; python -m audit_store repair --store {self.aside} saves "
                "what can be read of it"
            )
        lines += [f"put back from the backup: {name}" for name in self.files]
        if self.waiting:
            again = f", {counted(self.returned, 'segment')} set aside since the backup included" * bool(
                self.returned
            )
            lines.append(
                f"{counted(self.waiting, 'event')} in the spool{again}; "
                f"run python -m ingest fold --store {self.store} to store them"
            )
        return "\n".join(map(one_line, lines))


def restore(folder: Path, store: Path, *, force: bool = False, wait: float = WAIT) -> Restored:
    """Put a backup in the place of a store, durably; the file that is there is moved aside, not deleted.

    Files beside the store stay, and those that are missing come from the backup. `wait` is in seconds. Without
    `force`, a store that can be read is replaced only if the backup holds all of its events. If it is interrupted,
    call it again. Raises AuditStoreError for a backup that is damaged, and where it must not replace the store;
    StoreBusy.
    """
    try:
        manifest = manifests.read(folder)
        manifests.verify(folder, manifest)
        make_spool(store)
        with no_fold(store, wait):
            replacement = registry.replace(store, folder / STORE, manifest.contents, force=force, wait=wait)
            files = side_files.put_back(store, folder, manifest.files)
            returned = _return_set_aside(store, manifest.made_at)
    except OSError as error:
        raise AuditStoreError(f"{store} was not restored: {os_error_text(error)}") from error
    last_seq = replacement.last_seq
    missing = None if last_seq is None else max(last_seq - manifest.last_seq, 0)
    return Restored(
        store, manifest, replacement.aside, missing, tuple(files), returned, waiting_events(store)
    )


def _return_set_aside(store: Path, since: datetime) -> int:
    """Move segments that were set aside after a moment back into the spool: their events may not be in the backup."""
    spool = spool_dir(store)
    segments = [path for path in set_aside(store) if path.lstat().st_ctime >= since.timestamp()]
    for segment in segments:
        segment.rename(spool / segment.name)
    if segments:
        sync_folder(spool)
    return len(segments)
