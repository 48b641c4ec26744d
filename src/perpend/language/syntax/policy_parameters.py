"""Insert the values of a policy's parameters into its files while they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import nearest, shorten
from perpend.language.program.parameters import insert_value, insert_values, names_inserted
from perpend.language.syntax import rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perpend.core.diagnostics.model import Diagnostic, Span
    from perpend.language.program.parameters import Value


@dataclass(frozen=True, slots=True)
class PolicyParameters:
    """The values of a policy's parameters while a file is read. ``values`` is called at the first reference.

    ``used`` collects the names that operations refer to.
    """

    values: Callable[[], Mapping[str, Value]]
    used: set[str]

    def value(self, name: str, span: Span, diagnostics: list[Diagnostic]) -> Value | None:
        """Return the value of a parameter that an operation refers to, None (and a diagnostic) if it is not declared."""
        self.used.add(name)
        values = self.values()
        if name not in values:
            diagnostics.append(_unknown(name, values, span, diagnostics))
        return values.get(name)

    def inserted(self, text: str, span: Span, diagnostics: list[Diagnostic]) -> str:
        """Return a text with values in place of names. A policy without parameters may have double braces in texts."""
        return insert_values(text, self._values_for(text, span, diagnostics))

    def inserted_scalar(self, text: str, span: Span, diagnostics: list[Diagnostic]) -> int | str:
        """Return a text with values in place of names, or the integer that it names."""
        return insert_value(text, self._values_for(text, span, diagnostics))

    def _values_for(self, text: str, span: Span, diagnostics: list[Diagnostic]) -> Mapping[str, Value]:
        names = names_inserted(text) if "{{" in text else []
        values = self.values() if names else {}
        if values:
            diagnostics += [_unknown(name, values, span, diagnostics) for name in names if name not in values]
        return values


def _unknown(name: str, values: Mapping[str, Value], span: Span, diagnostics: list[Diagnostic]) -> Diagnostic:
    hint = nearest(name, values, diagnostics) or (
        f"parameters of the policy: {', '.join(f'`{known}`' for known in values)}" if values else "`policy.yaml` declares none"
    )
    return rules.UNKNOWN_PARAMETER.at(span, f"unknown parameter `{shorten(name)}`", help=hint)
