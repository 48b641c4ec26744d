"""``python -m bench waivers``: what 1,000 waivers take over a million findings, in CPU seconds."""

from __future__ import annotations

import os
from datetime import date

from perpend.core.diagnostics.model import Span
from perpend.findings.waivers.matches import CANDIDATES, COLUMNS, cover, fill_candidates
from perpend.findings.waivers.read import Waiver
from perpend.findings.waivers.status import Force, WaiverStatus
from perpend.inventory.snapshots.database import opened

_POLICIES = 200
_UNTIL = date(2026, 12, 31)


def measure_waivers(waivers: int, findings: int) -> None:
    """Cover made-up findings of 200 policies in 500 accounts: half by object, a fifth by pattern, the others by account."""
    with opened() as connection:
        account = "lpad((hash(i) % 500)::VARCHAR, 12, '1')"
        arn = f"'arn:aws:iam::' || {account} || ':user/team-' || (i % 40) || '/user-' || i"
        values = (
            f"'/ce/p' || (i % {_POLICIES})",
            "'User'",
            arn,
            arn,
            "'user-' || i",
            account,
            "'eu-west-1'",
            "NULL",
            "'INCOMPLIANT'",
            "i",
        )
        listed = ", ".join(f"{value} AS {column}" for column, value in zip(COLUMNS, values, strict=True))
        fill_candidates(connection, f"SELECT {listed} FROM range({findings}) AS r(i)")
        accounts = [one for (one,) in connection.execute(f"SELECT DISTINCT account FROM {CANDIDATES}").fetchall()]
        ids = [one for (one,) in connection.execute(f"SELECT id FROM {CANDIDATES} LIMIT {waivers}").fetchall()]
        standings = [_standing(number, ids, sorted(accounts)) for number in range(waivers)]
        before = os.times()
        found = cover(connection, standings, date(2026, 11, 20))
        after = os.times()
    waived = sum(found.waived.values())
    seconds = after.user + after.system - before.user - before.system
    print(f"{waivers:,} waivers × {findings:,} findings: {waived:,} waived, {seconds:.2f} CPU-s")


def _standing(number: int, ids: list[str], accounts: list[str]) -> WaiverStatus:
    scope: dict[str, tuple[str, ...]] = {"accounts": (accounts[number % len(accounts)],)}
    policies = tuple(f"/ce/p{(number * 7 + more) % _POLICIES}" for more in range(12 if number % 5 == 4 else 1))
    if number % 10 < 5:
        scope, policies = {"objects": (ids[number],)}, (f"/ce/p{number % _POLICIES}",)
    elif number % 10 < 7:
        scope = {"objects": (f"arn:*:user/team-{number % 40}/user-*7",)}
    about = ("planned-fix", "Why.", "o", 1_000_000, _UNTIL, None, None, None)
    return WaiverStatus(
        Waiver(f"w{number}", policies, scope, ("INCOMPLIANT",), *about, Span("a.yaml")), Force.IN_FORCE, policies
    )
