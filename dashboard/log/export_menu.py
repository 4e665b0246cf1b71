"""Downloads of exactly the events that the log lists, each with its manifest."""

import io
import tempfile
import zipfile
from datetime import UTC, datetime
from functools import partial
from typing import BinaryIO, cast

import streamlit as st

from audit_store.engines.protocol import Engine
from audit_store.export.export import export
from audit_store.export.manifest import SUFFIX
from audit_store.filters import EventFilter
from audit_store.quantities import counted
from dashboard import data, viewer
from dashboard.log import paging

FORMATS = {
    "csv": ("CSV", "For spreadsheets. A text that could be read as a formula is prefixed with '."),
    "jsonl": ("JSON Lines", "For scripts. Can be imported again."),
    "parquet": ("Parquet", "For data tools. Can be imported again."),
    "ocsf": ("OCSF", "Open Cybersecurity Schema Framework, for security tools. One JSON object a line."),
}
_ENDINGS = {"ocsf": "ocsf.jsonl"}


def menu(pinned: paging.Pin, total: int) -> None:
    """Draw a button for each format; the file is written when the button is clicked, from the pinned log."""
    with st.popover("Export", icon=":material/download:"):
        st.caption(
            f"All {counted(total, 'event')} of this list, as a ZIP file with the events "
            "and a manifest that verifies them."
        )
        for fmt, (label, purpose) in FORMATS.items():
            name = file_name(fmt, pinned)
            st.download_button(
                label,
                partial(archive, pinned.whole, fmt, name, data.store(), viewer.name()),
                f"{name}.zip",
                "application/zip",
                key=f"export_{fmt}",
                help=purpose,
                on_click="ignore",
                width="stretch",
            )


def file_name(fmt: str, pinned: paging.Pin) -> str:
    """The name of the file of events, with the last `seq` of the log."""
    return f"audit-log-up-to-{pinned.below - 1}.{_ENDINGS.get(fmt, fmt)}"


def archive(where: EventFilter, fmt: str, name: str, store: Engine, by: str) -> io.RawIOBase:
    """An open ZIP file with the events and their manifest, on disk without a name.

    `by` is the name of who exports. Raises as `audit_store.export.export` does, and OSError.
    """
    archive = cast(io.RawIOBase, tempfile.TemporaryFile(buffering=0))  # noqa: SIM115  # the caller reads it
    entry = zipfile.ZipInfo(name, datetime.now(UTC).timetuple()[:6])
    entry.compress_type = zipfile.ZIP_STORED if fmt == "parquet" else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(cast(BinaryIO, archive), "w", compresslevel=1) as packed:
        with packed.open(entry, "w", force_zip64=True) as file:
            manifest = export(where, cast(BinaryIO, file), fmt, store, file=name, by=by)
        packed.writestr(name + SUFFIX, manifest.to_text())
    archive.seek(0)
    return archive
