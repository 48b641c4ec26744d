"""Check the values that a project sets for parameters of policies, before anything is evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.model import suggestion
from perpend.core.diagnostics.phrases import shorten
from perpend.core.errors import PerpendError
from perpend.language.program.parameters import shown, value_from

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from perpend.language.program.parameters import DeclaredParameter, Value

    DeclaredOf = Callable[[str], tuple[DeclaredParameter, ...] | None]

_MOST_MISTAKES: Final = 20


class UnusableParameters(PerpendError):
    """Values of parameters that cannot be used: a policy or a name that does not exist, another type, out of bounds."""


@dataclass(frozen=True, slots=True)
class ParameterSetting:
    """A value for a parameter of a policy, as a project writes it. ``policy`` is its id, or the unique end of its id.

    ``place`` is ``file:line``, empty if there is no file.
    """

    policy: str
    name: str
    value: object
    place: str = ""


def settings_from(document: Mapping[str, Mapping[str, object]]) -> list[ParameterSetting]:
    """Return the settings in values by policy and name."""
    return [ParameterSetting(policy, name, value) for policy, values in document.items() for name, value in values.items()]


def values_from_settings(
    settings: Iterable[ParameterSetting], policy_ids: Collection[str], declared: DeclaredOf
) -> dict[str, dict[str, Value]]:
    """Return values by policy and name. ``declared`` returns a policy's parameters, None if it has errors.

    Raises UnusableParameters.
    """
    checking = _Checking(policy_ids, declared)
    for setting in settings:
        checking.add(setting)
    if checking.mistakes:
        raise UnusableParameters("\nperpend: ".join(checking.listed()))
    return checking.values


class _Checking:
    """Collects values and mistakes."""

    def __init__(self, policy_ids: Collection[str], declared: DeclaredOf) -> None:
        self._policy_ids = policy_ids
        self._declared = declared
        self.values: dict[str, dict[str, Value]] = {}
        self.mistakes: list[str] = []

    def listed(self) -> Iterator[str]:
        """Yield the first mistakes, and the number of the others."""
        yield from self.mistakes[:_MOST_MISTAKES]
        if len(self.mistakes) > _MOST_MISTAKES:
            yield f"and {len(self.mistakes) - _MOST_MISTAKES:,} more mistakes in values of parameters"

    def add(self, setting: ParameterSetting) -> None:
        """Take a value, or note the mistake in it."""
        if len(self.mistakes) > _MOST_MISTAKES:
            self.mistakes.append("")  # is only counted, because the search for a near name is slow
            return
        policy_id = self._policy(setting)
        if policy_id is None:
            return
        parameters = self._declared(policy_id)
        if parameters is None:
            self._note(setting, f"{policy_id} has errors: perpend lint names them")
            return
        declared = {parameter.name: parameter for parameter in parameters}
        parameter = declared.get(setting.name)
        if parameter is None:
            self._unknown_name(setting, policy_id, declared)
            return
        value = value_from(setting.value)
        reason = f"expected {parameter.expected}, found {shown(setting.value)}" if value is None else parameter.problem(value)
        if reason is not None:
            self._note(setting, f"`{parameter.name}` of {policy_id}: {reason}")
        elif setting.name in self.values.get(policy_id, {}):
            self._note(setting, f"`{parameter.name}` of {policy_id} is set twice")
        elif value is not None:
            self.values.setdefault(policy_id, {})[parameter.name] = value

    def _policy(self, setting: ParameterSetting) -> str | None:
        known = self._policy_ids
        wanted = f"/{setting.policy.strip('/')}"
        ids = [wanted] if wanted in known else [policy_id for policy_id in known if policy_id.endswith(wanted)]
        name = shorten(visible(setting.policy), 120)
        if len(ids) > 1:
            self._note(setting, f"`{name}` is the end of several ids: name one of {', '.join(ids[:5])}")
        elif not ids:
            ends = {policy_id.rpartition("/")[2]: policy_id for policy_id in known}
            near = suggestion(setting.policy, known) or suggestion(setting.policy.rpartition("/")[2], ends)
            self._note(setting, f"unknown policy `{name}`{f' ({near})' if near else ''}")
        return ids[0] if len(ids) == 1 else None

    def _unknown_name(self, setting: ParameterSetting, policy_id: str, declared: Mapping[str, DeclaredParameter]) -> None:
        near = suggestion(setting.name, declared)
        listed = f"parameters: {', '.join(f'`{name}`' for name in declared)}" if declared else "it has no parameters"
        self._note(setting, f"{policy_id} has no parameter `{shorten(visible(setting.name))}` ({near or listed})")

    def _note(self, setting: ParameterSetting, message: str) -> None:
        self.mistakes.append(f"{setting.place}: {message}" if setting.place else message)
