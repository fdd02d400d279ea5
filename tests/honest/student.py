"""Honest students with habits of their own: what they hand in, and how it is graded."""

from __future__ import annotations

import copy
import functools
import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.config import SANDBOX_LEVELS, Course, load_course
from autograder.grading.engine import grade_one
from autograder.grading.plan import GradingPlan, plan_grading
from autograder.intake.rebuild import rebuild_file
from autograder.model import NotebookResult, Role, Verdict
from autograder.release.author import read_authored, without_markers
from autograder.released import load_notebook
from tests.conftest import ROOT

NotebookJson = dict[str, Any]

SLIDING, LINEAR, POOLING, NORM = (
    "a1_convolution/sliding_windows",
    "a1_convolution/linear_maps_and_gradients",
    "a2_pooling_and_normalization/activations_and_pooling",
    "a2_pooling_and_normalization/normalization",
)
_SECRET = b"honest students"


def encode(content: NotebookJson) -> bytes:
    """The file as Jupyter writes it."""
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


@dataclass(frozen=True, kw_only=True)
class Student:
    """One honest student, all of whose answers are right.

    Attributes:
        habit: What is unusual about the notebook.
        notebook: Assignment and name of it.
        answers: Question to what stands in its answer cell; the others are answered as in the solution.
        before: Cells added behind the set-up cells.
        after: Cells added at the end.
        edit: Changes the notebook once all that is done.
        save: Makes the file's bytes.
        remarks: What the student is told, by the beginnings of the remarks; nothing else may be said.
    """

    habit: str
    notebook: str = SLIDING
    answers: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    edit: Callable[[NotebookJson], None] = lambda content: None
    save: Callable[[NotebookJson], bytes] = encode
    remarks: tuple[str, ...] = ()

    def file(self) -> bytes:
        """What is handed in."""
        content = solved(self.notebook)
        for question, source in self.answers.items():
            answer(content, question, source)
        last_setup = max(i for i, cell in enumerate(content["cells"]) if role_of(cell) == "setup")
        content["cells"][last_setup + 1 : last_setup + 1] = [code_cell(source) for source in self.before]
        content["cells"] += [code_cell(source) for source in self.after]
        self.edit(content)
        return self.save(content)


def grade(student: Student) -> NotebookResult:
    """Read and grade what a student hands in, as in a term."""
    plan = plan_of(student.notebook)
    return grade_one(plan, rebuild_file(plan.notebook, "honest", student.file(), original="honest.ipynb"))


def unfair(student: Student, result: NotebookResult) -> list[str]:
    """Everything in a result that costs points, or blames the student for nothing."""
    found = [f"problem: {result.submission.problem}"] if result.submission.problem is not None else []
    for question in result.questions:
        found += [
            f"{question.question.id}: {test.test.title} {test.verdict}: {test.message} {test.staff[-300:]}"
            for test in question.tests
            if test.verdict is not Verdict.PASSED
        ]
        found += [f"{question.question.id}: {remark}" for remark in question.remarks]
        if question.points + question.points_pending != question.question.points:
            found.append(f"{question.question.id}: {question.points} of {question.question.points} points")
    left = list(student.remarks)
    for remark in result.remarks:
        start = next((start for start in left if remark.startswith(start)), None)
        if start is None:
            found.append(f"unexpected remark: {remark}")
        else:
            left.remove(start)
    return found + [f"missing remark: {start}" for start in left]


@functools.cache
def plan_of(notebook: str) -> GradingPlan:
    """How that notebook is graded, behind whatever wall the machine offers."""
    assignment, _, name = notebook.partition("/")
    return plan_grading(_course(), load_notebook(_course(), assignment, name), _SECRET, minimum=SANDBOX_LEVELS[0])


def solved(notebook: str) -> NotebookJson:
    """The notebook with the solution's answers."""
    return copy.deepcopy(_solved(notebook))


def released(notebook: str) -> NotebookJson:
    """The notebook as students get it."""
    content: NotebookJson = json.loads((ROOT / "assignments" / f"{notebook}.ipynb").read_bytes())
    return content


def answer(content: NotebookJson, question: str, source: str) -> None:
    """Write an answer into its cell."""
    answer_cell(content, question)["source"] = lines(text(source))


def answer_cell(content: NotebookJson, question: str) -> dict[str, Any]:
    """The cell of an answer."""
    return next(cell for cell in content["cells"] if role_of(cell) == "solution" and question_of(cell) == question)


def code_cell(source: str) -> dict[str, Any]:
    """A cell as Jupyter adds it."""
    number = abs(hash(source)) % 0xFFFFFFFF
    return {
        "cell_type": "code",
        "id": f"{number:08x}",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": lines(text(source)),
    }


def role_of(cell: dict[str, Any]) -> str:
    """What a cell of the release is for; "" for an added one."""
    role: str = cell["metadata"].get("course", {}).get("role", "")
    return role


def question_of(cell: dict[str, Any]) -> str:
    """The question to which a cell belongs; "" for none."""
    question: str = cell["metadata"].get("course", {}).get("question", "")
    return question


def lines(source: str) -> list[str]:
    """Text as nbformat writes it to the disk."""
    return source.splitlines(keepends=True)


def text(source: str) -> str:
    """A cell's text as it stands in a test: without the common indentation and the empty lines around it."""
    return textwrap.dedent(source).strip("\n")


@functools.cache
def _course() -> Course:
    return load_course(ROOT)


@functools.cache
def _solved(notebook: str) -> NotebookJson:
    content = released(notebook)
    authored = read_authored(ROOT / "solutions" / f"{notebook}.py", ROOT)
    for cell in authored.having(Role.SOLUTION.value):
        assert cell.question is not None
        answer(content, cell.question, without_markers(cell.source))
    return content
