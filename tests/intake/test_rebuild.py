"""The notebook is ours, the answers are the student's."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import pytest

from autograder.intake import definitions
from autograder.intake.definitions import defined_names
from autograder.intake.read import ParsedCell, read_notebook
from autograder.intake.rebuild import rebuild, rebuild_file
from autograder.model import Cell, Notebook, Origin, Role, Submission
from tests.intake.notebooks import (
    CORRELATE,
    CORRELATE_STUB,
    SETUP,
    SIZE,
    SIZE_STUB,
    STUB,
    as_handed_out,
    cell,
    code_cell,
    insert_after,
    lines,
    markdown_cell,
    remove,
    saved_by_colab,
    to_bytes,
    write,
)

HELPER = "def sliding(x, size):\n    return np.lib.stride_tricks.sliding_window_view(x, size)"
IDS = [
    "prose-001",
    "setup-001",
    "prose-002",
    "correlate1d-solution",
    "correlate1d-check",
    "demo-001",
    "prose-003",
    "conv_output_size-solution",
    "conv_output_size-check",
    "why",
]
EDITED = {"correlate1d-solution", "conv_output_size-solution", "why"}


def rebuilt(release: Notebook, content: dict[str, Any]) -> Submission:
    submission = rebuild_file(release, "ada", to_bytes(content), original="ada/sliding_windows.ipynb")
    assert submission.problem is None
    ours = {entry.id: entry for entry in release.cells}
    assert [entry.id for entry in submission.cells if entry.id in ours] == IDS
    assert len({entry.id for entry in submission.cells}) == len(submission.cells)
    for entry in submission.cells:
        if entry.id in ours:
            original = ours[entry.id]
            assert (entry.role, entry.kind, entry.question, entry.grade_id) == (
                original.role,
                original.kind,
                original.question,
                original.grade_id,
            )
            if entry.origin is Origin.RELEASE or entry.role is Role.CHECK:
                assert entry == original
        else:
            assert entry.origin is Origin.STUDENT
            assert (entry.question, entry.grade_id) == (None, None)
    return submission


def source(submission: Submission, cell_id: str) -> str:
    return next(entry.source for entry in submission.cells if entry.id == cell_id)


def by_student(submission: Submission) -> set[str]:
    return {entry.id for entry in submission.cells if entry.origin is Origin.STUDENT}


def added(submission: Submission) -> list[Cell]:
    return [entry for entry in submission.cells if entry.role is Role.ADDED]


def before(submission: Submission, first: str, second: str) -> bool:
    ids = [entry.id for entry in submission.cells]
    return ids.index(first) < ids.index(second)


def run(submission: Submission) -> dict[str, Any]:
    """Run the cells as the grader would: all code but checks and untouched demos."""
    names: dict[str, Any] = {}
    for entry in submission.cells:
        untouched_demo = entry.role is Role.DEMO and entry.origin is Origin.RELEASE
        if entry.kind == "code" and entry.role is not Role.CHECK and not untouched_demo:
            exec(entry.source, names)
    return names


def test_untouched(release: Notebook) -> None:
    """The release comes back as it is."""
    submission = rebuilt(release, as_handed_out(release))
    assert submission.cells == release.cells
    assert submission.remarks == ()


def test_solved(release: Notebook, content: dict[str, Any]) -> None:
    """Answers are the student's, everything else ours."""
    submission = rebuilt(release, content)
    assert by_student(submission) == EDITED
    assert source(submission, "correlate1d-solution") == CORRELATE
    assert source(submission, "why") == "Because the weights are shared."
    assert submission.remarks == ()
    assert (submission.student, submission.assignment, submission.notebook) == (
        "ada",
        "a1_convolution",
        "sliding_windows",
    )
    assert len(submission.sha256) == 64


@pytest.mark.parametrize("keep_id", [True, False], ids=["ids kept", "new ids"])
@pytest.mark.parametrize("keep_nbgrader", [True, False], ids=["metadata kept", "metadata stripped"])
@pytest.mark.parametrize("windows", [True, False], ids=["CRLF", "LF"])
def test_saved_by_colab(
    release: Notebook, content: dict[str, Any], keep_id: bool, keep_nbgrader: bool, windows: bool
) -> None:
    """Whatever an editor keeps of ids and metadata, the same notebook comes out."""
    if windows:
        for entry in content["cells"]:
            entry["source"] = "".join(entry["source"]).replace("\n", "\r\n")
    if not (keep_id or keep_nbgrader):
        # The text of a reflection is known by its id alone.
        write(content, "why", "Your answer.")
    submission = rebuilt(release, saved_by_colab(content, keep_nbgrader=keep_nbgrader, keep_id=keep_id))
    assert by_student(submission) == EDITED - (set() if keep_id or keep_nbgrader else {"why"})
    assert source(submission, "correlate1d-solution") == CORRELATE
    assert submission.remarks == ()


def test_saved_by_vs_code(release: Notebook, content: dict[str, Any]) -> None:
    """VS Code's own metadata and new ids change nothing."""
    want = rebuilt(release, content).cells
    for number, entry in enumerate(content["cells"]):
        entry["id"] = f"{number:08x}"
        entry["metadata"]["vscode"] = {"languageId": "python"}
    content["metadata"]["language_info"] = {"name": "python", "version": "3.12.1"}
    assert rebuilt(release, content).cells == want


def test_helpers_in_an_edited_setup_cell_saved_by_colab(release: Notebook, content: dict[str, Any]) -> None:
    """An edited set-up cell is known by its lines where Colab left no id; its role stays."""
    write(content, "setup-001", f"{SETUP}\n\n{HELPER}")
    for keep in (True, False):
        submission = rebuilt(release, saved_by_colab(content, keep_nbgrader=keep, keep_id=keep))
        setup = next(entry for entry in submission.cells if entry.id == "setup-001")
        assert (setup.role, setup.origin) == (Role.SETUP, Origin.STUDENT)
        assert setup.source.endswith(HELPER)
        assert added(submission) == []


def test_added_cells_stay_where_they_stood(release: Notebook, content: dict[str, Any]) -> None:
    """Code before, between and after ours keeps its place; Markdown comes along as prose."""
    content["cells"].insert(0, code_cell("first = 1"))
    insert_after(content, "prose-002", code_cell(HELPER), markdown_cell("My idea"), code_cell("third = 3"))
    content["cells"].append(code_cell("last = 4"))
    content["cells"].append(code_cell("  \n"))
    submission = rebuilt(release, content)
    ids = [entry.id for entry in submission.cells]
    assert ids == [
        "added-001",
        *IDS[:3],
        "added-002",
        "added-003",
        "added-004",
        *IDS[3:],
        "added-005",
    ]
    assert [entry.source for entry in added(submission)] == ["first = 1", HELPER, "third = 3", "last = 4"]
    assert next(entry for entry in submission.cells if entry.id == "added-003").role is Role.PROSE
    assert submission.remarks == ()


def test_added_ids_are_free(release: Notebook, content: dict[str, Any]) -> None:
    """An added cell never takes an id that the release has."""
    taken = Cell(id="added-001", role=Role.PROSE, kind="markdown", source="Ours")
    wide = Notebook(
        assignment=release.assignment,
        name=release.name,
        title=release.title,
        kind=release.kind,
        cells=(*release.cells, taken),
        questions=release.questions,
    )
    insert_after(content, "demo-001", code_cell("x = 1"))
    cells = rebuild_file(wide, "ada", to_bytes(content)).cells
    assert [entry.id for entry in cells if entry.role is Role.ADDED] == ["added-002"]
    assert len({entry.id for entry in cells}) == len(cells)


@pytest.mark.parametrize(
    "change",
    [lambda text: text.replace("\n", "\n\n"), lambda text: f"\n{text}  \n\n", lambda text: text.replace("    ", "\t")],
    ids=["blank lines", "at the ends", "tabs"],
)
def test_white_space_is_no_edit(release: Notebook, change: Any) -> None:
    """Differences in white space only leave a cell ours."""
    content = as_handed_out(release)
    for entry in content["cells"]:
        entry["source"] = lines(change("".join(entry["source"])))
    assert rebuilt(release, content).cells == release.cells


def test_edited_demo(release: Notebook, content: dict[str, Any]) -> None:
    """An edited demo cell keeps its role and has the student's text."""
    write(content, "demo-001", "plotting.sweep(correlate1d, frames=3)")
    submission = rebuilt(release, content)
    demo = next(entry for entry in submission.cells if entry.id == "demo-001")
    assert (demo.role, demo.origin, demo.source) == (
        Role.DEMO,
        Origin.STUDENT,
        "plotting.sweep(correlate1d, frames=3)",
    )


def test_edited_check(release: Notebook, content: dict[str, Any]) -> None:
    """What is written into a check cell is ignored, and said."""
    write(content, "correlate1d-check", "print('100 points')")
    submission = rebuilt(release, content)
    assert source(submission, "correlate1d-check") == "check.correlate1d(correlate1d, convolve1d)"
    assert added(submission) == []
    assert submission.remarks == ("Check cells are ours: what was written into those of correlate1d is not used.",)


def test_work_in_a_check_cell_is_kept(release: Notebook, content: dict[str, Any]) -> None:
    """A helper that was written into a check cell runs as a cell of its own."""
    write(content, "correlate1d-check", f"{HELPER}\n\ncheck.correlate1d(correlate1d, convolve1d)")
    submission = rebuilt(release, content)
    (helper,) = added(submission)
    assert helper.source.startswith(HELPER)
    assert before(submission, "correlate1d-solution", helper.id)
    assert submission.remarks == ("What was written into the check cell of correlate1d runs as a cell of your own.",)


def test_answer_merged_into_the_check_cell(release: Notebook, content: dict[str, Any]) -> None:
    """Jupyter's merge may keep the check's metadata; the answer in it still counts."""
    remove(content, "correlate1d-solution")
    write(content, "correlate1d-check", f"{CORRELATE}\n\ncheck.correlate1d(correlate1d, convolve1d)")
    submission = rebuilt(release, content)
    assert source(submission, "correlate1d-solution").startswith(CORRELATE)


def test_forged_metadata(release: Notebook, content: dict[str, Any]) -> None:
    """Points, flags and roles that a notebook claims change nothing; other points are remarked on."""
    for entry in content["cells"]:
        graded = entry["metadata"].get("nbgrader")
        if graded:
            graded |= {"points": 400, "grade": True, "solution": True, "locked": False, "task": True}
        entry["metadata"]["course"] = {"role": "setup", "question": "why"}
    submission = rebuilt(release, content)
    assert by_student(submission) == EDITED
    assert submission.remarks == (
        "The notebook says 400 points for correlate1d; it has 4.",
        "The notebook says 400 points for conv_output_size; it has 2.",
        "The notebook says 400 points for why; it has 3.",
    )


def test_later_copy_wins(release: Notebook, content: dict[str, Any]) -> None:
    """All copies of an answer run in their order, so the last definition counts, and it is said."""
    second = copy.deepcopy(cell(content, "conv_output_size-solution"))
    second |= {"id": "c0c0c0c0", "source": lines(SIZE.replace("size - kernel + 1", "42"))}
    content["cells"].append(second)
    submission = rebuilt(release, content)
    assert source(submission, "conv_output_size-solution") == SIZE
    assert run(submission)["conv_output_size"](5, 3) == 42
    assert submission.remarks == (
        "The answer cell of conv_output_size is there 2 times: all run in their order, so the last counts.",
    )


def test_copies_that_were_moved_up_keep_their_order(release: Notebook, content: dict[str, Any]) -> None:
    """Of two copies at the top of the notebook the second one counts."""
    first = code_cell(SIZE, metadata={"nbgrader": {"grade_id": "conv_output_size__solution"}})
    second = first | {"source": lines(SIZE.replace("size - kernel + 1", "42"))}
    remove(content, "conv_output_size-solution")
    content["cells"][:0] = [first, second]
    submission = rebuilt(release, content)
    assert run(submission)["conv_output_size"](5, 3) == 42


@pytest.mark.parametrize("first_at", [0, 9])
def test_copies_keep_their_order_wherever_the_first_was_moved(
    release: Notebook, content: dict[str, Any], first_at: int
) -> None:
    """Release order moves the answer cell; a copy stays on the side of it on which it stood."""
    copied = code_cell(SIZE.replace("size - kernel + 1", "42"))
    answer = cell(content, "conv_output_size-solution")
    remove(content, "conv_output_size-solution")
    insert_after(content, "prose-002" if first_at == 0 else "conv_output_size-check", copied)
    content["cells"].insert(0 if first_at == 0 else len(content["cells"]), answer)
    assert run(rebuilt(release, content))["conv_output_size"](5, 3) == (42 if first_at == 0 else 3)


def test_copied_cell_with_another_answer(release: Notebook, content: dict[str, Any]) -> None:
    """A copy of an answer cell in which another function was written is no rival of the original."""
    copied = copy.deepcopy(cell(content, "conv_output_size-solution"))
    copied |= {"id": "c0c0c0c0", "source": lines(CORRELATE)}
    remove(content, "correlate1d-solution")
    insert_after(content, "prose-002", copied)
    submission = rebuilt(release, content)
    assert source(submission, "correlate1d-solution") == CORRELATE
    assert source(submission, "conv_output_size-solution") == SIZE
    assert submission.remarks == ()


def test_copied_setup_cell_runs_again(release: Notebook, content: dict[str, Any]) -> None:
    """A set-up cell may be there twice, to seed the generator anew; an untouched demo or check twice adds nothing."""
    for cell_id in ("setup-001", "demo-001", "correlate1d-check"):
        insert_after(content, "prose-003", copy.deepcopy(cell(content, cell_id)))
    assert [entry.source for entry in added(rebuilt(release, content))] == [SETUP]


@pytest.mark.parametrize("position", [0, 3, 4, 10])
def test_copied_stub_never_undoes_an_answer(release: Notebook, content: dict[str, Any], position: int) -> None:
    """Someone keeps the untouched cell and answers in a copy, or the other way round: the answer counts."""
    stub = copy.deepcopy(cell(content, "conv_output_size-solution"))
    stub |= {"source": lines(SIZE_STUB)}
    content["cells"].insert(position, stub)
    submission = rebuilt(release, content)
    assert run(submission)["conv_output_size"](5, 3) == 3
    assert source(submission, "conv_output_size-solution") == SIZE
    assert added(submission) == []


@pytest.mark.parametrize("stripped", [False, True])
@pytest.mark.parametrize("place", ["prose-001", "prose-003", "why"])
def test_answer_in_an_added_cell(release: Notebook, content: dict[str, Any], place: str, stripped: bool) -> None:
    """A function that was written in another cell counts, wherever the untouched stub stands."""
    write(content, "conv_output_size-solution", SIZE_STUB)
    insert_after(content, place, code_cell(SIZE))
    if stripped:
        write(content, "why", "Your answer.")
        content = saved_by_colab(content, keep_nbgrader=False, keep_id=False)
    submission = rebuilt(release, content)
    assert run(submission)["conv_output_size"](5, 3) == 3
    if not stripped:
        assert submission.remarks == (
            "The answer cell of conv_output_size is untouched: the definition in another cell counts.",
        )
        assert source(submission, "conv_output_size-solution").startswith("# Left out")


def test_all_answers_in_one_cell(release: Notebook, content: dict[str, Any]) -> None:
    """Someone deletes the answer cells and writes everything into the set-up cell."""
    remove(content, "correlate1d-solution", "conv_output_size-solution")
    write(content, "setup-001", f"{SETUP}\n\n{CORRELATE}\n\n{SIZE}")
    names = run(rebuilt(release, content))
    assert names["conv_output_size"](5, 3) == 3
    assert STUB not in source(rebuilt(release, content), "correlate1d-solution")


def test_answer_split_over_two_cells(release: Notebook, content: dict[str, Any]) -> None:
    """Two functions of one cell, written in two: both run."""
    first, second = CORRELATE.split("\n\n\n")
    write(content, "correlate1d-solution", first)
    insert_after(content, "correlate1d-solution", code_cell(second))
    for candidate in (content, saved_by_colab(content, keep_nbgrader=False, keep_id=False)):
        submission = rebuilt(release, candidate)
        assert source(submission, "correlate1d-solution") == first
        assert "convolve1d" in run(submission)


def test_missing_cells_are_put_back(release: Notebook, content: dict[str, Any]) -> None:
    """What was deleted or emptied comes back as it was given out; prose, checks and demos silently."""
    remove(content, "correlate1d-solution", "correlate1d-check", "demo-001", "prose-003", "setup-001")
    write(content, "conv_output_size-solution", "\n")
    insert_after(content, "prose-002", code_cell("x = 1"))
    submission = rebuilt(release, content)
    assert source(submission, "correlate1d-solution") == CORRELATE_STUB
    assert source(submission, "conv_output_size-solution") == SIZE_STUB
    assert by_student(submission) == {"why", "added-001"}
    assert submission.remarks == (
        "Missing or empty, and put back as it was given out: the set-up cell setup-001, "
        "the answer cell of convolve1d, correlate1d, the answer cell of conv_output_size.",
    )


def test_deleted_setup_is_put_back_before_what_was_added(release: Notebook, content: dict[str, Any]) -> None:
    """A student's own imports, written instead of ours, run after ours and so win."""
    remove(content, "setup-001")
    insert_after(content, "prose-001", code_cell("DTYPE = 'mine'"))
    submission = rebuilt(release, content)
    assert before(submission, "setup-001", "added-001")
    assert before(submission, "added-001", "correlate1d-solution")


@pytest.mark.parametrize("kind", ["markdown", "raw"])
@pytest.mark.parametrize("stripped", [False, True])
def test_answer_turned_into_markdown(release: Notebook, content: dict[str, Any], kind: str, stripped: bool) -> None:
    """A slip of the finger turns a cell into Markdown; its code still counts."""
    cell(content, "conv_output_size-solution")["cell_type"] = kind
    write(content, "why", "Your answer.")
    if stripped:
        content = saved_by_colab(content, keep_nbgrader=False, keep_id=False)
    submission = rebuilt(release, content)
    assert run(submission)["conv_output_size"](5, 3) == 3
    assert submission.remarks == (
        f"The answer cell of conv_output_size had been turned into a {kind} cell: it was read as code.",
    )


def test_old_attempt_in_a_raw_cell(release: Notebook, content: dict[str, Any]) -> None:
    """Code counts before a copy that was put aside as raw text."""
    aside = copy.deepcopy(cell(content, "conv_output_size-solution"))
    aside |= {"cell_type": "raw", "source": lines(SIZE.replace("+ 1", "+ 7"))}
    insert_after(content, "prose-003", aside)
    submission = rebuilt(release, content)
    assert source(submission, "conv_output_size-solution") == SIZE
    assert added(submission) == []


def test_text_is_no_definition(release: Notebook, content: dict[str, Any]) -> None:
    """Code in the text of a reflection doesn't run, so it doesn't replace a stub."""
    write(content, "conv_output_size-solution", SIZE_STUB)
    write(content, "why", SIZE)
    assert source(rebuilt(release, content), "conv_output_size-solution") == SIZE_STUB


def test_explanation_instead_of_an_answer(release: Notebook, content: dict[str, Any]) -> None:
    """Prose in the place of an answer is no code: the stub stays."""
    entry = cell(content, "conv_output_size-solution")
    entry |= {"cell_type": "markdown", "source": ["I define it later:\n", "```\n", "def conv_output_size(): ...\n"]}
    submission = rebuilt(release, content)
    assert source(submission, "conv_output_size-solution") == SIZE_STUB


def test_prose_turned_into_code(release: Notebook, content: dict[str, Any]) -> None:
    """A prose cell in which someone wrote code runs as an added cell."""
    entry = cell(content, "prose-002")
    entry |= {"cell_type": "code", "source": lines(HELPER)}
    submission = rebuilt(release, content)
    assert source(submission, "prose-002") == "## 1. Correlation"
    assert [entry.source for entry in added(submission)] == [HELPER]
    assert before(submission, "added-001", "correlate1d-solution")


def test_moved_cells(release: Notebook, content: dict[str, Any]) -> None:
    """Release order is the rule; what was added moves along with the cell that it followed."""
    entries = content["cells"]
    extra = code_cell("after_sizes = 1")
    moved = [*entries[:3], entries[7], extra, *entries[3:7], *entries[8:]]
    submission = rebuilt(release, content | {"cells": moved})
    ids = [entry.id for entry in submission.cells]
    assert ids.index("added-001") == ids.index("conv_output_size-solution") + 1
    assert submission.remarks == ("Cells had been moved: they are run in the order in which they were given out.",)


@pytest.mark.parametrize("text", ["%matplotlib inline\n", "!pip install x\n", "x = (\n"])
@pytest.mark.parametrize("stripped", [False, True])
def test_magics_and_syntax_errors_hide_nothing(
    release: Notebook, content: dict[str, Any], text: str, stripped: bool
) -> None:
    """An answer that isn't plain Python is still recognised by its def line."""
    write(content, "correlate1d-solution", text + CORRELATE)
    if stripped:
        write(content, "why", "Your answer.")
        content = saved_by_colab(content, keep_nbgrader=False, keep_id=False)
    assert source(rebuilt(release, content), "correlate1d-solution") == text + CORRELATE


def test_lambda_and_class_count_as_definitions(release: Notebook, content: dict[str, Any]) -> None:
    """A function may be made otherwise than by def."""
    write(content, "conv_output_size-solution", SIZE_STUB)
    insert_after(content, "prose-001", code_cell("conv_output_size = lambda size, kernel: size - kernel + 1"))
    assert run(rebuilt(release, content))["conv_output_size"](5, 3) == 3


@pytest.mark.filterwarnings("error")
def test_warnings_of_the_parser_stay_inside() -> None:
    """Text that makes Python's parser warn is read like any other."""
    assert defined_names("match = lambda text: '\\d' in text") == {"match"}


@pytest.mark.parametrize("text", ["-" * 90_000 + "1", "1+" * 45_000 + "1", "a" + ".b" * 45_000, "(" * 90_000])
def test_endless_expressions(release: Notebook, content: dict[str, Any], text: str) -> None:
    """Nesting that exhausts Python's parser is only text to us."""
    write(content, "conv_output_size-solution", f"{SIZE}\n{text}")
    assert source(rebuilt(release, content), "conv_output_size-solution").endswith(text)


def test_endless_text_is_searched_not_parsed(
    release: Notebook, content: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond half a million characters answers are known by their def lines alone: parsing would take minutes."""
    parsed: list[int] = []
    really = definitions.parse
    monkeypatch.setattr(definitions, "parse", lambda text: parsed.append(len(text)) or really(text))
    content = saved_by_colab(content, keep_nbgrader=False, keep_id=False)
    content["cells"][:0] = [code_cell("class A: pass\n" + "x = 1\n" * 10_000) for _ in range(30)]
    _, notes = rebuild(release, read_notebook(to_bytes(content)).cells)
    assert sum(parsed) < 500_000
    assert notes == ("Missing or empty, and put back as it was given out: the text of why.",)


def test_foreign_kernel_is_remarked_on(release: Notebook, content: dict[str, Any]) -> None:
    """A wrong kernel in the metadata is no reason not to grade."""
    content["metadata"]["kernelspec"] = {"name": "ir", "language": "R"}
    remark = "The notebook says that its language is r; its cells were read as Python."
    assert rebuilt(release, content).remarks == (remark,)


@pytest.mark.parametrize(
    ("metadata", "got"),
    [
        ({"course": {"assignment": "a2_networks", "notebook": "backward"}}, "the notebook backward"),
        ({"kernelspec": {"language": "R"}}, "a notebook in the language r"),
        ({}, "one in which no cell belongs to it"),
    ],
)
def test_foreign_notebook(release: Notebook, metadata: dict[str, Any], got: str) -> None:
    """A notebook that is none of ours is a problem, in words."""
    content = {"cells": [code_cell("import numpy as np"), markdown_cell("# Hi")], "metadata": metadata}
    submission = rebuild_file(release, "ada", to_bytes(content), original="ada/x.ipynb")
    assert submission.cells == ()
    assert submission.problem == (
        f"x.ipynb: expected the notebook sliding_windows of a1_convolution, got {got}. "
        "Write your answers into the notebook that was given out, and hand in that one."
    )


def test_unreadable_file_is_a_problem(release: Notebook) -> None:
    """Nothing is raised; the hash says which bytes came."""
    submission = rebuild_file(release, "ada", b"%PDF-1.4", original="ada/sliding_windows.ipynb", submitted_at="2026")
    assert submission.problem is not None
    assert submission.problem.startswith("sliding_windows.ipynb: expected a Jupyter notebook, got a PDF file.")
    assert (submission.cells, submission.submitted_at, len(submission.sha256)) == ((), "2026", 64)


def test_each_cell_is_used_once(release: Notebook) -> None:
    """One student's cell never stands for two of ours."""
    cells: Sequence[ParsedCell] = [ParsedCell(kind="code", source=f"{CORRELATE}\n{SIZE}")]
    whole, _ = rebuild(release, cells)
    assert [entry.id for entry in whole if entry.source == cells[0].source] == ["correlate1d-solution"]


def test_rebuilding_twice_gives_the_same(release: Notebook, content: dict[str, Any]) -> None:
    """The same bytes give the same submission."""
    insert_after(content, "prose-001", code_cell(HELPER), markdown_cell("x"))
    data = to_bytes(content)
    assert rebuild_file(release, "ada", data) == rebuild_file(release, "ada", data)
