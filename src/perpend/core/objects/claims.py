"""Claims of what was read in full in, whether a list of children is known out: absence is a fact only where one says so.

Refuses to know where claims come from, and what is absent.
"""

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
"""How people write the scope of everything."""

NOT_IN_FULL: Final = "is not known in full: "
"""How a reason begins why a list is not known."""

NOT_ASKED: Final = "not asked for:"
"""How the reason of a claim begins why something was left out that nobody wanted to be read."""

_LEADS_ON: Final = re.compile("( here| for)?:$| (for|of)$")
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_+")
_REGION_FIELDS: Final = (["region"], ["region", "name"])
_DIGITS: Final = 12
_AS_SHOWN: Final = re.compile("[0-9]{4}-[0-9]{4}-[0-9]{4}")
"""How consoles show an account's id."""
_REGION: Final = re.compile("[a-z]{2}(-[a-z]+)*-(north|south|east|west|central)[a-z]*-[0-9]+")
_NEARLY: Final = 0.8
"""How near a word must be to `all` to be taken for it misspelt: a letter too many, too few or too large."""
_UNSEEN: Final = frozenset(("Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cs"))
_QUOTES: Final = frozenset(("Pi", "Pf"))
_DASH: Final = "Pd"
_NAMING: Final = re.compile(r"[^\W_]")
"""A letter or a digit."""

OWNED_ARN: Final = r"^(?:[0-9]{12}\|)?arn:([a-z0-9-]+):[^:]*:[^:]*:([0-9]{12}):"
"""How an Id begins that is an ARN within an account: its groups are the partition and the account. Engines read it, too."""

ACCOUNT_NUMBER: Final = "[0-9]{12}"
"""The form of an AWS account's number. Engines read it, too."""

USUAL_PARTITION: Final = "aws"
"""The partition that nearly all accounts are in."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where objects can be: a region of an account, all of an account, or anywhere. None is for all, or for not known."""

    account: str | None = None
    region: str | None = None

    def covers(self, other: Scope) -> bool:
        """Whether all that the other scope could hold lies within this one."""
        return self.account in (None, other.account) and self.region in (None, other.region)

    def meets(self, other: Scope) -> bool:
        """Whether something could lie within both."""
        pairs = ((self.account, other.account), (self.region, other.region))
        return all(None in pair or pair[0] == pair[1] for pair in pairs)

    def __str__(self) -> str:
        if self.account is None:
            return ALL
        return self.account if self.region is None else f"{self.account}/{self.region}"


@dataclass(frozen=True, slots=True)
class Claim:
    """That the objects of a type, or those of one child list, were read in full within a scope; or why they were not.

    ``type_name`` is empty where nothing was read of whatever there was. ``relation``: only the list of this name is meant.
    """

    type_name: str
    scope: Scope = Scope()
    lacking: str | None = None
    relation: str = ""

    def is_about(self, type_name: str, relation: str) -> bool:
        """Whether the claim says something of the objects of a type in a child list."""
        return self.type_name in ("", type_name) and self.relation in ("", relation)


@dataclass(frozen=True, slots=True)
class Unread:
    """A call to a cloud that did not say what was asked: where, which one, what ``kind`` of refusal with which ``code``.

    ``label`` is its permission, else its operation; ``objects`` is of how many objects it was asked, 0 for a listing.
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
        """The kind in words of its own, such as ``denied``, ``throttled out``, ``region closed``, ``not asked``."""
        return _LEADS_ON.sub("", self.kind)

    def __str__(self) -> str:
        code = f" ({self.code})" if self.code else ""
        return f"{self.kind} {self.label}{code} in {f'{self.account}/{self.region}' if self.region else self.account}"


@dataclass(frozen=True, slots=True)
class Claims:
    """All claims of one estate. Regions do not add up to an account: who has read all of them claims the account."""

    claims: tuple[Claim, ...] = ()

    def complete(self, type_name: str, relation: str = "") -> list[Scope]:
        """Return the scopes that a type, or the list of a name, was read in full of."""
        return [claim.scope for claim in self.claims if claim.lacking is None and claim.is_about(type_name, relation)]

    def lacking(self, type_name: str, relation: str = "") -> list[tuple[Scope, str]]:
        """Return the scopes of which some of a type may not have been read, with reasons. They count before all others."""
        lacking = [
            (claim.scope, claim.lacking) for claim in self.claims if claim.lacking and claim.is_about(type_name, relation)
        ]
        return list(dict.fromkeys(lacking))

    def reason(self, type_name: str, relation: str, scope: Scope) -> str | None:
        """Return why it is not known which objects of a type a scope holds, None where it is."""
        for where, why in self.lacking(type_name, relation):
            if where.meets(scope):
                return NOT_IN_FULL + why
        if any(where.covers(scope) for where in self.complete(type_name, relation)):
            return None
        return unclaimed(type_name, str(scope))


@dataclass(frozen=True, slots=True)
class ListClaim:
    """A claim on the objects of the child list ``relation``, as good as each ``owner`` in its scope states its own.

    It is made for a file that holds all owners; whoever holds one of them elsewhere, without its list, speaks against it.
    """

    owner: str
    relation: str
    claim: Claim

    def is_open(self, claims: Claims) -> bool:
        """Whether some input says that not every owner was read, whoever claims that."""
        return any(scope.meets(self.claim.scope) for scope, _ in claims.lacking(self.owner))


def unread_of_types(claims: Iterable[Claim], *, most: int | None = None) -> dict[str, list[tuple[str, str]]]:
    """Return by type of which accounts not all objects were read, "" for any, and why; under no name what holds of all types.

    Of an account the first reason is told, but for one why it was not wanted. More than ``most`` accounts are any.
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


def unclaimed(type_name: str, scope: str) -> str:
    """Return the reason where no claim covers a scope, as people write it."""
    return f"{NOT_IN_FULL}no input claims every `{type_name}` there is (--complete {scope})"


def of_two_partitions(partitions: Mapping[str, Collection[str]]) -> Iterator[Claim]:
    """Yield by account, of which its partitions are given, that nothing of it is known in full where these are several.

    AWS, AWS in China and GovCloud number accounts apart: whoever claims all of a number claims it of one of them.
    """
    for account, several in sorted(partitions.items()):
        if len(several) > 1:
            why = f"account {account} is one in each of the partitions {' and '.join(sorted(several))}"
            yield Claim("", Scope(account), why)


def unread_input(shown: str) -> Claim:
    """Return the claim of an input that could not be read: it may have held whatever any list could hold."""
    return Claim("", lacking=f"{shown} could not be read")


def not_imported(type_name: str) -> str:
    """Return the reason where no input holds a type at all."""
    return f"was not collected: import `{type_name}` as well, with --complete for what was read in full"


def account_field(declared: ObjectType) -> str | None:
    """Return the field that holds the account of a type's objects: the key of what owns them. What has no owner is one."""
    if declared.master is None:
        return "Id"
    lookup = declared.lookups.get(declared.master)
    return (lookup.key or None) if lookup else None


def region_field(declared: ObjectType) -> str | None:
    """Return the field that holds the region of a type's objects: one that is called region or region name."""
    for name in declared.fields:
        words = _WORDS.sub(" ", name.partition("__")[2].removesuffix("__c") or name).lower().split()
        if words in _REGION_FIELDS:
            return name
    return None


def scope_fields(declared: ObjectType) -> str:
    """Return the fields that hold the account and the region of a type's objects, as one text to compare."""
    return f"{account_field(declared) or ''}/{region_field(declared) or ''}"


def scope_of(fields: Mapping[str, Any], declared: ObjectType) -> Scope:
    """Return the scope of an object, and so of all that it could own, by its declared fields."""
    account, region = (fields.get(name) if name else None for name in (account_field(declared), region_field(declared)))
    return Scope(
        account if isinstance(account, str) and account else None, region if isinstance(region, str) and region else None
    )


def refuse_other(scopes: Iterable[object]) -> None:
    """Raise TypeError for what is no scope: a text says nothing of what it names."""
    for given in scopes:
        if not isinstance(given, Scope):
            raise TypeError(f"{given!r} is no Scope: write Scope() for all, or Scope('111122223333')")


def scopes_from(words: str) -> tuple[Scope, ...]:
    """Return the scopes that people write: ``all``, accounts, and ``account/region``, with commas between them.

    Raises ValueError with the reason.
    """
    return tuple(map(_scope_from, words.split(",")))


def _scope_from(word: str) -> Scope:
    if word.strip() == ALL:
        return Scope()
    account, slash, region = (part.strip() for part in word.partition("/"))
    if not account or (slash and not region) or re.search(r"[\s/]", account + region):
        raise ValueError(f"`{word.strip()}` is no scope: write `all`, an account's id, or `account/region`")
    if account.isdecimal() and len(account) != _DIGITS:
        raise ValueError(f"`{account}` has {len(account)} digits; an account's id has {_DIGITS}")
    if _AS_SHOWN.fullmatch(account):
        raise ValueError(f"`{account}` is no account's id (did you mean `{account.replace('-', '')}`?)")
    if _REGION.fullmatch(account):
        raise ValueError(f"`{account}` is a region: an account's id and `/` stand before it")
    near = suggestion(word.strip(), [ALL], cutoff=_NEARLY)
    if near:
        raise ValueError(f"`{word.strip()}` is no scope ({near})")
    return Scope(account, region or None)


def claims_of(type_name: str, scopes: Iterable[Scope]) -> tuple[Claim, ...]:
    """Return the claims that a type was read in full in some scopes."""
    return tuple(Claim(type_name, scope) for scope in scopes)


def is_account_number(key: str) -> bool:
    """Whether a key has the form of an AWS account's number."""
    return re.fullmatch(ACCOUNT_NUMBER, key) is not None


def is_blank_key(key: str) -> bool:
    """Whether a key holds nothing that can be seen."""
    return all(unicodedata.category(sign) in _UNSEEN for sign in key)


def near_key(key: str) -> str:
    """Return what is left of a key without what typing and spreadsheets change: blank space, quotes, dashes, case, first
    zeros."""
    kinds = ((sign, unicodedata.category(sign)) for sign in key if sign not in "'\"`")
    seen = "".join("-" if kind == _DASH else sign for sign, kind in kinds if kind not in _UNSEEN | _QUOTES)
    # Sign by sign and one for one, as engines do it: the small letter of a capital depends on no other.
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
    near, near_former = near_key(key), near_key(former)
    if near.startswith(near_former) or near_former.startswith(near):
        return False
    forms = {_NAMING.sub("0", one) if any(map(str.isdecimal, one)) else None for one in (key, former)}
    return len(forms) == 1 and None not in forms
