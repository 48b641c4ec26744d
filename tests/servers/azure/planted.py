"""The planted estate of Azure by command: faults judged, mended, judged again, each call refused in turn, and roles that hide.

``python -m tests.servers.azure.planted`` prints what is not as it has to be; with ``--write`` the results go to ``results.json``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from perpend.collectors.azure.cloud import TABLES
from perpend.collectors.rest.rows import RestTables
from perpend.inventory.snapshots.store import Store
from tests.servers.aws import Verdicts
from tests.servers.azure.double import ALL, ROLES
from tests.servers.azure.faults import DENIED
from tests.servers.azure.rounds import DECIDED, UNHELD, Rounds, calls_of, collect, estate
from tests.servers.planted_rest import FAULT, MENDED, evaluate
from tests.servers.rest import Rule

CallsOf = Callable[[str], tuple[str, ...]]
"""Returns the calls that a policy reads, by its id."""

RESULTS = Path(__file__).with_name("results.json")
UNKNOWN, UNSEEN = "UNDETERMINED", "not seen"
"""What a verdict is if a call is refused: not known, or the object is not seen, and the claim about its type says why."""


def main(arguments: list[str] | None = None) -> int:
    """Run it all; 1 if something is not as it has to be."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.azure.planted")
    parser.add_argument("--policy", action="append", default=[], help="only these policies")
    parser.add_argument("--write", action="store_true")
    wanted = parser.parse_args(arguments)
    with estate() as azure, tempfile.TemporaryDirectory() as folder:
        results = results_of(Rounds(azure, wanted.policy), Path(folder) / "store")
    wrong = list(wrongs(results))
    for name, one in results["policies"].items():
        sys.stdout.write(f"{one['planted']:13} {one['mended']:13} {name}\n")
    sys.stdout.write("\n".join(wrong) + f"\n{len(wrong)} wrong; {results['seconds']} CPU seconds\n")
    if wanted.write:
        RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", "utf-8")
    return int(bool(wrong))


def results_of(rounds: Rounds, store: Path) -> dict[str, Any]:
    """Return the status of each policy's thing with its fault, mended, and with each call refused."""
    began = time.process_time()
    rounds.plant()
    ended = collect(rounds.azure, store, *rounds.options)
    before = evaluate(store, *rounds.options)
    results: dict[str, Any] = {"collected": [] if ended.code == 0 else [f"code {ended.code}: {ended.err}"]}
    policies = {name: {"planted": status, "refused": {}} for name, status in rounds.statuses(before).items()}
    results["wrong"] = []
    for calls in groups(policies):
        after, lacking = refused(rounds, store.with_name("other"), calls)
        for call in calls:
            for name in readers(policies)[call]:
                verdict = after.get((name, rounds.planted[name]))
                policies[name]["refused"][call] = verdict["status"] if verdict else UNSEEN
        results["wrong"] += differences(before, after, calls, lacking)
    results["roles"] = {"planted": seen(rounds, store.with_name("other"), before, results["wrong"])}
    rounds.mend()
    ended = collect(rounds.azure, store, *rounds.options)
    results["collected"] += [] if ended.code == 0 else [f"mended, code {ended.code}: {ended.err}"]
    mended = evaluate(store, *rounds.options)
    for name, status in rounds.statuses(mended).items():
        policies[name]["mended"] = status
    results["roles"]["mended"] = seen(rounds, store.with_name("other"), mended, results["wrong"])
    results["policies"] = dict(sorted(policies.items()))
    results["unplanted"] = rounds.unplanted
    results["strange"] = sorted({asked.place for asked in rounds.azure.strange})
    results["seconds"] = round(time.process_time() - began)
    return results


def readers(policies: Collection[str], read: CallsOf = calls_of) -> dict[str, set[str]]:
    """Return by call the policies that read it."""
    of: dict[str, set[str]] = {}
    for name in policies:
        for call in read(name):
            of.setdefault(call, set()).add(name)
    return of


def groups(policies: Collection[str], read: CallsOf = calls_of) -> list[tuple[str, ...]]:
    """Return the calls in groups of which no policy reads two. The account itself is read by all."""
    grouped: list[tuple[list[str], set[str]]] = []
    for call, by in sorted(readers(policies, read).items(), key=lambda pair: (-len(pair[1]), pair[0])):
        for calls, taken in grouped:
            if not taken & by:
                calls.append(call)
                taken |= by
                break
        else:
            grouped.append(([call], set(by)))
    return [tuple(sorted(calls)) for calls, _ in grouped]


def refused(rounds: Rounds, store: Path, calls: Collection[str]) -> tuple[Verdicts, dict[str, str]]:
    """Return the verdicts if calls are refused, and by policy why its objects are not listed in full."""
    rounds.azure.rules = [Rule(call, DENIED) for call in calls]
    collect(rounds.azure, store, *rounds.options)
    rounds.azure.rules = []
    after = evaluate(store, *rounds.options)
    claims = [claim for source in Store(store).snapshot().sources for claim in source.coverage if claim.lacking]
    lacking = {
        program.policy_id: " ".join(str(claim.lacking) for claim in claims if claim.type_name == program.input_type)
        for program in rounds.programs
    }
    shutil.rmtree(store)
    return after, lacking


def differences(
    before: Verdicts,
    after: Verdicts,
    calls: Collection[str],
    lacking: Mapping[str, str],
    tables: RestTables = TABLES,
    read: CallsOf = calls_of,
) -> list[str]:
    """Return the verdicts that changed though they read none of the refused calls, or changed into something known.

    A verdict that is not known names the permission of a refused call; so does the claim about objects that are not there.
    """
    labels = {tables.calls[call].label for call in calls}
    wrong = []
    for key in sorted(before.keys() | after.keys()):
        was, now = (before.get(key) or {}).get("status"), after.get(key)
        if was == (now or {}).get("status"):
            continue
        reason = json.dumps(now) if now else lacking[key[0]]
        if now is not None and now["status"] != UNKNOWN:
            wrong.append(f"{', '.join(calls)} refused: {key} was {was} and is {now['status']}")
        elif not any(label in reason for label in labels):
            wrong.append(f"{', '.join(calls)} refused: {key} does not say why: {reason[:300]}")
        elif not set(calls) & set(read(key[0])):
            wrong.append(f"{', '.join(calls)} refused: {key} changed with nothing that it reads")
    return wrong


def seen(rounds: Rounds, store: Path, whole: Verdicts, wrong: list[str]) -> dict[str, dict[str, int]]:
    """Return the verdicts by role, counted by status. Those that are known, and are others than with a role on all, are wrong."""
    counts = {}
    for role, scopes in ROLES.items():
        rounds.azure.roles = scopes
        collect(rounds.azure, store, *rounds.options)
        verdicts = evaluate(store, *rounds.options) if store.exists() else {}
        shutil.rmtree(store, ignore_errors=True)
        counts[role] = dict(sorted(Counter(verdict["status"] for verdict in verdicts.values()).items()))
        for key, verdict in verdicts.items():
            was, now = (whole.get(key) or {}).get("status"), verdict["status"]
            if now not in (was, UNKNOWN):
                wrong.append(f"role on {role}: {key} was {was} and is {now}")
    rounds.azure.roles = ALL
    return counts


def wrongs(
    results: Mapping[str, Any],
    unheld: Collection[str] = UNHELD.keys(),
    decided: Collection[tuple[str, str]] = DECIDED.keys(),
) -> Iterator[str]:
    """Yield what is not as it has to be."""
    yield from (f"collected: {line}" for line in results["collected"])
    yield from results["wrong"]
    yield from (f"{name}: not planted: {why}" for name, why in results["unplanted"].items() if name not in unheld)
    yield from (f"no such call: {place}" for place in results["strange"])
    for name, one in results["policies"].items():
        if (one["planted"], one.get("mended")) != (FAULT, MENDED):
            yield f"{name}: planted {one['planted']}, mended {one.get('mended')}"
        yield from (
            f"{name}: {call} refused: {status}"
            for call, status in one["refused"].items()
            if status not in (UNKNOWN, UNSEEN) and (name, call) not in decided
        )


if __name__ == "__main__":
    sys.exit(main())
