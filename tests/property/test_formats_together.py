"""One account in several files that other tools wrote, split, cut, damaged and claimed at random: what is known is true."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from perpend import Analyzer, Store, evaluate_snapshot, import_inputs, open_repository, select_policies
from perpend.core.objects.claims import Claims, Scope
from perpend.core.objects.inventory import Inventory
from perpend.core.objects.status import Status
from perpend.inventory.importers.input import Input
from perpend.inventory.readers.read import collect_files
from perpend.inventory.readers.tools import authorization_details
from perpend.language.program.program import Program
from tests.formats import ACCOUNT, ADMIN, ARN, config_item
from tests.reference.child_lists import with_children

pytestmark = pytest.mark.usefixtures("shared_database")

DAY = datetime(2026, 11, 20, tzinfo=UTC)
WORLDS = 1500 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 30
STORED = 30
"""Every how many worlds are judged in a store, too."""
POLICIES = (
    "delete-user-inline-or-directly-attached-policies",
    *("user-without-group", "group-without-users", "account-has-no-iam-users", "detach-aws-cloudshell-full-access-policy"),
    *("user-has-administrator-access", "role-has-administrator-access", "group-has-administrator-access"),
)
USER_TYPE = "CA10__CaAwsUser__c"
LISTS = {several.name: several.type_name for kind in authorization_details.MAP for several in kind.lists}
SHELL = "arn:aws:iam::aws:policy/AWSCloudShellFullAccess"
USERS = {"ann": ("", "", "g"), "bob": ("p", "", ""), "carl": ("", "a", "h"), "dora": ("", "", "g")}
ROLES = {"q": "s", "r": "a", "t": ""}
GROUPS = {"e": "", "g": "", "h": "a"}
MANAGED = {"a": ADMIN, "s": SHELL}
KINDS = {"user": USERS, "role": ROLES, "group": GROUPS, "policy": MANAGED}
LISTED = {"user": "UserDetailList", "role": "RoleDetailList", "group": "GroupDetailList", "policy": "Policies"}
RECORDED = {"user": "AWS::IAM::User", "role": "AWS::IAM::Role", "policy": "AWS::IAM::Policy"}
EVERYTHING = [(kind, name) for kind, named in KINDS.items() for name in named]


def arn(kind: str, name: str) -> str:
    return MANAGED[name] if kind == "policy" else f"{ARN}{kind}/{name}"


def attached(names: str, arn_key: str = "PolicyArn", name_key: str = "PolicyName") -> list[dict[str, Any]]:
    return [{name_key: MANAGED[name].rpartition("/")[2], arn_key: MANAGED[name]} for name in names]


def entry(kind: str, name: str) -> dict[str, Any]:
    """Return what authorization details say of an object, as they do who write empty lists out."""
    entry: dict[str, Any] = {"Arn": arn(kind, name)}
    if kind == "user":
        inline, direct, groups = USERS[name]
        entry |= {"UserName": name, "UserPolicyList": [{"PolicyName": one} for one in inline], "GroupList": [*groups]}
        return entry | {"AttachedManagedPolicies": attached(direct)}
    if kind == "policy":
        return entry | {"PolicyName": arn(kind, name).rpartition("/")[2], "AttachmentCount": 1, "IsAttachable": True}
    direct = ROLES[name] if kind == "role" else GROUPS[name]
    entry |= {f"{kind.title()}Name": name, f"{kind.title()}PolicyList": [], "AttachedManagedPolicies": attached(direct)}
    return entry


def item(kind: str, name: str) -> dict[str, Any]:
    """Return what AWS Config says of an object."""
    if kind == "user":
        inline, direct, _ = USERS[name]
        known: dict[str, Any] = {"userName": name, "userPolicyList": [{"policyName": one} for one in inline]}
        known["attachedManagedPolicies"] = attached(direct, "policyArn", "policyName")
    elif kind == "role":
        known = {"roleName": name, "attachedManagedPolicies": attached(ROLES[name], "policyArn", "policyName")}
    else:
        known = {"policyName": arn(kind, name).rpartition("/")[2], "attachmentCount": 1, "isAttachable": True}
    return config_item(RECORDED[kind], arn(kind, name), known)


def row(kind: str, name: str) -> dict[str, Any]:
    """Return what Steampipe says of a user or role, with null for nothing."""
    known = {"name": name, f"{kind}_id": name, "arn": arn(kind, name), "account_id": ACCOUNT, "_ctx": {}}
    direct = [MANAGED[one] for one in (USERS[name][1] if kind == "user" else ROLES[name])]
    inline = [{"PolicyName": one} for one in (USERS[name][0] if kind == "user" else ())]
    return known | {"attached_policy_arns": direct or None} | ({"inline_policies": inline or None} if kind == "user" else {})


@dataclass
class World:
    """Files by name, those of which somebody says that all is there, and those of which somebody says what they hold."""

    files: dict[str, str] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    typed: set[str] = field(default_factory=set)

    def add(self, name: str, content: Any, *, claimed: bool) -> None:
        self.files[name] = content if isinstance(content, str) else json.dumps(content)
        self.claimed |= {name} if claimed else set()


def world_of(random: Random) -> World:
    """Return files that hold every object together, but for one of which they say that they do not hold it."""
    world = World()
    chance = random.random
    hidden = random.choice([("user", "carl"), ("user", "bob"), ("role", "q"), ("role", "r"), None, None, None])
    there = [one for one in EVERYTHING if one != hidden]
    random.shuffle(there)
    pages: list[list[tuple[str, str]]] = [[] for _ in range(random.randint(1, 3))]
    recorded = [one for one in there if one[0] in RECORDED and chance() < (0.9 if hidden else 0.5)]
    for one in there:
        if one not in recorded or chance() < 0.5:
            random.choice(pages).append(one)
    unrecorded = chance() < 0.5
    _add_pages(world, random, pages, said_to_be_more=hidden is not None, claimed=not (hidden and unrecorded))
    items = [item(*one) for one in recorded]
    if hidden and unrecorded:
        items.append(config_item(RECORDED[hidden[0]], "", None, configurationItemStatus="ResourceNotRecorded"))
    # Either a list is taken out, or another capture says that there is nothing: what speaks against that has to be there.
    damages = chance() < 0.5
    _damage(random, [one["configuration"] for one in items if one["configuration"] and damages])
    for kind, name in recorded if not damages else ():
        better = {"userPolicyList": [], "attachedManagedPolicies": [], "userName": name, "roleName": name}
        times = {"configurationItemCaptureTime": random.choice(["2099-01-01T00:00:00Z", "2026-11-01T00:00:00Z"])}
        items.append(item(kind, name) | times | {"configuration": better})
    config_claimed = (unrecorded or not hidden) and chance() < 0.7
    random.shuffle(items)
    cut = random.randint(0, len(items))
    for name, part in (("config-1", items[:cut]), ("config-2", items[cut:])) if chance() < 0.5 else (("config", items),):
        if part:
            world.add(f"{name}.json", {"configurationItems": part}, claimed=config_claimed)
    for kind in ("user", "role"):
        rows = [row(*one) for one in there if one[0] == kind and chance() < 0.5]
        if rows and chance() < 0.3:
            world.add(f"{kind}s.json", rows, claimed=hidden is None and chance() < 0.5)
    if chance() < 0.3 and hidden not in [("user", name) for name in USERS]:
        lines = [f"<root_account>,{ARN}root", *(f"{name},{arn('user', name)}" for name in USERS)]
        world.add("report.csv", "user,arn\n" + "\n".join(lines), claimed=False)
    return world


def _add_pages(world: World, random: Random, pages: list[Any], *, said_to_be_more: bool, claimed: bool) -> None:
    answers = []
    # A managed policy says of which account it is by what stands beside it.
    whole = next(page for page in pages if any(kind != "policy" for kind, _ in page))
    for page in pages:
        if all(kind == "policy" for kind, _ in page):
            whole += page
            page.clear()
    for page in pages:
        answer: dict[str, Any] = {"UserDetailList": []}
        for kind, name in page:
            answer.setdefault(LISTED[kind], []).append(entry(kind, name))
        answers.append(answer | ({"IsTruncated": True, "Marker": "m"} if said_to_be_more or random.random() < 0.5 else {}))
    # Somebody states empty lists, so a list that is not there is none that AWS leaves out.
    entries = [one for answer in answers for key in LISTED.values() if key != "Policies" for one in answer.get(key, ())]
    _damage(random, [one for one in entries if one["Arn"] not in (arn("user", "dora"), arn("user", "ann"))])
    stated = any(one.get("UserPolicyList") == [] for one in entries)
    for number, answer in enumerate(answers):
        name = f"page-{number}.json"
        world.add(name, answer, claimed=claimed and stated and random.random() < 0.6)
        world.typed |= {name} if answer["UserDetailList"] and random.random() < 0.2 else set()


def _damage(random: Random, holders: list[dict[str, Any]]) -> None:
    """Take a list or two out of what is said of objects."""
    for holder in random.sample(holders, min(len(holders), random.choice([0, 0, 1, 2]))):
        if lists := [name for name, value in holder.items() if isinstance(value, list)]:
            name = random.choice(lists)
            if random.random() < 0.5:
                del holder[name]
            else:
                holder[name] = None


def lists_of(inventory: Inventory, analyzer: Analyzer, programs: list[Program]) -> dict[tuple[str, str], Any]:
    """Return the Ids in each list that is known."""
    filled = with_children(inventory, programs, analyzer.object_type)
    return {
        (object_.id, name): sorted(str(one["Id"]) for one in value)
        for objects in filled.objects.values()
        for object_ in objects
        if not object_.variants
        for name, value in object_.fields.items()
        if name.endswith("__r") and isinstance(value, list)
    }


def ids_of(inventory: Inventory) -> dict[str, set[str]]:
    """Return the Ids by type, of what stands in lists as well."""
    held: dict[str, set[str]] = {}
    for type_name, objects in inventory.objects.items():
        for reading in (one for object_ in objects for one in (object_, *object_.variants)):
            held.setdefault(type_name, set()).add(reading.id)
            for name, value in reading.fields.items():
                if name in LISTS and isinstance(value, list):
                    held.setdefault(LISTS[name], set()).update(one["Id"] for one in value)
    return held


def stored(directory: Path, world: World, order: list[str], analyzer: Analyzer) -> Iterator[tuple[tuple[str, str], Status]]:
    """Yield the verdicts on a store of files."""
    inputs = [
        Input(
            str(directory / name),
            USER_TYPE if name in world.typed else None,
            complete=(Scope(ACCOUNT),) if name in world.claimed else (),
        )
        for name in order
    ]
    snapshot = import_inputs(Store(directory / "store"), inputs, declared=analyzer.repository.declared_type).snapshot
    assert snapshot is not None
    selection = select_policies(analyzer, POLICIES)
    with evaluate_snapshot(snapshot, selection, snapshot_time=DAY) as evaluation:
        yield from (((one.policy_id, one.object.id), one.status) for one in evaluation.findings())


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(open_repository())


def test_what_is_known_of_several_files_is_true(tmp_path: Path, analyzer: Analyzer) -> None:
    programs = [*select_policies(analyzer, POLICIES).programs]
    whole: dict[str, Any] = {"IsTruncated": False}
    for kind, name in EVERYTHING:
        whole.setdefault(LISTED[kind], []).append(entry(kind, name))
    truth = World({"all.json": json.dumps(whole)}, {"all.json"})
    (tmp_path / "all.json").write_text(truth.files["all.json"])
    complete = {str(tmp_path / "all.json"): (Scope(ACCOUNT),)}
    inventory = collect_files([tmp_path / "all.json"], complete=complete).inventory
    lists, ids = lists_of(inventory, analyzer, programs), ids_of(inventory)
    verdicts = dict(stored(tmp_path, truth, ["all.json"], analyzer))
    assert {Status.COMPLIANT, Status.INCOMPLIANT} <= {*verdicts.values()}
    known = 0
    for seed in range(WORLDS):
        random = Random(seed)
        world, directory = world_of(random), tmp_path / str(seed)
        directory.mkdir()
        order = random.sample([*world.files], len(world.files))
        for name, content in world.files.items():
            (directory / name).write_text(content)
        claims = {str(directory / name): (Scope(ACCOUNT),) for name in world.claimed}
        inventory = collect_files([directory / name for name in order], complete=claims).inventory
        coverage, there = Claims(tuple(claim for source in inventory.sources for claim in source.coverage)), ids_of(inventory)
        in_full = [name for name in ids if coverage.reason(name, "", Scope(ACCOUNT)) is None]
        assert [] == [name for name in in_full if not ids[name] <= there.get(name, set())], (seed, order)
        held = lists_of(inventory, analyzer, programs)
        assert {key: value for key, value in held.items() if lists.get(key, value) != value} == {}, (seed, order)
        known += len(held) + len(in_full)
        for key, status in stored(directory, world, order, analyzer) if seed % STORED == 0 else ():
            assert status in (verdicts.get(key, status), Status.UNDETERMINED), (seed, order, key, status)
    assert known > WORLDS * 5
