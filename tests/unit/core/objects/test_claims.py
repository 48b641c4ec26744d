"""Claims cover scopes, whole or in part; what no claim covers is not known, and what one lacks neither."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perpend.core.clouds.aws import ACCOUNT_TYPE
from perpend.core.clouds.registry import account_forms
from perpend.core.objects.claims import (
    Claim,
    Claims,
    FailedCall,
    ListClaim,
    Scope,
    claims_of,
    incomplete_by_type,
    is_another_key,
    normalized_key,
    scopes_from,
    unclaimed,
    unread_input,
)
from perpend.core.objects.identity import region_field, scope_of
from perpend.core.objects.object_types import Field, Lookup, ObjectType

A, B = "111122223333", "444455556666"
REGION = ObjectType(
    "Region",
    fields={one: Field(one, "text") for one in ("Id", "CA10__homeRegion__c", "CA10__regionName__c")},
    lookups={"account__r": Lookup("account__r", ACCOUNT_TYPE, "account__c")},
    master="account__r",
)


@pytest.mark.parametrize(
    ("claimed", "asked", "covered"),
    [
        (Scope(), Scope(), True),
        (Scope(), Scope(A), True),
        (Scope(), Scope(A, "r"), True),
        (Scope(A), Scope(), False),
        (Scope(A), Scope(A), True),
        (Scope(A), Scope(B), False),
        (Scope(A), Scope(A, "r"), True),
        (Scope(A, "r"), Scope(A), False),
        (Scope(A, "r"), Scope(A, "r"), True),
        (Scope(A, "r"), Scope(A, "s"), False),
        (Scope(A, "r"), Scope(B, "r"), False),
        (Scope(A, "r"), Scope(None, "r"), False),
    ],
)
def test_a_claim_covers_what_lies_within_it(claimed, asked, covered):
    assert covered is claimed.covers(asked)
    assert (None if covered else unclaimed("T", str(asked))) == Claims((Claim("T", claimed),)).reason("T", "list", asked)


def test_regions_do_not_add_up_to_an_account():
    claims = tuple(Claim("T", Scope(A, one)) for one in ("r", "s"))
    assert unclaimed("T", A) == Claims(claims).reason("T", "list", Scope(A))


def test_a_claim_says_nothing_of_another_type_or_list():
    claims = Claims((Claim("T", relation="these"), Claim("U")))
    assert [True, False, False, True] == [
        claims.reason(*one, Scope()) is None for one in (("T", "these"), ("T", "those"), ("T", ""), ("U", "any"))
    ]


@pytest.mark.parametrize(
    ("lacking", "asked", "meets"),
    [
        (Scope(), Scope("a"), True),
        (Scope("a"), Scope(), True),
        (Scope("a", "r"), Scope("a"), True),
        (Scope("a", "r"), Scope("a", "s"), False),
        (Scope("a"), Scope("b"), False),
        (Scope("a", "r"), Scope(None, "r"), True),
    ],
)
def test_what_is_lacking_counts_before_what_is_complete(lacking, asked, meets):
    claims = Claims((Claim("T"), Claim("T", lacking, "denied")))
    assert ("is not known in full: denied" if meets else None) == claims.reason("T", "list", asked)


def test_an_input_that_was_not_read_may_have_held_anything():
    claims = Claims((Claim("T"), unread_input("x.csv")))
    assert "is not known in full: x.csv could not be read" == claims.reason("T", "list", Scope("a"))


def test_the_scope_of_an_object_is_in_its_declared_fields():
    fields = {"Id": "i", "account__c": "111122223333", "CA10__regionName__c": "eu-west-1", "CA10__homeRegion__c": "eu-west-2"}
    assert region_field(REGION) == "CA10__regionName__c"
    assert Scope("111122223333", "eu-west-1") == scope_of(fields, REGION)
    assert Scope() == scope_of({"Id": "i", "account__c": 5, "CA10__regionName__c": ""}, REGION)
    assert Scope("444455556666") == scope_of({"Id": "444455556666"}, ObjectType(ACCOUNT_TYPE))
    assert Scope() == scope_of(fields, ObjectType("Lost", master="nowhere__r"))


def test_other_clouds_have_accounts_of_other_forms():
    words = "my-project-1,11111111-2222-3333-4444-555555555555"
    assert tuple(map(Scope, words.split(","))) == scopes_from(words)


def test_scopes_are_written_with_commas():
    found = (Scope(), Scope("111122223333"), Scope("444455556666", "eu-west-1"))
    assert found == scopes_from("all, 111122223333,444455556666/eu-west-1")
    assert "all,111122223333,444455556666/eu-west-1" == ",".join(map(str, found))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "`` is not a scope: write `all`, an account ID, or `account/region`"),
        ("allx", "`allx` is not a scope (did you mean `all`?)"),
        ("111122223333,All", "`All` is not a scope (did you mean `all`?)"),
        ("a/", "`a/` is not a scope: write `all`, an account ID, or `account/region`"),
        ("/r", "`/r` is not a scope: write `all`, an account ID, or `account/region`"),
        ("a b", "`a b` is not a scope: write `all`, an account ID, or `account/region`"),
        ("a/r/s", "`a/r/s` is not a scope: write `all`, an account ID, or `account/region`"),
        (
            "all,11112222333",
            f"`11112222333` has 11 digits and is no account: {account_forms()}",
        ),
        ("1111-2222-3333", "`1111-2222-3333` is not an account ID (did you mean `111122223333`?)"),
        ("eu-west-1", "`eu-west-1` is a region: write an account ID and `/` before it"),
        ("us-gov-northeast-1/111122223333", "`us-gov-northeast-1` is a region: write an account ID and `/` before it"),
    ],
)
def test_what_is_no_scope_is_refused_with_the_reason(words, message):
    with pytest.raises(ValueError) as raised:
        scopes_from(words)
    assert message == str(raised.value)


@pytest.mark.parametrize("key", ["12345678901", " 012345678901", "0123 45678901\u200b", "'012345678901", '"012345678901"'])
def test_what_typing_changes_of_a_key_makes_no_other_key(key):
    assert normalized_key("012345678901") == normalized_key(key)
    assert normalized_key("012345678901") != normalized_key("112345678901")


def test_dashes_and_quotes_of_writing_programs_are_those_of_keyboards():
    assert normalized_key("a-b") == normalized_key("\u201ca\u2013b\u201d") != normalized_key("ab")


def test_letters_are_what_they_are_in_either_case():
    assert ("xa", "xa0") == (normalized_key("XA"), normalized_key("'xA0"))


def test_a_claim_is_of_its_type_in_each_scope():
    assert (Claim("T", Scope("a")), Claim("T", Scope("b", "r"))) == claims_of("T", (Scope("a"), Scope("b", "r")))


def test_a_call_that_said_nothing_is_told_with_its_place_and_code():
    unread = FailedCall("111122223333", "eu-west-1", "iam", "ListUsers", "iam:ListUsers", "denied", "AccessDenied")
    assert "denied iam:ListUsers (AccessDenied) in 111122223333/eu-west-1" == str(unread)
    assert "denied iam:ListUsers in 111122223333" == str(replace(unread, code="", region=""))


def test_of_each_account_it_is_told_once_what_was_not_read_and_first_what_could_not_be() -> None:
    claims = [
        Claim("Thing", Scope("b", one), why) for one, why in (("r", "not asked for: it"), ("s", "denied"), ("t", "failed"))
    ]
    claims += [Claim("Thing", Scope("a")), Claim("Thing", lacking="more", relation="r"), Claim("", Scope("c"), "closed")]
    assert {"Thing": [("b", "denied")], "": [("c", "closed")]} == incomplete_by_type(claims)
    assert {"Thing": [("", "denied")]} == incomplete_by_type([Claim("Thing", Scope(None, "r"), "denied")])
    many = [Claim("Thing", Scope(account), "denied") for account in "cab"]
    assert ([("", "denied")], 3) == (incomplete_by_type(many, most=2)["Thing"], len(incomplete_by_type(many, most=3)["Thing"]))


@pytest.mark.parametrize(
    ("key", "former", "another"),
    [
        ("111122223333", "444455556666", True),
        ("a0B000000001XyZ", "a0B000000002aBc", True),
        ("dev-1", "ops-2", True),
        ("12345678901", "012345678901", False),
        (" 012345678901", "012345678901", False),
        ("0123-4567-8901", "012345678901", False),
        ("012345678901", "012345678901, 444455556666", False),
        ("0123456789", "012345678901", False),
        ("1.11122E+11", "111122223333", False),
        ("prod", "111122223333", False),
        ("N/A", "prod", False),
        ("none", "prod", False),
    ],
)
def test_a_key_is_surely_another_where_both_look_alike_and_neither_is_part_of_the_other(key, former, another):
    assert another is is_another_key(key, former) is is_another_key(former, key)


@pytest.mark.parametrize(
    ("lacking", "is_open"),
    [
        (Claim("Owner", Scope("a", "r"), "denied"), True),
        (Claim("", Scope("a"), "closed"), True),
        (Claim("Owner", Scope("b"), "denied"), False),
        (Claim("Owner", Scope("a")), False),
        (Claim("Part", Scope("a"), "denied"), False),
        (Claim("Owner", Scope("a"), "denied", relation="others"), False),
    ],
)
def test_a_claim_on_lists_is_open_where_not_every_owner_was_read(lacking, is_open):
    claimed = ListClaim("Owner", "parts", Claim("Part", Scope("a")))
    assert is_open == claimed.is_open(Claims((Claim("Owner"), lacking)))
