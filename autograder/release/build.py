"""The build: from solutions/ over staging and nbgrader to assignments/."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from traitlets.config import Config

from autograder import nbgrader_bridge
from autograder.config import Course
from autograder.release.author import ANSWER_STUB, STUB
from autograder.release.draft import Draft, check_all_hidden_tests, hidden_sources, make_draft
from autograder.release.files import write_atomically, writing
from autograder.release.leaks import check_release, solution_lines
from autograder.release.stage import encode


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltNotebook:
    """One notebook of a build.

    Attributes:
        path: Its place in assignments/.
        assignment: Id of its assignment.
        name: File name without its ending.
        questions: How many questions it asks.
        points: Its maximum points.
        changed: True if the bytes differ from those that lay there before.
        data: The released notebook.
    """

    path: Path
    assignment: str
    name: str
    questions: int
    points: float
    changed: bool
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What a build made.

    Attributes:
        notebooks: Every notebook, in order.
        removed: Notebooks in assignments/ that solutions/ no longer has.
    """

    notebooks: tuple[BuiltNotebook, ...]
    removed: tuple[Path, ...]

    @property
    def assignments(self) -> tuple[str, ...]:
        """Ids of the assignments that were built."""
        return tuple(dict.fromkeys(notebook.assignment for notebook in self.notebooks))

    @property
    def changed(self) -> tuple[Path, ...]:
        """What differs in assignments/ from before, removed notebooks included."""
        return tuple(notebook.path for notebook in self.notebooks if notebook.changed) + self.removed


def build(course: Course, assignments: Sequence[str] = (), *, hidden_tests: Path | None = None) -> BuildReport:
    """Make the released notebooks of these assignments, or of all, in the course's release folder.

    Nothing in assignments/ changes: `publish` does that, once the build is proven.

    Args:
        course: The course.
        assignments: Their ids; none means all, and then also removes what solutions/ no longer has.
        hidden_tests: Folder with one folder of hidden tests per assignment, if not the package's.

    Raises:
        AuthoringError: If a notebook or its hidden tests break a rule.
        CourseError: If there is no such assignment, a file is missing, or nbgrader refuses.
    """
    drafts = [make_draft(course, assignment) for assignment in assignments or course.assignment_ids()]
    for draft in drafts:
        check_all_hidden_tests(draft, hidden_tests)
    with writing("Build"):
        released = {path: data for draft in drafts for path, data in _generate(draft, hidden_tests).items()}
        return BuildReport(
            notebooks=tuple(notebook for draft in drafts for notebook in _report(draft, released)),
            removed=tuple(_orphans(course, drafts, everything=not assignments)),
        )


def publish(report: BuildReport) -> None:
    """Put what a build made into assignments/, and remove what solutions/ no longer has.

    Raises:
        CourseError: If it can't be written.
    """
    with writing("Build"):
        for notebook in report.notebooks:
            if notebook.changed:
                write_atomically(notebook.path, notebook.data)
        for path in report.removed:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()


def formgrader_config(course: Course) -> Config:
    """What nbgrader_config.py says of releases, so that nbgrader by itself keeps our rules."""
    return nbgrader_bridge.release_config(
        course,
        stub=STUB,
        answer_stub=ANSWER_STUB,
        before=["autograder.release.guard.RefuseStale"],
        after=["autograder.release.guard.RefuseLeaks"],
    )


def _generate(draft: Draft, hidden_tests: Path | None) -> dict[Path, bytes]:
    """Stage an assignment, let nbgrader make the release, and check it.

    Returns:
        What belongs into assignments/, by its place.
    """
    course, assignment = draft.course, draft.config.id
    staging, release = course.staging / assignment, course.release / assignment
    # nbgrader releases whatever lies in its source folder: start from an empty one.
    if staging.exists():
        shutil.rmtree(staging)
    for name, staged in draft.staged.items():
        write_atomically(staging / f"{name}.ipynb", encode(staged))
    config = nbgrader_bridge.release_config(course, stub=STUB, answer_stub=ANSWER_STUB)
    nbgrader_bridge.generate_release(course, config, assignment)
    solutions = solution_lines(draft.notebooks)
    hidden = hidden_sources(course, assignment, hidden_tests)
    released: dict[Path, bytes] = {}
    try:
        for notebook in draft.notebooks:
            data = (release / f"{notebook.name}.ipynb").read_bytes()
            check_release(json.loads(data), notebook, solutions=solutions, hidden=hidden)
            released[course.assignments / assignment / f"{notebook.name}.ipynb"] = data
    except BaseException:
        # What students must not see doesn't stay where nbgrader would hand it out.
        shutil.rmtree(release, ignore_errors=True)
        raise
    return released


def _report(draft: Draft, released: Mapping[Path, bytes]) -> Iterator[BuiltNotebook]:
    for notebook, config in zip(draft.notebooks, draft.config.notebooks, strict=True):
        path = draft.course.assignments / draft.config.id / f"{notebook.name}.ipynb"
        yield BuiltNotebook(
            path=path,
            assignment=draft.config.id,
            name=notebook.name,
            questions=len(notebook.having("check", "reflection")),
            points=config.points,
            changed=not path.is_file() or path.read_bytes() != released[path],
            data=released[path],
        )


def _orphans(course: Course, drafts: Sequence[Draft], *, everything: bool) -> Iterator[Path]:
    """Notebooks in assignments/ that no hand-written file stands for."""
    kept = {(draft.config.id, notebook.name) for draft in drafts for notebook in draft.notebooks}
    folders = sorted(course.assignments.glob("*")) if everything else [course.assignments / d.config.id for d in drafts]
    for folder in folders:
        for path in sorted(folder.glob("*.ipynb")):
            if (folder.name, path.stem) not in kept:
                yield path
