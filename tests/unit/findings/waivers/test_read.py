"""``waivers/*.yaml``: what is read of them, and what of it makes all of them unusable."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from perpend.findings.waivers.read import waivers_below
from perpend.language.syntax.files import Files
from tests.repositories import write

WAIVER = {
    "id": "w",
    "policies": ["/ce/a"],
    "kind": "planned-fix",
    "reason": "Why.",
    "owner": "o@x.example",
    "until": "2026-12-31",
    "limit": 3,
}
ATTESTATION = {
    "id": "a",
    "policy": "/ce/a",
    "reason": "Why.",
    "owner": "o@x.example",
    "from": "2026-11-01",
    "until": "2026-12-31",
    "evidence": "https://x.example/1",
}


def test_no_directory_says_nothing(tmp_path: Path) -> None:
    found = waivers_below(Files(tmp_path), "waivers")
    assert ((), (), ()) == (found.waivers, found.attestations, found.diagnostics)


def test_what_files_say_is_read(tmp_path: Path) -> None:
    written = {
        **WAIVER,
        "scope": {"accounts": ["1"], "names": ["ci-*", "ci-*"]},
        "statuses": ["UNDETERMINED"],
        "from": "2026-01-01",
    }
    files = {"waivers/a.yaml": {"waivers": [written]}, "waivers/b/c.yml": {"attestations": [ATTESTATION], "approvers": ["p"]}}
    found = waivers_below(Files(write(tmp_path, files)), "waivers")
    assert () == found.diagnostics
    (one,) = found.waivers
    assert ({"accounts": ("1",), "names": ("ci-*",)}, ("UNDETERMINED",), 3) == (one.scope, one.statuses, one.limit)
    assert (date(2026, 1, 1), date(2026, 12, 31)) == (one.begins, one.until)
    assert ("waivers/a.yaml", "a", {"p"}) == (one.span.path, found.attestations[0].id, found.approvers)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"until": None}, "a text that is not blank"),
        ({"until": "2026-02-30"}, "`2026-02-30` is no day"),
        ({"until": "soon"}, "`soon` is no day"),
        ({"from": "2027-01-01"}, "before it begins"),
        ({"forever": True}, "contradict each other"),
        ({"id": "a b"}, "`a b` is no id"),
        ({"policies": []}, "`policies` lists nothing"),
        ({"scope": {}}, "the scope names nothing"),
        ({"scope": {"regions": []}}, "`regions` lists nothing"),
        ({"scope": {"tags": ["team"]}}, "`team` is no tag"),
        ({"scope": {"tags": ["=payments"]}}, "`=payments` is no tag"),
        ({"scope": {"names": ["*a" * 9]}}, "more than 8 `*`"),
        ({"scope": {"names": ["a" * 1025]}}, "longer than 1,024 signs"),
        ({"scope": {"accounts": [str(number) for number in range(1001)]}}, "lists more than 1,000 values"),
        ({"statuses": ["COMPLIANT"]}, "`COMPLIANT` is not allowed here"),
        ({"limit": 0}, "a whole number from 1 on"),
        ({"limit": True}, "a whole number from 1 on"),
        ({"kind": "because"}, "`because` is not allowed here"),
        ({"reason": " "}, "a text that is not blank"),
    ],
)
def test_one_fault_is_told_and_the_waiver_is_left_out(tmp_path: Path, changed: dict[str, object], message: str) -> None:
    found = waivers_below(Files(write(tmp_path, {"waivers/a.yaml": {"waivers": [{**WAIVER, **changed}]}})), "waivers")
    assert () == found.waivers
    assert any(message in one.message for one in found.diagnostics), found.diagnostics


@pytest.mark.parametrize("nobody", [[], None, [" "]])
def test_a_list_of_no_approvers_does_not_say_that_none_is_needed(tmp_path: Path, nobody: object) -> None:
    found = waivers_below(Files(write(tmp_path, {"waivers/a.yaml": {"waivers": [WAIVER], "approvers": nobody}})), "waivers")
    assert any("`approvers` lists nothing" in one.message for one in found.diagnostics), found.diagnostics


def test_a_scope_by_fields_of_objects_is_refused_with_the_reason(tmp_path: Path) -> None:
    files = {"waivers/a.yaml": {"waivers": [{**WAIVER, "scope": {"where": {"team": "payments"}}}]}}
    told = waivers_below(Files(write(tmp_path, files)), "waivers").diagnostics[0]
    assert ("unknown key `where` in `scope`", True) == (told.message, "not stored with findings" in (told.help or ""))


def test_only_an_accepted_risk_is_waived_for_ever_and_some_end_is_needed(tmp_path: Path) -> None:
    endless = {key: value for key, value in WAIVER.items() if key != "until"}
    many = [endless, {**endless, "id": "x", "forever": True}, {**endless, "id": "y", "forever": True, "kind": "accepted-risk"}]
    found = waivers_below(Files(write(tmp_path, {"waivers/a.yaml": {"waivers": many}})), "waivers")
    assert [("y", None)] == [(one.id, one.until) for one in found.waivers]
    assert ["nothing says until when it holds", "only an accepted risk is waived for ever"] == [
        one.message for one in found.diagnostics
    ]


def test_an_id_is_of_one_entry_in_all_files(tmp_path: Path) -> None:
    files = {"waivers/a.yaml": {"waivers": [WAIVER]}, "waivers/b.yaml": {"attestations": [{**ATTESTATION, "id": "w"}]}}
    (told,) = waivers_below(Files(write(tmp_path, files)), "waivers").diagnostics
    assert ("W101", "waivers/b.yaml", "`w` is the id of another entry") == (told.code, told.span.path, told.message)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"until": "2027-01-31"}, "holds for 90 days at most"),
        ({"until": "2026-10-31"}, "holds for 90 days at most"),
        ({"evidence": "http://x.example"}, "no address that begins with `https://`"),
        ({"evidence": "https://x.example/\n"}, "no address that begins with `https://`"),
        ({"from": "now"}, "`now` is no day"),
    ],
)
def test_an_attestation_holds_for_some_days_and_names_its_evidence(
    tmp_path: Path, changed: dict[str, object], message: str
) -> None:
    files = {"waivers/a.yaml": {"attestations": [{**ATTESTATION, **changed}]}}
    found = waivers_below(Files(write(tmp_path, files)), "waivers")
    assert () == found.attestations
    assert any(message in one.message for one in found.diagnostics)


def test_what_stands_in_the_place_of_the_directory_or_leads_out_is_told(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "waivers").write_text("")
    assert ["L101"] == [one.code for one in waivers_below(Files(tmp_path / "root"), "waivers").diagnostics]
    (tmp_path / "root" / "waivers").unlink()
    (tmp_path / "outside").mkdir()
    (tmp_path / "root" / "waivers").symlink_to(tmp_path / "outside")
    assert ["L104"] == [one.code for one in waivers_below(Files(tmp_path / "root"), "waivers").diagnostics]
