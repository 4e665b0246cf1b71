"""The lists of the sidebar whose values are typed: addresses, targets and metadata."""

from collections.abc import Mapping

import streamlit as st

from audit_store.filters import EventFilter, Value, addresses, field_of, parse, to_text
from dashboard.filters import url_state
from dashboard.filters.controls import set_value
from dashboard.text import shown

_REFUSED = "typed_refused"


Named = tuple[str, Value]
"""The parameter and the value of a text in a list."""


def draw(label: str, name: str, where: EventFilter, placeholder: str) -> None:
    """Draw the list of a parameter; a value may be a pattern or, of an address, a network."""
    _list(label, name, {to_text(value): (name, value) for value in where.values(name)}, placeholder)


def draw_metadata(label: str, where: EventFilter, placeholder: str, *, excluded: bool = False) -> None:
    """Draw the list of the values of metadata, which are written `path=value`."""
    chosen = {
        f"{selection.field.label}={to_text(value)}": (selection.parameter, value)
        for selection in where.metadata
        if selection.is_excluded == excluded
        for value in selection.values
    }
    _list(label, "not_meta" if excluded else "meta", chosen, placeholder)


def _list(label: str, key: str, chosen: Mapping[str, Named], placeholder: str) -> None:
    set_value(key, list(chosen), tuple(chosen))
    st.multiselect(
        label,
        list(chosen),
        format_func=shown,
        key=key,
        placeholder=placeholder,
        accept_new_options=True,
        select_all=False,
        on_change=_choose,
        args=(key, chosen),
    )
    if refused := st.session_state.get(_REFUSED, {}).get(key):
        st.text(shown(refused))


def _choose(key: str, before: Mapping[str, Named]) -> None:
    texts: list[str] = st.session_state[key]
    typed = {text: before.get(text) or _read(key, text) for text in texts}
    refused = [problem for problem in typed.values() if isinstance(problem, str)]
    st.session_state[_REFUSED] = {key: refused[-1]} if refused else {}
    changed: dict[str, list[Value]] = {parameter: [] for parameter, _ in before.values()}
    for named in typed.values():
        if not isinstance(named, str):
            changed.setdefault(named[0], []).append(named[1])
    url_state.change(**changed)


def _read(key: str, text: str) -> Named | str:
    """The parameter and value of a typed text, or why it has none."""
    if key.endswith("source_ip") and addresses.is_wrong(text):
        return f"{text}: {addresses.ALLOWED}."
    if key not in ("meta", "not_meta"):
        return key, parse(text)
    path, _, value = text.partition("=")
    field = field_of(f"{key}.{path}")
    if field is None or not value:
        return f"{text}: type a path and a value, such as user.role=admin."
    return field.parameters[key == "not_meta"], parse(value)
