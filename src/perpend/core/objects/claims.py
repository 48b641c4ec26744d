"""Claims of completeness: a missing object counts as absent only if a source claims to list everything in its scope."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.model import suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from perpend.core.objects.object_types import ObjectType

ALL: Final = "all"
"""The written form of the scope of everything."""

NOT_IN_FULL: Final = "is not known in full: "
"""The beginning of each reason why a list is not complete."""


def is_incomplete(reason: str) -> bool:
    """Whether a child list is unknown only because it may hold more objects. The known ones do belong to it."""
    return reason.startswith(NOT_IN_FULL)


NOT_ASKED: Final = "not asked for:"
"""The beginning of a claim's reason if the collection left something out on purpose."""

_TRAILING_PREPOSITION: Final = re.compile("( here| for)?:$| (for|of)$")
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_+")
_REGION_FIELDS: Final = (["region"], ["region", "name"])
_DIGITS: Final = 12
_HYPHENATED_ACCOUNT: Final = re.compile("[0-9]{4}-[0-9]{4}-[0-9]{4}")
"""An account ID as consoles show it."""
_REGION: Final = re.compile("[a-z]{2}(-[a-z]+)*-(north|south|east|west|central)[a-z]*-[0-9]+")
_SIMILARITY: Final = 0.8
"""How near a word must be to `all` to be taken for it misspelt: a letter too many, too few or too large."""
_INVISIBLE: Final = frozenset(("Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cs"))
_QUOTES: Final = frozenset(("Pi", "Pf"))
_DASH: Final = "Pd"
_ALPHANUMERIC: Final = re.compile(r"[^\W_]")
"""A letter or a digit."""

OWNED_ARN: Final = r"^(?:[0-9]{12}\|)?arn:([a-z0-9-]+):[^:]*:[^:]*:([0-9]{12}):"
"""The beginning of an Id that is an ARN within an account. Its groups are the partition and the account. SQL uses it as well.
"""

ACCOUNT_NUMBER: Final = "[0-9]{12}"
"""The form of an AWS account's number. Engines read it, too."""

USUAL_PARTITION: Final = "aws"
"""The partition of nearly all accounts."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A region of an account, all of an account, or everything. None means all, or not known."""

    account: str | None = None
    region: str | None = None

    def covers(self, other: Scope) -> bool:
        """Whether the other scope lies within this one."""
        return self.account in (None, other.account) and self.region in (None, other.region)

    def meets(self, other: Scope) -> bool:
        """Whether the two scopes overlap."""
        pairs = ((self.account, other.account), (self.region, other.region))
        return all(None in pair or pair[0] == pair[1] for pair in pairs)

    def __str__(self) -> str:
        if self.account is None:
            return ALL
        return self.account if self.region is None else f"{self.account}/{self.region}"


@dataclass(frozen=True, slots=True)
class Claim:
    """A source read all objects of a type, or of one child list, within a scope; ``lacking`` is the reason if it did not.

    ``type_name`` is empty if nothing of any type was read. ``relation`` limits the claim to the list of that name.
    """

    type_name: str
    scope: Scope = Scope()
    lacking: str | None = None
    relation: str = ""

    def is_about(self, type_name: str, relation: str) -> bool:
        """Whether the claim concerns the objects of a type in a child list."""
        return self.type_name in ("", type_name) and self.relation in ("", relation)


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A call to a cloud that failed: its account, region and operation, the ``kind`` of failure and the error ``code``.

    ``label`` is the call's permission, or its operation if it has none. ``objects`` is the number of objects that it concerned,
    0 for a listing.
    """

    account: str
    region: str
    service: str
    operation: str
    label: str
    kind: str
    code: str = ""
    objects: int = 0

    @property
    def refusal(self) -> str:
        """The kind of failure as a phrase, such as ``denied``, ``throttled out``, ``region closed``, ``not asked``."""
        return _TRAILING_PREPOSITION.sub("", self.kind)

    def __str__(self) -> str:
        code = f" ({self.code})" if self.code else ""
        return f"{self.kind} {self.label}{code} in {f'{self.account}/{self.region}' if self.region else self.account}"


@dataclass(frozen=True, slots=True)
class Claims:
    """All claims of one inventory. Claims on all its regions are not a claim on the account."""

    claims: tuple[Claim, ...] = ()

    def complete(self, type_name: str, relation: str = "") -> list[Scope]:
        """Return the scopes in which a type, or one of its child lists, was read in full."""
        return [claim.scope for claim in self.claims if claim.lacking is None and claim.is_about(type_name, relation)]

    def lacking(self, type_name: str, relation: str = "") -> list[tuple[Scope, str]]:
        """Return the scopes in which objects of a type may be missing, with reasons. They override claims of completeness."""
        lacking = [
            (claim.scope, claim.lacking) for claim in self.claims if claim.lacking and claim.is_about(type_name, relation)
        ]
        return list(dict.fromkeys(lacking))

    def reason(self, type_name: str, relation: str, scope: Scope) -> str | None:
        """Return why a scope may hold more objects of a type, None if all are known."""
        for where, why in self.lacking(type_name, relation):
            if where.meets(scope):
                return NOT_IN_FULL + why
        if any(where.covers(scope) for where in self.complete(type_name, relation)):
            return None
        return unclaimed(type_name, str(_claimable(scope)))


@dataclass(frozen=True, slots=True)
class ListClaim:
    """A claim on the child list ``relation``, valid if every ``owner`` in its scope states its own list.

    It is made for a file that holds all owners. An owner in another source without its list contradicts it.
    """

    owner: str
    relation: str
    claim: Claim

    def is_open(self, claims: Claims) -> bool:
        """Whether some input says that not every owner was read, despite other claims."""
        return any(scope.meets(self.claim.scope) for scope, _ in claims.lacking(self.owner))


def incomplete_by_type(claims: Iterable[Claim], *, most: int | None = None) -> dict[str, list[tuple[str, str]]]:
    """Return by type the accounts of which objects may be missing, with the reason; account "" is any, type "" is all types.

    An account keeps its first reason; a reason that the type was not asked for gives way to any other. More than ``most``
    accounts of a type become one entry for any account.
    """
    by_type: dict[str, dict[str, str]] = {}
    for claim in claims:
        if claim.lacking is None or claim.relation:
            continue
        of_type, account = by_type.setdefault(claim.type_name, {}), claim.scope.account or ""
        if of_type.get(account, NOT_ASKED).startswith(NOT_ASKED):
            of_type[account] = claim.lacking
    return {
        name: [("", min(of_type.items())[1])] if most is not None and len(of_type) > most else sorted(of_type.items())
        for name, of_type in by_type.items()
    }


def _claimable(scope: Scope) -> Scope:
    """Return a scope, or everything if its account is not an AWS account's number: it may be the Id of any object."""
    return scope if scope.account is not None and is_account_number(scope.account) else Scope()


def unclaimed(type_name: str, scope: str) -> str:
    """Return the reason if no claim covers a scope. ``scope`` is the written form of one that a user can claim."""
    return f"{NOT_IN_FULL}no input claims every `{type_name}` there is (--complete {scope})"


def partition_claims(partitions: Mapping[str, Collection[str]]) -> Iterator[Claim]:
    """Yield for each account in several partitions a claim that none of its lists is complete.

    AWS, AWS in China and GovCloud number accounts independently, so a claim on an account number means only one of them.
    """
    for account, several in sorted(partitions.items()):
        if len(several) > 1:
            why = f"account {account} is one in each of the partitions {' and '.join(sorted(several))}"
            yield Claim("", Scope(account), why)


def unread_input(shown: str) -> Claim:
    """Return the claim of an input that could not be read: any list may lack objects."""
    return Claim("", lacking=f"{shown} could not be read")


def not_imported(type_name: str) -> str:
    """Return the reason if no input holds a type at all."""
    return f"was not collected: import `{type_name}` as well, with --complete for what was read in full"


def account_field(declared: ObjectType) -> str | None:
    """Return the field with the account of a type's objects: the key of their owner, or ``Id`` if the type has no owner."""
    if declared.master is None:
        return "Id"
    lookup = declared.lookups.get(declared.master)
    return (lookup.key or None) if lookup else None


def region_field(declared: ObjectType) -> str | None:
    """Return the field with the region of a type's objects: the one named region or region name."""
    for name in declared.fields:
        words = _WORDS.sub(" ", name.partition("__")[2].removesuffix("__c") or name).lower().split()
        if words in _REGION_FIELDS:
            return name
    return None


def scope_fields(declared: ObjectType) -> str:
    """Return the account and region fields of a type as one text, for comparison."""
    return f"{account_field(declared) or ''}/{region_field(declared) or ''}"


def scope_of(fields: Mapping[str, Any], declared: ObjectType) -> Scope:
    """Return the scope of an object, and so of everything that it can own, from its declared fields."""
    account, region = (fields.get(name) if name else None for name in (account_field(declared), region_field(declared)))
    return Scope(
        account if isinstance(account, str) and account else None, region if isinstance(region, str) and region else None
    )


def reject_other_scopes(scopes: Iterable[object]) -> None:
    """Raise TypeError for a value that is not a Scope."""
    for given in scopes:
        if not isinstance(given, Scope):
            raise TypeError(f"{given!r} is not a Scope: write Scope() for all, or Scope('111122223333')")


def scopes_from(words: str) -> tuple[Scope, ...]:
    """Return the scopes in a text: ``all``, accounts and ``account/region``, separated by commas.

    Raises ValueError with the reason.
    """
    return tuple(map(_scope_from, words.split(",")))


def _scope_from(word: str) -> Scope:
    if word.strip() == ALL:
        return Scope()
    account, slash, region = (part.strip() for part in word.partition("/"))
    if not account or (slash and not region) or re.search(r"[\s/]", account + region):
        raise ValueError(f"`{word.strip()}` is not a scope: write `all`, an account ID, or `account/region`")
    if account.isdecimal() and len(account) != _DIGITS:
        raise ValueError(f"`{account}` has {len(account)} digits; an account ID has {_DIGITS}")
    if _HYPHENATED_ACCOUNT.fullmatch(account):
        raise ValueError(f"`{account}` is not an account ID (did you mean `{account.replace('-', '')}`?)")
    if _REGION.fullmatch(account):
        raise ValueError(f"`{account}` is a region: write an account ID and `/` before it")
    near = suggestion(word.strip(), [ALL], cutoff=_SIMILARITY)
    if near:
        raise ValueError(f"`{word.strip()}` is not a scope ({near})")
    return Scope(account, region or None)


def claims_of(type_name: str, scopes: Iterable[Scope]) -> tuple[Claim, ...]:
    """Return one claim per scope that a type was read in full."""
    return tuple(Claim(type_name, scope) for scope in scopes)


def is_account_number(key: str) -> bool:
    """Whether a key has the form of an AWS account's number."""
    return re.fullmatch(ACCOUNT_NUMBER, key) is not None


def is_blank_key(key: str) -> bool:
    """Whether a key has no visible character."""
    return all(unicodedata.category(sign) in _INVISIBLE for sign in key)


def normalized_key(key: str) -> str:
    """Return a key without the parts that typing and spreadsheets change: blanks, quotes, dashes, case and leading zeros."""
    kinds = ((sign, unicodedata.category(sign)) for sign in key if sign not in "'\"`")
    seen = "".join("-" if kind == _DASH else sign for sign, kind in kinds if kind not in _INVISIBLE | _QUOTES)
    # Character by character, as the SQL engines do: lower case of a letter does not depend on its neighbours.
    return "".join(sign.lower()[0] for sign in unicodedata.normalize("NFC", seen)).lstrip("0")


def unmatched_keys(type_name: str, key: str, owner: str) -> str:
    """Return the reason why a child list is not known if a key of some children matches no owner.

    The key may name an owner that was not collected, or be a damaged key of one that was. If all keys and owners' Ids are
    numbers of accounts, the key is another account's and leaves nothing open.
    """
    return f"may hold more: `{key}` of some `{type_name}` matches no `{owner}`"


def is_another_key(key: str, former: str) -> bool:
    """Whether a key surely names another object than a former key: both have one form, and neither begins with the other.

    Two keys have one form if they hold digits, and their letters, digits and other characters are in the same places.
    """
    near, near_former = normalized_key(key), normalized_key(former)
    if near.startswith(near_former) or near_former.startswith(near):
        return False
    forms = {_ALPHANUMERIC.sub("0", one) if any(map(str.isdecimal, one)) else None for one in (key, former)}
    return len(forms) == 1 and None not in forms
