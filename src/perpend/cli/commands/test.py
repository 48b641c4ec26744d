"""``perpend test``: the tests that policies bring with them."""

from __future__ import annotations

import click

from perpend.analyze.lint.unknown_object_type import misspelt_types
from perpend.analyze.names import ids_named
from perpend.analyze.programs import Analyzer
from perpend.cli.app import USAGE_ERROR
from perpend.cli.engines import engine_named
from perpend.cli.faults import tell_tree_faults
from perpend.cli.output import output_stream, progress, terminal
from perpend.cli.programs import tell_problems
from perpend.cli.repositories import ids_from_paths, repository_here
from perpend.policy_tests.run import TestReport, run_policy_tests
from perpend.report.repository.policy_tests import print_test_report, write_test_json, write_test_junit

EPILOG = """\b
Examples:
  perpend test
  perpend test user-has-more-than-one-active-access-key --coverage
  perpend test --repo ~/policies ce/ca/aws --format junit --out results.xml
  perpend test --repo ~/policies --coverage --fail-under 100
  perpend test --repo ~/policies --engine duckdb

\b
Exit codes: 0 all passed, 1 some failed or could not be run, 2 nothing could be run."""


@click.command("test", epilog=EPILOG)
@click.argument("names", nargs=-1, metavar="[ID|PATH]...")
@click.option(
    "--repo", metavar="DIR", type=click.Path(), help="The repository; else the one in the working directory, else the library."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit"]),
    default="text",
    show_default=True,
    help="The output's form.",
)
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
def command(
    names: tuple[str, ...],
    repo: str | None,
    form: str,
    out: str | None,
    engine: str,
    coverage: bool,
    fail_under: float | None,
    strict_errors: bool,
) -> int:
    """Run each logic file's test data, and the expectations written beside unit tests. The repository is never written to.

    ID or PATH names a policy, a logic file, a folder or a glob; all logic files by default.
    """
    repository = repository_here(repo)
    tell_tree_faults(repository)
    analyzer = Analyzer(repository)
    chosen = ids_named(ids_from_paths(names, repository), repository.logic_ids, "policy or logic")
    with progress("testing", total=len(chosen)) as done, engine_named(engine) as by:
        report = run_policy_tests(analyzer, chosen, strict_errors=strict_errors, engine=by, progress=done)
    tell_problems(repository, misspelt_types(repository, chosen).values())
    covered = coverage or fail_under is not None
    if form == "text":
        with terminal(out) as console:
            print_test_report(report, analyzer, console, coverage=covered, fail_under=fail_under)
    else:
        with output_stream(out) as stream:
            {"json": write_test_json, "junit": write_test_junit}[form](report, stream, coverage=covered)
    return exit_code(report, fail_under)


def exit_code(report: TestReport, fail_under: float | None) -> int:
    """Return 2 where nothing was run, 1 where something failed, was refused or is covered too little, else 0."""
    if not report.executions:
        return USAGE_ERROR
    short = fail_under is not None and any(entry.percent < fail_under for entry in report.coverage)
    return int(bool(report.failed or report.refused or short))
