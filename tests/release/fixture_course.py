"""A small course in a folder: one assignment, one notebook, two automatic questions and a reflection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.config import Course, load_course
from autograder.release import BuildReport, build, publish

WHEEL_ADDRESS = "https://example.edu/utils-1.0-py3-none-any.whl"

COURSE = f"""
[course]
id = "demo-course"
title = "Demo"
wheel = "{WHEEL_ADDRESS}"
work = "course"

[grading]
minimum_sandbox = "rlimits"
"""

ASSIGNMENT = """
title = "Demonstration"
points = 10

[notebooks.first]
title = "First steps"
points = 10
kind = "numpy"
forbidden = ["numpy.convolve"]
"""

NOTEBOOK = '''\
# %% [markdown]
# # First steps
# %% role="setup"
# %pip install --no-deps "{{wheel}}"
import numpy as np
# %% [markdown]
# ## 1. Doubling numbers
# Multiply by two.
# %% question="double" role="solution"
def double(x):
    """Twice x, any shape."""
    ### BEGIN SOLUTION
    twice_of_everything = np.add(x, x)
    return twice_of_everything
    ### END SOLUTION
# %% question="double" points=4 role="check" forbidden="numpy.add numpy.sum"
print(double(1))
# %% role="demo"
print(double(np.arange(3)))
# %% [markdown]
# ## 2. Scaling
# %% question="scale" role="solution"
def scale(x, factor):
    """Factor times x."""
    ### BEGIN SOLUTION
    if factor == 2:
        return double(x)
    return np.multiply(x, factor)  # the general case of them all
    ### END SOLUTION
# %% question="scale" role="solution"
def unscale(x, factor):
    """The inverse of scale."""
    ### BEGIN SOLUTION
    return np.true_divide(x, factor)
    ### END SOLUTION
# %% question="scale" points=4.5 role="check" uses="double" title="Scaling up and down"
print(scale(1, 3))
# %% [markdown]
# ## 3. Thoughts
# %% [markdown] role="reflection" question="why" points=1.5
# Because the numbers grow as their factor grows.
'''

TESTS = '''\
"""Hidden tests of the first steps."""

import numpy as np
from autograder.testing import expect, question


@question("double")
def test_double(student, rng):
    """Twice the input."""
    numbers_of_the_test = rng.normal(size=(3, 7))
    expect(student.double(numbers_of_the_test), numbers_of_the_test * 2)


@question("scale", kind="values", weight=2)
def test_scale(student):
    """Any factor."""
    expect(student.scale(2.0, 3.0), 6.0)


@question("scale", kind="purity")
def test_scale_is_pure(student):
    """Nothing is remembered."""
    expect(student.scale(2.0, 4.0), 8.0)
'''


@dataclass(frozen=True)
class DemoCourse:
    """A course on disk that tests may spoil.

    Attributes:
        root: Folder of course.toml.
        hidden_tests: Folder with one folder of hidden tests per assignment.
    """

    root: Path
    hidden_tests: Path

    @property
    def course(self) -> Course:
        """The course as its files say now."""
        return load_course(self.root)

    @property
    def notebook(self) -> Path:
        """The hand-written notebook."""
        return self.root / "solutions" / "demo" / "first.py"

    @property
    def assignment(self) -> Path:
        """Its assignment.toml."""
        return self.root / "solutions" / "demo" / "assignment.toml"

    @property
    def tests(self) -> Path:
        """Its hidden tests."""
        return self.hidden_tests / "demo" / "first" / "test_first.py"

    @property
    def released(self) -> Path:
        """What the build makes of it."""
        return self.root / "assignments" / "demo" / "first.ipynb"


def write_course(root: Path) -> DemoCourse:
    """Write the small course into an empty folder."""
    demo = DemoCourse(root=root, hidden_tests=root / "autograder" / "hidden_tests")
    for path, text in (
        (root / "course.toml", COURSE),
        (demo.assignment, ASSIGNMENT),
        (demo.notebook, NOTEBOOK),
        (demo.tests, TESTS),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return demo


def edit(path: Path, old: str, new: str) -> None:
    """Replace text that must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def release(course: Course, assignments: Sequence[str] = (), *, hidden_tests: Path) -> BuildReport:
    """Build and publish, without the proof that the command line puts between the two."""
    report = build(course, assignments, hidden_tests=hidden_tests)
    publish(report)
    return report
