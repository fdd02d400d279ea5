"""An assignment as its hand-written files say: read, checked against the rules, staged in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import autograder.hidden_tests
from autograder.config import AssignmentConfig, Course, load_assignment
from autograder.errors import AuthoringError, CourseError
from autograder.release.author import AuthoredNotebook, read_authored
from autograder.release.hidden import declared_tests
from autograder.release.rules import check_assignment, check_hidden_tests, check_notebook
from autograder.release.stage import stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An assignment that keeps the rules, before nbgrader makes the release of it.

    Attributes:
        course: The course.
        config: What assignment.toml says.
        file: assignment.toml, as messages show it.
        notebooks: The hand-written notebooks, in the order of assignment.toml.
        staged: The staged notebooks by their names, nbformat as plain data.
    """

    course: Course
    config: AssignmentConfig
    file: str
    notebooks: tuple[AuthoredNotebook, ...]
    staged: dict[str, dict[str, Any]]

    def notebook(self, name: str) -> AuthoredNotebook:
        """The hand-written notebook of this name."""
        return next(notebook for notebook in self.notebooks if notebook.name == name)


def make_draft(course: Course, assignment: str) -> Draft:
    """Read an assignment from solutions/ and check its rules.

    Raises:
        CourseError: If there is no such assignment, or a file is missing.
        AuthoringError: At the first rule that is broken.
    """
    check_wheel_address(course)
    config = load_assignment(course, assignment)
    folder = course.solutions / assignment
    file = (folder / "assignment.toml").relative_to(course.root).as_posix()
    notebooks = tuple(read_authored(folder / f"{entry.name}.py", course.root) for entry in config.notebooks)
    for path in sorted(folder.glob("*.py")):
        if path.stem not in {entry.name for entry in config.notebooks}:
            raise AuthoringError(
                f"expected a section [notebooks.{path.stem}], found none. Add it or remove {path.name}.", file
            )
    for notebook, entry in zip(notebooks, config.notebooks, strict=True):
        check_notebook(notebook, entry)
    check_assignment(notebooks, config, file)
    staged = {
        notebook.name: stage(notebook, assignment=assignment, config=entry, wheel=course.wheel)
        for notebook, entry in zip(notebooks, config.notebooks, strict=True)
    }
    return Draft(course=course, config=config, file=file, notebooks=notebooks, staged=staged)


def check_wheel_address(course: Course) -> None:
    """The wheel's address may stand inside a Python text and on a shell line.

    Raises:
        CourseError: If it holds anything that would end the text or the word.
    """
    if not course.wheel or any(character.isspace() or character in "\"'\\`$;|&<>{}" for character in course.wheel):
        raise CourseError(
            f"{course.root / 'course.toml'}: wheel: expected an address without spaces, quotes and braces, "
            f"got {course.wheel!r}. Mend it."
        )


def hidden_tests_folder() -> Path:
    """Folder of the package that holds the hidden tests."""
    return Path(next(iter(autograder.hidden_tests.__path__)))


def hidden_sources(course: Course, assignment: str, folder: Path | None = None) -> dict[str, str]:
    """Text of all files of an assignment's hidden tests, by their paths as messages show them.

    Args:
        course: The course.
        assignment: Id of the assignment.
        folder: Where hidden tests lie, if not in the package.
    """
    tests = (folder or hidden_tests_folder()) / assignment
    return {_shown(path, course): path.read_text(encoding="utf-8") for path in sorted(tests.rglob("*.py"))}


def check_all_hidden_tests(draft: Draft, folder: Path | None = None) -> None:
    """Each question has a hidden test, each hidden test a question.

    Raises:
        AuthoringError: If one has not.
    """
    tests = (folder or hidden_tests_folder()) / draft.config.id
    expected = {notebook.name for notebook in draft.notebooks}
    for path in sorted(tests.rglob("test_*.py")):
        if path.parent.name not in expected or path.parent.parent != tests:
            raise AuthoringError(
                "expected hidden tests in a folder named like their notebook, found no such notebook. Move it.",
                _shown(path, draft.course),
            )
    for notebook in draft.notebooks:
        declared = []
        for path in sorted((tests / notebook.name).glob("test_*.py")):
            declared += declared_tests(path.read_text(encoding="utf-8"), _shown(path, draft.course))
        check_hidden_tests(notebook, declared, _shown(tests / notebook.name, draft.course))


def _shown(path: Path, course: Course) -> str:
    root = course.root
    return (path.relative_to(root) if path.is_relative_to(root) else Path(*path.parts[-3:])).as_posix()
