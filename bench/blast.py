"""``python -m bench blast``: what three edits of library policies would do to a store, by ``perpend diff --policies``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.measure import ROOT
from bench.reports import write_untidy_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LIBRARY = ROOT / "src/perpend/library"
_IAM = "ce/ca/aws/iam"
_DAY = "2026-11-20T00:00:00Z"


@dataclass(frozen=True, slots=True)
class PolicyEdit:
    """A change of one policy: why somebody makes it, and how its text is after it."""

    name: str
    why: str
    policy: str
    edited: Callable[[str], str]


def _doubt_first(text: str) -> str:
    """Return the logic with the check of further keys, of which nothing is known, in front of the one that proves the fault."""
    head, _, rest = text.partition("conditions:\n")
    body, _, tail = rest.partition("otherwise:")
    proof, *others = [f"  - status:{one}" for one in body.split("  - status:")[1:]]
    doubt = next(one for one in others if "credReportMoreAccessKeysAnnounced" in one)
    others.remove(doubt)
    return f"{head}conditions:\n{''.join((doubt, proof, *others))}otherwise:{tail}"


EDITS = (
    PolicyEdit(
        "rotate-60",
        "keys are rotated every 60 days, no more every 90",
        "user-access-keys-are-not-rotated-every-90-days",
        lambda text: text.replace("offsetDays: 90", "offsetDays: 60"),
    ),
    PolicyEdit(
        "unused-30",
        "credentials may be unused for 30 days, no more for 45",
        "disable-user-with-unused-credentials-45-days-and-more",
        lambda text: text.replace("offsetDays: 44", "offsetDays: 29"),
    ),
    PolicyEdit(
        "doubt-first",
        "a tidy-up that asks for further keys before it asks whether both keys are active",
        "user-has-more-than-one-active-access-key",
        _doubt_first,
    ),
)


def measure_blast(users: int, folder: Path) -> None:
    """Keep a seeded report of so many users in a store, and compare each edit, a branch of its own, with the library."""
    report, policies = folder / "report.csv", folder / "policies"
    write_untidy_report(report, users)
    _perpend("import", report, "--store", folder / "store", "--observed-at", _DAY)
    shutil.copytree(_LIBRARY / _IAM, policies / _IAM)
    for name in ("types", "frameworks"):
        shutil.copytree(_LIBRARY / name, policies / name)
    for path in ("ce/folder.yaml", "ce/ca/folder.yaml", "ce/ca/aws/folder.yaml"):
        shutil.copy(_LIBRARY / path, policies / path)
    _git(policies, "init", "-q", "-b", "main", ".")
    _commit(policies, "the library")
    for edit in EDITS:
        _git(policies, "checkout", "-q", "-b", edit.name, "main")
        logic = policies / _IAM / edit.policy / "prod.logic.yaml"
        before = logic.read_text("utf-8")
        after = edit.edited(before)
        assert after != before, edit.name
        logic.write_text(after, "utf-8")
        _commit(policies, edit.why)
        start = os.times()
        words = ["diff", "--policies", "main", edit.name, "--store", folder / "store", "--repo", policies, "--limit", "3"]
        print(f"\n# {edit.why}\n$ perpend diff --policies main {edit.name} --store store --repo policies --limit 3", flush=True)
        code, told = _perpend(*words, codes=(0, 1, 3))
        end = os.times()
        spent = end.children_user + end.children_system - start.children_user - start.children_system
        print(f"{told}(exit code {code}; {users:,} users, {spent:.1f} CPU-s)", flush=True)


def _perpend(*words: object, codes: tuple[int, ...] = (0,)) -> tuple[int, str]:
    asked = [sys.executable, "-m", "perpend", *map(str, words)]
    ran = subprocess.run(asked, cwd=ROOT, env={**os.environ, "COLUMNS": "120"}, capture_output=True, text=True, check=False)
    if ran.returncode not in codes:
        raise SystemExit(ran.stderr)
    return ran.returncode, ran.stdout


def _commit(policies: Path, why: str) -> None:
    _git(policies, "add", "-A")
    _git(policies, "-c", "user.name=bench", "-c", "user.email=bench@example.org", "commit", "-q", "-m", why)


def _git(policies: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(policies), *words], check=True)
