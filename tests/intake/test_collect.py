"""A folder of submissions, with whatever may lie in it."""

from __future__ import annotations

import errno
import io
import os
import stat
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import CourseError, NothingHandedInError
from autograder.intake import archive
from autograder.intake.collect import collect
from autograder.model import Notebook, Submission
from tests.intake.notebooks import as_handed_out, code_cell, release_notebook, saved_by_colab, solved, to_bytes

NAME = "sliding_windows.ipynb"


@pytest.fixture
def data(content: dict[str, Any]) -> bytes:
    """The solved notebook's bytes."""
    return to_bytes(content)


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Write a file below the submissions folder."""

    def write(path: str, content: bytes) -> Path:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target

    return write


def by_student(folder: Path, *notebooks: Notebook) -> dict[str, Submission]:
    found = collect(folder, "a1_convolution", notebooks or [release_notebook()])
    assert len({entry.student for entry in found}) == len(found)
    return {entry.student: entry for entry in found}


def only(folder: Path) -> Submission:
    (submission,) = by_student(folder).values()
    return submission


def make_zip(members: dict[str, bytes], **more: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content, **more)
    return buffer.getvalue()


def problem(folder: Path) -> str:
    submission = only(folder)
    assert submission.problem is not None
    assert submission.cells == ()
    assert "\n" not in submission.problem
    return submission.problem


def test_layouts(tmp_path: Path, put: Any, data: bytes) -> None:
    """All layouts may lie side by side; students come sorted, paths are kept for staff."""
    put(f"dora/{NAME}", data)
    put(f"ben/a1_convolution/{NAME}", data)
    put("ada.ipynb", data)
    put("carl_sliding_windows.ipynb", data)
    put("emil.zip", make_zip({f"work/{NAME}": data}))
    put("fay/upload.zip", make_zip({NAME: data}))
    found = collect(tmp_path, "a1_convolution", [release_notebook()])
    assert [(entry.student, entry.original) for entry in found] == [
        ("ada", "ada.ipynb"),
        ("ben", f"ben/a1_convolution/{NAME}"),
        ("carl", "carl_sliding_windows.ipynb"),
        ("dora", f"dora/{NAME}"),
        ("emil", f"emil.zip/work/{NAME}"),
        ("fay", f"fay/upload.zip/{NAME}"),
    ]
    assert {entry.problem for entry in found} == {None}
    assert {entry.remarks for entry in found} == {()}
    assert {entry.sha256 for entry in found} == {found[0].sha256}
    assert {entry.cells for entry in found} == {found[0].cells}


def test_collecting_twice_gives_the_same(tmp_path: Path, put: Any, data: bytes) -> None:
    """Dates of files play no part, and nothing is written."""
    path = put(f"ada/{NAME}", data)
    first = tuple(collect(tmp_path, "a1_convolution", [release_notebook()]))
    os.utime(path, (0, 0))
    assert tuple(collect(tmp_path, "a1_convolution", [release_notebook()])) == first
    assert first[0].submitted_at is None
    assert [entry.name for entry in tmp_path.rglob("*")] == ["ada", NAME]


def test_junk_is_ignored(tmp_path: Path, put: Any, data: bytes) -> None:
    """What systems, editors and nbgrader leave behind is nobody's submission."""
    put(f"ada/{NAME}", data)
    put(f"ada/.ipynb_checkpoints/{NAME}", b"old")
    put("ada/.DS_Store", b"\x00")
    put("ada/feedback/sliding_windows.html", b"<html>")
    put(f".ipynb_checkpoints/{NAME}", b"old")
    put(f"__MACOSX/ada/._{NAME}", b"\x00")
    put(".DS_Store", b"\x00")
    put("grades.csv", b"a,b")
    put("._ben.ipynb", b"\x00")
    submission = only(tmp_path)
    assert (submission.student, submission.problem, submission.remarks) == ("ada", None, ())


def test_missing_folder(tmp_path: Path) -> None:
    """A wrong path is told in one line."""
    for folder in (tmp_path / "nothing", tmp_path / "file"):
        (tmp_path / "file").touch()
        with pytest.raises(
            CourseError, match=r"expected a folder at .*, found none\. Put them there as <student>/"
        ) as caught:
            collect(folder, "a1_convolution", [release_notebook()])
        assert "\n" not in str(caught.value)


def test_empty_folder(tmp_path: Path, put: Any) -> None:
    """A folder without submissions is told in one line, stray files or not."""
    put("readme.txt", b"hello")
    with pytest.raises(CourseError, match=r"Submissions: expected them in .*, found none\. Put them there as"):
        collect(tmp_path, "a1_convolution", [release_notebook()])


@pytest.mark.parametrize("inside", [NAME, f"a1_convolution/{NAME}"])
def test_folder_of_one_student(tmp_path: Path, put: Any, data: bytes, inside: str) -> None:
    """Given one student's folder, the instructor is told to go one up."""
    put(f"ada/{inside}", data)
    with pytest.raises(CourseError, match=r"got one student's .*\. Give the folder above\."):
        collect(tmp_path / "ada", "a1_convolution", [release_notebook()])


def test_nameless_notebook_beside_others(tmp_path: Path, put: Any, data: bytes) -> None:
    """A notebook that names no student is a problem of its own."""
    put("ada.ipynb", data)
    put(NAME, data)
    found = by_student(tmp_path)
    assert found["ada"].problem is None
    assert found["sliding_windows"].problem == (
        f"{NAME}: expected the student's name in the file's name. Rename it <student>_sliding_windows.ipynb."
    )


def test_one_bad_submission_stops_nobody(tmp_path: Path, put: Any, data: bytes) -> None:
    """Every kind of bad file lies between two good ones."""
    put(f"ada/{NAME}", data)
    put(f"ben/{NAME}", b"%PDF-1.4")
    put(f"carl/{NAME}", b"[" * 100_000)
    put("dora.zip", b"PK\x03\x04 broken")
    (tmp_path / "emil").mkdir()
    (tmp_path / "fay").symlink_to(tmp_path / "ada")
    put(f"zoe/{NAME}", data)
    found = by_student(tmp_path)
    assert [name for name, entry in found.items() if entry.problem is None] == ["ada", "zoe"]
    assert len(found) == 7


def test_our_own_fault_stops_nobody(tmp_path: Path, put: Any, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours becomes a problem that says so; the traceback is kept for staff."""
    put(f"ada/{NAME}", data)
    monkeypatch.setattr("autograder.intake.collect.rebuild_file", lambda *args, **more: {}["bug"])
    assert problem(tmp_path) == "Our reader failed on this file: the fault is ours. A person will look at it."
    assert "KeyError" in by_student(tmp_path)["ada"].fault


# Which file is the notebook


def test_nothing_was_handed_in(tmp_path: Path, put: Any) -> None:
    """A folder without the notebook says what was found instead."""
    (tmp_path / "ada").mkdir()
    assert problem(tmp_path).startswith(f"No file {NAME} was found; found: nothing. In Jupyter choose")
    for name in ("homework.pdf", "notes.docx", "sliding_windows.html", "b.py", "c.py", "d.py"):
        put(f"ada/{name}", b"x")
    assert "found: b.py, c.py, d.py, homework.pdf, notes.docx and 1 more. In Jupyter" in problem(tmp_path)


def test_all_was_handed_in_for_another_assignment(tmp_path: Path, put: Any, data: bytes) -> None:
    """Rather than give a whole class nothing, it is said; one file for this assignment, and it is a class."""
    put("ada/a2_pooling/pooling.ipynb", data)
    (tmp_path / "bob").mkdir()
    notebooks = [release_notebook()]
    with pytest.raises(NothingHandedInError, match=r"expected some for a1_convolution .* 2 students' .* a2_pooling's"):
        collect(tmp_path, "a1_convolution", notebooks, others=["a2_pooling", "a3"])
    assert len(collect(tmp_path, "a1_convolution", notebooks, others=["a3"])) == 2
    put("bob/homework.pdf", b"x")
    assert len(collect(tmp_path, "a1_convolution", notebooks, others=["a2_pooling", "a3"])) == 2


@pytest.mark.parametrize(
    "name",
    [
        "sliding_windows (1).ipynb",
        "sliding_windows-Copy1.ipynb",
        "Copy of sliding_windows.ipynb",
        "Kopie von sliding_windows.ipynb",
        "Sliding Windows.ipynb",
        "SLIDING_WINDOWS.IPYNB",
        "sliding-windows_final_v2.ipynb",
        "sliding_windows.ipynb.txt",
        "sliding_windows.ipynb.json",
        "sliding_windows.json",
        "ada_1234_5678_sliding_windows-2.ipynb",
    ],
)
def test_similar_name(tmp_path: Path, put: Any, data: bytes, name: str) -> None:
    """What browsers, editors, systems and an LMS make of the name is understood, and remarked on."""
    put(f"ada/{name}", data)
    submission = only(tmp_path)
    assert submission.problem is None
    assert submission.remarks == (f"The file is named {name}; it was taken for {NAME}.",)


def test_exact_name_wins(tmp_path: Path, put: Any, data: bytes) -> None:
    """Of several files the one with the right name is graded, unless it is broken and another isn't."""
    put(f"ada/{NAME}", data)
    put("ada/sliding_windows (1).ipynb", data)
    submission = only(tmp_path)
    assert submission.original == f"ada/{NAME}"
    assert submission.remarks == (
        f"Several files may be {NAME}: ada/{NAME} was graded, not ada/sliding_windows (1).ipynb.",
    )
    put(f"ada/{NAME}", data[:100])
    assert only(tmp_path).original == "ada/sliding_windows (1).ipynb"
    put("ada/sliding_windows (1).ipynb", b"{}")
    assert "ends too early" in (only(tmp_path).problem or "")


def test_newest_copy_wins(tmp_path: Path, put: Any, data: bytes) -> None:
    """Among copies the highest number is the newest, also beyond nine."""
    for number in (1, 12, 3):
        put(f"ada/sliding_windows ({number}).ipynb", data)
    put("ada/sliding_windows copy.ipynb", data)
    submission = only(tmp_path)
    assert submission.original == "ada/sliding_windows (12).ipynb"
    assert submission.problem is None


def test_renamed_notebook(tmp_path: Path, put: Any, data: bytes) -> None:
    """A file of another name is taken if its cells are ours, whatever else lies there."""
    put("ada/homework.ipynb", data)
    put("ada/other.ipynb", to_bytes({"cells": [code_cell("x = 1")], "nbformat": 4}))
    put("ada/broken.ipynb", b"{")
    submission = only(tmp_path)
    assert submission.original == "ada/homework.ipynb"
    assert submission.remarks == (f"The file is named homework.ipynb; it was taken for {NAME}.",)


def test_renamed_and_stripped(tmp_path: Path, put: Any, content: dict[str, Any]) -> None:
    """A renamed notebook without any metadata is known by its functions."""
    put("ada/Untitled0.ipynb", to_bytes(saved_by_colab(content, keep_nbgrader=False, keep_id=False)))
    assert only(tmp_path).problem is None


def test_two_renamed_notebooks(tmp_path: Path, put: Any, data: bytes) -> None:
    """We don't guess between two that could be it, and say what to do; two that are the same are one."""
    put("ada/one.ipynb", data)
    put("ada/two.ipynb", data)
    assert only(tmp_path).remarks[0] == f"The file is named one.ipynb; it was taken for {NAME}."
    put("ada/two.ipynb", data + b"\n")
    assert problem(tmp_path) == (
        f"Any of several files may be {NAME}: one.ipynb, two.ipynb. Call the one that counts {NAME}."
    )


def test_foreign_notebook_is_not_taken(tmp_path: Path, put: Any) -> None:
    """A notebook of something else isn't taken for ours."""
    put("ada/homework (1).ipynb", to_bytes({"cells": [code_cell("import numpy as np")], "nbformat": 4}))
    assert problem(tmp_path).startswith(f"No file {NAME} was found; found: homework (1).ipynb.")


def test_folder_before_file_before_zip(tmp_path: Path, put: Any, data: bytes) -> None:
    """A student with several hand-ins has the folder graded, and is told of the rest."""
    put(f"ada/{NAME}", data)
    put("ada.zip", make_zip({NAME: b"{}"}))
    put("ada_sliding_windows.ipynb", b"{}")
    submission = only(tmp_path)
    assert (submission.original, submission.problem) == (f"ada/{NAME}", None)
    assert submission.remarks == ("Handed in besides and not used: ada_sliding_windows.ipynb, ada.zip.",)


def test_folder_without_the_notebook_leaves_room(tmp_path: Path, put: Any, data: bytes) -> None:
    """Where the folder lacks the notebook, the zip is looked into."""
    put("ada/notes.txt", b"x")
    put("ada.zip", make_zip({NAME: data}))
    assert only(tmp_path).original == f"ada.zip/{NAME}"


def test_modules_beside_the_notebook(tmp_path: Path, put: Any, data: bytes) -> None:
    """Modules and configuration beside the notebook play no part; the student is told."""
    put(f"ada/{NAME}", data)
    for name in ("torch.py", "nbgrader_config.py", "evil.pth"):
        put(f"ada/{name}", b"raise SystemExit")
    remark = "Only the notebook is graded, without nbgrader_config.py, torch.py: put what you need into its cells."
    assert only(tmp_path).remarks == (remark,)


def test_several_notebooks(tmp_path: Path, put: Any) -> None:
    """Each student has one submission per notebook; a similar name goes to the notebook that it means."""
    first, second = release_notebook(), release_notebook("sliding_windows_backward")
    put(f"ada/{NAME}", to_bytes(solved(first)))
    put("ada/sliding_windows_backward (1).ipynb", to_bytes(as_handed_out(second)))
    put("ben_sliding_windows_backward.ipynb", to_bytes(solved(second)))
    found = collect(tmp_path, "a1_convolution", [second, first])
    assert [(entry.student, entry.notebook, entry.original) for entry in found] == [
        ("ada", "sliding_windows", f"ada/{NAME}"),
        ("ada", "sliding_windows_backward", "ada/sliding_windows_backward (1).ipynb"),
        ("ben", "sliding_windows", ""),
        ("ben", "sliding_windows_backward", "ben_sliding_windows_backward.ipynb"),
    ]
    assert [entry.problem is None for entry in found] == [True, True, False, True]


# Names of students


@pytest.mark.parametrize("name", ["O'Neil, Anna (3)", "ada@example.edu", "李小龍", "Ångström", "=cmd", "a+b", "-x"])
def test_ordinary_names(tmp_path: Path, put: Any, data: bytes, name: str) -> None:
    """Names in any script are kept as they are."""
    put(f"{name}/{NAME}", data)
    submission = only(tmp_path)
    assert (submission.student, submission.problem) == (name, None)


def test_decomposed_name(tmp_path: Path, put: Any, data: bytes) -> None:
    """A Mac's decomposed name is the same student."""
    put(unicodedata.normalize("NFD", f"José/{NAME}"), data)
    submission = only(tmp_path)
    assert (submission.student, submission.problem) == ("José", None)


def test_two_forms_of_one_name(tmp_path: Path, put: Any, data: bytes) -> None:
    """Two folders that differ in Unicode form only: one is graded, the other is a problem."""
    for form in ("NFC", "NFD"):
        put(unicodedata.normalize(form, f"José/{NAME}"), data)
    found = by_student(tmp_path)
    assert found.pop("José").problem is None
    (twin,) = found.values()
    assert twin.problem == "Two folders are named José, in different Unicode forms. Put their files into one."


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"a" * 101, "at most 100 characters, got 101"),
        (b"ada\x1b[31m", "a name of printable characters"),
        (b"ada\nben", "a name of printable characters"),
        (b"\xff\xfeada", "a name of printable characters"),
        (b"<script>alert(1)", "a name without <"),
        ("ada\u202enibor".encode(), "a name without <"),
        (b"ada ", "a name without white space at its ends"),
    ],
)
def test_unusable_names(tmp_path: Path, data: bytes, raw: bytes, fault: str) -> None:
    """A name that can't be used gives a problem under a safe one."""
    folder = tmp_path / os.fsdecode(raw)
    folder.mkdir()
    (folder / NAME).write_bytes(data)
    submission = only(tmp_path)
    assert f"expected {fault}" in (submission.problem or "")
    assert submission.student.isascii()
    assert submission.student.replace("-", "").replace("_", "").isalnum()
    (submission.problem or "").encode()
    assert (submission.problem or "").isprintable()


def test_unusable_file_names(tmp_path: Path, put: Any, data: bytes) -> None:
    """Names of files that can't be shown do no harm in messages."""
    put("ada/notes.txt", b"")
    for raw in (b"\xff\x1b]0;x.ipynb", b"\xe2\x80\xae.ipynb"):
        (tmp_path / "ada" / os.fsdecode(raw)).write_bytes(b"{")
    text = problem(tmp_path)
    assert text.isprintable()
    text.encode()


# Links, pipes, permissions


@pytest.mark.parametrize(
    "place", ["ada", f"ada/{NAME}", "ada/a1_convolution", f"ada/a1_convolution/{NAME}", "ada.ipynb"]
)
def test_links_are_not_followed(tmp_path: Path, put: Any, data: bytes, place: str) -> None:
    """A link in any place is a problem, wherever it leads."""
    put(f"outside/a1_convolution/{NAME}", data)
    put(f"outside/{NAME}", data)
    folder = tmp_path / "submissions"
    link = folder / place
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "outside" / (NAME if place.endswith(".ipynb") else "."))
    assert "got a link to one, which isn't followed. Hand in the notebook itself." in problem(folder)


def test_dangling_and_circular_links(tmp_path: Path) -> None:
    """Links that lead nowhere are problems too."""
    (tmp_path / "ada").symlink_to(tmp_path / "nowhere")
    (tmp_path / "ben").symlink_to(tmp_path / "ben")
    (tmp_path / "carl.zip").symlink_to(tmp_path / "nowhere")
    found = by_student(tmp_path)
    assert sorted(found) == ["ada", "ben", "carl"]
    assert all("got a link" in (entry.problem or "") for entry in found.values())


def test_timestamp_is_no_way_out(tmp_path: Path, put: Any, data: bytes) -> None:
    """A timestamp.txt that is a link is not read."""
    put(f"sub/ada/a1_convolution/{NAME}", data)
    put("time", b"2026-03-01 12:30:00 UTC")
    (tmp_path / "sub/ada/a1_convolution/timestamp.txt").symlink_to(tmp_path / "time")
    submission = only(tmp_path / "sub")
    assert submission.submitted_at is None
    assert submission.remarks == ("timestamp.txt holds no time that can be read: the time of submission is unknown.",)


def test_pipe(tmp_path: Path) -> None:
    """A pipe is refused without waiting for a writer."""
    (tmp_path / "ada").mkdir()
    os.mkfifo(tmp_path / "ada" / NAME)
    assert "expected a plain file, got a pipe, device or folder" in problem(tmp_path)


def test_folder_named_like_the_notebook(tmp_path: Path, put: Any, data: bytes) -> None:
    """A folder in the notebook's place isn't read as a file, and is looked into like any other."""
    put(f"ada/{NAME}/{NAME}", data)
    assert only(tmp_path).original == f"ada/{NAME}/{NAME}"
    put(f"ben/{NAME}/notes.txt", data)
    assert f"No file {NAME} was found; found: notes.txt" in (by_student(tmp_path)["ben"].problem or "")


def test_unreadable_file(tmp_path: Path, put: Any, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or folder without permission to read is a problem, and the others are read."""
    put(f"ada/{NAME}", data)
    put(f"ben/{NAME}", data)
    put(f"carl/{NAME}", data)
    really_open, really_list = os.open, os.scandir

    def guarded(really: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(path: Any, *args: Any, **more: Any) -> Any:
            if name in Path(path).parts:
                raise PermissionError(errno.EACCES, "Permission denied")
            return really(path, *args, **more)

        return call

    monkeypatch.setattr(os, "open", guarded(really_open, "ada"))
    monkeypatch.setattr(os, "scandir", guarded(really_list, "ben"))
    found = by_student(tmp_path)
    want = "expected something readable, got: Permission denied. Check its permissions and the disk."
    assert [entry.problem for entry in found.values()] == [f"{NAME}: {want}", f"ben: {want}", None]


def test_large_file_is_not_read(tmp_path: Path, put: Any) -> None:
    """A file of 100 MB is refused by its size alone."""
    os.truncate(put(f"ada/{NAME}", b""), 100_000_000)
    assert problem(tmp_path).startswith(f"{NAME}: expected at most 20 MB, got 100 MB. Clear all outputs")


# The time


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-03-01 12:30:00.000000 UTC", "2026-03-01T12:30:00+00:00"),
        ("2026-03-01 12:30:00.250000 UTC\n", "2026-03-01T12:30:00.250000+00:00"),
        ("2026-03-01 12:30:00", "2026-03-01T12:30:00+00:00"),
        ("2026-03-01 12:30:00 +0100", "2026-03-01T11:30:00+00:00"),
        ("2026-07-01 12:30:00 Europe/Berlin", "2026-07-01T10:30:00+00:00"),
        ("2026-03-01T12:30:00-05:00", "2026-03-01T17:30:00+00:00"),
        ("yesterday", None),
        ("", None),
        ("2026-13-01 12:30:00 UTC", None),
        ("2026-03-01 12:30:00 ../../etc/passwd", None),
        ("2026-03-01 12:30:00 Nowhere/City", None),
        ("0001-01-01 00:00:00 +1000", None),
        ("x" * 1000, None),
    ],
)
def test_timestamp(tmp_path: Path, put: Any, data: bytes, text: str, when: str | None) -> None:
    """nbgrader's timestamp.txt gives the time, in UTC; what can't be read is remarked on."""
    put(f"ada/a1_convolution/{NAME}", data)
    put("ada/a1_convolution/timestamp.txt", text.encode())
    submission = only(tmp_path)
    assert (submission.submitted_at, submission.problem) == (when, None)
    assert bool(submission.remarks) == (when is None)


def test_time_from_the_student_is_not_believed(tmp_path: Path, put: Any, data: bytes) -> None:
    """A timestamp.txt that a student packed, or put beside the notebook, is no date of submission."""
    early = b"2000-01-01 00:00:00 UTC"
    put("ada.zip", make_zip({NAME: data, "timestamp.txt": early, "a1_convolution/timestamp.txt": early}))
    put(f"ben/{NAME}", data)
    put("ben/timestamp.txt", early)
    assert {entry.submitted_at for entry in by_student(tmp_path).values()} == {None}


# Zips


def test_zip_of_a_mac(tmp_path: Path, put: Any, data: bytes) -> None:
    """Resource forks, checkpoints and folders in a zip are passed over, the shallowest notebook is taken."""
    members = {
        "work/": b"",
        f"work/.ipynb_checkpoints/{NAME}": b"old",
        f"work/a/{NAME}": data.replace(b"shared", b"few"),
        f"work/{NAME}": data,
        f"__MACOSX/work/._{NAME}": b"\x00",
    }
    put("ada.zip", make_zip(members))
    submission = only(tmp_path)
    assert submission.problem is None
    assert submission.original == f"ada.zip/work/{NAME}"


@pytest.mark.parametrize(
    ("path", "got"),
    [
        ("../evil.ipynb", "'../evil.ipynb', which points out of the zip"),
        ("a/../../evil", "'a/../../evil', which points out of the zip"),
        ("..\\evil", "'../evil', which points out of the zip"),
        ("/etc/passwd", "'/etc/passwd', which has an absolute path"),
        ("C:\\evil", "'C:/evil', which has an absolute path"),
        ("\\\\host\\share", "'//host/share', which has an absolute path"),
    ],
)
def test_zip_paths(tmp_path: Path, put: Any, data: bytes, path: str, got: str) -> None:
    """Paths that lead out of the zip refuse it."""
    put("ada.zip", make_zip({NAME: data, path: b"x"}))
    assert problem(tmp_path).startswith(f"ada.zip: expected a zip of plain files, got {got}. Hand in the notebook by")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFBLK])
def test_zip_links_and_devices(tmp_path: Path, put: Any, data: bytes, kind: int) -> None:
    """Links and devices in a zip refuse it."""
    info = zipfile.ZipInfo(NAME)
    info.external_attr = (kind | 0o777) << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(info, b"/etc/passwd")
    put("ada.zip", buffer.getvalue())
    assert "which is a link or a device" in problem(tmp_path)


def test_zip_with_a_virtual_environment(tmp_path: Path, put: Any, data: bytes) -> None:
    """Links in what systems and tools leave behind are passed over with it."""
    info = zipfile.ZipInfo("work/.venv/bin/python")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = io.BytesIO(make_zip({f"work/{NAME}": data}))
    with zipfile.ZipFile(buffer, "a") as packed:
        packed.writestr(info, "/usr/bin/python3")
    put("ada.zip", buffer.getvalue())
    assert only(tmp_path).problem is None


def test_zip_with_much_of_the_same_in_it(tmp_path: Path, put: Any, content: dict[str, Any]) -> None:
    """A notebook with megabytes of printed zeros is no bomb."""
    content["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["0. " * 3_000_000]}]
    put("ada.zip", make_zip({NAME: to_bytes(content)}))
    assert (tmp_path / "ada.zip").stat().st_size < 40_000
    assert only(tmp_path).problem is None


def test_zip_with_password(tmp_path: Path, put: Any, data: bytes) -> None:
    """A locked zip is refused."""
    packed = bytearray(make_zip({NAME: data}))
    packed[6] |= 1
    packed[packed.rindex(b"PK\x01\x02") + 8] |= 1
    put("ada.zip", bytes(packed))
    assert "which is locked by a password" in problem(tmp_path)


@pytest.mark.parametrize("twin", ["SLIDING_WINDOWS.ipynb", NAME])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zip_twins(tmp_path: Path, put: Any, data: bytes, twin: str) -> None:
    """Two members of one name, or of names that differ in case only, refuse it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(NAME, data)
        packed.writestr(twin, b"{}")
    put("ada.zip", buffer.getvalue())
    assert "expected each file once, got two files of one name" in problem(tmp_path)


def test_zip_twins_in_unicode(tmp_path: Path, put: Any, data: bytes) -> None:
    """Two Unicode forms of one name refuse it."""
    put("ada.zip", make_zip({NAME: data} | {unicodedata.normalize(form, "é.txt"): b"" for form in ("NFC", "NFD")}))
    assert "expected each file once" in problem(tmp_path)


def test_nested_zip_is_not_opened(tmp_path: Path, put: Any, data: bytes) -> None:
    """A zip in the zip is named in the message; beside the notebook it does no harm."""
    inner = make_zip({NAME: data})
    put("ada.zip", make_zip({"inner.zip": inner}))
    put("ben.zip", make_zip({"inner.zip": inner, NAME: data}))
    found = by_student(tmp_path)
    assert (found["ada"].problem or "").startswith(f"No file {NAME} was found; found: ada.zip, inner.zip.")
    assert found["ben"].problem is None


def test_zip_bomb(tmp_path: Path, put: Any) -> None:
    """200 KB that unpack to 200 MB are refused by what the zip declares."""
    put("ada.zip", make_zip({NAME: b" " * 50_000_000}))
    text = problem(tmp_path)
    assert text.startswith("ada.zip: expected a zip of notebooks, got 0.0 MB that unpack to 50 MB.")


def test_zip_of_too_much(tmp_path: Path, put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to more than the limit is refused, however well it is packed."""
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 2_000_000)
    put("ada.zip", make_zip({"data.bin": os.urandom(2_500_000)}))
    assert "got 2.5 MB that unpack to 2 MB" in problem(tmp_path)


def test_zip_of_junk(tmp_path: Path, put: Any, data: bytes) -> None:
    """What a Mac adds to a zip isn't listed as found."""
    put("ada.zip", make_zip({f"__MACOSX/._{NAME}": data, "work/.DS_Store": b"", "work/notes.txt": b""}))
    assert f"No file {NAME} was found; found: ada.zip, notes.txt. In" in problem(tmp_path)


def test_zip_bomb_that_lies(tmp_path: Path, put: Any) -> None:
    """A zip that declares less than it holds is cut off at what it declares, and found damaged."""
    packed = bytearray(make_zip({NAME: b" " * 30_000_000}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        position = packed.rindex(mark) + offset
        packed[position : position + 4] = (1000).to_bytes(4, "little")
    put("ada.zip", bytes(packed))
    assert "expected a whole file in the zip, got a damaged one" in problem(tmp_path)


def test_zip_member_above_the_limit(tmp_path: Path, put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member beyond a notebook's limit is not read to its end."""
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 1000)
    put("ada.zip", make_zip({NAME: os.urandom(3_000_000)}))
    assert problem(tmp_path).startswith(f"{NAME}: expected at most 20 MB, got 3 MB.")


def test_zip_of_many(tmp_path: Path, put: Any) -> None:
    """A zip of a hundred thousand members is refused before they are listed."""
    put("ada.zip", make_zip({str(number): b"" for number in range(20_000)}))
    assert problem(tmp_path).startswith("ada.zip: expected at most 1000 files in the zip, got more.")


def test_zip_too_large(tmp_path: Path, put: Any) -> None:
    """A zip of 100 MB is refused by its size alone."""
    os.truncate(put("ada.zip", b""), 100_000_000)
    assert problem(tmp_path).startswith("ada.zip: expected at most 50 MB, got 100 MB.")


def test_unusual_compression(tmp_path: Path, put: Any, data: bytes) -> None:
    """LZMA could claim gigabytes of memory: only the ordinary method is unpacked."""
    put("ada.zip", make_zip({NAME: data}, compress_type=zipfile.ZIP_LZMA))
    assert "expected an ordinary zip, got an unusual compression" in problem(tmp_path)


def test_damaged_zip(tmp_path: Path, put: Any, data: bytes) -> None:
    """A zip cut anywhere, or with a byte changed anywhere, gives an answer or a problem."""
    packed = make_zip({NAME: data})
    for position in range(0, len(packed), 29):
        put(f"cut{position}.zip", packed[:position])
        put(f"flip{position}.zip", packed[:position] + bytes([packed[position] ^ 0xFF]) + packed[position + 1 :])
    found = by_student(tmp_path)
    assert all("fault is ours" not in (entry.problem or "") for entry in found.values())
    assert all(entry.problem is not None for name, entry in found.items() if name.startswith("cut"))


def test_modules_in_a_zip(tmp_path: Path, put: Any, data: bytes) -> None:
    """Modules beside the notebook in a zip are remarked on as well."""
    put("ada.zip", make_zip({NAME: data, "helpers.py": b""}))
    assert only(tmp_path).remarks == (
        "Only the notebook is graded, without helpers.py: put what you need into its cells.",
    )


def test_two_zips(tmp_path: Path, put: Any, data: bytes) -> None:
    """Of two zips in a student's folder the first that holds the notebook is taken."""
    put("ada/a.zip", make_zip({NAME: data}))
    put("ada/b.zip", make_zip({NAME: b"{}"}))
    assert only(tmp_path).original == f"ada/a.zip/{NAME}"


def test_good_zip_beside_a_bad_one(tmp_path: Path, put: Any, data: bytes) -> None:
    """One bad zip in a student's folder doesn't hide the good one."""
    put("ada/a.zip", b"junk")
    put("ada/b.zip", make_zip({NAME: data}))
    assert only(tmp_path).problem is None


def test_a_submission_is_read_when_it_is_asked_for(tmp_path: Path, put: Any, data: bytes) -> None:
    """Whoever only counts, or takes one, reads no other; students can be picked before anything is read."""
    for student in ("ada", "bob", "cy"):
        put(f"{student}/{NAME}", data)
    found = collect(tmp_path, "a1_convolution", [release_notebook()])
    (tmp_path / "ada" / NAME).write_bytes(b"%PDF-1.7")
    assert (len(found), found.students) == (3, ("ada", "bob", "cy"))
    assert "PDF" in str(found[0].problem)
    assert found[-1].student == "cy"
    assert [entry.student for entry in found[1:]] == ["bob", "cy"]
    assert [entry.student for entry in found.of({"cy", "ada"})] == ["ada", "cy"]
    with pytest.raises(IndexError):
        found[3]
