"""docs/grade_on_colab.ipynb: its cells run as in Colab, with stand-ins for Colab's own module and for the registry."""

from __future__ import annotations

import csv
import io
import json
import re
import site
import sqlite3
import subprocess
import sys
import types
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.sandbox.levels import probe
from tests.conftest import ROOT

PATH = ROOT / "docs" / "grade_on_colab.ipynb"
ASSIGNMENT, NOTEBOOK = "a1_convolution", "sliding_windows"
STUDENTS = {"ada": True, "bob": False}

# Machines on which the program runs: one without Landlock, where the wall is "rlimits"; and one whose kernel refuses
# namespaces, as containers do.
NO_LANDLOCK = """from autograder.sandbox import landlock

landlock.abi = lambda: 0"""
NO_NAMESPACES = """import os
import sys

from tests.sandbox.refused import forbid_namespaces

# Those that it starts have given them up with it.
if __name__ == "__main__":
    # A process of one thread, which alone can.
    pid = os.fork()
    if pid:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    forbid_namespaces()"""
# What pip would have written, but for the machine.
PROGRAM = """#!{python}
{machine}

from autograder.cli import main

if __name__ == "__main__":
    main()
"""


def cells() -> Iterator[tuple[str, str]]:
    for cell in json.loads(PATH.read_bytes())["cells"]:
        if cell["cell_type"] == "code":
            yield cell["id"], "".join(cell["source"])


def zipped(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def course_zip(folder: str = "") -> bytes:
    """What `git archive` gives, as far as grading needs it; in a folder if it was zipped from outside."""
    paths = [ROOT / "course.toml"]
    paths += [path for folder in ("assignments", "solutions") for path in (ROOT / folder).rglob("*.*")]
    return zipped({f"{folder}{path.relative_to(ROOT)}": path.read_bytes() for path in paths if path.is_file()})


def submissions_zip() -> bytes:
    released = (ROOT / "assignments" / ASSIGNMENT / f"{NOTEBOOK}.ipynb").read_bytes()
    return zipped(
        {f"{name}/{NOTEBOOK}.ipynb": released if readable else b"%PDF-1.7" for name, readable in STUDENTS.items()}
    )


class Colab:
    """The cells, one after the other, in one namespace: uploads come from `given`, downloads go to `taken`."""

    def __init__(
        self, place: Path, monkeypatch: pytest.MonkeyPatch, machine: str = NO_LANDLOCK, **settings: Any
    ) -> None:
        self.machine = machine
        self.place, self.settings = place, {"PLACE": place, **settings}
        self.given: list[tuple[str, bytes]] = []
        self.taken: list[str] = []
        self.mounted: list[str] = []
        self.names: dict[str, Any] = {}
        files = types.SimpleNamespace(
            upload=lambda: dict([self.given.pop(0)]) if self.given else {}, download=self.taken.append
        )
        drive = types.SimpleNamespace(mount=self.mounted.append)
        module = types.ModuleType("google.colab")
        module.files, module.drive = files, drive
        monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
        monkeypatch.setitem(sys.modules, "google.colab", module)
        self.popen = subprocess.Popen
        monkeypatch.setattr(subprocess, "Popen", self._start)

    def run(self, last: str = "") -> None:
        for name, source in cells():
            exec(compile(source, name, "exec"), self.names)
            if name == "grade-settings":
                self.names.update(self.settings)
            if name == last:
                return

    def _upload(self) -> dict[str, bytes]:
        return dict([self.given.pop(0)]) if self.given else {}

    def _start(self, command: Any, *args: Any, **options: Any) -> Any:
        if "pip" in command:
            environment = Path(command[command.index("--python") + 1]).parents[1]
            self._install(environment, command[command.index("install") + 1 :])
            command = [sys.executable, "-c", ""]
        return self.popen(command, *args, **options)

    def _install(self, environment: Path, packages: list[str]) -> None:
        """The environment of these tests takes the place of the registry, and the repository that of the zip."""
        course = next(self.place.glob("course/**/course.toml")).parent
        assert packages == [str(course / "course_utils"), str(course)]
        (packages_folder,) = environment.glob("lib/python*/site-packages")
        lines = [str(ROOT), *site.getsitepackages()]
        (packages_folder / "these.pth").write_text("\n".join(lines) + "\n")
        program = environment / "bin" / "autograder"
        program.write_text(PROGRAM.format(python=environment / "bin" / "python", machine=self.machine))
        program.chmod(0o755)


@pytest.fixture
def colab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Colab]:
    return lambda **settings: Colab(tmp_path / "grading", monkeypatch, **settings)


def test_the_notebook_is_clean():
    """Valid, with ids that say what a cell is for, without outputs, and set to refuse a weak wall."""
    notebook = nbformat.read(PATH, as_version=4)
    nbformat.validate(notebook)
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(name.startswith("grade-") for name in ids)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert "ACCEPT_WEAKER_SANDBOX = False" in dict(cells())["grade-settings"]


def test_a_class_with_uploads(colab, capsys):
    """Course and submissions are uploaded; table, wall and a zip with all that goes home come out."""
    session = colab(ACCEPT_WEAKER_SANDBOX=True)
    session.given = [("course.zip", course_zip()), ("submissions.zip", submissions_zip())]
    session.run()
    out = capsys.readouterr().out
    assert "Students' code will run behind the wall 'rlimits'" in out
    assert "reading what the grader's user may read" in out
    assert "the course demands 'landlock', student code ran behind 'rlimits'" in out
    assert not session.mounted
    (home,) = session.taken
    with zipfile.ZipFile(home) as archive:
        names = archive.namelist()
        database = session.place / "home.db"
        database.write_bytes(archive.read("gradebook.db"))
        table = archive.read(f"exports/{ASSIGNMENT}.csv").decode("utf-8-sig").splitlines()
    assert {"secret", f"journal/{ASSIGNMENT}.jsonl", f"exports/{ASSIGNMENT}-class.html"} <= set(names)
    assert all(f"feedback/{student}/{ASSIGNMENT}/feedback.html" in names for student in STUDENTS)
    assert [row[0] for row in csv.reader(table)] == ["student", *STUDENTS]
    with closing(sqlite3.connect(database)) as gradebook:
        assert gradebook.execute("select id from student order by id").fetchall() == [(name,) for name in STUDENTS]


def test_a_wall_that_is_too_weak(colab, capsys):
    """Unless told, nothing is graded behind a wall that is weaker than the course demands; the output says so."""
    session = colab()
    session.given = [("course.zip", course_zip()), ("submissions.zip", submissions_zip())]
    with pytest.raises(SystemExit, match="autograder: ended with status 2"):
        session.run()
    assert "the course demands 'landlock', this machine gives 'rlimits'" in capsys.readouterr().out
    assert not session.taken


@pytest.mark.skipif("namespaces" not in probe().levels, reason="no namespaces on this machine to be taken away")
def test_where_namespaces_are_refused(colab, capsys):
    """A wall that meets the course's demand without them is taken, named, and nothing has to be accepted."""
    session = colab(machine=NO_NAMESPACES)
    session.given = [("course.zip", course_zip()), ("submissions.zip", submissions_zip())]
    session.run()
    out = capsys.readouterr().out
    assert re.search(r"Level namespaces +no +making namespaces: ", out)
    assert re.search(r"Students' code will run behind the wall '(landlock|uid)'", out)
    assert "student code ran behind" not in out
    assert len(session.taken) == 1


def test_cells_that_are_run_again(colab, tmp_path, capsys):
    """Fetching once more, a hasty click, keeps what was graded and the secret; no file chosen says what to do."""
    session = colab()
    session.given = [("course.zip", course_zip()), ("submissions.zip", submissions_zip())]
    session.run(last="grade-fetch")
    work = session.names["ROOT"] / "course"
    (work / "journal").mkdir(parents=True)
    (work / "secret").write_text("5e" * 32)
    session.given = [("course.zip", course_zip("convnets-main/")), ("submissions.zip", submissions_zip())]
    session.run(last="grade-fetch")
    assert "What was graded here before is kept." in capsys.readouterr().out
    assert session.names["ROOT"] != work.parent
    assert (session.names["ROOT"] / "course" / "secret").read_text() == "5e" * 32
    session.given = []
    with pytest.raises(AssertionError, match="none was chosen"):
        session.run(last="grade-fetch")
    session.given = [("course.zip", course_zip()), ("submissions.zip", submissions_zip())]
    session.run(last="grade-fetch")
    assert (work / "secret").read_text() == "5e" * 32


@pytest.mark.slow
def test_a_folder_in_drive_and_a_term_to_go_on_with(colab, tmp_path):
    """Drive is mounted; a folder of submissions is taken as it is; the secret of last time stays."""
    mine = tmp_path / "drive"
    mine.mkdir()
    (mine / "course.zip").write_bytes(course_zip("convnets-main/"))
    (mine / "term.zip").write_bytes(zipped({"secret": b"5e" * 32}))
    with zipfile.ZipFile(io.BytesIO(submissions_zip())) as archive:
        archive.extractall(mine / "submissions")
    session = colab(
        SOURCE="drive",
        COURSE=str(mine / "course.zip"),
        SUBMISSIONS=str(mine / "submissions"),
        TERM=str(mine / "term.zip"),
        ACCEPT_WEAKER_SANDBOX=True,
    )
    session.run()
    assert session.mounted == ["/content/drive"]
    with zipfile.ZipFile(session.taken[0]) as archive:
        assert archive.read("secret") == b"5e" * 32
    assert sorted(path.name for path in mine.iterdir()) == ["course.zip", "submissions", "term.zip"]


def test_a_zip_without_a_course(colab):
    """One line says what was expected in it."""
    session = colab()
    session.given = [("course.zip", zipped({"readme": b""})), ("submissions.zip", submissions_zip())]
    with pytest.raises(AssertionError, match=r"expected course\.toml in it"):
        session.run()
