"""The codes of all diagnostics, whichever room declares them, and what a shell offers of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

from perpend.authoring.lint.check import RULES_BY_CODE
from perpend.authoring.mutation import rules as mutation_rules
from perpend.findings.severity import rules as rating_rules
from perpend.findings.waivers import rules as waiver_rules
from perpend.inventory.importers import rules as intake_rules
from perpend.inventory.snapshots import rules as store_rules
from perpend.reports.site import rules as site_rules

if TYPE_CHECKING:
    import click

    from perpend.core.diagnostics.model import Rule


def all_rules() -> list[Rule]:
    """Return the rules of all rooms by their codes."""
    others = (intake_rules, store_rules, site_rules, mutation_rules, waiver_rules, rating_rules)
    several = (RULES_BY_CODE.values(), *(room.RULES for room in others))
    return sorted((rule for rules in several for rule in rules), key=lambda rule: rule.code)


def rules_called(name: str) -> list[Rule]:
    """Return the rules, one at most, that have this code or name."""
    return [rule for rule in all_rules() if name.lower() in (rule.code.lower(), rule.name)]


def complete_codes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer codes, with their names; names where one is begun."""
    rules = all_rules()
    codes = [CompletionItem(rule.code, help=rule.name) for rule in rules if rule.code.startswith(incomplete.upper())]
    return codes or [CompletionItem(rule.name) for rule in rules if rule.name.startswith(incomplete.lower())]
