"""Other views that an event leads to."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from audit_store.filters import EventFilter
from dashboard.filters import url_state

AROUND = timedelta(minutes=15)
_PERIOD = ("range", "from", "to", "tz")


def buttons(event: Mapping[str, Any], where: EventFilter) -> None:
    """Buttons that lead to what the agent did around the event, and to others of its address and activity."""
    with st.container(horizontal=True, gap="small"):
        for label, icon, parameters in views(event, where):
            st.button(
                label,
                icon=icon,
                key=f"{label}_{event['seq']}",
                on_click=url_state.go,
                args=(parameters,),
            )


def views(event: Mapping[str, Any], where: EventFilter) -> list[tuple[str, str, dict[str, list[str]]]]:
    """Label, icon and URL parameters of each; the period of `where` holds where no other is said."""
    same = {name: values for name, values in url_state.link(where).items() if name in _PERIOD}
    minutes = AROUND // timedelta(minutes=1)
    around = {"tz": same["tz"]} if "tz" in same else {}
    around |= {"range": ["custom"], "agent": [event["agent"]]} | _around(event["occurred_at"], where)
    found = [
        (f"This agent ± {minutes} minutes", ":material/schedule:", around),
        ("Same activity", ":material/category:", same | {"activity": [event["activity"]]}),
    ]
    if isinstance(event["source_ip"], str) and event["source_ip"]:
        found.append(("Same address", ":material/lan:", same | {"q": [event["source_ip"]]}))
    return found


def _around(moment: datetime, where: EventFilter) -> dict[str, list[str]]:
    """Whole minutes with their offset: a local time alone says two instants when clocks are put back."""
    bounds = (moment - AROUND, moment + AROUND + timedelta(minutes=1))
    texts = [
        bound.replace(tzinfo=UTC, second=0, microsecond=0)
        .astimezone(where.zone)
        .isoformat(timespec="minutes")
        for bound in bounds
    ]
    return {"from": [texts[0]], "to": [texts[1]]}


def leave_out(name: str, value: str, where: EventFilter) -> None:
    """Exclude this agent or activity, and stop asking for it."""
    asked: tuple[str, ...] = getattr(where, name)
    excluded: tuple[str, ...] = getattr(where, f"not_{name}")
    url_state.change(
        **{
            name: [one for one in asked if one != value],
            f"not_{name}": [*excluded, *([value] if value not in excluded else [])],
        }
    )
