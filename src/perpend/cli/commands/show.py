"""``perpend show``: show one entity."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from perpend.cli.config.command import Configured
from perpend.cli.options.completion import complete_frameworks, complete_shown
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.values import repository_option
from perpend.core.objects.object_types import snake_case
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.compiler.names import (
    UnknownName,
    declared_types,
    did_you_mean,
    entity_id,
    find_section,
    find_type,
    find_types,
    match_ids,
    newest,
    printable,
    sections_numbered,
)
from perpend.language.operations import OPERATIONS
from perpend.reports.streams import terminal
from perpend.reports.terminal.repository.entity import print_operation, print_policy, print_section, print_type

if TYPE_CHECKING:
    from rich.console import Console

    from perpend.language.syntax.repository import Repository


@click.command(
    "show",
    cls=Configured,
    epilog="\b\nExamples:\n  perpend show user-has-more-than-one-active-access-key\n  perpend show 'AWS IAM User'\n"
    "  perpend show IS_EQUAL\n  perpend show 2.12 --framework cis-aws",
)
@click.argument("name", metavar="ID", shell_complete=complete_shown)
@click.option(
    "--framework",
    metavar="ID",
    shell_complete=complete_frameworks,
    help="Show the section with the printed number or path ID of this framework. Default version: the newest.",
)
@click.option("--all", "everything", is_flag=True, help="For a policy: show every check, with its place.")
@repository_option
def command(name: str, framework: str | None, everything: bool, repo: str | None) -> int:
    """Show a policy, an object type, a framework section or an operation.

    Name a type by its label or API name, a framework with or without its version (`cis-aws` is the newest), and a section by
    its path or printed number.
    """
    repository = open_repository_here(repo)
    with terminal(None) as console:
        if framework is not None:
            top = find_section(framework, repository).removeprefix("/frameworks/")
            print_section(repository, find_section(f"{top}/{name.strip('/')}", repository), console)
        else:
            _show(name, repository, console, everything=everything)
    return 0


def _show(name: str, repository: Repository, console: Console, *, everything: bool) -> None:
    wanted = entity_id(name)
    types = {*repository.type_names, *(repository.fallback.type_names if repository.fallback else ())}
    type_name = wanted.rpartition("/")[2]
    sections = [section for section in (wanted, f"/frameworks{wanted}") if section in repository.section_ids]
    if name.upper() in OPERATIONS:
        print_operation(OPERATIONS[name.upper()], console)
    elif type_name in types:
        print_type(repository, type_name, console)
    elif sections:
        print_section(repository, sections[0], console)
    elif len(policies := _policies(name, repository)) == 1:
        print_policy(Analyzer(repository), policies[0], console, everything=everything)
    elif find_types(name, repository):
        print_type(repository, find_type(name, repository).name, console)
    elif section := _section(name, repository):
        print_section(repository, section, console)
    elif policies:
        named = f"'{printable(name)}' names {len(policies)} policies: {', '.join(policies[:3])}{', …' if policies[3:] else ''}"
        is_pattern = any(character in name for character in "*?[")
        raise UnknownName(
            named if is_pattern else f"{named}; `perpend list policies {printable(shlex.quote(name))}` lists them"
        )
    else:
        from perpend.authoring.rules import rule_of

        if rule := rule_of(name):
            raise UnknownName(f"'{printable(name)}' is a diagnostic's code: `perpend rule {rule.code}` explains it")
        labels = [declared.label for declared in declared_types(repository)]
        hint = did_you_mean(name, [*repository.policy_ids, *types, *OPERATIONS, *labels, *map(snake_case, labels)])
        raise UnknownName(f"no policy, type, section or operation '{printable(name)}'{hint}")


def _policies(name: str, repository: Repository) -> list[str]:
    try:
        return match_ids([name], repository.policy_ids, "policy")
    except UnknownName:
        return []


def _section(name: str, repository: Repository) -> str | None:
    """Return a section by a framework without its version, or by a number that only one section of all has.

    Raises UnknownName where several have it.
    """
    parts = name.strip("/").removeprefix("frameworks/").split("/")
    framework = f"/frameworks/{parts[0]}"
    if framework in repository.section_ids or newest(framework, repository.section_ids):
        return find_section(name, repository)
    numbered = sections_numbered(name, "/frameworks", repository)
    if len(numbered) > 1:
        among = ", ".join(dict.fromkeys(section.split("/")[2] for section in numbered))
        raise UnknownName(f"'{printable(name)}' is the number of sections of {among}: name one with --framework")
    return numbered[0] if numbered else None
