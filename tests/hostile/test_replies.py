"""Values chosen to break the one who judges them: each is a wrong answer, and no fault of ours."""

from __future__ import annotations

import sys
from contextlib import ExitStack

import numpy as np
import pytest

from autograder.grading.hidden import HiddenTests
from autograder.model import TestKind, Verdict
from autograder.sandbox.protocol import Handle, Record
from tests.hidden_tests.graded import GRADED, for_each
from tests.hidden_tests.harness import run

# More digits than Python writes out, and more than a float can hold.
ENDLESS = 1 << 60_000
assert ENDLESS.bit_length() > 4 * sys.get_int_max_str_digits()

VALUES = {
    "an endless int": ENDLESS,
    "an endless negative int": -ENDLESS,
    "a list of endless ints": [ENDLESS] * 3,
    "a pair of endless ints": (ENDLESS, -ENDLESS),
    "three endless ints": (ENDLESS,) * 3,
    "an array and an endless place": (np.zeros((4, 4)), (ENDLESS, -1)),
    "a place outside": (np.zeros((4, 4)), (-1, 10**400)),
    "an int beyond floats in a record": Record("ConvCounts", (("params", ENDLESS), ("macs", 1), ("activations", 1))),
    "a record of odd things": Record("ReceptiveField", (("size", float("nan")), ("jump", None), ("start", "0"))),
    "a record without fields": Record("A", ()),
    "a record with a field twice": Record("A", (("a", 1), ("a", 2), ("_", 3))),
    "a duration": np.timedelta64(3, "s"),
    "durations": np.zeros(3, "m8"),
    "dates": np.array(["2020-01-01", "NaT"], "M8[D]"),
    "infinities": (float("inf"),) * 3,
    "a large unsigned int": np.uint64(2**64 - 1),
    "a long text": "x" * 100_000,
    "script and escapes": "\x1b[31m<script>alert(1)</script>",
    "long texts in an array": np.array(["x" * 1000] * 1000),
    "thirty levels of lists": eval("[" * 30 + "]" * 30),
    "thirty axes": np.zeros((1,) * 30),
    "a shape of a thousand million": np.zeros((0, 10**9, 0)),
    "numbers near the end of floats": np.full((50, 40), 1e308),
    "something kept": Handle(3, "<b>"),
    "kept things": (Handle(1, "a"), Handle(2, "b")),
}


@pytest.fixture(scope="module")
def hidden():
    """Hidden tests by notebook."""
    with ExitStack() as stack:
        yield {graded: stack.enter_context(HiddenTests(graded.tests, b"hostile")) for graded in GRADED}


@for_each("kind", lambda graded: VALUES)
def test_a_value_is_judged(hidden, graded, kind):
    """No question is held for it or gives it a point for values, and messages stay short."""
    value = VALUES[kind]
    for question, names in graded.questions.items():
        results = run(hidden[graded], {name: lambda *_args, **_kwargs: value for name in names}, question).values()
        assert [result.staff for result in results if result.verdict is Verdict.GRADER_FAULT] == []
        assert not [
            result for result in results if result.verdict is Verdict.PASSED and result.test.kind is TestKind.VALUES
        ]
        assert max(len(result.message) for result in results) < 1000
