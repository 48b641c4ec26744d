"""What remedies of the library say of one test object each: shared by the golden text and the tests of commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from perpend.authoring.testing.run import tests_of
from perpend.core.objects.ids import production_of
from perpend.findings.remediation.fill import fill
from perpend.findings.remediation.model import Remedy
from perpend.findings.remediation.read import remedy_of
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import open_repository

SAMPLES = {
    "aws-arn": "arn:aws:iam::111122223333:role/it,is=one",
    "aws-id": "vol-0a1b2c3d4e5f60718",
    "aws-name": "orders/prod_1",
    "aws-region": "eu-west-1",
    "db-name": "orders-1",
    "iam-name": "alma+brekke@example.org",
    "kms-key": "1a2b3c4d-0000-4000-8000-1a2b3c4d5e6f",
    "log-group": "/aws/lambda/orders#1",
    "number": 3,
    "s3-bucket": "reports.example.org",
    "url": "https://sqs.eu-west-1.amazonaws.com/111122223333/orders",
}
"""A name of each kind that remedies of the library take."""


def filled_remedies() -> Iterator[tuple[str, Remedy]]:
    """Yield each policy of the library that has a remedy, with that filled from its first incompliant test object."""
    repository = open_repository()
    analyzer = Analyzer(repository)
    for policy_id in repository.policy_ids:
        found = remedy_of(repository, policy_id)
        assert found.diagnostics == ()
        if found.value is not None and not found.value.no_commands:
            tests = tests_of(repository, analyzer, production_of(policy_id))[0]
            judged = next(test.fields for test in tests if test.expected.status == "INCOMPLIANT")
            yield policy_id, fill(found.value, with_names(judged, found.value))


def with_names(fields: Any, remedy: Remedy) -> dict[str, Any]:
    """Return an object with a name in each field that a remedy names; a test object holds only what its policy reads."""
    known = dict(fields)
    for value in remedy.values:
        *lookups, name = value.path.split(".")
        holder = known
        for lookup in lookups:
            holder[lookup] = dict(holder.get(lookup) or {})
            holder = holder[lookup]
        if holder.get(name) is None:
            holder[name] = SAMPLES[value.kind.name]
    return known


def library_commands() -> str:
    """Return all commands, a line each, by policy."""
    lines: list[str] = []
    for policy_id, remedy in filled_remedies():
        lines.append(policy_id)
        lines += [f"  look {shlex.join(look.run)}" for look in remedy.before if look.run]
        for step in remedy.steps:
            lines += [f"  step {shlex.join(step.run)}", f"  undo {shlex.join(step.undo) or f'– {step.no_undo}'}"]
        for settings in remedy.terraform:
            lines.append(f"  {settings.resource} {', '.join(f'{name} = {value}' for name, value in settings.values.items())}")
    return "\n".join(lines) + "\n"
