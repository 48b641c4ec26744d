"""``perpend explain-code``: the page of a diagnostic's code."""

from __future__ import annotations

import click

from perpend.analyze.names import UnknownName, did_you_mean, printable
from perpend.cli.output import terminal
from perpend.lint.check import RULES_BY_CODE
from perpend.mutation import rules as mutation_rules
from perpend.pieces import rules as intake_rules
from perpend.ratings import rules as rating_rules
from perpend.report.markdown import print_markdown
from perpend.site import rules as site_rules
from perpend.store import rules as store_rules
from perpend.waivers import rules as waiver_rules


@click.command("explain-code", epilog="\b\nExamples:\n  perpend explain-code A203\n  perpend explain-code --all")
@click.argument("code", required=False)
@click.option("--all", "every", is_flag=True, help="List every code with its name.")
def command(code: str | None, every: bool) -> int:
    """Explain a diagnostic's code (A203) or name (unknown-extract): what is wrong, and how to mend it."""
    from rich.text import Text

    others = (intake_rules, store_rules, site_rules, mutation_rules, waiver_rules, rating_rules)
    several = (RULES_BY_CODE.values(), *(room.RULES for room in others))
    rules = sorted((rule for rules in several for rule in rules), key=lambda rule: rule.code)
    with terminal(None) as console:
        if every or code is None:
            for rule in rules:
                console.print(Text.assemble((rule.code, "bold"), f"  {rule.severity.value:8} {rule.name}"))
            return 0
        meant = [rule for rule in rules if code.lower() in (rule.code.lower(), rule.name)]
        if not meant:
            hint = did_you_mean(code, [name for rule in rules for name in (rule.code, rule.name)])
            raise UnknownName(f"unknown code '{printable(code)}'{hint}; `perpend explain-code --all` lists every code")
        rule = meant[0]
        console.print(Text.assemble((f"{rule.severity.value}[{rule.code}] ", "bold"), rule.name, "\n"))
        print_markdown(rule.page, console)
    return 0
