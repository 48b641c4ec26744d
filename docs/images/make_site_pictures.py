"""Take the pictures of the library's site, with documents: ``make pictures``.

Needs Chromium and the extra ``dev``. A picture that grows beyond what a repository should carry is an error.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEY = "ce/ca/aws/iam/user-has-more-than-one-active-access-key"
CIS = "frameworks/cis-aws-v6.0.0"
MOST = 125_000
WIDTH = 1280
PICTURES = {
    "home": ("index.html", WIDTH, 900, "light"),
    "policy": (f"{KEY}/index.html", WIDTH, 500, "light"),
    "logic": (f"{KEY}/index.html#condition-1", WIDTH, 660, "dark"),
    "flow": (f"{KEY}/index.html#flow", WIDTH, 720, "light"),
    "framework": (f"{CIS}/index.html", WIDTH, 840, "light"),
    "section": (f"{CIS}/02/12/index.html", WIDTH, 720, "light"),
    "type": ("types/CA10__CaAwsUser__c/index.html", WIDTH, 900, "dark"),
    "folder": ("ce/ca/aws/iam/index.html", WIDTH, 620, "light"),
    "health": ("health/index.html", WIDTH, 720, "light"),
    "search": ("search/index.html?q=access+keys", WIDTH, 640, "light"),
    "phone": (f"{KEY}/index.html", 360, 740, "light"),
}
"""Address, width, height and colours by name."""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def build(directory: Path) -> Path:
    """Build the site of the library."""
    site = directory / "site"
    command = [sys.executable, "-m", "perpend", "site", "build", "--docs", str(ROOT / "docs"), "--out", str(site)]
    subprocess.run(command, check=True)
    return site


def take(browser: Browser, home: str, name: str) -> Path:
    """Take one picture."""
    address, width, height, scheme = PICTURES[name]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(f"{home}/{address}", wait_until="load")
    if "search/" in address:
        page.wait_for_selector("[data-results] a")
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(300)
    path = HERE / f"site-{name}.png"
    page.screenshot(path=path)
    page.close()
    return path


def main() -> None:
    """Take the pictures that are named, or all of them."""
    wanted = sys.argv[1:] or [*PICTURES]
    with TemporaryDirectory() as directory:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(build(Path(directory)))))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            binary = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox"])
            paths = [take(browser, f"http://127.0.0.1:{server.server_port}", name) for name in wanted if name in PICTURES]
            browser.close()
        server.shutdown()
    large = [f"{path.name}: {path.stat().st_size:,} bytes" for path in paths if path.stat().st_size > MOST]
    sys.exit(f"larger than {MOST:,} bytes: {', '.join(large)}" if large else 0)


if __name__ == "__main__":
    main()
