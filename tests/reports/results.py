"""Hand-made results, in the shape of the course's first notebook and in worse ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from autograder.model import (
    DeclaredTest,
    NotebookResult,
    Question,
    QuestionResult,
    Submission,
    TestKind,
    TestResult,
    Verdict,
)

ASSIGNMENT = "a1_convolution"
NOTEBOOK = "sliding_windows"
QUESTIONS: Mapping[str, tuple[str, float]] = {
    "correlate1d": ("Correlation in one dimension", 4),
    "correlate2d": ("Correlation in two dimensions", 5),
    "match_template": ("Template matching", 4),
    "sobel_edges": ("Blur and edges", 3),
    "square_detector": ("A detector of two layers", 4),
    "conv_output_size": ("The size of the output", 4),
    "conv_counts": ("What a layer costs", 5),
    "conv2d_forward": ("The convolution layer", 8),
    "conv1x1_as_matmul": ("A 1x1 convolution is a matrix product", 3),
    "conv_nd": ("One dimension less, one more", 4),
    "conv2d_grouped": ("Groups and holes", 3),
    "receptive_field": ("The receptive field", 5),
}
# What a test is given: a verdict, or a verdict with a message, or with message and rung.
Given = Verdict | tuple[Verdict, str] | tuple[Verdict, str, str]

# One of each kind of text that is never to reach its reader as it is.
SCRIPT = "<script>alert('x')</script>"
PICTURE = '"><img src=x onerror="alert(1)"><svg/onload=alert(2)>'
TEMPLATE = "{{ 7 * 7 }}{% include '/etc/passwd' %}"
ESCAPE = "\x1b[2J\x1b]0;owned\x07\x9b31m"
BIDI = "\u202egnp.exe\u2066\u200f"
SURROGATE = "half \ud83d pair"
HOSTILE = f"{SCRIPT}{PICTURE}{TEMPLATE}{ESCAPE}{BIDI}{SURROGATE}"


def question_result(
    name: str, given: Sequence[Given] = (Verdict.PASSED, Verdict.PASSED), *, pending: float = 0.0, **changes: Any
) -> QuestionResult:
    """A question with one test per entry; each passed test earns its equal share."""
    title, points = QUESTIONS[name]
    tests = tuple(one_result(name, f"test_{name}[case {number}]", *_given(entry)) for number, entry in enumerate(given))
    passed = sum(result.verdict is Verdict.PASSED for result in tests)
    values: dict[str, Any] = {
        "question": Question(id=name, title=title, points=points, functions=(name,)),
        "points": round(points * passed / len(tests), 2) if tests else 0.0,
        "points_pending": pending,
        "tests": tests,
    }
    return QuestionResult(**(values | changes))


def one_result(question: str, test: str, verdict: Verdict, message: str = "", rung: str | None = None) -> TestResult:
    """The result of one test, with a traceback for staff that no report may show."""
    case = test.partition("[")[2].removesuffix("]")
    title = "Values of the answer" + (f" ({case})" if case else "")
    declared = DeclaredTest(id=test, question=question, kind=TestKind.VALUES, weight=1.0, title=title)
    return TestResult(test=declared, verdict=verdict, message=message, rung=rung, staff="STAFF ONLY: Traceback")


def result(
    student: str = "ada",
    given: Mapping[str, Sequence[Given]] | None = None,
    *,
    questions: Sequence[QuestionResult] | None = None,
    notebook: str = NOTEBOOK,
    remarks: Sequence[str] = (),
    level: str = "namespaces",
    **changes: Any,
) -> NotebookResult:
    """A graded notebook of twelve questions, all right but for what `given` says."""
    values: dict[str, Any] = {"student": student, "assignment": ASSIGNMENT, "notebook": notebook, "sha256": "0f" * 32}
    given = given or {}
    if questions is None:
        questions = [question_result(name, given.get(name, (Verdict.PASSED, Verdict.PASSED))) for name in QUESTIONS]
    return NotebookResult(
        submission=Submission(**(values | changes)),
        questions=tuple(questions),
        sandbox_level=level,
        remarks=tuple(remarks),
    )


def ungraded(student: str, problem: str, **changes: Any) -> NotebookResult:
    """A notebook that could not be graded, as grading leaves it."""
    skipped = {name: [(Verdict.SKIPPED, problem)] for name in QUESTIONS}
    return result(student, skipped, problem=problem, **changes)


def _given(entry: Given) -> tuple[Any, ...]:
    return entry if isinstance(entry, tuple) else (entry,)
