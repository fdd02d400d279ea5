"""Compact results: all that tables and exports show, shared among students."""

import io
from dataclasses import replace

from rich.console import Console

from autograder.compact import Compactor
from autograder.gradebook.outcome import outcome_of
from autograder.model import Cell, Diagnosis, ErrorMap, NotebookResult, Role, Verdict
from autograder.reports.classroom_page import render_classroom
from autograder.reports.classroom_table import classroom_table
from autograder.reports.export import class_csv
from autograder.reports.machine import results_json
from autograder.reports.table import class_table
from tests.reports.results import HOSTILE, question_result, result, ungraded

WRONG = [Verdict.PASSED, (Verdict.FAILED, f"Wrong: {HOSTILE}", "values"), (Verdict.TIMEOUT, "Slow.")]
DIAGNOSIS = Diagnosis(mistake="flipped", symptom="It is flipped.", hint="Which way?")


def a_class() -> list[NotebookResult]:
    told = [question_result("conv_nd", WRONG, diagnosis=DIAGNOSIS, output=HOSTILE, helped=True, remarks=("So.",))]
    return [
        result("ada"),
        result("bob", {"conv_nd": WRONG, "sobel_edges": [Verdict.NOT_IMPLEMENTED]}, remarks=["A cell failed."]),
        result("cy", {"conv_nd": WRONG}, level="rlimits"),
        result("dee", questions=told),
        result("dee", questions=[question_result("correlate1d", pending=1.5, points=0.5)], notebook="linear_maps"),
        ungraded("eve", HOSTILE),
        result("fay", {"conv2d_forward": [(Verdict.GRADER_FAULT, "Ours.")]}),
    ]


def shown(results: list[NotebookResult]) -> list[object]:
    """Everything that is made of a whole class."""
    text = io.StringIO()
    console = Console(file=text, width=160)
    console.print(class_table(results))
    console.print(classroom_table(results))
    comments = [outcome_of(entry, found.question).comment for entry in results for found in entry.questions]
    scores = [outcome_of(entry, found.question).auto_score for entry in results for found in entry.questions]
    page = render_classroom("Convolution", results)
    return [results_json(results), class_csv(results), page, text.getvalue(), comments, scores]


def test_a_class_looks_the_same() -> None:
    """Exports, tables, the class's page and the gradebook's rows show nothing that is left out."""
    compactor = Compactor()

    assert shown([compactor.compact(entry) for entry in a_class()]) == shown(a_class())


def test_what_only_one_students_pages_show_is_left_out() -> None:
    """No cell, message, traceback, picture or output is kept, however long."""
    cell = Cell(id="a", role=Role.ADDED, kind="code", source="long " * 1000)
    full = result("ada", questions=[question_result("conv_nd", WRONG, output="long " * 1000)], cells=(cell,))
    (entry,) = full.questions
    drawn = tuple(
        replace(test, error_map=ErrorMap(rows=((1.0,),), row_axis="", column_axis="W")) for test in entry.tests
    )
    found = Compactor().compact(replace(full, questions=(replace(entry, tests=drawn),)))

    assert found.submission.cells == ()
    assert found.questions[0].output == ""
    assert {(test.message, test.staff, test.error_map) for test in found.questions[0].tests} == {("", "", None)}
    assert found.questions[0].verdicts == entry.verdicts


def test_equal_parts_are_kept_once() -> None:
    """Two students who did alike in a question share it; who did otherwise has an own one."""
    compactor = Compactor()
    alike = [WRONG[0], (Verdict.FAILED, "Other words.", "values"), WRONG[2]]
    one, two, other = (
        compactor.compact(result(name, {"conv_nd": given}))
        for name, given in (("ada", WRONG), ("bob", alike), ("cy", WRONG[:2]))
    )

    assert all(mine is yours for mine, yours in zip(one.questions, two.questions, strict=True))
    assert other.questions[9] is not one.questions[9]
    assert other.questions[9].tests[0] is one.questions[9].tests[0]


def test_tests_of_another_time_keep_their_titles() -> None:
    """Where single questions were graded again, one id may stand for two tests: each keeps its own words."""
    compactor = Compactor()
    now = result("ada")
    (first, *rest) = now.questions
    test = replace(first.tests[0], test=replace(first.tests[0].test, title="As it was called then"))
    earlier = replace(now, questions=(replace(first, tests=(test, *first.tests[1:])), *rest))
    compactor.compact(now)

    assert compactor.compact(earlier).questions[0].tests[0].test.title == "As it was called then"
