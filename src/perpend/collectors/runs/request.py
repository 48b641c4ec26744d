"""Plan what to collect from a cloud: the fields that policies read, or all fields of some types."""

from __future__ import annotations

from dataclasses import field, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from perpend.core.clouds.registry import cloud_of_type
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError
from perpend.core.objects.ids import production_of
from perpend.core.objects.labels import Labels
from perpend.core.values.tags import TAGS_FIELD
from perpend.language.compiler.names import DeclaredTypes
from perpend.language.program.required_columns import fields_by_type, texts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from perpend.collectors.protocol import CloudApi, CloudCollector, CollectionPlan
    from perpend.core.objects.object_types import ObjectType
    from perpend.core.schema.tables import Tables
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.program.program import Program

_MOST_NAMED: Final = 20
"""The maximum of names in a message."""


class NothingServed(PerpendError):
    """No call of the cloud serves any of the wanted types."""


class NothingToEvaluate(PerpendError):
    """No policy reads only the types that are collected."""


@dataclass(frozen=True, slots=True)
class CollectionRequest:
    """A plan of a cloud, with the programs that read its fields.

    ``connect`` returns the cloud's API. ``programs_of`` returns the programs: if only types are named, no policy is analyzed
    before the programs are needed. ``analyzer`` compiles them. The plan serves the fields in ``wanted``, which are given by
    type, and ``texts`` that policies compare with.
    """

    cloud: CloudCollector[Any]
    connect: Callable[[], CloudApi[Any, Any, Any]]
    plan: CollectionPlan
    programs_of: Callable[[], tuple[Program, ...]]
    analyzer: Analyzer
    wanted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    texts: tuple[str, ...] = ()

    @property
    def programs(self) -> tuple[Program, ...]:
        """The programs whose fields the plan serves, as far as named types go."""
        return self.programs_of()

    def declared(self, type_name: str) -> ObjectType | None:
        """Return the declaration of a type in the repository, None if it has none."""
        return self.analyzer.repository.declared_type(type_name)

    def with_stored(self, tables: Tables) -> CollectionRequest:
        """Return the request that also asks again for all that a snapshot has of the types which this one collects.

        A collected row replaces the stored row of its object, so a field that is not asked for again would be lost. The child
        lists of the objects are asked for, too: a stored list says nothing about an object that is new. Accounts are an
        exception: they are never new without their own claims.
        """
        accounts = self.cloud.account_types
        wanted = {**dict.fromkeys(accounts, frozenset()), **self.wanted}
        left = [*wanted]
        while left:
            name = left.pop()
            served, stored, declared = {*self.cloud.fields_of(name)}, tables.by_name.get(name), self.declared(name)
            wanted[name] = wanted.get(name, frozenset()) | (served & stored.columns.keys() if stored else set())
            children = declared.children.values() if declared and name not in accounts else ()
            left += {child.type_name for child in children if child.type_name in tables.by_name} - wanted.keys()
        wanted = {name: fields for name, fields in wanted.items() if name in self.wanted or self.cloud.fields_of(name)}
        return replace(self, plan=self.cloud.plan(wanted, self.texts), wanted=wanted)

    def programs_by_label(self) -> dict[str, list[Program]]:
        """Return the programs that need a call, by its permission, or by its operation if it needs no permission."""
        by_label: dict[str, list[Program]] = {}
        for program in self.programs:
            for label in sorted({call.label for call in self.cloud.plan(fields_by_type([program])).planned_calls}):
                by_label.setdefault(label, []).append(program)
        return by_label


def request_for(
    cloud: CloudCollector[Any],
    connect: Callable[[], CloudApi[Any, Any, Any]],
    analyzer: Analyzer,
    programs: Callable[[], tuple[Program, ...]],
    types: Sequence[str],
    *,
    only_types: bool,
) -> CollectionRequest:
    """Return a plan for the fields that programs read and for all fields of ``types``.

    Programs over objects of another cloud are left out. ``only_types``: the fields that programs read are not collected
    besides. Raises NothingServed if the plan is empty.
    """
    programs = cache(partial(_of_cloud, cloud, programs, only_types=only_types))
    wanted = {} if only_types else _with_use(fields_by_type(programs()), programs(), cloud)
    for name in types:
        wanted.setdefault(name, set()).update(cloud.fields_of(name))
    for name, fields in wanted.items():
        fields |= {TAGS_FIELD} & {*cloud.fields_of(name)}
    texts = () if only_types else tuple(texts_of(programs()))
    plan = cloud.plan(wanted, texts)
    if plan.is_empty:
        raise NothingServed(f"{cloud.title} has no call for {_listed(plan.unserved)}")
    by_type = {name: frozenset(fields) for name, fields in wanted.items()}
    return CollectionRequest(cloud, connect, plan, programs, analyzer, by_type, texts)


def _with_use(fields: dict[str, set[str]], programs: Iterable[Program], cloud: CloudCollector[Any]) -> dict[str, set[str]]:
    """Add the fields that show whether the objects of programs are in use, as far as the cloud serves them."""
    for declared in {program.input_type: program.block.type for program in programs}.values():
        child = declared.children.get(declared.in_use or "")
        name, key = (child.type_name, child.key) if child else (declared.name, declared.in_use)
        if key and key in cloud.fields_of(name):
            fields.setdefault(name, set()).add(key)
    return fields


def _of_cloud(
    cloud: CloudCollector[Any], programs: Callable[[], tuple[Program, ...]], *, only_types: bool
) -> tuple[Program, ...]:
    """Return the programs that are not over objects of another cloud. Raises NothingServed if all are.

    If types are collected, no program is needed: there may be none.
    """
    own: list[Program] = []
    others: set[str] = set()
    for program in programs():
        of = cloud_of_type(program.input_type)
        if of is None or of.name == cloud.name:
            own.append(program)
        else:
            others.add(of.title)
    if others and not own and not only_types:
        raise NothingServed(f"all these policies are over objects of {' and '.join(sorted(others))}, not of {cloud.title}")
    return tuple(own)


@dataclass(frozen=True, slots=True)
class PolicyFilter:
    """The policies that evaluate what is collected: ids or globs of policies and frameworks; empty means all policies.

    ``skipped_types`` is set if only types are collected. It holds the policies over these types that also read other types, or
    fields of the account that are not collected, with the types. ``others`` counts the policies over other types.
    """

    request: CollectionRequest
    policies: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    skipped_types: Mapping[str, tuple[str, ...]] | None = None
    others: int = 0


def filter_by_types(request: CollectionRequest, programs: Collection[Program], invalid: Collection[str]) -> PolicyFilter:
    """Return the policies that read only what a request collects. Results of other policies would be undetermined.

    ``invalid`` are the ids of policies that do not compile: those over the collected types are included, so that their errors
    are reported. Raises NothingToEvaluate if no policy is left.
    """
    cloud, plan = request.cloud, request.plan
    types = {*plan.types}
    named = types if plan.has_account_fields else types - {*cloud.account_types}
    skipped_types = {program.policy_id: _uncollected(program, request) for program in programs}
    complete = [program for program in programs if not skipped_types[program.policy_id]]
    input_type = request.analyzer.repository.input_type
    errors = [name for name in invalid if input_type(production_of(name)) in types]
    labels = Labels(DeclaredTypes(request.analyzer.repository))
    if not complete and not errors:
        only = _listed([labels.type(name) for name in sorted(named)])
        raise NothingToEvaluate(f"no policy reads only {only}: `perpend collect {cloud.name}` collects without evaluation")
    skipped = {
        program.policy_id: skipped_types[program.policy_id]
        for program in programs
        if program.input_type in named and skipped_types[program.policy_id]
    }
    return PolicyFilter(
        replace(request, programs_of=lambda: tuple(complete)),
        tuple(sorted([*(program.policy_id for program in complete), *errors])),
        skipped_types=skipped,
        others=len(programs) + len(invalid) - len(complete) - len(errors) - len(skipped),
    )


def _uncollected(program: Program, request: CollectionRequest) -> tuple[str, ...]:
    """Return the types of which a program reads fields that are not collected."""
    cloud, plan = request.cloud, request.plan
    read = fields_by_type([program])
    of_accounts = {name: read.pop(name) for name in cloud.account_types if name in read}
    accounts = [name for name, fields in of_accounts.items() if not cloud.serves_account_fields(plan, name, fields)]
    return (*accounts, *sorted({*read} - {*plan.types}))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return visible(", ".join(names[:_MOST_NAMED])) + more
