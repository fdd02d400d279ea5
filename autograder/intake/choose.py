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

    Returns:
        The first of those with the right name or a similar one that can be read and has cells of ours; if none can, the
        first, so that the student hears why. Without such a name, the only one with cells of ours. None if all fails.

    Raises:
        SubmissionError: If several files of other names, and not the same ones, have cells of ours.
    """
    wanted = f"{release.name}.ipynb"
    exact = [file for file in files if file.name == wanted]
    by_name = {file.name: file for file in reversed(files)}
    similar = [by_name[name] for name in like_named([*by_name], release.name, others) if name != wanted]
    candidates = [*exact, *similar]
    if candidates:
        # A second upload often mends a first that broke off.
        readable = (file for file in candidates[:_MAX_TRIES] if len(candidates) == 1 or _is_ours(file, release))
        best = next(readable, candidates[0])
        rest = [file for file in candidates if file is not best]
        return Choice(best, _on_choice(best, rest, wanted))
    known = {f"{other}.ipynb" for other in others}
    strangers = [file for file in files if file.name.lower().endswith(".ipynb") and file.name not in known]
    ours = [file for file in strangers[:_MAX_TRIES] if _is_ours(file, release)]
    if len(ours) > 1 and len({file.read() for file in ours}) > 1:
        names = listed([shown(file.name) for file in ours])
        raise SubmissionError(f"Any of several files may be {wanted}: {names}. Call the one that counts {wanted}.")
    return Choice(ours[0], _on_choice(ours[0], ours[1:], wanted)) if ours else None


def not_found(release: Notebook, seen: Sequence[str]) -> str:
    """The message where no file is the notebook.

    Args:
        release: The notebook that we looked for.
        seen: Names of what was there.
    """
    found = listed([shown(name) for name in seen]) or "nothing"
    return f"No file {release.name}.ipynb was found; found: {found}. {HOW_TO}"


def _on_choice(best: Found, rest: Sequence[Found], wanted: str) -> tuple[str, ...]:
    remarks = []
    if best.name != wanted:
        remarks.append(f"The file is named {shown(best.name)}; it was taken for {wanted}.")
    if rest:
        names = listed([shown(file.original) for file in rest])
        remarks.append(f"Several files may be {wanted}: {shown(best.original)} was graded, not {names}.")
    return tuple(remarks)


def _is_ours(file: Found, release: Notebook) -> bool:
    try:
        return belongs(release, read_notebook(file.read()))
    except SubmissionError:
        return False
