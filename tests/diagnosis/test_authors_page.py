"""The authors' page says how to add a mistake; this test does what it says."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from autograder.diagnosis import material
from autograder.hidden_tests.a1_convolution.sliding_windows import mistakes, mistakes_correlation
from autograder.measure.question import Task, measure_question
from tests.diagnosis.answers import graded, handed_in, plan_for, sliding_windows

PAGE = Path(__file__).parents[2] / "docs" / "authors.md"
STUDENT = """
def correlate2d(image, kernel, *, padding=0, mode="zeros"):
    kinds = {"zeros": "constant", "reflect": "reflect", "circular": "wrap"}
    if mode not in kinds:
        raise ValueError(mode)
    image = np.pad(image, ((padding, 0), (padding, 0)), mode=kinds[mode])
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, kernel)
"""


def section() -> str:
    """The section of the page."""
    return PAGE.read_text(encoding="utf-8").split("## A mistake in five minutes")[1].split("\n## ")[0]


def executed(monkeypatch: pytest.MonkeyPatch, name: str, path: Path) -> ModuleType:
    """A file in the place of a module, until the test ends."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def entry_added(tmp_path, monkeypatch):
    """The list of mistakes with the page's entry in it, as if an author had saved the file."""
    (entry,) = re.findall(r"```python\n(.*?)```", section(), re.DOTALL)
    source = Path(mistakes_correlation.__file__).read_text(encoding="utf-8")
    assert "_TWO_D = (\n" in source
    path = tmp_path / "mistakes_correlation.py"
    path.write_text(source.replace("_TWO_D = (\n", f"_TWO_D = (\n{entry}"), encoding="utf-8")
    executed(monkeypatch, mistakes_correlation.__name__, path)
    gathered = executed(monkeypatch, mistakes.__name__, Path(mistakes.__file__))
    material._module.cache_clear()
    (added,) = {mistake.id for mistake in gathered.MISTAKES} - {mistake.id for mistake in mistakes.MISTAKES}
    yield added
    material._module.cache_clear()


def test_the_page_says_where_and_how_to_look():
    """It names the file to edit and the command that measures."""
    assert f"`{Path(mistakes_correlation.__file__).name}`" in section()
    assert "autograder mistakes" in section()


def test_the_entry_is_caught_and_named(entry_added, real_course):
    """The page's entry costs points, the visible check notices it, and a student who makes it is told."""
    notebook = sliding_windows(real_course)
    plan = plan_for(real_course, notebook, b"an author's entry")
    diagnosis = graded(plan, {"correlate2d": STUDENT})["correlate2d"].diagnosis
    assert diagnosis is not None
    assert diagnosis.mistake == entry_added
    question = next(entry for entry in notebook.questions if entry.id == "correlate2d")
    solution = handed_in(notebook, {"correlate2d": STUDENT})
    measured = measure_question(Task(plan=plan, question=question, solution=solution, seeds=1, bugs=0))
    assert entry_added in measured.mistakes
    assert entry_added in measured.visibly
    assert entry_added not in measured.missed
