"""``perpend test --mutate``: the mutants of policies judged by the policies' own tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from perpend.authoring.mutation.score import Budget, score_mutants
from perpend.authoring.testing.run import run_policy_tests
from perpend.cli.app import USAGE_ERROR
from perpend.cli.options.streams import output_stream, progress, terminal
from perpend.core.parallel import processors
from perpend.core.values.values import duration_from_gcp
from perpend.language.compiler.names import printable
from perpend.reports.terminal.repository.mutants import print_mutants, write_mutants_html, write_mutants_json
from perpend.reports.terminal.repository.policy_tests import print_test_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.language.compiler.analyzer import Analyzer

_SECOND = 1000


def budget_from(context: click.Context, parameter: click.Parameter, value: str | None) -> Budget:
    """Return the budget that an option names: a number of mutants (``500``), or a duration (``90s``, ``3m``)."""
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


def evaluate_mutants(
    analyzer: Analyzer, logic_ids: Sequence[str], *, form: str, out: str | None, budget: Budget, jobs: int | None
) -> int:
    """Report which mutants of logic files survive their tests, and return the exit code: 2 where a test fails already."""
    tests = run_policy_tests(analyzer, logic_ids)
    if tests.failed or tests.refused or not tests.executions:
        with terminal(None) as console:
            print_test_report(tests, analyzer, console)
        reason = "tests fail, so they prove nothing of mutants" if tests.failed or tests.refused else "there are no tests"
        click.echo(f"{reason}: mend that first", err=True)
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
