"""A message names another field, or another JSON key, than the expression reads.

The reader of the finding looks in the wrong place. This happens when an expression is copied and its message is not
changed. The rule reports a message only if it names something that the same file reads elsewhere, and nothing that this
expression reads.

Wrong: the second query reads key 2, but its message names key 1.

```yaml
# types/User/report.extracts.yaml
extracts:
  - name: report
    value: {JSON_FROM: {arg: {FIELD: {path: report__c}}, undeterminedIf: {isInvalid: report__c is no JSON.}}}
  - name: key1
    value:
      JSON_QUERY_TEXT:
        arg: {EXTRACT: report}
        expression: access_key_1_active
        undeterminedIf: {evaluationError: The query failed., resultTypeMismatch: access_key_1_active is no text.}
  - name: key2
    value:
      JSON_QUERY_TEXT:
        arg: {EXTRACT: report}
        expression: access_key_2_active
        undeterminedIf: {evaluationError: The query failed., resultTypeMismatch: access_key_1_active is no text.}
```

Right: each message names the key that its query reads.

```yaml
# types/User/report.extracts.yaml
extracts:
  - name: report
    value: {JSON_FROM: {arg: {FIELD: {path: report__c}}, undeterminedIf: {isInvalid: report__c is no JSON.}}}
  - name: key1
    value:
      JSON_QUERY_TEXT:
        arg: {EXTRACT: report}
        expression: access_key_1_active
        undeterminedIf: {evaluationError: The query failed., resultTypeMismatch: access_key_1_active is no text.}
  - name: key2
    value:
      JSON_QUERY_TEXT:
        arg: {EXTRACT: report}
        expression: access_key_2_active
        undeterminedIf: {evaluationError: The query failed., resultTypeMismatch: access_key_2_active is no text.}
```
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from perpend.authoring.lint.context import LintContext, blocks_of, written_here
from perpend.core.diagnostics.model import Diagnostic, Rule, Severity, Span
from perpend.core.values.jmespath_query import compile_query
from perpend.language.operations.operation import Constant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perpend.language.program.program import Block, Expr
    from perpend.language.syntax.documents import WrittenBlock

RULE = Rule("A304", "misleading-message", Severity.WARNING, __doc__ or "")

_BARE = re.compile(r"(?<![\w`'\"])[A-Za-z]\w*_\w*(?![\w`'\"])", re.ASCII)
_QUOTED = re.compile(r"([`'\"])([A-Za-z][\w.]*)\1", re.ASCII)


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the messages that name only values that the expression does not read."""
    for _, values in lint_context.extracts:
        yield from _in_checks(lint_context, values, _names(values, texts=False))
    for logic, analyzed in lint_context.policies:
        blocks = list(blocks_of(logic, analyzed))
        known = _names((condition.expression for _, block in blocks for condition in block.conditions), texts=False)
        for written, block in blocks:
            yield from _in_checks(lint_context, (condition.expression for condition in block.conditions), known)
            yield from _in_conditions(written, block, known)


def _in_checks(lint_context: LintContext, values: Iterable[Expr], known: frozenset[str]) -> Iterator[Diagnostic]:
    for value in values:
        for expression in written_here(value):
            own = _names([expression]) if expression.checks else frozenset()
            for check in expression.checks:
                place = lint_context.check_place(expression, check)
                yield from _misled(check.message, own, known, place)


def _in_conditions(written: WrittenBlock, block: Block, known: frozenset[str]) -> Iterator[Diagnostic]:
    children = _names(condition.expression for below in _below(block) for condition in below.conditions)
    own: frozenset[str] = frozenset()
    for condition, expected in zip(written.conditions, block.conditions, strict=True):
        own |= _names([expected.expression])  # the message may name fields of earlier conditions, too
        if any(part.operation.taking(Constant.RELATIONSHIP) for part in written_here(expected.expression)):
            own |= children
        if condition.outcome is not None:
            yield from _misled(expected.outcome.message, own, known, condition.outcome.message.span)


def _below(block: Block) -> Iterator[Block]:
    for below in block.related.values():
        yield below
        yield from _below(below)


def _misled(message: str, own: frozenset[str], known: frozenset[str], place: Span) -> Iterator[Diagnostic]:
    named = {match[0] for match in _BARE.finditer(message)}
    named |= {part for match in _QUOTED.finditer(message) for part in (match[2], match[2].rpartition(".")[2])}
    if own and named & known and not named & own:
        other = min(named & known, key=message.find)
        read = ", ".join(f"`{name}`" for name in sorted(own)[:3])
        yield RULE.at(place, f"the message names `{other}`, but {read} is read here")


def _names(expressions: Iterable[Expr], *, texts: bool = True) -> frozenset[str]:
    """Return the fields and JSON keys that expressions read, extracts included; with ``texts`` their constants too."""
    names: set[str] = set()
    open_expressions, seen = list(expressions), set()
    while open_expressions:
        expression = open_expressions.pop()
        if id(expression) in seen:
            continue
        seen.add(id(expression))
        open_expressions += expression.operands
        names |= set(_own_names(expression, texts=texts))
    return frozenset(names)


def _own_names(expression: Expr, *, texts: bool) -> Iterator[str]:
    operation, arguments = expression.operation, expression.arguments
    lookups = [arguments[name] for name in operation.taking(Constant.LOOKUP_PATH)]
    for path in (*expression.field_paths, *expression.delegates, *lookups):
        yield path.rpartition(".")[2]
    for name in operation.taking(Constant.JMESPATH):
        yield from _query_names(compile_query(arguments[name]).tree, texts=texts)
    if texts and operation.scalar:
        # A blank text has no name of its own: the names on the way to it are allowed.
        yield from (text for name in operation.taking(Constant.TEXT) if (text := arguments[name]).strip())


def _query_names(node: Any, *, texts: bool) -> Iterator[str]:
    if isinstance(node, dict) and "type" in node:
        if isinstance(node.get("value"), str) and (node["type"] == "field" or (texts and node["type"] == "literal")):
            yield node["value"]
        for child in node["children"]:
            yield from _query_names(child, texts=texts)
