"""Which policies judge what is held: chosen by name, by framework, by the types of the objects and the kinds of sources."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import click

from perpend.analyze.frameworks import FrameworkMappings
from perpend.cli.repositories import UnknownName, did_you_mean, entity_id, printable, select
from perpend.collect import KINDS_WITHOUT_CHILDREN
from perpend.diagnostics.text import render_text
from perpend.ir.ids import PRODUCTION, production_of
from perpend.judge.judgement import PolicyView
from perpend.policy_tests.run import logic_problems

if TYPE_CHECKING:
    from collections.abc import Collection

    from perpend.analyze.programs import Analyzer
    from perpend.ir.object_types import ObjectType
    from perpend.ir.program import Program
    from perpend.load.repository import Repository


def chosen_policies(
    repository: Repository, policies: tuple[str, ...], framework: str | None, *, inherited: bool = False
) -> list[str]:
    """Return the policies that ids, globs and a framework name; all of them where nothing is named.

    ``inherited``: also those that reach the framework through rules, controls or similar sections.
    """
    chosen = select(policies, repository.policy_ids, "policy")
    if framework is None:
        if inherited:
            raise click.UsageError("--inherited goes with --framework")
        return chosen
    name = framework if framework.strip("/").startswith("frameworks/") else f"/frameworks/{framework.strip('/')}"
    top = entity_id(name)
    if top not in repository.section_ids:
        siblings = [item for item in repository.section_ids if item.count("/") == top.count("/")]
        raise UnknownName(f"unknown framework or section '{printable(framework)}'{did_you_mean(top, siblings)}")
    indirect = FrameworkMappings(repository).policies_below(top) if inherited else frozenset()
    return [policy for policy in chosen if policy in indirect or _is_mapped(repository, policy, top)]


def named_policies(repository: Repository, policies: tuple[str, ...]) -> frozenset[str]:
    """Return the policies that were named one by one, not by a glob or a folder."""
    found = (select([name], repository.policy_ids, "policy") for name in policies if not set(name) & set("*?["))
    return frozenset(matches[0] for matches in found if len(matches) == 1)


def _is_mapped(repository: Repository, policy_id: str, top: str) -> bool:
    """Whether a policy names a section or one below it; one whose descriptor has errors might, so it is judged."""
    loaded = repository.policy(policy_id)
    if loaded.value is None or not loaded.sound:
        return True
    return any(f"{item.value}/".startswith(f"{top}/") for item in loaded.value.mappings)


def refuse_unknown_type(repository: Repository, type_name: str) -> None:
    """Raise UnknownName for a type that no file and no policy of the repository knows."""
    used = {logic.input_type.value for item in repository.logic_ids if (logic := repository.logic(item).value)}
    if type_name not in used and type_name not in repository.type_names and repository.object_type(type_name).value is None:
        known = {*used, *repository.type_names}
        raise UnknownName(f"unknown type '{printable(type_name)}'{did_you_mean(type_name, known)}")


@dataclass(slots=True)
class Chosen:
    """The programs that judge, how many policies were refused (reported already), and those set aside.

    Set aside are policies that count child objects, where no input is of a kind that lists any: asking them would only say
    once per object that nothing was collected.
    """

    programs: list[Program] = field(default_factory=list)
    refused: int = 0
    set_aside: list[str] = field(default_factory=list)


def programs_over(
    analyzer: Analyzer, chosen: list[str], held: Collection[str], named: Collection[str], kinds: Collection[str]
) -> Chosen:
    """Return the programs over the types that are held. ``kinds`` are those of the sources; refused policies are reported."""
    found = Chosen()
    refused: list[str] = []
    flat = bool(kinds) and KINDS_WITHOUT_CHILDREN.issuperset(kinds)
    without_logic: list[str] = []
    over_other_types: dict[str, str] = {}
    for policy_id in chosen:
        logic_id = production_of(policy_id)
        if logic_id not in analyzer.repository.logic_ids:
            without_logic.append(policy_id)
            continue
        analyzed = analyzer.analyzed(logic_id)
        logic = analyzer.repository.logic(logic_id).value
        if logic is not None and logic.input_type.value not in held:
            over_other_types[policy_id] = logic.input_type.value
        elif analyzed.program is None:
            refused.append(logic_id)
        elif flat and analyzed.program.block.related and policy_id not in named:
            found.set_aside.append(policy_id)
        else:
            found.programs.append(analyzed.program)
    _report_refused(analyzer, refused)
    _refuse_unjudged(named, without_logic, over_other_types, held)
    if not found.programs and not refused:
        raise UnknownName(f"no policy judges what the inputs hold: {_held(held)}{_aside(len(found.set_aside))}")
    found.refused = len(refused)
    return found


def production_programs(analyzer: Analyzer, chosen: list[str]) -> list[Program]:
    """Return the programs of policies that can judge. Raises UnknownName where none can; refused ones are reported."""
    logic_ids = [production_of(policy_id) for policy_id in chosen]
    known = [logic_id for logic_id in logic_ids if logic_id in analyzer.repository.logic_ids]
    found = [analyzer.analyzed(logic_id) for logic_id in known]
    _report_refused(analyzer, [logic_id for logic_id, one in zip(known, found, strict=True) if one.program is None])
    programs = [one.program for one in found if one.program is not None]
    if not programs:
        raise UnknownName(f"none of the policies named has a {PRODUCTION} that can judge")
    return programs


def _report_refused(analyzer: Analyzer, refused: list[str]) -> None:
    if not refused:
        return
    problems = [problem for logic_id in refused for problem in logic_problems(analyzer, logic_id)]
    text = render_text(problems, source_line=analyzer.repository.files.source_line, colour=sys.stderr.isatty())
    click.echo(text, err=True, nl=False)
    names = ", ".join(item.rpartition("/")[0] for item in refused[:10])
    click.echo(f"perpend: {len(refused)} {'policy is' if len(refused) == 1 else 'policies are'} not judged: {names}", err=True)


def _refuse_unjudged(named: Collection[str], without_logic: list[str], other: dict[str, str], held: Collection[str]) -> None:
    """Raise where a policy that was named by itself cannot judge: its silence would look like a pass."""
    for policy_id in without_logic:
        if policy_id in named:
            raise UnknownName(f"{policy_id} has no {PRODUCTION}: it cannot judge anything")
    for policy_id, type_name in other.items():
        if policy_id in named:
            raise UnknownName(f"{policy_id} judges {type_name}, but the inputs hold {_held(held)}")


def _aside(number: int) -> str:
    return f"; {number} that need child objects were set aside, --policy asks one by name" if number else ""


def _held(held: Collection[str]) -> str:
    return ", ".join(sorted(held)) or "no objects"


def views_of(repository: Repository, programs: list[Program]) -> dict[str, PolicyView]:
    """Return what reports show of the programs' policies."""
    views = {}
    for program in programs:
        policy = repository.policy(program.policy_id).value
        full, short = (policy.names.full, policy.names.contextual) if policy else ("", "")
        views[program.policy_id] = PolicyView(program.policy_id, full or program.policy_id, short or full or program.policy_id)
    return views


def declared_types(analyzer: Analyzer) -> dict[str, ObjectType]:
    """Return the object types that the repository and its fallback declare."""
    repository = analyzer.repository
    names = {*repository.type_names, *(repository.fallback.type_names if repository.fallback else ())}
    return {name: replace(analyzer.object_type(name)) for name in names}
