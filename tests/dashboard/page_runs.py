"""Runs the pages whole, without a browser, and reads what they drew."""

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from streamlit.testing.v1 import AppTest

from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from tests import ROOT
from tests.conftest import in_campaign

MAIN = ROOT / "dashboard" / "main.py"
PAGES = ("activity", "log", "spikes", "agent", "store")
# For what the frame of all pages does.
SOME_PAGES = ("activity", "log", *in_campaign("spikes", "agent", "store"))
NOW = datetime.now(UTC).replace(microsecond=0)
HOSTILE = (
    "<img src=x onerror=alert(1)> ![x](http://evil.example/x.png) $x^2$ :red[x] :material/home: "
    "[a](javascript:alert(1)) \u202e`code`"
)
# Streamlit draws these as Markdown: no text of the log may stand in them.
MARKDOWN = (
    "markdown",
    "caption",
    "title",
    "header",
    "subheader",
    "error",
    "warning",
    "info",
    "success",
    "toast",
)


def event(minutes: float, **fields: Any) -> Event:
    """An event so many minutes before the tests started."""
    return Event.of(
        {"agent": "ada", "activity": "Login", "occurred_at": NOW - timedelta(minutes=minutes), **fields}
    )


WEEK = [
    event(
        5,
        agent="ada",
        outcome="failure",
        description="wrong password",
        event_id="11111111-1111-4111-8111-111111111111",
    ),
    event(
        4,
        agent="bob",
        activity="User deleted",
        outcome="success",
        target="eve",
        metadata='{"reason":"left","n":1.50}',
        event_id="22222222-2222-4222-8222-222222222222",
    ),
    event(3, agent="ada", activity="Journey saved"),
    event(2, agent="eve", activity="Coffee made", source_ip="203.0.113.9"),
    event(60 * 24 * 8, agent="bob"),
    event(60 * 24 * 40, agent="old"),
]


def show(store: Store, page: str = "activity", **parameters: str | list[str]) -> AppTest:
    """One page over one store, with these URL parameters; `from_` stands for `from`."""
    os.environ["AUDIT_STORE"] = str(store.path)
    app = AppTest.from_file(str(MAIN), default_timeout=30)
    for name, value in parameters.items():
        app.query_params[name.rstrip("_")] = value
    if page != "activity":
        app.switch_page(f"../pages/{page}.py")
    app.run()
    assert not app.exception
    return app


def drawn(app: AppTest, *kinds: str) -> list[Any]:
    """The elements of these kinds."""
    return [one for kind in kinds for one in app.get(kind)]


def widget(app: AppTest, key: str) -> Any:
    """The widget with this key."""
    return app.get_by_key(key)


def open_box(app: AppTest, key: str) -> AppTest:
    """The page after a click that opens a box."""
    app.session_state[key] = True
    return app.run()


def metrics(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def words(app: AppTest) -> str:
    """All texts on the page."""
    return "\n".join(str(one.value) for one in drawn(app, *MARKDOWN, "text", "code"))


def url(app: AppTest) -> dict[str, list[str]]:
    return {name: [value] if isinstance(value, str) else value for name, value in app.query_params.items()}


def filters_of(app: AppTest) -> dict[str, list[str]]:
    """The parameters of the URL without the time zone."""
    return {name: values for name, values in url(app).items() if name != "tz"}


def component(app: AppTest, name: str) -> dict[str, Any]:
    """What is sent to the browser for a component of `dashboard.components`; {} where it is not drawn."""
    sent = {one.proto.component_name.rpartition(".")[2]: one.proto.json for one in app.get("bidi_component")}
    data: dict[str, Any] = json.loads(sent.get(name, "{}"))
    return data


def tables(app: AppTest) -> list[pd.DataFrame]:
    """The tables of `dashboard.tables`, in their order, with the texts that are shown."""
    sent = [
        json.loads(one.proto.json)
        for one in app.get("bidi_component")
        if one.proto.component_name.endswith(".table")
    ]
    return [
        pd.DataFrame(data["rows"], columns=[column["label"] for column in data["columns"]]) for data in sent
    ]


def log_table(app: AppTest) -> pd.DataFrame:
    """The rows of the log, from the top: the texts of its columns, and `event_id` and `alarm` of each row."""
    data = component(app, "event_list")
    names = [column["label"] if column["name"] == "other" else column["name"] for column in data["columns"]]
    rows = pd.DataFrame([row["cells"] for row in data["rows"]], columns=names)
    return rows.assign(
        event_id=[row["id"] for row in data["rows"]], alarm=[row["alarm"] for row in data["rows"]]
    )


def listed(app: AppTest) -> list[str]:
    """The activities of the rows of the log, from the top."""
    return list(log_table(app)["activity"])


def button(app: AppTest, label: str) -> Any:
    """The button with this label."""
    return next(button for button in app.button if button.label == label)
