"""``python -m bench documents``: policies over IAM policy documents, beside ``json.loads`` of the documents, in CPU seconds.

An account lists every policy that AWS manages, and almost no condition reaches their documents. The same documents once more
as attached policies of the customer, which every condition reaches, show the price of a document.
"""

from __future__ import annotations

import json
import random
import shutil
import statistics
import sys
from functools import partial
from typing import TYPE_CHECKING, Final

from bench.commands import Candidate, measured
from bench.measure import run

if TYPE_CHECKING:
    from pathlib import Path

    from bench.measure import RunWriter

DOCUMENTS: Final = 1_582
"""The number of policies that AWS manages, of which an account lists each."""

READ: Final = "json.loads"
_ACCOUNT: Final = "123456789012"
_SERVICES: Final = (
    *("iam", "sts", "kms", "s3", "ec2", "rds", "sns", "sqs", "ecr", "eks", "ecs", "lambda", "cloudtrail", "cloudwatch", "logs"),
    *("dynamodb", "redshift", "lightsail", "connect", "sso", "config", "route53", "apigateway", "secretsmanager", "backup"),
)
_VERBS: Final = ("Get", "List", "Describe", "Create", "Delete", "Update", "Put", "Start", "Stop", "Tag")
_NOUNS: Final = (
    "Key",
    "Policy",
    "Role",
    "Bucket",
    "Object",
    "Instance",
    "Cluster",
    "Topic",
    "Queue",
    "Function",
    "Trail",
    "Table",
)
_LONGEST: Final = 6_144
_READS: Final = (
    "import json, sys; [[json.loads(one[name]) for name in ('CA10__policyDocument__c', 'CA10__policyDocumentExt__c')] "
    "for one in map(json.loads, open(sys.argv[1]))]"
)


def measure_documents(documents: int, rounds: int, folder: Path) -> None:
    """Check stores of generated documents for the first time, and again."""
    perpend = [sys.executable, "-m", "perpend"]
    candidates: dict[str, Candidate] = {}
    for name, owner in (("of AWS, not attached", "aws"), ("of the customer, attached", _ACCOUNT)):
        written, store = folder / f"{owner}.ndjson", folder / owner
        write_policies(written, documents, owner=owner)
        run([*perpend, "import", str(written), "--type", "CA10__CaAwsIamPolicy__c", "--store", str(store)])
        candidates[READ] = Candidate([sys.executable, "-c", _READS, str(written)], allowed=(0,))
        check = [*perpend, "check", "--store", str(store), "--no-history", "--out", str(folder / "out")]
        forget = partial(shutil.rmtree, store / "extracts", ignore_errors=True)
        candidates[f"check --store, first: {name}"] = Candidate(check, prepare=forget)
        candidates[f"check --store, again: {name}"] = Candidate(check)
    _print(f"{documents:,} policy documents × all library policies", measured(candidates, rounds))


def write_policies(path: Path, documents: int, *, owner: str, seed: int = 7) -> None:
    """Write IAM policies as lines of JSON. A quarter of the documents have 100 actions or more, as many as AWS allows."""
    drawn = random.Random(seed)
    with path.open("w", encoding="utf-8") as lines:
        for number in range(documents):
            arn = f"arn:aws:iam::{owner}:policy/policy-{number}"
            statements = _statements(drawn)
            extended = [{**statement, "AccessLevel": "SAME_ACCOUNT"} for statement in statements]
            fields = {
                "Id": f"{_ACCOUNT}|{arn}",
                "CA10__arn__c": arn,
                "CA10__name__c": f"policy-{number}",
                "CA10__attachmentCount__c": 0 if owner == "aws" else 1,
                "CA10__policyDocument__c": json.dumps({"Version": "2012-10-17", "Statement": statements}),
                "CA10__policyDocumentExt__c": json.dumps({"Version": "2012-10-17", "Statement": extended}),
            }
            lines.write(json.dumps(fields) + "\n")


def _statements(drawn: random.Random) -> list[dict[str, object]]:
    length = drawn.choice((400, 800, 2_000, _LONGEST))
    services = drawn.sample(_SERVICES, 4)
    actions = []
    while length > 0:
        actions.append(
            f"{drawn.choice(services)}:{drawn.choice(_VERBS)}{drawn.choice(_NOUNS)}{drawn.choice(('', '', 's', '*'))}"
        )
        length -= len(actions[-1]) + 4
    half = len(actions) // 2
    return [{"Effect": "Allow", "Action": some, "Resource": "*"} for some in (actions[:half], actions[half:])]


def _print(title: str, found: dict[str, list[RunWriter]]) -> None:
    print(f"\n{title}")
    for name, runs in found.items():
        ratios = [one.processor / other.processor for one, other in zip(runs, found[READ], strict=True)]
        seconds, peak = statistics.median(one.processor for one in runs), max(one.megabytes for one in runs)
        print(f"  {name:<50} {seconds:8.2f} CPU-s   × {statistics.median(ratios):6.1f}   {peak:7.1f} MB")
