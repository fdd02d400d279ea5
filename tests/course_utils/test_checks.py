"""The visible checks of all notebooks: what is right passes with one line, what is wrong is caught and explained."""

from __future__ import annotations

import functools
import inspect
import re

import numpy as np
import pytest

from autograder.mistakes import Policy
from autograder.model import Verdict
from course_utils.checks.steps import count_steps
from course_utils.compare import Rung
from tests.course_utils.checked import CHECKED, MOST_LETTERS, Checked
from tests.course_utils.spoiled import spoilt
from tests.hidden_tests.harness import InProcess, calls_by_test

# Their checks run something on what the student's function gives, instead of going through cases.
WITHOUT_CASES = {"square_detector"}
# Lines of Python that a check and the function may run: some two seconds, whatever the machine is busy with.
MOST_STEPS = 5_000_000
# What one check counts with, which is no check itself.
HELPERS = {"counted_inputs", "sweeps"}
# These checks say how much of what is counted was needed, above the line.
COUNTED = {"batchnorm_backward_simplified": r"Sweeps over arrays of N × D numbers: \d+\.\d of at most 18\.\n"}

each_notebook = pytest.mark.parametrize("checked", CHECKED, ids=lambda checked: checked.name)
each_question = pytest.mark.parametrize(
    ("checked", "question"),
    [(checked, question) for checked in CHECKED for question in checked.questions],
    ids=lambda value: value.name if isinstance(value, Checked) else value,
)


@each_notebook
def test_every_question_has_a_check_and_cases(checked):
    """One check for each question, which takes the question's functions; its cases call all of them."""
    check = checked.check
    public = {name for name, value in vars(check).items() if getattr(value, "__module__", "") == check.__name__}
    assert {name for name in public - HELPERS if not name.startswith("_")} == set(checked.questions)
    assert set(checked.cases) == set(checked.questions) - WITHOUT_CASES
    for question, names in checked.questions.items():
        assert tuple(inspect.signature(getattr(check, question)).parameters) == names
    for question, cases in checked.cases.items():
        assert {case.function for case in cases} == set(checked.questions[question])


@each_question
def test_right_ways_pass_with_one_line(checked, question, capsys):
    """Loops, shifts, matrices, einsum, FFT and all the other styles pass, soon, and one line is printed."""
    line = rf"{COUNTED.get(question, '')}✓ {question}: \d+ checks passed\. Hidden tests [^.]+\.\n"
    names = checked.questions[question]
    for style, functions in checked.ways(question).items():
        steps = count_steps(getattr(checked.check, question), **{name: functions[name] for name in names})
        assert steps < MOST_STEPS, style
        assert re.fullmatch(line, capsys.readouterr().out), style


def explained(checked, question, failed):
    """Whether a message names a function of the question, stays short, and dumps neither arrays nor tracebacks."""
    first = failed.message.splitlines()[0]
    assert any(function in first for function in checked.questions[question]), failed.message
    assert len(failed.message) < MOST_LETTERS, failed.message
    for dump in ("array(", "tensor(["):
        assert dump not in failed.message.replace("np.array(...)", ""), failed.message
    assert "Traceback" not in failed.message


@each_question
def test_nine_in_ten_mistakes_are_caught_and_explained(checked, question):
    """Of the listed mistakes, at least nine in ten are caught at once; those that are not are printed."""
    listed = checked.mistakes[question]
    found = {name: checked.said(question, name) for name in listed}
    missed = [name for name, failed in found.items() if failed is None]
    print(f"{question}: {len(listed) - len(missed)} of {len(listed)} caught; missed: {missed}")
    assert len(missed) <= len(listed) / 10
    for failed in filter(None, found.values()):
        explained(checked, question, failed)


@each_notebook
def test_what_is_only_worth_a_remark_is_accepted(checked):
    """An entry that costs nothing does not fail the visible check either."""
    for mistake in checked.graded.mistakes:
        if mistake.policy is Policy.REMARK:
            assert checked.failure(mistake.question, mistake.functions) is None, mistake.id


@pytest.fixture(scope="module")
def called(collected):
    """Function to the hidden tests that call it and the keywords that it takes: `called(graded)`."""

    @functools.cache
    def by_function(graded):
        tests, keywords = {}, {}
        for test, made in calls_by_test(collected(graded), graded.right).items():
            for name, _, options in made:
                tests.setdefault(name, set()).add(test)
                keywords.setdefault(name, {}).update(dict.fromkeys(options))
        return tests, keywords

    return by_function


def costs_points(hidden, functions, tests):
    """Whether hidden tests find fault with it."""
    session = InProcess(functions)
    declared = [test for test in hidden.declared if test.id in tests]
    results = hidden.run(declared, lambda: session, lambda r: "" if r.verdict is Verdict.PASSED else "one is enough")
    return results[-1].verdict is not Verdict.PASSED


@each_question
def test_spoiled_answers_are_caught_and_explained(checked, question, collected, called):
    """A right function that is spoiled in some way and earns less by it is refused at once, in nine of ten cases."""
    graded = checked.graded
    tests, keywords = called(graded)
    caught, missed = 0, []
    for name in checked.questions[question]:
        anew = functools.partial(spoilt, graded.right[name], keywords[name])
        for way, wrong in anew().items():
            failed = checked.failure(question, {name: wrong})
            if failed is not None:
                caught += 1
                explained(checked, question, failed)
            elif costs_points(collected(graded), graded.right | {name: anew()[way]}, tests[name]):
                missed.append(f"{name}: {way}")
    print(f"{question}: {caught} of {caught + len(missed)} caught; missed: {missed}")
    assert len(missed) <= caught / 9
    assert caught + len(checked.mistakes[question]) >= 15


@each_question
def test_not_implemented_is_said_kindly(checked, question):
    """Whichever function of a question is an untouched stub, a sentence names it, and no traceback is shown."""
    for name in checked.questions[question]:

        def stub(*args, **options):
            raise NotImplementedError("Replace this line with your code.")

        # Tracebacks name the code, and not the function.
        stub.__code__ = stub.__code__.replace(co_name=name)
        failed = checked.failure(question, {name: stub})
        assert failed.rung is Rung.RAN
        assert failed.message == (
            f"{name} is not implemented yet. Write it in the cell above, run that cell, then this one."
        )


@each_question
@pytest.mark.parametrize("value", [None, 3, np.ones(2)], ids=["None", "a number", "an array"])
def test_something_that_is_no_function_is_refused(checked, question, value):
    """A name that stands for something else, in the first place or the last, is named."""
    for name in checked.questions[question]:
        failed = checked.failure(question, {name: value})
        assert failed.rung is Rung.CALLABLE
        assert failed.message.startswith(f"{name}: expected a function, got {type(value).__name__}.")
