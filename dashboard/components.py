"""Components that the browser draws with this project's own scripts, which are in `component_assets/`.

Streamlit finds the scripts of installed packages by their `pyproject.toml`. This project runs from its folder, so it
declares them here: the browser then loads them from this server, as the Content-Security-Policy requires. A script
sets text as text, never as HTML, because log text may be written by attackers.
"""

from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

_ASSETS = Path(__file__).with_name("component_assets")
NAMES = ("event_list", "event_tree", "filter_pills", "histogram", "query_completion", "table")
"""Each has a script and a style of this name in `component_assets/`; `elements.js` is what their scripts share."""

_WITHOUT_SHADOW = ("query_completion",)
"""Those that an element outside them refers to, which it cannot across the border of a shadow tree."""


def project(assets: Path) -> str:
    """The name of the project in the addresses of the scripts in a folder: another one for other scripts.

    Browsers keep scripts for a while without asking for new ones, so a new version needs another address.
    """
    contents = b"\0".join(file.read_bytes() for file in sorted(assets.iterdir()) if file.is_file())
    return f"audit_log_explorer_{sha256(contents).hexdigest()[:12]}"


_PROJECT = project(_ASSETS)


def draw(
    name: str,
    data: Mapping[str, Any],
    *,
    key: str,
    on: Mapping[str, Callable[[], None]],
    height: int | str = "content",
) -> None:
    """Draw a component of NAMES with JSON-compatible `data`.

    `on` maps each trigger of its script to a callback; during the callback, `value(key, trigger)` is what was sent.
    """
    _declare()
    callbacks = {f"on_{trigger}_change": callback for trigger, callback in on.items()}
    _component(name)(data=dict(data), key=key, height=height, **callbacks)


def value(key: str, trigger: str) -> Any:
    """What a component's script has sent with a trigger; None outside its callback."""
    return st.session_state[key].get(trigger)


def _declare() -> None:
    """Tell the running server where the scripts are, once."""
    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(f"{_PROJECT}.{NAMES[-1]}") is None:
        configs = [ComponentConfig(name, _ASSETS.name) for name in NAMES]
        manager.register_from_manifest(ComponentManifest(_PROJECT, "", configs), _ASSETS.parent)


@cache
def _component(name: str) -> Callable[..., Any]:
    return st.components.v2.component(
        f"{_PROJECT}.{name}",
        css=f"{name}.css",
        js=f"{name}.js",
        isolate_styles=name not in _WITHOUT_SHADOW,
    )
