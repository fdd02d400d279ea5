"""Students of the measured classes, made from the real course: individuals, the same in every run, right where due."""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import random
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from autograder.config import Course, load_course
from autograder.intake.collect import collect
from autograder.mistakes import Mistake, Policy
from autograder.model import Notebook, Submission
from autograder.release.draft import make_draft
from autograder.release.prove import solution_submission
from autograder.release.stage import encode
from autograder.released import load_notebook, load_notebooks
from benchmarks.bare import run_cells
from benchmarks.classes import Classes, skill
from benchmarks.collect import material
from benchmarks.local import Namespace, Tests
from benchmarks.written import written

ROOT = Path(__file__).parents[1]
ASSIGNMENT, NAME = "a1_convolution", "sliding_windows"


class Made(NamedTuple):
    """The real course, staged without nbgrader."""

    course: Course
    notebook: Notebook
    solved: Submission
    classes: Classes


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """What classes are made from."""
    root = tmp_path_factory.mktemp("course")
    settings = (ROOT / "course.toml").read_text()
    (root / "course.toml").write_text(settings.replace('minimum_sandbox = "landlock"', 'minimum_sandbox = "rlimits"'))
    for folder in ("solutions", "assignments"):
        (root / folder).symlink_to(ROOT / folder)
    course = load_course(root)
    staging = course.staging / ASSIGNMENT
    staging.mkdir(parents=True)
    for name, staged in make_draft(course, ASSIGNMENT).staged.items():
        (staging / f"{name}.ipynb").write_bytes(encode(staged))
    notebook = load_notebook(course, ASSIGNMENT, NAME)
    solved = solution_submission(course, notebook)
    return Made(course, notebook, solved, Classes(course, solved))


def test_right_answers_earn_all_points(made: Made, tmp_path: Path) -> None:
    """Each of six students wrote another notebook; as handed in and read again, all are right in everything."""
    tests = Tests(material(made.course, made.notebook, made.solved.cells, b"secret"), keep={})
    made.classes.write(tmp_path, "solved", 0, 6)
    questions = [question for question in made.notebook.questions if not question.manual]
    seen: Counter[str] = Counter()

    for submission in collect(tmp_path, ASSIGNMENT, load_notebooks(made.course, ASSIGNMENT)):
        if submission.notebook == NAME:
            namespace = Namespace(run_cells(submission.cells)[0])
            earned = {question.id: tests.points(question.id, namespace) for question in questions}
            assert earned == {question.id: question.points for question in questions}, submission.student
            seen.update({cell.source for cell in submission.cells if cell.role == "solution"})

    assert seen.total() == 6 * len([cell for cell in made.solved.cells if cell.role == "solution"])
    assert set(seen.values()) == {1}


@pytest.mark.parametrize("kind", ["solved", "mix", "loops", "copies"])
def test_a_number_is_a_student(made: Made, kind: str) -> None:
    """The same number gives the same file, in any class of that kind; another number another one."""
    again = Classes(made.course, made.solved)

    files = [made.classes.file(kind, number) for number in (3, 33, 4)]

    assert files == [again.file(kind, number) for number in (3, 33, 4)]
    assert len(set(files)) == 3


def test_one_in_33_never_ends(made: Made) -> None:
    """And only in one question; the others are the mix."""
    mix, loops = (
        {number: made.classes.answers(kind, number, random.Random(number)) for number in (32, 33, 34)}
        for kind in ("mix", "loops")
    )

    assert [number for number in mix if mix[number] != loops[number]] == [33]
    changed = [question for question in loops[33] if mix[33].get(question) != loops[33][question]]
    assert len(changed) == 1
    assert "while" in loops[33][changed[0]][0]


def test_the_mix_is_a_class() -> None:
    """Most have all or nearly all right, a third some wrong, few half or nothing."""
    questions = [f"question {number}" for number in range(12)]

    drawn = [skill(questions, random.Random(number)) for number in range(1000)]

    whole = [len(wrong) for done, wrong in drawn if done == 12]
    assert sum(count <= 1 for count in whole) == pytest.approx(550, abs=60)
    assert sum(2 <= count <= 5 for count in whole) == pytest.approx(300, abs=60)
    assert sum(done == 0 for done, _ in drawn) == pytest.approx(50, abs=30)
    assert all(wrong <= set(questions[:done]) for done, wrong in drawn)


@pytest.mark.slow
def test_a_mistake_that_is_written_down_is_still_one(made: Made) -> None:
    """Every listed mistake, on both bases, loses points as the live one does."""
    tests = Tests(material(made.course, made.notebook, made.solved.cells, b"secret"), keep={})
    here = "autograder.hidden_tests.a1_convolution.sliding_windows"
    listed: tuple[Mistake, ...] = importlib.import_module(f"{here}.mistakes").MISTAKES
    second = importlib.import_module(f"{here}.second").SECOND
    solution = run_cells(made.solved.cells)[0]
    most = {question.id: question.points for question in made.notebook.questions}

    for mistake in listed:
        for version in (mistake.functions, second.get(mistake.id, {})):
            names = dict(solution)
            with contextlib.redirect_stdout(io.StringIO()):
                for name, function in version.items():
                    exec(ast.unparse(written({name: function}, name)), names)
                if version and mistake.policy is Policy.WRONG:
                    assert tests.points(mistake.question, Namespace(names)) < most[mistake.question], mistake.id
