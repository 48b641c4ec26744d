"""Complete words in a shell: files, types, ids of entities, snapshots. An unusable repository or store completes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from click.shell_completion import CompletionItem

from perpend.cli.config.command import refuse_found_bucket
from perpend.cli.options.repository import open_repository_here
from perpend.core.errors import PerpendError
from perpend.core.objects.ids import production_of, service_of
from perpend.core.objects.object_types import snake_case
from perpend.inventory.snapshots.open_store import open_store
from perpend.language.compiler.names import declared_types, match_ids

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

    from perpend.language.syntax.repository import Repository

_MOST_OBJECTS: Final = 50


def complete_codes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the codes of diagnostics, with their names; or names, if one is begun."""
    from perpend.authoring.rules import all_rules

    rules = all_rules()
    codes = [CompletionItem(rule.code, help=rule.name) for rule in rules if rule.code.startswith(incomplete.upper())]
    return codes or [CompletionItem(rule.name) for rule in rules if rule.name.startswith(incomplete.lower())]


def complete_types(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete API names of object types, with their labels; if none matches, labels, then names of views."""
    repository = _repository(context)
    declared = list(declared_types(repository)) if repository else []
    begun = incomplete.casefold()
    names = [CompletionItem(type_.name, help=type_.label) for type_ in declared if type_.name.casefold().startswith(begun)]
    labels = sorted(type_.label for type_ in declared)
    return (
        names
        or [CompletionItem(label) for label in labels if label.casefold().startswith(begun)]
        or [CompletionItem(view) for view in dict.fromkeys(map(snake_case, labels)) if view.startswith(begun)]
    )


def complete_policy_ids(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete folders for a new policy."""
    repository = _repository(context)
    return _ids((f"{folder}/" for folder in repository.folder_ids) if repository else (), incomplete)


def complete_section_ids(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete sections for a new section."""
    repository = _repository(context)
    return _ids((f"{section}/" for section in repository.section_ids) if repository else (), incomplete)


def complete_entities(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[Any]:
    """Complete ids of policies and folders, and last parts of policy ids; if none matches, files."""
    repository = _repository(context)
    known = (*repository.folder_ids, *repository.policy_ids) if repository else ()
    names = _last_parts(repository.policy_ids, incomplete) if repository and incomplete else []
    return [*names, *_ids(known, incomplete)] or [CompletionItem(incomplete, type="file")]


def complete_files(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete files, as the shell does."""
    return [CompletionItem(incomplete, type="file")]


def complete_policies(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete last parts of policy ids; if none matches, whole ids."""
    repository = _repository(context)
    known = repository.policy_ids if repository else ()
    return _last_parts(known, incomplete) or _ids((*known, *(repository.folder_ids if repository else ())), incomplete)


def complete_frameworks(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete frameworks, and the sections of a complete framework."""
    repository = _repository(context)
    known = [section.removeprefix("/frameworks/") for section in repository.section_ids] if repository else []
    depth = incomplete.removeprefix("/frameworks/").count("/")
    start = "/frameworks/" if incomplete.startswith("/") else ""
    return [CompletionItem(start + one) for one in known if one.count("/") == depth and f"{start}{one}".startswith(incomplete)]


def complete_categories(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete categories of policies."""
    repository = _repository(context)
    policies = (repository.policy(policy_id).value for policy_id in repository.policy_ids) if repository else ()
    known = sorted({category for policy in policies if policy for category in policy.categories})
    return [CompletionItem(category) for category in known if category.startswith(incomplete.upper())]


def complete_services(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete folders of services."""
    repository = _repository(context)
    names = {service_of(policy_id).rpartition("/")[2] for policy_id in repository.policy_ids} if repository else set()
    return [CompletionItem(service) for service in sorted(names) if service.startswith(incomplete)]


def complete_shown(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete policies, types, frameworks, sections and operations."""
    from perpend.language.operations import OPERATIONS

    operations = [CompletionItem(name) for name in OPERATIONS if incomplete and name.startswith(incomplete.upper())]
    return [
        *complete_policies(context, parameter, incomplete),
        *complete_types(context, parameter, incomplete),
        *complete_frameworks(context, parameter, incomplete),
        *operations,
    ]


def complete_runs(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete ids of a store's snapshots, the newest first."""
    store = context.params.get("store") or context.params.get("directory")
    try:
        refuse_found_bucket(context)
        runs = open_store(store).runs() if store else []
    except (OSError, PerpendError):
        return []
    return [CompletionItem(run) for run in reversed(runs) if run.startswith(incomplete)]


def complete_channels(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the names of channels in the file of `--channels`, without reading secrets."""
    from perpend.findings.notifications.channels import channels_in

    file = context.params.get("channels")
    try:
        known = channels_in(Path(file), None) if file else ()
    except (OSError, PerpendError):
        return []
    return [CompletionItem(channel.name) for channel in known if channel.name.startswith(incomplete)]


def complete_objects(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete names and ids of a store's objects of the type that the policy evaluates, at most ``_MOST_OBJECTS``."""
    from perpend.core.diagnostics.escape import visible
    from perpend.evaluation.verdicts.objects import naming_columns
    from perpend.inventory.snapshots.database import opened
    from perpend.inventory.snapshots.queries.texts import texts_beginning

    store, policy, repository = context.params.get("store"), context.params.get("policy"), _repository(context)
    if not store or not policy or repository is None:
        return []
    try:
        refuse_found_bucket(context)
        (policy_id,) = match_ids([policy], repository.policy_ids, "policy")
        logic = repository.logic(production_of(policy_id)).value
        declared = repository.declared_type(logic.input_type.value) if logic else None
        if declared is None:
            return []
        with (
            open_store(store).reading(context.params.get("run")) as snapshot,
            opened(paths=snapshot.files.paths) as connection,
        ):
            columns = naming_columns(declared)
            texts = texts_beginning(connection, snapshot, declared.name, columns, incomplete, most=_MOST_OBJECTS)
    except (OSError, PerpendError, ValueError):
        return []
    return [CompletionItem(text) for text in texts if text == visible(text)]


def quoting_words(script: str) -> str:
    """Return the script for a shell. For bash, join words that bash splits at `:` and `=`, and quote completions."""
    whole = """    local response line=$COMP_LINE cut piece words=()
    for piece in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        [[ $line == [[:blank:]]* || ! $words ]] && cut='' words+=("$piece") || cut=${words[-1]} words[-1]+=$piece
        line=${line#*"$piece"}
    done
    [[ $piece == [:=]* ]] && cut+=$piece
    [[ $cut == -*=* ]] && cut=${cut#*=}
"""
    rest = """value=${value#"$cut"}
            [[ $piece == [\\"\\']* ]] || printf -v value '%q' "$value"
            COMPREPLY+=("$value")"""
    script = script.replace("    local response\n", whole).replace("COMPREPLY+=($value)", rest)
    return script.replace('"${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD', '"${words[*]}" COMP_CWORD=$((${#words[@]}-1))')


def _last_parts(known: Iterable[str], incomplete: str) -> list[CompletionItem]:
    last = sorted({policy_id.rpartition("/")[2] for policy_id in known})
    return [CompletionItem(name) for name in last if name.startswith(incomplete)]


def _ids(known: Iterable[str], incomplete: str) -> list[CompletionItem]:
    start = "" if incomplete.startswith("/") else "/"
    return [CompletionItem(entity.removeprefix(start)) for entity in sorted(known) if entity.startswith(start + incomplete)]


def _repository(context: click.Context) -> Repository | None:
    try:
        return open_repository_here(context.params.get("repo"))
    except PerpendError:
        return None
