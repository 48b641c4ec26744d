"""``python -m tests.unit.server.api.scopes NUMBER [SEED]``: ask as readers of some accounts, and look for other accounts.

Each object has its account in its name, its id and its region, so a leak is a text. The expected numbers are computed from the
verdicts that the store was made of. A tenth as many questions go to a second store, whose objects lead to objects of other
accounts (:mod:`tests.unit.server.related`), inline policies and listeners among them: its findings are explained, and logic
and waivers are tried.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.testclient import TestClient

import perpend
from perpend.core.objects.status import Status
from perpend.server.mcp import trials
from perpend.server.mcp.trial_process import told
from perpend.server.scope import ReaderScope
from perpend.server.settings import BearerToken
from tests.histories import CODES
from tests.unit.server import related
from tests.unit.server.api.served import (
    ACCOUNTS,
    NAMES,
    POLICIES,
    SETTINGS,
    asking,
    client_of,
    codes_of,
    reader_of,
    small_store,
)

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
            leaks += _foreign(shown, answer, scope)
            if not scope:
                leaks += _not_told(path, answer)
            elif answer.status_code == 200:
                leaks += [
                    f"{sorted(scope)}: {answer.request.url}: {fault}"
                    for fault in _wrong(path, answer, scope, pairs, rows, days)
                ]
            elif "ID" in path and row["account"] in scope and answer.status_code == 404:
                leaks.append(f"{sorted(scope)}: {answer.request.url}: not found")
            if "ID" in path and row["account"] not in scope and answer.status_code == 200:
                leaks.append(f"{sorted(scope)}: {answer.request.url}: status {answer.status_code}")
    return counts, leaks


def _foreign(shown: str, answer: Any, scope: frozenset[str]) -> list[str]:
    foreign = [account for account in ACCOUNTS if account not in scope and f"id-{account}-" in shown]
    return [f"{account} to {sorted(scope)}: {answer.request.url}: {shown[:2_000]}" for account in foreign]


def _not_told(path: str, answer: Any) -> list[str]:
    """Return what is wrong with the answer to a reader without accounts."""
    is_told = "You may see no account" in answer.text and "sends none in X-Accounts" in answer.text
    status = 200 if path == "/mcp" else 403  # of tools, an error is a result
    return [] if is_told and answer.status_code == status else [f"no account: {answer.request.url}: {answer.text[:2_000]}"]


def ask_related(directory: Path, number: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Return the number of answers about objects that lead to other accounts, and what readers saw that they may not see."""
    choose, counts, leaks = random.Random(seed), Counter[str](), list[str]()
    repository = related.made_store(directory)
    rows = perpend.open(directory / "store", repository=repository).findings(life="all")
    store = related.served(directory, repository)
    tokens = {account: BearerToken(f"token-of-{account}", ReaderScope(frozenset({account})), account) for account in KNOWN}
    settings = replace(SETTINGS, tokens=tuple(tokens.values()))
    # A trial begins a process, which does what is done here.
    trials._answer_of_process = lambda request: json.loads(told(request))
    with client_of(store, settings) as client:
        for _ in range(number):
            row, path = choose.choice(rows), choose.choice(RELATED)
            scope = frozenset({row["account"] or choose.choice(KNOWN), *choose.sample(KNOWN, choose.randrange(2))})
            headers = dict(reader_of(scope))
            if len(scope) == 1 and choose.random() < 0.5:
                headers = {"Authorization": f"Bearer {tokens[next(iter(scope))].text}"}
            answer = _ask_related(client, path, row, headers, choose)
            is_error = '"isError":true' in answer.text
            counts[f"{path} {'error' if is_error else answer.status_code}"] += 1
            leaks += _foreign(answer.text, answer, scope)
            if path == "try_policy" and "logic is tried for readers who see all accounts only" not in answer.text:
                leaks.append(f"{sorted(scope)}: a trial: {answer.text[:2_000]}")
            if row["account"] and path in EXPLAINING and (is_error or answer.status_code != 200):
                leaks.append(f"{sorted(scope)}: {answer.request.url}: status {answer.status_code}: {answer.text[:500]}")
            if path in ("/metrics", "/runs/start") and answer.status_code != 403:
                leaks.append(f"{sorted(scope)}: {path}: status {answer.status_code}")
    store.close()
    return counts, leaks


EXPLAINING = ("/findings/ID", "/api/v1/findings/ID", "explain_finding")
RELATED = (
    *EXPLAINING * 3,
    *("/objects/TYPE/OBJECT", "/", "/findings", "/policies/POLICY", "/api/v1/findings.csv", "/metrics", "/runs/start"),
    *("try_policy", "try_waiver", "history", "find_findings"),
)


def _ask_related(client: TestClient, path: str, row: dict[str, Any], headers: dict[str, str], choose: random.Random) -> Any:
    if path.startswith("/"):
        ids = {
            "ID": row["finding_id"],
            "TYPE": row["type"],
            "OBJECT": quote(row["object_id"], safe=""),
            "/POLICY": row["policy_id"],
        }
        for name, value in ids.items():
            path = path.replace(name, value)
        return client.get(path, headers=headers)
    texts = {"try_policy": choose.choice(LOGICS), "try_waiver": WAIVERS.format(row["policy_id"], row["object_id"])}
    arguments: dict[str, dict[str, Any]] = {
        "explain_finding": {"finding": row["finding_id"]},
        "history": {"name": row["object_id"]},
        "find_findings": {"search": [choose.choice(["id-", "thing", row["account"] or "id-None"])]},
    }
    return _call(client, path, arguments.get(path, {"text": texts.get(path, "")}), headers)


def _call(client: TestClient, tool: str, arguments: dict[str, Any], headers: dict[str, str]) -> Any:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    more = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}
    return client.post("/mcp", json=call, headers={**headers, **more})


_MATCHES = "{{REGEX_MATCHES: {{arg: {{FIELD: {{path: {}}}}}, regex: '^id-[0-9]*'}}}}"
_LOGIC = (
    "inputType: Thing\nconditions: [{{status: INCOMPLIANT, currentStateMessage: M., remediationMessage: R., check: {}}}]\n"
    "otherwise: {{status: COMPLIANT, currentStateMessage: M.}}\n"
)
LOGICS = tuple(
    _LOGIC.format(_MATCHES.format(path))
    for path in ("text__c", "other__r.text__c", "other__r.other__r.name__c", "owner__r.name__c")
)
"""Logic that asks about texts of the object, and of the objects that it leads to."""

WAIVERS = (
    "waivers: [{{id: w, policies: ['{}'], kind: planned-fix, reason: R., owner: o, until: 2099-01-01, "
    "scope: {{objects: ['{}', 'id-*']}}}}]"
)


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
        return _call(client, tool, arguments, headers)
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
            known = coverage_of(scope, days - 1)
            got, expected = answer.json()["coverage"], {**known, "failing": known["incompliant"], "waived": 0}
            del expected["incompliant"]
        case "runs":
            got = [one["coverage"] for one in answer.json()["runs"]]
            expected = [{**coverage_of(scope, day), "waived": None if day < days - 1 else 0} for day in reversed(range(days))]
        case "diff":
            got, expected = answer.json()["total"], sum(answer.json()["numbers"].values())
        case _:
            return []
    return [] if got == expected else [f"{got}, not {expected}"]


def coverage_of(scope: frozenset[str | None], day: int) -> dict[str, int]:
    counts = Counter(CODES[code] for thing, codes in codes_of(day).items() if thing.account in scope for code in codes)
    names = {"compliant": Status.COMPLIANT, "incompliant": Status.INCOMPLIANT, "unknown": Status.UNDETERMINED}
    return {name: counts[status] for name, status in {**names, "inapplicable": Status.INAPPLICABLE}.items()}


def main(arguments: Sequence[str]) -> None:
    """Ask, and print."""
    with tempfile.TemporaryDirectory() as place:
        small_store(Path(place))
        number, seed = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 1
        counts, leaks = ask_all(Path(place), number, seed)
        with tempfile.TemporaryDirectory() as other, redirect_stdout(sys.stderr):
            of_related, more = ask_related(Path(other), number // 10, seed)
        counts, leaks = counts + of_related, leaks + more
    sys.stdout.write(json.dumps(dict(sorted(counts.items())), indent=1) + "\n")
    sys.stdout.write("\n".join([*leaks[:30], f"{sum(counts.values())} answers, {len(leaks)} leaks or wrong numbers\n"]))


if __name__ == "__main__":
    main(sys.argv[1:])
