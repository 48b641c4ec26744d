"""``perpend test --generate``: test objects that the tests of policies lack, proposed, or added to their test data."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from perpend.authoring.mutation.proposals import propose_tests
from perpend.authoring.scaffold.edits import Edit
from perpend.authoring.scaffold.writing import write_new
from perpend.cli.actions.policies.changes import ChangedFile, write_changes
from perpend.cli.options.streams import output_stream, progress
from perpend.core.diagnostics.escape import inert, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.values.values import milliseconds_from_datetime
from perpend.language.syntax.files import MAX_TEST_DATA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.authoring.mutation.proposals import Proposals
    from perpend.language.compiler.analyzer import Analyzer

_NEW_FILE = "test-data.json"


def propose(analyzer: Analyzer, logic_ids: Sequence[str], *, out: str | None, write: bool) -> int:
    """Show, or add, what tests of logic files lack; return 0 where they lack nothing or it was written, else 1."""
    time = milliseconds_from_datetime(datetime.now(UTC).replace(microsecond=0))
    of_files: list[Proposals] = []
    with progress("looking for test objects", total=len(logic_ids)) as done:
        for number, logic_id in enumerate(logic_ids, 1):
            proposals = propose_tests(analyzer, logic_id, time=time)
            of_files += [proposals] if proposals is not None else []
            if done:
                done(number)
    lacking = [of_file for of_file in of_files if of_file.proposed or of_file.missed]
    for of_file in lacking:
        _tell(of_file)
    if write:
        for of_file in lacking:
            _add(analyzer, of_file)
    else:
        with output_stream(out) as stream:
            texts = ",\n".join(proposal.text for of_file in lacking for proposal in of_file.proposed)
            stream.write(f"[\n{texts}\n]\n" if texts else "[]\n")
    number = sum(len(of_file.proposed) for of_file in of_files)
    what = "added" if write else "proposed"
    click.echo(f"{counted(number, 'test object')} {what}; they expect what policies say today", err=True)
    return int(bool(lacking) and not write)


def _tell(of_file: Proposals) -> None:
    for proposal in of_file.proposed:
        name = json.loads(proposal.text)["Id"]
        click.echo(inert(f"{visible(of_file.logic_id)}: {visible(name)} {visible(proposal.why)}"), err=True)
    for branch in of_file.missed:
        where = f"{branch.relationship}: " if branch.relationship else ""
        click.echo(
            f"{visible(of_file.logic_id)}: nothing found that reaches {visible(f'{where}{branch.index} {branch.text}')}",
            err=True,
        )


def _add(analyzer: Analyzer, of_file: Proposals) -> None:
    """Add proposals behind what a file of test data holds, or make the file. What is there stays byte for byte."""
    repository = analyzer.repository
    logic, texts = (
        repository.logic(of_file.logic_id).value,
        ",\n".join(_indented(proposal.text) for proposal in of_file.proposed),
    )
    if logic is None or not texts:
        return
    if not logic.test_data:
        path = f"{of_file.logic_id.lstrip('/').rpartition('/')[0]}/{_NEW_FILE}"
        write_new(repository.files.root, {path: f"[\n{texts}\n]\n"})
        click.echo(inert(f"{visible(path)} is new: name it in the logic file, testData: [{{file: {_NEW_FILE}}}]"), err=True)
        return
    file = repository.referred(logic.test_data[0], logic.id, [])
    if file is None:
        return
    text = repository.files.text(file, limit=MAX_TEST_DATA)
    end = text.rstrip().rfind("]")
    start = len(text[:end].rstrip())
    comma = "" if text[:start].endswith("[") else ","
    write_changes(repository.files.root, [ChangedFile(file, text, [Edit(start, end, f"{comma}\n{texts}\n")])])


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))
