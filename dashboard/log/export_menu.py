"""Downloads of exactly the events that the pages of the log show, each beside its manifest."""

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
from dashboard import data
from dashboard.log import paging
from dashboard.text import count

FORMATS = {
    "csv": ("CSV", "for spreadsheets; a text that a spreadsheet would take for a formula begins with '"),
    "jsonl": ("JSON Lines", "for scripts; can be imported again"),
    "parquet": ("Parquet", "for data tools; can be imported again"),
    "ocsf": ("OCSF", "Open Cybersecurity Schema Framework, for security tools; one JSON object a line"),
}
_ENDINGS = {"ocsf": "ocsf.jsonl"}


def menu(pinned: paging.Pin, total: int) -> None:
    """A button for each format; the file is made when it is asked for, from the store as it is pinned."""
    with st.popover("Export", icon=":material/download:"):
        st.caption(
            f"All {count(total, 'event')} of this list, not only this page, as a ZIP file: "
            "the events, and a manifest to check them by."
        )
        for fmt, (label, purpose) in FORMATS.items():
            name = file_name(fmt, pinned)
            st.download_button(
                label,
                partial(archive, pinned.whole, fmt, name, data.store()),
                f"{name}.zip",
                "application/zip",
                key=f"export_{fmt}",
                help=purpose,
                on_click="ignore",
                width="stretch",
            )


def file_name(fmt: str, pinned: paging.Pin) -> str:
    """The name of the file of events: it says where the log ended."""
    return f"audit-log-up-to-{pinned.below - 1}.{_ENDINGS.get(fmt, fmt)}"


def archive(where: EventFilter, fmt: str, name: str, store: Engine) -> io.RawIOBase:
    """An open ZIP file on disk with the events and their manifest; nobody but its holder can see it.

    Raises as `audit_store.export.export` does, and OSError.
    """
    made = cast(io.RawIOBase, tempfile.TemporaryFile(buffering=0))  # noqa: SIM115  # for the caller to read
    entry = zipfile.ZipInfo(name, datetime.now(UTC).timetuple()[:6])
    entry.compress_type = zipfile.ZIP_STORED if fmt == "parquet" else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(cast(BinaryIO, made), "w", compresslevel=1) as packed:
        with packed.open(entry, "w", force_zip64=True) as file:
            manifest = export(where, cast(BinaryIO, file), fmt, store, file=name)
        packed.writestr(name + SUFFIX, manifest.to_text())
    made.seek(0)
    return made
