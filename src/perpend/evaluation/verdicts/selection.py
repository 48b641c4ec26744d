"""Select the policies to evaluate: by name, by framework, and by the object types that the inputs contain.

A selection also lists policies that were rejected, skipped or excluded, with the reasons.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from perpend.core.clouds.registry import is_account_type
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import reject_single_text
from perpend.core.objects.ids import PRODUCTION, framework_of, production_of
from perpend.core.objects.inventory import Inventory
from perpend.core.objects.labels import Labels
from perpend.evaluation.verdicts.requirements import framework_selection
from perpend.inventory.readers.formats import list_children
from perpend.language.compiler.analyzer import logic_errors
from perpend.language.compiler.frameworks import FrameworkMappings
from perpend.language.compiler.names import DeclaredTypes, UnknownName, find_section, match_ids, printable
from perpend.language.compiler.type_names import misspelt_types
from perpend.language.syntax.repository import LIBRARY

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.object_types import ObjectType
    from perpend.evaluation.verdicts.requirements import FrameworkSelection
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.program.program import Program
    from perpend.language.syntax.repository import Repository

_GLOB: Final = frozenset("*?[")
_MOST_TYPES: Final = 3


@dataclass(frozen=True, slots=True)
class PolicyView:
    """The parts of a policy that reports show with its verdicts."""

    id: str
    full_name: str
    contextual_name: str
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """The programs to evaluate, in the order of policy IDs, with the names of their policies and types.

    ``refused`` are policies that cannot be evaluated, with their errors. ``set_aside`` are policies over child objects or
    accounts, if the sources list no children or only account numbers: their verdicts would only say, per object, that nothing
    was collected. ``excluded`` are policies that the user excluded. ``misspelt`` are diagnostics for policies whose type no
    other part of the repository declares or uses. ``frameworks`` selected policies, and are given with their requirements.
    ``absent`` maps selected policies whose type has no objects to that type.
    """

    programs: tuple[Program, ...] = ()
    refused: Mapping[str, tuple[Diagnostic, ...]] = field(default_factory=dict)
    set_aside: tuple[str, ...] = ()
    policies: Mapping[str, PolicyView] = field(default_factory=dict)
    types: Mapping[str, ObjectType] = field(default_factory=dict)
    misspelt: tuple[Diagnostic, ...] = ()
    excluded: tuple[str, ...] = ()
    frameworks: tuple[FrameworkSelection, ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict)

    def by_type(self) -> dict[str, list[Program]]:
        """Return the programs by object type."""
        programs: dict[str, list[Program]] = {}
        for program in self.programs:
            programs.setdefault(program.input_type, []).append(program)
        return programs


def select_policies(
    analyzer: Analyzer,
    names: Sequence[str] = (),
    *,
    framework: str | Sequence[str] | None = None,
    inherited: bool = False,
    exclude: Sequence[str] = (),
    standing: bool = False,
    over: Inventory | Snapshot | None = None,
) -> Selection:
    """Return the policies that IDs, globs, folders or frameworks select, or all policies without any of these.

    ``inherited`` adds policies that map to a framework through rules, controls or similar sections. ``over`` is the
    inventory or snapshot to evaluate: only policies over its types are selected. ``exclude`` names policies to leave out,
    unless ``names`` has one by itself. ``standing``: the names come from a configuration and not from the user for these
    inputs, so none counts as named by itself.

    Raises UnknownName for a name that does not exist, for a policy named by itself that does not apply to the inputs, and if no
    policy applies: silence would look like a pass.
    """
    reject_single_text(names, "names")
    reject_single_text(exclude, "policies to exclude")
    if not analyzer.repository.policy_ids:
        raise UnknownName("this repository has no policies")
    chosen = policies_named(analyzer.repository, names, framework, inherited=inherited)
    if framework and not chosen:
        raise UnknownName(_none_mapped(analyzer.repository, names, framework, inherited=inherited))
    by_itself = frozenset() if standing else _named_by_itself(analyzer.repository, names)
    excluded = {*match_ids(exclude, analyzer.repository.policy_ids, "policy")} - by_itself if exclude else frozenset()
    types_present, flat = (
        (None, False) if over is None else (_types_of(over), not list_children(source.kind for source in over.sources))
    )

    def sort(policies: Iterable[str]) -> _SortedPolicies:
        into = _SortedPolicies(left_out=excluded)
        may_be_set_aside = {policy_id: flat and policy_id not in by_itself for policy_id in policies}
        left = [
            policy_id
            for policy_id, may_be in may_be_set_aside.items()
            if into.needs_program(analyzer.repository, policy_id, types_present, may_be_set_aside=may_be)
        ]
        for policy_id, program in zip(left, analyzer.programs([*map(production_of, left)]), strict=True):
            into.take(analyzer, policy_id, program, may_be_set_aside=may_be_set_aside[policy_id])
        return into

    sorted_out = sort(chosen)
    misspelt = _misspelt(analyzer.repository, sorted_out.over_other_types)
    may_inherit = framework and not inherited and not sorted_out.programs
    others = policies_named(analyzer.repository, names, framework, inherited=True) if may_inherit else ()
    types = DeclaredTypes(analyzer.repository)
    sorted_out.raise_if_nothing_selected(by_itself, types_present, types, misspelt, len(sort(others).programs))
    selection = selection_of(analyzer, sorted_out.programs, refused=sorted_out.refused, set_aside=sorted_out.set_aside)

    def why_not(policy_id: str) -> str:
        return sorted_out.why_not(policy_id, selection.types)

    frameworks = framework_selections(analyzer.repository, framework, inherited=inherited, why_not=why_not)
    return replace(
        selection,
        misspelt=tuple(misspelt.values()),
        excluded=tuple(sorted_out.excluded),
        frameworks=frameworks,
        absent={policy: name for policy, name in sorted_out.over_other_types.items() if policy not in excluded},
    )


def framework_selections(
    repository: Repository, names: str | Sequence[str] | None, *, inherited: bool, why_not: Callable[[str], str]
) -> tuple[FrameworkSelection, ...]:
    """Return the frameworks that names select, each once; ``why_not`` as in ``framework_selection``."""
    if not names:
        return ()
    mappings = FrameworkMappings(repository)
    tops: dict[str, list[str]] = {}
    for top in (find_section(name, repository) for name in ([names] if isinstance(names, str) else names)):
        tops.setdefault(framework_of(top), []).append(top)
    return tuple(
        framework_selection(repository, mappings, of_one, inherited=inherited, why_not=why_not) for of_one in tops.values()
    )


def selection_of(
    analyzer: Analyzer,
    programs: Iterable[Program],
    *,
    refused: Mapping[str, tuple[Diagnostic, ...]] | None = None,
    set_aside: Iterable[str] = (),
) -> Selection:
    """Return programs as a selection, with the names of their policies and all declared types."""
    in_order = tuple(sorted(programs, key=lambda program: (program.policy_id, program.logic_id)))
    policies = {program.policy_id: view_of(analyzer.repository, program.policy_id) for program in in_order}
    return Selection(in_order, refused or {}, tuple(set_aside), policies, DeclaredTypes(analyzer.repository))


def policies_named(
    repository: Repository,
    names: Sequence[str] = (),
    framework: str | Sequence[str] | None = None,
    *,
    inherited: bool = False,
) -> list[str]:
    """Return the IDs of the policies that names and frameworks select. Raises UnknownName for unknown names."""
    chosen = match_ids(names, repository.policy_ids, "policy")
    frameworks = [framework] if isinstance(framework, str) else framework
    if not frameworks:
        return chosen
    mapped = frozenset().union(*(_mapped_to(repository, chosen, framework, inherited=inherited) for framework in frameworks))
    return [policy for policy in chosen if policy in mapped]


def policies_of_framework(repository: Repository, name: str) -> list[str]:
    """Return the IDs of the policies that are mapped to a framework or section. Raises UnknownName, also if there are none."""
    mapped = policies_named(repository, framework=name)
    if not mapped:
        raise UnknownName(_none_mapped(repository, (), name, inherited=True))
    return mapped


def _mapped_to(repository: Repository, chosen: Sequence[str], framework: str, *, inherited: bool) -> frozenset[str]:
    """Return the policies that are mapped to a framework or section."""
    top = find_section(framework, repository)
    indirect = FrameworkMappings(repository).policies_below(top) if inherited else frozenset()
    return frozenset(policy for policy in chosen if policy in indirect or _is_mapped(repository, policy, top))


def _none_mapped(repository: Repository, names: Sequence[str], framework: str | Sequence[str], *, inherited: bool) -> str:
    """Return the message that no policy is mapped to the frameworks, with the number that map indirectly."""
    shown = " or ".join(f"'{printable(name)}'" for name in ([framework] if isinstance(framework, str) else framework))
    number = 0 if inherited else len(policies_named(repository, names, framework, inherited=True))
    return f"no policy{' of those named' if names else ''} is mapped to {shown}{_inherited_hint(number)}"


def _inherited_hint(number: int) -> str:
    return f"; --inherited includes {number} that map to it through rules or similar sections" if number else ""


def program_named(analyzer: Analyzer, name: str) -> Program:
    """Return the program of the one policy with a name. Raises UnknownName if there is none that can be evaluated."""
    policies = match_ids([name], analyzer.repository.policy_ids, "policy")
    if len(policies) > 1:
        raise UnknownName(f"'{printable(name)}' names {len(policies)} policies: {', '.join(policies[:5])}")
    logic_id = production_of(policies[0])
    if logic_id not in analyzer.repository.logic_ids:
        raise UnknownName(f"{policies[0]} has no {PRODUCTION}, so it cannot be evaluated")
    program = analyzer.analyzed(logic_id).program
    if program is None:
        problems = logic_errors(analyzer, logic_id)
        reason = f": {problems[0].message} ({problems[0].span.path}:{problems[0].span.line})" if problems else ""
        raise UnknownName(f"{policies[0]} cannot be used{reason}")
    return program


def view_of(repository: Repository, policy_id: str) -> PolicyView:
    """Return the parts of a policy that reports show. The ID replaces a missing name."""
    policy = repository.policy(policy_id).value
    full, short = (policy.names.full, policy.names.contextual) if policy else ("", "")
    categories = policy.categories if policy else ()
    return PolicyView(policy_id, full or policy_id, short or full or policy_id, categories)


def name_of(repository: Repository, policy_id: str) -> str:
    """Return the shortest ending of a policy's id that no other policy of the repository ends with: commands accept it."""
    parts = policy_id.split("/")
    endings = ("/".join(parts[-number:]) for number in range(1, len(parts)))
    return next((one for one in endings if sum(id.endswith(f"/{one}") for id in repository.policy_ids) <= 1), policy_id)


def title_of(repository: Repository, policy_id: str) -> str:
    """Return the title of a policy; of one that the repository does not have, its id."""
    return view_of(repository, policy_id).contextual_name if policy_id in repository.policy_ids else policy_id


@dataclass(slots=True)
class _SortedPolicies:
    """Policies sorted by whether they can be evaluated on the inputs."""

    left_out: Collection[str] = frozenset()
    programs: list[Program] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    refused: dict[str, tuple[Diagnostic, ...]] = field(default_factory=dict)
    set_aside: list[str] = field(default_factory=list)
    without_logic: list[str] = field(default_factory=list)
    over_other_types: dict[str, str] = field(default_factory=dict)

    def needs_program(
        self, repository: Repository, policy_id: str, types_present: Collection[str] | None, *, may_be_set_aside: bool
    ) -> bool:
        """Whether sorting a policy needs its program. If not, sort it."""
        logic_id = production_of(policy_id)
        if logic_id not in repository.logic_ids:
            self.without_logic.append(policy_id)
            return False
        type_name = repository.input_type(logic_id) if types_present is not None else None
        if types_present is not None and type_name is not None and type_name not in types_present:
            self.over_other_types[policy_id] = type_name
        elif policy_id in self.left_out:
            self.excluded.append(policy_id)
        elif may_be_set_aside and type_name is not None and is_account_type(type_name) and repository.files.root == LIBRARY:
            self.set_aside.append(policy_id)  # skips the analysis, because the library is known to be sound
        else:
            return True
        return False

    def take(self, analyzer: Analyzer, policy_id: str, program: Program | None, *, may_be_set_aside: bool) -> None:
        """Sort a policy by its program, None for one with errors."""
        if program is None:
            self.refused[policy_id] = logic_errors(analyzer, production_of(policy_id))
        elif may_be_set_aside and (program.block.related or is_account_type(program.input_type)):
            self.set_aside.append(policy_id)
        else:
            self.programs.append(program)

    def why_not(self, policy_id: str, types: Mapping[str, ObjectType]) -> str:
        """Return why a policy is not evaluated, empty if it is."""
        if policy_id in self.over_other_types:
            name = self.over_other_types[policy_id]
            return f"no {types[name].label or name} among the inputs" if name in types else f"no {name} among the inputs"
        reasons = {
            **dict.fromkeys(self.excluded, "excluded by --exclude"),
            **dict.fromkeys(self.refused, "has errors: see perpend lint"),
            **dict.fromkeys(self.set_aside, "needs objects or fields that these inputs do not list"),
            **{program.policy_id: "" for program in self.programs},
        }
        return reasons.get(policy_id, "not selected by --policy")

    def raise_if_nothing_selected(
        self,
        named: Collection[str],
        types_present: Mapping[str, int] | None,
        types: Mapping[str, ObjectType],
        misspelt: Mapping[str, Diagnostic],
        inheriting: int,
    ) -> None:
        """Raise if a policy named by itself cannot be evaluated, or if none can.

        ``types`` are the declared types. ``inheriting`` is the number of policies that ``--inherited`` would add.
        """
        labels = Labels(types)
        numbers = Counter(types_present or {})
        present = _type_list([name for name, number in numbers.most_common() if number], labels) or "no objects"
        for policy_id in self.without_logic:
            if policy_id in named:
                raise UnknownName(f"{policy_id} has no {PRODUCTION}, so it cannot be evaluated")
        for policy_id, type_name in self.over_other_types.items():
            if policy_id in named:
                input_types = _type_list([type_name], labels)
                hint = self._hint([policy_id], types, misspelt)
                raise UnknownName(f"{policy_id} applies to {input_types}, but the inputs contain {present}{hint}")
        if self.programs or self.refused:
            return
        number = len(self.excluded)
        left_out = f"; {number} excluded (--policy selects one by name)" if number else ""
        if types_present is None:
            raise UnknownName(f"none of the selected policies has a {PRODUCTION} that can be evaluated{left_out}")
        number = len(self.set_aside)
        aside = f"; {number} skipped for lack of data in the inputs (--policy selects one by name)" if number else ""
        more = _inherited_hint(inheriting)
        if not self.over_other_types:
            raise UnknownName(f"no policy applies to the inputs, which contain {present}{aside}{left_out}{more}")
        input_types = _type_list([name for name, _ in Counter(self.over_other_types.values()).most_common()], labels)
        more = f"{self._hint(self.over_other_types, types, misspelt)}{aside}{left_out}{more}"
        raise UnknownName(
            f"the policies apply to {input_types}, of which the inputs hold nothing: they contain {present}{more}"
        )

    def _hint(self, policies: Iterable[str], types: Mapping[str, ObjectType], misspelt: Mapping[str, Diagnostic]) -> str:
        """Return the API name that some policy should have: its type is misspelt, or is the label of a type."""
        by_label = {declared.label.casefold(): name for name, declared in types.items()}
        for policy_id in policies:
            written = self.over_other_types[policy_id]
            if policy_id in misspelt:
                return f"; {misspelt[policy_id].message}: {misspelt[policy_id].help}"
            if written not in types and (name := by_label.get(written.casefold())):
                return f"; did you mean `{name}`?"
        return ""


def _misspelt(repository: Repository, over_other_types: Mapping[str, str]) -> dict[str, Diagnostic]:
    """Return diagnostics, by policy, for types that only one policy uses."""
    known = repository.known_types
    policies = {production_of(policy_id): policy_id for policy_id, name in over_other_types.items() if name not in known}
    return {policies[logic_id]: problem for logic_id, problem in misspelt_types(repository, policies).items()}


def _types_of(over: Inventory | Snapshot) -> Mapping[str, int]:
    """Return the types that the inputs list, with the number of their objects."""
    if isinstance(over, Inventory):
        return {name: len(objects) for name, objects in over.objects.items()}
    numbers: dict[str, int] = {}
    for table in over.tables.by_name.values():
        if table.type_name:
            numbers[table.type_name] = numbers.get(table.type_name, 0) + table.rows
    return numbers


def _named_by_itself(repository: Repository, names: Sequence[str]) -> frozenset[str]:
    """Return the policies that were named one by one, not by a glob or a folder."""
    matches = (match_ids([name], repository.policy_ids, "policy") for name in names if not set(name) & _GLOB)
    return frozenset(ids[0] for ids in matches if len(ids) == 1)


def _is_mapped(repository: Repository, policy_id: str, top: str) -> bool:
    """Whether a policy names a section or one below it. A descriptor with errors might, so its policy is selected."""
    loaded = repository.policy(policy_id)
    if loaded.value is None or not loaded.sound:
        return True
    return any(f"{section.value}/".startswith(f"{top}/") for section in loaded.value.mappings)


def _type_list(names: Collection[str], labels: Labels) -> str:
    """Return the labels of the first types in quotes, and the number of the others."""
    shown = " and ".join(f'"{printable(labels.type(name))}"' for name in islice(names, _MOST_TYPES))
    return f"{shown} and {counted(len(names) - _MOST_TYPES, 'more type')}" if len(names) > _MOST_TYPES else shown
