"""What each wheel holds: the students' no grader, the staff's no students' package."""

from __future__ import annotations

import re
import tomllib
import zipfile
from pathlib import Path

import pytest

from autograder.config import load_course
from autograder.errors import CourseError
from autograder.release.draft import make_draft
from autograder.release.leaks import solution_lines
from autograder.release.wheel import build_wheel, staff_sources, students_sources

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def students_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(students_sources(ROOT), tmp_path_factory.mktemp("students"))


@pytest.fixture(scope="module")
def staff_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(staff_sources(ROOT), tmp_path_factory.mktemp("staff"))


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def on_disk(package: str, *patterns: str) -> set[str]:
    """Files of a package in the repository, without what tools leave behind."""
    files = {path.relative_to(ROOT) for pattern in patterns for path in (ROOT / package).rglob(pattern)}
    left_behind = re.compile(r"^(\..*|__pycache__|build|.*\.egg-info)$")
    return {
        path.as_posix()
        for path in files
        if (ROOT / path).is_file() and not any(left_behind.match(part) for part in path.parts)
    }


def metadata(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return archive.read(name).decode()


def test_students_wheel_holds_all_of_course_utils_and_nothing_else(students_wheel: Path) -> None:
    """Every file of course_utils; a subpackage or data file that pyproject.toml forgets would be missing."""
    assert contents(students_wheel) == on_disk("course_utils", "*.*") - {"course_utils/pyproject.toml"}


def test_students_wheel_names_no_grader(students_wheel: Path) -> None:
    """No file in it speaks of the grader, the hidden tests or the solutions."""
    with zipfile.ZipFile(students_wheel) as archive:
        for name in archive.namelist():
            text = archive.read(name).decode()
            assert "import autograder" not in text
            assert "from autograder" not in text
            assert "hidden_tests" not in text
            assert "BEGIN SOLUTION" not in text


def test_students_wheel_holds_no_solution(students_wheel: Path) -> None:
    """No line of a solution stands in what students install: checks and plots call their functions instead."""
    course = load_course(ROOT)
    drafts = [make_draft(course, assignment) for assignment in course.assignment_ids()]
    secrets = solution_lines([notebook for draft in drafts for notebook in draft.notebooks])
    with zipfile.ZipFile(students_wheel) as archive:
        texts = {name: "".join(archive.read(name).decode().split()) for name in archive.namelist()}

    assert secrets
    assert not {(name, secret) for name, text in texts.items() for secret in secrets if secret in text}


def test_students_wheel_needs_no_staff_tools(students_wheel: Path) -> None:
    """It asks for numpy, matplotlib and torch, and for JupyterLab only as an extra."""
    lines = metadata(students_wheel).splitlines()
    needs = {line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")}

    assert {need.split(">")[0] for need in needs if "extra" not in need} == {"numpy", "matplotlib", "torch"}
    assert {need.split(">")[0] for need in needs if "extra" in need} == {"jupyterlab"}


def test_staff_wheel_holds_the_grader_only(staff_wheel: Path) -> None:
    """Every module of the grader, hidden tests included: this wheel is not for students. No tests of ours."""
    held = contents(staff_wheel)

    assert on_disk("autograder", "*.py", "py.typed") <= held
    assert all(name.startswith("autograder/") for name in held)


def test_wheels_carry_the_licence(students_wheel: Path, staff_wheel: Path) -> None:
    """MIT asks that the licence goes along."""
    for wheel in (students_wheel, staff_wheel):
        with zipfile.ZipFile(wheel) as archive:
            assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


def test_students_wheel_carries_the_digits_and_their_licence(students_wheel: Path) -> None:
    """CC BY asks that creators, source and changes are named along with the data; the metadata says it too."""
    with zipfile.ZipFile(students_wheel) as archive:
        digits = archive.read("course_utils/data/files/digits.txt").decode("ascii")
        licence = archive.read("course_utils/data/files/LICENSE-digits.txt").decode("utf-8")

    assert digits.count("\n") == 1797
    assert "Alpaydin" in licence
    assert "creativecommons.org/licenses/by/4.0" in licence
    assert "License-Expression: MIT AND CC-BY-4.0" in metadata(students_wheel)


def test_same_sources_same_bytes(students_wheel: Path, tmp_path: Path) -> None:
    """Building again gives the same bytes."""
    again = build_wheel(students_sources(ROOT), tmp_path)

    assert again.read_bytes() == students_wheel.read_bytes()


def test_building_leaves_the_tree_as_it_is(students_wheel: Path) -> None:
    """setuptools' build folders land in the copy, not beside the sources."""
    assert not (ROOT / "course_utils" / "build").exists()
    assert not (ROOT / "build").exists()


def test_broken_project_says_why(tmp_path: Path) -> None:
    """What pip can't build is a CourseError, and no wheel is left."""
    project = tmp_path / "pyproject.toml"
    project.write_text(
        "[project]\nname = 'nameless'\n[build-system]\nrequires=[]\nbuild-backend='setuptools.build_meta'\n"
    )
    with pytest.raises(CourseError, match="expected pip to build it"):
        build_wheel([project], tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_course_toml_names_this_wheel(students_wheel: Path) -> None:
    """The released setup cell installs the version that lies here."""
    course = tomllib.loads((ROOT / "course.toml").read_text(encoding="utf-8"))["course"]

    assert course["wheel"].endswith("/" + students_wheel.name)
