"""Source text chosen to break the one who reads it in the grader's own process."""

from __future__ import annotations

import time

import pytest

from autograder.intake.definitions import defined_names
from autograder.sandbox.forbidden import find_forbidden

SOURCES = {
    "a sum of two thousand texts": "getattr(np, " + " + ".join(['"a"'] * 2000) + ")",
    "attributes of attributes": "x = a" + ".b" * 2900,
    "signs before a number": "-" * 50_000 + "1",
    "brackets in brackets": "(" * 5000 + ")" * 5000,
    "calls in calls": "a(" * 190 + ")" * 190,
    "choices in choices": "1 if a else " * 2900 + "1",
    "lambdas in lambdas": "lambda: " * 2000 + "1",
    "blocks in blocks": "".join(" " * level + "if a:\n" for level in range(99)) + " " * 99 + "pass",
    "a null character": "np.convolve\0",
    "half a million characters": "a," * 250_000,
    "an open text": '"""' + "a" * 400_000,
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_is_read_or_left(kind):
    """It says something or nothing, soon."""
    started = time.monotonic()
    assert find_forbidden(SOURCES[kind], ("numpy.convolve", "torch")) == []
    defined_names("def f(): pass\n" + SOURCES[kind])
    assert time.monotonic() - started < 5


def test_names_joined_of_parts_are_still_found():
    """A few parts are read from left to right; a part that is no text hides the rest."""
    assert find_forbidden('getattr(np, "con" + "vol" + "ve")', ("numpy.convolve",)) == ["numpy.convolve"]
    assert find_forbidden('getattr(np, "con" + x + "ve")', ("numpy.convolve",)) == []
