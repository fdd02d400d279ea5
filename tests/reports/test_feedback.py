"""The page that students get back, taken apart as a browser would."""

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.config import Course
from autograder.errors import CourseError
from autograder.model import Diagnosis, ErrorMap, NotebookResult, Question, QuestionResult, Verdict
from autograder.reports.feedback import render_feedback, write_feedback
from tests.reports.html import Element, parse
from tests.reports.results import (
    ESCAPE,
    HOSTILE,
    QUESTIONS,
    SCRIPT,
    Given,
    one_result,
    question_result,
    result,
    ungraded,
)

TITLES = {"sliding_windows": "Sliding windows", "linear_maps": "Linear maps"}
FAULT = "We could not judge this: the fault is ours."
# All that the page is built from; anything else came from elsewhere.
_STRUCTURE = "html head meta title style body header main nav section footer h1 h2 h3 h4 p div details summary"
_INLINE_AND_LISTS = "b i a bdi small span code pre ul ol li dl dt dd"
_PICTURES = "figure figcaption svg path"
TAGS = {*_STRUCTURE.split(), *_INLINE_AND_LISTS.split(), *_PICTURES.split()}


def page(*results: NotebookResult, student: str = "ada") -> Element:
    """A student's page, parsed."""
    return parse(render_feedback(student, "Convolution", results, TITLES))


def question(name: str, *given: Given, **changes: object) -> Element:
    """The section of one question."""
    entry = question_result(name, given or (Verdict.PASSED,), **changes)  # type: ignore[arg-type]
    return page(result(questions=[entry])).one("section", class_="question")


def rows(finding: Element) -> dict[str, str]:
    """What a finding says, by its labels."""
    return {row.one("dt").text: row.one("dd").text for row in finding.one("dl").all("div")}


def test_document() -> None:
    """The page states its language, title, width and encoding, and its headings descend without a gap."""
    root = page(result(), result(notebook="linear_maps"), student="Zoë")
    assert root.one("html").attributes["lang"] == "en"
    assert root.one("title").text == "Convolution: feedback for Zoë"
    assert root.one("meta", name="viewport").attributes["content"] == "width=device-width, initial-scale=1"
    assert root.one("meta", charset="utf-8")
    levels = [int(element.tag[1]) for element in root.all() if re.fullmatch(r"h\d", element.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(deeper - level <= 1 for level, deeper in itertools.pairwise(levels))


def test_self_contained() -> None:
    """No script, no picture, no address but places on the page itself; the browser is told to ask for nothing."""
    root = page(result())
    assert {element.tag for element in root.all()} <= TAGS
    links = [element.attributes["href"] for element in root.all("a")]
    ids = [element.attributes["id"] for element in root.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    assert links
    assert all(link.removeprefix("#") in ids for link in links)
    policy = root.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert "url(" not in root.one("style").raw
    assert "@import" not in root.one("style").raw


def test_overview() -> None:
    """The total, what waits, and a link for each question with its state in words and its points."""
    held = question_result("conv_nd", [Verdict.PASSED, (Verdict.GRADER_FAULT, FAULT)], pending=2.0)
    right, open_ = question_result("correlate1d"), question_result("conv_counts", [Verdict.NOT_IMPLEMENTED])
    root = page(result(questions=[right, held, open_]))
    assert root.one("p", class_="score").text == "6 of 13 points"
    assert root.one("p", class_="pending").text == "? 2 more wait for a person."
    assert root.one("p", class_="next").text == "Go on with What a layer costs."
    assert [item.text for item in root.one("nav").all("li")] == [
        "✓ Correlation in one dimension, all right: 4 of 4",
        "? One dimension less, one more, waits for a person: 2 of 4",
        "○ What a layer costs, not implemented yet: 0 of 5",
    ]
    widths = [bar.attributes["style"] for bar in root.one("div", class_="bar").all("i")]
    assert widths == ["width: 100.0%", "width: 0.0%", "width: 50.0%", "width: 50.0%", "width: 0.0%", "width: 0.0%"]


def test_all_right() -> None:
    """A full score is said to be one, and everything that passed is folded away."""
    root = page(result())
    assert root.one("p", class_="next").text == "Everything is right; there is nothing left to do."
    assert root.all(class_="finding") == []
    assert [entry.one("summary").text for entry in root.all("details")] == ["✓ 2 of 2 checks passed"] * 12
    assert not any("open" in entry.attributes for entry in root.all("details"))


def test_question() -> None:
    """A question shows its points, what failed first with what to do, what else failed, and folds what passed."""
    shape: Given = (Verdict.FAILED, "The result: expected shape (2, 3), got (3, 2).", "shape")
    section = question("conv2d_forward", Verdict.PASSED, shape, (Verdict.TIMEOUT, "It ran longer than 5 s."), shape)
    assert section.one("h3").text == "The convolution layer"
    assert section.one("p", class_="points").text == "2 of 8 points"
    assert section.one("p", class_="state").text == "◐ partly right conv2d_forward"
    first = section.one("div", class_="finding")
    assert first.one("p", class_="verdict").text == "✗ wrong shape"
    assert rows(first) == {
        "Checked": "Values of the answer: case 1 · case 3",
        "Came out": "The result: expected shape (2, 3), got (3, 2).",
        "Next step": "Take an input whose sides all differ, work out the shape on paper, and print it after each step.",
    }
    late, passed = section.all("details")
    assert late.one("summary").text == "✗ took too long: 1 check"
    assert late.one("ul", class_="others").text == "Values of the answer: case 2 It ran longer than 5 s."
    assert late.one("p", class_="step").text.startswith("Next step Look for a loop")
    assert passed.one("summary").text == "✓ 1 of 4 checks passed"
    assert passed.one("li").text == "Values of the answer: case 0"


def taught(**changes: object) -> QuestionResult:
    """A wrong answer to a question that says where it is explained."""
    entry = question_result("conv_output_size", [(Verdict.FAILED, "Too large.", "values")])
    about = {"section": "6. The size of the output", "idea": "Lecture 7: padding and stride decide the size"} | changes
    return replace(entry, question=replace(entry.question, **about))


def test_where_to_read_again() -> None:
    """A wrong answer is sent back to the section of the notebook and to the lecture's idea, by a link if it has one."""
    finding = page(result(questions=[taught()])).one("div", class_="finding")
    assert rows(finding)["Read again"] == (
        "Section 6 of the notebook, “The size of the output”. Lecture 7: padding and stride decide the size."
    )
    assert finding.all("a") == []
    lectures = {"Lecture 7": "https://example.edu/?a=1&b='2'"}
    root = parse(render_feedback("ada", "Convolution", [result(questions=[taught()])], TITLES, lectures))
    link = root.one("div", class_="finding").one("a")
    assert (link.text, link.attributes["href"]) == ("Lecture 7", lectures["Lecture 7"])
    assert link.attributes["rel"] == "noreferrer"


def test_idea_of_what_is_right_or_not_begun() -> None:
    """Every question names its idea once; what was not begun also says where it is explained."""
    right = question_result("conv_output_size")
    open_ = question_result("conv_output_size", [Verdict.NOT_IMPLEMENTED])
    for entry in (right, open_):
        about = replace(entry.question, section=taught().question.section, idea=taught().question.idea)
        section = page(result(questions=[replace(entry, question=about)])).one("section", class_="question")
        assert section.text.count("Lecture 7: padding and stride decide the size.") == 1
        assert ("It is explained in section 6 of the notebook" in section.text) is (entry is open_)


@pytest.mark.parametrize("end", [".", "?", "!"])
def test_an_idea_may_end_as_it_likes(end: str) -> None:
    """No second full stop is put behind a sentence that has an end."""
    finding = page(result(questions=[taught(section="", idea=f"Lecture 7: why share weights{end}")]))
    assert rows(finding)["Read again"] == f"Lecture 7: why share weights{end}"


def test_nothing_to_read() -> None:
    """A question of which neither is known has no empty row."""
    bare = page(result(questions=[taught(section="", idea="")])).one("div", class_="finding")
    assert "Read again" not in rows(bare)
    assert rows(page(result(questions=[taught(section="")])).one("div", class_="finding"))["Read again"] == (
        "Lecture 7: padding and stride decide the size."
    )


def ladder(*given: Given, **changes: object) -> list[str]:
    """The rungs of the first finding, as a screen reader says them."""
    found = question("conv_nd", *given, **changes).one("div", class_="finding")
    return [step.text for one in found.all("ol", class_="rungs") for step in one.all("li")]


def test_ladder() -> None:
    """The first finding shows every rung with a mark and words: what held, what failed, what was not looked at."""
    assert ladder((Verdict.FAILED, "No.", "shape")) == [
        "✓ defined: passed",
        "✓ a function: passed",
        "✓ ran: passed",
        "✓ type: passed",
        "✗ shape: failed",
        *(f"– {name}: not looked at" for name in ("dtype", "finite", "values", "inputs kept", "same twice")),
    ]


def test_no_ladder() -> None:
    """Where the cause stands beside the ladder there is none, and what else went wrong has none of its own."""
    for verdict in (Verdict.FORBIDDEN, Verdict.SKIPPED, Verdict.GRADER_FAULT):
        assert ladder(Verdict.PASSED, (verdict, "No.", "ran")) == []
    assert ladder((Verdict.FAILED, "No.")) == []
    shapes: list[Given] = [(Verdict.FAILED, f"Shape {number}.", "shape") for number in range(3)]
    assert len(question("conv_nd", *shapes).all("ol", class_="rungs")) == 1


def test_every_class_has_a_style() -> None:
    """No class of the page is a leftover: each is styled, or stands for a state that is."""
    entries = [taught(), wrong_at(((0.0, 1.0),)), question_result("conv_nd", [(Verdict.FAILED, "x", "type")] * 2)]
    known = Diagnosis(mistake="m", symptom="s", hint="h")
    entries = [replace(entry, diagnosis=known) for entry in entries]
    source = render_feedback("ada", "Convolution", [result(questions=entries, remarks=["r"])], TITLES)
    root = parse(source)
    used = {name for element in root.all() for name in element.attributes.get("class", "").split()}
    styled = set(re.findall(r"\.([a-z]+)", root.one("style").raw))
    # A rung that held and the top of the page need no rule; the grid of a picture brings its own.
    assert used - styled == {"passed", "page", "grid"}


def test_one_other_outcome_is_open_and_many_are_folded() -> None:
    """What else went wrong is in sight if it is one thing; a long list waits to be opened."""
    shapes: list[Given] = [(Verdict.FAILED, f"Shape {number}.", "shape") for number in range(5)]
    late: Given = (Verdict.TIMEOUT, "Too long.")
    folded, opened = question("conv_nd", *shapes, late, late).all("details")
    assert folded.one("summary").text == "✗ wrong shape: 4 more checks"
    assert "open" not in folded.attributes
    assert [message.text for message in folded.all("p", class_="message")] == [f"Shape {n}." for n in range(1, 5)]
    assert opened.one("summary").text == "✗ took too long: 2 checks"
    assert "open" in opened.attributes


def test_many_remarks_are_folded() -> None:
    """Of more than four remarks the rest is folded away; none is lost."""
    remarks = page(result(remarks=[f"Remark {number}." for number in range(6)])).one("div", class_="remarks")
    assert [item.text for item in remarks.all("li")] == [f"Remark {number}." for number in range(6)]
    assert remarks.one("details").one("summary").text == "and 2 more"


def test_untouched_question_is_short() -> None:
    """What was never begun says so in a line, with the checks that wait for it folded away."""
    section = question("conv_nd", Verdict.NOT_IMPLEMENTED, Verdict.NOT_IMPLEMENTED)
    assert section.all(class_="finding") == []
    assert "Write the function in its cell" in section.text
    assert section.one("summary").text == "What is checked: 2 checks"
    assert section.one("details").one("li").text == "Values of the answer: case 0 · case 1"


def test_our_fault() -> None:
    """A fault of ours says whose it is and that no points are lost."""
    section = question("conv_nd", Verdict.PASSED, (Verdict.GRADER_FAULT, FAULT), pending=2.0)
    assert "2 more points wait for a person; none of them is lost." in section.text
    assert "this is our fault, no points are lost" in rows(section.one(class_="finding"))["Next step"]


def test_reflection() -> None:
    """A text that a person reads is told to wait, without checks or advice."""
    entry = question_result("conv_nd", [], pending=4.0, points=0.0)
    entry = replace(entry, question=replace(entry.question, manual=True))
    section = page(result(questions=[entry])).one("section", class_="question")
    assert "A person reads this answer. 4 points wait until then; none is lost." in section.text
    assert section.all("details") == []


def test_helped_remarks_and_output() -> None:
    """A second try is explained, remarks are said to cost nothing, and what the code printed is shown as text."""
    remark = "Graded with our versions of `correlate2d`."
    section = question("match_template", helped=True, remarks=(remark,), output="a\n  b <c>\n")
    assert "our versions of the functions that it builds on" in section.one("p", class_="note").text
    assert section.one("h4").text == "Remarks cost nothing"
    assert section.all("code")[-1].text == "correlate2d"
    assert section.one("pre").raw == "a\n  b <c>"


def test_many_checks_are_folded() -> None:
    """Of more than four checks that say the same the first three are listed, the others folded; none is lost."""
    tests = tuple(one_result("conv_nd", f"test_{n}", Verdict.STUDENT_ERROR, "ValueError.") for n in range(6))
    tests = tuple(replace(entry, test=replace(entry.test, title=entry.test.id)) for entry in tests)
    finding = question("conv_nd", tests=tests).one("div", class_="finding")
    assert finding.one("summary").text == "and 3 more"
    assert [item.text for item in finding.all("li")] == [f"test_{n}" for n in range(6)]
    assert len(finding.one("details").all("li")) == 3


def wrong_at(rows: tuple[tuple[float, ...], ...], message: str = "The last column is wrong.") -> QuestionResult:
    """A question of which one test shows where it is wrong, and another says something else."""
    entry = question_result("conv_nd", [(Verdict.FAILED, message, "values"), (Verdict.FAILED, "Other.", "values")])
    picture = ErrorMap(rows=rows, row_axis="rows 0 to 1", column_axis="columns 0 to 2")
    tests = tuple(replace(test, error_map=picture) for test in entry.tests)
    return replace(entry, tests=tests)


def test_picture_of_where() -> None:
    """The first finding has one picture: a square for each wrong place, said in words to those who don't see it."""
    root = page(result(questions=[wrong_at(((0.0, 0.0, 1.0), (0.0, 0.0, 0.5)), "Look at `<b>`: wrong.")]))
    figure = root.one("figure")
    assert figure in root.one("div", class_="finding").all("figure")
    drawing = figure.one("svg")
    assert drawing.attributes["role"] == "img"
    assert drawing.one("title").text == "Look at <b>: wrong."
    assert drawing.one("path", class_="wrong").attributes["d"].count("M") == 2
    assert figure.one("figcaption").text.startswith("Down: rows 0 to 1. Across: columns 0 to 2. A full square")


def test_no_picture_where_there_is_none() -> None:
    """A finding without places has no empty frame."""
    assert question("conv_nd", (Verdict.FAILED, "No.", "shape")).all("figure") == []


def test_picture_of_hostile_text() -> None:
    """What surrounds a picture is text, wherever it comes from."""
    entry = wrong_at(((0.0, 1.0),), HOSTILE)
    bad = ErrorMap(rows=((0.0, 1.0),), row_axis=HOSTILE, column_axis=HOSTILE)
    entry = replace(entry, tests=tuple(replace(test, error_map=bad) for test in entry.tests))
    source = render_feedback("ada", "Convolution", [result(questions=[entry])], TITLES)
    assert {element.tag for element in parse(source).all()} <= TAGS
    assert not set(source) & set("\x1b\x07\x9b\u202e\u2066\u200f\ud83d\r")


def test_code_in_messages() -> None:
    """What stands between backticks is set as code; a lone backtick stays one."""
    finding = question("conv_nd", (Verdict.STUDENT_ERROR, "f raised, in the line `x[<1>]`. Not ` closed.")).one("dl")
    assert [code.text for code in finding.all("code")] == ["x[<1>]"]
    assert finding.text.count("`") == 1


def test_problem() -> None:
    """What can't be graded has one card with why and what to do, and no verdicts of questions."""
    root = page(ungraded("ada", "x.ipynb: expected a Jupyter notebook, got a PDF. Hand in the .ipynb."))
    finding = root.one("div", class_="finding")
    assert finding.one("p", class_="verdict").text == "! This notebook could not be graded"
    said = rows(finding)
    assert said["Why"] == "x.ipynb: expected a Jupyter notebook, got a PDF. Hand in the .ipynb."
    assert "hand in again" in said["Next step"]
    assert "12 questions (52 points)" in said["Next step"]
    assert root.all("section", class_="question") == []
    assert root.all("nav") == []


def test_file_that_we_failed_to_read() -> None:
    """Where our reader is at fault, the page asks nothing of the student and says that no points are lost."""
    held = [question_result(name, [Verdict.GRADER_FAULT], pending=points) for name, (_, points) in QUESTIONS.items()]
    root = page(result(questions=held, problem="Our reader failed: the fault is ours.", fault="STAFF ONLY: Traceback"))
    assert root.one("p", class_="score").text == "0 of 52 points"
    assert root.one("p", class_="pending").text == "? 52 more wait for a person."
    finding = root.one("div", class_="finding")
    assert finding.one("p", class_="verdict").text == "? This notebook could not be graded yet"
    assert "no points are lost" in rows(finding)["Next step"]
    assert "hand in again" not in root.text
    assert "STAFF" not in root.raw


def test_several_notebooks() -> None:
    """Each notebook has its heading, its sum and its bar; one that can't be graded says so above as well."""
    root = page(result(), ungraded("ada", "No file.", notebook="linear_maps"))
    assert [heading.text for heading in root.all("h2")] == ["Sliding windows", "Linear maps"]
    assert [entry.text for entry in root.one("nav").all("p", class_="of")] == [
        "Sliding windows 52 of 52",
        "Linear maps 0 of 52",
    ]
    assert "! could not be graded" in root.one("nav").text
    assert root.one("p", class_="score").text == "52 of 104 points"


def test_notebook_remarks_and_small_print() -> None:
    """Remarks on the notebook, the time it was handed in, the wall and the file's fingerprint are on the page."""
    at = "2026-03-02T12:20:30.5+02:00"
    root = page(result(remarks=["A cell failed."], submitted_at=at, level="landlock", sha256="abcdef0123456789"))
    assert root.one("div", class_="remarks").one("li").text == "A cell failed."
    assert root.one("p", class_="when").text == "Handed in 2026-03-02 10:20 UTC"
    assert "Sandbox: landlock. Sliding windows: file abcdef012345." in root.one("footer").text


def test_words_beside_every_symbol() -> None:
    """Symbols are for the eye only: each is hidden from screen readers and followed by words."""
    given: dict[str, list[Given]] = {name: [verdict] for name, verdict in zip(QUESTIONS, Verdict, strict=False)}
    root = page(result(given=given))
    symbols = root.all("span", class_="symbol")
    assert len(symbols) > 12
    assert all(symbol.attributes["aria-hidden"] == "true" for symbol in symbols)
    parents = [entry for entry in root.all() if any(child in entry.children for child in symbols)]
    assert all(re.search(r"[a-z]{3}", parent.text) for parent in parents)


def hostile() -> NotebookResult:
    """A result in which every text that a student has a hand in is an attack."""
    given: list[Given] = [(Verdict.STUDENT_ERROR, HOSTILE), (Verdict.FAILED, f"`{HOSTILE}`", "values")]
    entry = question_result("conv_nd", given, remarks=(HOSTILE,), output=f"</pre>{HOSTILE}")
    other = result(questions=[entry], remarks=[HOSTILE], submitted_at=HOSTILE)
    return replace(other, submission=replace(other.submission, original=HOSTILE))


@pytest.mark.parametrize(
    "results", [[hostile()], [ungraded(HOSTILE, HOSTILE, notebook="x")]], ids=["graded", "not graded"]
)
def test_hostile_text_is_text(results: list[NotebookResult]) -> None:
    """Scripts, handlers and template code from students arrive as text: no element or attribute comes from them."""
    source = render_feedback(HOSTILE, "Convolution", results, TITLES)
    root = parse(source)
    assert {element.tag for element in root.all()} <= TAGS
    assert not any(name.startswith("on") for element in root.all() for name in element.attributes)
    assert "<script>alert('x')</script>" in root.one("bdi").text
    assert "{{ 7 * 7 }}" in root.one("main").text
    assert not set(source) & set("\x1b\x07\x9b\u202e\u2066\u200f\ud83d\r")
    source.encode("utf-8")


def test_our_own_text_is_cleaned_too() -> None:
    """Titles, names of checks and the wall's name pass the same filter: nothing depends on where text comes from."""
    tests = (one_result("q", f"test_q[{ESCAPE}]", Verdict.PASSED),)
    question = Question(id="q", title=HOSTILE, points=1)
    entry = replace(question_result("conv_nd"), question=question, tests=tests)
    source = render_feedback("ada", HOSTILE, [result(questions=[entry], level=HOSTILE)], {"sliding_windows": HOSTILE})
    assert {element.tag for element in parse(source).all()} <= TAGS
    assert not set(source) & set("\x1b\x07\x9b\u202e\u2066\u200f\ud83d\r")


def test_output_can_not_leave_its_box() -> None:
    """What a student prints stays within one element, whatever it closes and opens."""
    box = page(hostile()).one("pre")
    assert [child for child in box.children if not isinstance(child, str)] == []
    assert box.raw.startswith("</pre><script>")


def test_nothing_for_staff() -> None:
    """Tracebacks for staff and ids of hidden tests are nowhere on the page."""
    given: dict[str, list[Given]] = {name: [Verdict.PASSED, Verdict.GRADER_FAULT] for name in QUESTIONS}
    source = render_feedback("ada", "Convolution", [result(given=given, original="/srv/inbox/ada.zip")], TITLES)
    assert "STAFF ONLY" not in source
    assert "test_conv" not in source
    assert "/srv/inbox" not in source


def test_pure() -> None:
    """Equal results give equal pages, whatever time grading took."""
    one = render_feedback("ada", "Convolution", [result()], TITLES)
    assert render_feedback("ada", "Convolution", [replace(result(), wall_s=3.0)], TITLES) == one


def test_write(course: Course) -> None:
    """The page lies where nbgrader's layout has it, with the titles and the order of the course's files."""
    results = [result(notebook="linear_maps"), result()]
    path = write_feedback(course, "a1_convolution", "ada", results)
    assert path == course.feedback / "ada" / "a1_convolution" / "feedback.html"
    root = parse(path.read_text(encoding="utf-8"))
    assert root.one("h1").text == "Convolution"
    assert [heading.text for heading in root.all("h2")] == ["Sliding windows", "Linear maps"]
    assert [entry.name for entry in path.parent.iterdir()] == ["feedback.html"]


def test_write_replaces(course: Course) -> None:
    """A later page takes the place of the earlier one."""
    write_feedback(course, "a1_convolution", "ada", [result()])
    path = write_feedback(course, "a1_convolution", "ada", [ungraded("ada", "No file.")])
    assert parse(path.read_text(encoding="utf-8")).one("p", class_="score").text == "0 of 52 points"


@pytest.mark.parametrize("student", ["", ".", "..", "../ada", "a/b", "/etc", "a\0b"])
def test_name_that_is_no_folder(course: Course, student: str) -> None:
    """A name that leads elsewhere is refused before anything is written."""
    with pytest.raises(CourseError, match="expected a name that can be a folder's"):
        write_feedback(course, "a1_convolution", student, [result(student)])
    assert not course.feedback.exists()


def test_nothing_to_show(course: Course) -> None:
    """No results make no page."""
    with pytest.raises(CourseError, match="expected results of ada in a1_convolution, got none"):
        write_feedback(course, "a1_convolution", "ada", [])


def test_folder_in_the_way(course: Course) -> None:
    """A place that can't be written is told in one line, and nothing half-written stays."""
    place = course.feedback / "ada" / "a1_convolution" / "feedback.html"
    place.mkdir(parents=True)
    with pytest.raises(CourseError, match=r"feedback\.html: expected to write it") as caught:
        write_feedback(course, "a1_convolution", "ada", [result()])
    assert "\n" not in str(caught.value)
    assert list(place.parent.iterdir()) == [place]


# Contrast, as WCAG 2.2 computes it.


def themes() -> dict[str, dict[str, str]]:
    """The colours of each theme; dark and print change what they name."""
    css = Path(render_feedback.__code__.co_filename).with_name("templates").joinpath("feedback.css").read_text()
    blocks = [
        dict(re.findall(r"--([a-z]+): (#[0-9a-f]+);", block)) for block in re.findall(r":root \{(.*?)\}", css, re.S)
    ]
    light, dark, printed = blocks
    return {"light": light, "dark": light | dark, "print": light | printed}


def luminance(colour: str) -> float:
    """Relative luminance of #rgb or #rrggbb."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
@pytest.mark.parametrize("text", ["ink", "soft", "link", "good", "part", "bad", "wait"])
@pytest.mark.parametrize("ground", ["paper", "card", "code"])
def test_contrast(theme: str, text: str, ground: str) -> None:
    """Every colour of text keeps 4.5 to 1 on every ground, in each theme (WCAG 2.2, 1.4.3)."""
    colours = themes()[theme]
    lighter, darker = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_a_question_that_no_one_tests() -> None:
    """A question without tests and points breaks nothing."""
    entry = replace(question_result("conv_nd", []), question=Question(id="q", title="Nothing", points=0))
    assert page(result(questions=[entry])).one("h3").text == "Nothing"


def test_a_named_mistake_is_shown_in_the_finding() -> None:
    """Symptom, then hint, in the place of the general advice; text is text."""
    known = Diagnosis(mistake="size_float", symptom="Your size is a `float`.", hint=f"What does / give? {SCRIPT}")
    found = rows(
        question("correlate1d", (Verdict.FAILED, "wrong", "type"), diagnosis=known).one("div", class_="finding")
    )
    assert found["Looks like"] == "Your size is a float."
    assert found["Hint"] == f"What does / give? {SCRIPT}"
    assert "Next step" not in found
    assert list(found).index("Looks like") < list(found).index("Hint")
