"""The measured classes: students who each wrote their own notebook, and for comparison a class of copies."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.config import Course
from autograder.model import Role, Submission
from autograder.sample_class.make import material_of
from autograder.sample_class.students import answer
from benchmarks.answers import Answers, answers_to, right_answer, wrong_answer
from benchmarks.rewriting import Hand, hand

KINDS = ("solved", "mix", "loops", "copies")
_LOOP_EVERY = 33
# How a class of a hundred hands in: skill, and its share.
_SKILLS = {"nearly all": 55, "some wrong": 30, "half": 10, "nothing": 5}
_OWN_CELLS = 0.2
_COLAB = 0.25
_SCRATCH = (
    "test = np.arange(12.0).reshape(3, 4)\nprint(test[::2])\n",
    "def show(name, value):\n    print(name, getattr(value, 'shape', None), getattr(value, 'dtype', type(value)))\n",
    "# does this do what I think?\nnp.split(np.arange(6), 3)\n",
    "%matplotlib inline\nimport time\n",
    "print(sum(i * j for i in range(3) for j in range(3)))\n",
)


class Classes:
    """Makes classes of any size for one notebook.

    Args:
        course: The course, built.
        solved: The notebook's solution.
    """

    def __init__(self, course: Course, solved: Submission) -> None:
        self._assignment, self._notebook = solved.assignment, solved.notebook
        self._material = material_of(course, solved)
        uses_torch = any(cell.role is Role.SETUP and "import torch" in cell.source for cell in solved.cells)
        self._answers: Answers = answers_to(
            solved.assignment, solved.notebook, "torch" if uses_torch else "numpy", self._material.answers
        )

    def write(self, folder: Path, kind: str, first: int, count: int) -> tuple[str, ...]:
        """Hand in notebooks, one folder for each student as nbgrader has it.

        Args:
            folder: Of submissions; made if it is missing.
            kind: One of `KINDS`: "solved", "mix", "loops" (the mix, in which one in 33 never ends in one question), or
                "copies" of the solution, which compute the same bits.
            first: Number of the first student; the same number writes the same notebook.
            count: How many.

        Returns:
            The students' names.
        """
        students = []
        for number in range(first, first + count):
            student = f"student{number:05}"
            place = folder / student / self._assignment
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{self._notebook}.ipynb").write_bytes(self.file(kind, number))
            (place / "timestamp.txt").write_text("2026-09-21 12:00:00.000000 UTC\n", encoding="ascii")
            students.append(student)
        return tuple(students)

    def file(self, kind: str, number: int) -> bytes:
        """What one student hands in."""
        rng = random.Random(number)  # noqa: S311 - a class is no secret
        notebook = answer(self._material.release, self.answers(kind, number, rng))
        if kind != "copies":
            _own_cells(notebook, rng)
        if kind != "copies" and rng.random() < _COLAB:
            _saved_by_colab(notebook)
        return json.dumps(notebook, indent=1, ensure_ascii=False).encode()

    def answers(self, kind: str, number: int, rng: random.Random) -> Mapping[str, tuple[str, ...]]:
        """Question to what one student wrote; those that are missing are untouched."""
        if kind == "copies":
            return {
                question: tuple(_noted(part, number) for part in parts)
                for question, parts in self._material.answers.items()
            }
        style = hand(rng, self._answers.library)
        questions = [*self._material.answers]
        done, wrong = (len(questions), set()) if kind == "solved" else skill(questions, rng)
        made = {question: (self._answer(question, question in wrong, rng, style),) for question in questions[:done]}
        if kind == "loops" and number % _LOOP_EVERY == 0:
            question, text = self._material.texts.looping
            made[question] = (text,)
        return made

    def _answer(self, question: str, wrong: bool, rng: random.Random, style: Hand) -> str:
        draw = wrong_answer if wrong else right_answer
        return draw(self._answers, question, rng, style)


def skill(questions: Sequence[str], rng: random.Random) -> tuple[int, set[str]]:
    """How many questions a student of the mix answers, and which of them are wrong."""
    (drawn,) = rng.choices([*_SKILLS], [*_SKILLS.values()])
    match drawn:
        case "nearly all":
            return len(questions), set(rng.sample(questions, rng.randint(0, 1)))
        case "some wrong":
            return len(questions), set(rng.sample(questions, rng.randint(2, 5)))
        case "half":
            done = rng.randint(len(questions) // 3, 2 * len(questions) // 3)
            return done, set(rng.sample(questions[:done], rng.randint(0, 2)))
    return 0, set()


def _noted(source: str, number: int) -> str:
    """Another text with the same answer."""
    return f"# tried {number % 7 + 1} times\n_draft_{number} = {number * 7919 % 1000}\n{source}"


def _own_cells(notebook: dict[str, Any], rng: random.Random) -> None:
    """Now and then, cells in which something is tried out."""
    while rng.random() < _OWN_CELLS:
        place = rng.randrange(len(notebook["cells"]) // 4, len(notebook["cells"]))
        cell: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
        notebook["cells"].insert(
            place, cell | {"id": f"own-{place}-{rng.getrandbits(24)}", "source": rng.choice(_SCRATCH)}
        )


def _saved_by_colab(notebook: dict[str, Any]) -> None:
    """Colab keeps ids of its own in the metadata and writes nbformat 4.0, which has no cell ids; outputs are saved."""
    for number, cell in enumerate(notebook["cells"]):
        cell.pop("id", None)
        cell["metadata"]["id"] = f"colab{number:08x}"
        if cell["cell_type"] == "code":
            cell["metadata"]["outputId"] = f"output{number:08x}"
            cell["execution_count"] = number
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["ran\n"]}]
        cell["source"] = cell["source"].splitlines(keepends=True)
    notebook["metadata"]["colab"] = {"provenance": [], "toc_visible": True}
    notebook["nbformat_minor"] = 0
