"""``python -m tests.unit.server.api.scopes NUMBER [SEED]``: ask as readers of some accounts, and look for other accounts.

Each object has its account in its name, its id and its region, so a leak is a text. The expected numbers are computed from the
verdicts that the store was made of.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

import perpend
from perpend.core.objects.status import Status
from perpend.server.answers import Coverage
from tests.histories import CODES
from tests.unit.server.api.served import ACCOUNTS, NAMES, POLICIES, asking, codes_of, reader_of, small_store

KNOWN = [account for account in ACCOUNTS if account is not None]
PATHS = (
    *(
        "/api/v1/summary",
        "/api/v1/findings",
        "/api/v1/findings.csv",
        "/api/v1/findings.ndjson",
        "/api/v1/facets",
        "/api/v1/runs",
    ),
    *("/api/v1/groups", "/api/v1/diff", "/api/v1/diff.ndjson", "/api/v1/compliance", "/api/v1/compliance.ndjson"),
    *("/api/v1/findings/ID", "/", "/findings", "/findings/ID", "/objects/Thing/OBJECT", "/policies", "/policies/POLICY"),
    *("/compliance", "/compliance/cis-aws-v6.0.0", "/runs", "/runs/1...3", "/waivers", "/trends", "/estate", "/mcp"),
)
TOOLS = ("summary", "find_findings", "count_findings", "explain_finding", "history", "diff_runs", "read_policy")
FILTERABLE = ("/findings", "/facets", "/groups")


def ask_all(directory: Path, number: int, seed: int, days: int = 3) -> tuple[Counter[str], list[str]]:
    """Return the number of answers by path and status, and what readers saw that they may not see."""
    choose, counts, leaks = random.Random(seed), Counter[str](), list[str]()
    rows = perpend.open(directory).findings(life="all")
    with asking(directory) as client:
        for _ in range(number):
            scope = frozenset(choose.sample(KNOWN, choose.randrange(len(KNOWN))))
            path, row = choose.choice(PATHS), choose.choice(rows)
            pairs = _pairs(choose) if any(part in path for part in FILTERABLE) and "ID" not in path else []
            answer = _ask(client, path, row, pairs, scope, choose)
            counts[f"{path} {answer.status_code}"] += 1
            # A refusal repeats the id that was asked for; an answer must not have it.
            is_refusal = answer.status_code != 200 or '"isError":true' in answer.text
            shown = answer.text.replace(row["object_id"], "") if is_refusal else answer.text
            foreign = [account for account in ACCOUNTS if account not in scope and f"id-{account}-" in shown]
            leaks += [f"{account} to {sorted(scope)}: {answer.request.url}: {shown[:2_000]}" for account in foreign]
            if answer.status_code == 200:
                leaks += [
                    f"{sorted(scope)}: {answer.request.url}: {fault}"
                    for fault in _wrong(path, answer, scope, pairs, rows, days)
                ]
            elif "ID" in path and row["account"] in scope and answer.status_code == 404:
                leaks.append(f"{sorted(scope)}: {answer.request.url}: not found")
            if "ID" in path and row["account"] not in scope and answer.status_code == 200:
                leaks.append(f"{sorted(scope)}: {answer.request.url}: status {answer.status_code}")
    return counts, leaks


def _pairs(choose: random.Random) -> list[tuple[str, str]]:
    pairs = [("life", "all")] if choose.random() < 0.5 else []
    if choose.random() < 0.4:
        pairs.append(("account", choose.choice([*KNOWN, *NAMES.values()])))
    if choose.random() < 0.2:
        pairs.append(("region", f"region-{choose.choice(KNOWN)}"))
    if choose.random() < 0.2:
        pairs.append(("search", choose.choice(KNOWN)))
    if choose.random() < 0.2:
        pairs.append(("policy", choose.choice(POLICIES)))
    return pairs


def _ask(
    client: TestClient,
    path: str,
    row: dict[str, Any],
    pairs: list[tuple[str, str]],
    scope: frozenset[str],
    choose: random.Random,
) -> Any:
    headers = dict(reader_of(scope))
    if path == "/mcp":
        tool = choose.choice(TOOLS)
        finding, name = row["finding_id"], choose.choice((row["finding_id"], row["object_id"], row["policy_id"]))
        more = {"explain_finding": {"finding": finding}, "history": {"name": name}, "read_policy": {"policy": row["policy_id"]}}
        arguments = more.get(tool, {"by": "account"} if tool == "count_findings" else {})
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
        headers |= {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}
        return client.post("/mcp", json=call, headers=headers)
    path = path.replace("ID", row["finding_id"]).replace("OBJECT", row["object_id"]).replace("/POLICY", row["policy_id"])
    return client.get(path, params=pairs, headers=headers)


def _wrong(
    path: str,
    answer: Any,
    scope: frozenset[str],
    pairs: list[tuple[str, str]],
    rows: Sequence[dict[str, Any]],
    days: int,
) -> list[str]:
    """Return what is wrong with the numbers of an answer."""
    asked = dict(pairs)
    numbers = {name: account for account, name in NAMES.items()}
    seen = [
        row
        for row in rows
        if row["account"] in scope
        and ("life" in asked or row["life"] in ("open", "unconfirmed"))
        and ("account" not in asked or row["account"] == numbers.get(asked["account"], asked["account"]))
        and ("region" not in asked or row["region"] == asked["region"])
        and ("search" not in asked or asked["search"] in row["object_id"])
        and ("policy" not in asked or row["policy_id"] == asked["policy"])
    ]
    got: Any
    match path.removeprefix("/api/v1/"):
        case "findings" | "facets":
            got, expected = answer.json()["total"], len(seen)
        case "groups":
            got = sum(one["failing"] + one["unknown"] + one["waived"] for one in answer.json()["groups"])
            ended = ("resolved", "resource_deleted", "policy_removed")
            expected = len([row for row in seen if row["life"] not in ended])
        case "findings.csv" | "findings.ndjson":
            got, expected = len(answer.text.splitlines()) - path.endswith("csv"), len(seen)
        case "summary":
            got, expected = answer.json()["coverage"], coverage_of(scope, days - 1)
        case "runs":
            got = [one["coverage"] for one in answer.json()["runs"]]
            expected = [coverage_of(scope, day) for day in reversed(range(days))]
        case "diff":
            got, expected = answer.json()["total"], sum(answer.json()["numbers"].values())
        case _:
            return []
    return [] if got == expected else [f"{got}, not {expected}"]


def coverage_of(scope: frozenset[str | None], day: int) -> dict[str, int]:
    counts = Counter(CODES[code] for thing, codes in codes_of(day).items() if thing.account in scope for code in codes)
    names = (Status.COMPLIANT, Status.INCOMPLIANT, None, Status.UNDETERMINED, Status.INAPPLICABLE)
    return dict(zip(Coverage.__dataclass_fields__, (counts[name] if name else 0 for name in names), strict=True))


def main(arguments: Sequence[str]) -> None:
    """Ask, and print."""
    with tempfile.TemporaryDirectory() as place:
        small_store(Path(place))
        counts, leaks = ask_all(Path(place), int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 1)
    sys.stdout.write(json.dumps(dict(sorted(counts.items())), indent=1) + "\n")
    sys.stdout.write("\n".join([*leaks[:30], f"{sum(counts.values())} answers, {len(leaks)} leaks or wrong numbers\n"]))


if __name__ == "__main__":
    main(sys.argv[1:])
