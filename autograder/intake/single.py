"""One file on the disk becomes one submission; what nbgrader hands over, notebook by notebook."""

from __future__ import annotations

from pathlib import Path

from autograder.errors import SubmissionError
from autograder.intake.files import read_file
from autograder.intake.read import MAX_FILE_BYTES, too_large
from autograder.intake.rebuild import rebuild_file
from autograder.model import Notebook, Submission


def submission_at(path: Path, release: Notebook, student: str) -> Submission:
    """Read one file with the care that a whole folder gets: no link is followed, nothing beyond the limit is read.

    Args:
        path: The file.
        release: The notebook that it answers.
        student: Whose it is.

    Returns:
        The rebuilt submission, or one with a problem.
    """
    try:
        return rebuild_file(release, student, read_file(path, MAX_FILE_BYTES, too_large), original=path.name)
    except SubmissionError as error:
        return Submission(
            student=student,
            assignment=release.assignment,
            notebook=release.name,
            problem=str(error),
            original=path.name,
        )
