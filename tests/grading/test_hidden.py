"""Hidden tests are ordinary pytest files, collected once and run for one student after the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from autograder.errors import GraderFault
from autograder.grading.hidden import HiddenTests
from autograder.model import ErrorMap, TestKind, Verdict
from tests.grading.fakes import FakeSession, Hang

SOURCE = '''
import numpy as np
import pytest

from autograder.testing import expect, expect_error, expect_pure, question

CALLS = []

@question("double", weight=2)
@pytest.mark.parametrize("size", [3, 5], ids=["a short input", "a longer input"])
def test_values(student, rng, once, size):
    """Every entry is doubled."""
    x = rng.normal(size=size)

    def oracle():
        CALLS.append(size)
        return x + x

    expect(student.double(x), once(oracle))
    assert len(CALLS) <= 2, "an oracle ran twice"

@question("double", kind="error")
def test_error(student):
    """A string is refused."""
    expect_error(lambda: student.double("a"), TypeError, when="the input is a string")

@question("double", kind="purity")
def test_pure(student, rng):
    """The input is left as it was."""
    expect_pure(student.double, rng.normal(size=4))

@question("broken")
def test_ours(student):
    """This test has a fault of its own."""
    raise KeyError("ours")

@question("asserted")
def test_assert(student):
    """An assert is a verdict."""
    secret = 41
    assert student.number() == secret
'''


def double(x):
    if isinstance(x, str):
        raise TypeError("no strings")
    return 2 * x


@pytest.fixture(scope="module")
def hidden(tmp_path_factory):
    path = tmp_path_factory.mktemp("hidden") / "test_demo.py"
    path.write_text(dedent(SOURCE))
    with HiddenTests(path, b"secret") as tests:
        yield tests


def never(_result):
    return ""


def run(hidden, functions, question, skip_rest=never):
    tests = [test for test in hidden.declared if test.question == question]
    session = FakeSession(functions)
    return hidden.run(tests, lambda: session, skip_rest)


def verdicts(results):
    return [result.verdict for result in results]


def test_declares_every_case(hidden):
    """Each parametrised case is a test of its own, with its mark, weight and a title for students."""
    first = hidden.declared[0]
    assert (first.id, first.question, first.kind, first.weight) == (
        "test_values[a short input]",
        "double",
        TestKind.VALUES,
        2.0,
    )
    assert first.title == "Every entry is doubled (a short input)"
    assert len(hidden.declared) == 6


def test_a_right_answer_passes(hidden):
    """All tests of the question pass."""
    assert verdicts(run(hidden, {"double": double}, "double")) == [Verdict.PASSED] * 4


def test_oracles_are_asked_once_for_a_class(hidden):
    """The second student is compared with the same expected values."""
    for _ in range(3):
        assert verdicts(run(hidden, {"double": double}, "double"))[:2] == [Verdict.PASSED] * 2


def test_inputs_depend_on_the_secret_only(tmp_path):
    """The same secret gives the same inputs, another secret other ones."""
    path = tmp_path / "test_demo.py"
    path.write_text(dedent(SOURCE))
    seen = []

    def spy(x):
        seen.append(np.array(x))
        return 2 * x

    for secret in (b"a", b"a", b"b"):
        with HiddenTests(path, secret) as tests:
            run(tests, {"double": spy}, "double")
    per_run = len(seen) // 3
    first, again, other = seen[0], seen[per_run], seen[2 * per_run]
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_inputs_drawn_anew_are_those_of_the_secret(tmp_path):
    """Collected once, the tests ask what they ask where they are collected with that secret; oracles follow."""
    path = tmp_path / "test_demo.py"
    path.write_text(dedent(SOURCE).replace("<= 2", "<= 99"))

    def asked(tests):
        seen = []

        def spy(x):
            seen.append(np.array(x))
            return double(x)

        assert verdicts(run(tests, {"double": spy}, "double"))[:2] == [Verdict.PASSED] * 2
        return seen[0]

    with HiddenTests(path, b"a") as tests, HiddenTests(path, b"b") as others:
        first, other = asked(tests), asked(others)
        tests.draw_anew(b"b")
        assert np.array_equal(asked(tests), other)
        tests.draw_anew(b"a")
        assert np.array_equal(asked(tests), first)


def test_wrong_missing_and_unimplemented(hidden):
    """Each way of not being right has its own verdict."""

    def stub(x):
        raise NotImplementedError

    def crash(x):
        raise ZeroDivisionError("oh")

    assert verdicts(run(hidden, {"double": lambda x: x}, "double"))[:2] == [Verdict.FAILED] * 2
    assert set(verdicts(run(hidden, {}, "double"))) == {Verdict.NOT_IMPLEMENTED}
    assert set(verdicts(run(hidden, {"double": stub}, "double"))) == {Verdict.NOT_IMPLEMENTED}
    results = run(hidden, {"double": crash}, "double")
    assert results[0].verdict is Verdict.STUDENT_ERROR
    assert results[0].message == "double raised ZeroDivisionError: oh."


def test_where_it_is_wrong_goes_along(hidden):
    """A result that is wrong in places brings its picture, shares and words only; any other result brings none."""

    def one_wrong(x):
        out = double(x)
        out[1] += 1
        return out

    short, longer, *others = run(hidden, {"double": one_wrong}, "double")
    assert short.error_map == ErrorMap(rows=((0.0, 1.0, 0.0),), row_axis="", column_axis="positions 0 to 2")
    assert longer.error_map.rows == ((0.0, 1.0, 0.0, 0.0, 0.0),)
    assert [result.error_map for result in others] == [None, None]
    assert run(hidden, {"double": lambda x: 3 * x}, "double")[0].error_map is None


def test_a_changed_input_is_seen(hidden):
    """Working in place fails the purity test and no other."""

    def in_place(x):
        if isinstance(x, str):
            raise TypeError("no strings")
        x *= 2
        return x

    assert verdicts(run(hidden, {"double": in_place}, "double")) == [Verdict.PASSED] * 3 + [Verdict.FAILED]


def test_an_argument_that_does_not_come_back_counts_as_changed(hidden):
    """A worker that leaves the arguments out of its answer proves nothing about them."""

    class Silent(FakeSession):
        def call(self, name, args, kwargs, *, return_arguments=False):
            reply = super().call(name, args, kwargs, return_arguments=return_arguments)
            return replace(reply, arguments=()) if return_arguments else reply

    tests = [test for test in hidden.declared if test.kind is TestKind.PURITY]
    session = Silent({"double": double})
    assert verdicts(hidden.run(tests, lambda: session, never)) == [Verdict.FAILED]


def test_a_fault_of_a_test_is_ours(hidden):
    """An exception of the test itself is held for staff, with its traceback."""
    (result,) = run(hidden, {}, "broken")
    assert result.verdict is Verdict.GRADER_FAULT
    assert "KeyError" in result.staff
    assert "KeyError" not in result.message


def test_an_assert_shows_no_values(hidden):
    """A bare assert fails without telling what was compared."""
    (result,) = run(hidden, {"number": lambda: 40}, "asserted")
    assert result.verdict is Verdict.FAILED
    assert "41" not in result.message


def test_the_rest_is_skipped_for_a_reason(hidden):
    """After a time-out the remaining tests of the question are skipped, and the next student is not affected."""

    def hang(x):
        raise Hang

    results = run(hidden, {"double": hang}, "double", lambda result: "late" if result.verdict == "TIMEOUT" else "")
    assert verdicts(results) == [Verdict.TIMEOUT] + [Verdict.SKIPPED] * 3
    assert verdicts(run(hidden, {"double": double}, "double")) == [Verdict.PASSED] * 4


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def test_a(student):\n    'Doc.'\n", "expected one @question, found 0"),
        ("from autograder.testing import question\n@question('q')\ndef test_a(student):\n    pass\n", "docstring"),
        ("import nothing_of_that_name\n", "nothing_of_that_name"),
    ],
    ids=["no question", "no docstring", "an import that fails"],
)
def test_files_that_can_not_be_used(tmp_path, source, message):
    """A file that breaks the rules is a fault of ours, said before anyone is graded."""
    path = tmp_path / "test_demo.py"
    path.write_text(source)
    with pytest.raises(GraderFault, match=message):
        HiddenTests(path, b"secret")


def test_a_folder_of_files(tmp_path):
    """All its files are collected, in the order of their names; what is no test file is left alone."""
    for name in ("second", "first"):
        body = dedent(SOURCE).replace("def test_", f"def test_{name}_")
        (tmp_path / f"test_{name}.py").write_text(body)
    (tmp_path / "oracles.py").write_text("raise RuntimeError\n")
    with HiddenTests(tmp_path, b"secret") as tests:
        names = [test.id for test in tests.declared]
    assert names == sorted(names, key=lambda name: "second" in name)
    assert len(names) == len(set(names))
    assert {name.split("_")[1] for name in names} == {"first", "second"}


def test_two_tests_of_one_name_are_refused(tmp_path):
    """In two files of a folder they would be judged as one."""
    for name in ("first", "second"):
        (tmp_path / f"test_{name}.py").write_text(dedent(SOURCE))
    with pytest.raises(GraderFault, match="expected one of that name, found 2"):
        HiddenTests(tmp_path, b"secret")


def test_closing_leaves_the_working_folder_alone(tmp_path, monkeypatch):
    """pytest goes back to where it was started; the grader may be elsewhere by then, and that folder gone."""
    path = tmp_path / "test_demo.py"
    path.write_text(dedent(SOURCE))
    gone, here = tmp_path / "gone", tmp_path / "here"
    gone.mkdir()
    here.mkdir()
    monkeypatch.chdir(gone)
    tests = HiddenTests(path, b"secret")
    monkeypatch.chdir(here)
    tests.close()
    assert Path.cwd() == here
