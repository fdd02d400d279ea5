"""Our engine inside `nbgrader autograde`: nbgrader walks the submissions and writes the files, we grade.

nbgrader sends each notebook through an exporter twice, to sanitize it and to execute it. Ours opens the release both
times, so that nothing of nbgrader's ever parses a student's file; the recorder then grades the file that was handed
in and puts the graded notebook in place of the release.
"""

from __future__ import annotations

import pkgutil
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.preprocessors import Preprocessor
from traitlets import Bool, Unicode

from autograder.config import Course, load_course
from autograder.gradebook.autograded import graded_notebook
from autograder.gradebook.record import TIMESTAMP, record_rows
from autograder.gradebook.release import load_release
from autograder.model import NotebookResult

GradeFile = Callable[[Course, str, str, str, Path], NotebookResult]


class ReleaseExporter(NotebookExporter):  # type: ignore[misc]  # nbconvert ships no types
    """Opens our release wherever nbgrader asks for a student's notebook."""

    course_root = Unicode(help="Folder of course.toml.").tag(config=True)

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        """Export the release that belongs to a submitted or half-graded notebook.

        Raises:
            CourseError: If it has not been built.
        """
        course, about = load_course(Path(self.course_root)), resources["nbgrader"]
        released = course.assignments / about["assignment"] / f"{about['notebook']}.ipynb"
        resources["metadata"] = {"path": str(Path(filename).parent)}
        return super().from_filename(str(released), resources=resources, **kw)


class Recorder(Preprocessor):  # type: ignore[misc]  # nbconvert ships no types
    """Grades a submitted notebook and records it, in place of nbgrader's Execute and SaveAutoGrades."""

    enabled = Bool(True).tag(config=True)
    course_root = Unicode(help="Folder of course.toml.").tag(config=True)
    grader = Unicode(
        "autograder.pipeline:grade_file",
        help="What grades: a function of course, student, assignment, notebook and path.",
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Grade, write the rows, and give nbgrader the graded notebook to write.

        Raises:
            AutograderError: If the course is not as it must be, or the sandbox is too weak.
        """
        course, about = load_course(Path(self.course_root)), resources["nbgrader"]
        student, assignment, notebook = about["student"], about["assignment"], about["notebook"]
        path = course.submitted / student / assignment / f"{notebook}.ipynb"
        # By name, because stages don't know the pipeline that chains them.
        grade_file: GradeFile = pkgutil.resolve_name(self.grader)
        result = grade_file(course, student, assignment, notebook, path)
        record_rows(course, [result])
        folder = course.autograded / student / assignment
        _remove_foreign_files(folder, {released.name for released in (course.assignments / assignment).glob("*.ipynb")})
        graded = graded_notebook(load_release(course, assignment, notebook), result)
        return nbformat.from_dict(graded), resources


def _remove_foreign_files(folder: Path, ours: set[str]) -> None:
    """Remove what nbgrader copied from the submission beside the notebooks: pages and modules of a student's making."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in ours | {TIMESTAMP}:
            path.unlink()
