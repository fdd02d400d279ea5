"""What a verdict depends on: the same here and on another machine, and said by name where it differs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from autograder.config import load_course
from autograder.grading import plan as planning
from autograder.grading.plan import (
    GradingPlan,
    answer_key,
    differences,
    fingerprint,
    plan_grading,
    plan_key,
    submission_key,
)
from autograder.model import Cell, Limits, Origin, Role, Submission
from autograder.released import load_notebook
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def plan() -> GradingPlan:
    course = load_course(ROOT)
    return plan_grading(course, load_notebook(course, "a1_convolution", "sliding_windows"), b"secret")


def test_a_plan_names_no_place(plan):
    """A plan is sent to other machines, where the course lies elsewhere; the hidden tests are found where they are."""
    assert str(ROOT) not in repr(plan)
    assert list(plan.tests.glob("test_*.py"))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"secret": b"other"}, "the secret"),
        ({"level": "rlimits"}, "the wall"),
        ({"device": "cuda"}, "the device"),
        ({"library": ()}, "the library-backed versions"),
        ({"limits": Limits(processes=3)}, "the limits"),
        ({"only": ("conv_counts",)}, "the choice of questions"),
    ],
)
def test_what_changes_a_verdict_changes_the_key(plan, changes, named):
    """Another secret or setting is another key, and the difference has a name."""
    other = replace(plan, **changes)
    assert plan_key(other) != plan_key(plan)
    assert differences(fingerprint(plan), fingerprint(other)) == named


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("model.py", "autograder"),
        ("grading/score.py", "autograder.grading"),
        ("sandbox/wire.py", "autograder.sandbox"),
        ("diagnosis/name.py", "autograder.diagnosis"),
        ("hidden_tests/a9_another/x/test_x.py", ""),
        ("reports/page.py", ""),
    ],
)
def test_what_judges_is_told_from_what_does_not(plan, monkeypatch, tmp_path, file, named):
    """The grader that judges is part of the key; another assignment's tests and how pages look are not."""
    place = Path(planning.__file__).parents[1]
    for folder in ("", "grading", "sandbox", "diagnosis"):
        (tmp_path / "autograder" / folder).mkdir(exist_ok=True)
        for path in (place / folder).glob("*.py"):
            (tmp_path / "autograder" / folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(planning, "__file__", str(tmp_path / "autograder" / "grading" / "plan.py"))
    before = fingerprint(plan)
    changed = tmp_path / "autograder" / file
    changed.parent.mkdir(parents=True, exist_ok=True)
    changed.write_text("other = 1\n")
    assert differences(before, fingerprint(plan)) == named


def test_the_weakest_wall_allowed_is_no_part_of_a_verdict(plan):
    """Whether a wall is strong enough is asked before grading; it changes no verdict."""
    assert plan_key(replace(plan, minimum="namespaces")) == plan_key(plan)


def test_versions_are_told_apart(plan):
    """A library of another version, or none at all, is named with both versions."""
    ours = fingerprint(plan)
    assert differences(ours, ours) == ""
    assert differences(ours, ours | {"numpy": "1.0"}) == f"numpy 1.0 instead of {ours['numpy']}"
    assert differences(ours, {}).startswith("Python none instead of")


def test_the_time_of_a_submission_is_no_part_of_its_key():
    """The same answers, handed in again under another name, are known."""
    first = Submission(student="ada", assignment="a1", notebook="x", original="one.ipynb")
    key = submission_key("plan", first)
    assert submission_key("plan", replace(first, original="two.ipynb", submitted_at="2026-01-01T00:00:00+00:00")) == key
    assert submission_key("plan", replace(first, student="bob")) != key
    assert submission_key("other plan", first) != key


def test_a_typo_in_the_release_makes_no_other_answer():
    """What stands around an answer is a reason to grade it again; it makes no new one, even kept as it was before."""
    ours = Cell(id="prose", role=Role.PROSE, kind="markdown", source="Teh task.")
    theirs = Cell(id="mine", role=Role.SOLUTION, kind="code", source="x = 1", origin=Origin.STUDENT)
    first = Submission(student="ada", assignment="a1", notebook="x", cells=(ours, theirs))
    mended = replace(first, cells=(replace(ours, source="The task."), theirs))
    assert answer_key(mended) == answer_key(first)
    kept = replace(first, cells=(replace(ours, origin=Origin.STUDENT), theirs))
    assert answer_key(kept) == answer_key(first)
    assert submission_key("plan", mended) != submission_key("plan", first)
    assert answer_key(replace(first, cells=(ours, replace(theirs, source="x = 2")))) != answer_key(first)


def test_a_plan_arrives_as_it_was_sent(plan):
    """Sent as text and read again, it is the same plan with the same key: whole numbers of files don't change kind."""
    assert any(isinstance(question.points, float) for question in plan.notebook.questions)
    arrived = msgspec.json.decode(msgspec.json.encode(plan), type=GradingPlan)
    assert arrived == plan
    assert plan_key(arrived) == plan_key(plan)
