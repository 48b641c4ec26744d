"""``perpend rule``: explain the code of a diagnostic."""

from __future__ import annotations

import click

from perpend.authoring.rules import all_rules, rule_of
from perpend.cli.options.completion import complete_codes
from perpend.language.compiler.names import UnknownName, did_you_mean, printable
from perpend.reports.streams import terminal
from perpend.reports.terminal.markdown import print_markdown


@click.command("rule", epilog="\b\nExamples:\n  perpend rule A203\n  perpend rule --all")
@click.argument("code", required=False, shell_complete=complete_codes)
@click.option("--all", "every", is_flag=True, help="List every code with its name.")
def command(code: str | None, every: bool) -> int:
    """Explain a diagnostic's code (A203) or name (unknown-extract): the problem, and how to fix it."""
    from rich.text import Text

    rules = all_rules()
    with terminal(None) as console:
        if every or code is None:
            for rule in rules:
                console.print(Text.assemble((rule.code, "bold"), f"  {rule.severity.value:8} {rule.name}"))
            return 0
        if (explained := rule_of(code)) is None:
            hint = did_you_mean(code, [name for rule in rules for name in (rule.code, rule.name)])
            raise UnknownName(f"unknown code '{printable(code)}'{hint}; `perpend rule --all` lists every code")
        console.print(Text.assemble((f"{explained.severity.value}[{explained.code}] ", "bold"), explained.name, "\n"))
        print_markdown(explained.page, console)
    return 0
