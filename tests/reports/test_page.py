"""What the page shows is decided before it is rendered."""

import pytest

from autograder.model import NotebookResult, Question, QuestionResult, Verdict
from autograder.reports.page import page_view
from autograder.reports.views import QuestionView, State
from tests.reports.results import Given, one_result, question_result, result, ungraded


def view(entry: QuestionResult) -> QuestionView:
    """One question as the page has it."""
    return page_view("ada", "Convolution", [result(questions=[entry])], {}).notebooks[0].questions[0]


@pytest.mark.parametrize(
    ("given", "pending", "state"),
    [
        ([Verdict.PASSED, Verdict.PASSED], 0, State.FULL),
        ([Verdict.PASSED, Verdict.FAILED], 0, State.PART),
        ([Verdict.FAILED, Verdict.STUDENT_ERROR], 0, State.NONE),
        ([Verdict.NOT_IMPLEMENTED, Verdict.SKIPPED], 0, State.OPEN),
        ([Verdict.NOT_IMPLEMENTED, Verdict.FAILED], 0, State.NONE),
        ([Verdict.PASSED, Verdict.GRADER_FAULT], 2, State.WAITS),
        ([], 4, State.WAITS),
    ],
)
def test_state(given: list[Given], pending: float, state: State) -> None:
    """A question stands as its points and verdicts say; what waits for a person is neither right nor wrong."""
    assert view(question_result("conv_nd", given, pending=pending)).state is state


def test_alike_is_told_once() -> None:
    """Checks with the same outcome share one finding, and what is judged alike stands together; advice comes once."""
    wrong: Given = (Verdict.FAILED, "All wrong.", "values")
    others: list[Given] = [(Verdict.FAILED, "2D.", "shape"), (Verdict.FAILED, "One wrong.", "values")]
    entry = view(question_result("conv_nd", [Verdict.PASSED, wrong, *others, wrong, others[1], others[0]]))
    assert entry.first is not None
    assert [(found.message, found.checks[0].cases) for found in entry.first.findings] == [
        ("All wrong.", ("case 1", "case 4"))
    ]
    shape, values = entry.others
    assert (shape.verdict, shape.count, [found.message for found in shape.findings]) == ("wrong shape", 2, ["2D."])
    assert (values.verdict, values.count, [found.message for found in values.findings]) == (
        "wrong values",
        2,
        ["One wrong."],
    )
    assert (bool(entry.first.step), bool(shape.step), bool(values.step)) == (True, True, False)
    assert (entry.passed_count, entry.count) == (1, 7)


def test_untouched() -> None:
    """Nothing written is told apart from a function that was written under another name, and from a wrong one."""
    stub: Given = (Verdict.NOT_IMPLEMENTED, "conv_nd is not implemented yet.", "ran")
    other_stub: Given = (Verdict.NOT_IMPLEMENTED, "conv3d is not implemented yet.", "ran")
    renamed: Given = (Verdict.NOT_IMPLEMENTED, "There is no function named conv_nd.", "defined")
    assert view(question_result("conv_nd", [stub, other_stub])).untouched[0].cases == ("case 0", "case 1")
    assert view(question_result("conv_nd", [renamed, stub])).untouched == ()
    assert view(question_result("conv_nd", [stub, (Verdict.FAILED, "Wrong.", "values")])).untouched == ()


def test_cause_stands_before_consequence() -> None:
    """What was not run never stands first, wherever it is declared."""
    entry = view(question_result("conv_nd", [(Verdict.SKIPPED, "Later."), (Verdict.TIMEOUT, "Too long.")]))
    assert entry.first is not None
    assert (entry.first.verdict, entry.others[0].verdict) == ("took too long", "not run")


def test_cases_share_their_title() -> None:
    """Cases of one test stand behind its title; the hyphen that pytest puts behind a function's name is gone."""
    names = ["test_a[one-odd-sized]", "test_a[two]", "test_b"]
    tests = tuple(one_result("q", name, Verdict.PASSED) for name in names)
    question = Question(id="q", title="Q", points=1, functions=("one", "two"))
    entry = view(QuestionResult(question=question, points=1, points_pending=0, tests=tests))
    assert [(check.title, check.cases) for check in entry.passed] == [
        ("Values of the answer", ("one, odd-sized", "two"))
    ]


def test_title_that_only_ends_like_a_case() -> None:
    """A bracket in a title that is not the case stays where it is."""
    tests = (one_result("q", "test_a[0]", Verdict.PASSED), one_result("q", "test_b", Verdict.PASSED))
    changed = [tests[0].test.title, tests[1].test.title]
    assert changed == ["Values of the answer (0)", "Values of the answer"]
    entry = view(question_result("conv_nd", tests=tests[1:]))
    assert entry.passed[0].title == "Values of the answer"
    assert entry.passed[0].cases == ()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({"conv_nd": [Verdict.NOT_IMPLEMENTED]}, "conv_nd"),
        ({"correlate2d": [Verdict.NOT_IMPLEMENTED], "conv_nd": [Verdict.FAILED]}, "conv_nd"),
    ],
)
def test_where_to_go_on(given: dict[str, list[Given]], expected: str | None) -> None:
    """A question that was begun comes before one that was not; all right means nothing is left."""
    page = page_view("ada", "Convolution", [result(given=given)], {})
    assert (page.next.id if page.next else None) == expected
    assert page.done is (expected is None)


def test_not_done_while_something_waits() -> None:
    """Held points and a notebook that can't be graded leave something to come."""
    held: list[NotebookResult] = [result(questions=[question_result("conv_nd", [], pending=4)])]
    assert not page_view("ada", "Convolution", held, {}).done
    assert not page_view("ada", "Convolution", [ungraded("ada", "No.")], {}).done


def test_shares_never_pass_the_whole() -> None:
    """The bar of a question holds what is earned and what waits, a hundred percent at most."""
    entry = view(question_result("conv_nd", points=3.0, pending=2.0))
    assert (entry.share, entry.pending_share) == (75.0, 25.0)
    nothing = Question(id="q", title="Q", points=0)
    assert view(QuestionResult(question=nothing, points=0, points_pending=0)).share == 0.0


def test_long_text_is_shortened() -> None:
    """Output and messages end with how much was left out."""
    wrong: Given = (Verdict.FAILED, "m" * 5000, "values")
    entry = view(question_result("conv_nd", [wrong], output="line\n" * 1000))
    assert entry.output.count("\n") < 50
    assert entry.output.endswith("more characters)")
    assert entry.first is not None
    assert len(entry.first.findings[0].message) < 1000
