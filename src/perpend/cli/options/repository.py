"""Open the repository that options name, and turn paths into ids."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from perpend.cli.config.command import parameter_settings
from perpend.language.compiler.names import match_ids
from perpend.language.syntax.repository import LIBRARY, ROOT_MARK, NotARepository, is_root, open_repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.language.syntax.repository import Repository


def open_repository_here(directory: str | None) -> Repository:
    """Open the repository at a directory; for None the repository around the working directory, else the library.

    Parameters of policies have the values of the command's configuration. Raises UnusableParameters.
    """
    return with_project_values(open_repository(directory if directory is not None else root_here()))


def with_project_values(repository: Repository) -> Repository:
    """Return a repository with the values of parameters of the command's configuration. Raises UnusableParameters."""
    settings = parameter_settings(click.get_current_context(silent=True))
    return repository.with_settings(settings) if settings else repository


def root_here() -> Path | None:
    """Return the root of the repository around the working directory, None if there is none.

    A parent directory counts as a root only if it has a ``root.yaml``.
    """
    try:
        here = Path.cwd()
    except OSError:  # a working directory that has been deleted
        return None
    if (here / "ce").is_dir() or any((here / "frameworks").glob("*/section.yaml")):
        return Path(".")
    return next((above for above in (here, *here.parents) if (above / ROOT_MARK).is_file()), None)


def site_title(repository: Repository, docs: str | None) -> str:
    """Return the default title of a site: the name of the repository's directory, or ``Perpend``."""
    return "Perpend" if docs or repository.is_library else repository.files.root.resolve().name


def repository_of(directory: str | None, names: Sequence[str]) -> Repository:
    """Return the repository at a directory; for None the one around the first existing path among names, else the one here.

    Parameters of policies have their defaults: tests and lint are about the repository, not about a project.
    """
    here = open_repository(directory if directory is not None else root_here())
    path = next((Path(name).resolve() for name in names if Path(name).exists()), None)
    if directory is not None or path is None or path.is_relative_to(here.files.root.resolve()):
        return here
    above = next((directory for directory in (path, *path.parents) if is_root(directory)), None)
    return here if above is None else open_repository(above)


def places_named(names: Sequence[str], repository: Repository) -> list[str] | None:
    """Return the paths from the root of a repository for names: paths of files and directories, or ids.

    None means the whole repository. Raises UnknownName for a name outside of it, or of a file that is not read.
    """
    names = ids_from_paths(names, repository)
    if not names:
        return None
    tree = repository.tree
    known = [f"/{path}" for path in sorted({*tree.files, *tree.directories})]
    return [place.lstrip("/") for place in match_ids(names, known, "file, policy or folder")]


def own_repository(directory: str | None, names: Sequence[str] = ()) -> Repository:
    """Return the repository to write to, by a directory, names or the working directory.

    Raises NotARepository instead of returning Perpend's own library.
    """
    repository = repository_of(directory, names)
    if directory is None and repository.files.root == LIBRARY:
        raise NotARepository(
            "there is no policy repository here: name one with --repo, or create one with `perpend new repository`"
        )
    return repository


def ids_from_paths(names: Sequence[str], repository: Repository) -> list[str]:
    """Return the names, with paths of existing files and directories of the repository turned into ids."""
    root = repository.files.root.resolve()
    paths = [Path(name).resolve() if Path(name).exists() else None for name in names]
    if root in paths or "/" in names:
        return []
    return [
        f"/{path.relative_to(root).as_posix()}" if path and path.is_relative_to(root) and path != root else name
        for name, path in zip(names, paths, strict=True)
    ]
