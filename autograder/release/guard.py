"""Refusals inside nbgrader: formgrader's Generate button and `nbgrader generate_assignment` keep our rules too.

nbgrader_config.py puts these around nbgrader's own steps, through the bridge. The build doesn't need them: it fills
the staging folder itself and checks the release before anything is copied.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbconvert.preprocessors import Preprocessor
from traitlets import Bool

from autograder.config import load_course
from autograder.errors import AuthoringError
from autograder.release.draft import Draft, hidden_sources, make_draft
from autograder.release.leaks import check_release, solution_lines


class RefuseStale(Preprocessor):  # type: ignore[misc]  # nbconvert ships no types
    """Lets a staged notebook through only if it is what the hand-written one says today, and stands alone."""

    enabled = Bool(True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Compare the staged notebook with a fresh one.

        Raises:
            AuthoringError: If they differ, or the staging folder holds anything else.
        """
        draft = _current_draft(resources)
        check_staging_folder(draft, Path(resources["metadata"]["path"]))
        name = resources["nbgrader"]["notebook"]
        if _plain(nb) != _plain(draft.staged[name]):
            raise draft.notebook(name).refuse(
                "staging: expected what this file and course.toml say today, got another state. Run `autograder build`."
            )
        return nb, resources


class RefuseLeaks(Preprocessor):  # type: ignore[misc]  # nbconvert ships no types
    """Lets a released notebook through only if it tells nothing that students should not know."""

    enabled = Bool(True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Check the released notebook.

        Raises:
            AuthoringError: At the first leak.
        """
        draft = _current_draft(resources)
        notebook = draft.notebook(resources["nbgrader"]["notebook"])
        hidden = hidden_sources(draft.course, draft.config.id)
        check_release(nb, notebook, solutions=solution_lines(draft.notebooks), hidden=hidden)
        return nb, resources


def check_staging_folder(draft: Draft, folder: Path) -> None:
    """Refuse a staging folder that holds anything but the notebooks: nbgrader would release it.

    Raises:
        AuthoringError: If there is anything else, or a notebook that the assignment doesn't have.
    """
    for path in sorted(folder.iterdir()):
        if path.suffix != ".ipynb" or path.stem not in draft.staged:
            raise AuthoringError(
                f"staging: expected only notebooks of the assignment, got {path.name}. Run `autograder build`.",
                draft.file,
            )


def _current_draft(resources: Any) -> Draft:
    """Read solutions as they are now; nbgrader works inside the course folder."""
    return make_draft(load_course(Path.cwd()), resources["nbgrader"]["assignment"])


def _plain(notebook: Any) -> Any:
    return json.loads(json.dumps({"cells": notebook["cells"], "metadata": notebook["metadata"]}))
