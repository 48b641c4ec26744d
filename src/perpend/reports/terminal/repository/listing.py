"""List the content of a repository as rows, for the terminal and for JSON."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from perpend.core.diagnostics.escape import display_width, visible
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.ids import production_of, service_of
from perpend.core.objects.object_types import snake_case
from perpend.language.compiler.frameworks import FrameworkMappings
from perpend.language.compiler.names import UnknownName, did_you_mean, entity_id, printable
from perpend.language.operations import OPERATIONS
from perpend.language.syntax.files import UnreadableFile
from perpend.reports.terminal.explanation import WIDEST, hang

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import Console

    from perpend.language.syntax.repository import Repository

Row = dict[str, Any]
_WORD: Final = re.compile(r"[^\W_]{2,}")
_LIKE: Final = 0.75
"""The least similarity of a misspelt word."""
_GAP: Final = "  "
_LARGEST_NAME_SHARE: Final = 0.4
"""The largest share of a line for names that have text next to them."""

_SINGULAR: Final = {"policies": "policy", "sections": "section", "fields": "field", "extracts": "extract"}


def policies(repository: Repository) -> list[Row]:
    """Return a row per policy: id, name, input type of its production logic (None without one), mappings."""
    rows = []
    for entity in repository.policy_ids:
        policy = repository.policy(entity).value
        production = production_of(entity)
        logic = repository.logic(production).value if production in repository.logic_ids else None
        rows.append(
            {
                "id": entity,
                "name": policy.names.full if policy else "",
                "inputType": logic.input_type.value if logic else None,
                "categories": list(policy.categories) if policy else [],
                "frameworkMappings": [item.value for item in policy.mappings] if policy else [],
                "similarChecks": [check.name for check in policy.similar_checks] if policy else [],
            }
        )
    return rows


def types(repository: Repository) -> list[Row]:
    """Return a row per object type: API name, label, number of declared fields and extracts."""
    rows = []
    for name in repository.type_names:
        declared = repository.object_type(name).value
        files = [repository.extracts(file).value for file in repository.extracts_ids if file.startswith(f"/types/{name}/")]
        rows.append(
            {
                "name": name,
                "label": declared.label if declared else "",
                "fields": len(declared.fields) if declared else 0,
                "extracts": sum(len(extracts.extracts) for extracts in files if extracts),
            }
        )
    return rows


def frameworks(repository: Repository) -> list[Row]:
    """Return a row per framework: id, name, numbers of its sections and of all policies mapped to them."""
    mappings = FrameworkMappings(repository)
    rows = []
    for entity in repository.section_ids:
        if entity.count("/") == 2:
            section = repository.section(entity).value
            below = sum(section.startswith(f"{entity}/") for section in repository.section_ids)
            rows.append(
                {
                    "id": entity,
                    "name": section.name if section else "",
                    "sections": below,
                    "policies": len(mappings.policies_below(entity)),
                }
            )
    return rows


def sections(repository: Repository) -> list[Row]:
    """Return a row per section of a framework: id, name, number of policies mapped to the section itself."""
    mappings = FrameworkMappings(repository)
    named = [(entity, repository.section(entity).value) for entity in repository.section_ids if entity.count("/") > 2]
    return [
        {
            "id": entity,
            "name": section.name if section else "",
            "policies": len({mapping.policy_id for mapping in mappings.of_section(entity)}),
        }
        for entity, section in named
    ]


def operations(_: Repository) -> list[Row]:
    """Return a row per operation: key, family, result type, dialects, first sentence."""
    return [
        {
            "name": operation.name,
            "family": operation.family,
            "dialects": list(operation.dialects),
            "summary": operation.doc.partition(". ")[0].rstrip(".") + ".",
        }
        for operation in OPERATIONS.values()
    ]


LISTINGS: dict[str, Callable[[Repository], list[Row]]] = {
    "policies": policies,
    "types": types,
    "frameworks": frameworks,
    "sections": sections,
    "operations": operations,
}
"""The functions that list rows, by the name of the listing."""


def of_service(rows: list[Row], service: str, repository: Repository) -> list[Row]:
    """Return the rows of the policies of a service, named by the last part, the id or the names of its folder.

    Raises UnknownName if no policy belongs to the service.
    """
    folders = {service_of(entity) for entity in repository.policy_ids}
    wanted = snake_case(service)
    matching = {one for one in folders if one == entity_id(service) or wanted in map(snake_case, _called(one, repository))}
    if not matching:
        raise UnknownName(f"unknown service '{printable(service)}'{did_you_mean(service, folders)}")
    return [row for row in rows if service_of(row["id"]) in matching]


def _called(folder: str, repository: Repository) -> tuple[str, ...]:
    known = repository.folder(folder).value if folder in repository.folder_ids else None
    return (folder.rpartition("/")[2], *((known.names.full, known.names.contextual) if known else ()))


def with_words(rows: list[Row], words: Sequence[str], repository: Repository) -> list[Row]:
    """Return the rows whose entities contain every word, in any case."""
    wanted = [word.casefold() for word in words]
    if not wanted:
        return rows
    texts = [_text(row, repository).casefold() for row in rows]
    return [row for row, text in zip(rows, texts, strict=True) if all(word in text for word in wanted)]


def _text(row: Row, repository: Repository) -> str:
    """Return the text of a row, with the texts of its policy or section."""
    texts = [str(part) for value in row.values() for part in (value if isinstance(value, list) else [value])]
    section = repository.section(row["id"]).value if row.get("id") in repository.section_ids else None
    texts.append(section.description if section else "")
    policy = repository.policy(row["id"]).value if row.get("id") in repository.policy_ids else None
    if policy is not None:
        links = (*policy.similar_conformity, *policy.similar_trusted_advisor, *policy.similar_security_hub)
        sections = (repository.section(item.value).value for item in policy.mappings if item.value in repository.section_ids)
        declared = repository.declared_type(row["inputType"]) if row["inputType"] else None
        texts += [policy.description, *policy.similar_internal, *policy.tags, declared.label if declared else ""]
        texts += [part for link in links for part in (link.name, link.url)]
        texts += [section.name for section in sections if section]
        texts.append(companion(repository, f"{policy.id}/description.md".lstrip("/")))
    return "\n".join(texts)


def companion(repository: Repository, path: str) -> str:
    """Return the text of a file next to a descriptor: empty if there is none, the error if it cannot be read."""
    if path not in repository.tree.files:
        return ""
    try:
        return repository.read_text(path)
    except UnreadableFile as error:
        return error.diagnostic.message


def near_word(rows: list[Row], words: Sequence[str]) -> str | None:
    """Return a word of a row that is similar to a word that no row contains."""
    known = {word for row in rows for value in row.values() for word in _WORD.findall(str(value).casefold())}
    missing = [word.casefold() for word in words if word.casefold() not in known]
    near = (difflib.get_close_matches(word, known, n=1, cutoff=_LIKE) for word in missing)
    return next((match[0] for match in near if match), None)


def print_listing(rows: list[Row], console: Console, *, near: str | None = None) -> None:
    """Print rows, without lists, or a note if there are none: in columns on a terminal, else with tabs.

    Ids are grouped by their folder, each on one line, so that it can be copied. ``near`` is a suggested word.
    """
    if not rows:
        console.print(Text(f"none{f' (did you mean {near!r}?)' if near else ''}", style="dim"))
        return
    columns = [name for name, value in rows[0].items() if not isinstance(value, list)]
    if not console.is_terminal:
        for row in rows:
            print_tabbed(["" if row[name] is None else _cell(name, row[name]) for name in columns], console)
        return
    first, *others = columns
    by_folder: dict[str, list[list[str]]] = {}
    for row in rows:
        folder, _, last = str(row[first]).rpartition("/")
        by_folder.setdefault(folder, []).append([visible(last), *(visible(_cell(name, row[name])) for name in others)])
    cells = [line for lines in by_folder.values() for line in lines]
    widths = [max(map(display_width, column)) for column in zip(*cells, strict=True)]
    for folder, lines in by_folder.items():
        if folder:
            hang(console, Text(), Text(visible(folder), style="bold"))
        for line in lines:
            _print_row(line, widths, console)
    console.print(Text(f"{len(rows)} in total", style="dim"))


def print_tabbed(values: Iterable[str], console: Console) -> None:
    """Print values on one line with tabs, which rich would turn into blanks."""
    console.file.write("\t".join(map(visible, values)) + "\n")


def _print_row(cells: list[str], widths: list[int], console: Console) -> None:
    """Print a row in columns if all fit, else with the rest after a short name or below a long one."""
    room = min(console.width, WIDEST)
    if sum(widths) + len(_GAP) * len(widths) <= room:
        padded = [cell + " " * (size - display_width(cell)) for cell, size in zip(cells, widths, strict=True)]
        hang(console, Text(_GAP), Text(_GAP.join(padded)))
        return
    name, rest = Text(cells[0]), _GAP.join(filter(None, cells[1:]))
    if widths[0] > room * _LARGEST_NAME_SHARE:
        hang(console, Text(_GAP), name)
        hang(console, Text(_GAP * 3), Text(rest, style="dim"))
        return
    name.pad_right(widths[0] - name.cell_len + len(_GAP))
    hang(console, Text(_GAP) + name, Text(rest))


def _cell(column: str, value: object) -> str:
    """Return a cell for people: a number with its unit, a dash for a missing value."""
    if isinstance(value, int):
        return counted(value, _SINGULAR.get(column, column), column)
    return "–" if value is None else str(value)
