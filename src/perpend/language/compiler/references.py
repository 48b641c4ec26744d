"""References between policies and framework sections: those that lead nowhere become diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.language.compiler import rules
from perpend.language.syntax.wording import nearest, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.language.syntax.read import Placed
    from perpend.language.syntax.repository import Repository


def dangling_sections(repository: Repository) -> Iterator[Diagnostic]:
    """Yield the references to sections that do not exist."""
    known = set(repository.section_ids)
    for entity in repository.policy_ids:
        policy = repository.policy(entity).value
        if policy is not None:
            for reference in (*policy.mappings, *policy.ignored_mappings):
                if reference.value not in known:
                    yield _dangling(reference, known)
    for entity in repository.section_ids:
        section = repository.section(entity).value
        for reference in section.similar_sections if section is not None else ():
            if reference.value not in known:
                yield _dangling(reference, known)


def _dangling(reference: Placed, known: set[str]) -> Diagnostic:
    """Return the diagnostic, which names the topmost section of the path that does not exist."""
    parts = reference.value.split("/")
    above = ["/".join(parts[:length]) for length in range(3, len(parts) + 1)]
    absent = next((entity for entity in above if entity not in known), reference.value)
    kind = "framework" if absent.count("/") <= 2 else "section"
    parent = absent.rpartition("/")[0]
    siblings = [entity for entity in known if entity.rpartition("/")[0] == parent]
    label = "" if absent == reference.value else f"so there is no `{shorten(reference.value)}`"
    message = f"there is no {kind} `{shorten(absent)}`"
    return rules.UNKNOWN_SECTION.at(reference.span, message, label=label, help=nearest(absent, siblings, ()))
