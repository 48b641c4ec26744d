"""The facts about one cloud, as patterns and names. Python and SQL read the same patterns."""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHER: str = "Other"
"""The resource type of objects that a cloud has no name for, as Security Hub writes it."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """The facts about one cloud.

    All patterns are regular expressions that Python and RE2 read alike: ASCII, without look-around, without a single quote.
    Patterns of ``types``, ``account`` and ``region`` match a whole text. The patterns in ``accounts_of_id``,
    ``regions_of_id`` and ``partitions_of_id`` match the beginning of an Id, and their first group is the fact; the first
    pattern that matches counts. ``provider_owned`` is found anywhere in the Id of an object that the provider owns.

    ``account_groups`` is the pattern of accounts that hold other ones, such as an organization; empty if the cloud has none.
    ``account_words`` completes "an account of CLOUD has …", ``account_example`` is one. ``region_fields`` are names of fields
    with a region, in lower case and without prefix. ``provider`` is OCSF's name of the cloud. ``resource_types`` are the
    cloud's own names of resource types, by object type. ``credentials`` is the command that prints the account of the
    credentials at hand. ``collector`` is the package that collects from the cloud; empty if its objects are only imported.
    """

    name: str
    title: str
    provider: str
    types: str
    account_types: tuple[str, ...]
    account: str
    account_words: str
    account_example: str
    region: str
    region_fields: tuple[str, ...]
    accounts_of_id: tuple[str, ...]
    regions_of_id: tuple[str, ...] = ()
    partitions_of_id: tuple[str, ...] = ()
    account_groups: str = ""
    usual_partition: str = ""
    provider_owned: str = ""
    kinds_of_id: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    resource_types: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    credentials: tuple[str, ...] = ()
    collector: str = ""

    def has_type(self, type_name: str) -> bool:
        """Whether an object type belongs to this cloud."""
        return matches(self.types, type_name)

    def resource_type(self, type_name: str) -> str:
        """Return the cloud's own name of an object type, ``Other`` if it has none."""
        return self.resource_types.get(type_name, OTHER)


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a compiled pattern. A dollar sign is the end of the text, as RE2 reads it."""
    return re.compile(pattern.replace("$", r"\Z"))


def matches(pattern: str, text: str) -> bool:
    """Whether a whole text has the form of a pattern."""
    return compiled(pattern).fullmatch(text) is not None
