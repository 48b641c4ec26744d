"""Absence is a fact only where a claim says so: what is not among the inputs never makes a list empty, in files or stores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import RunWriter

pytestmark = pytest.mark.usefixtures("shared_database")

USER, ACCOUNT, HUB = "CA10__CaAwsUser__c", "CA10__CaAwsAccount__c", "CA10A1__CaAwsSecurityHub__c"
LINK, INLINE = "CA10__CaAwsIamPolicyUserLink__c", "CA10__CaAwsUserPolicy__c"
A, B, ZERO = "111122223333", "444455556666", "012345678901"
USERS, HUBS, DIRECT = "account-has-no-iam-users", "security-hub", "delete-user-inline-or-directly-attached-policies"
EBS = "ebs-volume-encryption-attribute-in-all-regions"


class Bench:
    """Inputs in a directory, and what policies say of them in a store or as they are."""

    def __init__(self, run: RunWriter, directory: Path) -> None:
        self.run, self.directory = run, directory
        self.told = ""

    def write(self, name: str, content: Any) -> str:
        path = self.directory / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def report(self, account: str, *users: str) -> str:
        rows = "".join(f"{one},arn:aws:iam::{account}:user/{one}\n" for one in users)
        return self.write(f"{account}.csv", f"user,arn\n<root_account>,arn:aws:iam::{account}:root\n{rows}")

    def of_files(self, policy: str, *inputs: str) -> dict[str, str]:
        return self._said("check", *inputs, "--policy", policy)

    def of_store(self, policy: str, *inputs: str) -> dict[str, str]:
        store = self.directory / f"store{len(list(self.directory.iterdir()))}"
        ended = self.run("import", *inputs, "--store", store)
        assert 0 == ended.code, ended.err
        self.told = ended.err
        return self._said("check", "--store", str(store), "--no-history", "--policy", policy)

    def _said(self, *arguments: str) -> dict[str, str]:
        ended = self.run(*arguments, "--snapshot-time", "2026-11-20", "--format", "ndjson")
        assert ended.code in (0, 1, 3), ended.err
        return {one["object"]["id"]: one["status"] for one in map(json.loads, ended.out.splitlines())}


@pytest.fixture
def bench(run: RunWriter, tmp_path: Path) -> Bench:
    return Bench(run, tmp_path)


def test_a_report_of_one_account_says_nothing_of_another(bench: Bench) -> None:
    inputs = [bench.report(A, "ann"), bench.write("b.json", [{"Id": B}]), "--type", ACCOUNT]
    expected = {A: "INCOMPLIANT", B: "UNDETERMINED"}
    assert (expected, expected) == (bench.of_files(USERS, *inputs), bench.of_store(USERS, *inputs))
    assert f"warning[K313]: `CA10__users__r` is not known of 1 of `{ACCOUNT}`, `{B}`" in bench.told


def test_a_report_is_complete_for_the_users_of_its_accounts(bench: Bench) -> None:
    inputs = [bench.report(A, "ann"), bench.write("a.json", [{"Id": A}]), "--type", ACCOUNT]
    root = bench.write("c.csv", f"user,arn\n<root_account>,arn:aws:iam::{B}:root\n")
    expected = {A: "INCOMPLIANT", B: "COMPLIANT"}
    assert (expected, expected) == (bench.of_files(USERS, root, *inputs), bench.of_store(USERS, root, *inputs))
    assert "" == bench.told


def test_a_report_without_its_root_user_is_not_all_of_its_account(bench: Bench) -> None:
    columns, store = "user,arn,password_enabled,mfa_active\n", bench.directory / "store"
    for day in (1, 2):
        reports = []
        for account in (A, B):
            root = f"<root_account>,arn:aws:iam::{account}:root,not_supported,true\n"
            ann, bob = (f"{one},arn:aws:iam::{account}:user/{one},true,false\n" for one in ("ann", "bob"))
            rows = root + ann + bob if day == 1 else ann if account == A else root + ann
            reports.append(bench.write(f"{account}.csv", columns + rows))
        assert 0 == bench.run("import", *reports, "--observed-at", f"2026-11-0{day}", "--store", store).code
        bench.run("check", "--store", store, "--policy", "mfa-for-all-users-with-console-password")
    told = bench.run("findings", "--store", store, "--life", "all", "--format", "ndjson").out.splitlines()
    lives = {one["object_id"]: one["life"] for one in map(json.loads, told)}
    assert ["open", "resource_deleted"] == [lives[f"arn:aws:iam::{account}:user/bob"] for account in (A, B)]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ([], "UNDETERMINED"),
        (["--complete", "all"], "COMPLIANT"),
        (["--complete", f"{B}, {A}"], "COMPLIANT"),
        (["--complete", B], "UNDETERMINED"),
        (["--complete", f"{A}/eu-west-1"], "UNDETERMINED"),
    ],
)
def test_a_table_without_rows_proves_what_it_claims(bench: Bench, scope: list[str], expected: str) -> None:
    users, accounts = bench.write("users.csv", "Id,CA10__account__c\n"), bench.write("accounts.csv", f"Id\n{A}\n")
    assert {A: expected} == bench.of_store(USERS, users, "--type", USER, *scope, accounts, "--type", ACCOUNT)


def test_a_mapping_may_claim_and_an_option_counts_before_it(bench: Bench) -> None:
    users, accounts = bench.write("users.csv", "key,acct\n"), bench.write("accounts.csv", f"Id\n{A}\n{B}\n")
    mapping = bench.write("m.yaml", f"columns: {{key: Id, acct: CA10__account__c}}\ncomplete: '{A}'\n")
    mapped = [users, "--type", USER, "--mapping", mapping]
    assert {A: "COMPLIANT", B: "UNDETERMINED"} == bench.of_store(USERS, *mapped, accounts, "--type", ACCOUNT)
    assert {A: "UNDETERMINED", B: "COMPLIANT"} == bench.of_store(USERS, *mapped, "--complete", B, accounts, "--type", ACCOUNT)


def test_links_and_inline_policies_of_another_account_prove_nothing(bench: Bench) -> None:
    rows = "".join(f"arn:aws:iam::{one}:user/u,u,{one}\n" for one in (A, B))
    users = [bench.write("u.csv", f"Id,CA10__userName__c,CA10__account__c\n{rows}"), "--type", USER]
    inline = [bench.write("i.csv", "Id,CA10__user__c,CA10__disappearanceTime__c\n"), "--type", INLINE]
    links = [bench.write("l.csv", "Id,CA10__user__c,CA10__policy__c,CA10__disappearanceTime__c\n"), "--type", LINK]
    found = bench.of_store(DIRECT, *users, *inline, "--complete", "all", *links, "--complete", A)
    assert {f"arn:aws:iam::{A}:user/u": "COMPLIANT", f"arn:aws:iam::{B}:user/u": "UNDETERMINED"} == found


def test_a_list_whose_type_was_not_imported_says_what_to_import(bench: Bench, run: RunWriter) -> None:
    accounts = bench.write("accounts.csv", f"Id\n{A}\n")
    assert {A: "UNDETERMINED"} == bench.of_store(USERS, accounts, "--type", ACCOUNT)
    store = next(bench.directory.glob("store*"))
    found = run("check", "--store", store, "--no-history", "--policy", USERS, "--format", "ndjson").out
    said = f"CA10__users__r was not collected: import `{USER}` as well, with --complete for what was read in full"
    assert said == json.loads(found)["currentStateMessage"]


def test_objects_in_a_cell_are_not_dropped_for_a_table_of_their_type(bench: Bench) -> None:
    row = {"Id": A, "CA10__users__r": [{"Id": "u", "CA10__userName__c": "bob"}]}
    accounts = bench.write("a.ndjson", json.dumps(row) + "\n")
    users = bench.write("u.csv", "Id,CA10__account__c\n")
    found = bench.of_store(USERS, accounts, "--type", ACCOUNT, users, "--type", USER, "--complete", "all")
    assert {A: "UNDETERMINED"} == found
    assert "warning[K308]: `CA10__users__r` holds objects in 1 row, which are not followed" in bench.told


@pytest.mark.parametrize(("cell", "expected"), [([], "COMPLIANT"), (None, "COMPLIANT"), ("x", "UNDETERMINED")])
def test_an_empty_list_in_json_lines_is_a_statement(bench: Bench, cell: Any, expected: str) -> None:
    accounts = bench.write("a.ndjson", "".join(json.dumps({"Id": one, "CA10__users__r": cell}) + "\n" for one in (A, B)))
    users = bench.write("u.csv", "Id,CA10__account__c\n")
    assert {A: expected, B: expected} == bench.of_store(USERS, accounts, "--type", ACCOUNT, users, "--type", USER)


@pytest.mark.parametrize("key", ["12345678901", "1.23457E+10"])
def test_a_key_that_a_spreadsheet_has_changed_leaves_lists_open(bench: Bench, key: str) -> None:
    users = bench.write("u.csv", f"Id,CA10__userName__c,CA10__account__c\nu,bob,{key}\n")
    accounts = bench.write("a.csv", f"Id\n{ZERO}\n")
    found = bench.of_store(USERS, users, "--type", USER, "--complete", "all", accounts, "--type", ACCOUNT)
    assert {ZERO: "UNDETERMINED"} == found
    assert f"warning[K309]: `CA10__account__c` of `{USER}` matches no `{ACCOUNT}`: 1 in all" in bench.told


@pytest.mark.parametrize(
    ("key", "is_matched"),
    [
        (f"arn:aws:iam::{A}:user/ann-mari", False),
        (f"arn:aws:iam::{B}:user/ann-marie", False),
        (f"arn:aws:iam::{A}:user/ann-marie", True),
    ],
)
def test_an_unmatched_key_leaves_all_lists_open(bench: Bench, key: str, is_matched: bool) -> None:
    ann, bob = (f"arn:aws:iam::{A}:user/{one}" for one in ("ann-marie", "bob"))
    rows = [{"Id": one, "CA10__account__c": A, "CA10__userName__c": "x"} for one in (ann, bob)]
    links = [{"Id": "l", "CA10__user__c": bob, "CA10__disappearanceTime__c": "2020-01-01T00:00:00Z"}]
    inputs = [bench.write("u", rows), "--type", USER, bench.write("l", links), "--type", LINK, "--complete", "all"]
    inputs += [bench.write("p", [{"Id": "p", "CA10__user__c": key}]), "--type", INLINE, "--complete", "all"]
    expected = {ann: "INCOMPLIANT", bob: "COMPLIANT"} if is_matched else dict.fromkeys((ann, bob), "UNDETERMINED")
    assert expected == bench.of_files(f"*{DIRECT}", *inputs) == bench.of_store(f"*{DIRECT}", *inputs)


def test_a_key_of_an_account_that_was_not_imported_is_told_and_harms_no_other(bench: Bench) -> None:
    users = bench.write("u.csv", f"Id,CA10__userName__c,CA10__account__c\nu,bob,{B}\n")
    accounts = bench.write("a.csv", f"Id\n{A}\n")
    found = bench.of_store(USERS, users, "--type", USER, "--complete", "all", accounts, "--type", ACCOUNT)
    assert {A: "COMPLIANT"} == found
    assert f"matches no `{ACCOUNT}`: 1 in all, `{B}`" in bench.told


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_a_row_that_holds_another_object_than_its_key_names_may_belong_to_any(bench: Bench, form: str) -> None:
    accounts = [bench.write("a.json", [{"Id": A}, {"Id": B}]), "--type", ACCOUNT, "--complete", "all"]
    row = {"Id": "u", "CA10__userName__c": "bob", "CA10__account__c": B, "CA10__account__r": {"Id": A}}
    users = [bench.write("u", [row] if form == "json" else json.dumps(row) + "\n"), "--type", USER, "--complete", "all"]
    expected = {A: "UNDETERMINED", B: "UNDETERMINED"}
    assert (expected, expected) == (bench.of_files(USERS, *accounts, *users), bench.of_store(USERS, *accounts, *users))


def test_an_empty_list_beside_a_row_is_in_doubt(bench: Bench) -> None:
    accounts = bench.write("a.json", [{"Id": one, "CA10A1__AWS_Security_Hubs__r": []} for one in (A, B)])
    hubs = bench.write("h.csv", f"Id,CA10A1__account__c\nh,{A}\n")
    found = bench.of_store(HUBS, accounts, "--type", ACCOUNT, hubs, "--type", HUB)
    assert "UNDETERMINED" == found[A]
    assert "UNDETERMINED" != found[B]
    assert f"warning[K311]: `CA10A1__AWS_Security_Hubs__r` of `{ACCOUNT}` does not hold all" in bench.told


def test_regions_of_one_name_are_those_of_their_accounts(bench: Bench) -> None:
    def account(identity: str, encrypted: str) -> dict[str, Any]:
        region = {"Id": "eu-west-1", "CA10__status__c": "opted-in", "CA10__ebsStorageEncryption__c": encrypted}
        return {"Id": identity, "CA10__AWS_Account_Regions__r": [region]}

    inputs = [bench.write("a.json", [account(A, "Enabled"), account(B, "Disabled")]), "--type", ACCOUNT]
    expected = {A: "COMPLIANT", B: "INCOMPLIANT"}
    assert (expected, expected) == (bench.of_files(EBS, *inputs), bench.of_store(EBS, *inputs))
    assert f"in the store these are `{A}/eu-west-1`, `{B}/eu-west-1`" in bench.told


SPELLINGS = (
    "Perpend_Contradicted",
    "CA10__users__r#Unfollowed",
    "CA10__arn__c#Unread",
    "CA10__arn__c#ＵＮＲＥＡＤ",
    "perpend_ſource",
    "CA10__account__c#listed",
)
ELSEWHERE = ("ndjson", "json", "nested", "mapping", "constant")
"""The forms beside CSV: names in all of them are asked about in one place, so two spellings do."""


@pytest.mark.parametrize(
    ("name", "form"),
    [*((name, "csv") for name in SPELLINGS), *((name, form) for name in SPELLINGS[3:4] for form in ELSEWHERE)],
)
def test_no_spelling_of_a_reserved_name_is_taken(run: RunWriter, bench: Bench, name: str, form: str) -> None:
    contents: dict[str, Any] = {
        "csv": f"Id,{name}\n{A},x\n",
        "ndjson": json.dumps({"Id": A, name: "x"}) + "\n",
        "json": [{"Id": A, name: "x"}],
        "nested": [{"Id": A, "CA10__users__r": [{"Id": "u", name: "x"}]}],
        "mapping": f"Id,x\n{A},x\n",
        "constant": f"Id,x\n{A},x\n",
    }
    inputs = [bench.write("input", contents[form]), "--type", ACCOUNT]
    if form in ("mapping", "constant"):
        mapped = {"columns": {"Id": "Id"}, "constants": {name: "x"}}
        inputs += ["--mapping", bench.write("m.yaml", {"columns": {"Id": "Id", "x": name}} if form == "mapping" else mapped)]
    ended = run("import", *inputs, "--store", bench.directory / "s")
    assert (2, "") == (ended.code, ended.out)
    assert "is reserved" in ended.err


@pytest.mark.parametrize("scope", ["", "12345678901", "a/b/c"])
def test_what_is_no_scope_is_refused(run: RunWriter, bench: Bench, scope: str) -> None:
    for command in ("import", "check"):
        store = ["--store", bench.directory / "s"] if command == "import" else []
        ended = run(command, bench.write("a.json", [{"Id": A}]), "--type", ACCOUNT, "--complete", scope, *store)
        assert (2, "") == (ended.code, ended.out)
        assert "is not a scope" in ended.err or "is no account: AWS has twelve digits" in ended.err


def test_an_input_that_cannot_be_read_may_have_held_more(run: RunWriter, bench: Bench) -> None:
    report, broken = bench.write("r.csv", f"user,arn\n<root_account>,arn:aws:iam::{A}:root\n"), bench.write("x", "<html>")
    store = bench.directory / "s"
    assert 2 == run("import", report, broken, "--keep-going", "--store", store).code
    for inputs in ([report, broken, "--keep-going"], ["--store", store]):
        found = json.loads(run("check", *inputs, "--policy", USERS, "--format", "ndjson").out.splitlines()[0])
        said = found["status"], found["currentStateMessage"]
        assert ("UNDETERMINED", f"CA10__users__r is not known in full: {broken} could not be read") == said


def test_a_claim_that_changes_leaves_no_kept_verdict_in_force(run: RunWriter, bench: Bench) -> None:
    users, accounts = bench.write("u.csv", "Id,CA10__account__c\n"), bench.write("a.csv", f"Id\n{A}\n")
    asked = ("--store", bench.directory / "s", "--no-history", "--policy", USERS, "--format", "ndjson")
    for scope, expected in (("all", "COMPLIANT"), (B, "UNDETERMINED"), (A, "COMPLIANT")):
        arguments = [users, "--type", USER, "--complete", scope, accounts, "--type", ACCOUNT, "--store", bench.directory / "s"]
        assert 0 == run("import", *arguments).code
        for _ in range(2):
            assert expected == json.loads(run("check", *asked).out)["status"]


def test_claims_are_shown(run: RunWriter, bench: Bench) -> None:
    users = bench.write("u.csv", "Id,CA10__account__c\n")
    run("import", users, "--type", USER, "--complete", f"{A}/eu-west-1", "--store", bench.directory / "s")
    shown = " ".join(run("inventory", "show", "--store", bench.directory / "s").out.split())
    assert f"{users} lists {USER} of {A}/eu-west-1 in full" in shown


def test_what_its_source_has_not_read_in_full_answers_no_requirement_and_is_no_clean_run(run: RunWriter, bench: Bench) -> None:
    user = {"UserName": "ann", "Arn": f"arn:aws:iam::{A}:user/ann", "UserPolicyList": [], "AttachedManagedPolicies": []}
    store = bench.directory / "s"

    def ends(**more: Any) -> list[tuple[int, str, bool]]:
        details = bench.write("d.json", {"UserDetailList": [user], **more})
        assert 0 == run("import", details, "--store", store).code
        found = []
        for inputs in ([details], ["--store", store]):
            ended = run("check", *inputs, "--policy", f"*{DIRECT}", "--framework", "cis-aws/2.13", "--format", "json")
            [framework] = json.loads(ended.out)["frameworks"]
            found.append(
                (
                    ended.code,
                    framework["results"][0]["standing"],
                    "AWS IAM User: some objects may not be evaluated" in ended.err,
                )
            )
        [card] = json.loads(run("compliance", "--store", store, "--framework", "cis-aws/2.13", "--format", "json").out)
        assert [card["results"][0]["standing"]] == list({standing for _, standing, _ in found})
        return found

    assert [(3, "undetermined", True)] * 2 == ends(IsTruncated=True) == ends(NextToken="n")
    assert [(0, "met", False)] * 2 == ends(IsTruncated=False)


def test_a_table_that_holds_nothing_is_a_clean_run_only_where_somebody_says_that_this_is_all(
    run: RunWriter, bench: Bench
) -> None:
    inputs = [bench.write("u.csv", "Id,CA10__account__c\n"), "--type", USER]
    for claim, code in (([], 3), (["--complete", A], 0)):
        assert code == run("check", *inputs, *claim, "--policy", f"*{DIRECT}").code


def user(name: str, account: str = A, **more: Any) -> dict[str, Any]:
    """Return the details of a user of whom AWS lists the policies attached, and what else is stated."""
    return {"UserName": name, "Arn": f"arn:aws:iam::{account}:user/{name}", "AttachedManagedPolicies": [], **more}


def test_of_a_user_without_inline_policies_aws_leaves_the_list_out(bench: Bench) -> None:
    """Each case has an account of its own, with a user beside ann that has such a policy; those that touch others come alone."""
    attached = [{"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
    claimed, free = ["--complete"], ["--observed-at", "2026-11-20"]
    estates: list[list[tuple[list[str], dict[str, Any], str]]] = [
        [(claimed, {"GroupList": []}, "COMPLIANT"), (free, {"GroupList": []}, "UNDETERMINED")],
        [(claimed, {}, "UNDETERMINED"), (free, {"AttachedManagedPolicies": attached}, "INCOMPLIANT")],
        [(claimed, {"GroupList": None}, "UNDETERMINED")],
        [(claimed, {"GroupList": [], "UserPolicyList": None}, "UNDETERMINED")],
    ]
    for inventory in estates:
        inputs, expected = [], {}
        for account, (claim, more, status) in zip((A, B), inventory, strict=False):
            bob = user("bob", account, GroupList=[], UserPolicyList=[{"PolicyName": "p"}])
            inputs.append(bench.write(f"{account}.json", {"UserDetailList": [user("ann", account, **more), bob]}))
            inputs += [*claim, account] if claim == claimed else claim
            expected |= {f"arn:aws:iam::{account}:user/ann": status, f"arn:aws:iam::{account}:user/bob": "INCOMPLIANT"}
        assert expected == bench.of_files(f"*{DIRECT}", *inputs) == bench.of_store(f"*{DIRECT}", *inputs)


def test_no_claim_on_a_file_reaches_the_list_of_an_object_that_the_file_does_not_hold(bench: Bench) -> None:
    """Each form of another input tells of bob of an account of its own, of which a file claims its users; nobody of the last."""
    claimed, others, expected = [], [], {}
    for place, form in enumerate(("report", "json", "csv", "steampipe", "none")):
        account = f"{A[:-1]}{place}"
        carl = user("carl", account, UserPolicyList=[{"PolicyName": "p"}], GroupList=[])
        page = bench.write(f"{account}.json", {"UserDetailList": [user("ann", account, GroupList=[]), carl]})
        claimed += [page, "--complete", account]
        arn = f"arn:aws:iam::{account}:user/bob"
        row = {"Id": arn, "CA10__account__c": account, "CA10__arn__c": arn, "CA10__userName__c": "bob"}
        others += {
            "report": [bench.report(account, "ann", "bob", "carl"), "--observed-at", "2026-11-20"],
            "json": [bench.write(f"{form}-rows", [row]), "--type", USER],
            "csv": [bench.write(form, f"{','.join(row)}\n{','.join(row.values())}\n"), "--type", USER],
            "steampipe": [bench.write(f"{form}-s", [{"name": "bob", "user_id": "B", "arn": arn, "_ctx": {}}]), "--type", USER],
        }.get(form, [])
        expected |= {arn: "UNDETERMINED"} if form != "none" else {f"arn:aws:iam::{account}:user/ann": "COMPLIANT"}
        expected |= {f"arn:aws:iam::{account}:user/carl": "INCOMPLIANT"}
    for inputs in ([*claimed, *others], [*others, *claimed]):
        for judged in (bench.of_files(DIRECT, *inputs), bench.of_store(DIRECT, *inputs)):
            assert expected == {arn: judged[arn] for arn in expected}, inputs
