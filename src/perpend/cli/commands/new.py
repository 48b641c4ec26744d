"""``perpend new``: create the files of a repository, policy, type, extracts file, section or waiver."""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perpend.authoring.scaffold.entities import new_extracts, new_policy, new_repository, new_section, new_type, new_waiver
from perpend.authoring.scaffold.writing import write_new
from perpend.cli.config.command import Configured
from perpend.cli.options.completion import complete_policies, complete_policy_ids, complete_section_ids, complete_types
from perpend.cli.options.repository import own_repository
from perpend.cli.options.values import moment

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
    own = own_repository(repo)
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
