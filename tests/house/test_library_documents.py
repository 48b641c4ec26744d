"""The documents of policies that AWS manages, more than 1,500 in each account, cost the library's policies almost nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from perpend.evaluation.engines.duckdb.engine import duck_db
from perpend.evaluation.engines.nested import indexes_of
from perpend.evaluation.planner import udfs
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import open_repository

POLICY = "CA10__CaAwsIamPolicy__c"
STATEMENT = {"Effect": "Allow", "Action": ["s3:GetObject", "sts:AssumeRole"], "Resource": "*"}


def policy(owner: str, attachments: int) -> dict[str, Any]:
    arn = f"arn:aws:iam::{owner}:policy/p"
    document = {"Version": "2012-10-17", "Id": owner, "Statement": [STATEMENT]}
    extended = {**document, "Statement": [{**STATEMENT, "AccessLevel": "SAME_ACCOUNT"}]}
    return {
        "Id": f"111122223333|{arn}",
        "CA10__arn__c": arn,
        "CA10__name__c": "p",
        "CA10__attachmentCount__c": attachments,
        "CA10__policyDocument__c": json.dumps(document),
        "CA10__policyDocumentExt__c": json.dumps(extended),
        "CA10__account__r": {"Id": "111122223333", "CA10__accountId__c": "111122223333"},
    }


def test_only_documents_of_attached_policies_of_a_customer_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse = udfs.json_from_text
    monkeypatch.setattr(udfs, "json_from_text", lambda text: parsed.append(text) or parse(text))
    udfs._document.cache_clear()
    analyzer = Analyzer(open_repository())
    found = [analyzer.analyzed(logic).program for logic in analyzer.repository.logic_ids if "/aws/iam/" in logic]
    programs = [program for program in found if program is not None and program.input_type == POLICY]
    policies = [policy("aws", 0), policy("111122223333", 1)]
    with duck_db() as engine:
        indexes_of(engine, programs, policies, 0)
    own = [policies[1][name] for name in ("CA10__policyDocumentExt__c", "CA10__policyDocument__c")]
    assert sorted(own) == sorted(parsed), "each once, for all policies"
