"""``perpend new``: what it writes is sound from the first moment, what is there stays, and a refusal leaves nothing behind."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from perpend.core.objects.object_types import FIELD_TYPES
from perpend.language.syntax.repository import LIBRARY
from tests.cli.conftest import EXAMPLE, TIME, Offered, RunWriter, done, full
from tests.repositories import write

POLICY = ("policy", "ce/acme/iam/user-without-mfa", "--type", "AWS IAM User")
WAIVER = ("waiver", "w", "--policy", "user-without-mfa")
FULL = ("--coverage", "--fail-under", "100")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new repository, to be copied."""
    directory = tmp_path_factory.mktemp("begun") / "policies"
    done("new", "repository", directory)
    return directory


@pytest.fixture
def root(begun: Path, tmp_path: Path) -> Path:
    """Return a new repository for one test alone."""
    return shutil.copytree(begun, tmp_path / "policies")


def contents(root: Path) -> dict[str, bytes]:
    """Return all that stands below a directory, hidden or not."""
    return {str(path.relative_to(root)): path.read_bytes() if path.is_file() else b"" for path in root.rglob("*")}


def sound(run: RunWriter, root: Path, *, lint: Sequence[str] = ()) -> None:
    """Assert that lint finds nothing, or only what is named, and that tests pass and reach all."""
    found = run("lint", "--repo", root)
    assert (0, list(lint)) == (found.code, re.findall(r"\[([A-Z]\d+)\]", found.out))
    ran = run("test", "--repo", root, *FULL)
    assert (0, "") == (ran.code, ran.err), ran.out


def test_three_commands_lead_from_nothing_to_a_policy_that_passes_its_tests_and_judges(run: RunWriter, tmp_path: Path) -> None:
    root = tmp_path / "policies"
    made = [run("new", "repository", root), run("new", *POLICY, "--repo", root), run("test", "--repo", root, *FULL)]
    assert [(0, "")] * 3 == [(ran.code, ran.err) for ran in made]
    assert "6 of 6 conditions and checks are reached by tests" in made[2].out
    sound(run, root)
    ran = run("check", EXAMPLE, "--repo", root, *TIME, "--format", "json")
    statuses = [verdict["status"] for verdict in json.loads(ran.out)["verdicts"]]
    assert (1, 25, {"COMPLIANT", "INCOMPLIANT", "UNDETERMINED"}) == (ran.code, len(statuses), set(statuses))


def test_test_data_have_an_object_a_line(run: RunWriter, root: Path) -> None:
    assert 0 == run("new", *POLICY, "--repo", root).code
    path = root / "ce/acme/iam/user-without-mfa/test-data.json"
    before = path.read_text("utf-8").splitlines()
    logic = path.with_name("prod.logic.yaml")
    logic.write_text(logic.read_text("utf-8").replace('{TEXT: "true"}', '{TEXT: "yes"}'), "utf-8")
    assert 0 == run("test", "--repo", root, "--generate", "--write").code
    after = path.read_text("utf-8").splitlines()
    assert (["[", "]"], 6) == ([before[0], before[-1]], len(before) - 2)
    assert before[:-2] == after[: len(before) - 2]
    assert len(before) < len(after) == len(json.loads(path.read_text("utf-8"))) + 2


def test_what_is_to_be_done_next_is_said_and_can_be_done(run: RunWriter, root: Path) -> None:
    ran = run("new", *POLICY, "--repo", root)
    assert f"next  perpend test --coverage --repo {root}" == ran.out.splitlines()[-1]
    written = [Path(line.removeprefix("new   ")) for line in ran.out.splitlines()[:-1]]
    assert [] == [path for path in written if not path.is_file()]
    assert ["folder.yaml", "folder.yaml", "policy.yaml"] == [path.name for path in written[:3]]


def test_a_field_is_named_by_its_label_too(run: RunWriter, root: Path) -> None:
    assert 0 == run("new", "policy", "ce/x", "--type", "AWS EBS Volume", "--field", "volume type", "--repo", root).code
    assert "{FIELD: {path: CA10__volumeType__c}}" in (root / "ce/x/prod.logic.yaml").read_text("utf-8")


def test_a_label_of_several_fields_is_refused(run: RunWriter, root: Path) -> None:
    fields = [{"name": f"ACME__{name}__c", "type": "text", "label": "Size"} for name in "ab"]
    write(root, {"types/ACME__Thing__c/type.yaml": {"label": "Thing", "fields": fields}})
    ran = run("new", "policy", "ce/x", "--type", "Thing", "--field", "Size", "--repo", root)
    assert (2, True) == (ran.code, "'Size' is the label of ACME__a__c, ACME__b__c: name one of them" in ran.err)


@pytest.mark.slow
def test_a_policy_about_each_type_of_the_library_is_sound(run: RunWriter, root: Path) -> None:
    types = sorted(path.name for path in (LIBRARY / "types").iterdir())
    for name in types:
        assert 0 == run("new", "policy", f"ce/acme/{name}", "--type", name, "--repo", root).code
    sound(run, root)
    assert len(types) == len(list(root.glob("ce/acme/*/policy.yaml")))


@pytest.mark.slow
def test_a_policy_about_each_kind_of_field_is_sound_on_every_engine(run: RunWriter, root: Path) -> None:
    fields = [{"name": f"ACME__{kind}__c", "type": kind} for kind in FIELD_TYPES]
    lookups = [{"name": "ACME__to__r", "target": "ACME__Thing__c", "key": "ACME__lookup__c"}]
    write(root, {"types/ACME__Thing__c/type.yaml": {"label": "Thing: a 'kind'", "fields": fields, "lookups": lookups}})
    for kind in FIELD_TYPES:
        for path in (f"ACME__{kind}__c", f"ACME__to__r.ACME__{kind}__c"):
            entity = f"ce/acme/{path.replace('.', '-')}"
            ran = run("new", "policy", entity, "--type", "thing: a 'kind'", "--field", path, "--repo", root)
            assert 0 == ran.code, ran.err
    assert 0 == run("new", *POLICY, "--repo", root).code, "about a key of a document"
    sound(run, root)
    assert 0 == run("test", "--repo", root, "--engine", "duckdb").code


@pytest.mark.parametrize(
    "arguments",
    [
        ("type", "Thing", "--label", "A: 'thing' # yes"),
        ("extracts", "odd", "--type", "AWS IAM User", "--key", "a key: with-signs"),
        ("extracts", "accountId", "--type", "CA10__CaAwsUser__c", "--field", "CA10__account__r.CA10__accountId__c"),
        ("section", "frameworks/acme-v1/01/02", "--name", "1.2 Users: have 'MFA' # all"),
        ("policy", "ce/a.b/c_d/--x".replace("--", "0-"), "--type", "AWS IAM Role"),
    ],
)
def test_what_is_written_is_sound_and_fits_the_schema_that_its_first_line_names(
    run: RunWriter, root: Path, arguments: tuple[str, ...]
) -> None:
    ran = run("new", *arguments, "--repo", root)
    assert 0 == ran.code, ran.err
    assert (0, "no problems found\n", "") == run("lint", "--repo", root)
    documents = [path for path in root.rglob("*.yaml") if path.name != "root.yaml"]
    assert len(documents) >= 2
    for path in documents:
        first, text = path.read_text("utf-8").split("\n", 1)
        schema = (path.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve()
        assert (root / "schema").resolve() == schema.parent
        Draft7Validator(json.loads(schema.read_text("utf-8"))).validate(yaml.safe_load(text))


def test_a_repository_without_schemas_gets_files_without_the_line(run: RunWriter, tmp_path: Path) -> None:
    write(tmp_path, {"ce/folder.yaml": {"names": {"full": "P", "contextual": "P"}}})
    assert 0 == run("new", *POLICY, "--repo", tmp_path).code
    assert [] == [path for path in tmp_path.rglob("*.yaml") if "$schema" in path.read_text("utf-8")]
    sound(run, tmp_path)


def test_a_second_policy_about_the_same_column_takes_the_extract_that_is_there(run: RunWriter, root: Path) -> None:
    assert 0 == run("new", *POLICY, "--repo", root).code
    before = contents(root)
    assert 0 == run("new", "policy", "ce/acme/iam/other", "--type", "AWS IAM User", "--repo", root).code
    after = contents(root)
    assert before == {path: after[path] for path in before}
    assert ["ce/acme/iam/other"] == sorted({path.rpartition("/")[0] for path in after.keys() - before} - {"ce/acme/iam"})
    sound(run, root, lint=["A319"])  # both begin alike


def test_extracts_of_that_name_that_read_something_else_are_not_taken(run: RunWriter, root: Path) -> None:
    other = {"extracts": [{"name": "mfaActive", "value": {"FIELD": {"path": "CA10__arn__c"}}}]}
    write(root, {"types/CA10__CaAwsUser__c/mfaActive.extracts.yaml": other})
    assert 0 == run("new", *POLICY, "--repo", root).code
    assert (root / "types/CA10__CaAwsUser__c/credReportAttributesJsonMfaActive.extracts.yaml").is_file()
    sound(run, root)
    write(root, {"types/CA10__CaAwsUser__c/credReportAttributesJsonMfaActive.extracts.yaml": other})
    ran = run("new", "policy", "ce/x", *POLICY[2:], "--repo", root)
    assert (2, "perpend: 'mfa_active' is the name of other extracts already: choose another --key\n") == (
        ran.code,
        ran.err,
    )


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "no folder": (
        ("policy", "x", "--type", "AWS IAM User"),
        "'x' has no place in the repository (did you mean '/ce/acme/iam/x'?)",
    ),
    "there": (POLICY, "'/ce/acme/iam/user-without-mfa' is there already"),
    "below a policy": ((*POLICY[:1], f"{POLICY[1]}/x", *POLICY[2:]), "'/ce/acme/iam/user-without-mfa' is a policy"),
    "upwards": (("policy", "ce/../../x", "--type", "AWS IAM User"), "'ce/../../x' is outside /ce"),
    "backslashes": (("policy", "ce\\..\\..\\x", "--type", "AWS IAM User"), "is outside /ce"),
    "a path": (("policy", "policies/ce/acme/x", "--type", "AWS IAM User"), "is not an ID (did you mean '/ce/acme/x'?)"),
    "signs": (("policy", "ce/a:b", "--type", "AWS IAM User"), "'a:b' in 'ce/a:b' is not safe for every file system"),
    "hidden": (("policy", "ce/.git", "--type", "AWS IAM User"), "(did you mean 'git'?)"),
    "control": (("policy", "ce/\x1b[2J", "--type", "AWS IAM User"), "'\\x1b[2J' in 'ce/\\x1b[2J'"),
    "a type": (("policy", "ce/x", "--type", "AWS IAM Usr"), "unknown type 'AWS IAM Usr' (did you mean 'AWS IAM User'?)"),
    "a field": ((*POLICY[:1], "ce/x", *POLICY[2:], "--field", "CA10__arm__c"), "(did you mean 'CA10__arn__c'?)"),
    "deleted": ((*POLICY[:1], "ce/x", *POLICY[2:], "--field", "CA10__disappearanceTime__c"), "marks disappeared objects"),
    "a key": ((*POLICY[:1], "ce/x", *POLICY[2:], "--key", "a\nb"), "'a\\nb' is not a key"),
    "a name": (
        ("type", "Acme Thing"),
        "'Acme Thing' is not an API name: use letters, digits and _, a letter first (did you mean 'Acme_Thing'?)",
    ),
    "extracts upwards": (("extracts", "../x", "--type", "AWS IAM User"), "'../x' is not an API name"),
    "a label that another type has": (
        ("type", "Y__c", "--label", "AWS IAM User"),
        "'AWS IAM User' names CA10__CaAwsUser__c already: choose another --label",
    ),
    "a waiver of too much": ((*WAIVER, "--object", "x" * 1025), "cannot be in a waiver: longer than 1,024 signs"),
    "a waiver that is over": ((*WAIVER, "--object", "x", "--until", "2020-01-01"), "--until 2020-01-01 is in the past"),
    "a waiver whose id is taken": (("waiver", "there", *WAIVER[2:], "--object", "x"), "'there' is the id of another waiver"),
}


def test_a_refusal_is_one_line_that_names_the_value_and_writes_nothing(run: RunWriter, root: Path) -> None:
    assert 0 == run("new", *POLICY, "--repo", root).code
    assert 0 == run("new", "waiver", "there", *WAIVER[2:], "--object", "x", "--repo", root).code
    (root / "waivers/there.yaml").rename(root / "waivers/all.yaml")
    before = contents(root.parent)
    for name, (arguments, message) in REFUSED.items():
        ran = run("new", *arguments, "--repo", root)
        assert (2, "", 1, True) == (ran.code, ran.out, len(ran.err.splitlines()), message in ran.err), (name, ran.err)
    assert before == contents(root.parent)


def test_a_repository_begins_in_an_empty_directory_only(run: RunWriter, root: Path, tmp_path: Path) -> None:
    before = contents(root)
    assert "is not empty" in run("new", "repository", root).err
    (tmp_path / "file").write_text("x")
    assert "is a file" in run("new", "repository", tmp_path / "file").err
    assert before == contents(root)
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    assert 0 == run("new", "repository", tmp_path / "clone").code


def test_no_link_leads_a_new_file_out_of_the_repository(run: RunWriter, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (root / "ce" / "out").symlink_to(tmp_path / "outside")
    (root / "frameworks").symlink_to(tmp_path / "outside")
    for arguments in (("policy", "ce/out/x", "--type", "AWS IAM User"), ("section", "frameworks/x")):
        ran = run("new", *arguments, "--repo", root)
        assert (2, "") == (ran.code, ran.out)
        assert "is outside the repository" in ran.err
    assert {} == contents(tmp_path / "outside")


def test_the_library_is_nobodys_to_write_to(run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("new", *POLICY)
    assert (2, "") == (ran.code, ran.out)
    assert "there is no policy repository here" in ran.err


def test_a_type_of_the_library_keeps_the_label_that_people_call_it_by(run: RunWriter, root: Path) -> None:
    ran = run("new", "type", "CA10__CaAwsUser__c", "--repo", root)
    assert (0, True) == (ran.code, "the new declaration is used" in ran.out + ran.err)
    assert run("show", "aws_iam_user", "--repo", root).out.startswith("AWS IAM User\nCA10__CaAwsUser__c\n")


def test_a_folder_that_is_nearly_another_is_told_of(run: RunWriter, root: Path) -> None:
    assert 0 == run("new", *POLICY, "--repo", root).code
    ran = run("new", "policy", "ce/acmee/x", "--type", "AWS IAM User", "--repo", root)
    assert (0, "note: '/ce/acmee/x' is in a new folder, and there is '/ce/acme'\n") == (ran.code, ran.err)


@pytest.mark.parametrize(
    ("key", "note"),
    [
        ("mfa_active", ""),
        ("additional_credentials_info", ""),
        ("mfa_actve", "note: a credential report has no column 'mfa_actve' (did you mean 'mfa_active'?)\n"),
        ("colour", "note: a credential report has no column 'colour'\n"),
    ],
)
def test_a_column_that_reports_do_not_have_is_told_of(run: RunWriter, root: Path, key: str, note: str) -> None:
    ran = run("new", "extracts", "x", "--type", "AWS IAM User", "--key", key, "--repo", root)
    assert (0, note) == (ran.code, ran.err)


def test_where_the_disk_is_full_nothing_stays(run: RunWriter, tmp_path: Path) -> None:
    """The mark of the root fits, the schema of logic files does not."""
    with full(20_000):
        ran = run("new", "repository", tmp_path / "policies")
    assert (2, "", f"perpend: {tmp_path / 'policies'}: cannot be written: file too large\n") == ran
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("new", "policy", "--type", "CA10__CaAwsUser_"), ["CA10__CaAwsUser__c"]),
        (("new", "policy", "--type", "aws iam role p"), ["AWS IAM Role Policy Attachment"]),
        (("new", "policy", "ce/ca/aws/i"), ["ce/ca/aws/iam/"]),
        (
            ("new", "section", "/frameworks/cis-aws-v6.0.0/02/2"),
            ["/frameworks/cis-aws-v6.0.0/02/20/", "/frameworks/cis-aws-v6.0.0/02/21/"],
        ),
        (("new", "pol"), ["policies", "policy"]),
    ],
)
def test_types_and_ids_are_completed(offered: Offered, words: tuple[str, ...], expected: list[str]) -> None:
    assert expected == [word for _, word in offered(*words)]
