"""The Python interface: its page is up to date, its names agree, and the how-to runs from a built wheel, else here."""

from __future__ import annotations

import ast
import collections.abc
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import perpend
from tests.docs.api_reference import MEMBERS, SECTIONS, page, signatures
from tests.docs.shown import SHOWN
from tests.sampled import part_of_library

ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs" / "how-to" / "use-from-python.md"
BUILDS = all(map(find_spec, ("build", "hatchling")))
_BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs/reference/api.md").read_text("utf-8") == page(), "run `make reference`"


def test_every_name_stands_in_one_section() -> None:
    assert sorted(perpend.__all__) == sorted(name for names in SECTIONS.values() for name in names)


def test_the_members_that_are_chosen_are_there() -> None:
    text = page()
    for name, members in MEMBERS.items():
        section = text.partition(f"### `{name}`\n")[2].partition("\n###")[0]
        assert [] == [member for member in members if not re.search(rf"^- `{member}\W", section, re.MULTILINE)], name


def test_every_type_that_a_signature_names_can_be_imported() -> None:
    standard = {"Any", "Exception", "False", "None", "Path", "TextIO", "True", "T_co", "UserWarning"} | {
        *collections.abc.__all__,
        "Counter",
    }
    named = set(re.findall(r"\b[A-Z]\w*[a-z]\w*", re.sub(r"'[^']*'", "", signatures())))
    assert set() == named - standard - set(perpend.__all__)


def test_what_is_imported_is_what_type_checkers_see() -> None:
    tree = ast.parse(Path(perpend.__file__).read_text("utf-8"))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name: node.module for node in guarded.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == perpend._HOME
    assert sorted([*seen, "__version__"]) == sorted(perpend.__all__) == sorted(dir(perpend))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'perpend' has no attribute 'judged'"):
        perpend.judged  # noqa: B018 - the look-up is what is tested


@pytest.mark.parametrize(
    "ask",
    [
        lambda analyzer: perpend.select_policies(analyzer, "root-user-mfa"),
        lambda analyzer: perpend.select_policies(analyzer, exclude="root-user-mfa"),
        lambda analyzer: perpend.run_policy_tests(analyzer, "/ce/ca/aws/iam/root-user-mfa/prod.logic.yaml"),
        lambda analyzer: perpend.import_inputs(
            perpend.Store("inventory"), "examples", declared=analyzer.repository.declared_type
        ),
    ],
)
def test_one_text_is_not_taken_for_as_many_as_it_has_letters(ask: Callable[[perpend.Analyzer], object]) -> None:
    with pytest.raises(TypeError, match="must be a list, not one text: write"):
        ask(perpend.Analyzer(perpend.open_repository()))


def test_importing_the_package_imports_no_room() -> None:
    look = "import sys, perpend; print([name for name in sys.modules if name.startswith('perpend.')])"
    ended = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert "['perpend.version']\n" == ended.stdout


def program() -> str:
    """Return the how-to's blocks as one program which checks what they print against the texts shown."""
    lines = ["import contextlib, io", "_out = io.StringIO()"]
    for language, body in _BLOCK.findall(HOW_TO.read_text("utf-8")):
        if language == "python":
            lines += ["_out.seek(0); _out.truncate()", "with contextlib.redirect_stdout(_out):"]
            lines += [f"    {line}" if line else "" for line in body.splitlines()]
        else:
            lines.append(f"assert {body!r} in _out.getvalue(), _out.getvalue()")
    return "\n".join([*lines, "print(perpend.__file__)"]) + "\n"


def run_in(place: Path, python: str) -> str:
    """Run the how-to in a directory that holds the examples; return where the package was found."""
    shutil.copytree(ROOT / "examples", place / "examples")
    (place / "how_to.py").write_text(program(), "utf-8")
    known = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    ended = subprocess.run([python, "how_to.py"], cwd=place, env=known, capture_output=True, text=True, check=False)
    assert (0, "") == (ended.returncode, ended.stderr)
    return ended.stdout.strip()


def small_project(root: Path) -> Path:
    """Write what a source distribution is made of, with a part of the library: each of its files costs each step."""
    left_out = shutil.ignore_patterns("__pycache__", "library")
    shutil.copytree(ROOT / "src", root / "src", ignore=left_out)
    part_of_library(root / "src/perpend/library", "*aws-*", SHOWN)
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore"):
        shutil.copy(ROOT / name, root / name)
    return root


def files_below(package: Path) -> list[str]:
    """Return the files of a package, but what Python makes of them."""
    return sorted(
        path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"
    )


@pytest.mark.skipif(not BUILDS and not os.environ.get("CI"), reason="hatchling is not installed: it is in the extra `dev`")
def test_a_wheel_of_all_would_hold_all_of_the_library() -> None:
    builder = import_module("hatchling.builders.wheel").WheelBuilder(str(ROOT))
    packed = sorted(one.distribution_path.partition("/")[2] for one in builder.recurse_included_files())
    assert files_below(ROOT / "src/perpend") == packed


@pytest.mark.slow
def test_the_wheel_that_is_built_installs_and_the_how_to_runs(tmp_path: Path) -> None:
    """As a release does: a source distribution, a wheel out of it, installed by pip beside what it depends on; else the how-to runs here."""
    if not BUILDS and not os.environ.get("CI"):
        assert str(Path(perpend.__file__)) == run_in(tmp_path, sys.executable)
        pytest.skip("build or hatchling is not installed: both are in the extra `dev`")
    project = small_project(tmp_path / "project")
    for command in (
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(project)],
        [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")],
    ):
        subprocess.run(command, capture_output=True, check=True)
    assert [f"perpend-{perpend.__version__}-py3-none-any.whl", f"perpend-{perpend.__version__}.tar.gz"] == sorted(
        path.name for path in tmp_path.glob("perpend-*")
    )
    (wheel,) = tmp_path.glob("*.whl")
    python, script = (str(tmp_path / "venv/bin" / name) for name in ("python", "perpend"))
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
    subprocess.run([*pip, str(wheel)], check=True)
    (packages,) = (tmp_path / "venv").glob("lib/python3*/site-packages")
    # As paths, directories are looked into behind the wheel, and what they add to the path by files of their own is not.
    depended = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "depended_on.pth").write_text("\n".join(depended) + "\n")
    (tmp_path / "work").mkdir()
    assert str(packages / "perpend/__init__.py") == run_in(tmp_path / "work", python)
    assert files_below(project / "src/perpend") == files_below(packages / "perpend")
    told = subprocess.run([script, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert f"perpend, version {perpend.__version__}\n" == told.stdout
