"""Which repository and which store a command means, and paths of a repository's files as ids."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from perpend.cli.config.configuration import is_address
from perpend.core.objects.object_types import current_name
from perpend.language.compiler.names import ids_named, type_named, types_meant
from perpend.language.syntax.repository import LIBRARY, ROOT_MARK, NotARepository, is_root, open_repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.inventory.snapshots.store import Store
    from perpend.language.syntax.repository import Repository


def repository_here(directory: str | None) -> Repository:
    """Open the repository at a directory; for None the repository around the working directory, else the library."""
    return open_repository(directory if directory is not None else root_here())


def root_here() -> Path | None:
    """Return the root of the repository that the working directory is or lies in, None where it is in none.

    A directory below a root is in its repository where ``root.yaml`` marks the root.
    """
    try:
        here = Path.cwd()
    except OSError:  # a working directory that has been deleted
        return None
    if (here / "ce").is_dir() or any((here / "frameworks").glob("*/section.yaml")):
        return Path(".")
    return next((above for above in (here, *here.parents) if (above / ROOT_MARK).is_file()), None)


def is_library(repository: Repository) -> bool:
    """Whether a repository is the library that Perpend brings along."""
    return repository.fallback is None


def site_title(repository: Repository, docs: str | None) -> str:
    """Return what a site is called that nobody has given a name: like its repository, unless documents come first."""
    return "Perpend" if docs or is_library(repository) else repository.files.root.resolve().name


def repository_of(directory: str | None, names: Sequence[str]) -> Repository:
    """Return the repository at a directory; for None the one that holds the first path among names, else the one here."""
    here = repository_here(directory)
    path = next((Path(name).resolve() for name in names if Path(name).exists()), None)
    if directory is not None or path is None or path.is_relative_to(here.files.root.resolve()):
        return here
    above = next((directory for directory in (path, *path.parents) if is_root(directory)), None)
    return here if above is None else open_repository(above)


def places_named(names: Sequence[str], repository: Repository) -> list[str] | None:
    """Return the paths of a repository, from its root, that names mean: paths of files and directories, or ids.

    None stands for the whole repository. Raises UnknownName for what is no part of it, or nothing that is read.
    """
    names = ids_from_paths(names, repository)
    if not names:
        return None
    tree = repository.tree
    known = [f"/{path}" for path in sorted({*tree.files, *tree.directories})]
    return [place.lstrip("/") for place in ids_named(names, known, "file, policy or folder")]


def own_repository(directory: str | None, names: Sequence[str] = ()) -> Repository:
    """Return the repository that a directory, names or the working directory mean: one that may be written to.

    The library that stands in where there is none is nobody's to write to.
    """
    repository = repository_of(directory, names)
    if directory is None and repository.files.root == LIBRARY:
        raise NotARepository(
            "there is no policy repository here: name one with --repo, or begin one with `perpend new repository`"
        )
    return repository


def ids_from_paths(names: Sequence[str], repository: Repository) -> list[str]:
    """Return names with paths of existing files and directories of the repository turned into ids."""
    root = repository.files.root.resolve()
    paths = [Path(name).resolve() if Path(name).exists() else None for name in names]
    if root in paths or "/" in names:
        return []
    return [
        f"/{path.relative_to(root).as_posix()}" if path and path.is_relative_to(root) and path != root else name
        for name, path in zip(names, paths, strict=True)
    ]


def tell_former_name(name: str) -> None:
    """Say on standard error what a type is called now that is named as it was once."""
    if current_name(name) != name:
        click.echo(f"perpend: `{name}` is now called `{current_name(name)}`; the former name still works", err=True)


def type_here(repository: Repository, name: str, *, may_be_new: bool = False) -> str:
    """Return the API name of the type that an API name or a label means.

    Raises UnknownName for a type that no file and no policy of the repository knows; ``may_be_new`` lets one be that is
    written as API names are.
    """
    tell_former_name(name)
    if not types_meant(name, repository):
        logics = (repository.logic(logic_id).value for logic_id in repository.logic_ids)
        if (may_be_new and " " not in name) or any(logic and logic.input_type.value == name for logic in logics):
            return name
    return type_named(name, repository).name


def store_named(word: str) -> Store:
    """Return the store that a command line or a configuration names: a directory, or an address of object storage."""
    from perpend.inventory.snapshots.store import Store

    if not is_address(word):
        return Store(word)
    from perpend.inventory.snapshots.remote.open import remote_store

    return remote_store(word)
