"""What students download: notebooks, the wheel that they import, an environment, and where to start."""

from __future__ import annotations

import tempfile
import tomllib
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.config import Course, load_assignment
from autograder.errors import CourseError
from autograder.model import Notebook
from autograder.release.files import write_atomically, writing
from autograder.release.wheel import build_wheel, students_sources
from autograder.released import load_notebooks

# The earliest moment that a zip can hold; the same for every file and day.
_DATE = (1980, 1, 1, 0, 0, 0)


def bundle(course: Course, assignment: str) -> Path:
    """Make course/bundles/<assignment>.zip from the released notebooks.

    Args:
        course: The course.
        assignment: Id of the assignment.

    Returns:
        The zip; the same bytes for the same release, whatever the day.

    Raises:
        CourseError: If the assignment is not built, the wheel can't be built, or course.toml names another one.
    """
    notebooks = load_notebooks(course, assignment)
    title = load_assignment(course, assignment).title
    files = {
        f"{notebook.name}.ipynb": (course.assignments / assignment / f"{notebook.name}.ipynb").read_bytes()
        for notebook in notebooks
    }
    project = course.root / "course_utils" / "pyproject.toml"
    if not project.is_file():
        raise CourseError(
            f"{project}: expected the students' package, found none. Bundle from the course's repository."
        )
    with writing("Bundle"), tempfile.TemporaryDirectory(prefix="bundle-") as temporary:
        wheel = build_wheel(students_sources(course.root), Path(temporary))
        check_wheel_name(course, wheel.name)
        files[wheel.name] = wheel.read_bytes()
        files["environment.yml"] = environment(course.id, _read(project), wheel.name).encode()
        files["README.md"] = students_readme(course, title, notebooks, wheel.name).encode()
        path = course.bundles / f"{assignment}.zip"
        write_atomically(path, zip_bytes({f"{assignment}/{name}": data for name, data in files.items()}))
    return path


def check_wheel_name(course: Course, built: str) -> None:
    """The wheel that the released setup cell installs has the name of the one in the bundle.

    Raises:
        CourseError: If course.toml names another version.
    """
    named = PurePosixPath(course.wheel.partition("#")[0].partition("?")[0]).name
    if named.endswith(".whl") and named != built:
        raise CourseError(
            f"{course.root / 'course.toml'}: wheel: expected an address that ends in {built}, got {named}. "
            "Mend it and run `autograder build`."
        )


def environment(name: str, project: Mapping[str, Any], wheel: str) -> str:
    """A conda environment of what the students' package needs, with a notebook to work in.

    Args:
        name: Of the environment.
        project: The students' pyproject.toml, decoded.
        wheel: File name of the wheel, which lies beside.
    """
    about = project["project"]
    needs = [*about["dependencies"], *about["optional-dependencies"]["notebook"]]
    lines = [f"name: {name}", "channels:", "  - conda-forge", "dependencies:"]
    lines += [f"  - python{about['requires-python']}", "  - pip", "  - pip:"]
    lines += [f"      - {need}" for need in [*needs, f"./{wheel}"]]
    return "\n".join(lines) + "\n"


def students_readme(course: Course, title: str, notebooks: tuple[Notebook, ...], wheel: str) -> str:
    """Where to start, in Markdown."""
    listed = "\n".join(f"- `{entry.name}.ipynb`: {entry.title}, {entry.points:g} points" for entry in notebooks)
    return f"""# {title}

{course.title}

{listed}

## On your machine
With conda:

    conda env create -f environment.yml
    conda activate {course.id}
    jupyter lab

With Python's own tools:

    python -m venv .venv
    . .venv/bin/activate
    pip install "./{wheel}[notebook]"
    jupyter lab

On Windows, activate with `.venv\\Scripts\\activate`.

## In Colab
Upload the notebook and run its first code cell, which installs what it needs.

## Handing in
Write your code where a cell says "Replace this line with your code.". Keep the file's name and the cells that are
there; add cells of your own wherever you like. Run all cells once from the top, then hand in the `.ipynb` file.
"""


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files, sorted, with fixed dates and permissions."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=_DATE)
            entry.create_system = 3  # Unix, on every system
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name], compress_type=zipfile.ZIP_DEFLATED, compresslevel=9)
    return stream.getvalue()


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
