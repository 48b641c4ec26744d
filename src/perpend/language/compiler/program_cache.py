"""Keep the programs of a selection of logic files in the user's cache, by the content of all that they are compiled from."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.process import is_alone
from perpend.core.user_cache import UserCache, cache_directory, module_states
from perpend.language.program.encoding import CannotBeWritten, programs_from, text_of
from perpend.language.syntax.files import MAX_YAML, UnreadableFile
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perpend.language.program.program import Program
    from perpend.language.syntax.repository import Repository

_COMPILED_BY: Final = ("core", "language")
"""The packages that programs depend on."""


@dataclass(frozen=True, slots=True)
class ProgramCache:
    """The place of the programs of some logic files in the cache of this user. ``key`` changes with all that they depend on."""

    repository: Repository
    logic_ids: Sequence[str]
    files: UserCache
    key: str

    def read(self) -> list[Program] | None:
        """Return the programs, None if the cache does not have them."""
        content = self.files.read(self.key)
        if content is None:
            return None
        try:
            programs = programs_from(content.decode("ascii"))
        except ValueError:  # an error in decoding is one, too
            return None
        return programs if [program.logic_id for program in programs] == list(self.logic_ids) else None

    def write(self, programs: Sequence[Program]) -> None:
        """Write the programs, unless a file has changed since the key was made."""
        with suppress(CannotBeWritten):
            content = text_of(programs).encode("ascii")
            if self.key == _key(self.repository, self.logic_ids):
                self.files.write(self.key, content)


def cache_of(repository: Repository, logic_ids: Sequence[str]) -> ProgramCache | None:
    """Return the place of programs in the cache.

    None in a program that imports Perpend, for a user without a home, and if a file cannot be read.
    """
    directory = cache_directory() if logic_ids and is_alone() else None
    if directory is None or (key := _key(repository, logic_ids)) is None:
        return None
    return ProgramCache(repository, logic_ids, UserCache(directory / "programs"), key)


def _key(repository: Repository, logic_ids: Sequence[str]) -> str | None:
    """Return a name for the programs of logic files that changes with anything that they are compiled from.

    None if something cannot be read.
    """
    try:
        logics = [_logic(repository, logic_id) for logic_id in logic_ids]
        parts = [__version__, _sources(), list(_declarations(repository)), logics]
    except (UnreadableFile, OSError):
        return None
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _logic(repository: Repository, logic_id: str) -> list[object]:
    """Return the id and the digest of a logic file; if it may use parameters, also those of the policy, with their values."""
    content = repository.files.content(logic_id.lstrip("/"), limit=MAX_YAML)
    digests: list[object] = [logic_id, hashlib.sha256(content).hexdigest()]
    policy_id = logic_id.rpartition("/")[0]
    if (b"parameter" in content or b"{{" in content) and policy_id in repository.policy_ids:
        digests += [_digest(repository, f"{policy_id[1:]}/policy.yaml"), repository.parameters.get(policy_id, {})]
    return digests


def _declarations(repository: Repository) -> Iterator[tuple[str, str]]:
    """Yield the files below ``types`` of a repository and its fallback, with their digests.

    A program depends on every file there: on those that it imports, and on the absence of others.
    """
    for path in sorted(path for path in repository.tree.files if path.startswith("types/")):
        yield path, _digest(repository, path) if path.endswith(".yaml") else ""
    if repository.fallback is not None:
        yield "", ""
        yield from _declarations(repository.fallback)


def _digest(repository: Repository, path: str) -> str:
    return hashlib.sha256(repository.files.content(path, limit=MAX_YAML)).hexdigest()


def _sources() -> tuple[tuple[str, int, int], ...]:
    return module_states(*_COMPILED_BY)
