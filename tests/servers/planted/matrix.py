"""Each operation fails in turn: what becomes of verdicts. Operations that no policy reads together fail in one collection."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from perpend.collectors import rate_limit as pace
from perpend.collectors.aws import client
from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.cloud import CLOUD
from perpend.collectors.aws.collector import CLOSED
from perpend.collectors.aws.model import CloudCall
from perpend.collectors.aws.session.sdk_clients import MODELS
from perpend.evaluation.verdicts.selection import select_policies
from perpend.inventory.snapshots.store import Store
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.program.program import Program
from perpend.language.program.required_columns import fields_by_type
from perpend.language.syntax.repository import open_repository
from tests.servers.answers import BODIES, REGIONS, pages
from tests.servers.aws import Verdicts
from tests.servers.clock import Clock
from tests.servers.gathered import gathered
from tests.servers.operations import CheckOptions
from tests.servers.planted.rounds import Rounds

DENIED, LATER = "denied", "denied later"
JUDGED = (DENIED, LATER)
"""How an operation is denied, and all is judged; ``denied later`` where the store holds what was seen before."""

ALIKE = ("html 500", *BODIES, "reset", "half", "repeat", "hang")
"""How it fails otherwise: nothing is known then that is not where it is denied, so no verdict is better."""

NO_MEMBERS = "no members"

FIRST = ("GetCallerIdentity",)
"""What is asked before all else: without it nothing is collected."""

SELDOM = ("GetAccessKeyLastUsed", "GetPolicyVersion", "DescribeOrganization", "ListAccounts")
"""What is asked only where something else is not answered, or told only where there are documents that it is read with."""


@cache
def operation_names() -> dict[str, str]:
    """Return by call what a proxy calls its operation, with a mark where another service has one of that name."""
    services: dict[str, set[str]] = {}
    for call in CALLS.values():
        services.setdefault(call.operation, set()).add(call.service)
    return {name: _name_of(call, alone=len(services[call.operation]) == 1) for name, call in CALLS.items()}


def _name_of(call: CloudCall, *, alone: bool) -> str:
    if call.parameters.get("RestorableByUserIds"):
        return f"{call.operation} public"
    meta = MODELS.load_service_model(call.service, "service-2")["metadata"]
    mark = meta["apiVersion"] if meta["protocol"] == "query" else call.service
    return call.operation if alone else f"{call.operation} {mark}"


@cache
def programs(chosen: tuple[str, ...] = ()) -> tuple[Program, ...]:
    """Return the chosen policies of the library, all where none is."""
    return tuple(select_policies(Analyzer(open_repository()), chosen).programs)


@cache
def readers(chosen: tuple[str, ...] = ()) -> dict[str, frozenset[str]]:
    """Return by operation the policies, all or those that are chosen, that read something of it."""
    found: dict[str, set[str]] = {}
    for program in programs(chosen):
        for call in CLOUD.plan(fields_by_type([program])).calls:
            found.setdefault(operation_names()[call.name], set()).add(program.policy_id)
    return {name: frozenset(policies) for name, policies in found.items() if name not in FIRST}


@cache
def groups(chosen: tuple[str, ...] = ()) -> tuple[tuple[str, ...], ...]:
    """Return the operations in groups of which no policy reads two."""
    found: list[tuple[list[str], set[str]]] = []
    for name, policies in sorted(readers(chosen).items(), key=lambda one: (-len(one[1]), one[0])):
        for names, taken in found:
            if not taken & policies:
                names.append(name)
                taken |= policies
                break
        else:
            found.append(([name], set(policies)))
    return tuple(tuple(sorted(names)) for names, _ in found)


def fails(name: str, how: str) -> bool:
    """Whether an operation can fail in a way: only what has pages can repeat one, and only where all of them are read.

    No members are an answer of one that leaves an empty list out.
    """
    if how == NO_MEMBERS:
        return name not in {operation_names()[call.name] for call in CALLS.values() if "{}" in call.empty}
    if how != "repeat":
        return True
    listed = any(call.result not in ("", "@") for call in CALLS.values() if operation_names()[call.name] == name)
    operation, *marks = name.split()
    return listed and name != "DescribeAlarms" and pages(CheckOptions(operation, "", tuple(marks))) is not None  # which is CBOR


def code_of(name: str) -> str:
    """Return with which code an operation is denied."""
    call = next(one for one in CALLS.values() if operation_names()[one.name] == name)
    protocol = MODELS.load_service_model(call.service, "service-2")["metadata"]["protocol"]
    usual = {"ec2": "UnauthorizedOperation", "json": "AccessDeniedException", "rest-json": "AccessDeniedException"}
    return usual.get(protocol, "AccessDenied")


def labels_of(name: str) -> set[str]:
    """Return how messages may call an operation."""
    return {call.label for call in CALLS.values() if operation_names()[call.name] == name}


@dataclass(slots=True)
class Effect:
    """What came of an operation that fails: how many verdicts are not known of it, how many objects were not seen.

    ``unknown`` and ``unseen`` are the policies whose planted thing that is so of; ``wrong`` is what must not be.
    """

    verdicts: int = 0
    objects: int = 0
    unknown: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@contextmanager
def impatient() -> Iterator[None]:
    """Know few regions; wait a second for an answer, and between attempts and calls not at all: their clock is one that only waiting moves."""
    clock = Clock()
    with (
        mock.patch.object(client, "READ", 1.0),
        mock.patch.object(
            client.CloudClient, "known_regions", lambda *_: sorted(one for one in REGIONS if REGIONS[one] != CLOSED)
        ),
        mock.patch.object(pace, "time", clock),
        mock.patch("botocore.endpoint.time", SimpleNamespace(sleep=clock.sleep)),
    ):
        yield


def effects(
    rounds: Rounds, store: Path, before: Verdicts, names: tuple[str, ...], how: str, chosen: tuple[str, ...] = ()
) -> dict[str, Effect]:
    """Return what comes of the operations of a group that fail all at once; ``store`` is what was seen before."""
    folder = store.with_name("other")
    if how == LATER:
        shutil.copytree(store, folder)
    rounds.proxy.answers = {name: code_of(name) if how in (DENIED, LATER) else how for name in names}
    read = frozenset().union(*(readers(chosen)[name] for name in names))
    options = [] if how == DENIED and not chosen else [word for name in sorted(read) for word in ("--policy", name)]
    ended = rounds.collect(folder, *options)
    rounds.proxy.answers = {}
    after = rounds.evaluate(folder, *options)
    told = {one.label for one in Store(folder).snapshot().calls}
    unlisted = _unlisted(folder, {program.policy_id: program.input_type for program in programs(chosen)})
    found = {name: _effect(rounds.planted, (readers(chosen)[name], labels_of(name)), before, after, unlisted) for name in names}
    for name, effect in found.items():
        if name not in SELDOM and (ended.code != 3 or not labels_of(name) & told):
            effect.wrong.append(f"code {ended.code}: {ended.err[:300]}")
    if not options:
        found[names[0]].wrong += [f"{key} changed with nothing it reads" for key in others(before, after, read)]
    shutil.rmtree(folder)
    return found


def collected(rounds: Rounds, names: tuple[str, ...], how: str) -> tuple[dict[Any, Any], set[Any], set[str]]:
    """Return what is collected for those who read some operations that fail: rows, claims, and what is said to be not read."""
    read = frozenset().union(*(readers()[name] for name in names))
    rounds.proxy.answers = {name: code_of(name) if how == DENIED else how for name in names}
    wanted = fields_by_type([program for program in programs() if program.policy_id in read])
    rows, collection = gathered(client.CloudClient(endpoint_url=rounds.proxy.url), wanted)
    rounds.proxy.answers = {}
    found = {(row.type_name, row.fields["Id"]): ({**row.fields}, sorted(row.reasons)) for row in rows}
    claims = {(one.type_name, one.scope, one.lacking is None) for source in collection.sources for one in source.coverage}
    return found, claims, {one.label for one in collection.unread}


def differences(rounds: Rounds, names: tuple[str, ...], how: str) -> list[str]:
    """Return what is known where operations fail in a way, and is not where they are denied; and what of that nobody is told.

    Pages that were read before a token came back are known. What else fails beside, as where the SDK has no more attempts
    left for it, is less known, and told.
    """
    denied, failed = collected(rounds, names, DENIED), collected(rounds, names, how)
    found = [f"{one} is known in full" for one in sorted(map(str, _complete(failed[1]) - _complete(denied[1])))]
    found += [f"{one} is not told" for one in sorted(denied[2] - failed[2])]
    for key, (fields, reasons) in failed[0].items():
        if key not in denied[0]:
            found += [] if how == "repeat" else [f"{key} is there"]
            continue
        odd = {
            name
            for name, value in fields.items()
            if value != denied[0][key][0].get(name, value) or name not in denied[0][key][0]
        }
        found += [f"{key}: {name} is {fields[name]}" for name in sorted(odd) if fields[name] is not None or name not in reasons]
    return found


def _complete(claims: set[Any]) -> set[Any]:
    return {one[:2] for one in claims if one[2]}


def _unlisted(folder: Path, types: dict[str, str]) -> dict[str, str]:
    """Return the policies whose objects are not listed in full, with why."""
    claims = [claim for source in Store(folder).snapshot().sources for claim in source.coverage]
    found: dict[str, str] = {}
    for claim in claims:
        if claim.lacking:
            found[claim.type_name] = f"{found.get(claim.type_name, '')} {claim.lacking}"
    return {policy: found.get(type_name, "") for policy, type_name in types.items()}


def _effect(
    things: dict[str, str],
    failing: tuple[frozenset[str], set[str]],
    before: Verdicts,
    after: Verdicts,
    unlisted: dict[str, str],
) -> Effect:
    effect, (policies, labels) = Effect(), failing
    for key in sorted(before.keys() | after.keys()):
        if key[0] not in policies:
            continue
        was, now = before.get(key), after.get(key)
        planted = things.get(key[0]) == key[1]
        if now is None and was is not None:
            effect.objects += 1
            why = unlisted[key[0]]
            if not any(label in why for label in labels):
                effect.wrong.append(f"{key} is gone and nothing says so: {why}")
            if planted:
                effect.unseen.append(key[0])
        elif now is not None and (was is None or was["status"] != now["status"]):
            effect.verdicts += 1
            if now["status"] != "UNDETERMINED":
                effect.wrong.append(f"{key} was {was and was['status']} and is {now['status']}")
            elif not any(label in json.dumps(now) for label in labels):
                effect.wrong.append(f"{key} does not say why: {now['currentStateMessage']}")
            elif planted:
                effect.unknown.append(key[0])
    return effect


def others(before: Verdicts, after: Verdicts, read: frozenset[str]) -> list[str]:
    """Return the verdicts of all but some policies that have changed."""
    keys = {key for key in before.keys() | after.keys() if key[0] not in read}
    return [str(key) for key in sorted(keys) if (before.get(key) or {}).get("status") != (after.get(key) or {}).get("status")]
