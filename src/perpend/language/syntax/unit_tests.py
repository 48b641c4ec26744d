"""The operations that a logic file uses as written, and whether it tests operations instead of judging objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.language.syntax.calls import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.language.syntax.documents import Logic, WrittenBlock

_UNIT_TESTS = "/ce/unit-test/"


def is_unit_test(logic: Logic) -> bool:
    """Whether a logic file tests operations instead of judging objects."""
    return logic.id.startswith(_UNIT_TESTS) or any(call.operation.name == "UNIT_TEST" for call in written_in(logic.block))


def written_in(block: WrittenBlock) -> Iterator[Call]:
    """Yield the operations written in a block and below it."""
    for condition in block.conditions:
        if condition.check is not None:
            yield from written_below(condition.check)
    for related in block.related:
        yield from written_in(related)


def written_below(call: Call) -> Iterator[Call]:
    """Yield an operation as written and those inside it."""
    yield call
    for value in call.arguments.values():
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Call):
                yield from written_below(part)
