"""Logic uses a field, lookup or related list that the object type does not declare.

No input of Perpend's own fills such a field or list, so every object is UNDETERMINED. The rule applies to types with a
declaration (`types/<Type>/type.yaml`) in the repository, else in Perpend's library, and to types in a catalogue of fields
and lookups in the clone (`types/<Type>/type.json`, `types/types.json`). A misspelt name of a type that the repository
itself declares is an error: A321. Of a type that only the library declares, the repository may know more names.

Wrong: the type's lookup has the name `account__r`.

```yaml
# types/Bucket/type.yaml
label: Bucket
fields: [{name: account__c, type: lookup}]
lookups: [{name: account__r, target: Account, key: account__c}]
```

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions:
  - status: INAPPLICABLE
    currentStateMessage: The bucket belongs to no account.
    check: {IS_EMPTY_LOOKUP: owner__r}
otherwise: {status: COMPLIANT, currentStateMessage: The bucket has an owner.}
```

Right:

```yaml
# types/Bucket/type.yaml
label: Bucket
fields: [{name: account__c, type: lookup}]
lookups: [{name: account__r, target: Account, key: account__c}]
```

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions:
  - status: INAPPLICABLE
    currentStateMessage: The bucket belongs to no account.
    check: {IS_EMPTY_LOOKUP: account__r}
otherwise: {status: COMPLIANT, currentStateMessage: The bucket has an owner.}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import Diagnostic, Rule, Severity, Span, mistakes, nearest_name
from perpend.core.diagnostics.phrases import shorten
from perpend.core.objects.ids import type_of_extracts
from perpend.language.compiler.type_names import may_be_both
from perpend.language.operations.operation import Constant
from perpend.language.syntax.documents import calls_below

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from perpend.authoring.lint.context import LintContext
    from perpend.core.objects.object_types import ObjectType
    from perpend.language.syntax.calls import Call
    from perpend.language.syntax.documents import WrittenBlock

_MISTAKES: Final = 2
"""The most typing mistakes in a name that is taken for a misspelt one."""

_LETTERS_PER_MISTAKE: Final = 4
"""How many letters a similar name has for each typing mistake. Prefix and suffix are the same in all names."""

RULE = Rule("A307", "undeclared-relationship", Severity.WARNING, __doc__ or "")


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the steps of paths that declared types do not have, except misspelt ones."""
    yield from (step.problem(RULE) for step in undeclared_steps(lint_context) if not step.misspelt)


@dataclass(frozen=True, slots=True)
class UndeclaredStep:
    """A step of a path that an object type does not have. ``near`` is the most similar name that the type has.

    ``declared``: the repository itself declares the type, so that it may know no more names.
    """

    span: Span
    message: str
    name: str
    near: str | None
    declared: bool

    @property
    def misspelt(self) -> bool:
        """Whether the step is a misspelt name of the type: an object with both names is unlikely."""
        if self.near is None or not self.declared:
            return False
        return mistakes(self.name, self.near) <= _MISTAKES and not may_be_both(self.name, self.near)

    def problem(self, rule: Rule) -> Diagnostic:
        """Return the step as a diagnostic of a rule."""
        return rule.at(self.span, self.message, help=f"did you mean `{self.near}`?" if self.near else None)


def undeclared_steps(lint_context: LintContext) -> Iterator[UndeclaredStep]:
    """Yield the steps of all paths that declared and catalogued types do not have."""
    paths = _Paths(lint_context)
    for entity in lint_context.repository.extracts_ids:
        object_type = lint_context.analyzer.object_type(type_of_extracts(entity))
        for call in lint_context.extracts_calls(entity):
            yield from paths.of_call(call, object_type)
    for logic, _ in lint_context.policies:
        yield from paths.of_block(logic.block, lint_context.analyzer.object_type(logic.input_type.value))


@dataclass(frozen=True, slots=True)
class _Paths:
    lint_context: LintContext

    def of_block(self, block: WrittenBlock, object_type: ObjectType) -> Iterator[UndeclaredStep]:
        for condition in block.conditions:
            if condition.check is not None:
                for call in calls_below(condition.check):
                    yield from self.of_call(call, object_type)
        for related in block.related:
            if related.relationship is None:
                continue
            *lookups, name = related.relationship.value.split(".")
            yield from self._lookups(lookups, object_type, related.relationship.span)
            reached = self.lint_context.analyzer.reached(object_type, lookups)
            yield from self._step("related list", name, reached, related.relationship.span)
            yield from self.of_block(related, self.lint_context.analyzer.child_type(object_type, related.relationship.value))

    def of_call(self, call: Call, object_type: ObjectType) -> Iterator[UndeclaredStep]:
        for parameter in call.operation.parameters:
            path = call.arguments.get(parameter.name)
            if not isinstance(path, str):
                continue
            place, steps = call.spans[parameter.name], path.split(".")
            match parameter.constant:
                case Constant.FIELD_PATH:
                    yield from self._field(path, object_type, place)
                case Constant.LOOKUP_PATH:
                    yield from self._lookups(steps, object_type, place)
                case Constant.EXTRACT_PATH:
                    yield from self._lookups(steps[:-1], object_type, place)
        for check in call.checks:
            if check.delegate is not None:
                yield from self._field(check.delegate, object_type, check.span)

    def _field(self, path: str, object_type: ObjectType, span: Span) -> Iterator[UndeclaredStep]:
        *lookups, name = path.split(".")
        yield from self._lookups(lookups, object_type, span)
        yield from self._step("field", name, self.lint_context.analyzer.reached(object_type, lookups), span)

    def _lookups(self, lookups: list[str], object_type: ObjectType, span: Span) -> Iterator[UndeclaredStep]:
        for number, name in enumerate(lookups):
            yield from self._step("lookup", name, self.lint_context.analyzer.reached(object_type, lookups[:number]), span)

    def _step(self, kind: str, name: str, object_type: ObjectType, span: Span) -> Iterator[UndeclaredStep]:
        catalogued = (self.lint_context.repository.catalogue.value or {}).get(object_type.name)
        declared = bool(object_type.name) and self.lint_context.repository.object_type(object_type.name).sound
        if declared:
            kinds = {"field": object_type.fields, "lookup": object_type.lookups, "related list": object_type.children}
            known: Collection[str] = kinds[kind]
            message = f"object type `{object_type.name}` declares no {kind} `{shorten(name)}`"
        elif catalogued is not None and catalogued.whole and kind != "related list" and name.endswith(("__c", "__r")):
            # Fields that every object has need not be catalogued; a lookup's name follows from its key's.
            known = catalogued.fields if kind == "field" else catalogued.lookups
            message = f"the catalogue of object types has no {kind} `{shorten(name)}` of `{object_type.name}`"
        else:
            return
        if name not in known and not (kind == "field" and name == object_type.deletion_field):
            near = nearest_name(name[:100], known)
            similar = near is not None and mistakes(name[:100], near) <= len(name) // _LETTERS_PER_MISTAKE
            own = self.lint_context.repository.declares_type(object_type.name)
            yield UndeclaredStep(span, message, name[:100], near if similar else None, declared and own)
