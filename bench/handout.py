"""A page to hand over, opened from the disk in Chromium: its size, how soon it can be used, what a search and its heap cost."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from bench.measure import ROOT
from bench.reports import write_report

if TYPE_CHECKING:
    from pathlib import Path

_FRAMES = "await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));"
_SEARCH = (
    "async word => { const start = performance.now(); state.q = word; compute(); list.top(); "
    f"{_FRAMES} return performance.now() - start }}"
)
_WORDS = ("user-12", "111122223333 mfa", "rotated")


_WAIVERS = """waivers:
  - id: known
    policies: ["/ce/ca/aws/iam/*"]
    scope: {objects: ["arn:*:user/*7"]}
    kind: planned-fix
    reason: Keys are being moved to roles.
    owner: iam-team@acme.example
    until: 2026-12-31
    limit: 10000000
"""


def measure_html_report(users: int, rounds: int, folder: Path) -> None:
    """Judge a seeded report of so many users, and open the page in a new browser as many times as there are rounds.

    Then the page of a store with a history: of two days, a fiftieth of the users new, a tenth of the findings waived.
    """
    report, page = folder / "report.csv", folder / "report.html"
    write_report(report, users)
    _perpend(
        "check", str(report), "--snapshot-time", "2026-11-20", "--fail-on", "never", "--format", "html", "--out", str(page)
    )
    _open(f"report: {users:,} users", page, rounds)
    _open(f"report of a store with a history: {users:,} users", _lived(users, folder), rounds)


def _lived(users: int, folder: Path) -> Path:
    """Return the page of a store to which two days were committed."""
    store, page, waivers = folder / f"store-{users}", folder / "lived.html", folder / "waivers"
    waivers.mkdir(exist_ok=True)
    (waivers / "known.yaml").write_text(_WAIVERS, encoding="utf-8")
    for day, there in (("2026-11-19", users - users // 50), ("2026-11-20", users)):
        report = folder / f"report-{day}.csv"
        write_report(report, there)
        _perpend("import", "--store", str(store), "--observed-at", day, str(report))
        _perpend("check", "--store", str(store), "--snapshot-time", day, "--fail-on", "never", "--summary")
    _perpend(
        *("report", "html", "--store", str(store), "--snapshot-time", "2026-11-20"),
        *("--waivers", str(waivers), "--out", str(page)),
    )
    return page


def _perpend(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "perpend", *words], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def _open(title: str, page: Path, rounds: int) -> None:
    from playwright.sync_api import sync_playwright

    runs: list[dict[str, float]] = []
    with sync_playwright() as playwright:
        for _ in range(rounds):
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            opened = browser.new_page(viewport={"width": 1360, "height": 860})
            runs.append(_measured(opened, page.as_uri()))
            findings = opened.evaluate("total")
            browser.close()
    print(f"\n{title}, {findings:,} findings: {page.stat().st_size / 1e6:.2f} MB; median of {rounds} (least to most)")
    for name in runs[0]:
        values = [run[name] for run in runs]
        print(f"  {name:32} {statistics.median(values):8.1f}  ({min(values):.1f} to {max(values):.1f})")


def _measured(page: Any, address: str) -> dict[str, float]:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(address)
    page.wait_for_selector("html[data-ready]", timeout=120_000)
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    found = {
        "usable after, ms": float(page.get_attribute("html", "data-ready")),
        "work until then, ms": metrics["TaskDuration"] * 1e3,
    }
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")
    found["JavaScript heap, MB"] = heap["usedSize"] / 1e6
    found["columns beside the heap, MB"] = heap.get("backingStorageSize", 0) / 1e6
    for word in _WORDS:
        found[f"search for `{word}`, ms"] = page.evaluate(_SEARCH, word)
    return found
