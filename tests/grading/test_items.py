"""A hidden test is called directly where that is the same as what pytest would do, and left to pytest elsewhere."""

from __future__ import annotations

from textwrap import dedent

import pytest

from autograder.grading import hidden as hidden_module
from autograder.grading.hidden import HiddenTests
from autograder.grading.items import Supplies, direct_call
from autograder.model import Verdict
from tests.grading.fakes import FakeSession

SOURCE = '''
import pytest

from autograder.testing import expect, question

SEEN = []

@pytest.fixture
def shout():
    SEEN.append("set up")
    yield "hey"
    SEEN.append("torn down")

@pytest.fixture
def doubled(request):
    return 2 * request.param

@question("plain")
@pytest.mark.parametrize("size", [3, 5], ids=["short", "long"])
def test_plain(student, rng, once, size):
    """Ours only."""
    x = rng.normal(size=size)
    expect(student.double(x), once(lambda: x + x))

@question("own")
def test_own(student, shout):
    """A fixture of the file's own."""
    assert shout == "hey"
    assert SEEN == ["set up"]

@question("own")
def test_after(student):
    """The file's own fixture is torn down."""
    assert SEEN == ["set up", "torn down"]
    SEEN.clear()

@question("indirect")
@pytest.mark.parametrize("doubled", [4], indirect=True, ids=["four"])
def test_indirect(student, doubled):
    """A parameter that goes through a fixture."""
    assert doubled == 8

@question("marked")
@pytest.mark.usefixtures("shout")
def test_marked(student):
    """A fixture by mark."""
    assert SEEN[-1] == "set up"

@question("asking")
def test_asking(request):
    """The request itself."""
    assert request.node.name == "test_asking"

class TestGroup:
    @question("grouped")
    def test_method(self, student):
        """A method."""
        assert isinstance(self, TestGroup)
'''


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """The hidden tests, and the names of those that are called directly."""
    direct = []

    def spy(item, supplies):
        call = direct_call(item, supplies)
        if call is not None:
            direct.append(item.name)
        return call

    monkeypatch.setattr(hidden_module, "direct_call", spy)
    path = tmp_path / "test_demo.py"
    path.write_text(dedent(SOURCE))
    with HiddenTests(path, b"secret") as tests:
        yield tests, direct


def run(tests, question):
    session = FakeSession({"double": lambda x: 2 * x})
    wanted = [test for test in tests.declared if test.question == question]
    return [result.verdict for result in tests.run(wanted, lambda: session, lambda _result: "")]


@pytest.mark.parametrize("question", ["plain", "own", "indirect", "asking", "grouped", "marked"])
def test_every_way_of_writing_a_test_works(opened, question):
    """Fixtures, parameters through fixtures, marks, methods: each test passes, for one student after the other."""
    tests, _ = opened
    for _ in range(2):
        assert set(run(tests, question)) == {Verdict.PASSED}


def test_only_what_needs_pytest_goes_through_it(opened):
    """Tests that ask for our fixtures and plain parameters are called directly, the others are not."""
    tests, direct = opened
    run(tests, "plain")
    assert direct == ["test_plain[short]", "test_plain[long]", "test_after"]


def test_inputs_are_the_same_each_time():
    """A generator starts anew for each student, whatever was drawn from it before."""
    supplies = Supplies(b"secret")
    first = supplies.rng("test_a").normal(size=5)
    assert list(supplies.rng("test_a").normal(size=5)) == list(first)
    assert list(supplies.rng("test_b").normal(size=5)) != list(first)
    assert list(Supplies(b"other").rng("test_a").normal(size=5)) != list(first)
