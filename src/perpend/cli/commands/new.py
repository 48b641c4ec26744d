"""``perpend new``: create the files of a repository, policy, table of policies, type, extracts file, section or waiver."""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perpend.authoring.scaffold.entities import new_extracts, new_policy, new_repository, new_section, new_type, new_waiver
from perpend.authoring.scaffold.table_files import policies_from_table
from perpend.authoring.scaffold.writing import write_edits, write_new
from perpend.cli.app import USAGE_ERROR
from perpend.cli.config.command import Configured
from perpend.cli.options.completion import complete_policies, complete_policy_ids, complete_section_ids, complete_types
from perpend.cli.options.repository import own_repository, with_project_values
from perpend.cli.options.values import moment
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.warn import diagnostic_lines

if TYPE_CHECKING:
    from perpend.authoring.scaffold.entities import NewFiles

_repo = click.option(
    "--repo",
    metavar="DIR",
    type=click.Path(),
    help="The repository. Default: the one of the configuration, else of the working directory.",
)
_type = click.option(
    "--type",
    "type_name",
    metavar="TYPE",
    required=True,
    shell_complete=complete_types,
    help="The object type, by label or API name.",
)
_field = click.option(
    "--field",
    metavar="PATH",
    help="The field to check, by label, or by API name after its lookups. Default: a field that fits.",
)
_key = click.option("--key", metavar="KEY", help="The key to check, if the field holds a JSON document.")


@click.group(
    "new",
    epilog="""\\b
Examples:
  perpend new repository policies
  perpend new policy ce/acme/iam/user-has-mfa --type "AWS IAM User" --repo policies
  perpend test --repo policies --coverage

\\b
Exit codes: 0 written, 2 usage, input or repository error, and nothing was written.""".replace("\\b", "\b"),
)
def command() -> None:
    """Create the files of a repository, policy, type, extracts file, section or waiver. Existing files stay unchanged."""


@command.command("repository", epilog="\b\nExample:\n  perpend new repository policies")
@click.argument("directory", metavar="DIR", type=click.Path())
def repository(directory: str) -> int:
    """Create a policy repository in a new or empty directory, with JSON Schemas for editors."""
    root = Path(directory)
    _write(root, new_repository(root), f"perpend new policy ce/acme/my-policy --type 'AWS IAM User'{_repo_option(directory)}")
    return 0


@command.command(
    "policy",
    cls=Configured,
    epilog="\b\nExamples:\n  perpend new policy ce/acme/iam/user-has-mfa --type 'AWS IAM User'\n"
    "  perpend new policy ce/acme/trails/is-on --type CA10__CaAwsCloudTrailTrail__c --field CA10__isLogging__c",
)
@click.argument("entity", metavar="ID", shell_complete=complete_policy_ids)
@_type
@_field
@_key
@click.option("--name", "title", metavar="TEXT", help="The name. Default: made from the id.")
@_repo
def policy(entity: str, type_name: str, field: str | None, key: str | None, title: str | None, repo: str | None) -> int:
    """Create a policy: its texts, logic that checks one field, and a test object for each outcome.

    Parent folders that are missing get a `folder.yaml`.
    """
    own = own_repository(repo)
    files = new_policy(entity, type_name, own, path=field, key=key, title=title)
    _write(own.files.root, files, f"perpend test --coverage{_repo_option(repo)}")
    return 0


@command.command(
    "policies",
    cls=Configured,
    epilog="""\b
Examples:
  perpend new policies tables/storage.yaml
  perpend new policies policies/tables/storage.yaml --repo policies
  perpend test --repo policies --mutate

\b
A table:
  policies:
    - id: /ce/acme/storage/volume-encryption
      names: {full: Volume is not encrypted, contextual: Volume is not encrypted}
      description: A stolen disk that is not encrypted can be read.
      type: CA10__CaAwsVolume__c
      field: CA10__encrypted__c
      form: is-true
      messages:
        compliant: The volume is encrypted.
        incompliant: The volume is not encrypted.
        undetermined: Whether the volume is encrypted is not known.
      remediation: 'Encrypt new volumes: `aws ec2 enable-ebs-encryption-by-default`.'
      categories: [SECURITY]

\b
Forms: one-of, none-of, is-true, is-false, at-least, at-most, empty, not-empty, contains,
lacks.
docs/how-to/write-policies-from-a-table.md describes all keys.

\b
Exit codes: 0 written or nothing to write, 2 usage, input or repository error, and nothing was written.""".replace("\\b", "\b"),
)
@click.argument("table", metavar="TABLE", type=click.Path(path_type=Path))
@_repo
def policies(table: Path, repo: str | None) -> int:
    """Create the policies in a table: a YAML file with an entry for each policy over one field.

    Creates texts, logic, test data and ratings. An existing file is never overwritten: one with other text is reported and
    kept. An entry that contradicts existing logic or test data is an error.
    """
    own = own_repository(repo)
    made = policies_from_table(table, own)
    if made.diagnostics:
        for line in diagnostic_lines(made.diagnostics):
            click.echo(line, err=True)
        return USAGE_ERROR
    for path in write_new(own.files.root, made.files):
        click.echo(f"new   {os.path.normpath(path)}")
    write_edits(own.files.root, made.edits)
    for file in made.edits:
        click.echo(f"more  {os.path.normpath(own.files.root / file.path)}")
    for kept in made.kept:
        click.echo(f"kept  {visible(os.path.normpath(own.files.root / kept))}")
    if made.files or made.edits:
        click.echo(f"next  perpend test --mutate{_repo_option(repo)}")
    else:
        click.echo(f"nothing new: {counted(len(made.policies), 'policy', 'policies')}")
    return 0


@command.command("type", cls=Configured, epilog="\b\nExample:\n  perpend new type ACME__Bucket__c --label 'Acme Bucket'")
@click.argument("name", metavar="NAME")
@click.option("--label", metavar="TEXT", help="The label. Default: made from the API name.")
@_repo
def object_type(name: str, label: str | None, repo: str | None) -> int:
    """Create the declaration of an object type: fields, lookups and lists."""
    own = own_repository(repo)
    _write(own.files.root, new_type(name, own, label=label), f"perpend lint{_repo_option(repo)}")
    return 0


@command.command(
    "extracts",
    cls=Configured,
    epilog="\b\nExample:\n  perpend new extracts passwordEnabled --type 'AWS IAM User' --key password_enabled",
)
@click.argument("name", metavar="NAME")
@_type
@_field
@_key
@_repo
def extracts(name: str, type_name: str, field: str | None, key: str | None, repo: str | None) -> int:
    """Create a file of extracts of an object type, for logic files to import."""
    own = own_repository(repo)
    _write(own.files.root, new_extracts(name, type_name, own, path=field, key=key), f"perpend lint{_repo_option(repo)}")
    return 0


@command.command(
    "section",
    cls=Configured,
    epilog="\b\nExample:\n  perpend new section frameworks/acme-v1/01/02 --name '1.2 Users have MFA'",
)
@click.argument("entity", metavar="ID", shell_complete=complete_section_ids)
@click.option("--name", "title", metavar="TEXT", help="The name. Default: made from the id.")
@_repo
def section(entity: str, title: str | None, repo: str | None) -> int:
    """Create a section of a framework, and the framework and parent sections if they are missing."""
    own = own_repository(repo)
    _write(own.files.root, new_section(entity, own, title=title), f"perpend lint{_repo_option(repo)}")
    return 0


@command.command(
    "waiver",
    cls=Configured,
    epilog="\b\nExample:\n  perpend new waiver ci-keys --policy root-user-mfa --object 'arn:aws:iam::111122223333:root'",
)
@click.argument("name", metavar="ID")
@click.option("--policy", "named", metavar="ID", required=True, shell_complete=complete_policies, help="The policy.")
@click.option(
    "--object", "objects", metavar="ID|GLOB", required=True, help="Id or external id of the object; `*` matches anything."
)
@click.option("--until", metavar="DAY", callback=moment, help="The last day. Default: 30 days from now.")
@_repo
def waiver(name: str, named: str, objects: str, until: datetime | None, repo: str | None) -> int:
    """Create a file with one waiver for a finding until a day. Fill in the reason yourself."""
    own = with_project_values(own_repository(repo))
    last = (until or datetime.now(UTC) + timedelta(days=30)).date()
    files = new_waiver(name, named, own, objects=objects, until=last)
    path = shlex.quote(str(Path(own.files.root) / next(iter(files.files))))
    _write(own.files.root, files, f"perpend waivers try {path} --store STORE{_repo_option(repo)}")
    return 0


def _write(root: Path, new: NewFiles, next_step: str) -> None:
    for path in write_new(root, new.files):
        click.echo(f"new   {os.path.normpath(path)}")
    for note in new.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"next  {next_step}")


def _repo_option(repo: Any) -> str:
    return f" --repo {shlex.quote(str(repo))}" if repo else ""
