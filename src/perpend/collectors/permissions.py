"""The formats in which clouds take permissions, and documents that grant what a collection was denied, one per cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from perpend.collectors.protocol import WantedPermissions
from perpend.collectors.registry import commands_of
from perpend.core.clouds.registry import collected_clouds, is_account

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perpend.collectors.protocol import PermissionFormat
    from perpend.core.clouds.cloud import Cloud
    from perpend.core.objects.claims import FailedCall
    from perpend.inventory.snapshots.manifest import StoredSource

_DENIED: Final = "denied"


class MissingPermissions(NamedTuple):
    """The document of one cloud that grants what was denied, in a format of that cloud, with notes on what is left to do."""

    cloud: str
    title: str
    format: str
    document: str
    notes: tuple[str, ...]


def formats_of(cloud: Cloud) -> dict[str, PermissionFormat]:
    """Return the formats in which a cloud takes permissions, by name, the usual one first."""
    return {form.name: form for form in commands_of(cloud.name).permission_formats}


def all_formats() -> tuple[str, ...]:
    """Return the names of the formats of all clouds that can be collected."""
    return tuple(dict.fromkeys(name for cloud in collected_clouds() for name in formats_of(cloud)))


def additions_of(cloud: Cloud) -> dict[str, PermissionFormat]:
    """Return the formats of a cloud whose documents add permissions to a role, by name."""
    return {name: form for name, form in formats_of(cloud).items() if form.adds}


def calls_by_cloud(calls: Iterable[FailedCall], sources: Iterable[StoredSource]) -> dict[str, list[FailedCall]]:
    """Return failed calls by the name of their account's cloud. Those of an account that no cloud has are left out.

    A cloud has the accounts of its own sources. Any other account is of the first cloud whose accounts have its form.
    """
    kinds = {account: source.kind for source in sources for account in source.accounts}
    by_cloud: dict[str, list[FailedCall]] = {cloud.name: [] for cloud in collected_clouds()}
    for call in calls:
        name = kinds.get(call.account, "")
        if name not in by_cloud:
            name = next((cloud.name for cloud in collected_clouds() if is_account(call.account, cloud)), "")
        if name:
            by_cloud[name].append(call)
    return {name: calls for name, calls in by_cloud.items() if calls}


def denied_calls(calls: Iterable[FailedCall]) -> dict[tuple[str, str], list[FailedCall]]:
    """Return the calls that were denied, by permission and refusal."""
    denied = (call for call in calls if call.refusal.startswith(_DENIED))
    by_permission: dict[tuple[str, str], list[FailedCall]] = {}
    for call in sorted(denied, key=lambda call: (call.label, call.refusal, call.account, call.region)):
        by_permission.setdefault((call.label, call.refusal), []).append(call)
    return by_permission


def missing_permissions(
    by_cloud: Mapping[str, Sequence[FailedCall]], *, form: str = "", most_characters: int = 0
) -> list[MissingPermissions]:
    """Return a document for each cloud that denied calls, in the format with a name or in the cloud's usual one.

    ``by_cloud`` are the failed calls of clouds by name. A cloud that has no such format gets no document. No document grants a
    call that something else than a missing permission denies, such as a service control policy.
    """
    documents: list[MissingPermissions] = []
    for cloud in collected_clouds():
        additions = additions_of(cloud)
        chosen = additions.get(form) if form else next(iter(additions.values()), None)
        denied = [call for call in by_cloud.get(cloud.name, ()) if call.refusal == _DENIED]
        if chosen and denied:
            names = tuple(sorted({call.label for call in denied}))
            accounts = tuple(sorted({call.account for call in denied}))
            written = chosen.write(WantedPermissions(names, accounts=accounts, most_characters=most_characters))
            documents.append(MissingPermissions(cloud.name, cloud.title, chosen.name, written.text, written.notes))
    return documents
