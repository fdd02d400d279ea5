"""What hidden tests say of themselves: titles that students read, weights, and questions."""

from __future__ import annotations

import re
from collections import Counter

from autograder.model import TestKind
from tests.hidden_tests.graded import each_notebook, for_each

# What the tasks themselves call things.
NAMES_WITH_DIGITS = re.compile(r"\b(\dx\d|[0-4]d|[a-z_]+[123]d(_[a-z]+)?|im2col|col2im|stride 1|32-bit|score 0)\b")


@each_notebook
def test_titles_name_kinds_not_numbers(collected, graded):
    """What a student reads holds no number of a case, and tells two tests of a question apart."""
    declared = collected(graded).declared
    for test in declared:
        assert not re.search(r"\d", NAMES_WITH_DIGITS.sub("", test.title)), test.title
    titles = Counter((test.question, test.title) for test in declared)
    assert max(titles.values()) == 1, titles.most_common(1)


@for_each("question", lambda graded: graded.questions)
def test_weights_are_sensible(collected, graded, question):
    """Values carry most of a question; no single test of many carries it alone."""
    tests = [test for test in collected(graded).declared if test.question == question]
    total = sum(test.weight for test in tests)
    values = sum(test.weight for test in tests if test.kind is TestKind.VALUES)
    assert 6 <= len(tests) <= 20
    assert values / total >= 0.75
    assert max(test.weight for test in tests) / total <= 0.35
    assert {test.kind for test in tests} > {TestKind.VALUES}


@each_notebook
def test_every_declared_question_exists(collected, graded):
    """Hidden tests grade the notebook's questions and no other."""
    assert {test.question for test in collected(graded).declared} == set(graded.questions)
