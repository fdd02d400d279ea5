"""The executed solution, for staff to read: as notebook and as HTML."""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter
from traitlets.config import Config

from autograder.config import Course
from autograder.errors import CourseError
from autograder.release.author import AuthoredNotebook, without_markers
from autograder.release.draft import make_draft
from autograder.release.files import write_atomically, writing

_CELL_S = 300
# How pictures and experiments tell a student that a function which they need is missing or fails.
_NOTES = ("No picture", "Nothing to see")


def execute_solution(
    course: Course, assignment: str, *, report: Callable[[str, float], None] = lambda name, seconds: None
) -> list[Path]:
    """Run the solution of each notebook and write it to course/solutions/<assignment>/.

    Args:
        course: The course.
        assignment: Id of the assignment.
        report: Called with each notebook's name and the seconds that running it took.

    Returns:
        A notebook and an HTML page for each, in the order of assignment.toml.

    Raises:
        AuthoringError: If a cell raises, takes too long, or ends the kernel; if a picture can't be drawn; or if a rule
            of authoring is broken.
        CourseError: If there is no such assignment, the kernel doesn't start, or the files can't be written.
    """
    draft = make_draft(course, assignment)
    paths: list[Path] = []
    for notebook in draft.notebooks:
        solved = solution_notebook(draft.staged[notebook.name])
        start = time.perf_counter()
        _execute(solved, notebook)
        _demand_pictures(solved, notebook)
        report(notebook.name, time.perf_counter() - start)
        page, _ = HTMLExporter().from_notebook_node(solved, {"metadata": {"name": solved.metadata.course.title}})
        folder = course.executed / assignment
        with writing("Solution"):
            for ending, text in ((".ipynb", nbformat.writes(solved) + "\n"), (".html", page)):
                paths.append(folder / f"{notebook.name}{ending}")
                write_atomically(paths[-1], text.encode())
    return paths


def solution_notebook(staged: dict[str, Any]) -> Any:
    """The staged notebook with its solutions, without markers, and unknown to nbgrader: it is not to be handed in."""
    data = copy.deepcopy(staged)
    for cell in data["cells"]:
        cell["metadata"].pop("nbgrader", None)
        # Here nothing goes on behind a check that fails.
        cell["metadata"].pop("tags", None)
        cell["source"] = without_markers(cell["source"])
    return nbformat.from_dict(data)


def _execute(solved: Any, notebook: AuthoredNotebook) -> None:
    """Run all cells in place.

    Raises:
        AuthoringError: Naming the first cell that fails.
    """
    running = 0

    def note(cell: Any, cell_index: int) -> None:
        nonlocal running
        running = cell_index

    with tempfile.TemporaryDirectory(prefix="solution-") as folder:
        client = NotebookClient(
            solved,
            timeout=_CELL_S,
            kernel_name="python3",
            record_timing=False,
            on_cell_execute=note,
            resources={"metadata": {"path": folder}},
            # Sockets in the file system, which nobody else on the machine can reach.
            config=Config({"KernelManager": {"transport": "ipc", "ip": str(Path(folder, "kernel"))}}),
        )
        try:
            client.execute()
        except CellExecutionError as error:
            problem = f"{error.ename}: {error.evalue}".splitlines()[0].rstrip(".")
        except CellTimeoutError:
            problem = f"nothing within {_CELL_S} s"
        except DeadKernelError:
            problem = "the end of the kernel"
        except RuntimeError as error:
            raise CourseError(f"Kernel python3: expected it to start, got: {error}. Set up the environment.") from error
        else:
            return
    raise notebook.refuse(f"solution: expected the cell to run, got {problem}. Mend it.", notebook.cells[running])


def _demand_pictures(solved: Any, notebook: AuthoredNotebook) -> None:
    """What a note tells a student is an author's to mend.

    Raises:
        AuthoringError: Naming the first cell that shows a note in the place of a picture.
    """
    for ran, cell in zip(solved.cells, notebook.cells, strict=True):
        lines = [line for output in ran.get("outputs", []) for line in output.get("text", "").splitlines()]
        for note in (line for line in lines if line.startswith(_NOTES)):
            raise notebook.refuse(f"solution: expected what the cell shows, got '{note}'. Mend it.", cell)
