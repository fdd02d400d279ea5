"""The listed mistakes as a notebook."""

from __future__ import annotations

import pytest

from autograder.diagnosis.material import load_material, versions
from autograder.model import Notebook, Role
from autograder.released import load_notebook


@pytest.fixture
def notebook(real_course):
    return load_notebook(real_course, "a1_convolution", "sliding_windows")


def test_every_question_has_its_mistakes(notebook):
    """Each automatic question of the notebook has listed mistakes, in the functions that it asks for."""
    material = load_material(notebook)
    assert material is not None
    for question in notebook.questions:
        mistakes = material.of(question.id)
        assert bool(mistakes) != question.manual
        assert all(set(mistake.functions) <= set(question.functions) for mistake in mistakes)


def test_no_answers_among_the_cells(notebook):
    """The release gives its set-up cells; what else runs is listed."""
    material = load_material(notebook)
    assert material is not None
    roles = {cell.role for cell in material.cells}
    assert roles == {Role.SETUP, Role.ADDED}


def test_nothing_listed():
    """A notebook without mistakes has no material."""
    assert load_material(Notebook(assignment="a", name="b", title="", kind="numpy", cells=(), questions=())) is None


def test_versions_are_sources():
    """A replacement defines the name that it replaces."""
    assert versions("mistake", "x", ("f", "g")).keys() == {"f", "g"}
    assert "f = " in versions("mistake", "x", ("f",))["f"]
