"""What a shell offers behind a word that has been begun: types, ids of entities. An unusable repository offers nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from click.shell_completion import CompletionItem

from perpend.cli.repositories import repository_here
from perpend.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

    from perpend.load.repository import Repository


def complete_types(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer API names of object types, with their labels; labels where one is begun."""
    from perpend.scaffold.ids import declared_types

    repository = _repository(context)
    declared = list(declared_types(repository)) if repository else []
    begun = incomplete.casefold()
    names = [CompletionItem(one.name, help=one.label) for one in declared if one.name.casefold().startswith(begun)]
    return names or [
        CompletionItem(label) for label in sorted(one.label for one in declared) if label.casefold().startswith(begun)
    ]


def complete_policy_ids(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer folders that a new policy could stand in."""
    repository = _repository(context)
    return _ids((f"{found}/" for found in repository.folder_ids) if repository else (), incomplete)


def complete_section_ids(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer sections that a new one could stand in."""
    repository = _repository(context)
    return _ids((f"{found}/" for found in repository.section_ids) if repository else (), incomplete)


def complete_entities(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[Any]:
    """Offer ids of policies and folders, and files where none begins like that."""
    repository = _repository(context)
    known = (*repository.folder_ids, *repository.policy_ids) if repository else ()
    return _ids(known, incomplete) or [CompletionItem(incomplete, type="file")]


def _ids(known: Iterable[str], incomplete: str) -> list[CompletionItem]:
    start = "" if incomplete.startswith("/") else "/"
    return [CompletionItem(one.removeprefix(start)) for one in sorted(known) if one.startswith(start + incomplete)]


def _repository(context: click.Context) -> Repository | None:
    try:
        return repository_here(context.params.get("repo"))
    except PerpendError:
        return None
