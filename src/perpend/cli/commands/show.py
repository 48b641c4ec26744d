"""``perpend show``: one entity, whole."""

from __future__ import annotations

import click

from perpend.analyze.names import UnknownName, did_you_mean, entity_id, ids_named, printable
from perpend.analyze.programs import Analyzer
from perpend.cli.configured import Configured
from perpend.cli.options import repository_option
from perpend.cli.output import terminal
from perpend.cli.repositories import repository_here
from perpend.ir.operations import OPERATIONS
from perpend.report.repository.entity import print_operation, print_policy, print_section, print_type


@click.command(
    "show",
    cls=Configured,
    epilog="\b\nExamples:\n  perpend show user-has-more-than-one-active-access-key\n  perpend show CA10__CaAwsUser__c\n"
    "  perpend show IS_EQUAL\n  perpend show /frameworks/cis-aws-v6.0.0/02/12",
)
@click.argument("name", metavar="ID")
@repository_option
def command(name: str, repo: str | None) -> int:
    """Show a policy, an object type, a framework section or an operation."""
    repository = repository_here(repo)
    wanted = entity_id(name)
    types = {*repository.type_names, *(repository.fallback.type_names if repository.fallback else ())}
    type_name = wanted.rpartition("/")[2]
    with terminal(None) as console:
        if name.upper() in OPERATIONS:
            print_operation(OPERATIONS[name.upper()], console)
        elif type_name in types:
            print_type(repository, type_name, console)
        elif wanted in repository.section_ids or f"/frameworks{wanted}" in repository.section_ids:
            print_section(repository, wanted if wanted in repository.section_ids else f"/frameworks{wanted}", console)
        else:
            print_policy(Analyzer(repository), _policy(name, [*repository.policy_ids], [*types, *OPERATIONS]), console)
    return 0


def _policy(name: str, policy_ids: list[str], others: list[str]) -> str:
    try:
        found = ids_named([name], policy_ids, "policy")
    except UnknownName:
        hint = did_you_mean(name, [*policy_ids, *others])
        raise UnknownName(f"no policy, type, section or operation '{printable(name)}'{hint}") from None
    if len(found) > 1:
        raise UnknownName(f"'{printable(name)}' names {len(found)} policies: {', '.join(found[:5])}")
    return found[0]
