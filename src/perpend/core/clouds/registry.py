"""The clouds that Perpend knows, and facts about Ids and keys in Python and in SQL.

A cloud is an entry point of the group ``perpend.clouds``, of this package or of another one. The entry point names a ``Cloud``.
Functions take the cloud of the object's type. Without one, the facts of all clouds count. Each function in SQL returns the
same as the one in Python, and null for None.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from perpend.core.clouds.cloud import OTHER, Cloud, compiled, matches
from perpend.core.clouds.entry_points import entry_points
from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GROUP: Final = "perpend.clouds"
"""The group of the entry points of clouds."""

USUAL: Final = "aws"
"""The name of the cloud of a command that names none."""

_OWN: Final = "perpend"
_CLOUDS: Final[dict[str, Cloud]] = {}
_NULL: Final = "CAST(NULL AS VARCHAR)"


class UnusableCloud(PerpendError):
    """An installed package registers a cloud that cannot be loaded, or Perpend's own registration is missing."""


def register(cloud: Cloud) -> None:
    """Add a cloud. One that has the name of a known cloud replaces it."""
    clouds()
    _CLOUDS[cloud.name] = cloud
    cloud_of_type.cache_clear()


def unregister(name: str) -> None:
    """Remove a cloud by its name."""
    del _CLOUDS[name]
    cloud_of_type.cache_clear()


def clouds() -> tuple[Cloud, ...]:
    """Return all known clouds: Perpend's own first, then those of other packages, each by name. Raises UnusableCloud."""
    if not _CLOUDS:
        _CLOUDS.update(_registered())
    return tuple(_CLOUDS.values())


def cloud_named(name: str) -> Cloud | None:
    """Return a cloud by its name, None if there is none."""
    return next((cloud for cloud in clouds() if cloud.name == name), None)


def collected_clouds() -> tuple[Cloud, ...]:
    """Return the clouds that can be collected."""
    return tuple(cloud for cloud in clouds() if cloud.collector)


def _registered() -> dict[str, Cloud]:
    """Return the clouds of all entry points by name."""
    registered: dict[str, Cloud] = {}
    points = sorted(entry_points(GROUP), key=lambda point: (point.package != _OWN, point))
    for package, name, value in points:
        shown = visible(f"the cloud `{name}` of the package `{package}`")
        module, _, attribute = value.partition(":")
        try:
            cloud = getattr(import_module(module), attribute)
        except (ImportError, AttributeError, ValueError) as error:
            raise UnusableCloud(f"{shown} cannot be loaded: {visible(str(error))}") from None
        if not isinstance(cloud, Cloud) or cloud.name != name:
            raise UnusableCloud(f"{shown}: `{visible(value)}` is no Cloud with this name")
        if name in registered:
            raise UnusableCloud(f"{shown} has the name of another one")
        registered[name] = cloud
    if not points or points[0].package != _OWN:
        raise UnusableCloud("the installation of perpend names no cloud: install perpend again")
    return registered


@lru_cache(maxsize=4096)
def cloud_of_type(type_name: str) -> Cloud | None:
    """Return the cloud that an object type belongs to, None for a type of no known cloud."""
    return next((cloud for cloud in clouds() if cloud.has_type(type_name)), None)


def is_account_type(type_name: str) -> bool:
    """Whether the objects of a type are accounts."""
    cloud = cloud_of_type(type_name)
    return cloud is not None and type_name in cloud.account_types


def provider_of_type(type_name: str) -> str:
    """Return OCSF's name of the cloud of an object type, ``Unknown`` for a type of no known cloud."""
    cloud = cloud_of_type(type_name)
    return cloud.provider if cloud else "Unknown"


def resource_type(type_name: str) -> str:
    """Return the cloud's own name of an object type, ``Other`` if there is none."""
    cloud = cloud_of_type(type_name)
    return cloud.resource_type(type_name) if cloud else OTHER


def is_account(key: str, cloud: Cloud | None = None) -> bool:
    """Whether a key has the form of an account."""
    return any(matches(one.account, key) for one in _among(cloud))


def is_account_sql(key: str, cloud: Cloud | None = None) -> str:
    """Return SQL for :func:`is_account`; null if the key is null."""
    return _is_like_sql(key, [one.account for one in _among(cloud)])


def is_account_group(key: str, cloud: Cloud | None = None) -> bool:
    """Whether a key has the form of an account that holds other ones."""
    return any(matches(one.account_groups, key) for one in _among(cloud) if one.account_groups)


def is_region(text: str, cloud: Cloud | None = None) -> bool:
    """Whether a text has the form of a region."""
    return any(matches(one.region, text) for one in _among(cloud))


def is_region_sql(text: str, cloud: Cloud | None = None) -> str:
    """Return SQL for :func:`is_region`; null if the text is null."""
    return _is_like_sql(text, [one.region for one in _among(cloud)])


def account_of_id(identity: str, cloud: Cloud | None = None) -> str | None:
    """Return the account that an Id names, None if it names none."""
    return _first_group(identity, _patterns("accounts_of_id", cloud))


def account_of_id_sql(identity: str, cloud: Cloud | None = None) -> str:
    """Return SQL for :func:`account_of_id`."""
    return _first_group_sql(identity, _patterns("accounts_of_id", cloud))


def region_of_id(identity: str, cloud: Cloud | None = None) -> str | None:
    """Return the region that an Id names, None if it names none."""
    return _first_group(identity, _patterns("regions_of_id", cloud))


def region_of_id_sql(identity: str, cloud: Cloud | None = None) -> str:
    """Return SQL for :func:`region_of_id`."""
    return _first_group_sql(identity, _patterns("regions_of_id", cloud))


def partition_of_id(identity: str, cloud: Cloud | None = None) -> str | None:
    """Return the partition that an Id names, None if it names none. Only AWS has partitions."""
    return _first_group(identity, _patterns("partitions_of_id", cloud))


def partition_of_id_sql(identity: str, cloud: Cloud | None = None) -> str:
    """Return SQL for :func:`partition_of_id`."""
    return _first_group_sql(identity, _patterns("partitions_of_id", cloud))


def kind_of_id(identity: str, cloud: Cloud | None = None) -> str | None:
    """Return the kind of an Id, such as ``arn``, ``resource`` or ``account``; None for an Id of no known form."""
    kinds = (pair for one in _among(cloud) for pair in one.kinds_of_id.items())
    return next((kind for kind, pattern in kinds if compiled(pattern).match(identity)), None)


def kind_of_id_sql(identity: str, cloud: Cloud | None = None) -> str:
    """Return SQL for :func:`kind_of_id`."""
    kinds = (pair for one in _among(cloud) for pair in one.kinds_of_id.items())
    cases = " ".join(f"WHEN regexp_matches({identity}, '{pattern}') THEN '{kind}'" for kind, pattern in kinds)
    return f"CASE {cases} END"


def is_of_provider(identity: str) -> bool:
    """Whether an Id is that of an object that a cloud's provider owns and all accounts may use.

    A managed policy of AWS is one. A listing shows only those that the account uses: one that is not listed is not deleted.
    """
    return any(compiled(one.provider_owned).search(identity) for one in clouds() if one.provider_owned)


def is_of_provider_sql(identity: str) -> str:
    """Return SQL for :func:`is_of_provider`; false if the Id is null."""
    conditions = [f"regexp_matches({identity}, '{one.provider_owned}')" for one in clouds() if one.provider_owned]
    return f"coalesce({' OR '.join(conditions)}, false)"


def account_forms() -> str:
    """Return the forms of accounts of all clouds as a phrase for messages."""
    return ", ".join(f"{one.title} has {one.account_words}" for one in clouds())


def _among(cloud: Cloud | None) -> tuple[Cloud, ...]:
    return clouds() if cloud is None else (cloud,)


def _patterns(fact: str, cloud: Cloud | None) -> Iterator[str]:
    for known in _among(cloud):
        yield from getattr(known, fact)


def _first_group(text: str, patterns: Iterable[str]) -> str | None:
    return next((match[1] for pattern in patterns if (match := compiled(pattern).match(text))), None)


def _first_group_sql(expression: str, patterns: Iterable[str]) -> str:
    groups = [f"nullif(regexp_extract({expression}, '{pattern}', 1), '')" for pattern in patterns]
    return f"coalesce({', '.join(groups)})" if groups else _NULL


def _is_like_sql(expression: str, patterns: Iterable[str]) -> str:
    conditions = [f"regexp_full_match({expression}, '{pattern}')" for pattern in patterns]
    return f"({' OR '.join(conditions)})"
