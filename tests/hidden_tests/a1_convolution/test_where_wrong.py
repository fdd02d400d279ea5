"""For every listed mistake of a convolution: the sentence is true of the errors, and the picture shows the same."""

from __future__ import annotations

import pytest

import autograder.testing
from autograder.hidden_tests.a1_convolution.sliding_windows.mistakes import MISTAKES
from autograder.hidden_tests.a1_convolution.sliding_windows.steps import RIGHT
from course_utils.heat import heat_of
from course_utils.where import word
from tests.course_utils.test_heat import check_agrees
from tests.course_utils.test_where import check_truth
from tests.hidden_tests.graded import Graded
from tests.hidden_tests.harness import run

GRADED = Graded("a1_convolution", "sliding_windows")
BY_ID = {mistake.id: mistake for mistake in MISTAKES}


@pytest.fixture
def places(collected, monkeypatch):
    """`places(mistake)`: the places of its errors, each with the picture in the result of its hidden test."""
    compare = autograder.testing.compare
    seen = []

    def watch(*args, **options):
        mismatch = compare(*args, **options)
        if mismatch is not None and mismatch.where is not None:
            seen.append(mismatch)
        return mismatch

    monkeypatch.setattr(autograder.testing, "compare", watch)

    def find(mistake):
        seen.clear()
        results = run(collected(GRADED), RIGHT | dict(mistake.functions), mistake.question)
        maps = {result.message: result.error_map for result in results.values()}
        # What a test of purity compares is no result: its message is another.
        return [(one.where, maps[one.message]) for one in seen if one.message in maps]

    return find


def check_place(where, error_map):
    """Read the sentence back, and hold the picture against the mask."""
    assert not any(name.startswith("axis") for name in where.axes)
    check_truth(where.mask, where, {word(name): axis for axis, name in enumerate(where.axes)})
    picture = heat_of(where)
    if picture is None:
        assert (where.kind, error_map) == ("all", None)
        return
    assert (error_map.rows, error_map.column_axis) == (picture.rows, picture.column_axis)
    assert any(share for row in picture.rows for share in row)
    if picture.column_axis.startswith("column") and picture.row_axis.startswith("row"):
        check_agrees(where.mask, picture)


@pytest.mark.parametrize(
    ("question", "least"), [("correlate2d", 20), ("conv2d_forward", 60), ("conv2d_grouped", 20), ("conv_nd", 6)]
)
def test_sentence_and_picture(places, question, least):
    """Read back, each sentence holds; the picture has the mask's shares; few places are vague, and by chance only."""
    found = [place for mistake in MISTAKES if mistake.question == question for place in places(mistake)]
    for where, error_map in found:
        check_place(where, error_map)
    assert sum(where.kind != "all" for where, _ in found) >= least
    vague = [where for where, _ in found if where.kind == "spread"]
    assert len(vague) <= 0.05 * len(found)
    assert all(where.mask.mean() >= 0.9 for where in vague)


@pytest.mark.parametrize(
    ("mistake", "part"),
    [
        ("corr2d_last_row_missing", "at the border, in the last row and the last column"),
        ("cf_pad_edge", "the first 2 columns and the last 2 columns; the interior is right"),
        ("cf_stride_not_in_window", "everything is wrong but the top left corner: row 0, column 0"),
        ("cf_batch_first_only", "all errors are in sample 1"),
        ("cf_bias0_for_all", "all errors are in the last 3 output channels"),
        ("cf_bias_on_last_axis", "but where the output channel and the column have the same number"),
        ("conv3d_depth_stride_ignored", "the last 2 slices"),
        ("groups_outputs_shuffled", "output channels 1 to 2"),
    ],
)
def test_the_sentence_that_teaches(places, mistake, part):
    """The region that a teacher would point at is named."""
    assert any(part in where.sentence for where, _ in places(BY_ID[mistake]))
