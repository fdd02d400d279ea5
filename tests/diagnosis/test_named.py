"""Answers are graded and named, in the real sandbox."""

from __future__ import annotations

import pytest

from autograder.grading.diagnose import Diagnostician
from autograder.sample_class.sliding_windows import TYPICAL_MISTAKES
from tests.diagnosis.answers import graded, plan_for, sliding_windows

# The sample class writes in its own way: nothing of it comes from the listed mistakes.
SAMPLE_NAMES = {
    "correlate1d": "corr1d_flips",
    "correlate2d": "corr2d_modes_ignored",
    "conv_output_size": "size_float",
    "conv_counts": "count_no_bias",
    "conv2d_forward": "cf_out_w_from_h",
    "receptive_field": "field_strides_ignored",
}
RIGHT_1D = """
def correlate1d(x, w):
    if len(w) > len(x):
        raise ValueError("too long")
    return np.lib.stride_tricks.sliding_window_view(x, len(w)) @ w

def convolve1d(x, w):
    return correlate1d(x, w[::-1])
"""


@pytest.fixture
def plan(real_course):
    return plan_for(real_course, sliding_windows(real_course))


def test_the_sample_class_is_named(plan):
    """Each wrong question of the sample's typical student has its name, symptom and hint."""
    results = graded(plan, TYPICAL_MISTAKES)
    found = {name: results[name].diagnosis for name in TYPICAL_MISTAKES}
    assert {name: entry and entry.mistake for name, entry in found.items()} == SAMPLE_NAMES
    assert all(entry and entry.symptom and entry.hint for entry in found.values())


def test_what_is_right_or_not_begun_has_no_name(plan):
    """Full points and untouched questions have no diagnosis."""
    results = graded(plan, {"correlate1d": RIGHT_1D})
    assert results["correlate1d"].points == 4
    assert [entry.diagnosis for entry in results.values()] == [None] * len(results)


@pytest.mark.parametrize(
    "line",
    [
        "return 3 * correlate1d(x, w[::-1])",
        "return correlate1d(x, w[::-1])[::-1] + 1",
        "raise KeyError(len(x))",
    ],
    ids=["a factor", "two changes", "an error"],
)
def test_what_nobody_listed_has_no_name(plan, line):
    """An answer that is wrong in a way of its own is not called by another mistake's name."""
    result = graded(plan, {"correlate1d": RIGHT_1D.replace("return correlate1d(x, w[::-1])", line)})["correlate1d"]
    assert result.points < 4
    assert result.diagnosis is None


def test_a_mistake_in_a_function_that_another_calls(plan):
    """A wrong correlate1d makes convolve1d wrong as well; the mistake is found where it was made."""
    source = RIGHT_1D.replace("sliding_window_view(x, len(w)) @ w", "sliding_window_view(x, len(w)) @ w[::-1]")
    diagnosis = graded(plan, {"correlate1d": source})["correlate1d"].diagnosis
    assert diagnosis is not None
    assert diagnosis.mistake == "corr1d_flips"


def test_equal_on_one_set_of_inputs_is_not_enough(plan, monkeypatch):
    """An answer that replies like a mistake on the class's inputs only is not named."""
    asked = []

    def differs(self, mistakes, again):
        asked.append([mistake.id for mistake in mistakes])
        assert again

    monkeypatch.setattr(Diagnostician, "confirmed", differs)
    result = graded(plan, {"correlate1d": TYPICAL_MISTAKES["correlate1d"]})["correlate1d"]
    assert asked[0][0] == "corr1d_flips"
    assert result.diagnosis is None
