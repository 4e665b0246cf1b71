"""The files beside a store that belong to a backup: state, list of rejects, catalogue, JSON files of version 0.1.0."""

from collections.abc import Container, Iterator
from pathlib import Path

from audit_store.backup.manifest import STORE
from audit_store.errors import AuditStoreError, reason
from audit_store.file_copy import copy_file, put_new
from audit_store.state import copies
from audit_store.store_files import mode_of

STATE = f"{STORE}.state.sqlite"
REJECTS = f"{STORE}.rejects.jsonl"
_TEXTS = (".rejects.jsonl", ".views.json", ".marks.jsonl", ".deliveries.jsonl")
_CATALOGUE = "catalogue.toml"


def copy(store: Path, folder: Path) -> Iterator[str]:
    """Copy the files that exist into a backup; gives the reason for each that cannot be copied."""
    try:
        copies.copy(store, folder / STATE)
    except AuditStoreError as error:
        (folder / STATE).unlink(missing_ok=True)
        yield str(error)
    for name, path in _texts(store).items():
        try:
            if name == REJECTS:
                _copy_lines(path, folder / name)
            else:
                copy_file(path, folder / name)
        except FileNotFoundError:
            continue
        except OSError as error:
            (folder / name).unlink(missing_ok=True)
            yield f"{path}: {reason(error)}"


def put_back(store: Path, folder: Path, names: Container[str]) -> list[str]:
    """Copy those of a backup that are missing beside the store, and the state if it is damaged; gives their names.

    `names` are the files that the backup may hold. Raises AuditStoreError, OSError.
    """
    restored = []
    if STATE in names and copies.put_back(store, folder / STATE):
        restored.append(f"{store.name}.state.sqlite")
    for name, path in _texts(store).items():
        if name in names and not path.exists():
            put_new(folder / name, path, store)
            restored.append(path.name)
    return restored


def _texts(store: Path) -> dict[str, Path]:
    """The name in a backup and the path of each file of text."""
    texts = {STORE + suffix: store.with_name(store.name + suffix) for suffix in _TEXTS}
    return texts | {_CATALOGUE: store.with_name(_CATALOGUE)}


def _copy_lines(path: Path, target: Path) -> None:
    """Copy the whole lines of a file: another process may be adding one. Raises OSError."""
    with path.open("rb") as lines, target.open("xb") as copied:
        target.chmod(mode_of(path.stat()))
        copied.writelines(line for line in lines if line.endswith(b"\n"))
