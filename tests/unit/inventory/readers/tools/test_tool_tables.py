"""Tables of Steampipe and CloudQuery: every row is of one table, and names its object as all others name it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perpend.inventory.readers import UnusableInput, collect_files
from tests import formats
from tests.formats import ACCOUNT, ANN, ROLE, config_item
from tests.unit.inventory.readers.reports import USER, write


def test_rows_of_two_tables_are_refused_whichever_stands_first(tmp_path: Path) -> None:
    user = formats.steampipe_users()[0]
    role = {"name": "r", "role_id": "R", "arn": ROLE, "account_id": ACCOUNT, "attached_policy_arns": [], "_ctx": {}}
    for rows, reason in (
        ([user, role], "row 2 is one of aws_iam_role, after rows of aws_iam_user: every table needs a file of its own"),
        ([role, role, user], "row 3 is one of aws_iam_user, after rows of aws_iam_role"),
        ([user, formats.steampipe_report()[0]], "row 2 is one of credential report, after rows of aws_iam_user"),
        ([user, {"_ctx": {}, "arn": ANN}], "a table of Steampipe with `_ctx`, `arn`, which is neither"),
    ):
        with pytest.raises(UnusableInput, match=reason.replace("(", r"\(")):
            collect_files(write(tmp_path, json.dumps(rows)))
    more = {**user, "tags": {}}
    assert [ANN] == [one.id for one in collect_files(write(tmp_path, json.dumps([user, more]))).inventory.objects[USER]]


@pytest.mark.parametrize("odd", [f" {ANN}", f"{ANN} ", f"{ANN}\n", f"{ANN}\u00a0", f"{ANN}\u200b", ANN.replace("ann", "a nn")])
def test_an_arn_with_blanks_names_nothing(tmp_path: Path, odd: str) -> None:
    item = config_item("AWS::IAM::User", odd, {"userName": "ann"})
    rows = {**formats.steampipe_users()[0], "arn": odd}
    row = {**formats.cloudquery_policies()[0], "arn": odd}
    for content in ({"configurationItems": [item]}, {"UserDetailList": [{"Arn": odd}]}, [rows], row):
        with pytest.raises(UnusableInput, match="is no ARN"):
            collect_files(write(tmp_path, json.dumps(content)))


@pytest.mark.parametrize("odd", [f" {ANN}", f"{ANN} ", f"{ANN}\u00a0"])
def test_a_row_of_a_report_whose_arn_has_blanks_is_none(tmp_path: Path, odd: str) -> None:
    row = {**formats.steampipe_report()[0], "user_arn": odd}
    with pytest.raises(UnusableInput, match="is not the ARN of an IAM user"):
        collect_files(write(tmp_path, json.dumps([row])))


def test_a_row_of_a_report_with_a_column_in_two_spellings_is_none(tmp_path: Path) -> None:
    rows = [{**formats.steampipe_report()[0], "MFA_Active": False}]
    with pytest.raises(UnusableInput, match="row 1 cannot be used: `mfa_active` appears in two spellings"):
        collect_files(write(tmp_path, json.dumps(rows)))
    findings = json.dumps(formats.prowler()).replace('"mfa_active"', '"MFA_Active": "false", "mfa_active"')
    with pytest.raises(UnusableInput, match="cannot be used: `MFA_Active` appears in two spellings"):
        collect_files(write(tmp_path, findings))
