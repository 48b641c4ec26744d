"""``perpend test``: the tests that policies bring with them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from perpend.authoring.mutation.score import Budget
from perpend.authoring.testing.run import TestReport, run_policy_tests
from perpend.cli.actions.policies.changes import fill_expectations
from perpend.cli.actions.policies.generated import propose
from perpend.cli.actions.policies.mutated import budget_from, evaluate_mutants
from perpend.cli.actions.policies.watch import run_again_and_again
from perpend.cli.app import USAGE_ERROR
from perpend.cli.config.command import Configured
from perpend.cli.options.completion import complete_entities
from perpend.cli.options.format import form_option
from perpend.cli.options.repository import ids_from_paths, own_repository, repository_of
from perpend.cli.options.tree_faults import tell_tree_faults
from perpend.cli.options.values import repository_option
from perpend.core.diagnostics.warn import warn_diagnostics
from perpend.evaluation.engines.by_name import engine_named
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.compiler.names import ids_named
from perpend.language.compiler.type_names import misspelt_types
from perpend.reports.streams import output_stream, progress, terminal
from perpend.reports.terminal.repository.policy_tests import print_test_report, write_test_json, write_test_junit

if TYPE_CHECKING:
    from perpend.language.syntax.repository import Repository

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
or nobody could be asked whether to --update, 130 ended by Ctrl-C. With --mutate:
0 no mutant survives, 1 some do, or the list of equivalent ones is stale, 2 some test fails."""


@click.command("test", cls=Configured, epilog=EPILOG)
@click.argument("names", nargs=-1, metavar="[ID|PATH]...", shell_complete=complete_entities)
@repository_option
@form_option("test", help="The output's form; junit without --mutate, html with it.")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
@click.option(
    "--engine",
    type=click.Choice(["interpreter", "duckdb", "spark"]),
    default="interpreter",
    show_default=True,
    help="What judges the test objects; the engines do so by way of tables.",
)
@click.option("--coverage", is_flag=True, help="Report the conditions and checks that no test reaches.")
@click.option(
    "--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT", help="Fail where a logic's coverage is below this."
)
@click.option("--strict-errors", is_flag=True, help="Compare the wording of JSON and JMESPath errors too.")
@click.option("--update", is_flag=True, help="First fill what is blank or missing of expectations, once you have seen it.")
@click.option("--yes", is_flag=True, help="With --update: fill without asking.")
@click.option("--mutate", is_flag=True, help="Change the policies in small ways and report the changes that no test notices.")
@click.option(
    "--budget",
    metavar="N|DURATION",
    callback=budget_from,
    help="With --mutate: judge at most N mutants, evenly chosen, or begin no more policies after a time (90s, 3m).",
)
@click.option("--jobs", type=click.IntRange(1, 64), metavar="N", help="With --mutate: processes; as many as processors.")
@click.option("--generate", is_flag=True, help="Propose test objects for conditions, checks and boundaries without one.")
@click.option("--write", is_flag=True, help="With --generate: add them to the test data, behind what is there.")
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
    """Run each logic file's test data, and the expectations written beside unit tests.

    ID or PATH names a policy, a logic file, a folder or a glob; all logic files by default. Only --update writes to the
    repository: an expectation that is blank, never one that is wrong.
    """
    if yes and not update:
        raise click.UsageError("--yes goes with --update")
    if watch and (update or options["out"] or options["form"] != "text"):
        raise click.UsageError("--watch goes with none of --update, --out and --format: it prints again and again")
    if write and not generate:
        raise click.UsageError("--write goes with --generate")
    if mutate or generate:
        _refuse_beside(generate=generate, mutate=mutate, update=update, watch=watch, **options)
        repository = own_repository(repo, names) if write else repository_of(repo, names)
        tell_tree_faults(repository)
        analyzer, chosen = Analyzer(repository), _chosen(names, repository)
        if generate:
            return propose(analyzer, chosen, out=options["out"], write=write)
        return evaluate_mutants(analyzer, chosen, form=options["form"], out=options["out"], budget=budget, jobs=jobs)
    if options["form"] == "html" or jobs is not None or budget != Budget():
        raise click.UsageError("--format html, --budget and --jobs go with --mutate")
    if update:
        own = own_repository(repo, names)
        tell_tree_faults(own)
        fill_expectations(Analyzer(own), _chosen(names, own), yes=yes, err=options["form"] != "text")
    run = partial(_run, names, repo, **options)
    return run_again_and_again(run, repository_of(repo, names)) if watch else run()


def _refuse_beside(*, generate: bool, mutate: bool, update: bool, watch: bool, **options: Any) -> None:
    """Raise where an option is given that means nothing of mutants, or of what is generated."""
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
    odd = [name for name, is_given in others.items() if is_given]
    if odd:
        raise click.UsageError(f"{odd[0]} does not go with --{'generate' if generate else 'mutate'}")


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
    tell_tree_faults(repository)
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
    return exit_code(report, fail_under)


def _chosen(names: tuple[str, ...], repository: Repository) -> list[str]:
    return ids_named(ids_from_paths(names, repository), repository.logic_ids, "policy or logic", near=repository.policy_ids)


def exit_code(report: TestReport, fail_under: float | None) -> int:
    """Return 2 where nothing was run, 1 where something failed, was refused or is covered too little, else 0."""
    if not report.executions:
        return USAGE_ERROR
    short = fail_under is not None and any(entry.percent < fail_under for entry in report.coverage)
    return int(bool(report.failed or report.refused or short))
