"""What learning platforms and file systems make of a class: names, folders, attempts."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import CourseError
from autograder.intake.collect import collect
from autograder.intake.lms import owners
from autograder.model import Submission
from tests.intake.notebooks import release_notebook, solved, to_bytes

FIRST, SECOND = release_notebook(), release_notebook("pooling")
DATA = {"sliding_windows": to_bytes(solved(FIRST)), "pooling": to_bytes(solved(SECOND))}


@pytest.fixture
def put(tmp_path: Path) -> Any:
    """Hand in: paths below the submissions folder, each with the notebook that its name tells."""

    def write_all(*paths: str) -> None:
        for path in paths:
            place = tmp_path / path
            place.parent.mkdir(parents=True, exist_ok=True)
            other = b"%PDF-1.7" if path.endswith(".pdf") else b"text"
            own = next((data for name, data in DATA.items() if name in path.lower().replace(" ", "_")), other)
            place.write_bytes(other if path.endswith((".pdf", ".txt", ".html", ".csv")) else own)

    return write_all


def graded(folder: Path) -> dict[str, dict[str, Submission]]:
    """Student to notebook to what is graded."""
    found: dict[str, dict[str, Submission]] = {}
    for entry in collect(folder, "a1_convolution", [FIRST, SECOND], others=["a2_pooling"]):
        found.setdefault(entry.student, {})[entry.notebook] = entry
    return found


def whole(folder: Path) -> list[str]:
    """Students both of whose notebooks were found, without a word."""
    found = graded(folder)
    assert {entry.problem for entries in found.values() for entry in entries.values()} == {None}
    assert {entry.remarks for entries in found.values() for entry in entries.values()} == {()}
    return list(found)


def test_canvas(tmp_path: Path, put: Any) -> None:
    """Each file has a number of its own, late ones a mark, and those that were sent again a count."""
    put(
        "doejane_12345_678901_sliding_windows.ipynb",
        "doejane_12345_678902_pooling-2.ipynb",
        "roerichard_LATE_12346_678903_sliding_windows-1.ipynb",
        "roerichard_LATE_12346_678904_pooling.ipynb",
        "grades.csv",
    )
    assert whole(tmp_path) == ["doejane_12345", "roerichard_12346"]


def test_names_that_are_like_those_of_canvas(tmp_path: Path, put: Any) -> None:
    """Two people are never taken for one: what would give one of them two files of a name is no platform's."""
    put("s_2026_100001_sliding_windows.ipynb", "s_2026_100002_sliding_windows.ipynb")
    assert list(graded(tmp_path)) == ["s_2026_100001", "s_2026_100002"]


@pytest.mark.parametrize("end", ["_/", "_"])
def test_moodle(tmp_path: Path, put: Any, end: str) -> None:
    """A folder for each, or a file for each; text that was typed in beside it is not another student."""
    for name in ("Jane Doe_1234567", "Zoë van Dyke_1234568"):
        put(*(f"{name}_assignsubmission_file{end}{notebook}.ipynb" for notebook in DATA))
        put(f"{name}_assignsubmission_onlinetext{end}onlinetext.html")
    assert list(graded(tmp_path)) == ["Jane Doe", "Zoë van Dyke"]
    assert all(entry.problem is None for entries in graded(tmp_path).values() for entry in entries.values())


def test_moodle_namesakes(tmp_path: Path, put: Any) -> None:
    """Two of one name, or all of them where it is marked blindly, are told apart by their numbers."""
    put(*(f"Participant_{n}_assignsubmission_file_/{name}.ipynb" for n in (11, 12) for name in DATA))
    assert whole(tmp_path) == ["Participant_11", "Participant_12"]


def test_blackboard(tmp_path: Path, put: Any) -> None:
    """The newest attempt counts, and what is missing there is taken from the one before; receipts are no one's."""
    early, late = "Assignment 1_jdoe_attempt_2026-09-20-08-00-00", "Assignment 1_jdoe_attempt_2026-09-21-10-30-00"
    put(f"{early}_sliding_windows.ipynb", f"{early}_pooling.ipynb", f"{early}.txt", f"{late}.txt")
    put(f"{late}_sliding_windows.ipynb")
    entries = graded(tmp_path)["jdoe"]
    assert list(graded(tmp_path)) == ["jdoe"]
    assert entries["sliding_windows"].original == f"{late}_sliding_windows.ipynb"
    assert entries["pooling"].original == f"{early}_pooling.ipynb"


def test_brightspace(tmp_path: Path, put: Any) -> None:
    """A folder for each attempt, of which the newest counts, by its date and not by its letters."""
    for when in ("Sep 9, 2026 1130 PM", "Sep 10, 2026 830 AM"):
        put(*(f"12345-67890 - Jane Doe - {when}/{name}.ipynb" for name in DATA))
    put("12346-67891 - Roe, Richard - Oct 1, 2026 1200 PM/pooling.ipynb", "index.html")
    found = graded(tmp_path)
    assert list(found) == ["Jane Doe", "Roe, Richard"]
    assert "Sep 10" in found["Jane Doe"]["pooling"].original
    assert "Handed in besides and not used" in found["Jane Doe"]["pooling"].remarks[0]


@pytest.mark.parametrize(
    "form",
    [
        "Jane Doe - {}.ipynb",
        "{} - Jane Doe.ipynb",
        "Jane Doe_{} - Copy.ipynb",
        "Jane Doe_{} (1).ipynb",
        "Jane Doe-{}-Copy1.ipynb",
        "Jane Doe/Submission attachment(s)/{}.ipynb",
        "Jane Doe/my work/final/{}.ipynb",
        "Jane Doe/a1_convolution/new folder/{}.ipynb",
    ],
)
def test_one_student(tmp_path: Path, put: Any, form: str) -> None:
    """However names are joined and folders lie in each other, both notebooks are one student's."""
    put(*(form.format(name) for name in DATA))
    found = graded(tmp_path)
    assert list(found) == ["Jane Doe"]
    assert [entry.problem for entry in found["Jane Doe"].values()] == [None, None]


def test_a_packed_class(tmp_path: Path) -> None:
    """A platform's zip, forgotten to be unpacked, is not one student's."""
    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as packed:
        for name in ("doejane_12345_678901", "roerichard_12346_678903"):
            packed.writestr(f"{name}_pooling.ipynb", DATA["pooling"])
    with pytest.raises(CourseError, match=r"got submissions.zip, a zip of 2 students\. Unpack it"):
        graded(tmp_path)


def test_other_assignments_are_left_alone(tmp_path: Path, put: Any) -> None:
    """A folder of another assignment isn't looked into, whatever lies in it."""
    put("ada/a2_pooling/sliding_windows.ipynb", "ada/pooling.ipynb")
    entries = graded(tmp_path)["ada"]
    assert entries["pooling"].problem is None
    assert (entries["sliding_windows"].problem or "").startswith("No file sliding_windows.ipynb was found")


@pytest.mark.parametrize("name", ["ada_sliding_windows.pdf", "ada - sliding windows.py", "ada_Sliding_Windows.html"])
def test_another_kind_of_file(tmp_path: Path, put: Any, name: str) -> None:
    """Whoever handed in something else beside the others' notebooks is told so, and not forgotten."""
    put(name, "ben_sliding_windows.ipynb")
    found = graded(tmp_path)
    assert list(found) == ["ada", "ben"]
    assert f"found: {name}" in (found["ada"]["sliding_windows"].problem or "")


def test_another_ending(tmp_path: Path, put: Any) -> None:
    """A browser's `.ipynb.txt` beside the students' folders is read all the same."""
    (tmp_path / "ada_sliding_windows.ipynb.txt").write_bytes(DATA["sliding_windows"])
    assert graded(tmp_path)["ada"]["sliding_windows"].problem is None


def test_folders_without_end(tmp_path: Path, put: Any) -> None:
    """Folders are looked into so deep and no deeper, and never through links."""
    put("ada/" + "deep/" * 30 + "sliding_windows.ipynb", "ada/pooling.ipynb")
    (tmp_path / "ada/loop").symlink_to(tmp_path / "ada")
    found = graded(tmp_path)["ada"]
    assert found["pooling"].problem is None
    assert found["sliding_windows"].problem is not None


def test_owners_says_nothing_of_ordinary_names() -> None:
    """What people call their folders and files is no platform's."""
    assert owners(["ada", "Doe, Jane", "ada_sliding_windows.ipynb", "team_1_2.zip", "2026-09 - x"]) == {}
