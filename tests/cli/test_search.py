"""``perpend search``: what people type, and what is wrong with it."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import RunWriter


def test_search_finds_policies_by_names_and_rules_as_text_and_json(run: RunWriter) -> None:
    found = run("search", "mfa", "root").out.splitlines()
    assert "policy\t/ce/ca/aws/iam/root-user-mfa\tAWS Account Root User MFA is not enabled" in found[:2]
    (found,) = (one for one in json.loads(run("search", "IAM.9", "--format", "json").out) if one["kind"] == "policy")
    assert ("policy", "/ce/ca/aws/iam/root-user-mfa", "rules") == (found["kind"], found["id"], found["foundIn"])
    assert 2 == len(json.loads(run("search", "mfa", "--limit", "2", "--format", "json").out))


def test_what_is_not_found_or_no_word_is_told(run: RunWriter) -> None:
    assert (0, "none (did you mean 'rotated'?)\n") == run("search", "rotaten")[:2]
    assert [] == json.loads(run("search", "rotaten", "--format", "json").out)
    assert (0, "none\n") == run("search", "such", "zzz")[:2]
    for words, reason in (((), "missing argument 'WORD...'"), (("mfa", " "), ""), ((" ",), "WORD is blank")):
        ran = run("search", *words)
        assert (2 if reason else 0, True) == (ran.code, reason in ran.err)


@pytest.mark.parametrize(
    ("words", "policy"),
    [
        ("unencrypted volume", "ebs/volume-encryption"),
        ("administration world", "vpc/network-acl-allows-unrestricted-ingress-traffic-to-remote-server-administration-ports"),
        ("2fa root", "iam/root-user-mfa"),
    ],
)
def test_words_of_the_same_family_or_meaning_count_if_nothing_holds_the_words(run: RunWriter, words: str, policy: str) -> None:
    assert f"/ce/ca/aws/{policy}\t" in run("search", words).out
