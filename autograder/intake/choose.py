"""Which of the files that a student handed in is the notebook we look for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.errors import SubmissionError
from autograder.intake.files import Found
from autograder.intake.names import like_named
from autograder.intake.read import read_notebook
from autograder.intake.rebuild import belongs
from autograder.intake.sniff import HOW_TO
from autograder.intake.text import listed, shown
from autograder.model import Notebook

# Reading a file only to see whether it is the notebook is worth so many tries.
_MAX_TRIES = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """The file to grade, and what is to be said about the choice."""

    found: Found
    remarks: tuple[str, ...] = ()


def choose(files: Sequence[Found], release: Notebook, others: Sequence[str]) -> Choice | None:
    """Choose the file for a notebook: by its exact name, by a similar name, or by its cells.

    Args:
        files: What the student handed in, the most likely place first.
        release: The notebook that we look for.
        others: Names of the assignment's other notebooks.
    """
    wanted = f"{release.name}.ipynb"
    exact = [file for file in files if file.name == wanted]
    by_name = {file.name: file for file in reversed(files)}
    similar = [by_name[name] for name in like_named([*by_name], release.name, others) if name != wanted]
    candidates = [*exact, *similar]
    if candidates:
        return Choice(candidates[0], _on_choice(candidates, wanted))
    known = {f"{other}.ipynb" for other in others}
    strangers = [file for file in files if file.name.lower().endswith(".ipynb") and file.name not in known]
    ours = [file for file in strangers[:_MAX_TRIES] if _is_ours(file, release)]
    return Choice(ours[0], _on_choice(ours, wanted)) if len(ours) == 1 else None


def not_found(release: Notebook, seen: Sequence[str]) -> str:
    """The message where no file is the notebook.

    Args:
        release: The notebook that we looked for.
        seen: Names of what was there.
    """
    found = listed([shown(name) for name in seen]) or "nothing"
    return f"No file {release.name}.ipynb was found; found: {found}. {HOW_TO}"


def _on_choice(candidates: Sequence[Found], wanted: str) -> tuple[str, ...]:
    first, *rest = candidates
    remarks = []
    if first.name != wanted:
        remarks.append(f"The file is named {shown(first.name)}; it was taken for {wanted}.")
    if rest:
        names = listed([shown(file.name) for file in rest])
        remarks.append(f"Several files may be {wanted}: {shown(first.name)} was graded, not {names}.")
    return tuple(remarks)


def _is_ours(file: Found, release: Notebook) -> bool:
    try:
        return belongs(release, read_notebook(file.read()))
    except SubmissionError:
        return False
