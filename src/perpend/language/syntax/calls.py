"""Read operations: one key with its parameters and checks, as ``language.operations`` declares them."""

from __future__ import annotations

import json
import re
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import nearest, shorten
from perpend.core.objects.status import Status
from perpend.core.values.values import date_time_from_text, duration_from_iso
from perpend.language.operations import BY_KEY, OPERATIONS
from perpend.language.operations.operation import TAKES_PARAMETER, CheckDeclaration, Constant, Operation, Parameter
from perpend.language.program.numbering import LAST
from perpend.language.syntax import rules
from perpend.language.syntax.nodes import Mapping, Node, ScalarNode, Sequence, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from collections.abc import Mapping as MappingType

    from perpend.core.diagnostics.model import Diagnostic, Rule, Span
    from perpend.language.program.parameters import Value
    from perpend.language.syntax.policy_parameters import PolicyParameters

_EXPECTATION = ("status", "subIndex", "text", "runtimeError")
_CHECKS_KEY = "undeterminedIf"
_DELEGATE = ("path", "currentStateMessage")
_BARE: Final = re.compile(r"[A-Za-z][\w./-]*", re.ASCII)
"""A text that YAML reads as a text without quotes, unless it is a word such as `true`."""

REFERENCE: Final = "parameter"
"""The key of a reference to a parameter of the policy, in the place of a constant."""

_OLD_FORMATS = {"GCP_DURATION": "GCP"}


@dataclass(frozen=True, slots=True)
class WrittenCheck:
    """One ``undeterminedIf`` entry: its declaration, its message, the delegate's path, and the place of its key."""

    declaration: CheckDeclaration
    message: str
    delegate: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """One operation in a file. ``arguments`` holds by parameter a ``Call``, a tuple of them, or a constant.

    An operand that could not be read is None. ``span`` is the place of the operation's key, ``spans`` those of values.
    ``parameters`` names the policy's parameter of each constant that is the value of one.
    """

    operation: Operation
    arguments: MappingType[str, Any]
    checks: tuple[WrittenCheck, ...]
    span: Span
    spans: MappingType[str, Span]
    parameters: MappingType[str, str] = field(default_factory=dict)


def call_from_node(
    node: Node, key_span: Span, diagnostics: list[Diagnostic], parameters: PolicyParameters | None = None
) -> Call | None:
    """Return the operation in a node, None if there is none. Problems go to ``diagnostics``.

    ``parameters`` are those of the policy, None outside of a logic file.
    """
    return _Calls(diagnostics, parameters).call(node, key_span)


def modernise(call: Call) -> Call:
    """Return an operation of a newer file, where ``substring``, ``prefix`` and ``suffix`` are old spellings of ``search``."""
    arguments = {name: _modernise_value(value) for name, value in call.arguments.items()}
    operation, spans, parameters = call.operation, dict(call.spans), dict(call.parameters)
    newer = OPERATIONS.get(operation.key, operation)
    if newer is not operation and operation.dialects == ("D1",):
        for old, new in zip(operation.parameters, newer.parameters, strict=True):
            arguments[new.name] = arguments.pop(old.name)
            if old.name in spans:
                spans[new.name] = spans.pop(old.name)
            if old.name in parameters:
                parameters[new.name] = parameters.pop(old.name)
        operation = newer
    return Call(operation, arguments, call.checks, call.span, spans, parameters)


def _modernise_value(value: Any) -> Any:
    if isinstance(value, Call):
        return modernise(value)
    return tuple(_modernise_value(item) for item in value) if isinstance(value, tuple) else value


class _Calls:
    def __init__(self, diagnostics: list[Diagnostic], parameters: PolicyParameters | None) -> None:
        self.diagnostics = diagnostics
        self.parameters = parameters

    def call(self, node: Node, key_span: Span) -> Call | None:
        if not isinstance(node, Mapping) or not node.entries:
            self._note(rules.NOT_ONE_OPERATION, key_span, "an operation is expected here", help=_nearest_operation(node))
            return None
        key, body = node.entries[0]
        for extra, _ in node.entries[1:]:
            self._note(
                rules.NOT_ONE_OPERATION, extra.span, f"`{extra.text}` stands beside `{key.text}`: only one operation may"
            )
        if key.text not in BY_KEY:
            hint = self._nearest(key.text, BY_KEY)
            self._note(rules.UNKNOWN_OPERATION, key.span, f"unknown operation `{key.text[:60]}`", help=hint)
            return None
        operation = _spelling(key.text, body)
        if operation.scalar:
            parameter = operation.parameters[0]
            value = self._constant(body, parameter, key.span)
            named = _named_parameters({parameter.name: body}, (parameter,))
            return Call(operation, {parameter.name: value}, (), key.span, {parameter.name: body.span}, named)
        return self._record(operation, body, key.span)

    def _record(self, operation: Operation, body: Node, span: Span) -> Call | None:
        if isinstance(body, ScalarNode) and body.value is None and not operation.parameters:
            body = Mapping((), body.span, 1)
        if not isinstance(body, Mapping):
            message = f"`{operation.key}` takes a mapping of its parameters"
            self._note(rules.WRONG_KIND, body.span, message, help=_form(operation, body))
            return None
        parameters = {parameter.name: parameter for parameter in operation.parameters}
        written = {key.text: value for key, value in body.entries}
        allowed = [*parameters, *([_CHECKS_KEY] if any(not check.implied for check in operation.checks) else [])]
        for key, _ in body.entries:
            if key.text not in allowed:
                hint = self._nearest(key.text, allowed) or f"known keys: {', '.join(f'`{name}`' for name in allowed)}"
                self._note(rules.UNKNOWN_KEY, key.span, f"unknown key `{key.text[:60]}` in `{operation.key}`", help=hint)
        arguments: dict[str, Any] = {}
        spans: dict[str, Span] = {}
        for parameter in operation.parameters:
            if parameter.name in written:
                spans[parameter.name] = written[parameter.name].span
                arguments[parameter.name] = self._argument(written[parameter.name], parameter, _key_span(body, parameter.name))
            else:
                arguments[parameter.name] = None
                if parameter.required:
                    self._missing(parameter.name, operation, span, parameter.doc)
        checks = self._checks(operation, written.get(_CHECKS_KEY), span)
        return Call(operation, arguments, checks, span, spans, _named_parameters(written, operation.parameters))

    def _argument(self, node: Node, parameter: Parameter, key_span: Span) -> Any:
        if parameter.operand is not None and parameter.many:
            if not isinstance(node, Sequence):
                self._note(rules.WRONG_KIND, node.span, f"`{parameter.name}` takes a list of operations")
                return None
            if not node.items:
                self._note(rules.NO_ARGUMENTS, key_span, f"`{parameter.name}` is empty")
            return tuple(self.call(item, item.span) for item in node.items)
        if parameter.operand is not None:
            return self.call(node, key_span)
        return self._constant(node, parameter, key_span)

    def _constant(self, node: Node, parameter: Parameter, key_span: Span) -> Any:
        if parameter.choices is not None:
            if not isinstance(node, ScalarNode) or node.text not in parameter.choices:
                text = node.text[:60] if isinstance(node, ScalarNode) else "this"
                hint = (
                    self._nearest(text, parameter.choices) or f"one of {', '.join(f'`{name}`' for name in parameter.choices)}"
                )
                self._note(rules.UNKNOWN_CHOICE, node.span, f"`{text}` is not allowed as `{parameter.name}`", help=hint)
                return None
            return _OLD_FORMATS.get(node.text, node.text)
        assert parameter.constant is not None
        if (name := reference_in(node, parameter.constant)) is not None:
            value = self._value_of(name, node.span)
            if value is None:
                return None
            node = _literal(value, node.span)
        problem, rule = _kind_problem(node, parameter.constant), rules.WRONG_KIND
        if problem is None and isinstance(node, ScalarNode):
            problem, rule = _invalid_reason(node, parameter.constant), rules.INVALID_CONSTANT
        if problem is not None:
            status = node.text if parameter.constant is Constant.STATUS and isinstance(node, ScalarNode) else None
            self._note(rule, node.span, problem, help=None if status is None else self._nearest(status, tuple(Status)))
            return None
        if parameter.constant is Constant.EXPECTATION:
            self._expectation(node)
        value = plain(node)
        return tuple(value) if parameter.constant is Constant.TEXTS else value

    def _value_of(self, name: str, span: Span) -> Value | None:
        """Return the value of a parameter, None (and a diagnostic) if there is none."""
        if self.parameters is None:
            self._note(rules.UNKNOWN_PARAMETER, span, "only logic files of policies can use parameters")
            return None
        return self.parameters.value(name, span, self.diagnostics)

    def _expectation(self, node: Node) -> None:
        assert isinstance(node, Mapping)
        for key, value in node.entries:
            if key.text not in _EXPECTATION:
                hint = self._nearest(key.text, _EXPECTATION)
                self._note(rules.UNKNOWN_KEY, key.span, f"unknown key `{key.text[:60]}` in `expected`", help=hint)
            elif key.text == "status" and plain(value) not in tuple(Status):
                self._note(rules.UNKNOWN_CHOICE, value.span, "`status` is not a status", help=f"one of {', '.join(Status)}")
            elif key.text == "subIndex" and (not _is_whole(plain(value)) or not 0 <= plain(value) <= LAST):
                self._note(rules.WRONG_KIND, value.span, f"`subIndex` is a whole number up to {LAST}")
        if node.get("text") is None:
            self._note(
                rules.MISSING_KEY, node.span, "`expected` needs `text`", help="`text`: the condition text of the verdict"
            )

    def _checks(self, operation: Operation, node: Node | None, span: Span) -> tuple[WrittenCheck, ...]:
        implied = tuple(WrittenCheck(check, "", None, span) for check in operation.checks if check.implied)
        declared = {check.key: check for check in operation.checks if not check.implied}
        if node is None:
            if operation.checks_required:
                self._missing(_CHECKS_KEY, operation, span, "What leaves the status undetermined.")
            return implied
        if not isinstance(node, Mapping):
            self._note(rules.WRONG_KIND, node.span, f"`{_CHECKS_KEY}` takes a mapping of checks to messages")
            return implied
        for key, _ in node.entries:
            if key.text not in declared:
                hint = self._nearest(key.text, declared) or f"known checks: {', '.join(f'`{name}`' for name in declared)}"
                self._note(rules.UNKNOWN_KEY, key.span, f"`{operation.key}` has no check `{key.text[:60]}`", help=hint)
        checks = []
        for name, check in declared.items():
            value = node.get(name)
            if value is not None:
                written = self._check(check, value, _key_span(node, name))
                checks += [written] if written else []
            elif check.required:
                self._missing(name, operation, span, check.doc)
        return (*checks, *implied)

    def _check(self, check: CheckDeclaration, node: Node, span: Span) -> WrittenCheck | None:
        if not check.delegate:
            if not isinstance(node, ScalarNode) or not isinstance(node.value, str | None):
                self._note(rules.WRONG_KIND, node.span, f"`{check.key}` takes a message")
                return None
            return WrittenCheck(check, self._message(node.value or "", node.span), None, span)
        delegate = {key: node.get(key) for key in _DELEGATE} if isinstance(node, Mapping) else {}
        path, message = (value.value if isinstance(value := delegate.get(key), ScalarNode) else None for key in _DELEGATE)
        if not isinstance(path, str) or not isinstance(message, str) or not all(path.split(".")):
            self._note(rules.WRONG_KIND, node.span, f"`{check.key}` takes `path`, a field, and `currentStateMessage`, a text")
            return None
        for key, _ in node.entries if isinstance(node, Mapping) else ():
            if key.text not in _DELEGATE:
                hint = self._nearest(key.text, _DELEGATE)
                self._note(rules.UNKNOWN_KEY, key.span, f"unknown key `{key.text[:60]}` in `{check.key}`", help=hint)
        return WrittenCheck(check, self._message(message, span), path, span)

    def _message(self, text: str, span: Span) -> str:
        return text if self.parameters is None else self.parameters.inserted(text, span, self.diagnostics)

    def _nearest(self, name: str, candidates: Collection[str]) -> str | None:
        return nearest(name, candidates, self.diagnostics)

    def _missing(self, name: str, operation: Operation, span: Span, doc: str) -> None:
        self._note(rules.MISSING_KEY, span, f"`{operation.key}` needs `{name}`", help=f"`{name}`: {doc}")

    def _note(self, rule: Rule, span: Span, message: str, *, help: str | None = None) -> None:
        self.diagnostics.append(rule.at(span, message, help=help))


def reference_in(node: Node, constant: Constant | None) -> str | None:
    """Return the name of the parameter that a node refers to in the place of a constant, None if it refers to none."""
    if constant not in TAKES_PARAMETER or not isinstance(node, Mapping) or len(node.entries) != 1:
        return None
    key, name = node.entries[0]
    return name.text if key.text == REFERENCE and isinstance(name, ScalarNode) else None


def _named_parameters(written: MappingType[str, Node], declared: Iterable[Parameter]) -> dict[str, str]:
    """Return the names of the policy's parameters by the constants that are their values."""
    names = (
        (parameter.name, reference_in(written[parameter.name], parameter.constant))
        for parameter in declared
        if parameter.name in written
    )
    return {constant: name for constant, name in names if name is not None}


def _literal(value: Value, span: Span) -> Node:
    """Return the node of a parameter's value. The entries of a list become texts: the language has no list of numbers."""
    if isinstance(value, tuple):
        return Sequence(tuple(ScalarNode(str(entry), str(entry), span) for entry in value), span, 1 + len(value))
    return ScalarNode(value, str(value), span)


def _spelling(key: str, body: Node) -> Operation:
    """Return the operation of a key with the parameters that are present."""
    candidates = BY_KEY[key]
    if len(candidates) == 1 or not isinstance(body, Mapping):
        return candidates[0]
    written = {name.text for name, _ in body.entries}

    def fit(operation: Operation) -> tuple[int, int]:
        names = {parameter.name for parameter in operation.parameters}
        required = {parameter.name for parameter in operation.parameters if parameter.required}
        return (len(written & names) - len(required - written), -len(required))

    return max(candidates, key=fit)


def _is_bare(text: str) -> bool:
    """Whether YAML reads a text without quotes as this text."""
    return _BARE.fullmatch(text) is not None and text.casefold() not in ("true", "false", "null", "yes", "no", "on", "off")


def _nearest_operation(node: Node) -> str:
    """Return a hint with the operation that a bare value stands for."""
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, bool):
        return f"write `{{BOOLEAN: {str(value).lower()}}}`"
    if isinstance(value, int | float) and isinstance(node, ScalarNode):
        return f"write `{{NUMBER: {node.text[:60]}}}`"
    if isinstance(value, str) and value.endswith("__c"):
        return f"write `{{FIELD: {{path: {value[:60]}}}}}`"
    if isinstance(value, str) and value:
        return f"write `{{TEXT: {value[:60] if _is_bare(value) else json.dumps(value[:60], ensure_ascii=False)}}}`"
    return "for example `IS_EMPTY: {arg: …}`"


def _form(operation: Operation, body: Node) -> str | None:
    """Return the full form of a value directly under an operation's key: the value of the first parameter, if it fits there."""
    first = operation.parameters[0] if operation.parameters else None
    if first and first.constant and isinstance(body, ScalarNode) and isinstance(body.value, str):
        return f"write `{operation.key}: {{{first.name}: {shorten(body.value)}}}`"
    return f"for example `{operation.example}`" if operation.example and "\n" not in operation.example else None


def _key_span(node: Mapping, name: str) -> Span:
    return next(key.span for key, _ in node.entries if key.text == name)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _kind_problem(node: Node, constant: Constant) -> str | None:
    """Return the reason why a node is not a constant of a kind, None if it is."""
    value = plain(node)
    match constant:
        case Constant.JSON:
            return None
        case Constant.NUMBER:
            ok = isinstance(value, int | float) and not isinstance(value, bool)
        case Constant.INTEGER:
            ok = _is_whole(value)
        case Constant.BOOLEAN:
            ok = isinstance(value, bool)
        case Constant.TEXTS:
            ok = isinstance(value, list) and all(isinstance(item, str) for item in value)
        case Constant.EXPECTATION:
            ok = isinstance(value, dict)
        case _:
            ok = isinstance(value, str)
    return None if ok else f"expected {constant.value}"


def _invalid_reason(node: ScalarNode, constant: Constant) -> str | None:
    """Return the reason why a well-formed constant names nothing that exists, None if it does."""
    match constant:
        case Constant.DATE_TIME if date_time_from_text(node.text) is None:
            return f"`{node.text[:60]}` is not a date, or a date and time, in ISO 8601"
        case Constant.DURATION if duration_from_iso(node.text) is None:
            return f"`{node.text[:60]}` is not an ISO 8601 duration"
        case Constant.STATUS if node.text not in tuple(Status):
            return f"`{node.text[:60]}` is not a status"
        case Constant.FIELD_PATH | Constant.LOOKUP_PATH | Constant.EXTRACT_PATH | Constant.RELATIONSHIP:
            return None if all(node.text.split(".")) else f"`{node.text[:60]}` is not a path: a step is empty"
        case Constant.CHILD_FIELD if not node.text or "." in node.text:
            return f"`{node.text[:60]}` is not the name of a field: a list is asked for a field of its own objects"
    return None
