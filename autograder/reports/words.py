"""What verdicts are called, and what a student does next: one table for all reports. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.model import Verdict

# A symbol for the eye and words for everybody; colour only repeats them.
_SAID: Mapping[Verdict, tuple[str, str]] = {
    Verdict.PASSED: ("✓", "passed"),
    Verdict.FAILED: ("✗", "not right"),
    Verdict.STUDENT_ERROR: ("✗", "raised an error"),
    Verdict.NOT_IMPLEMENTED: ("○", "not implemented"),
    Verdict.TIMEOUT: ("✗", "took too long"),
    Verdict.MEMORY: ("✗", "took too much memory"),
    Verdict.OUTPUT_LIMIT: ("✗", "printed too much"),
    Verdict.FORBIDDEN: ("✗", "used what is not allowed"),
    Verdict.SKIPPED: ("–", "not run"),
    Verdict.GRADER_FAULT: ("?", "not judged, our fault"),
}

_AFTER: Mapping[Verdict, str] = {
    Verdict.PASSED: "",
    Verdict.FAILED: "Work out one small case by hand and compare it with your function's result, step by step.",
    Verdict.STUDENT_ERROR: (
        "Call the function yourself on a small input like the one that is checked, and find the line where it stops."
    ),
    Verdict.NOT_IMPLEMENTED: "Write the function in its cell, then run the check below it.",
    Verdict.TIMEOUT: (
        "Look for a loop that never ends; if there is none, time two input sizes and see which loop grows fastest."
    ),
    Verdict.MEMORY: "Look for an array much larger than inputs and result, or a list that grows without end.",
    Verdict.OUTPUT_LIMIT: "Take the print calls out of the function; print in a cell of its own.",
    Verdict.FORBIDDEN: "Write this step yourself; the notebook's conventions say what is allowed.",
    Verdict.SKIPPED: "Mend what failed before it; then it runs too.",
    Verdict.GRADER_FAULT: "There is nothing to do: this is our fault, no points are lost, and a person looks at it.",
}

_AFTER_RUNG: Mapping[str, str] = {
    "defined": "Give the function the name that the notebook gives, and see that its cell runs on its own.",
    "callable": "Keep that name for the function; call other things by other names.",
    "ran": "Find out which inputs are to be refused, and raise the error that the docstring names before computing.",
    "type": "Look at what the function returns on every path; its docstring says which type.",
    "shape": "Take an input whose sides all differ, work out the shape on paper, and print it after each step.",
    "dtype": "See where you make arrays: without a dtype they take the library's, not that of the inputs.",
    "finite": "Look for a division by zero, an overflow, and memory that was reserved but never filled.",
    "values": "Work out one small case by hand and compare it with yours at the place that the message names.",
    "unchanged": "Work on a copy before you write into an input.",
    "repeatable": "Let the result depend on the arguments alone: no globals, no random numbers, no mutable defaults.",
}

_WRONG: Mapping[str, str] = {
    "callable": "not a function",
    "ran": "wrong error, or none",
    "type": "wrong type",
    "shape": "wrong shape",
    "dtype": "wrong dtype",
    "finite": "not finite",
    "values": "wrong values",
    "unchanged": "changed an input",
    "repeatable": "not repeatable",
}


def symbol(verdict: Verdict) -> str:
    """One character for a verdict."""
    return _SAID[verdict][0]


def words(verdict: Verdict, rung: str | None = None) -> str:
    """A verdict as a student reads it; a failed rung of the comparison ladder makes it more exact."""
    return _WRONG.get(rung or "", _SAID[verdict][1]) if verdict is Verdict.FAILED else _SAID[verdict][1]


def next_step(verdict: Verdict, rung: str | None = None) -> str:
    """One sentence of advice.

    Args:
        verdict: What came out.
        rung: The rung of the comparison ladder that failed, if one did.

    Returns:
        The sentence; empty for PASSED.
    """
    rungs_count = verdict is Verdict.FAILED or (verdict is Verdict.NOT_IMPLEMENTED and rung == "defined")
    return _AFTER_RUNG.get(rung or "", _AFTER[verdict]) if rungs_count else _AFTER[verdict]


def amount(points: float) -> str:
    """Points as people write them: 4, 2.5, 1.33."""
    return f"{round(points, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def percent(share: float | None) -> str:
    """A share as people write it: 62 %; only none and all are 0 % and 100 %."""
    if share is None:
        return "–"
    return f"{round(100 * share) if share in (0, 1) else min(max(round(100 * share), 1), 99)} %"


def signed(number: float | None) -> str:
    """A correlation with its sign: +0.42, −0.10."""
    return "–" if number is None else f"{round(number, 2) + 0.0:+.2f}".replace("-", "\u2212")
