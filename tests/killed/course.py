"""A small class that is graded in a second or two, and all that grading it leaves behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import text

from autograder.config import Course
from autograder.nbgrader_bridge import open_gradebook
from tests.release.fixture_course import DemoCourse, release, write_course

ASSIGNMENT, NOTEBOOK = "demo", "first"
_STUB = 'raise NotImplementedError("Replace this line with your code.")'
# By name, so that the folder's order is not that of the work.
_DOUBLES = {
    "ada": "return x + x",
    "bob": "return x * x",
    "cyd": "return 1 / 0",
    "dan": "import time\n    time.sleep(0.1)\n    return 2 * x",
    "eve": "print('x' * 100)\n    return 2 * x",
    "fay": "import os\n    os._exit(0)",
    "gil": "import os\n    os.kill(os.getpid(), 9)",
}
_SOLVED = {"scale": "return x * factor", "unscale": "return x / factor"}


def write_class(root: Path) -> DemoCourse:
    """Write the course, build it, and hand in: nine students, one of them a file that is no notebook."""
    demo = write_course(root)
    release(demo.course, hidden_tests=demo.hidden_tests)
    course = demo.course
    # Inputs, and with them the messages, are the same in every course.
    course.work.mkdir(exist_ok=True)
    course.secret.write_text("5e" * 32 + "\n")
    for student, body in _DOUBLES.items():
        _hand_in(course, student, _answered(demo.released, {"double": body, **_SOLVED}))
    _hand_in(course, "hal", b"%PDF-1.7")
    _hand_in(course, "ida", demo.released.read_bytes())
    return demo


def left_behind(course: Course) -> dict[str, Any]:
    """What must not depend on when which process died: rows, CSV, results for machines, graded notebooks."""
    with open_gradebook(course, write=False) as gradebook:
        tables = {name: gradebook.connection.execute(text(query)).all() for name, query in _QUERIES.items()}
        counts = {
            name: gradebook.connection.execute(text(f'SELECT COUNT(*) FROM "{name}"')).scalar()
            # A build leaves a course of nbgrader's own beside ours.
            for name in gradebook.tables.keys() - {"course"}
        }
    files = [
        course.root / "out.json",
        *course.exports.glob("*.csv"),
        *(path for path in course.autograded.rglob("*") if path.is_file()),
    ]
    return {
        **tables,
        "rows": counts,
        **{str(path.relative_to(course.root)): path.read_bytes() for path in sorted(files)},
        "feedback": sorted(str(path.relative_to(course.feedback)) for path in course.feedback.rglob("*")),
        "hidden files": sorted(path.name for path in course.work.rglob(".*")),
    }


_OF = """
FROM {0}
JOIN submitted_notebook ON submitted_notebook.id = {0}.notebook_id
JOIN notebook ON notebook.id = submitted_notebook.notebook_id
JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
JOIN assignment ON assignment.id = submitted_assignment.assignment_id
JOIN base_cell ON base_cell.id = {0}.cell_id
ORDER BY 1, 2, 3, 4
"""
_WHOSE = "SELECT submitted_assignment.student_id, assignment.name, notebook.name, base_cell.name"
_QUERIES = {
    "grades": f"{_WHOSE}, auto_score, manual_score, extra_credit, needs_manual_grade {_OF.format('grade')}",
    "comments": f"{_WHOSE}, auto_comment, manual_comment {_OF.format('comment')}",
    "submissions": "SELECT student_id, timestamp FROM submitted_assignment ORDER BY 1",
}


def _answered(released: Path, bodies: dict[str, str]) -> bytes:
    notebook = json.loads(released.read_bytes())
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        name = next((name for name in bodies if f"def {name}(" in source), None)
        cell["source"] = source if name is None else source.replace(_STUB, bodies[name])
    return json.dumps(notebook).encode()


def _hand_in(course: Course, student: str, data: bytes) -> None:
    path = course.submitted / student / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
