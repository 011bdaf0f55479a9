"""The picture of a dashboard in README.md: a page of the site as Chromium shows it, as docs/images/dashboard.png.

    retail dashboards --no-docs
    python scripts/dashboard_picture.py

Needs Debian's Chromium (apt-get install chromium) and the development dependencies. Exit code 1 where the picture would be
too large for a repository.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from retail import console, settings

PICTURE = "docs/images/dashboard.png"
BYTES = 200_000


def draw(page: Path, picture: Path, width: int, height: int, scale: float) -> int:
    """Write the upper part of a page, `width` times `height` pixels made smaller by `scale`; the bytes of the picture."""
    picture.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        # Chromium's sandbox does not run as root
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        tab = browser.new_page(
            viewport={"width": width, "height": height}, device_scale_factor=scale, color_scheme="light"
        )
        tab.goto(page.as_uri())
        tab.wait_for_selector("html[data-drawn]", state="attached")
        tab.screenshot(path=picture)
        browser.close()
    return picture.stat().st_size


def main() -> None:
    """Draw the page that the command line names."""
    parser = argparse.ArgumentParser(description="the picture of a dashboard in README.md")
    parser.add_argument("--site", type=Path, default=settings.project_root() / "site")
    parser.add_argument("--page", default="sales")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=1480)
    parser.add_argument("--scale", type=float, default=0.7, help="pixels of the picture for one of the page")
    arguments = parser.parse_args()
    page = (arguments.site / f"{arguments.page}.html").resolve()
    if not page.exists():
        sys.exit(f"{page} is not there; run `retail dashboards` first")
    if not shutil.which("chromium"):
        sys.exit("Chromium is not installed: apt-get install chromium")
    picture = settings.project_root() / PICTURE
    size = draw(page, picture, arguments.width, arguments.height, arguments.scale)
    console.out.print(f"{settings.shown(picture)}: {size / 1000:.0f} kB")
    if size > BYTES:
        sys.exit(f"more than {BYTES / 1000:.0f} kB; take a smaller --height or --scale")


if __name__ == "__main__":
    main()
