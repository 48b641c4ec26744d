"""Take the pictures of the demo: the summary in a terminal, its HTML report, and the web application: ``make pictures``.

The demo is `perpend demo`: an invented organisation. Needs Chromium and the extras ``dev`` and ``bench`` (Pillow comes with
matplotlib).
"""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
COLUMNS, WIDTH = 110, 1100
PERPEND = [sys.executable, "-m", "perpend"]


def terminal(words: list[str], directory: Path) -> str:
    """Return the output of a command to a terminal, in colours."""
    ours, theirs = pty.openpty()
    pieces = []
    environment = os.environ | {"COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    with subprocess.Popen(
        [*PERPEND, *words], env=environment, cwd=directory, stdout=theirs, stderr=subprocess.DEVNULL
    ) as process:
        os.close(theirs)
        with suppress(OSError):  # so a terminal ends
            while piece := os.read(ours, 1 << 16):
                pieces.append(piece)
        process.wait()
    os.close(ours)
    return b"".join(pieces).decode().replace("\r\n", "\n")


def summary(browser: Browser, demo: Path) -> None:
    """Take the picture of the summary."""
    written = f"$ perpend demo && cd perpend-demo && perpend check\n{terminal(['check', '--no-history', '--summary'], demo)}"
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    console.print(Text.from_ansi(written))
    page = browser.new_page(viewport={"width": WIDTH, "height": 3 * WIDTH})
    page.set_content(f'<body style="margin: 0">{console.export_svg(title="perpend check")}</body>')
    path = HERE / "summary.png"
    page.locator("svg").first.screenshot(path=path)
    _shrink(path)


def report(browser: Browser, demo: Path) -> None:
    """Take the picture of the first screen of the report."""
    file = demo / "report.html"
    subprocess.run([*PERPEND, "report", "html", "--out", str(file)], cwd=demo, check=False, capture_output=True)
    page = browser.new_page(viewport={"width": 1000, "height": 1000}, color_scheme="light")
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready]")
    page.evaluate("document.body.style.zoom = 0.75")
    path = HERE / "report.png"
    page.screenshot(path=path)
    _shrink(path)


def server(browser: Browser, demo: Path) -> None:
    """Take the picture of the overview that the server shows."""
    with subprocess.Popen(
        [*PERPEND, "serve", "--bind", "127.0.0.1:0"], cwd=demo, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stderr is not None
        link = next(line.split()[-1] for line in process.stderr if "/login?token=" in line)
        page = browser.new_page(viewport={"width": 1280, "height": 1000}, color_scheme="light")
        page.goto(link)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_load_state("networkidle")
        path = HERE / "server.png"
        page.screenshot(path=path)
        _shrink(path)
        process.terminate()


def _shrink(path: Path) -> None:
    Image.open(path).convert("RGB").quantize(200, Image.Quantize.FASTOCTREE).save(path, optimize=True)


def main() -> None:
    """Take the pictures."""
    with TemporaryDirectory() as directory, sync_playwright() as playwright:
        demo = Path(directory) / "perpend-demo"
        subprocess.run([*PERPEND, "demo", str(demo)], check=True, capture_output=True)
        binary = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox", "--disable-lcd-text"])
        summary(browser, demo)
        report(browser, demo)
        server(browser, demo)
        browser.close()


if __name__ == "__main__":
    main()
