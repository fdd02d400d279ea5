"""One submission, question by question: second tries, causes instead of consequences, nothing that stops the rest."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from autograder.grading.answer import grade_submission, held_result
from autograder.grading.asking import Asked
from autograder.grading.hidden import HiddenTests
from autograder.model import (
    Cell,
    Diagnosis,
    Limits,
    Notebook,
    Question,
    Role,
    Submission,
    TestResult,
    Verdict,
)
from autograder.sandbox.protocol import CellReport
from tests.grading.fakes import FakeSandbox, FakeSession, FakeWorker, Hang

SOURCE = '''
from autograder.testing import expect, expect_error, question

@question("size")
def test_size(student):
    """Halves are rounded down."""
    expect(student.size(7), 3)

@question("total")
def test_total(student):
    """The sizes are summed."""
    expect(student.total([7, 9]), 7)

@question("total")
def test_one(student):
    """One entry is enough."""
    expect(student.total([13]), 6)
'''
QUESTIONS = (
    Question(id="size", title="Size", points=2, functions=("size",)),
    Question(id="total", title="Total", points=4, functions=("total",), uses=("size",)),
    Question(id="words", title="Words", points=1, manual=True),
)
CELLS = (
    Cell(id="size-solution", role=Role.SOLUTION, kind="code", source="def size(n): ...", question="size"),
    Cell(id="total-solution", role=Role.SOLUTION, kind="code", source="def total(ns): ...", question="total"),
)
NOTEBOOK = Notebook(
    assignment="a", name="demo", title="Demo", kind="numpy", cells=CELLS, questions=QUESTIONS, forbidden=("numpy.sum",)
)
SUBMISSION = Submission(student="ada", assignment="a", notebook="demo", cells=CELLS)
LIBRARY = {"size": "def size(n):\n    return n // 2\n"}


def size(n):
    return n // 2


def total_with(function):
    return lambda ns: sum(function(n) for n in ns)


@pytest.fixture(scope="module")
def tests(tmp_path_factory):
    path = tmp_path_factory.mktemp("answer") / "test_demo.py"
    path.write_text(dedent(SOURCE))
    with HiddenTests(path, b"secret") as collected:
        yield collected


def grade(tests, functions, *, reports=(), submission=SUBMISSION, library=None, diagnostician=None):
    worker = FakeWorker(functions, reports=tuple(reports))
    result = grade_submission(submission, NOTEBOOK, tests, FakeSandbox(lambda cells: worker), library, diagnostician)
    return result, worker


def points(result):
    return [(entry.points, entry.points_pending) for entry in result.questions]


def test_a_right_notebook_earns_everything_automatic(tests):
    """All automatic points; the manual question waits."""
    result, worker = grade(tests, {"size": size, "total": total_with(size)}, library=LIBRARY)
    assert points(result) == [(2, 0), (4, 0), (0, 1)]
    assert worker.asked == [{}]


def on_top_of(size, total=sum):
    """A worker whose total calls its size: the fake replaces names in its dict, as a notebook's globals do."""
    scope = {"size": size}
    scope["total"] = lambda ns: total(scope["size"](n) for n in ns)
    worker = FakeWorker(scope)
    original_ask = worker.ask

    def ask(*, replacements=None, forbidden=()):
        session = original_ask(replacements=replacements)
        scope["size"] = session.functions["size"]
        return session

    worker.ask = ask
    return worker


def stub(_):
    raise NotImplementedError


def test_a_broken_prerequisite_costs_its_own_points_only(tests):
    """The question that builds on it is tried again with our version, and says so."""
    worker = on_top_of(lambda n: n)
    result = grade_submission(SUBMISSION, NOTEBOOK, tests, FakeSandbox(lambda cells: worker), LIBRARY)
    assert points(result)[:2] == [(0, 0), (4, 0)]
    assert result.questions[1].helped
    assert "our versions of size" in result.questions[1].remarks[-1]


@pytest.mark.parametrize(("total", "earned", "verdict"), [(sum, 4, "PASSED"), (max, 2, "FAILED")])
def test_an_answer_on_top_of_an_untouched_prerequisite_is_graded(tests, total, earned, verdict):
    """What isn't implemented is not the answer that was written, which has its own verdict, right or wrong."""
    cells = (CELLS[0], replace(CELLS[1], source="def total(ns): return ..."))
    worker = on_top_of(stub, total)
    submission = replace(SUBMISSION, cells=cells)
    result = grade_submission(submission, NOTEBOOK, tests, FakeSandbox(lambda cells: worker), LIBRARY)
    assert points(result)[:2] == [(0, 0), (earned, 0)]
    assert set(result.questions[0].verdicts.values()) == {"NOT_IMPLEMENTED"}
    assert result.questions[1].verdicts["test_total"] == verdict
    assert result.questions[1].helped


def test_what_a_question_does_not_allow_is_gone_in_both_tries(tests):
    """Its names are told to each of its sessions, and to no other question's."""
    total = replace(QUESTIONS[1], forbidden=("numpy.einsum",))
    notebook = replace(NOTEBOOK, questions=(QUESTIONS[0], total, QUESTIONS[2]))
    worker = FakeWorker({"size": size, "total": len})
    grade_submission(SUBMISSION, notebook, tests, FakeSandbox(lambda cells: worker), LIBRARY)
    assert worker.asked == [{}, {}, LIBRARY]
    assert worker.forbade == [(), ("numpy.einsum",), ("numpy.einsum",)]


def test_no_second_try_for_what_was_not_tried(tests):
    """An untouched stub is not asked twice, and has the verdict NOT_IMPLEMENTED."""
    result, worker = grade(tests, {"size": stub, "total": stub}, library=LIBRARY)
    assert points(result) == [(0, 0), (0, 0), (0, 1)]
    assert set(result.questions[1].verdicts.values()) == {"NOT_IMPLEMENTED"}
    assert worker.asked == [{}, {}]


def test_a_time_out_costs_one_question(tests):
    """The rest of the question is skipped; other questions are graded."""

    def hang(_):
        raise Hang

    result, _ = grade(tests, {"size": size, "total": hang})
    assert points(result)[:2] == [(2, 0), (0, 0)]
    assert list(result.questions[1].verdicts.values()) == ["TIMEOUT", "SKIPPED"]


def test_a_loop_is_met_once_in_each_try(tests):
    """An answer that never ends, in itself and in what it builds on, costs one call limit in each of two tries."""
    calls = []

    def hang(argument):
        calls.append(argument)
        raise Hang

    namer = Namer(tests)
    result, worker = grade(tests, {"size": hang, "total": hang}, library=LIBRARY, diagnostician=namer)
    assert points(result) == [(0, 0), (0, 0), (0, 1)]
    assert calls == [7, [7, 9], [7, 9]]
    assert worker.asked == [{}, {}, LIBRARY]
    assert namer.asked == []


@pytest.mark.parametrize(
    ("timed_out", "spent_s", "left_s"),
    [(False, 18.0, 20.0), (True, 5.0, 15.0), (True, 18.0, 5.0), (True, 21.0, 5.0)],
)
def test_the_time_of_a_second_try(tests, monkeypatch, timed_out, spent_s, left_s):
    """All of a question's time, but after a time-out what is left of it, or that of one call."""
    budgets = []

    def asking(question, tests, worker, replacements, *, forbidden, budget_s):
        budgets.append(budget_s)
        verdict = Verdict.TIMEOUT if timed_out else Verdict.FAILED
        results = tuple(TestResult(test=test, verdict=verdict) for test in tests.declared if test.question == question)
        return Asked(results=results, recall=dict, output="", spent_s=spent_s)

    monkeypatch.setattr("autograder.grading.answer.ask", asking)
    sandbox = FakeSandbox(lambda cells: FakeWorker({}))
    limits = Limits(call_wall_s=5.0, question_wall_s=20.0)
    grade_submission(SUBMISSION, NOTEBOOK, tests, sandbox, LIBRARY, limits=limits)
    assert budgets == [20.0, 20.0, left_s]


def test_a_cell_that_did_not_run_is_named_as_the_cause(tests):
    """A missing function whose cell failed is an error of the student's cell, not a missing answer."""
    report = CellReport(cell="size-solution", ok=False, message="SyntaxError: invalid syntax", reduced=False)
    result, _ = grade(tests, {"total": total_with(size)}, reports=[report])
    (entry,) = result.questions[0].tests
    assert entry.verdict is Verdict.STUDENT_ERROR
    assert "SyntaxError: invalid syntax" in entry.message
    assert "The answer cell of size did not run" in result.remarks[0]


def test_a_forbidden_name_explains_a_failure_only(tests):
    """A forbidden name in the answer's cell is named where tests fail, and costs nothing where they pass."""
    source = "import numpy as np\ndef size(n):\n    return np.sum(n)\n"
    cells = (replace(CELLS[0], source=source), CELLS[1])
    submission = replace(SUBMISSION, cells=cells)
    result, _ = grade(tests, {"size": lambda n: 0, "total": total_with(size)}, submission=submission)
    assert result.questions[0].tests[0].verdict is Verdict.FORBIDDEN
    result, _ = grade(tests, {"size": size, "total": total_with(size)}, submission=submission)
    assert points(result)[0] == (2, 0)


def test_what_can_not_be_graded_says_why(tests):
    """A submission with a problem gets no points, a reason for each test, and no process."""
    submission = replace(SUBMISSION, cells=(), problem="This is a PDF. Hand in the .ipynb file.")
    result = grade_submission(submission, NOTEBOOK, tests, FakeSandbox(lambda cells: pytest.fail("loaded")))
    assert points(result) == [(0, 0), (0, 0), (0, 0)]
    assert "This is a PDF" in result.questions[0].tests[0].message


def test_our_fault_holds_everything(tests):
    """After a fault of ours no point is lost."""
    result = held_result(SUBMISSION, NOTEBOOK, tests.declared, "traceback")
    assert points(result) == [(0, 2), (0, 4), (0, 1)]


def test_a_fault_of_our_reader_holds_everything(tests):
    """A file that we failed to read is no zero."""
    submission = replace(SUBMISSION, cells=(), problem="Our reader failed.", fault="Traceback ...")
    result = grade_submission(submission, NOTEBOOK, tests, FakeSandbox(lambda cells: pytest.fail("loaded")))
    assert points(result) == [(0, 2), (0, 4), (0, 1)]


class Namer:
    """Names every attempt after the test that failed first, and asks it the same tests again."""

    def __init__(self, tests, known=lambda question: True):
        self.tests = tests
        self.known = known
        self.asked = []

    def name(self, question, attempt, again):
        assert again(self.tests) == attempt
        self.asked.append(question)
        failing = next(test for test, case in attempt.items() if case.failed)
        return Diagnosis(mistake=failing, symptom="Symptom.", hint="Hint?") if self.known(len(self.asked)) else None


def test_a_wrong_answer_is_named(tests):
    """Only what was tried and misses points is shown to the diagnostician; what it says stands in the result."""
    namer = Namer(tests)
    result, _ = grade(tests, {"size": lambda n: n, "total": total_with(size)}, diagnostician=namer)
    assert namer.asked == ["size"]
    assert [entry.diagnosis and entry.diagnosis.mistake for entry in result.questions] == ["test_size", None, None]


def test_a_time_out_is_not_named(tests):
    """What a limit cut short may be anything."""

    def hang(_):
        raise Hang

    namer = Namer(tests)
    grade(tests, {"size": size, "total": hang}, diagnostician=namer)
    assert namer.asked == []


def test_the_first_try_is_named_before_the_second(tests):
    """With a prerequisite replaced, the student's own work has the first word; the second try is asked after it."""
    scope = {"size": lambda n: n}
    # Wrong for one entry even with the right prerequisite.
    scope["total"] = lambda ns: sum(scope["size"](n) for n in ns) if len(ns) > 1 else 0

    class Worker(FakeWorker):
        def ask(self, *, replacements=None, forbidden=()):
            session = super().ask(replacements=replacements)
            scope["size"] = session.functions["size"]
            return session

    for first_is_known, expected in ((True, "test_total"), (False, "test_one")):
        scope["size"] = lambda n: n
        namer = Namer(tests, lambda count, known=first_is_known: known or count == 3)
        sandbox = FakeSandbox(lambda cells: Worker(dict(scope)))
        entry = grade_submission(SUBMISSION, NOTEBOOK, tests, sandbox, LIBRARY, namer).questions[1]
        assert entry.helped
        assert entry.diagnosis is not None
        assert entry.diagnosis.mistake == expected


@pytest.mark.parametrize(("breaks", "sessions"), [(False, 1), (True, 2)])
def test_what_fails_beside_another_question_is_asked_again(tests, breaks, sessions):
    """A function that an earlier question has broken is judged where no other question was asked."""
    opened = []

    class Worker(FakeWorker):
        def ask(self, *, replacements=None, forbidden=()):
            sizes = []

            def counted(n):
                sizes.append(n)
                return n // 2

            # The second question fails if the first has been asked in this session.
            total = total_with(lambda n: n // 2 + (1 if breaks and sizes else 0))
            opened.append(sizes)
            return FakeSession({"size": counted, "total": total})

    result = grade_submission(SUBMISSION, NOTEBOOK, tests, FakeSandbox(lambda cells: Worker({})))
    assert [entry.points for entry in result.questions] == [2, 4, 0]
    assert len(opened) == sessions


def test_what_fails_in_a_session_of_its_own_is_not_asked_again(tests):
    """A wrong answer costs no second session, unless another question was asked before."""
    asked = []

    class Worker(FakeWorker):
        def ask(self, *, replacements=None, forbidden=()):
            asked.append(replacements)
            return super().ask(replacements=replacements, forbidden=forbidden)

    worker = Worker({"size": lambda n: n, "total": total_with(size)})
    result = grade_submission(SUBMISSION, NOTEBOOK, tests, FakeSandbox(lambda cells: worker))
    assert [entry.points for entry in result.questions] == [0, 4, 0]
    assert len(asked) == 2
