"""Wheels, built from a copy so that the tree stays clean, and with the same bytes each time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from autograder.errors import CourseError

# Setuptools writes this moment, 1980-01-01, as the date of every file: the earliest that a zip can hold.
_EPOCH = "315532800"
_BUILD_S = 300.0


def build_wheel(sources: Sequence[Path], into: Path) -> Path:
    """Build a wheel with setuptools, without a network.

    This starts a program, as otherwise only the sandbox does: pip and setuptools change the process in which they
    run, and what they read here is the course's own code, never a student's.

    Args:
        sources: Files and folders that make the project's root, pyproject.toml among them.
        into: Folder for the wheel.

    Raises:
        CourseError: If pip refuses, with the last line of what it says.
    """
    with tempfile.TemporaryDirectory(prefix="wheel-") as temporary:
        project, out = Path(temporary, "project"), Path(temporary, "out")
        _copy(sources, project)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--no-build-isolation", "--wheel-dir", str(out), str(project)]
        environment = os.environ | {"SOURCE_DATE_EPOCH": _EPOCH, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
        done = subprocess.run(  # noqa: S603 - our own interpreter, on our own files
            command, env=environment, cwd=temporary, capture_output=True, text=True, timeout=_BUILD_S, check=False
        )
        wheels = sorted(out.glob("*.whl"))
        if done.returncode != 0 or len(wheels) != 1:
            said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
            raise CourseError(f"Wheel of {sources[0]}: expected pip to build it, got: {said}. Mend its pyproject.toml.")
        into.mkdir(parents=True, exist_ok=True)
        return Path(shutil.move(wheels[0], into / wheels[0].name))


def students_sources(root: Path) -> tuple[Path, ...]:
    """What the students' wheel is built from: the folder course_utils, and the licence."""
    return (*sorted((root / "course_utils").iterdir()), *_licence(root))


def staff_sources(root: Path) -> tuple[Path, ...]:
    """What the staff's wheel is built from."""
    return (root / "autograder", root / "pyproject.toml", root / "README.md", *_licence(root))


def _licence(root: Path) -> tuple[Path, ...]:
    path = root / "LICENSE"
    return (path,) if path.is_file() else ()


def _copy(sources: Sequence[Path], project: Path) -> None:
    """Copy with plain permissions, which a wheel records, and without what earlier runs left."""
    project.mkdir()
    leave_out = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info", "build", "dist", ".*")
    for source in sources:
        if leave_out(str(source.parent), [source.name]):
            continue
        if source.is_dir():
            shutil.copytree(source, project / source.name, ignore=leave_out)
        else:
            shutil.copyfile(source, project / source.name)
    for path in project.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
