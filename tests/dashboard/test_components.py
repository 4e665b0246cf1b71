"""The scripts of this project's own components."""

import re
import shutil
from pathlib import Path

import pytest

from audit_store.engines.duckdb.store import Store
from dashboard.components import NAMES, project
from tests import ROOT
from tests.dashboard.page_runs import show

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


def test_another_script_has_another_address(tmp_path: Path) -> None:
    folder = shutil.copytree(ASSETS, tmp_path / "assets")
    assert project(folder) == project(ASSETS)
    with (folder / "elements.js").open("a", encoding="utf-8") as script:
        script.write("\n// a new version\n")
    assert project(folder) != project(ASSETS)


def test_pages_load_scripts_by_that_address(week: Store) -> None:
    names = {one.proto.component_name for one in show(week, "log").get("bidi_component")}
    assert f"{project(ASSETS)}.event_list" in names
