"""Compile logic files to programs: resolve names, infer types, number outcomes. Errors become diagnostics."""

from __future__ import annotations

import os
import threading
from dataclasses import field, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import Diagnostic, Rule, Severity, Span
from perpend.core.diagnostics.phrases import MAX_HINTS, nearest, shorten
from perpend.core.objects.ids import type_of_extracts
from perpend.core.objects.object_types import UNKNOWN_TYPE, ObjectType, Types, reached
from perpend.core.values.types import ValueType
from perpend.language.compiler import rules
from perpend.language.compiler.constants import syntax_problem
from perpend.language.compiler.program_cache import cache_of
from perpend.language.compiler.reachability import compute_the_same
from perpend.language.compiler.type_names import label_as_type
from perpend.language.compiler.typing_rules import Retyping, incompatible, operand_types, result_type
from perpend.language.compiler.verdicts import verdict_table
from perpend.language.operations.operation import DELETION_FIELD, Constant, Result
from perpend.language.program.numbering import MAX_SLOTS
from perpend.language.program.program import Block, Check, Condition, Expr, ExtractReference, Outcome, Program
from perpend.language.program.required_columns import reads_of

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from perpend.language.syntax.calls import Call
    from perpend.language.syntax.documents import WrittenBlock, WrittenExtract, WrittenOutcome
    from perpend.language.syntax.repository import Repository


MAX_OPERATIONS: Final = 5_000
"""The most operations that one expression may unfold to."""

MAX_DEPTH: Final = 80
"""The deepest nesting of operations, extracts unfolded."""


class ExpressionSize:
    """Measures each expression once. Extracts are shared, so an expression can unfold to far more operations than its file has.

    ``depth`` is the number of operations around the current one.
    """

    def __init__(self) -> None:
        self.depth = 0
        self._measured: dict[int, tuple[Expr, int, int]] = {}

    def problem(self, expression: Expr) -> str | None:
        """Return why an expression is too large or too deep, None if it is neither."""
        size, depth = self._measure(expression)
        if size > MAX_OPERATIONS:
            return f"with its extracts this unfolds to more than {MAX_OPERATIONS:,} operations"
        return too_deep() if depth > MAX_DEPTH else None

    def _measure(self, expression: Expr) -> tuple[int, int]:
        if id(expression) not in self._measured:
            parts = [self._measure(operand) for operand in expression.operands]
            size = 1 + sum(part[0] for part in parts)
            depth = 1 + max((part[1] for part in parts), default=0)
            self._measured[id(expression)] = (expression, size, depth)
        return self._measured[id(expression)][1:]


def too_deep() -> str:
    """Return the message for operations that are nested too deeply."""
    return f"with its extracts this nests more than {MAX_DEPTH} operations"


@dataclass(frozen=True, slots=True)
class NameScope:
    """The names in scope: the object type, the imports (``nearest``: those of this block), and the related lists of this block.

    ``incomplete``: some import could not be read, so an unknown name may be in it.
    """

    type: ObjectType
    imports: tuple[str, ...]
    nearest: tuple[str, ...] = ()
    relationships: frozenset[str] = frozenset()
    incomplete: bool = False

    def holders(self, name: str, reached: ObjectType, lookups: list[str], names: Callable[[str], Container[str]]) -> list[str]:
        """Return the imports that may hold an extract of the type that lookups reach. ``names`` returns the names in a file.

        If that type is not declared, imports of this block come first, then imports whose type is named like the lookup
        (``CA10__loadBalancer__r``: ``CA10__CaAwsLoadBalancer__c``).
        """
        having = [extracts_id for extracts_id in self.imports if name in names(extracts_id)]
        if reached.name:
            return [extracts_id for extracts_id in having if type_of_extracts(extracts_id) == reached.name]
        near = [extracts_id for extracts_id in having if extracts_id in self.nearest] or having
        if len(near) > 1 and lookups:
            word = lookups[-1].removesuffix("__r").rpartition("__")[2].lower()
            near = [
                extracts_id for extracts_id in near if type_of_extracts(extracts_id).removesuffix("__c").lower().endswith(word)
            ] or near
        return near


Parameters = ParamSpec("Parameters")
Value = TypeVar("Value")

_LOCK: Final = threading.RLock()

if hasattr(os, "register_at_fork"):
    # Hold the lock during a fork, so that the child gets neither half an analysis nor a lock that nobody releases.
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


def one_at_a_time(work: Callable[Parameters, Value]) -> Callable[Parameters, Value]:
    """Allow one thread at a time in the decorated functions. They may call each other."""

    @wraps(work)
    def locked(*arguments: Parameters.args, **named: Parameters.kwargs) -> Value:
        with _LOCK:
            return work(*arguments, **named)

    return locked


@dataclass(frozen=True, slots=True)
class Analyzed:
    """The result for one logic file. ``program`` is None if an error, here or in an import, makes it unusable."""

    program: Program | None
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(slots=True)
class Analyzer:
    """Analyses the logic files of one repository. Extracts are typed once and shared between programs.

    ``retyping``, ``expression_size`` and the number of ``hints`` are shared as well. Threads may share an analyzer: they wait
    for each other.
    """

    repository: Repository
    retyping: Retyping = field(default_factory=Retyping)
    expression_size: ExpressionSize = field(default_factory=ExpressionSize)
    hints: int = 0
    _types_used: dict[str, dict[str, WrittenExtract]] = field(default_factory=dict)
    _extracts: dict[tuple[str, str], Expr | None] = field(default_factory=dict)
    _extract_diagnostics: dict[str, list[Diagnostic]] = field(default_factory=dict)
    _open: list[tuple[str, str]] = field(default_factory=list)
    _programs: dict[str, Analyzed] = field(default_factory=dict)

    @one_at_a_time
    def analyzed(self, logic_id: str) -> Analyzed:
        """Return a logic file's program and diagnostics."""
        if logic_id not in self._programs:
            self._programs[logic_id] = self._analyze(logic_id)
        return self._programs[logic_id]

    @one_at_a_time
    def programs(self, logic_ids: Sequence[str]) -> list[Program | None]:
        """Return the programs of logic files, None for those with errors. They may come from the user's cache."""
        cache = None if self._programs else cache_of(self.repository, logic_ids)
        cached = cache.read() if cache is not None else None
        if cached is not None:
            self._programs |= {program.logic_id: Analyzed(program) for program in cached}
        programs = [self.analyzed(logic_id).program for logic_id in logic_ids]
        if cache is not None and cached is None and not any(map(self._has_faults, logic_ids)):
            cache.write([program for program in programs if program is not None])
        return programs

    def _has_faults(self, logic_id: str) -> bool:
        return bool(self.repository.logic(logic_id).diagnostics or self.analyzed(logic_id).diagnostics)

    @one_at_a_time
    def extract_diagnostics(self, extracts_id: str) -> list[Diagnostic]:
        """Return the diagnostics of a file of extracts."""
        document = self.repository.extracts(extracts_id).value
        diagnostics = self._extract_diagnostics.setdefault(extracts_id, [])
        for extract in document.extracts if document else ():
            self.extract(extracts_id, extract.name)
        return diagnostics + self._repeated_extracts(extracts_id)

    def object_type(self, name: str) -> ObjectType:
        """Return an object type as declared, or one with only its name."""
        declared = self.repository.object_type(name).value if name else None
        return declared or (ObjectType(name) if name else UNKNOWN_TYPE)

    def reached(self, object_type: ObjectType, lookups: Iterable[str]) -> ObjectType:
        """Return the type of the objects that lookups lead to, an unknown one if a lookup is not declared."""
        return reached(object_type, lookups, self.object_type)

    def child_type(self, object_type: ObjectType, relationship: str) -> ObjectType:
        """Return the type of a related list's objects, :data:`UNKNOWN_TYPE` if the list is not declared."""
        *lookups, name = relationship.split(".")
        children = self.reached(object_type, lookups).children.get(name)
        return self.object_type(children.type_name) if children else UNKNOWN_TYPE

    def _analyze(self, logic_id: str) -> Analyzed:
        loaded = self.repository.logic(logic_id)
        if (logic := loaded.value) is None:
            return Analyzed(None)
        work = _Work(self, logic_id, list(label_as_type(self.repository, logic.input_type)))
        block = work.block(logic.block, self.object_type(logic.input_type.value), NameScope(UNKNOWN_TYPE, ()))
        broken = any(diagnostic.severity is Severity.ERROR for diagnostic in (*loaded.diagnostics, *work.diagnostics))
        program = None
        if block is not None and not broken:
            types = reachable_types(block, self.object_type)
            values = self.repository.values(logic.policy_id) if logic.parameters else ()
            program = Program(logic_id, logic.policy_id, block, verdict_table(block), types, reads_of(block), values)
        return Analyzed(program, tuple(work.diagnostics))

    def names(self, extracts_id: str) -> Mapping[str, WrittenExtract]:
        """Return the extracts of a file by name. Of several extracts with one name, the first counts."""
        if extracts_id not in self._types_used:
            document = self.repository.extracts(extracts_id).value
            self._types_used[extracts_id] = {
                extract.name: extract for extract in reversed(document.extracts if document else ())
            }
        return self._types_used[extracts_id]

    @one_at_a_time
    def extract(self, extracts_id: str, name: str) -> Expr | None:
        """Return the typed value of an extract, None if it cannot be used."""
        key = (extracts_id, name)
        if key in self._extracts:
            return self._extracts[key]
        written = self.names(extracts_id).get(name)
        if written is None or written.value is None:
            return self._extracts.setdefault(key, None)
        diagnostics = self._extract_diagnostics.setdefault(extracts_id, [])
        if key in self._open:
            chain = " → ".join(entry for _, entry in [*self._open[self._open.index(key) :], key])
            message = f"the extract `{shorten(name)}` uses itself"
            diagnostics.append(rules.CYCLIC_EXTRACT.at(written.span, message, help=shorten(chain, 300)))
            return None
        self._open.append(key)
        work = _Work(self, extracts_id, [])
        type_name = type_of_extracts(extracts_id)
        imports = self.of_type(type_name, extracts_id)
        scope = NameScope(self.object_type(type_name), imports, incomplete=self.any_unreadable(imports))
        value = work.expression(written.value, scope)
        self._open.pop()
        diagnostics += work.diagnostics
        usable = value if not any(diagnostic.severity is Severity.ERROR for diagnostic in work.diagnostics) else None
        return self._extracts.setdefault(key, usable)

    def of_type(self, type_name: str, first: str) -> tuple[str, ...]:
        """Return the files with extracts of an object type, the given one first."""
        prefix = f"/types/{type_name}/"
        return (first, *(file for file in self.repository.extracts_ids if file.startswith(prefix) and file != first))

    def any_unreadable(self, extracts_ids: Iterable[str]) -> bool:
        """Whether some file of extracts could not be read at all."""
        return any(self.repository.extracts(extracts_id).value is None for extracts_id in extracts_ids)

    def _repeated_extracts(self, extracts_id: str) -> list[Diagnostic]:
        document = self.repository.extracts(extracts_id).value
        elsewhere = [
            self.names(before) for before in self.of_type(type_of_extracts(extracts_id), extracts_id) if before < extracts_id
        ]
        diagnostics = []
        for extract in document.extracts if document else ():
            here = self.names(extracts_id)[extract.name]
            first = next((names[extract.name] for names in elsewhere if extract.name in names), here)
            if first is not extract:
                message = f"the extract `{shorten(extract.name)}` is defined twice"
                place = f"line {first.span.line}" if first.span.path == extract.span.path else f"`{first.span.path}`"
                diagnostics.append(rules.DUPLICATE_EXTRACT.at(extract.span, message, label=f"first defined in {place}"))
        return diagnostics


@dataclass(slots=True)
class _Work:
    """The analysis of one document."""

    analyzer: Analyzer
    document: str
    diagnostics: list[Diagnostic]

    def block(self, written: WrittenBlock, object_type: ObjectType, around: NameScope) -> Block | None:
        near = self._imports(written)
        imports = tuple(dict.fromkeys((*near, *around.imports)))
        incomplete = around.incomplete or len(near) < len(written.imports) or self.analyzer.any_unreadable(near)
        scope = NameScope(object_type, imports, near, frozenset(self._relationships(written)), incomplete)
        conditions = [
            self._condition(condition.check, condition.outcome, condition.span, scope) for condition in written.conditions
        ]
        related: dict[str, Block | None] = {}
        for written_list in written.related:
            if written_list.relationship:
                child = self.analyzer.child_type(object_type, written_list.relationship.value)
                related.setdefault(written_list.relationship.value, self.block(written_list, child, scope))
        if written.otherwise is None or None in conditions or None in related.values():
            return None
        return Block(
            object_type,
            tuple(condition for condition in conditions if condition),
            _outcome(written.otherwise),
            {name: child for name, child in related.items() if child},
            written.record_types,
        )

    def _imports(self, written: WrittenBlock) -> tuple[str, ...]:
        imported = self.analyzer.repository.imported
        return tuple(filter(None, (imported(reference, self.document, self.diagnostics) for reference in written.imports)))

    def _relationships(self, written: WrittenBlock) -> dict[str, Span]:
        names: dict[str, Span] = {}
        for written_list in written.related:
            if written_list.relationship is None:
                continue
            name = written_list.relationship.value
            if name in names:
                label = f"first declared in line {names[name].line}"
                self._note(
                    rules.DUPLICATE_RELATED_LIST,
                    written_list.relationship.span,
                    f"the related list `{shorten(name)}` is declared twice",
                    label=label,
                )
            names.setdefault(name, written_list.relationship.span)
        return names

    def _condition(self, check: Call | None, outcome: WrittenOutcome | None, span: Span, scope: NameScope) -> Condition | None:
        expression = self.expression(check, scope) if check else None
        if expression is None:
            return None
        expression = self.analyzer.retyping.typed(expression, ValueType.BOOLEAN)
        if expression.type is not ValueType.BOOLEAN:
            message = f"`{expression.operation.key}` is {expression.type.value}, not Boolean"
            self._note(rules.NOT_BOOLEAN, check.span if check else span, message)
            return None
        if expression.slots > MAX_SLOTS:
            message = f"the condition has {expression.slots} checks; at most {MAX_SLOTS} can be numbered"
            self._note(rules.TOO_MANY_CHECKS, span, message)
            return None
        return Condition(expression, _outcome(outcome)) if outcome else None

    def expression(self, call: Call, scope: NameScope) -> Expr | None:
        """Return a typed expression, None (with diagnostics) if a part of it is unusable."""
        expression_size = self.analyzer.expression_size
        if expression_size.depth >= MAX_DEPTH:
            self._note(rules.UNFOLDS_TOO_FAR, call.span, too_deep())
            return None
        expression_size.depth += 1
        expression = self._expression(call, scope)
        expression_size.depth -= 1
        problem = expression_size.problem(expression) if expression else None
        if problem is not None:
            self._note(rules.UNFOLDS_TOO_FAR, call.span, problem)
            return None
        return expression

    def _expression(self, call: Call, scope: NameScope) -> Expr | None:
        arguments, complete = self._arguments(call, scope)
        operation = call.operation
        extract = self._extracted(call, scope) if operation.result is Result.EXTRACT else None
        complete = complete and (extract is not None or operation.result is not Result.EXTRACT)
        for name in operation.taking(Constant.RELATIONSHIP):
            complete = self._relationship(call, name, scope) and complete
        complete = self._constants(call, arguments) and complete
        operands = {name: value for name, value in arguments.items() if isinstance(value, Expr)}
        for name, value_type in operand_types(operation, operands).items():
            arguments[name] = operands[name] = self.analyzer.retyping.typed(operands[name], value_type)
        complete = self._operand_types(call, arguments) and complete
        problem = incompatible(operation, operands) if complete else None
        if problem is not None:
            self._note(rules.INCOMPARABLE_TYPES, call.span, problem, fault=_type_source([*operands.values()]))
            complete = False
        if not complete:
            return None
        checks = tuple(
            Check(
                check.declaration,
                str(arguments.get("message") or "") if check.declaration.implied else check.message,
                check.delegate,
            )
            for check in call.checks
        )
        deletion = scope.type.deletion_field if DELETION_FIELD in operation.reads else None
        expression = Expr(operation, arguments, ValueType.ANY, checks, call.span, extract, deletion, call.parameters)
        return replace(expression, type=result_type(expression, self._field_type(expression, scope)))

    def _arguments(self, call: Call, scope: NameScope) -> tuple[dict[str, Any], bool]:
        arguments: dict[str, Any] = {}
        complete = True
        for parameter in call.operation.parameters:
            value = call.arguments.get(parameter.name)
            if parameter.operand is None:
                complete = complete and (value is not None or not parameter.required or parameter.constant is Constant.JSON)
            elif parameter.many:
                parts = tuple(self.expression(part, scope) if part else None for part in value or ())
                parts = tuple(part and self.analyzer.retyping.typed(part, ValueType.BOOLEAN) for part in parts)
                complete = complete and bool(parts) and None not in parts
                value = parts
            else:
                value = self.expression(value, scope) if value else None
                complete = complete and value is not None
            arguments[parameter.name] = value
        return arguments, complete

    def _operand_types(self, call: Call, arguments: Mapping[str, Any]) -> bool:
        valid = True
        for parameter in call.operation.parameters:
            value = arguments.get(parameter.name)
            for operand in value if isinstance(value, tuple) else (value,):
                if not isinstance(operand, Expr) or parameter.operand is None or operand.type is ValueType.ANY:
                    continue
                if operand.type not in parameter.operand:
                    wanted = " or ".join(sorted(value_type.value for value_type in parameter.operand))
                    message = f"`{call.operation.key}` takes {wanted} as `{parameter.name}`, not {operand.type.value}"
                    self._note(rules.TYPE_MISMATCH, operand.span or call.span, message, fault=_type_source([operand]))
                    valid = False
        return valid

    def _constants(self, call: Call, arguments: Mapping[str, Any]) -> bool:
        valid = True
        for parameter in call.operation.parameters:
            value = arguments.get(parameter.name)
            if not isinstance(value, str):
                continue
            source_line = self.analyzer.repository.files.source_line
            problem = syntax_problem(value, parameter.constant, call.spans[parameter.name], source_line)
            if problem is not None:
                self.diagnostics.append(problem)
                valid = False
        return valid

    def _field_type(self, expression: Expr, scope: NameScope) -> ValueType:
        if expression.operation.result is not Result.FIELD:
            return ValueType.ANY
        *lookups, name = expression.field_paths[0].split(".")
        declared = self.analyzer.reached(scope.type, lookups).fields.get(name)
        return declared.type if declared else ValueType.ANY

    def _relationship(self, call: Call, parameter: str, scope: NameScope) -> bool:
        name = call.arguments.get(parameter)
        if name is None:
            return False
        if name not in scope.relationships:
            hint = nearest(name, scope.relationships, self.diagnostics) or "declare it under `relatedLists` of this block"
            self._note(
                rules.UNKNOWN_RELATED_LIST,
                call.spans[parameter],
                f"no related list `{shorten(name)}` is declared here",
                help=hint,
            )
            return False
        return True

    def _extracted(self, call: Call, scope: NameScope) -> ExtractReference | None:
        parameter = call.operation.taking(Constant.EXTRACT_PATH)[0]
        path = call.arguments.get(parameter)
        if path is None:
            return None
        *lookups, name = path.split(".")
        reached = self.analyzer.reached(scope.type, lookups)
        place = call.spans[parameter]
        holders = scope.holders(name, reached, lookups, self.analyzer.names)
        if not holders:
            self._unknown_extract(name, reached, place, scope)
            return None
        bodies = (self.analyzer.extract(holder, name) for holder in holders)
        if len({type_of_extracts(holder) for holder in holders}) > 1 and not compute_the_same(bodies):
            types = ", ".join(f"`{holder}`" for holder in holders)
            self._note(rules.AMBIGUOUS_EXTRACT, place, f"several imports have an extract `{shorten(name)}`", help=types)
            return None
        body = self.analyzer.extract(holders[0], name)
        return None if body is None else ExtractReference(tuple(lookups), type_of_extracts(holders[0]), body)

    def _unknown_extract(self, name: str, reached: ObjectType, place: Span, scope: NameScope) -> None:
        if scope.incomplete:
            return
        hint, self.analyzer.hints = None, self.analyzer.hints + 1
        if self.analyzer.hints <= MAX_HINTS:
            named = {file: self.analyzer.names(file) for file in scope.imports}
            elsewhere = min((type_of_extracts(file) for file, known in named.items() if name in known), default=None)
            reachable = (known for file, known in named.items() if reached.name in ("", type_of_extracts(file)))
            fitting = {extract for known in reachable for extract in known}
            hint = f"it is an extract of `{elsewhere}`" if elsewhere else nearest(name, fitting, self.diagnostics)
        label = f"object type `{reached.name}` has no such extract among the imports" if reached.name else "no import has it"
        self._note(rules.UNKNOWN_EXTRACT, place, f"unknown extract `{shorten(name)}`", label=label, help=hint)

    def _note(self, rule: Rule, span: Span, message: str, *, label: str = "", help: str | None = None, fault: str = "") -> None:
        self.diagnostics.append(rule.at(span, message, label=label, help=help, fault=fault))


def _type_source(operands: Iterable[Expr]) -> str:
    """Return the source of the operands' types: an extract, else a field; empty if both sides are constants."""
    for result, word in ((Result.EXTRACT, "extract"), (Result.FIELD, "field")):
        paths = [operand.arguments["path"] for operand in operands if operand.operation.result is result]
        if paths:
            return f"the type of the {word} `{shorten(paths[0])}`"
    return ""


def _outcome(written: WrittenOutcome) -> Outcome:
    remediation = written.remediation.value if written.remediation else None
    return Outcome(written.status, written.message.value.strip(), (remediation or "").strip() or None, written.span)


def reachable_types(block: Block, type_of: Callable[[str], ObjectType]) -> Types:
    """Return the types that a block reaches, by name. ``type_of`` returns a type by its API name, bare if undeclared."""
    types: dict[str, ObjectType] = {}
    pending = _types_used(block)
    while pending:
        name = pending.pop()
        if name and name not in types:
            types[name] = type_of(name)
            pending += (lookup.target for lookup in types[name].lookups.values())
    return Types(types)


def _types_used(block: Block) -> list[str]:
    """Return the types of a block, of its lists, and of the extracts that they use."""
    names = [block.type.name]
    pending = [condition.expression for condition in block.conditions]
    seen: set[int] = set()
    while pending:
        expression = pending.pop()
        if id(expression) in seen:
            continue
        seen.add(id(expression))
        if expression.extract is not None:
            names.append(expression.extract.type_name)
        pending += expression.operands
    return names + [name for child in block.related.values() for name in _types_used(child)]


def logic_errors(analyzer: Analyzer, logic_id: str) -> tuple[Diagnostic, ...]:
    """Return the errors that prevent a logic from running: its own, or else those of the extract files that it imports."""
    repository = analyzer.repository
    own = [*repository.logic(logic_id).diagnostics, *analyzer.analyzed(logic_id).diagnostics]
    errors = [problem for problem in own if problem.severity is Severity.ERROR]
    if not errors:
        logic = repository.logic(logic_id).value
        imports = set(_imports(logic.block, repository, logic_id)) if logic else set()
        for extracts_id in sorted(imports):
            errors += [*repository.extracts(extracts_id).diagnostics, *analyzer.extract_diagnostics(extracts_id)]
    return tuple(errors)


def _imports(block: WrittenBlock, repository: Repository, document: str) -> Iterable[str]:
    for reference in block.imports:
        extracts_id = repository.imported(reference, document, [])
        if extracts_id:
            yield extracts_id
    for related in block.related:
        yield from _imports(related, repository, document)
