"""The students' zip."""

from __future__ import annotations

import dataclasses
import shutil
import zipfile
from pathlib import Path

import pytest

from autograder.errors import CourseError
from autograder.release.bundle import bundle, check_wheel_name, environment, zip_bytes
from tests.release.fixture_course import DemoCourse, edit, release

ROOT = Path(__file__).parents[2]
WHEEL = "convnet_course_utils-0.1.0-py3-none-any.whl"


@pytest.fixture
def built(demo: DemoCourse) -> DemoCourse:
    edit(demo.root / "course.toml", "utils-1.0-py3-none-any.whl", WHEEL)
    shutil.copytree(ROOT / "course_utils", demo.root / "course_utils", ignore=shutil.ignore_patterns("__pycache__"))
    release(demo.course, hidden_tests=demo.hidden_tests)
    return demo


def test_bundle_holds_what_students_need(built: DemoCourse) -> None:
    """Notebook, wheel, environment and a page on where to start; nothing else, and the same bytes again."""
    path = bundle(built.course, "demo")
    first = path.read_bytes()

    assert path == built.course.bundles / "demo.zip"
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["demo/README.md", f"demo/{WHEEL}", "demo/environment.yml", "demo/first.ipynb"]
        assert archive.read("demo/first.ipynb") == built.released.read_bytes()
        readme = archive.read("demo/README.md").decode()
    assert "`first.ipynb`: First steps, 10 points" in readme
    assert WHEEL in readme
    assert bundle(built.course, "demo").read_bytes() == first


def test_environment_is_that_of_the_students_package() -> None:
    """Only what course_utils asks for and JupyterLab, then the wheel that lies beside."""
    project = {
        "project": {
            "requires-python": ">=3.10",
            "dependencies": ["numpy>=1.24", "torch>=2.0"],
            "optional-dependencies": {"notebook": ["jupyterlab>=4"], "other": ["pooch"]},
        }
    }
    text = environment("convnets", project, "x.whl")

    assert text.splitlines() == [
        "name: convnets",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        "  - python>=3.10",
        "  - pip",
        "  - pip:",
        "      - numpy>=1.24",
        "      - torch>=2.0",
        "      - jupyterlab>=4",
        "      - ./x.whl",
    ]


def test_zip_does_not_depend_on_order() -> None:
    """The same files in another order give the same bytes."""
    assert zip_bytes({"a": b"1", "b": b"2"}) == zip_bytes({"b": b"2", "a": b"1"})


def test_unbuilt_assignment(demo: DemoCourse) -> None:
    """Without a release there is nothing to bundle."""
    with pytest.raises(CourseError, match="expected a released notebook, found none"):
        bundle(demo.course, "demo")


def test_course_without_the_students_package(demo: DemoCourse) -> None:
    """Outside the repository there is no wheel to build."""
    release(demo.course, hidden_tests=demo.hidden_tests)
    with pytest.raises(CourseError, match="expected the students' package"):
        bundle(demo.course, "demo")


@pytest.mark.parametrize("address", ["https://x/utils-2.0.whl", "https://x/utils-2.0.whl?token=1"])
def test_another_wheel_in_course_toml(demo: DemoCourse, address: str) -> None:
    """A setup cell that would install another version than the bundle holds is refused."""
    with pytest.raises(CourseError, match=r"ends in utils-1\.0\.whl, got utils-2\.0\.whl"):
        check_wheel_name(dataclasses.replace(demo.course, wheel=address), "utils-1.0.whl")


@pytest.mark.parametrize("address", ["https://x/utils-1.0.whl", "git+https://x/utils"])
def test_addresses_that_may_stand(demo: DemoCourse, address: str) -> None:
    """The right file name, or an address that names no wheel, is let through."""
    check_wheel_name(dataclasses.replace(demo.course, wheel=address), "utils-1.0.whl")
