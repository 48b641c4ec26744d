"""The registry of all diagnostic codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.authoring.lint.check import RULES_BY_CODE
from perpend.authoring.mutation.score import SURVIVOR
from perpend.authoring.scaffold.table_shape import UNUSABLE as UNUSABLE_ROW
from perpend.findings.severity import rules as severity_rules
from perpend.findings.waivers import rules as waiver_rules
from perpend.inventory.importers import rules as importer_rules
from perpend.inventory.snapshots import rules as snapshot_rules

if TYPE_CHECKING:
    from perpend.core.diagnostics.model import Rule


def all_rules() -> list[Rule]:
    """Return the rules of all diagnostics, sorted by code."""
    packages = (importer_rules, snapshot_rules, waiver_rules, severity_rules)
    rules = (*RULES_BY_CODE.values(), SURVIVOR, UNUSABLE_ROW, *(rule for package in packages for rule in package.RULES))
    return sorted(rules, key=lambda rule: rule.code)


def rule_of(name: str) -> Rule | None:
    """Return the rule that has a code or a name, None if there is none."""
    return next((rule for rule in all_rules() if name.lower() in (rule.code.lower(), rule.name)), None)
