"""Accounts are asked for by the names that people gave them."""

from __future__ import annotations

from perpend.core.objects.account import Account, account_numbers


def test_a_name_in_any_case_stands_for_its_accounts_and_a_number_for_itself() -> None:
    accounts = {"1": Account("Shop"), "2": Account("shop"), "3": Account(owner="shop")}
    assert ("1", "2") == account_numbers(["SHOP"], accounts)
    assert ("3", "1", "2", "else") == account_numbers(["3", "1", "shop", "else"], accounts)
    assert () == account_numbers([], accounts)
