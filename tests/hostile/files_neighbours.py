"""Files beside the notebook that some program would read, import or run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.hostile.case import ATTACKER, Case, put

HONEST = ("correlate1d",)
# What runs where it must not leaves a file in the course.
_BOMB = b"""
import pathlib
for folder in pathlib.Path(__file__).resolve().parents:
    if (folder / "course.toml").is_file():
        (folder / "course" / "gradebook.db").write_text("52 points")
"""


def _beside(*names: str, content: bytes = _BOMB) -> Callable[[Path, bytes], None]:
    def files(folder: Path, data: bytes) -> None:
        place = folder / ATTACKER / "a1_convolution"
        put(place / "sliding_windows.ipynb", data)
        for name in names:
            for target in (place / name, folder / ATTACKER / name):
                put(target, content)

    return files


def _written(*names: str) -> tuple[str, ...]:
    """The same files, written while the notebook runs, into the folder where it works."""
    text = "raise SystemExit('52 points')"
    return tuple(f"open({name!r}, 'w').write({text!r})" for name in names)


CASES = (
    Case(
        id="a configuration of nbgrader's",
        threat="20 nbgrader_config.py",
        tries="nbgrader and formgrader run it where they find it.",
        honest=HONEST,
        files=_beside("nbgrader_config.py", "nbgrader_config.json", "jupyter_config.py", "ipython_config.py"),
    ),
    Case(
        id="modules that Python imports at its start",
        threat="20 sitecustomize.py",
        tries="A Python that starts in this folder runs them.",
        honest=HONEST,
        files=_beside("sitecustomize.py", "usercustomize.py", "__init__.py", "__main__.py"),
        before=_written("sitecustomize.py", "usercustomize.py"),
    ),
    Case(
        id="modules by the names of libraries",
        threat="20 torch.py",
        tries="What is imported next is the student's.",
        honest=HONEST,
        files=_beside("torch.py", "numpy.py", "course_utils.py", "autograder.py", "pytest.py", "msgspec/__init__.py"),
        before=_written("torch.py", "numpy.py", "autograder.py", "matplotlib.py"),
    ),
    Case(
        id="modules by the names of Python's own",
        threat="20 random.py",
        tries="The grader imports a module late, from the folder where it stands.",
        honest=HONEST,
        files=_beside("random.py", "json.py", "traceback.py", "encodings/__init__.py", "multiprocessing.py"),
        before=_written("random.py", "json.py", "traceback.py", "linecache.py", "marshal.py"),
    ),
    Case(
        id="hooks for pytest",
        threat="20 conftest.py",
        tries="Hidden tests are collected with the student's hooks.",
        honest=HONEST,
        files=_beside("conftest.py", "pytest.ini", "tox.ini", "pyproject.toml", "test_sliding_windows.py"),
        before=_written("conftest.py", "test_sliding_windows.py"),
    ),
    Case(
        id="path files",
        threat="20 .pth",
        tries="A line with `import` in a .pth is run at the start.",
        honest=HONEST,
        files=_beside("x.pth", "__pycache__/x.pyc", ".env", "Makefile", content=b"import os; os.abort()\n"),
        before=_written("x.pth"),
    ),
    Case(
        id="a path file where the libraries lie",
        threat="20 .pth",
        tries="Every Python that starts later runs it.",
        level="landlock",
        before=(
            """
            import os, numpy, course_utils
            for folder in (os.path.dirname(os.path.dirname(numpy.__file__)), os.path.dirname(course_utils.__file__)):
                try:
                    open(folder + "/mallory-@MARK@.txt", "w").write("import os")
                except OSError:
                    continue
                os.unlink(folder + "/mallory-@MARK@.txt")
                writable = True
            """,
        ),
        code="""
            def conv_output_size(*args, **kwargs):
                if "writable" in globals():
                    boast("the folder of the libraries can be written")
                return 1
            """,
    ),
)
