"""Notebooks are put together by student, always in the same order."""

from autograder.reports.merge import by_student, columns
from tests.reports.results import QUESTIONS, question_result, result, ungraded


def test_by_student_sorts_and_adds() -> None:
    """Two notebooks of a student become one entry with the sums; order of the results plays no part."""
    second = result("ada", notebook="linear_maps", questions=[question_result("conv_nd", pending=1.0)])
    results = [result("grace"), result("ada"), second]
    ada, grace = by_student(results)
    assert (ada.student, grace.student) == ("ada", "grace")
    assert [entry.submission.notebook for entry in ada.notebooks] == ["linear_maps", "sliding_windows"]
    assert (ada.points, ada.points_pending, ada.max_points) == (56.0, 1.0, 56.0)
    assert by_student(results[::-1]) == (ada, grace)


def test_sums_have_two_decimals() -> None:
    """Adding points leaves no dust behind."""
    thirds = [question_result(name, points=1.1) for name in list(QUESTIONS)[:3]]
    assert sum([1.1, 1.1, 1.1]) != 3.3
    assert by_student([result(questions=thirds)])[0].points == 3.3


def test_level_is_the_weakest() -> None:
    """A student's wall is the weakest of the notebooks'; one that config doesn't know is weaker still."""
    levels = ["namespaces", "landlock", "uid"]
    results = [result(level=level, notebook=str(number)) for number, level in enumerate(levels)]
    assert by_student(results)[0].sandbox_level == "landlock"
    assert by_student([*results, result(level="none", notebook="z")])[0].sandbox_level == "none"


def test_problem_names_the_notebook_where_there_are_several() -> None:
    """A problem stands alone for a single notebook, and behind the notebook's name for one of several."""
    assert by_student([ungraded("ada", "No file.")])[0].problem == "No file."
    assert by_student([ungraded("ada", "No file."), result("ada", notebook="z")])[0].problem == (
        "sliding_windows: No file."
    )
    assert by_student([result("ada")])[0].problem is None


def test_columns_follow_the_notebooks() -> None:
    """Columns come by notebook and in the notebook's order, whoever lacks one."""
    students = by_student([result("ada"), result("bob", notebook="a", questions=[question_result("conv_nd")])])
    assert columns(students) == (("a", "conv_nd"), *(("sliding_windows", name) for name in QUESTIONS))
