"""``perpend evidence``: write a run into one file, and verify such a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from perpend.cli.config.command import Configured, is_from_file
from perpend.cli.options.completion import complete_files, complete_runs
from perpend.cli.options.format import format_option
from perpend.cli.options.policy_selection import choice_options, policy_choice, warn_selecting_settings
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.severity import rating_files, ratings_options
from perpend.cli.options.store import StoreOption
from perpend.cli.options.values import max_age_option, moment
from perpend.cli.options.waivers import waiver_options
from perpend.core.diagnostics.phrases import counted
from perpend.evaluation.verdicts.policy_choice import PolicyChoice
from perpend.findings.waivers.active import ActiveWaivers
from perpend.inventory.snapshots.open_store import is_address, open_store
from perpend.reports.streams import output_bytes
from perpend.runs.warnings import warn_tree_faults, warn_unusable_policies

DIFFERENT, INCOMPLETE = 1, 3
"""Exit codes of ``verify``: the pack is not correct; the pack is correct as far as it could be verified."""

EPILOG = """\b
Examples:
  perpend evidence --store inventory --out november.zip
  perpend evidence --run 12 --store inventory --framework cis-aws --out november.zip
  perpend evidence --run 12 --store inventory --no-inputs --out without-facts.zip
  perpend evidence verify november.zip
  perpend evidence verify without-facts.zip --inputs inventory

\b
Exit codes: 0 the pack was written; of verify: the pack is correct,
1 (verify) the pack is not correct: it is damaged or changed, or has other verdicts,
2 usage, input or repository error, or not a pack,
3 written or verified in part: policies have changed since the run, more is compliant than in the run,
or a part of the pack could not be verified."""


class _Pack(click.Group):
    """A group that passes options without a command to ``write``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["write", *args]
        return super().parse_args(ctx, args)


@click.group("evidence", cls=_Pack, epilog=EPILOG, subcommand_metavar="[OPTIONS] | verify FILE")
def command() -> None:
    """Write a run into one file for auditors: inputs, policies, verdicts, waivers, and a statement with all digests.

    `perpend evidence --store DIR --out FILE` is short for `evidence write`; `perpend evidence write --help` lists its options.
    """


@command.command(
    "write",
    cls=Configured,
    yields={"policies": ("frameworks",), "frameworks": ("policies",), "inherited": ("policies", "frameworks")},
    epilog="\b\nExample:\n  perpend evidence write --run last --store inventory --out november.zip",
)
@click.option("--store", "directory", cls=StoreOption, is_needed=True, help="The store with the run.")
@click.option(
    "--run",
    metavar="ID",
    shell_complete=complete_runs,
    help="A snapshot's id, or the number of a run. Default: the last run of the history.",
)
@click.option("--out", required=True, metavar="FILE", type=click.Path(), help="Write to this file. Only its owner can read it.")
@click.option("--no-inputs", is_flag=True, help="Leave out the inventory; include its hashes only.")
@choice_options
@waiver_options
@ratings_options
@click.option(
    "--snapshot-time", metavar="TIME", callback=moment, help="When the inventory was collected. Default: the time of the run."
)
@max_age_option
def write(**given: Any) -> int:
    """Evaluate a run again and write its parts into one ZIP file, which `perpend evidence verify` checks.

    The same run and policies give the same bytes. By default, the policies are those of the run.
    """
    from perpend.findings.history.compliance import newest_counts_of
    from perpend.findings.history.manifest import HistoryManifest
    from perpend.findings.history.past_values import with_values_of_run
    from perpend.findings.history.storage import HistoryStorage
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.reports.evidence.create import EvidenceOptions, create_evidence, run_reference

    options = EvidenceOptions(**given)
    repository = open_repository_here(options.repo)
    warn_tree_faults(repository)
    waivers = ActiveWaivers.here(repository, options.waivers_dir, none=options.no_waivers)
    rating_files(repository, options.ratings_dir, defaults=options.default_ratings)
    store = open_store(options.directory)
    history = None if is_address(options.directory) else HistoryStorage(options.directory)
    reference = run_reference(store, history.head() if history else HistoryManifest(), options.run)
    if reference.run is not None:
        repository = with_values_of_run(repository, reference.head, reference.run.number)
    of_run = bool(reference.policies) and not _chooses_policies()
    choice = (
        PolicyChoice(policies=reference.policies, standing=True)
        if of_run
        else policy_choice(click.get_current_context(), given)
    )
    with store.reading(reference.snapshot) as snapshot:
        selection = choice.select(Analyzer(repository), snapshot)
        if not of_run:
            warn_selecting_settings()
        warn_unusable_policies(repository, selection)
        with output_bytes(options.out) as stream:
            created = create_evidence(
                stream,
                options,
                reference,
                repository,
                snapshot,
                selection,
                attested=[attestation.policy for attestation in waivers.files.attestations],
                counts=newest_counts_of(history, until=reference.run.number) if history and reference.run else {},
                choice=choice,
            )
    written = created.written
    by = counted(written.policies, "policy", "policies")
    click.echo(f"{counted(written.verdicts, 'verdict')} by {by}, {counted(written.members, 'file')}")
    click.echo(f"statement sha256:{written.statement}")
    for warning in created.warnings:
        click.echo(f"perpend: {warning}", err=True)
    return 0 if created.complete else INCOMPLETE


def _chooses_policies() -> bool:
    """Whether the command line itself chooses the policies, and not only the configuration."""
    context = click.get_current_context()
    names = ("policies", "frameworks", "exclude")
    return any(context.params[name] and not is_from_file(context, name) for name in names)


@command.command("verify", epilog="\b\nExample:\n  perpend evidence verify november.zip --format json")
@click.argument("file", metavar="FILE", type=click.Path(), shell_complete=complete_files)
@click.option("--inputs", metavar="DIR", type=click.Path(), help="For a pack without inputs: the store with the inputs.")
@format_option("evidence")
def verify(file: str, inputs: str | None, form: str) -> int:
    """Compare every file of a pack with its digest, evaluate the run again, and compare the verdicts byte for byte."""
    from perpend.reports.evidence.create import verification_document, verification_lines
    from perpend.reports.evidence.verify import verify_evidence

    outcome = verify_evidence(Path(file), open_store(inputs) if inputs is not None else None)
    for line in [json.dumps(verification_document(outcome), indent=1)] if form == "json" else verification_lines(outcome):
        click.echo(line)
    return {True: 0, False: DIFFERENT, None: INCOMPLETE}[outcome.holds]
