"""Each rule of authoring, broken once: the error names file, cell and question, and says what to do."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from autograder.errors import AuthoringError
from tests.release.fixture_course import DemoCourse, edit, release

NOTEBOOK = "solutions/demo/first.py"
ASSIGNMENT = "solutions/demo/assignment.toml"
TESTS = "autograder/hidden_tests/demo/first/test_first.py"


@dataclass(frozen=True)
class Breach:
    """One edit that breaks one rule, and what must be said of it."""

    id: str
    old: str
    new: str
    says: str
    cell: int | None = None
    question: str | None = None
    edits: str = "notebook"
    file: str = NOTEBOOK


DOUBLE_HEAD = '# %% question="double" role="solution"'
DOUBLE_CHECK = '# %% question="double" points=4 role="check" forbidden="numpy.add numpy.sum"\nprint(double(1))'
DEMO = "print(double(np.arange(3)))"

IN_CELLS = [
    Breach("no role", '# %% role="demo"', "# %%", "expected a role", 5),
    Breach("unknown role", 'role="demo"', 'role="demonstration"', "got 'demonstration'", 5),
    Breach("unknown option", 'role="demo"', 'role="demo" slow=true', "got 'slow'", 5),
    Breach("option of another role", DOUBLE_HEAD, DOUBLE_HEAD + " points=2", "got 'points'", 3, "double"),
    Breach(
        "Markdown with a code role", "# %% [markdown]\n# ## 3", '# %% [markdown] role="setup"\n# ## 3', "Markdown", 10
    ),
    Breach("raw cell", "# %% [markdown]\n# ## 3. Thoughts", "# %% [raw]\n# ## 3. Thoughts", "raw cell", 10),
    Breach("solution without question", DOUBLE_HEAD, '# %% role="solution"', "expected question=", 3),
    Breach("question id in capitals", 'question="why"', 'question="Why"', "got 'Why'", 11, "Why"),
    Breach("points missing", "points=4 ", "", "expected points=", 4, "double"),
    Breach("points negative", "points=4 ", "points=-4 ", "got -4", 4, "double"),
    Breach("points zero", "points=4 ", "points=0 ", "got 0", 4, "double"),
    Breach("points no number", "points=4 ", 'points="four" ', "got 'four'", 4, "double"),
    Breach("points true", "points=4 ", "points=true ", "got True", 4, "double"),
    Breach("uses as a list", 'uses="double"', 'uses=["double"]', "expected a text", 9, "scale"),
    Breach("begin without end", "    return twice_of_everything\n    ### END SOLUTION", "", "found none", 3, "double"),
    Breach("end without begin", "    ### BEGIN SOLUTION\n    twice", "    twice", "without a beginning", 3, "double"),
    Breach(
        "nested markers", "    return twice", "    ### BEGIN SOLUTION\n    return twice", "a second one", 3, "double"
    ),
    Breach(
        "misspelt marker", "    ### BEGIN SOLUTION\n    twice", "    # BEGIN SOLUTION\n    twice", "BEGIN", 3, "double"
    ),
    Breach("marker in a demo", DEMO, f"### BEGIN SOLUTION\n{DEMO}\n### END SOLUTION", "only in solution cells", 5),
    Breach("marker in prose", "# Multiply by two.", "# ### BEGIN SOLUTION", "only in solution cells", 2),
    Breach(
        "solution without markers",
        "    ### BEGIN SOLUTION\n    return np.true_divide(x, factor)\n    ### END SOLUTION",
        "    return np.true_divide(x, factor)",
        "Mark the solution",
        8,
        "scale",
    ),
    Breach("not Python", DEMO, "print(double(", "expected Python", 5),
    Breach(
        "stub not Python",
        "    ### BEGIN SOLUTION\n    if factor",
        "  ### BEGIN SOLUTION\n    if factor",
        "expected Python",
        7,
        "scale",
    ),
    Breach(
        "markers around the function",
        'def unscale(x, factor):\n    """The inverse of scale."""\n    ### BEGIN SOLUTION',
        "### BEGIN SOLUTION\ndef unscale(x, factor):",
        "around the markers",
        8,
        "scale",
    ),
    Breach("shell line in a demo", DEMO, "!pip install torch", "plain Python", 5),
    Breach("magic in a demo", DEMO, "%pip install torch", "plain Python", 5),
    Breach("sys.path in a demo", DEMO, "import sys\nsys.path.append('.')", "sys.path", 5),
    Breach("sys.path by import", DEMO, "from sys import path", "sys.path", 5),
    Breach(
        "check of two calls", "print(double(1))", "print(double(1))\nprint(double(2))", "exactly one call", 4, "double"
    ),
    Breach("check that is no call", "print(double(1))", "x = double(1)", "exactly one call", 4, "double"),
    Breach("empty check", "print(double(1))", "", "got 0 statements", 4, "double"),
    Breach("no wheel", 'install --no-deps "{{wheel}}"', "install x", "where the wheel is installed", 1),
    Breach("wheel elsewhere", DEMO, 'print("{{wheel}}")', "first setup cell only", 5),
    Breach(
        "question twice", 'question="why" points=1.5', 'question="double" points=1.5', "expected once", 11, "double"
    ),
    Breach("no check cell", DOUBLE_CHECK, "", "expected a check cell", 3, "double"),
    Breach("no solution cell", 'question="double" points', 'question="triple" points', "a check cell", 3, "double"),
    Breach("function twice", "def unscale(", "def double(", "expected one definition", 8, "scale"),
    Breach("uses unknown", 'uses="double"', 'uses="triple"', "got 'triple'", 9, "scale"),
    Breach("uses itself", 'uses="double"', 'uses="scale"', "got 'scale'", 9, "scale"),
    Breach("notebook points", "points=4.5", "points=4", "expected 10 as in assignment.toml, got 9.5"),
]

IN_FILES = [
    Breach(
        "assignment points",
        "points = 10\n\n",
        "points = 12\n\n",
        "expected 12, got 10",
        edits="assignment",
        file=ASSIGNMENT,
    ),
    Breach(
        "no hidden test", '@question("double")', '@question("scale")', "expected a hidden test", 4, "double", "tests"
    ),
    Breach("only purity", 'kind="values", weight=2', 'kind="shape"', "a hidden test of values", 9, "scale", "tests"),
    Breach("test without question", '@question("double")\n', "", "expected one @question", edits="tests", file=TESTS),
    Breach(
        "test of another question",
        '@question("double")',
        '@question("triple")',
        "got 'triple'",
        None,
        "triple",
        "tests",
        TESTS,
    ),
    Breach("test of a reflection", '@question("double")', '@question("why")', "got 'why'", None, "why", "tests", TESTS),
    Breach("computed question", '@question("double")', "@question(str(1))", "written out", edits="tests", file=TESTS),
    Breach(
        "idea of an unknown question",
        'forbidden = ["numpy.convolve"]',
        '[notebooks.first.ideas]\ndouble = "L: a"\nscale = "L: b"\nwhy = "L: c"\ntwice = "L: d"',
        "expected one of double, scale, why, got 'twice'",
        None,
        "twice",
        "assignment",
        ASSIGNMENT,
    ),
    Breach(
        "ideas of some questions",
        'forbidden = ["numpy.convolve"]',
        '[notebooks.first.ideas]\ndouble = "L: a"\nwhy = "L: c"',
        "expected the lecture idea of every question",
        None,
        "scale",
        "assignment",
        ASSIGNMENT,
    ),
    Breach("tests are no Python", "import numpy", "import", "expected Python", edits="tests", file=TESTS),
]

IN_RELEASE = [
    Breach("solution line in a demo", DEMO, "x = factor = 1\ny = np.multiply(x,  factor)  # same", "of a solution", 5),
    Breach(
        "solution line in prose",
        "# Multiply by two.",
        "# Try `twice_of_everything = np.add(x, x)`.",
        "of a solution",
        2,
    ),
    Breach("solution comment", DEMO, "print(1)  # the general case of them all", "a line of a solution", 5),
    Breach(
        "model answer",
        "# ## 3. Thoughts",
        "# ## 3. Thoughts\n# Because the numbers grow as their factor grows.",
        "solution",
        10,
    ),
    Breach(
        "hidden test line",
        DEMO,
        "rng = np.random.default_rng(1)\nnumbers_of_the_test = rng.normal(size=(3, 7))",
        TESTS,
        5,
    ),
    Breach("name of the grader", DEMO, "import autograder", "no word of the grader, got 'autograder'", 5),
    Breach("name of the tests", "# Multiply by two.", "# See hidden_tests.", "got 'hidden_tests'", 2),
]


def _name(breach: Breach) -> str:
    return breach.id


@pytest.mark.parametrize("breach", IN_CELLS + IN_FILES + IN_RELEASE, ids=_name)
def test_breach_is_refused(demo: DemoCourse, breach: Breach) -> None:
    """A broken rule is an AuthoringError at its place, and nothing is released."""
    edit(getattr(demo, breach.edits), breach.old, breach.new)

    with pytest.raises(AuthoringError) as caught:
        release(demo.course, hidden_tests=demo.hidden_tests)

    error = caught.value
    assert breach.says in error.problem
    assert (error.file, error.cell, error.question) == (breach.file, breach.cell, breach.question)
    assert not demo.released.exists()
    assert not (demo.course.release / "demo").exists()
