"""``perpend check``: inputs judged by policies."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from perpend.analyze.programs import Analyzer
from perpend.cli.app import USAGE_ERROR
from perpend.cli.output import output_stream, progress, refuse_input_as_output, terminal
from perpend.cli.repositories import PRODUCTION, UnknownName, did_you_mean, entity_id, open_repository, printable, select
from perpend.collect import UnusableInput, collect_files
from perpend.diagnostics.text import render_text
from perpend.ir.status import Status
from perpend.ir.values import date_time_from_text
from perpend.judge.frameworks import FrameworkMappings
from perpend.judge.judgement import Judgement, PolicyView
from perpend.judge.policy_tests import logic_problems

if TYPE_CHECKING:
    from collections.abc import Collection

    from perpend.ir.estate import Estate
    from perpend.ir.object_types import ObjectType
    from perpend.ir.program import Program
    from perpend.load.repository import Repository

EPILOG = """\b
Examples:
  perpend check report.csv
  perpend check account-a.csv account-b.json.gz --framework cis-aws-v6.0.0
  aws iam get-credential-report | perpend check - --format json
  perpend check users.json --type CA10__CaAwsUser__c --repo ~/policies

\b
Exit codes: 0 nothing incompliant or undetermined, 1 something incompliant,
2 usage, input or repository error, 3 nothing incompliant but something undetermined."""


def moment(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:
    """Return the moment that an option names in ISO 8601."""
    if value is None:
        return None
    instant = date_time_from_text(value)
    if instant is None:
        raise click.BadParameter("not an ISO 8601 date, or date and time, such as 2026-11-24T09:30:00Z", context, parameter)
    return datetime.fromtimestamp(instant / 1000, tz=UTC)


@click.command("check", epilog=EPILOG)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--policy", "policies", multiple=True, metavar="ID|GLOB", help="Judge by these policies only; may be repeated.")
@click.option("--repo", metavar="DIR", type=click.Path(), help="Take policies from this repository instead of the library.")
@click.option("--framework", metavar="ID", help="Judge by the policies mapped to this framework or section.")
@click.option(
    "--inherited", is_flag=True, help="With --framework: also by those that reach it through rules or similar sections."
)
@click.option("--type", "type_name", metavar="TYPE", help="The object type that a JSON array holds.")
@click.option(
    "--snapshot-time",
    metavar="TIME",
    callback=moment,
    help="When the estate looked like this; else what the inputs say, else today.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "ndjson", "csv"]),
    default="table",
    show_default=True,
    help="The output's form.",
)
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Objects shown per message in the table."
)
@click.option("--keep-going", is_flag=True, help="Judge the usable inputs even if others are not; still exits 2.")
def command(
    inputs: tuple[str, ...],
    policies: tuple[str, ...],
    repo: str | None,
    framework: str | None,
    inherited: bool,
    type_name: str | None,
    snapshot_time: datetime | None,
    form: str,
    out: str | None,
    limit: int,
    keep_going: bool,
) -> int:
    """Judge what INPUTs hold: IAM credential reports (CSV, the AWS CLI's JSON, gzip of either), or objects as JSON.

    One unusable input and nothing is judged, unless --keep-going is given.
    """
    refuse_input_as_output(out, inputs)
    repository = open_repository(repo)
    analyzer = Analyzer(repository)
    chosen = _chosen(repository, policies, framework, inherited=inherited)
    if type_name is not None:
        _known_type(repository, type_name)
    with progress("reading") as done:
        collected = collect_files(
            inputs, type_name=type_name, object_type=_object_type(analyzer, type_name), keep_going=keep_going, progress=done
        )
    _report_failures(collected.failures)
    if collected.failures and not collected.estate.sources:
        return USAGE_ERROR
    programs, refused = _programs(analyzer, chosen, collected.estate, _named(repository, policies))
    with progress("judging", total=sum(map(len, collected.estate.objects.values()))) as done:
        judgement = Judgement(
            collected.estate,
            programs,
            policies=_views(repository, programs),
            types=_types(analyzer),
            snapshot_time=snapshot_time,
            progress=done,
        )
    write(judgement, form, out, limit)
    _report_failures(collected.failures, "not judged: ")
    return USAGE_ERROR if collected.failures or refused else exit_code(judgement)


def write(judgement: Judgement, form: str, out: str | None, limit: int) -> None:
    """Write a judgement in one of the forms."""
    from perpend.report.as_csv import write_csv
    from perpend.report.as_json import write_json, write_ndjson
    from perpend.report.terminal import print_judgement

    if form == "table":
        with terminal(out) as console:
            print_judgement(judgement, console, limit=limit)
        return
    with output_stream(out) as stream:
        {"json": write_json, "ndjson": write_ndjson, "csv": write_csv}[form](judgement, stream)


def exit_code(judgement: Judgement) -> int:
    """Return 1 where something is incompliant, 3 where something is undetermined, else 0."""
    counts = judgement.ledger.counts
    if counts[Status.INCOMPLIANT]:
        return 1
    return 3 if counts[Status.UNDETERMINED] else 0


def _report_failures(failures: tuple[UnusableInput, ...], prefix: str = "") -> None:
    for failure in failures:
        click.echo(f"perpend: {prefix}{failure}", err=True)


def _chosen(repository: Repository, policies: tuple[str, ...], framework: str | None, *, inherited: bool) -> list[str]:
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


def _named(repository: Repository, policies: tuple[str, ...]) -> frozenset[str]:
    """Return the policies that were named one by one, not by a glob or a folder."""
    found = (select([name], repository.policy_ids, "policy") for name in policies if not set(name) & set("*?["))
    return frozenset(matches[0] for matches in found if len(matches) == 1)


def _is_mapped(repository: Repository, policy_id: str, top: str) -> bool:
    """Whether a policy names a section or one below it; one whose descriptor has errors might, so it is judged."""
    loaded = repository.policy(policy_id)
    if loaded.value is None or not loaded.sound:
        return True
    return any(f"{item.value}/".startswith(f"{top}/") for item in loaded.value.mappings)


def _object_type(analyzer: Analyzer, type_name: str | None) -> ObjectType | None:
    return analyzer.object_type(type_name) if type_name else None


def _known_type(repository: Repository, type_name: str) -> None:
    used = {logic.input_type.value for item in repository.logic_ids if (logic := repository.logic(item).value)}
    if type_name not in used and type_name not in repository.type_names and repository.object_type(type_name).value is None:
        known = {*used, *repository.type_names}
        raise UnknownName(f"unknown type '{printable(type_name)}'{did_you_mean(type_name, known)}")


def _programs(analyzer: Analyzer, chosen: list[str], estate: Estate, named: Collection[str]) -> tuple[list[Program], int]:
    """Return the programs over the types of the estate, and how many policies had to be refused (reported here)."""
    programs: list[Program] = []
    refused: list[str] = []
    without_logic: list[str] = []
    over_other_types: dict[str, str] = {}
    for policy_id in chosen:
        logic_id = f"{policy_id}/{PRODUCTION}"
        if logic_id not in analyzer.repository.logic_ids:
            without_logic.append(policy_id)
            continue
        analyzed = analyzer.analyzed(logic_id)
        logic = analyzer.repository.logic(logic_id).value
        if logic is not None and logic.input_type.value not in estate.objects:
            over_other_types[policy_id] = logic.input_type.value
        elif analyzed.program is None:
            refused.append(logic_id)
        else:
            programs.append(analyzed.program)
    _report_refused(analyzer, refused)
    _refuse_unjudged(named, without_logic, over_other_types, estate)
    if not programs and not refused:
        raise UnknownName(f"no policy judges what the inputs hold: {_held(estate)}")
    return programs, len(refused)


def _report_refused(analyzer: Analyzer, refused: list[str]) -> None:
    if not refused:
        return
    problems = [problem for logic_id in refused for problem in logic_problems(analyzer, logic_id)]
    text = render_text(problems, source_line=analyzer.repository.files.source_line, colour=sys.stderr.isatty())
    click.echo(text, err=True, nl=False)
    names = ", ".join(item.rpartition("/")[0] for item in refused[:10])
    click.echo(f"perpend: {len(refused)} {'policy is' if len(refused) == 1 else 'policies are'} not judged: {names}", err=True)


def _refuse_unjudged(named: Collection[str], without_logic: list[str], other: dict[str, str], estate: Estate) -> None:
    """Raise where a policy that was named by itself cannot judge: its silence would look like a pass."""
    for policy_id in without_logic:
        if policy_id in named:
            raise UnknownName(f"{policy_id} has no {PRODUCTION}: it cannot judge anything")
    for policy_id, type_name in other.items():
        if policy_id in named:
            raise UnknownName(f"{policy_id} judges {type_name}, but the inputs hold {_held(estate)}")


def _held(estate: Estate) -> str:
    return ", ".join(sorted(estate.objects)) or "no objects"


def _views(repository: Repository, programs: list[Program]) -> dict[str, PolicyView]:
    views = {}
    for program in programs:
        policy = repository.policy(program.policy_id).value
        full, short = (policy.names.full, policy.names.contextual) if policy else ("", "")
        views[program.policy_id] = PolicyView(program.policy_id, full or program.policy_id, short or full or program.policy_id)
    return views


def _types(analyzer: Analyzer) -> dict[str, ObjectType]:
    repository = analyzer.repository
    names = {*repository.type_names, *(repository.fallback.type_names if repository.fallback else ())}
    return {name: replace(analyzer.object_type(name)) for name in names}
