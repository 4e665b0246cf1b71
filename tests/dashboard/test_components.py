"""The scripts of this project's own components."""

import re

import pytest

from dashboard.components import NAMES
from tests import ROOT

ASSETS = ROOT / "dashboard" / "component_assets"


def test_every_component_has_a_script_and_a_style() -> None:
    assert {file.name for file in ASSETS.iterdir()} == {
        "elements.js",
        *(f"{name}.{kind}" for name in NAMES for kind in ("js", "css")),
    }


@pytest.mark.parametrize("name", [*NAMES, "elements"])
def test_a_script_makes_no_html_from_text_and_reaches_no_other_host(name: str) -> None:
    script = (ASSETS / f"{name}.js").read_text(encoding="utf-8")
    unsafe = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\bfetch\b|XMLHttpRequest"
    assert re.findall(unsafe, script) == []
    assert re.findall(r"https?://[^\s\"']+", script) in ([], ["http://www.w3.org/2000/svg"])
