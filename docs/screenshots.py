"""Pictures of every page, light and dark, wide and narrow, from a demo store with a fixed seed that ends now.

Run by hand (`make screenshots`); they go to docs/*.png and the README shows some of them.
"""

import io
import sys
import tempfile
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from alarms.detector.detector import steps  # noqa: E402
from alarms.detector.settings import settings_of  # noqa: E402
from audit_store.engines.registry import open_store  # noqa: E402
from demo.__main__ import main as fill  # noqa: E402
from tests.browser.conftest import CHROMIUM, QUIET, Watched, serving  # noqa: E402

ZONE = "Europe/Berlin"
PAGES = {
    "activity": "/",
    "log": "/log?activity=Login",
    "spikes": "/spikes?range=90d",
    "agent": "/agent?agent=support-1@marigold.example&range=30d",
    "store": "/store",
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES = {1400: 900, 1920: 1080, 400: 860}
COLOURS = 128


def take(browser: Browser, url: str) -> None:
    """All pages that there are, in both schemes and sizes."""
    for scheme in SCHEMES:
        for width, height in SIZES.items():
            context = browser.new_context(
                viewport={"width": width, "height": height},
                timezone_id=ZONE,
                locale="en-GB",
                color_scheme=scheme,
            )
            for name in PAGES:
                page = context.new_page()
                show(page, url + PAGES[name], opens=name == "log")
                save(page.screenshot(), ROOT / "docs" / f"{name}-{scheme}-{width}.png")
                page.close()
            context.close()


def show(page: Page, url: str, *, opens: bool) -> None:
    """One page, settled; on a page that `opens`, with the details of its fourth event."""
    watched = Watched(page)
    page.goto(url)
    watched.settle()
    if opens:
        box = page.locator(".event-list tbody tr").first.bounding_box()
        if box is None:
            raise RuntimeError(f"{url} shows no table; look at the demo store")
        page.mouse.click(box["x"] + 120, box["y"] + 150)
        expect(page.get_by_text("Event details")).to_be_visible()
        watched.settle()
        page.mouse.move(0, 0)
    page.wait_for_timeout(500)


def save(png: bytes, path: Path) -> None:
    """Write a picture with few colours, which is a third as large."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KB")


def main() -> None:
    """Fill a store, serve it, and take the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        store, log = Path(folder, "audit.duckdb"), Path(folder, "server.log")
        fill(["--store", str(store), "--seed", "7"])
        for _ in steps(open_store(store), settings_of(store)):
            pass
        with serving(store, log) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            take(browser, server.url)
            browser.close()


if __name__ == "__main__":
    main()
