"""Return the resource and the account that a finding is about, as foreign formats name them.

A value that the object does not have is None, and is never guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.clouds import registry
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import encodable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.core.objects.account import Account


@dataclass(frozen=True, slots=True)
class Subject:
    """The resource that a finding is about. ``account`` and ``region`` are None if they are not known.

    ``identities`` are the Ids that may name its partition.
    """

    id: str
    name: str
    type_name: str
    account: str | None
    region: str | None
    identities: tuple[str, ...]

    @property
    def partition(self) -> str | None:
        """The partition of the cloud that an Id names, None if none does."""
        cloud = registry.cloud_of_type(self.type_name)
        partitions = (registry.partition_of_id(one, cloud) for one in self.identities)
        return next(filter(None, partitions), None)

    @property
    def resource_type(self) -> str:
        """The cloud's own name of its resource type, ``Other`` if there is none."""
        return registry.resource_type(self.type_name)

    @property
    def provider(self) -> str:
        """OCSF's name of its cloud, ``Unknown`` for a type of no known cloud."""
        return registry.provider_of_type(self.type_name)

    @property
    def shown_name(self) -> str:
        """The name of the object, or its id if it has none."""
        return self.name or self.id


def subject_with_names(
    object_id: str, external_id: str, name: str, type_name: str, *, account: str | None, region: str | None
) -> Subject:
    """Return the subject with these names, account and region."""
    identity = encodable(object_id or external_id)
    return Subject(identity, encodable(name), type_name, account, region, (external_id, identity))


def with_name(number: str, accounts: Mapping[str, Account]) -> str:
    """Return the number of an account, followed by its configured name and owner."""
    known = accounts.get(number)
    names = ", ".join(filter(None, (known.name, known.owner))) if known else ""
    return f"{number} ({names})" if names else number
