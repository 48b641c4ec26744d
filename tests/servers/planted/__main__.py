"""A long run by command: the planted estate judged, mended, judged again, and each operation failing in each way in turn.

``python -m tests.servers.planted`` prints the table of policies, and what is not as it has to be; with ``--write`` the results go
where `make reference` makes the page of them from, beside those of kinds that were not run. ``--kinds denied`` lets operations fail in one way only, ``--kinds`` in none.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from perpend.collectors.aws.catalog import TYPES
from perpend.collectors.aws.client import CloudClient
from tests.servers.aws import Verdicts, moto
from tests.servers.gathered import gathered
from tests.servers.planted import matrix
from tests.servers.planted.rounds import Rounds, account
from tests.servers.planted.tables import FAULTS
from tests.servers.planted.unheld import UNHELD

RESULTS = Path(__file__).with_name("results.json")
SHARES = (0.05, 0.3)
KINDS = (*matrix.JUDGED, *matrix.ALIKE)


def main(arguments: list[str] | None = None) -> int:
    """Run it all; 1 where something is not as it has to be."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.planted")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=KINDS)
    parser.add_argument("--write", action="store_true")
    wanted = parser.parse_args(arguments)
    with (
        moto() as address,
        account(address, FAULTS.values(), [one.fault for one in UNHELD]) as rounds,
        tempfile.TemporaryDirectory() as folder,
    ):
        found = results(rounds, Path(folder) / "store", wanted.kinds, written if wanted.write else lambda _: None)
    for name, one in found["policies"].items():
        sys.stdout.write(f"{one['planted']:13} {one['mended']:13} {name}\n")
    for kind, effects in found["failing"].items():
        told = sum(one["verdicts"] for one in effects.values()), sum(one["objects"] for one in effects.values())
        sys.stdout.write(f"{kind}: {len(effects)} operations, {told[0]} verdicts not known, {told[1]} not there\n")
    for kind, part in found["alike"].items():
        sys.stdout.write(f"{kind}: {sum(map(len, part.values()))} things known that are not where it is denied\n")
    wrong = list(wrongs(found))
    sys.stdout.write("\n".join(wrong) + f"\n{len(wrong)} wrong; {found['seconds']} CPU seconds\n")
    if wanted.write:
        written(found)
    return int(bool(wrong))


def written(found: dict[str, Any]) -> None:
    """Write results beside those that are there already."""
    known = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    parts = {name: {**known.get(name, {}), **found.get(name, {})} for name in ("failing", "alike", "throttled")}
    RESULTS.write_text(json.dumps({**known, **found, **parts}, indent=1, sort_keys=True) + "\n", "utf-8")


def results(
    rounds: Rounds, store: Path, kinds: list[str], done: Callable[[dict[str, Any]], None] = lambda _: None
) -> dict[str, Any]:
    """Return what came of all. ``done`` is told what there is after each kind."""
    began = time.process_time()
    rounds.plant()
    found: dict[str, Any] = {"collected": told(rounds.collect(store))}
    seen = types_seen(rounds.proxy.url)
    before = rounds.evaluate(store)
    planted = rounds.statuses(before, rounds.evaluate(store, later=True), rounds.planted)
    found["again"] = told(rounds.collect(store)) or changes(before, rounds.evaluate(store))
    found |= {"failing": {}, "alike": {}}
    with matrix.impatient():
        for kind in kinds:
            part: dict[str, Any] = {}
            for names in matrix.groups():
                sys.stderr.write(f"{time.process_time() - began:.0f} s: {kind}: {', '.join(names)}\n")
                able = tuple(name for name in names if matrix.fails(name, kind))
                if able and kind in matrix.ALIKE:
                    part[", ".join(able)] = matrix.differences(rounds, able, kind)
                elif able:
                    effects = matrix.effects(rounds, store, before, able, kind)
                    part |= {name: asdict(one) for name, one in sorted(effects.items())}
            found["alike" if kind in matrix.ALIKE else "failing"][kind] = part
            done(found)
        found["throttled"] = {
            str(share): throttled(rounds, store.with_name(str(share)), before, share) for share in SHARES if kinds
        }
    for last in (False, True):
        if last:
            found["types"] = together(seen, types_seen(rounds.proxy.url))
        rounds.mend(last=last)
        found[f"mended {last}"] = told(rounds.collect(store))
        after = rounds.evaluate(store)
        things = {name: thing for name, thing in rounds.mended.items() if rounds.faults[name].last == last}
        found.setdefault("mended", {}).update(rounds.statuses(after, after, things))
    mended = found.pop("mended")
    found["policies"] = {
        name: {"planted": planted.get(name, "refused"), "mended": mended.get(name, "refused")} for name in sorted(rounds.faults)
    }
    found["seconds"] = round(time.process_time() - began)
    return found


def types_seen(url: str) -> dict[str, Any]:
    """Return of each type of the whole table how many objects there are, and which fields no object has."""
    rows, _ = gathered(CloudClient(endpoint_url=url), {name: [*row.fields] for name, row in TYPES.items()})
    found = {}
    for name, row in sorted(TYPES.items()):
        mine = [one.fields for one in rows if one.type_name == name]
        never = [field for field in sorted(row.fields) if all(fields.get(field) is None for fields in mine)]
        found[name] = {"rows": len(mine), "never": never}
    return found


def together(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return what is there of each type at its best of two times."""
    return {
        name: {
            "rows": max(one["rows"], after[name]["rows"]),
            "never": sorted(set(one["never"]) & set(after[name]["never"])),
        }
        for name, one in before.items()
    }


def throttled(rounds: Rounds, store: Path, before: Verdicts, share: float) -> list[str]:
    """Return what differs where a share of all calls is throttled, and is not said to be not known."""
    rounds.proxy.throttled = share
    ended = rounds.collect(store)
    rounds.proxy.throttled = 0.0
    after = rounds.evaluate(store)
    if ended.code == 0:
        return changes(before, after)
    return [one for one in changes(before, after) if not one.endswith("is UNDETERMINED")]


def told(ended: Any) -> list[str]:
    """Return what a collection that ought to read all says that it did not."""
    return [] if ended.code == 0 else [f"code {ended.code}: {ended.err}"]


def changes(before: Verdicts, after: Verdicts) -> list[str]:
    """Return the verdicts that differ."""
    keys = sorted(before.keys() | after.keys())
    pairs = ((key, (before.get(key) or {}).get("status"), (after.get(key) or {}).get("status")) for key in keys)
    return [f"{key} was {was} and is {now}" for key, was, now in pairs if was != now]


def wrongs(found: dict[str, Any]) -> Any:
    """Yield what is not as it has to be."""
    for name in ("collected", "again", "mended False", "mended True"):
        yield from (f"{name}: {one}" for one in found[name])
    held = ("INCOMPLIANT", "COMPLIANT")
    for name, one in found["policies"].items():
        if (name in FAULTS) != ((one["planted"], one["mended"]) == held):
            yield f"{name}: planted {one['planted']}, mended {one['mended']}"
    yield from (f"{name}: no object" for name, one in found["types"].items() if not one["rows"])
    for kind, effects in found["failing"].items():
        yield from (f"{kind} {name}: {what}" for name, one in effects.items() for what in one["wrong"])
    for kind, part in found["alike"].items():
        yield from (f"{kind} {names}: {one}" for names, differing in part.items() for one in differing)
    for share, differing in found["throttled"].items():
        yield from (f"throttled {share}: {one}" for one in differing)


if __name__ == "__main__":
    sys.exit(main())
