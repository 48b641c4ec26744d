"""``perpend test``: run, complete and check the tests of policies."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from perpend.authoring.mutation.proposals import propose_tests
from perpend.authoring.mutation.score import Budget, score_mutants
from perpend.authoring.scaffold.expectations import NEW_FILE, append_objects
from perpend.authoring.scaffold.templates import object_lines
from perpend.authoring.testing.run import TestReport, run_policy_tests
from perpend.cli.app import USAGE_ERROR
from perpend.cli.config.command import Configured
from perpend.cli.edits import fill_expectations
from perpend.cli.options.completion import complete_entities
from perpend.cli.options.format import format_option
from perpend.cli.options.repository import ids_from_paths, own_repository, repository_of
from perpend.cli.options.values import repository_option
from perpend.cli.watch import run_on_changes
from perpend.core.diagnostics.escape import inert, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.warn import warn_diagnostics
from perpend.core.parallel import processors
from perpend.core.values.values import duration_from_gcp, milliseconds_from_datetime
from perpend.evaluation.engines.by_name import engine_named
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.compiler.names import match_ids, printable
from perpend.language.compiler.type_names import misspelt_types
from perpend.reports.streams import output_stream, progress, terminal
from perpend.reports.terminal.repository.mutants import print_mutants, write_mutants_html, write_mutants_json
from perpend.reports.terminal.repository.policy_tests import print_test_report, write_test_json, write_test_junit
from perpend.runs.warnings import warn_tree_faults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.authoring.mutation.proposals import Proposals
    from perpend.language.syntax.repository import Repository

_SECOND = 1000

EPILOG = """\b
Examples:
  perpend test
  perpend test user-has-more-than-one-active-access-key --coverage
  perpend test --repo ~/policies ce/ca/aws --format junit --out results.xml
  perpend test --repo ~/policies --coverage --fail-under 100
  perpend test --repo ~/policies --engine duckdb
  perpend test --repo ~/policies --update
  perpend test --repo ~/policies root-user-mfa --watch
  perpend test root-user-mfa --mutate
  perpend test --repo ~/policies ce/acme/iam --generate --write
  perpend test --repo ~/policies --mutate --format html --out mutants.html --budget 3m

\b
Exit codes: 0 all passed, 1 some failed or could not be run, 2 nothing could be run,
or --update found no terminal to ask at, 130 ended by Ctrl-C. With --mutate: 0 no mutant
survives, 1 some do, or the list of equivalent mutants is stale, 2 some test fails."""


def _budget(context: click.Context, parameter: click.Parameter, value: str | None) -> Budget:
    """Return the budget that an option gives: a number of mutants (``500``), or a duration (``90s``, ``3m``)."""
    if value is None:
        return Budget()
    if re.fullmatch(r"[1-9][0-9]{0,8}", value, re.ASCII):
        return Budget(mutants=int(value))
    length = duration_from_gcp(value)
    if length is None:
        raise click.BadParameter(
            f"'{printable(value)}' is neither a number of mutants, such as 500, nor a duration, such as 90s or 3m"
        )
    return Budget(seconds=length / _SECOND)


@click.command("test", cls=Configured, epilog=EPILOG)
@click.argument("names", nargs=-1, metavar="[ID|PATH]...", shell_complete=complete_entities)
@repository_option
@format_option("test", help="The output's format: junit only without --mutate, html only with it.")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
@click.option(
    "--engine",
    type=click.Choice(["interpreter", "duckdb", "spark"]),
    default="interpreter",
    show_default=True,
    help="The engine that evaluates the test objects. DuckDB and Spark load them into tables first.",
)
@click.option("--coverage", is_flag=True, help="Report the conditions and checks that no test reaches.")
@click.option(
    "--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT", help="Fail if the coverage of a logic file is below this."
)
@click.option("--strict-errors", is_flag=True, help="Compare the wording of JSON and JMESPath errors too.")
@click.option("--update", is_flag=True, help="First fill blank or missing expectations, after showing the changes.")
@click.option("--yes", is_flag=True, help="With --update: fill without asking.")
@click.option("--mutate", is_flag=True, help="Change the policies in small ways and report the changes that no test notices.")
@click.option(
    "--budget",
    metavar="N|DURATION",
    callback=_budget,
    help="With --mutate: run at most N mutants, evenly chosen, or begin no further policy after a time (90s, 3m).",
)
@click.option(
    "--jobs", type=click.IntRange(1, 64), metavar="N", help="With --mutate: the number of processes; one per processor."
)
@click.option("--generate", is_flag=True, help="Propose test objects for conditions, checks and boundaries without one.")
@click.option("--write", is_flag=True, help="With --generate: append them to the test data.")
@click.option("--watch", is_flag=True, help="Run the tests again after each change of the repository, until Ctrl-C.")
def command(
    names: tuple[str, ...],
    repo: str | None,
    update: bool,
    yes: bool,
    watch: bool,
    mutate: bool,
    budget: Budget,
    jobs: int | None,
    generate: bool,
    write: bool,
    **options: Any,
) -> int:
    """Run the test data of each logic file, and the expectations of unit tests.

    ID or PATH names a policy, a logic file, a folder or a glob; all logic files by default. Only --update and --write
    change the repository: --update fills blank expectations and never changes a wrong one.
    """
    if yes and not update:
        raise click.UsageError("--yes goes with --update")
    if watch and (update or options["out"] or options["form"] != "text"):
        raise click.UsageError("--watch goes with none of --update, --out and --format: it prints again and again")
    if write and not generate:
        raise click.UsageError("--write goes with --generate")
    if mutate or generate:
        _reject_options(generate=generate, mutate=mutate, update=update, watch=watch, **options)
        repository = own_repository(repo, names) if write else repository_of(repo, names)
        warn_tree_faults(repository)
        analyzer, chosen = Analyzer(repository), _chosen(names, repository)
        if generate:
            return _propose(analyzer, chosen, out=options["out"], write=write)
        return _mutate(analyzer, chosen, form=options["form"], out=options["out"], budget=budget, jobs=jobs)
    if options["form"] == "html" or jobs is not None or budget != Budget():
        raise click.UsageError("--format html, --budget and --jobs go with --mutate")
    if update:
        own = own_repository(repo, names)
        warn_tree_faults(own)
        fill_expectations(Analyzer(own), _chosen(names, own), yes=yes, err=options["form"] != "text")
    run = partial(_run, names, repo, **options)
    return run_on_changes(run, repository_of(repo, names)) if watch else run()


def _reject_options(*, generate: bool, mutate: bool, update: bool, watch: bool, **options: Any) -> None:
    """Raise ``UsageError`` if an option has no meaning with --mutate or --generate."""
    others = {
        "--mutate": generate and mutate,
        "--update": update,
        "--watch": watch,
        "--coverage": options["coverage"],
        "--fail-under": options["fail_under"] is not None,
        "--strict-errors": options["strict_errors"],
        "--engine": options["engine"] != "interpreter",
        f"--format {options['form']}": options["form"] == "junit" or (generate and options["form"] != "text"),
    }
    unusable = [name for name, is_given in others.items() if is_given]
    if unusable:
        raise click.UsageError(f"{unusable[0]} does not go with --{'generate' if generate else 'mutate'}")


def _run(
    names: tuple[str, ...],
    repo: str | None,
    *,
    form: str,
    out: str | None,
    engine: str,
    coverage: bool,
    fail_under: float | None,
    strict_errors: bool,
) -> int:
    repository = repository_of(repo, names)
    warn_tree_faults(repository)
    analyzer = Analyzer(repository)
    chosen = _chosen(names, repository)
    with progress("testing", total=len(chosen)) as done, engine_named(engine) as by:
        report = run_policy_tests(analyzer, chosen, strict_errors=strict_errors, engine=by, progress=done)
    warn_diagnostics(misspelt_types(repository, chosen).values(), repository.files.source_line)
    covered = coverage or fail_under is not None
    if form == "text":
        with terminal(out) as console:
            print_test_report(report, analyzer, console, coverage=covered, fail_under=fail_under)
    else:
        with output_stream(out) as stream:
            {"json": write_test_json, "junit": write_test_junit}[form](report, stream, coverage=covered)
    return _exit_code(report, fail_under)


def _propose(analyzer: Analyzer, logic_ids: Sequence[str], *, out: str | None, write: bool) -> int:
    """Print or write the test objects that logic files lack. Return 1 if some were only printed, else 0."""
    time = milliseconds_from_datetime(datetime.now(UTC).replace(microsecond=0))
    missing_proposals: list[Proposals] = []
    with progress("looking for test objects", total=len(logic_ids)) as done:
        for number, logic_id in enumerate(logic_ids, 1):
            proposals = propose_tests(analyzer, logic_id, time=time)
            if proposals is not None and (proposals.proposed or proposals.missed):
                missing_proposals.append(proposals)
            if done:
                done(number)
    for proposals in missing_proposals:
        _print_proposals(proposals)
    if write:
        for proposals in missing_proposals:
            texts = [proposal.text for proposal in proposals.proposed]
            if path := append_objects(analyzer.repository, proposals.logic_id, texts):
                hint = f"name it in the logic file, testData: [{{file: {NEW_FILE}}}]"
                click.echo(inert(f"{visible(path)} is new: {hint}"), err=True)
    else:
        with output_stream(out) as stream:
            objects = [proposal.text for proposals in missing_proposals for proposal in proposals.proposed]
            stream.write(object_lines(objects) if objects else "[]\n")
    number = sum(len(proposals.proposed) for proposals in missing_proposals)
    what = "added" if write else "proposed"
    click.echo(f"{counted(number, 'test object')} {what}; they expect the policies' results of today", err=True)
    return int(bool(missing_proposals) and not write)


def _print_proposals(proposals: Proposals) -> None:
    for proposal in proposals.proposed:
        name = json.loads(proposal.text)["Id"]
        click.echo(inert(f"{visible(proposals.logic_id)}: {visible(name)} {visible(proposal.why)}"), err=True)
    for branch in proposals.missed:
        where = f"{branch.relationship}: " if branch.relationship else ""
        text = visible(f"{where}{branch.index} {branch.text}")
        click.echo(f"{visible(proposals.logic_id)}: no object found that reaches {text}", err=True)


def _mutate(
    analyzer: Analyzer, logic_ids: Sequence[str], *, form: str, out: str | None, budget: Budget, jobs: int | None
) -> int:
    """Report the mutants of logic files that survive their tests. Return the exit code, 2 if a test fails without mutants."""
    tests = run_policy_tests(analyzer, logic_ids)
    if tests.failed or tests.refused or not tests.executions:
        with terminal(None) as console:
            print_test_report(tests, analyzer, console)
        reason = "tests fail, so they prove nothing about mutants" if tests.failed or tests.refused else "there are no tests"
        click.echo(f"{reason}: fix that first", err=True)
        return USAGE_ERROR
    with progress("mutants", total=len(logic_ids)) as done:
        scores = score_mutants(analyzer, logic_ids, budget=budget, jobs=jobs or processors(), progress=done)
    if form == "text":
        with terminal(out) as console:
            print_mutants(scores, console, analyzer.repository.files.source_line)
    else:
        with output_stream(out) as stream:
            {"json": write_mutants_json, "html": write_mutants_html}[form](scores, stream)
    return int(any(score.survivors or score.stale for score in scores))


def _chosen(names: tuple[str, ...], repository: Repository) -> list[str]:
    return match_ids(ids_from_paths(names, repository), repository.logic_ids, "policy or logic", near=repository.policy_ids)


def _exit_code(report: TestReport, fail_under: float | None) -> int:
    """Return 2 if nothing was run, 1 if a test failed or could not run or coverage is too low, else 0."""
    if not report.executions:
        return USAGE_ERROR
    short = fail_under is not None and any(entry.percent < fail_under for entry in report.coverage)
    return int(bool(report.failed or report.refused or short))
