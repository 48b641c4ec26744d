"""Evaluate the operations for unit tests and for debugging."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.language.interpreter.context import CheckTriggered, EvaluationContext

if TYPE_CHECKING:
    from perpend.language.interpreter.use import Closure, Compilers, Use


def debug(use: Use) -> Closure:
    arg = use["arg"]
    if not use.constant("returnTrue"):
        return arg

    def run(frame: EvaluationContext) -> Any:
        arg(frame)
        return True

    return run


def unit_test(use: Use) -> Closure:
    arg, wanted = use["arg"], use.constant("id")

    def run(frame: EvaluationContext) -> Any:
        return arg(frame) if frame.fields.get("Id") == wanted else False

    return run


def null(use: Use) -> Closure:
    return lambda frame: None


def runtime_error(use: Use) -> Closure:
    slot, message = use.required_slot("throw"), use.constant("message")

    def run(frame: EvaluationContext) -> Any:
        raise CheckTriggered(slot, message)

    return run


COMPILERS: Compilers = {
    "DEBUG": debug,
    "UNIT_TEST": unit_test,
    "UNIT_TEST_NULL": null,
    "UNIT_TEST_RUNTIME_ERROR": runtime_error,
}
