"""Resolve names that users type to entities of a repository. Errors suggest the nearest known name.

Policies may be named by ids, globs, last parts and folders, types also by labels, sections by printed numbers, and frameworks
without their version.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.model import suggestion
from perpend.core.diagnostics.warn import warn
from perpend.core.errors import PerpendError, about
from perpend.core.objects.object_types import ObjectType, current_name, snake_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perpend.language.syntax.repository import Repository

_VERSION: Final = re.compile(r"[vr]?[0-9]{1,9}(\.[0-9]{1,9})*")


class UnknownName(PerpendError):
    """A name of a policy, section, type or other entity that the repository does not have."""


def entity_id(name: str) -> str:
    """Return a name as an id: one leading slash, none at the end, and `/` for any separator."""
    return posixpath.normpath("/" + name.replace("\\", "/").strip("/"))


def match_ids(names: Sequence[str], ids: Iterable[str], what: str, *, near: Iterable[str] = ()) -> list[str]:
    """Return the ids that names match: an id, a glob, a unique last part, or a directory above. No names match all ids.

    Raises UnknownName with the nearest of these ids and of those in ``near``.
    """
    known = list(ids)
    if not names:
        return known
    chosen: dict[str, None] = {}
    for name in names:
        matching = _matches(name, known)
        if not matching:
            raise about(name, UnknownName(f"unknown {what} '{printable(name)}'{did_you_mean(name, [*near, *known])}"))
        chosen |= dict.fromkeys(matching)
    return list(chosen)


def _matches(name: str, known: Sequence[str]) -> list[str]:
    wanted = entity_id(name)
    if wanted in known:
        return [wanted]
    if any(character in name for character in "*?["):
        return [entity for entity in known if fnmatchcase(entity, wanted) or fnmatchcase(entity, f"/*{wanted}")]
    below = [entity for entity in known if entity.startswith(f"{wanted}/")]
    return below or [entity for entity in known if f"{entity}/".endswith(f"{wanted}/") or f"{wanted}/" in entity]


def find_section(name: str, repository: Repository) -> str:
    """Return the id of a framework or section by its name. Raises UnknownName with the nearest.

    A framework without its version is the newest one (``cis-aws``). A section is named by its path or its printed number
    (``cis-aws/02/12``, ``cis-aws/2.12``).
    """
    top = entity_id(name if name.strip("/").startswith("frameworks/") else f"/frameworks/{name.strip('/')}")
    known = set(repository.section_ids)
    framework, _, rest = top.removeprefix("/frameworks/").partition("/")
    framework = f"/frameworks/{framework}"
    framework = framework if framework in known else newest(framework, known) or framework
    whole = f"{framework}/{rest}" if rest else framework
    if whole in known:
        return whole
    numbered = sections_numbered(rest, framework, repository) if rest and framework in known else []
    if len(numbered) == 1:
        return numbered[0]
    if numbered:
        raise about(name, UnknownName(f"'{printable(name)}' is the number of {', '.join(numbered[:5])}: name one of them"))
    if not known:
        raise about(name, UnknownName(f"unknown framework or section '{printable(name)}': this repository has no frameworks"))
    siblings = [section for section in repository.section_ids if section.count("/") == top.count("/")]
    siblings.sort(key=_version, reverse=True)
    near = did_you_mean(top, siblings) or did_you_mean(
        top, [sibling.rpartition("-")[0] for sibling in siblings if _version(sibling)]
    )
    listed = "" if framework in known else "; `perpend list frameworks` shows all"
    raise about(name, UnknownName(f"unknown framework or section '{printable(name)}'{near}{listed}"))


def newest(framework: str, known: Iterable[str]) -> str | None:
    """Return the newest version of a framework among ids. The framework's id has no version."""
    versions = [
        version_id
        for version_id in known
        if version_id.startswith(f"{framework}-") and _VERSION.fullmatch(version_id[len(framework) + 1 :])
    ]
    return max(versions, key=lambda version_id: (_version(version_id), version_id), default=None)


def _version(framework: str) -> list[int]:
    """Return the numbers of the version at the end of a framework's id; none for any other section."""
    last = framework.rpartition("-")[2]
    return [int(part) for part in last.lstrip("vr").split(".")] if _VERSION.fullmatch(last) else []


def sections_numbered(number: str, framework: str, repository: Repository) -> list[str]:
    """Return the sections of a framework whose names begin with a printed number, such as ``2.12`` or ``AC-2``."""
    if not any(character.isdecimal() for character in number):
        return []
    below = (entity for entity in repository.section_ids if entity.startswith(f"{framework}/"))
    wanted = number.strip("[]").casefold()
    return [entity for entity in below if wanted == printed_number(entity, repository).strip("[]").casefold()]


def printed_number(section: str, repository: Repository) -> str:
    """Return the number at the beginning of a section's name, empty if there is none."""
    declared = repository.section(section).value
    first = (declared.name.split(maxsplit=1) if declared else None) or [""]
    return first[0].rstrip(".:)") if any(character.isdecimal() for character in first[0]) else ""


def find_type(name: str, repository: Repository) -> ObjectType:
    """Return the object type of an API name or a label. Raises UnknownName with the nearest of either."""
    types = find_types(name, repository)
    if len(types) > 1:
        raise UnknownName(
            f"'{printable(name)}' is the label of {', '.join(sorted(one.name for one in types))}: name one of them"
        )
    if types:
        return types[0]
    labels = [one.label for one in declared_types(repository)]
    near = suggestion(name, [*labels, *repository.known_types])
    hint = f" ({near.replace('`', chr(39))})" if near else ""
    raise UnknownName(f"unknown type '{printable(name)}'{hint}; `perpend list types` shows all, `perpend new type` creates one")


def type_named(repository: Repository, name: str, *, may_be_new: bool = False) -> str:
    """Return the API name of a type by its API name or its label. Warn about a former name.

    Raises UnknownName for a type that the repository does not declare or use; ``may_be_new`` accepts any API name.
    """
    if current_name(name) != name:
        warn(f"`{name}` is now called `{current_name(name)}`; the former name still works")
    if not find_types(name, repository):
        logics = (repository.logic(logic_id).value for logic_id in repository.logic_ids)
        if (may_be_new and " " not in name) or any(logic and logic.input_type.value == name for logic in logics):
            return name
    return find_type(name, repository).name


def find_types(name: str, repository: Repository) -> list[ObjectType]:
    """Return the object types of a name: the one with that API name, else those with that label.

    Labels may be written like view names: ``aws_iam_user``.
    """
    name, declared = current_name(name), {one.name: one for one in declared_types(repository)}
    if name in declared:
        return [declared[name]]
    if name in repository.known_types:
        return [ObjectType(name)]
    written, snake = name.strip().casefold(), snake_case(name)
    labelled = [one for one in declared.values() if one.label and one.label.casefold() == written]
    return labelled or [one for one in declared.values() if snake and snake_case(one.label) == snake]


class DeclaredTypes(Mapping[str, ObjectType]):
    """The readable object types of a repository and its fallback. Each is read on first use."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._names = {*repository.type_names, *(repository.fallback.type_names if repository.fallback else ())}

    def __getitem__(self, name: str) -> ObjectType:
        declared = self._repository.declared_type(name) if name in self._names else None
        if declared is None:
            raise KeyError(name)
        return declared

    def __iter__(self) -> Iterator[str]:
        return (name for name in sorted(self._names) if self._repository.declared_type(name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def declared_types(repository: Repository) -> Iterator[ObjectType]:
    """Yield the readable object types of a repository and its fallback."""
    yield from DeclaredTypes(repository).values()


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the known name with the nearest last part, else an empty text."""
    last = name.strip("/").rpartition("/")[2]
    parts = dict.fromkeys(entity.rpartition("/")[2] for entity in known)
    near = next((part for part in parts if last and last.casefold() in part.casefold()), None)
    if near is not None:
        return f" (did you mean '{printable(near)}'?)"
    hint = suggestion(last, parts)
    return f" ({hint.replace('`', chr(39))})" if hint else ""


def printable(text: str) -> str:
    """Return a user's own text for an error message: one line, limited in length, with control characters escaped."""
    return text.encode("unicode_escape").decode("ascii")[:200] if not text.isprintable() else text[:200]
