"""The project's files agree with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Conda's name where it differs from the package's own.
CONDA_NAMES = {"torch": "pytorch"}


def requirements(path: str) -> dict[str, str]:
    project = tomllib.loads((ROOT / path).read_text())["project"]
    return dict(split(entry) for entry in project["dependencies"])


def split(entry: str) -> tuple[str, str]:
    match = re.fullmatch(r"([A-Za-z0-9_.-]+)(.*)", entry)
    assert match is not None
    return match[1], match[2]


def conda_requirements() -> dict[str, str]:
    lines = (ROOT / "environment.yml").read_text().splitlines()
    entries = [line.removeprefix("  - ") for line in lines if line.startswith("  - ") and not line.endswith(":")]
    return dict(split(entry) for entry in entries if entry != "conda-forge")


def test_conda_and_pip_ask_for_the_same():
    """environment.yml has every dependency of the staff's project with the same range, and Python's."""
    staff = requirements("pyproject.toml")
    python = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    wanted = {CONDA_NAMES.get(name, name): spec for name, spec in staff.items() if name != "convnet-course-utils"}
    conda = conda_requirements()
    assert {name: conda.get(name) for name in wanted} == wanted
    assert conda["python"] == python
    assert set(conda) - set(wanted) == {"python", "pip", "setuptools", "jupyterlab"}


def test_students_need_less_than_staff():
    """What the students' wheel needs, the staff's has too, in ranges that overlap at the staff's floor."""
    staff, students = requirements("pyproject.toml"), requirements("course_utils/pyproject.toml")
    assert set(students) == {"numpy", "matplotlib", "torch"}
    for name, spec in students.items():
        assert floor(spec) <= floor(staff[name]), name


def floor(spec: str) -> tuple[int, ...]:
    match = re.search(r">=([\d.]+)", spec)
    assert match is not None
    return tuple(int(part) for part in match[1].split("."))


def test_every_constraint_is_exact():
    """The environment is the same for everyone: constraints name one version each, torch's among them."""
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[\w.!]+", line) for line in lines), lines
    assert "torch==2.13.0" in lines


def test_the_two_distributions_have_one_version():
    """Wheel address, wheel and grader are released together."""
    versions = {
        tomllib.loads((ROOT / path).read_text())["project"]["version"]
        for path in ("pyproject.toml", "course_utils/pyproject.toml")
    }
    (version,) = versions
    for package in ("autograder", "course_utils"):
        assert f'__version__ = "{version}"' in (ROOT / package / "__init__.py").read_text()
    wheel = tomllib.loads((ROOT / "course.toml").read_text())["course"]["wheel"]
    assert f"convnet_course_utils-{version}-" in wheel


def test_pytest_alone_runs_our_tests_only():
    """Without arguments pytest collects tests/ and no hidden test, which would need a student."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert settings["testpaths"] == ["tests"]


@pytest.mark.parametrize("name", ["demo", "test", "test-all", "setup"])
def test_make_has_the_verbs_of_the_readme(name):
    """The README's commands exist, and CI runs its test command."""
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(rf"^{name}:", makefile, re.MULTILINE)
    assert (ROOT / ".ci" / "run").read_text().strip().splitlines()[-1] == "make test"
    assert "make demo" in (ROOT / "README.md").read_text()


def test_documents_link_to_what_exists():
    """Every relative link in a Markdown document leads to a file."""
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
