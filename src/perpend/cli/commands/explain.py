"""``perpend explain``: the road to one verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perpend.analyze.programs import Analyzer
from perpend.cli.options import moment, scopes
from perpend.cli.output import output_stream, refuse_input_as_output, terminal
from perpend.cli.repositories import UnknownName, did_you_mean, open_repository, printable, select
from perpend.collect import collect_files
from perpend.explain.steps import explain
from perpend.ir.ids import PRODUCTION, production_of
from perpend.judge.belonging import with_children
from perpend.policy_tests.run import logic_problems
from perpend.report.explanation import print_explanation, write_explanation_json

if TYPE_CHECKING:
    from datetime import datetime

    from perpend.ir.coverage import Scope
    from perpend.ir.estate import Estate, EstateObject
    from perpend.ir.program import Program

EPILOG = """\b
Examples:
  perpend explain user-has-more-than-one-active-access-key alice report.csv
  perpend explain root-user-mfa arn:aws:iam::111122223333:root report.csv --format json"""


@click.command("explain", epilog=EPILOG)
@click.argument("policy")
@click.argument("object_name", metavar="OBJECT")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--repo", metavar="DIR", type=click.Path(), help="Take the policy from this repository instead of the library.")
@click.option("--type", "type_name", metavar="TYPE", help="The object type that a JSON array holds.")
@click.option("--complete", metavar="SCOPE", callback=scopes, help="Of what the inputs hold every object, as in `check`.")
@click.option(
    "--snapshot-time",
    metavar="TIME",
    callback=moment,
    help="When the estate looked like this; else what the inputs say, else today.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="The output's form."
)
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def command(
    policy: str,
    object_name: str,
    inputs: tuple[str, ...],
    repo: str | None,
    type_name: str | None,
    complete: tuple[Scope, ...],
    snapshot_time: datetime | None,
    form: str,
    out: str | None,
) -> int:
    """Show how POLICY came to its verdict on OBJECT (an ARN, an id or a name) among what INPUTs hold.

    Each condition in order, each value with the file, row and column that it came from, the check that fired, and the
    smallest change of one field that would change the status.
    """
    refuse_input_as_output(out, inputs)
    analyzer = Analyzer(open_repository(repo))
    program = _program(analyzer, policy)
    declared = analyzer.object_type(type_name) if type_name else None
    claimed = dict.fromkeys(inputs, complete)
    collected = collect_files(inputs, type_name=type_name, object_type=declared, complete=claimed)
    estate = with_children(collected.estate, [program], analyzer.object_type)
    judged = _object(estate, program, object_name)
    explanation = explain(analyzer, program, judged, estate, snapshot_time=snapshot_time)
    if form == "json":
        with output_stream(out) as stream:
            write_explanation_json(explanation, stream)
    else:
        with terminal(out) as console:
            print_explanation(explanation, console)
    return 0


def _program(analyzer: Analyzer, policy: str) -> Program:
    found = select([policy], analyzer.repository.policy_ids, "policy")
    if len(found) > 1:
        raise UnknownName(f"'{printable(policy)}' names {len(found)} policies: {', '.join(found[:5])}")
    logic_id = production_of(found[0])
    if logic_id not in analyzer.repository.logic_ids:
        raise UnknownName(f"{found[0]} has no {PRODUCTION}: it cannot judge anything")
    program = analyzer.analyzed(logic_id).program
    if program is None:
        problems = logic_problems(analyzer, logic_id)
        reason = f": {problems[0].message} ({problems[0].span.path}:{problems[0].span.line})" if problems else ""
        raise UnknownName(f"{found[0]} cannot be used{reason}")
    return program


def _object(estate: Estate, program: Program, name: str) -> EstateObject:
    objects = estate.objects.get(program.input_type, ())
    found = [one for one in objects if name in (one.id, one.external_id)] or [one for one in objects if one.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownName(
            f"'{printable(name)}' names {len(found)} objects: {', '.join(printable(one.id) for one in found[:5])}"
        )
    hint = did_you_mean(name, [one.name for one in objects[:20_000]])
    raise UnknownName(f"no object '{printable(name)}' of type {program.input_type} among the inputs{hint}")
