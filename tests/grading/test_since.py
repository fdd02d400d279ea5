"""Why a run grades again what was graded before, said before it does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.config import load_course
from autograder.grading.plan import GradingPlan, plan_grading
from autograder.grading.since import Outlook, changes_since, in_words, remember
from autograder.released import load_notebook
from tests.conftest import ROOT

NOTEBOOK = "sliding_windows"


@pytest.fixture(scope="module")
def plan() -> GradingPlan:
    course = load_course(ROOT)
    return plan_grading(course, load_notebook(course, "a1_convolution", NOTEBOOK), b"secret")


def test_what_has_changed_is_named(plan, tmp_path):
    """Compared with the last whole run, each thing once, though several notebooks have it."""
    both = {NOTEBOOK: plan, "other": plan}
    assert changes_since(tmp_path, "a1", both) == ""
    remember(tmp_path, "a1", both)
    assert changes_since(tmp_path, "a1", both) == ""
    other = replace(plan, secret=b"other", device="cuda")
    assert changes_since(tmp_path, "a1", {NOTEBOOK: other, "other": other}) == "the secret, the device"
    assert changes_since(tmp_path, "a2", {NOTEBOOK: other}) == ""


def test_single_questions_are_no_whole_run(plan, tmp_path):
    """A run of some questions says nothing about with what the class was graded."""
    remember(tmp_path, "a1", {NOTEBOOK: plan})
    some = replace(plan, only=("conv_counts",), secret=b"other")
    remember(tmp_path, "a1", {NOTEBOOK: some})
    assert changes_since(tmp_path, "a1", {NOTEBOOK: plan}) == ""
    assert changes_since(tmp_path, "a1", {NOTEBOOK: some}) == ""


@pytest.mark.parametrize("data", [b"", b"[1]", b"\xff", b'{"sliding_windows": 1}'])
def test_a_damaged_note_is_no_note(plan, tmp_path, data):
    """It only helps to say more; the next one takes its place."""
    place = tmp_path / "a1.graded-with.json"
    place.write_bytes(data)
    assert changes_since(tmp_path, "a1", {NOTEBOOK: plan}) == ""
    remember(tmp_path, "a1", {NOTEBOOK: plan})
    assert changes_since(tmp_path, "a1", {NOTEBOOK: replace(plan, secret=b"other")}) == "the secret"


def test_a_note_that_can_not_be_written_stops_nothing(plan, tmp_path):
    """Whatever lies in its place."""
    (tmp_path / "a1.graded-with.part").mkdir()
    remember(tmp_path, "a1", {NOTEBOOK: plan})
    assert changes_since(tmp_path, "a1", {NOTEBOOK: replace(plan, secret=b"other")}) == ""


def test_words():
    """Only what is graded again needs them; what is new or known goes without saying."""
    assert in_words(Outlook(known=3, new=2), "the secret") == ""
    assert in_words(Outlook(again=1), "") == (
        "1 notebook graded before, graded again, because of other tests, versions, limits, device, release or secret."
    )
    assert in_words(Outlook(known=4, again=2, held=1), "the hidden tests, numpy 2.0 instead of 1.9") == (
        "2 notebooks graded before, graded again, for this has changed: the hidden tests, numpy 2.0 instead of 1.9. "
        "1 notebook held for a person, tried again. 4 notebooks known from the journal."
    )
