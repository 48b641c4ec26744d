"""Read ``remedy.yaml`` of a policy, and check that each placeholder is a field of the policy's objects.

A remedy with any error is rejected with diagnostics. Sizes are bounded.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.phrases import nearest, shorten
from perpend.core.objects.ids import production_of
from perpend.core.objects.object_types import UNKNOWN_TYPE, ObjectType, reached
from perpend.findings.remediation import rules
from perpend.findings.remediation.model import PLACE, Look, Remedy, RemedyStep, RemedyValue, Settings, Words
from perpend.findings.remediation.name_kinds import NAME_KINDS
from perpend.language.syntax import rules as load_rules
from perpend.language.syntax.files import UnreadableFile
from perpend.language.syntax.nodes import node_from_yaml
from perpend.language.syntax.read import DocumentReader, Placed
from perpend.language.syntax.remedy_shape import FILE, SHAPE
from perpend.language.syntax.repository import Loaded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perpend.core.diagnostics.model import Diagnostic, Rule, Span
    from perpend.core.values.types import ValueType
    from perpend.language.syntax.read import Fields
    from perpend.language.syntax.repository import Repository

PROGRAMS: Final = ("aws", "az", "gcloud")
"""What a command may begin with."""

MOST_BYTES: Final = 64 * 1024
_MOST_LISTED: Final = 20
_MOST_WORDS: Final = 60
_SUBCOMMAND: Final = re.compile(r"[a-z][a-z0-9-]*")
_RESOURCE: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")
_ATTRIBUTE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}(\.[a-z][a-z0-9_]{0,63}){0,7}")


def remedy_of(repository: Repository, policy_id: str) -> Loaded[Remedy]:
    """Return the remedy of a policy with its diagnostics; neither value nor diagnostics if it has none."""
    path = f"{policy_id[1:]}/{FILE}"
    if path not in repository.tree.files:
        return Loaded(None)
    diagnostics: list[Diagnostic] = []
    try:
        node = node_from_yaml(repository.files.text(path, limit=MOST_BYTES), path, diagnostics)
    except UnreadableFile as error:
        return Loaded(None, (error.diagnostic,))
    fields = DocumentReader(diagnostics, repository.parameters_of(policy_id)).record(node, SHAPE) if node is not None else None
    if fields is None or diagnostics:
        return Loaded(None, tuple(diagnostics))
    logic_id = production_of(policy_id)
    logic = repository.logic(logic_id).value if logic_id in repository.logic_ids else None
    if policy_id not in repository.policy_ids or logic_id not in repository.logic_ids:
        message = f"`{shorten(policy_id)}` has no `prod.logic.yaml` whose objects could be fixed"
        return Loaded(None, (rules.MISPLACED.at(fields.span, message),))
    object_type = (repository.declared_type(logic.input_type.value) if logic else None) or UNKNOWN_TYPE
    remedy = _RemedyReading(repository, object_type, diagnostics).remedy(fields)
    return Loaded(None if diagnostics else remedy, tuple(diagnostics))


def has_commands(repository: Repository, policy_id: str) -> bool:
    """Whether a policy has commands for its objects, not only the reason why there are none."""
    remedy = remedy_of(repository, policy_id).value
    return remedy is not None and not remedy.no_commands


def remedy_problems(repository: Repository) -> Iterator[Diagnostic]:
    """Yield the errors in the remedies of a repository, also of those without a policy."""
    end = f"/{FILE}"
    for path in sorted(repository.tree.files):
        if path.startswith("ce/") and path.endswith(end):
            yield from remedy_of(repository, f"/{path[: -len(end)]}").diagnostics


class _RemedyReading:
    """The reading of one file of the right shape. ``object_type`` is that of the policy's objects."""

    def __init__(self, repository: Repository, object_type: ObjectType, diagnostics: list[Diagnostic]) -> None:
        self.repository = repository
        self.object_type = object_type
        self.diagnostics = diagnostics
        self.values: dict[str, RemedyValue] = {}
        self.used: set[str] = set()

    def remedy(self, fields: Fields) -> Remedy:
        if reason := fields.text("noCommands", ""):
            for key in ("values", "before", "steps", "terraform"):
                if key in fields.key_spans:
                    self._note(rules.NO_WAY_BACK, fields.key_spans[key], f"the remedy has both `noCommands` and `{key}`")
            return Remedy((), (), (), no_commands=reason)
        for key in ("values", "before", "steps"):
            if key not in fields.key_spans:
                self._note(load_rules.MISSING_KEY, fields.span, f"`{key}` is missing")
        entries = self._bounded(fields, "values")
        for entry in entries:
            self._take(entry)
        before = tuple(Look(look.text("say"), self._words(look, "run")) for look in self._bounded(fields, "before"))
        steps = tuple(map(self._step, self._bounded(fields, "steps")))
        terraform = tuple(map(self._settings, self._bounded(fields, "terraform")))
        for key in ("before", "steps"):
            if key in fields.key_spans and not fields.records(key):
                self._note(load_rules.MISSING_KEY, fields.key_spans[key], f"`{key}` holds nothing")
        for entry in entries:
            if entry.text("name") not in self.used:
                self._note(rules.UNKNOWN_VALUE, entry["name"].span, f"no command has a place `<{shorten(entry.text('name'))}>`")
        return Remedy(tuple(self.values.values()), before, steps, terraform)

    def _bounded(self, fields: Fields, key: str) -> tuple[Fields, ...]:
        entries = fields.records(key)
        if len(entries) > _MOST_LISTED:
            message = f"`{key}` has {len(entries):,} entries; at most {_MOST_LISTED} are read"
            self._note(load_rules.TOO_MANY_VALUES, fields.key_spans[key], message)
        return entries[:_MOST_LISTED]

    def _take(self, entry: Fields) -> None:
        name, path, kind = entry["name"], entry["field"], entry["kind"]
        if not PLACE.fullmatch(f"<{name.value}>"):
            self._note(rules.UNKNOWN_VALUE, name.span, f"`{shorten(name.value)}` is no name: small letters, digits and dashes")
        elif name.value in self.values:
            self._note(rules.UNKNOWN_VALUE, name.span, f"`{name.value}` is there twice")
        if kind.value not in NAME_KINDS:
            near = nearest(kind.value, tuple(NAME_KINDS), self.diagnostics) or f"one of {', '.join(NAME_KINDS)}"
            self._note(load_rules.UNKNOWN_CHOICE, kind.span, f"`{shorten(kind.value)}` is no kind of name", help=near)
            return
        of_kind = NAME_KINDS[kind.value]
        self._check_field(path, of_kind.of)
        self.values.setdefault(name.value, RemedyValue(name.value, path.value, of_kind))

    def _check_field(self, path: Placed, wanted: ValueType) -> None:
        """Check that a declared type has the field. The fields of an undeclared type are unknown."""
        *lookups, name = path.value.split(".")
        object_type = self.object_type
        for lookup in lookups:
            if object_type.declared and lookup not in object_type.lookups:
                self._unknown(path, lookup, object_type, tuple(object_type.lookups), "lookup")
                return
            object_type = reached(object_type, [lookup], lambda target: self.repository.declared_type(target) or UNKNOWN_TYPE)
        field = object_type.fields.get(name)
        if field is None and object_type.declared:
            self._unknown(path, name, object_type, tuple(object_type.fields), "field")
        elif field is not None and field.type is not wanted:
            message = f"`{shorten(path.value)}` holds {field.type.value}, and the kind of name takes {wanted.value}"
            self._note(rules.UNKNOWN_FIELD, path.span, message)

    def _unknown(self, path: Placed, name: str, object_type: ObjectType, known: Sequence[str], what: str) -> None:
        near = nearest(name, known, self.diagnostics)
        self._note(rules.UNKNOWN_FIELD, path.span, f"`{object_type.name}` has no {what} `{shorten(name)}`", help=near)

    def _step(self, entry: Fields) -> RemedyStep:
        undo, reason = self._words(entry, "undo"), entry.text("noUndo", "")
        if bool(undo) is bool(reason):
            given = "both `undo` and `noUndo`" if undo else "neither `undo` nor `noUndo`"
            self._note(rules.NO_WAY_BACK, entry.span, f"the step has {given}")
        return RemedyStep(entry.text("say"), self._words(entry, "run"), undo, reason)

    def _words(self, entry: Fields, key: str) -> Words:
        if key not in entry:
            return ()
        words = entry.texts(key)
        if len(words) > _MOST_WORDS:
            self._note(rules.UNSAFE_COMMAND, entry.key_spans[key], f"a command has at most {_MOST_WORDS} words")
        for word in words:
            self._check_text(word.value, word.span)
        self._check_beginning([word.value for word in words], entry.key_spans[key])
        return tuple(word.value for word in words)

    def _check_beginning(self, words: Sequence[str], span: Span) -> None:
        if not words or words[0] not in PROGRAMS:
            known = ", ".join(f"`{program}`" for program in PROGRAMS)
            self._note(rules.UNSAFE_COMMAND, span, f"a command begins with one of {known}")
        elif len(words) < 2 or not _SUBCOMMAND.fullmatch(words[1]):
            self._note(rules.UNSAFE_COMMAND, span, f"`{words[0]}` is followed by a subcommand")

    def _check_text(self, text: str, span: Span) -> None:
        """Check a word, or a value of Terraform: its placeholders are known, and no sign in it is invisible."""
        if not text.isprintable():
            self._note(rules.UNSAFE_COMMAND, span, "a word is one line of signs that can be seen")
        rest = PLACE.sub("", text)
        if "<" in rest or ">" in rest:
            self._note(rules.UNSAFE_COMMAND, span, f"`{shorten(text)}`: `<` and `>` stand around places only")
        for name in PLACE.findall(text):
            self.used.add(name)
            value = self.values.get(name)
            if value is None:
                near = nearest(name, tuple(self.values), self.diagnostics)
                self._note(rules.UNKNOWN_VALUE, span, f"`values` has no `{name}`", help=near)
            elif text != f"<{name}>" and not value.kind.plain:
                message = f"`<{name}>` has to be a word of its own: a {value.kind.words} may hold signs that divide values"
                self._note(rules.UNSAFE_COMMAND, span, message)

    def _settings(self, entry: Fields) -> Settings:
        resource, values = entry["type"], entry["set"]
        if not _RESOURCE.fullmatch(resource.value):
            self._note(rules.UNSAFE_COMMAND, resource.span, f"`{shorten(resource.value)}` is no type of a resource")
        for name, value in values.value.items():
            self._check_setting(name, value, values.span)
        twice = [name for name, number in Counter(_prefixes(values.value)).items() if number and name in values.value]
        for name in twice:
            self._note(rules.UNSAFE_COMMAND, values.span, f"`{name}` is an attribute and a block")
        return Settings(resource.value, dict(values.value))

    def _check_setting(self, name: str, value: Any, span: Span) -> None:
        if not _ATTRIBUTE.fullmatch(name):
            self._note(rules.UNSAFE_COMMAND, span, f"`{shorten(name)}` is no attribute")
        if isinstance(value, str):
            self._check_text(value, span)
        elif not isinstance(value, bool | int | float):
            self._note(load_rules.WRONG_KIND, span, f"`{shorten(name)}` is a text, a number, `true` or `false`")

    def _note(self, rule: Rule, span: Span, message: str, *, help: str | None = None) -> None:
        self.diagnostics.append(rule.at(span, message, help=help))


def _prefixes(names: Iterable[str]) -> Iterator[str]:
    """Yield the blocks of attributes."""
    for name in names:
        parts = name.split(".")
        yield from (".".join(parts[:depth]) for depth in range(1, len(parts)))
