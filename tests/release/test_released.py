"""What the other stages read of a release."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from autograder.errors import CourseError
from autograder.model import Cell, Notebook, Origin, Question, Role
from autograder.released import load_notebook, load_notebooks, parse_notebook
from tests.release.fixture_course import DemoCourse, release


@pytest.fixture
def built(demo: DemoCourse) -> DemoCourse:
    release(demo.course, hidden_tests=demo.hidden_tests)
    return demo


def test_notebook_is_read(built: DemoCourse) -> None:
    """Assignment, name, title, kind, forbidden names, points and questions are those of the hand-written files."""
    (notebook,) = load_notebooks(built.course, "demo")

    assert (notebook.assignment, notebook.name, notebook.title) == ("demo", "first", "First steps")
    assert (notebook.kind, notebook.forbidden, notebook.points) == ("numpy", ("numpy.convolve",), 10)
    assert notebook.questions == (
        Question(
            id="double",
            title="Doubling numbers",
            points=4,
            functions=("double",),
            forbidden=("numpy.add", "numpy.sum"),
            section="1. Doubling numbers",
        ),
        Question(
            id="scale",
            title="Scaling up and down",
            points=4.5,
            functions=("scale", "unscale"),
            uses=("double",),
            section="2. Scaling",
        ),
        Question(id="why", title="Thoughts", points=1.5, manual=True, section="3. Thoughts"),
    )


def test_a_notebook_survives_its_way_through_json(built: DemoCourse) -> None:
    """What a journal or another process gives back is the same to the last byte: whole points, too."""
    notebook = load_notebook(built.course, "demo", "first")
    data = msgspec.json.encode(notebook)

    assert msgspec.json.encode(msgspec.json.decode(data, type=Notebook)) == data


def test_ideas_are_read(demo: DemoCourse) -> None:
    """What assignment.toml says of the lectures arrives with the questions, the one for a person included."""
    texts = {"double": "Lecture 1: doubling", "scale": "Scaling", "why": 'Lecture 2: "why", and <b>'}
    table = "".join(f"{name} = '{text}'\n" for name, text in texts.items())
    demo.assignment.write_text(f"{demo.assignment.read_text()}\n[notebooks.first.ideas]\n{table}", encoding="utf-8")
    release(demo.course, hidden_tests=demo.hidden_tests)
    notebook = load_notebook(demo.course, "demo", "first")
    assert {question.id: question.idea for question in notebook.questions} == texts


def test_cells_are_read(built: DemoCourse) -> None:
    """Cells keep id, role, text, question and nbgrader's id, and are ours."""
    notebook = load_notebook(built.course, "demo", "first")
    cells = {cell.id: cell for cell in notebook.cells}

    assert cells["scale-check"] == Cell(
        id="scale-check",
        role=Role.CHECK,
        kind="code",
        source="print(scale(1, 3))",
        question="scale",
        grade_id="scale",
        origin=Origin.RELEASE,
    )
    assert (cells["prose-001"].role, cells["prose-001"].kind) == (Role.PROSE, "markdown")
    assert cells["scale-solution-2"].grade_id == "scale__solution_2"
    assert cells["setup-001"].grade_id is None
    assert cells["setup-001"].question is None


@pytest.mark.parametrize(
    ("notebook", "header", "want"),
    [
        ([], [], ("course_utils.layers.im2col", "course_utils.layers.col2im")),
        (
            ["numpy.convolve"],
            ["numpy.sum", "course_utils.layers.im2col"],
            ("numpy.sum", "course_utils.layers.im2col", "course_utils.layers.col2im"),
        ),
        (["course_utils.layers"], ["course_utils.layers.im2col", "numpy.sum"], ("numpy.sum",)),
        (["course_utils.layers.im2col", "numpy.su"], ["numpy.sum"], ("numpy.sum", "course_utils.layers.col2im")),
        (["course_utils"], [], ()),
    ],
    ids=["by its names", "beside its header", "all gone already", "one gone already", "the package gone already"],
)
def test_the_course_s_layers_do_not_answer_their_question(
    built: DemoCourse, notebook: list[str], header: list[str], want: tuple[str, ...]
) -> None:
    """A question forbids the layers that it asks for, and what its header says; what is gone anyway isn't named."""
    data = read(built)
    data["metadata"]["course"]["forbidden"] = notebook
    for cell in data["cells"]:
        course = cell["metadata"]["course"]
        if course.get("question") == "scale":
            if course["role"] == "check":
                course["forbidden"] = header
            elif "def scale" in "".join(cell["source"]):
                cell["source"] = "def im2col(x):\n    ...\n\n\ndef helper(): ...\ndef col2im(x): ..."
    questions = {question.id: question for question in parse_notebook(data).questions}

    assert questions["scale"].forbidden == want
    assert questions["why"].forbidden == ()


def read(demo: DemoCourse) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(demo.released.read_bytes())
    return data


def test_sources_may_be_texts_or_lines(built: DemoCourse) -> None:
    """nbformat allows both, and both give the same notebook."""
    data = read(built)
    before = parse_notebook(data)
    for cell in data["cells"]:
        cell["source"] = "".join(cell["source"])

    assert parse_notebook(data) == before
    assert isinstance(before, Notebook)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.pop("cells"),
        lambda data: data["metadata"].pop("course"),
        lambda data: data["metadata"]["course"].pop("kind"),
        lambda data: data["cells"][0]["metadata"].pop("course"),
        lambda data: data["cells"][0]["metadata"]["course"].update(role="poet"),
        lambda data: data["cells"][4]["metadata"].pop("nbgrader"),
        lambda data: data["cells"][3].update(source="def double("),
        lambda data: data.update(cells=3),
    ],
)  # fmt: skip
def test_what_is_no_release(built: DemoCourse, spoil: Any) -> None:
    """Missing or foreign metadata is a CourseError that says what to do."""
    data = read(built)
    spoil(data)
    with pytest.raises(CourseError, match="Run `autograder build`"):
        parse_notebook(data)


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", "\udcff"])
def test_file_that_is_no_notebook(built: DemoCourse, text: str) -> None:
    """A spoilt file is a CourseError with its path."""
    built.released.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(CourseError, match=r"assignments/demo/first\.ipynb"):
        load_notebook(built.course, "demo", "first")


def test_missing_release(demo: DemoCourse) -> None:
    """Before the build there is nothing to read, and an unknown assignment is named as such."""
    with pytest.raises(CourseError, match="found none"):
        load_notebooks(demo.course, "demo")
    with pytest.raises(CourseError, match="expected one of demo, got 'x'"):
        load_notebooks(demo.course, "x")
