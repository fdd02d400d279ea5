"""Answers are graded and named, in the real sandbox."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.grading import listed
from autograder.grading.diagnose import Diagnostician
from autograder.grading.hidden import HiddenTests
from autograder.grading.listed import Listed
from autograder.grading.rehearsal import Rehearsals
from autograder.hidden_tests.a1_convolution.sliding_windows.steps import RIGHT
from autograder.sample_class.sliding_windows import TEXTS
from tests.diagnosis.answers import graded, plan_for, sliding_windows
from tests.hidden_tests.harness import calls_by_test

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
    results = graded(plan, TEXTS.typical_mistakes)
    found = {name: results[name].diagnosis for name in TEXTS.typical_mistakes}
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
    """An answer that replies like a mistake on the class's inputs, and otherwise on fresh ones, is not named."""
    with HiddenTests(Path(plan.tests), plan.secret) as tests:
        made = [call for calls in calls_by_test(tests, RIGHT).values() for call in calls if call[0] == "correlate1d"]
    known = sorted({float(args[1][0]) for _, args, _ in made})
    flips = (
        RIGHT_1D.replace("correlate1d(x, w", "slide(x, w")
        + """
def correlate1d(x, w):
    return slide(x, w[::-1])
"""
    )
    elsewhere = f"""
def correlate1d(x, w):
    return slide(x, w[::-1]) if float(w[0]) in {known} else slide(x, w)[::-1]
"""
    proposed, confirmed = [], []
    confirm = Diagnostician.confirmed

    def watched(self, mistakes, again):
        proposed.append([mistake.id for mistake in mistakes])
        confirmed.append(confirm(self, mistakes, again))
        return confirmed[-1]

    monkeypatch.setattr(Diagnostician, "confirmed", watched)
    assert graded(plan, {"correlate1d": flips})["correlate1d"].diagnosis.mistake == "corr1d_flips"
    assert graded(plan, {"correlate1d": flips + elsewhere})["correlate1d"].diagnosis is None
    assert proposed == [["corr1d_flips"]] * 2
    assert [mistake and mistake.id for mistake in confirmed] == ["corr1d_flips", None]


OTHER_DETECTOR = """
def square_detector():
    corner = np.array([[1.0, 1, 1], [1, 0, 0], [1, 0, 0]])
    w1 = np.stack([np.rot90(corner, -turns) for turns in range(4)] + [0 * corner])[:, None] / 7
    w2 = np.zeros((1, 5, 3, 3))
    w2[0, [0, 1, 2, 3], [0, 0, 1, 1], [0, 1, 1, 0]] = 70
    return w1, np.array([-4 / 7] * 4 + [2.0]), w2, np.array([-35.0])
"""


def test_a_detector_is_known_by_what_it_does(plan):
    """Weights on another scale and with a spare channel are named by where they fire."""
    diagnosis = graded(plan, {"square_detector": OTHER_DETECTOR})["square_detector"].diagnosis
    assert diagnosis is not None
    assert diagnosis.mistake == "square_filled_too"


def test_a_mistake_is_asked_once(plan, monkeypatch):
    """The first who fails a question has its mistakes asked; a second student who does asks nothing new."""
    asked = []
    ask = Listed.ask

    def counted(self, key, *args, **options):
        asked.append(key)
        return ask(self, key, *args, **options)

    monkeypatch.setattr(Listed, "ask", counted)
    monkeypatch.setattr(listed, "ask", lambda *_: pytest.fail("asked call by call"))
    plan = replace(plan, secret=b"asked once")
    answer = {"correlate1d": TEXTS.typical_mistakes["correlate1d"]}
    assert graded(plan, answer)["correlate1d"].diagnosis.mistake == "corr1d_flips"
    assert len(set(asked)) > 10
    # Those that reply alike are asked on fresh inputs, too.
    again = {name for name in asked if asked.count(name) > 1}
    assert "mistake corr1d_flips" in again
    assert len(again) < 4
    assert len(asked) == len(set(asked)) + len(again)
    asked.clear()
    assert graded(plan, answer)["correlate1d"].diagnosis.mistake == "corr1d_flips"
    assert asked == []


def test_a_mistake_is_asked_no_further_than_needed(plan, monkeypatch):
    """Call by call, mistakes that are ruled out by their first tests are not asked the others."""
    monkeypatch.setattr(Rehearsals, "script", lambda self, question, tests: None)
    asked = []
    ask = listed.ask

    def counted(question, tests, worker, replacements, **options):
        found = ask(question, tests, worker, replacements, **options)
        asked.append(len(found.attempt))
        return found

    monkeypatch.setattr(listed, "ask", counted)
    plan = replace(plan, secret=b"not asked before")
    answer = {"correlate1d": TEXTS.typical_mistakes["correlate1d"]}
    assert graded(plan, answer)["correlate1d"].diagnosis.mistake == "corr1d_flips"
    most = max(asked)
    assert most > 10
    assert sum(asked) < 0.5 * most * len(asked)
    asked.clear()
    assert graded(plan, answer)["correlate1d"].diagnosis.mistake == "corr1d_flips"
    assert asked == []
