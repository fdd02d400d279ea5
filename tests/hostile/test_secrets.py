"""What student code learns by looking around in its own process."""

from __future__ import annotations

from pathlib import Path

from autograder.sandbox.client import open_sandbox
from autograder.sandbox.protocol import Returned
from tests.sandbox.notebooks import FORBIDDEN, LIMITS, code

LOOK = """
import os, sys
def f():
    return repr((sys.argv, sys.orig_argv, sys.path, dict(os.environ)))
"""


def test_the_course_is_named_nowhere() -> None:
    """Neither command line, nor path, nor environment says where the course lies."""
    with open_sandbox(kind="numpy", limits=LIMITS, forbidden=FORBIDDEN) as sandbox:
        reply = sandbox.load([code(LOOK)]).ask().call("f", [], {})
    assert isinstance(reply, Returned)
    # The virtual environment may lie in the course, and Python must be found.
    around = reply.value.replace(f"{Path.cwd()}/.venv", "")
    assert "site-packages" in reply.value
    assert str(Path.cwd()) not in around
    assert "limits" not in around
