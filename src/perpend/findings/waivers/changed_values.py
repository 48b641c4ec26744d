"""Compare the values of parameters that a waiver was written with, and those in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import shorten
from perpend.language.program.parameters import value_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perpend.findings.waivers.read import Waiver, WaiverValue
    from perpend.language.program.parameters import ParameterValue, Value

    ValuesOf = Callable[[str], tuple[ParameterValue, ...]]


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """A value of a waiver that differs from the one in use, ``now``; None if the policy has no such parameter."""

    written: WaiverValue
    now: Value | None

    @property
    def in_words(self) -> str:
        """The change in words, on one line."""
        name, policy_id = shorten(visible(self.written.name)), visible(self.written.policy)
        before = _text(self.written.value)
        if self.now is None:
            return f"{name} of {policy_id} was {before}, and is no parameter now"
        return f"{name} of {policy_id} was {before}, and is {_text(self.now)} now"


def changed_values(waiver: Waiver, values_of: ValuesOf) -> Iterator[ChangedValue]:
    """Yield the values of a waiver that differ from those in use; ``values_of`` returns those of a policy by its id."""
    for written in waiver.parameters:
        now = next((value.value for value in values_of(written.policy) if value.name == written.name), None)
        if now != written.value:
            yield ChangedValue(written, now)


def _text(value: Value) -> str:
    return shorten(visible(value_text(value)))
