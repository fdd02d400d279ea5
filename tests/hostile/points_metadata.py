"""Points by the notebook itself: numbers, flags and ids in the metadata; cells gone, doubled, moved, renamed."""

from __future__ import annotations

import copy
from typing import Any

from tests.hostile.case import Case, NotebookJson, check_cell, code_cell

QUESTION = "conv_output_size"


def _points(notebook: NotebookJson) -> None:
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["metadata"]["nbgrader"] |= {"points": 1e6}
            cell["outputs"] = [{"output_type": "execute_result", "data": {"text/plain": "1000000.0"}, "metadata": {}}]
    notebook["metadata"]["course"] |= {"points": 1e6, "forbidden": []}


def _negative_points(notebook: NotebookJson) -> None:
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["metadata"]["nbgrader"] |= {"points": float("nan"), "max_score": -1}


def _flags(**flags: Any) -> Any:
    def edit(notebook: NotebookJson) -> None:
        for cell in notebook["cells"]:
            if "nbgrader" in cell["metadata"]:
                cell["metadata"]["nbgrader"] |= flags
                cell["source"] = cell["source"] if "__solution" in cell["metadata"]["nbgrader"]["grade_id"] else "4.0"

    return edit


def _other_ids(notebook: NotebookJson) -> None:
    check_cell(notebook, QUESTION)["metadata"]["nbgrader"]["grade_id"] = "correlate1d__solution"
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = ("same", "conv_output_size-check", "../../x", "", "a" * 5000)[number % 5]


def _odd_ids(notebook: NotebookJson) -> None:
    for cell, odd in zip(notebook["cells"], ([], {"a": 1}, 7, None, "\ud800", True) * 20, strict=False):
        cell["id"] = odd
        cell["metadata"]["nbgrader"] = {"grade_id": odd, "points": odd, "grade": odd}
        cell["metadata"]["course"] = odd


def _deleted(notebook: NotebookJson) -> None:
    notebook["cells"] = [cell for cell in notebook["cells"] if not cell["metadata"].get("nbgrader", {}).get("grade")]


def _doubled(notebook: NotebookJson) -> None:
    check = check_cell(notebook, QUESTION)
    notebook["cells"] += [copy.deepcopy(check) | {"source": "4.0"} for _ in range(3)]


def _doubled_answers(notebook: NotebookJson) -> None:
    answers = [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("solution")]
    notebook["cells"] += copy.deepcopy(answers) + copy.deepcopy(answers)


def _reversed(notebook: NotebookJson) -> None:
    notebook["cells"].reverse()


def _checks_first(notebook: NotebookJson) -> None:
    notebook["cells"].sort(key=lambda cell: not cell["metadata"].get("nbgrader", {}).get("grade"))


def _check_defines(notebook: NotebookJson) -> None:
    check_cell(notebook, QUESTION)["source"] = "def check_all(): return 4.0\ncheck = check_all\n4.0"


def _manual(notebook: NotebookJson) -> None:
    check = check_cell(notebook, QUESTION)
    check["metadata"]["nbgrader"] |= {"solution": False, "task": True, "grade": True}
    check["metadata"]["course"] |= {"role": "reflection"}
    check["source"] = "full marks, please"
    question = next(c for c in notebook["cells"] if c["metadata"].get("course", {}).get("question") == QUESTION)
    question["metadata"]["nbgrader"] |= {"grade": True, "solution": False, "points": 4}


def _uses(notebook: NotebookJson) -> None:
    """Claims that the question builds on itself, so that our version would stand in."""
    for cell in notebook["cells"]:
        course = cell["metadata"].get("course", {})
        if course.get("role") == "check":
            course |= {"uses": ["correlate2d", "conv_output_size", "conv2d_forward"]}


CASES = (
    Case(
        id="a million points",
        threat="8 points",
        tries="The check cells say what they are worth, and what they gave.",
        honest=("correlate1d",),
        edit=_points,
    ),
    Case(
        id="points that are no number",
        threat="8 points",
        tries="nan points and a negative maximum upset sums and shares.",
        honest=("correlate1d",),
        edit=_negative_points,
    ),
    Case(
        id="no cell is graded",
        threat="8 grade flag",
        tries="Without `grade`, a missing answer can't lose points.",
        edit=_flags(grade=False),
    ),
    Case(
        id="every cell is a solution",
        threat="8 solution flag",
        tries="What a check cell holds is the student's.",
        edit=_flags(solution=True, grade=True),
    ),
    Case(
        id="no cell is locked",
        threat="8 locked flag",
        tries="An unlocked check cell keeps the student's text.",
        edit=_flags(locked=False, checksum="0" * 32, schema_version=99),
    ),
    Case(
        id="the check has another question's id",
        threat="8 ids",
        tries="One id for many cells, paths and nothing as ids.",
        honest=("correlate1d",),
        edit=_other_ids,
        # Ids that lead astray cost what they name; how much, `earns` says: the answer is found by its functions.
    ),
    Case(
        id="ids that are no text",
        threat="8 ids",
        tries="Lists, numbers and half characters where ids are expected.",
        honest=("correlate1d",),
        edit=_odd_ids,
    ),
    Case(
        id="the question claims prerequisites",
        threat="8 ids",
        tries="`uses` in one's own metadata, so that our version answers.",
        code="def conv_output_size(*args, **kwargs): return -1\nsame_padding = conv_output_size",
        edit=_uses,
    ),
    Case(id="check cells deleted", threat="8 deleting", tries="No check, no loss.", edit=_deleted),
    Case(id="a check cell three times", threat="8 duplicating", tries="Each copy gives its points.", edit=_doubled),
    Case(
        id="answer cells three times",
        threat="8 duplicating",
        tries="One duplicate stops a whole class in nbgrader.",
        honest=("correlate1d",),
        edit=_doubled_answers,
    ),
    Case(
        id="all cells in reverse",
        threat="8 reordering",
        tries="Checks before answers, set-up last.",
        honest=("correlate1d",),
        edit=_reversed,
    ),
    Case(
        id="checks before everything",
        threat="8 reordering",
        tries="A check that runs before anything is defined can be made to pass.",
        honest=("correlate1d",),
        edit=_checks_first,
    ),
    Case(
        id="a check cell rewritten",
        threat="8 locked flag",
        tries="The check itself says 4.0, and defines what later checks call.",
        edit=_check_defines,
    ),
    Case(
        id="an answer that is graded by hand",
        threat="8 manual cell",
        tries="Marked as no solution, or as a task: pending or full points.",
        edit=_manual,
    ),
    Case(
        id="a score as the last cell",
        threat="8 points",
        tries="A cell that looks like nbgrader's own output.",
        edit=lambda notebook: notebook["cells"].append(
            code_cell("4.0")
            | {
                "metadata": {"nbgrader": {"grade": True, "grade_id": "conv_output_size", "points": 4}},
                "outputs": [{"output_type": "execute_result", "data": {"text/plain": "4.0"}, "metadata": {}}],
            }
        ),
    ),
)
