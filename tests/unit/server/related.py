"""A store of three accounts whose objects lead to objects of other accounts, by lookups, lists and lists behind lookups.

Ids of things are neutral, as an object states the id that its own key holds. Every other text of a thing or part has the form
``id-ACCOUNT-…``: a reader who sees one of another account sees too much.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from perpend.language.syntax.repository import Repository, open_repository
from perpend.server.served_store import ServedStore
from tests.cli.conftest import done
from tests.repositories import write

ACCOUNTS = ("111111111111", "222222222222", "333333333333")
SIZE = 18
"""The number of things."""

MESSAGE = "The policy says so."
WITHHELD = "is of another account"


def _field(name: str, kind: str = "text") -> dict[str, str]:
    return {"name": name, "type": kind, "label": name.removesuffix("__c").capitalize()}


def _lookup(name: str, target: str) -> dict[str, str]:
    return {"name": f"{name}__r", "target": target, "key": f"{name}__c"}


_COMMON = [
    _field("Id", "id"),
    _field("name__c"),
    _field("text__c"),
    _field("document__c", "json"),
    _field("number__c", "number"),
]
_KEYS = [_field("owner__c", "masterDetail"), _field("other__c", "lookup")]
_LOOKUPS = [_lookup("owner", "Owner"), _lookup("other", "Thing")]
_DECLARED = {"master": "owner__r", "nameField": "name__c", "deletionField": "none"}
_TYPES: dict[str, Any] = {
    "types/Owner/type.yaml": {"label": "Owner", "deletionField": "none", "fields": [_field("Id", "id"), _field("name__c")]},
    "types/Thing/type.yaml": {
        **_DECLARED,
        "label": "Thing",
        "fields": [*_COMMON, *_KEYS],
        "lookups": _LOOKUPS,
        "children": [{"name": "parts__r", "type": "Part", "key": "thing__c"}],
    },
    "types/Part/type.yaml": {
        **_DECLARED,
        "label": "Part",
        "fields": [*_COMMON, *_KEYS, _field("thing__c", "lookup")],
        "lookups": [*_LOOKUPS, _lookup("thing", "Thing")],
    },
    "types/Thing/all.extracts.yaml": {
        "extracts": [{"name": "text", "value": {"FIELD": {"path": "text__c"}}}],
    },
}


def _condition(status: str, check: dict[str, Any]) -> dict[str, Any]:
    more = {"remediationMessage": "Mend it."} if status == "INCOMPLIANT" else {}
    return {"status": status, "currentStateMessage": MESSAGE, **more, "check": check}


def _filled(path: str) -> dict[str, Any]:
    return {"NOT_EMPTY": {"arg": {"FIELD": {"path": path}}}}


def _of_list(path: str, inner: list[dict[str, Any]]) -> dict[str, Any]:
    return {"relationshipName": path, "conditions": inner, "otherwise": {"status": "COMPLIANT", "currentStateMessage": MESSAGE}}


_OWN = {"IS_EQUAL": {"left": {"FIELD": {"path": "text__c"}}, "right": {"TEXT": "none"}}}
_QUERY = {
    "JSON_QUERY_TEXT": {
        "arg": {"JSON_FROM": {"arg": {"FIELD": {"path": "other__r.document__c"}}, "undeterminedIf": {"isInvalid": MESSAGE}}},
        "expression": "key",
        "undeterminedIf": {"evaluationError": MESSAGE, "resultTypeMismatch": MESSAGE},
    }
}
_FAILING_PART = [_condition("INCOMPLIANT", _filled("text__c"))]
_FAILING_DEEP = [_condition("INCOMPLIANT", _filled("other__r.text__c"))]
POLICIES: dict[str, dict[str, Any]] = {
    "lookup": {
        "conditions": [
            _condition("UNDETERMINED", {"IS_EMPTY_LOOKUP": "other__r"}),
            _condition("INAPPLICABLE", _OWN),
            _condition("INCOMPLIANT", _filled("other__r.text__c")),
        ]
    },
    "number": {
        "conditions": [
            _condition(
                "INCOMPLIANT",
                {"GREATER_THAN": {"left": {"FIELD": {"path": "other__r.number__c"}}, "right": {"NUMBER": 5.0}}},
            )
        ]
    },
    "document": {"conditions": [_condition("INCOMPLIANT", {"NOT_EMPTY": {"arg": _QUERY}}), _condition("UNDETERMINED", _OWN)]},
    "two-steps": {"conditions": [_condition("INCOMPLIANT", _filled("other__r.other__r.text__c"))]},
    "extract": {
        "importExtracts": [{"file": "/types/Thing/all.extracts.yaml"}],
        "conditions": [_condition("INCOMPLIANT", {"NOT_EMPTY": {"arg": {"EXTRACT": "other__r.text"}}})],
    },
    "list": {
        "conditions": [
            _condition("INCOMPLIANT", {"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": "parts__r"}})
        ],
        "relatedLists": [_of_list("parts__r", _FAILING_PART)],
    },
    "deep-list": {
        "conditions": [
            _condition("INCOMPLIANT", {"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": "parts__r"}})
        ],
        "relatedLists": [_of_list("parts__r", _FAILING_DEEP)],
    },
    "list-behind": {
        "conditions": [
            _condition("INCOMPLIANT", {"RELATED_LIST_HAS": {"status": "INCOMPLIANT", "relationshipName": "other__r.parts__r"}}),
        ],
        "relatedLists": [_of_list("other__r.parts__r", _FAILING_PART)],
    },
}
"""The logic of each policy. Each fails for most things, by what it reads of a related object."""

USER, INLINE, LISTENER = "CA10__CaAwsUser__c", "CA10__CaAwsUserPolicy__c", "CA10__CaAwsLoadBalancerListener__c"
OWNED = {"inline": INLINE, "listener": LISTENER}
"""Policies over types of the library whose objects have the account of their user or balancer. All objects fail."""

REMEDY = {
    "values": [{"name": "other", "field": "other__r.name__c", "kind": "s3-bucket"}],
    "before": [{"say": "Nobody needs the other one.", "run": ["aws", "s3", "ls", "<other>"]}],
    "steps": [{"say": "Mend the other one.", "run": ["aws", "s3", "ls", "<other>"], "noUndo": "Nothing is changed."}],
}


def repository(root: Path) -> Repository:
    """Write the repository of the store."""
    files: dict[str, Any] = {"ce/folder.yaml": {"names": {"full": "Own", "contextual": "Own"}}, **_TYPES}
    for name, logic in POLICIES.items():
        names = {"full": f"Thing by {name}", "contextual": f"Thing by {name}"}
        files[f"ce/{name}/policy.yaml"] = {"names": names, "description": "What it asks.", "type": "COMPLIANCE_POLICY"}
        otherwise = {"status": "COMPLIANT", "currentStateMessage": MESSAGE}
        files[f"ce/{name}/prod.logic.yaml"] = {"inputType": "Thing", **logic, "otherwise": otherwise}
    for name, type_name in OWNED.items():
        files[f"ce/{name}/policy.yaml"] = {
            "names": {"full": f"No {name}", "contextual": f"No {name}"},
            "type": "COMPLIANCE_POLICY",
        }
        failing = {"status": "INCOMPLIANT", "currentStateMessage": MESSAGE, "remediationMessage": "Mend it."}
        files[f"ce/{name}/prod.logic.yaml"] = {"inputType": type_name, "conditions": [], "otherwise": failing}
    files["ce/lookup/remedy.yaml"] = REMEDY
    return open_repository(str(write(root, files)))


def things(seed: int = 1) -> list[dict[str, Any]]:
    """Return the things of all accounts, and of none, each with parts of some accounts."""
    choose = random.Random(seed)
    owners = [(*ACCOUNTS, None)[number % 4] for number in range(SIZE)]
    return [
        {
            **_object(f"thing-{number:02}", owner, number),
            "other__c": f"thing-{choose.randrange(SIZE):02}" if number % 9 else None,
            "parts__r": [
                {
                    **_object(f"id-{of}-part-{number}-{place}", of, place),
                    "thing__c": f"thing-{number:02}",
                    "other__c": f"thing-{choose.randrange(SIZE):02}",
                }
                for place in range(number % 3)
                for of in [choose.choice((owner, *ACCOUNTS, None))]
            ],
        }
        for number, owner in enumerate(owners)
    ]


def owned_objects() -> dict[str, list[dict[str, Any]]]:
    """Return a user with an inline policy, and a listener, of each account, by type."""
    users = {account: f"arn:aws:iam::{account}:user/id-{account}-user" for account in ACCOUNTS}
    balancer = "arn:aws:elasticloadbalancing:eu-west-1:{0}:listener/app/id-{0}-web/1/2"
    return {
        USER: [{"Id": user, "CA10__account__c": account} for account, user in users.items()],
        INLINE: [
            {"Id": f"{user}|id-{account}-god", "CA10__policyName__c": f"id-{account}-god", "CA10__user__c": user}
            for account, user in users.items()
        ],
        LISTENER: [{"Id": balancer.format(account), "CA10__account__c": account} for account in ACCOUNTS],
    }


def _object(identity: str, owner: str | None, number: int) -> dict[str, Any]:
    return {
        "Id": identity,
        "owner__c": owner,
        "name__c": f"id-{owner}-name-{number}",
        "text__c": f"id-{owner}-text-{number}",
        "document__c": json.dumps({"key": f"id-{owner}-key-{number}"}),
        "number__c": 7 if number % 2 else f"id-{owner}-number-{number}",
    }


def made_store(directory: Path, *days: list[dict[str, Any]]) -> Repository:
    """Make the store and its repository in a directory, and return the repository. ``days`` are the things of its runs."""
    known, root, store = repository(directory / "repository"), directory / "repository", directory / "store"
    owners = [{"Id": account, "name__c": f"id-{account}-owner"} for account in ACCOUNTS]
    of_types = {"Owner": owners, **owned_objects()}
    more: list[Any] = []
    for type_name, objects in of_types.items():
        path = directory / f"{type_name}.json"
        path.write_text(json.dumps(objects), "utf-8")
        more += [path, "--type", type_name]
    for of_day in days or (things(),):
        (directory / "Thing.json").write_text(json.dumps(of_day), "utf-8")
        inputs = [*more, directory / "Thing.json", "--type", "Thing"]
        done("import", *inputs, "--repo", root, "--store", store)
        done("check", "-q", "--repo", root, "--store", store, code=1)
    return known


def served(directory: Path, known: Repository) -> ServedStore:
    """Return the store as a server serves it."""
    return ServedStore(str(directory / "store"), known)
