"""Downloads of exactly the events that the log lists, each with its manifest."""

import streamlit as st

from audit_store.quantities import counted
from dashboard import data, viewer
from dashboard.filters import url_state
from dashboard.log.pin import Pin
from dashboard.server import exports
from dashboard.server.download_sessions import COOKIE
from dashboard.server.downloads import Download
from dashboard.server.export_tickets import LIFETIME, Ticket, tickets
from dashboard.text import shown

FORMATS = {
    "csv": ("CSV", "For spreadsheets. A text that could be read as a formula is prefixed with '."),
    "jsonl": ("JSON Lines", "For scripts. Can be imported again."),
    "parquet": ("Parquet", "For data tools. Can be imported again."),
    "ocsf": ("OCSF", "Open Cybersecurity Schema Framework, for security tools. One JSON object a line."),
}
_TICKET = "export_ticket"
_LATEST = "export_latest"
"""In the state of the session from a click until its download has ended: the download before it."""
_PROGRESS_SECONDS = 1


def menu(pinned: Pin, total: int | None, *, label: str = "Export", of: str = "list") -> None:
    """Draw a link for each format, by which the browser downloads the pinned log straight from the store.

    `total` is the number of its events, None while they are searched for; `of` names what they belong to.
    """
    with st.popover(label, icon=":material/download:"):
        st.caption(
            f"All {'events' if total is None else counted(total, 'event')} of this {of}, as a ZIP file with the events "
            "and a manifest to check them with."
        )
        _links(pinned)


@st.fragment(run_every=LIFETIME / 2)
def _links(pinned: Pin) -> None:
    """Draw the links, again and again while the page is open, so that they do not expire."""
    cookie = st.context.cookies.get(COOKIE, "")
    ticket = Ticket(pinned.whole, data.store(), cookie, viewer.name(), stem(pinned))
    ticket_id = st.session_state[_TICKET] = tickets.issue(ticket, st.session_state.get(_TICKET))
    base_path = st.get_option("server.baseUrlPath") or ""
    for fmt, (label, purpose) in FORMATS.items():
        st.link_button(
            label,
            exports.url(base_path, ticket_id, fmt),
            key=f"export_{fmt}",
            help=purpose,
            on_click=_note_click,
            args=(ticket_id,),
            width="stretch",
        )
    if _LATEST in st.session_state:
        _follow(ticket_id)
    else:
        _draw(ticket_id)


def _note_click(ticket_id: str) -> None:
    st.session_state[_LATEST] = tickets.downloads(ticket_id)[-1:]


@st.fragment(run_every=_PROGRESS_SECONDS)
def _follow(ticket_id: str) -> None:
    """Draw how far the downloads have come, until the one that was clicked last has ended."""
    downloads = _draw(ticket_id)
    begun = downloads[-1:] != st.session_state.get(_LATEST)
    if begun and not any(download.runs for download in downloads):
        st.session_state.pop(_LATEST, None)
        url_state.rerun()


def _draw(ticket_id: str) -> list[Download]:
    downloads = tickets.downloads(ticket_id)
    for download in downloads:
        st.text(shown(progress(download)))
    return downloads


def progress(download: Download) -> str:
    """How far a download has come: "CSV: 12,000 of 45,678 events"."""
    label = FORMATS[download.fmt][0]
    if download.problem is not None:
        return f"{label}: broken off after {counted(download.events, 'event')}, {download.problem}"
    if download.complete:
        return f"{label}: complete, {counted(download.events, 'event')}"
    if download.total is None:
        return f"{label}: counting events"
    return f"{label}: {download.events:,} of {counted(download.total, 'event')}"


def stem(pinned: Pin) -> str:
    """The name of the file of events without its ending, with the last `seq` of the log."""
    return f"audit-log-up-to-{pinned.below - 1}"
