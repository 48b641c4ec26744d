"""The planted estate of Google Cloud by command: faults judged, mended, judged again, each call refused in turn, projects alone.

``python -m tests.servers.google.planted`` prints what is not as it has to be; with ``--write`` the results go to ``results.json``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from perpend.collectors.google.cloud import TABLES
from perpend.inventory.snapshots.store import Store
from tests.servers.aws import Verdicts
from tests.servers.azure.planted import UNKNOWN, UNSEEN, differences, groups, readers
from tests.servers.azure.planted import wrongs as wrongs_but
from tests.servers.google.faults import DENIED
from tests.servers.google.rounds import DECIDED, Rounds, calls_of, collect, estate
from tests.servers.planted_rest import evaluate
from tests.servers.rest import Rule

RESULTS = Path(__file__).with_name("results.json")
SAMPLE = 8
"""How many projects are collected alone: each is asked for every type."""

PASS = "COMPLIANT"  # noqa: S105 - a status
__all__ = ["RESULTS", "UNKNOWN", "UNSEEN", "results_of", "wrongs"]


def main(arguments: list[str] | None = None) -> int:
    """Run it all; 1 if something is not as it has to be."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.google.planted")
    parser.add_argument("--policy", action="append", default=[], help="only these policies")
    parser.add_argument("--write", action="store_true")
    wanted = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, estate(Path(folder)) as google:
        results = results_of(Rounds(google, wanted.policy), Path(folder) / "store")
    wrong = wrongs(results)
    for name, one in results["policies"].items():
        sys.stdout.write(f"{one['planted']:13} {one['mended']:13} {name}\n")
    sys.stdout.write("\n".join(wrong) + f"\n{len(wrong)} wrong; {results['seconds']} CPU seconds\n")
    if wanted.write:
        RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", "utf-8")
    return int(bool(wrong))


def results_of(rounds: Rounds, store: Path) -> dict[str, Any]:
    """Return the status of each policy's thing with its fault, mended, with each call refused, and of its project alone."""
    began = time.process_time()
    rounds.plant()
    ended = collect(rounds.google, store, *rounds.options)
    before = evaluate(store, *rounds.options)
    results: dict[str, Any] = {"collected": [] if ended.code == 0 else [f"code {ended.code}: {ended.err}"], "wrong": []}
    policies: dict[str, Any] = {name: {"planted": status, "refused": {}} for name, status in rounds.statuses(before).items()}
    other = store.with_name("other")
    for calls in groups(policies, calls_of):
        after, lacking = refused(rounds, other, calls)
        for call in calls:
            for name in readers(policies, calls_of)[call]:
                verdict = after.get((name, rounds.planted[name]))
                policies[name]["refused"][call] = verdict["status"] if verdict else UNSEEN
        results["wrong"] += differences(before, after, calls, lacking, TABLES, calls_of)
    results["alone"] = {"planted": alone(rounds, other, before, results["wrong"])}
    rounds.mend()
    ended = collect(rounds.google, store, *rounds.options)
    results["collected"] += [] if ended.code == 0 else [f"mended, code {ended.code}: {ended.err}"]
    mended = evaluate(store, *rounds.options)
    for name, status in rounds.statuses(mended).items():
        if name in policies:
            policies[name]["mended"] = status
    results["alone"]["mended"] = alone(rounds, other, mended, results["wrong"])
    results["policies"] = dict(sorted(policies.items()))
    results["unplanted"] = rounds.unplanted
    results["strange"] = sorted({asked.place for asked in rounds.google.strange})
    results["seconds"] = round(time.process_time() - began)
    return results


def refused(rounds: Rounds, store: Path, calls: Collection[str]) -> tuple[Verdicts, dict[str, str]]:
    """Return the verdicts if calls are refused, and by policy why its objects are not listed in full."""
    rounds.google.rules = [Rule(call, DENIED) for call in calls]
    ended = collect(rounds.google, store, *rounds.options)
    rounds.google.rules = []
    if "snapshot" not in ended.out:  # nothing at all was collected, and the command says why
        shutil.rmtree(store, ignore_errors=True)
        return {}, {program.policy_id: ended.err for program in rounds.programs}
    after = evaluate(store, *rounds.options)
    claims = [claim for source in Store(store).snapshot().sources for claim in source.coverage if claim.lacking]
    lacking = {
        program.policy_id: " ".join(str(claim.lacking) for claim in claims if claim.type_name == program.input_type)
        for program in rounds.programs
    }
    shutil.rmtree(store)
    return after, lacking


def alone(rounds: Rounds, store: Path, whole: Verdicts, wrong: list[str]) -> dict[str, int]:
    """Return the verdicts on the projects without their organization, counted by status.

    A verdict that is known, and is another one than with the organization, is wrong: not one pass more.
    """
    sample = [*rounds.accounts.values()][:: max(1, len(rounds.accounts) // SAMPLE)]
    projects = tuple(word for project in sample for word in ("--project", project))
    collect(rounds.google, store, *rounds.options, parent=projects)
    verdicts = evaluate(store, *rounds.options) if store.exists() else {}
    shutil.rmtree(store, ignore_errors=True)
    for key, verdict in verdicts.items():
        was, now = (whole.get(key) or {}).get("status"), verdict["status"]
        if now not in (was, UNKNOWN) or (now == PASS and was != PASS):
            wrong.append(f"alone: {key} was {was} and is {now}")
    return dict(sorted(Counter(verdict["status"] for verdict in verdicts.values()).items()))


def wrongs(results: Mapping[str, Any]) -> list[str]:
    """Return what is not as it has to be."""
    return [*wrongs_but(results, (), DECIDED.keys())]


if __name__ == "__main__":
    sys.exit(main())
