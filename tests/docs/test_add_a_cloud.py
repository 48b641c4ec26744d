"""The package of the how-to is collected from, checked, and refused like a cloud of Perpend's own."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.rest import Asked, Fault, RestServer, serving

PAGE = Path(__file__).parents[2] / "docs/how-to/add-a-cloud.md"
HOST, TOKEN = "api.moon.example", "the-token-of-the-moon"
ROVER = "/bases/base-7/rovers"

pytestmark = pytest.mark.medium

BASE_TYPE = """label: Moon Base
nameField: MOON__name__c
deletionField: none
fields:
  - {name: Id, type: id, label: ID}
  - {name: MOON__name__c, type: text, label: Name}
"""
ROVER_TYPE = """label: Moon Rover
nameField: Id
deletionField: MOON__disappearanceTime__c
fields:
  - {name: Id, type: id, label: ID}
  - {name: MOON__baseId__c, type: text, label: Base ID}
  - {name: MOON__location__c, type: text, label: Location}
  - {name: MOON__locked__c, type: checkbox, label: Locked}
  - {name: MOON__charge__c, type: number, label: Charge}
  - {name: MOON__disappearanceTime__c, type: datetime, label: Disappearance Time}
"""
POLICY = "names: {full: Rover is not locked}\n"
LOGIC = """inputType: MOON__Rover__c
conditions:
  - status: INCOMPLIANT
    currentStateMessage: The rover is not locked.
    check:
      IS_EQUAL:
        left: {FIELD: {path: MOON__locked__c}}
        right: {BOOLEAN: false}
otherwise: {status: COMPLIANT, currentStateMessage: The rover is locked.}
"""


def package(directory: Path) -> None:
    """Install the blocks of the page below a directory: modules, and the entry points of its pyproject.toml."""
    for block in re.findall(r"```(?:toml|python)\n# (\S+)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        path = directory / block[0]
        path.parent.mkdir(exist_ok=True)
        path.write_text(block[1], "utf-8")
    (directory / "perpend_moon/__init__.py").touch()
    project = tomllib.loads((directory / "pyproject.toml").read_text("utf-8"))["project"]
    info = directory / "perpend_moon-1.0.dist-info"
    info.mkdir()
    points = (f"[{group}]\n" + "\n".join(f"{k} = {v}" for k, v in of.items()) for group, of in project["entry-points"].items())
    (info / "entry_points.txt").write_text("\n".join(points), "utf-8")


@pytest.fixture
def moon() -> Iterator[RestServer]:
    """Yield the API of a base with three rovers."""
    with serving() as server:
        server.planted[f"{HOST}/bases/base-7"] = {"name": "Tranquility"}
        server.planted[f"{HOST}{ROVER}"] = [
            {"id": f"{ROVER}/{number}", "base": "base-7", "location": "crater", "properties": {"locked": number != 2}}
            for number in range(1, 4)
        ]
        for number in range(1, 4):
            server.planted[f"{HOST}{ROVER}/{number}/battery"] = {"charge": 10 * number}
        yield server


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a directory with the package and a policy repository."""
    package(tmp_path)
    for path, text in {
        "types/MOON__Base__c/type.yaml": BASE_TYPE,
        "types/MOON__Rover__c/type.yaml": ROVER_TYPE,
        "ce/moon/rover-not-locked/policy.yaml": POLICY,
        "ce/moon/rover-not-locked/prod.logic.yaml": LOGIC,
    }.items():
        file = tmp_path / "policies" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return tmp_path


def run(place: Path, *words: str) -> tuple[int, str, str]:
    """Run a command with the package on the path. Return exit code, output and errors."""
    env = {**os.environ, "PYTHONPATH": str(place), "MOON_TOKEN": TOKEN, "XDG_CACHE_HOME": str(place / "cache")}
    command = [sys.executable, "-m", "perpend", *words]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=place, env=env)
    assert TOKEN not in ended.stdout + ended.stderr and "secret" not in ended.stdout + ended.stderr
    return ended.returncode, ended.stdout, ended.stderr


def collect(place: Path, moon: RestServer, *more: str) -> tuple[int, str, str]:
    words = ("--accounts", "base-7", "--types", "MOON__Rover__c", "--repo", "policies", "--store", "s", *more)
    return run(place, "collect", "moon", *words, "--endpoint-url", moon.url)


def verdicts(place: Path) -> dict[str, str]:
    """Return the status of each rover by its number."""
    _, out, _ = run(place, "check", "--repo", "policies", "--store", "s", "--format", "csv")
    return {row["objectId"][-1]: row["status"] for row in csv.DictReader(out.splitlines())}


def test_a_cloud_of_another_package_is_collected_and_checked(place: Path, moon: RestServer) -> None:
    code, out, err = collect(place, moon)
    assert (0, "") == (code, err), err
    assert "Moon Rover: 3 rows" in out
    assert {"1": "COMPLIANT", "2": "INCOMPLIANT", "3": "COMPLIANT"} == verdicts(place)
    assert {f"Bearer {TOKEN}"} == {asked.token for asked in moon.asked}
    assert {HOST} == {asked.host for asked in moon.asked}


def test_an_object_that_a_whole_list_lacks_has_disappeared_and_one_that_half_a_list_lacks_stays(
    place: Path, moon: RestServer
) -> None:
    collect(place, moon)
    moon.fault = lambda asked, _: Fault(403, {"error": {"code": "Denied"}}) if asked.query.get("skip") else None
    code, out, err = collect(place, moon)
    assert 3 == code
    assert "denied rovers.list (Denied) in base-7" in err
    assert "disappeared" not in out
    moon.fault = lambda asked, _: None
    del moon.planted[f"{HOST}{ROVER}"][2]
    code, out, err = collect(place, moon)
    assert (0, True) == (code, "disappeared: Moon Rover (1)" in out)


def test_a_member_that_is_missing_is_not_known(place: Path, moon: RestServer) -> None:
    moon.planted[f"{HOST}{ROVER}"][0]["properties"] = {}
    moon.planted[f"{HOST}{ROVER}"][1]["properties"] = None
    moon.planted[f"{HOST}{ROVER}"][2]["properties"] = {"locked": []}
    assert 0 == collect(place, moon)[0]
    assert {"UNDETERMINED"} == {*verdicts(place).values()}


def test_the_help_and_the_groups_name_the_cloud(place: Path) -> None:
    assert "moon" in run(place, "collect", "--help")[1]
    code, out, _ = run(place, "collect", "moon", "--help")
    assert (0, True) == (code, "The token is read from MOON_TOKEN." in out and "perpend collect moon --accounts" in out)
    code, _, err = run(place, "collect", "moon", "--types", "MOON__Rover__c", "--repo", "policies", "--store", "s")
    assert (2, True) == (code, "name a base: --accounts base-7" in err)


def test_a_fault_of_a_detail_leaves_its_field_open(place: Path, moon: RestServer) -> None:
    def fault(asked: Asked, _: int) -> Fault | None:
        return Fault(403, {"error": {"code": "Denied", "message": "a secret"}}) if asked.path.endswith("/battery") else None

    moon.fault = fault
    code, _, err = collect(place, moon)
    assert (3, True) == (code, "denied rovers.getBattery (Denied) in base-7, of 3 objects" in err)
    assert {"1": "COMPLIANT", "2": "INCOMPLIANT", "3": "COMPLIANT"} == verdicts(place)


def test_what_the_cloud_denied_is_printed_in_its_own_format(place: Path, moon: RestServer) -> None:
    moon.fault = lambda asked, _: Fault(403, {"error": {"code": "Denied"}}) if asked.path.endswith("/battery") else None
    collect(place, moon)
    note = "hand the badge to the base\n"
    told = run(place, "permissions", "--missing", "--store", "s")
    assert (0, "allow rovers.getBattery\n", f"{note}perpend: denied: rovers.getBattery  base-7\n") == told
    asked = ("permissions", "--cloud", "moon", "--types", "MOON__Rover__c", "--repo", "policies", "--format", "badge")
    whole = "".join(f"allow {name}\n" for name in ("bases.get", "bases.list", "rovers.getBattery", "rovers.list"))
    assert (0, whole, note) == run(place, *asked)
