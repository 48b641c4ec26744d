"""Take pictures of `perpend check` and `perpend scan aws` in a terminal: ``make pictures``.

The scanned account is on moto. One call is denied, so the picture shows an undetermined verdict. Needs Chromium and the extras
``dev`` and ``bench`` (Pillow comes with matplotlib).
"""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text
from tests.servers.aws import Proxy, moto
from tests.servers.test_collect_aws import seed

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
COLUMNS, WIDTH = 100, 1000
POLICIES = (
    "user-has-more-than-one-active-access-key",
    "ebs-volume-encryption-attribute-in-all-regions",
    "security-hub",
)
REQUIREMENTS = ("cis-aws/2.4", "cis-aws/2.7", "cis-aws/2.12")
MADE = b"2015-02-02T20:02:02"
"""The time at which moto says that it has made any credential report."""


def terminal(words: list[str], environment: dict[str, str]) -> str:
    """Return the standard error of a command, and then its output to a terminal in colours."""
    ours, theirs = pty.openpty()
    pieces = []
    with subprocess.Popen(words, env=environment, cwd=ROOT, stdout=theirs, stderr=subprocess.PIPE) as process:
        os.close(theirs)
        with suppress(OSError):  # so a terminal ends
            while piece := os.read(ours, 1 << 16):
                pieces.append(piece)
        told = process.stderr.read() if process.stderr else b""
    os.close(ours)
    return (told + b"".join(pieces)).decode().replace("\r\n", "\n")


def checked() -> str:
    """Return the command that checks the example, and its output."""
    options = [word for name in REQUIREMENTS for word in ("--framework", name)]
    words = ["check", "examples/credential-report.csv", "--snapshot-time", "2026-11-20", *options]
    shape = {"COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    written = terminal([sys.executable, "-m", "perpend", *words, "--no-config"], os.environ | shape)
    command = " ".join(words[:4]) + " \\\n    " + " ".join(words[4:])
    return f"$ perpend {command}\n{written}"


def scanned() -> str:
    """Return the command that scans an account on moto, and its output."""
    options = [word for name in POLICIES for word in ("--policy", name)]
    with moto() as address:
        seed(address)
        proxy = Proxy(address)
        proxy.answers = {"GetEbsEncryptionByDefault": "UnauthorizedOperation"}
        proxy.mended = {"GetCredentialReport": (MADE, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S").encode())}
        known = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        keys = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_ENDPOINT_URL": proxy.url}
        shape = {"COLUMNS": str(COLUMNS), "TERM": "xterm-256color", "AWS_EC2_METADATA_DISABLED": "true"}
        words = [sys.executable, "-m", "perpend", "scan", "aws", "--no-config", *options]
        written = terminal(words, known | keys | shape)
        proxy.close()
    return "\n".join([" \\\n".join(["$ perpend scan aws", *(f"    --policy {one}" for one in POLICIES)]), written])


def main() -> None:
    """Take the pictures."""
    with sync_playwright() as playwright:
        binary = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox", "--disable-lcd-text"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 3 * WIDTH})
        for title, written, name in (("perpend check", checked(), "check.png"), ("perpend scan aws", scanned(), "scan.png")):
            console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
            console.print(Text.from_ansi(written))
            page.set_content(f'<body style="margin: 0">{console.export_svg(title=title)}</body>')
            path = HERE / name
            page.locator("svg").first.screenshot(path=path)
            Image.open(path).convert("RGB").quantize(200, Image.Quantize.FASTOCTREE).save(path, optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
