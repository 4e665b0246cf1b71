"""The line of controls over the list: whether it is live, and how it looks."""

import streamlit as st

from dashboard.filters.controls import set_value
from dashboard.log import view
from dashboard.log.event_list import columns, folding
from dashboard.log.event_list.draw import ROW_HEIGHTS
from dashboard.log.view import View
from dashboard.text import shown

LIVE, DENSITY = "log_live", "log_density"


def live() -> None:
    """Draw the switch between a log that shows new events as they arrive and one that stays as it is."""
    st.toggle(
        "Live",
        value=True,
        key=LIVE,
        help="Show new events as they arrive, while the first page is open and no text is searched for.",
        persist_state="session",
    )


def is_live() -> bool:
    """Whether the viewer lets the log show new events as they arrive."""
    return bool(st.session_state.get(LIVE, True))


def look(current: View) -> None:
    """Draw a menu of the columns, the rows of a page, their height, and what they are folded by."""
    with st.popover("View", icon=":material/view_column:"):
        _columns(current)
        set_value("log_rows", current.rows)
        st.selectbox(
            "Rows per page",
            view.ROWS_CHOICES,
            format_func="{} rows".format,
            key="log_rows",
            on_change=_choose_rows,
        )
        st.segmented_control(
            "Density",
            list(ROW_HEIGHTS),
            default=next(iter(ROW_HEIGHTS)),
            required=True,
            key=DENSITY,
            persist_state="session",
        )
        set_value("log_fold", current.fold or None)
        st.segmented_control(
            "Fold into one row",
            list(folding.FOLDS),
            format_func=folding.FOLDS.__getitem__,
            key="log_fold",
            help="Repeats are successive events of one agent, activity and outcome within five minutes. Events of one "
            "request or session have the same value in their metadata, where the catalogue says.",
            on_change=_choose_fold,
        )


def _columns(current: View) -> None:
    """The columns of the table as pills; a column of metadata is a line that removes it."""
    set_value("log_columns", [name for name in current.columns if name in columns.LABELS])
    st.pills(
        "Columns of the table",
        list(columns.LABELS),
        selection_mode="multi",
        format_func=columns.LABELS.__getitem__,
        key="log_columns",
        on_change=_choose_columns,
        args=(current,),
    )
    for number, name in enumerate(_of_metadata(current)):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(shown(columns.label(name)), width="stretch")
            st.button("Remove", key=f"log_remove_column_{number}", on_click=_remove, args=(current, name))


def _choose_columns(current: View) -> None:
    chosen = [*(st.session_state["log_columns"] or ()), *_of_metadata(current)]
    view.put_columns(columns.parse(chosen)[0])


def _remove(current: View, name: str) -> None:
    view.put_columns(columns.parse([other for other in current.columns if other != name])[0])


def _choose_rows() -> None:
    view.put_rows(st.session_state["log_rows"])


def _choose_fold() -> None:
    view.put_fold(st.session_state["log_fold"])


def _of_metadata(current: View) -> list[str]:
    return [name for name in current.columns if name.startswith(columns.METADATA)]
