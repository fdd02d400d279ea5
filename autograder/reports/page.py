"""What the feedback page shows, decided before anything is rendered. Pure.

Nothing of `TestResult.staff` gets this far, so no template can show it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from markupsafe import Markup

from autograder.config import weakest
from autograder.model import Diagnosis, ErrorMap, NotebookResult, QuestionResult, TestResult, Verdict
from autograder.reports.ladder import climbed
from autograder.reports.merge import total
from autograder.reports.reading import reading
from autograder.reports.text import one_line, shortened
from autograder.reports.views import Cause, Check, Finding, Group, NotebookView, PageView, Picture, QuestionView, State
from autograder.reports.words import next_step, symbol, words
from course_utils.heat import LEGEND, caption, svg

_MESSAGE = {"lines": 12, "characters": 800}
_OUTPUT = {"lines": 40, "characters": 3000}
_REMARK = 600
_NO_LECTURES: Mapping[str, str] = {}

_STATES: Mapping[State, tuple[str, str]] = {
    State.FULL: ("✓", "all right"),
    State.PART: ("◐", "partly right"),
    State.NONE: ("✗", "no points yet"),
    State.OPEN: ("○", "not implemented yet"),
    State.WAITS: ("?", "waits for a person"),
}


def page_view(
    student: str,
    title: str,
    results: Sequence[NotebookResult],
    titles: Mapping[str, str],
    lectures: Mapping[str, str] = _NO_LECTURES,
) -> PageView:
    """Decide what one student's page shows.

    Args:
        student: Whose page.
        title: Of the assignment.
        results: One per notebook, in the order in which they are shown.
        titles: Notebook name to its title; a name without one is shown itself.
        lectures: Name of a lecture to its address.
    """
    notebooks = tuple(_notebook(result, titles, lectures) for result in results)
    return PageView(
        student=one_line(student, 200),
        title=title,
        points=total(result.points for result in results),
        pending=total(result.points_pending for result in results),
        maximum=total(result.max_points for result in results),
        notebooks=notebooks,
        next=_go_on_with([question for notebook in notebooks for question in notebook.questions]),
        sandbox_level=weakest(result.sandbox_level for result in results),
    )


def _notebook(result: NotebookResult, titles: Mapping[str, str], lectures: Mapping[str, str]) -> NotebookView:
    submission = result.submission
    problem = submission.problem
    return NotebookView(
        anchor=submission.notebook,
        title=titles.get(submission.notebook, submission.notebook),
        points=total([result.points]),
        maximum=total([result.max_points]),
        problem=None if problem is None else shortened(problem, **_MESSAGE),
        ours=bool(submission.fault),
        remarks=tuple(one_line(remark, _REMARK) for remark in result.remarks),
        questions=()
        if problem
        else tuple(_question(submission.notebook, entry, lectures) for entry in result.questions),
        count=len(result.questions),
        handed_in=_moment(submission.submitted_at),
        fingerprint=submission.sha256[:12],
    )


def _question(notebook: str, entry: QuestionResult, lectures: Mapping[str, str]) -> QuestionView:
    state = _state(entry)
    functions = entry.question.functions
    passed = [result for result in entry.tests if result.verdict is Verdict.PASSED]
    groups = _groups([result for result in entry.tests if result.verdict is not Verdict.PASSED], functions)
    # A function under another name was written: that has to be said.
    untouched = state is State.OPEN and all(result.rung != "defined" for result in entry.tests)
    return QuestionView(
        anchor=f"{notebook}.{entry.question.id}",
        id=entry.question.id,
        title=entry.question.title,
        points=entry.points,
        pending=entry.points_pending,
        maximum=entry.question.points,
        state=state,
        symbol=_STATES[state][0],
        verdict=_STATES[state][1],
        first=groups[0] if groups else None,
        cause=_cause(entry.diagnosis) if groups else None,
        others=groups[1:],
        untouched=_checks(entry.tests, functions) if untouched else (),
        passed=_checks(passed, functions),
        count=len(entry.tests),
        passed_count=len(passed),
        manual=entry.question.manual,
        helped=entry.helped,
        remarks=tuple(one_line(remark, _REMARK) for remark in entry.remarks),
        output=shortened(entry.output, **_OUTPUT),
        reading=reading(entry.question, lectures),
    )


def _cause(diagnosis: Diagnosis | None) -> Cause | None:
    if diagnosis is None:
        return None
    return Cause(symptom=one_line(diagnosis.symptom, _REMARK), hint=one_line(diagnosis.hint, _REMARK))


def _state(entry: QuestionResult) -> State:
    verdicts = {result.verdict for result in entry.tests}
    if entry.points_pending > 0:
        return State.WAITS
    if entry.points >= entry.question.points:
        return State.FULL
    if verdicts and verdicts <= {Verdict.NOT_IMPLEMENTED, Verdict.SKIPPED}:
        return State.OPEN
    return State.PART if entry.points > 0 else State.NONE


def _groups(results: Sequence[TestResult], functions: Sequence[str]) -> tuple[Group, ...]:
    """The first finding by itself, then the others by verdict, each in the order in which it first comes.

    Results that say the same are one finding, and each advice is given once. Checks that were not run stand last: what
    comes before them is their cause.
    """
    alike: dict[tuple[str, str, str, str], list[TestResult]] = {}
    for result in sorted(results, key=lambda result: result.verdict is Verdict.SKIPPED):
        said = words(result.verdict, result.rung), symbol(result.verdict), next_step(result.verdict, result.rung)
        alike.setdefault((*said, result.message), []).append(result)
    groups: dict[tuple[bool, str, str, str], list[Finding]] = {}
    for (verdict, sign, step, message), found in alike.items():
        text = shortened(message, **_MESSAGE)
        picture = next((_picture(result.error_map, text) for result in found if result.error_map is not None), None)
        finding = Finding(
            message=text,
            checks=_checks(found, functions),
            count=len(found),
            picture=picture,
            ladder=climbed(found[0]),
        )
        first = not groups
        groups.setdefault((first, verdict, sign, step), []).append(finding)
    built: list[Group] = []
    advised: set[str] = set()
    for (_, verdict, sign, step), findings in groups.items():
        advice = "" if step in advised else step
        built.append(Group(verdict=verdict, symbol=sign, step=advice, findings=tuple(findings)))
        advised.add(step)
    return tuple(built)


def _picture(error_map: ErrorMap, said: str) -> Picture:
    """A drawing; who doesn't see it is told what the message says."""
    alt = one_line(said.replace("`", ""))
    drawing = Markup(svg(error_map.rows, alt))  # noqa: S704 - our own element; the text in it is escaped
    return Picture(svg=drawing, caption=f"{caption(error_map.row_axis, error_map.column_axis)} {LEGEND}")


def _checks(results: Sequence[TestResult], functions: Sequence[str]) -> tuple[Check, ...]:
    """Cases of one test together, under the title that they share."""
    cases: dict[str, list[str]] = {}
    for result in results:
        title, case = _split(result, functions)
        cases.setdefault(title, []).extend([case] if case else [])
    return tuple(Check(title=title, cases=tuple(found)) for title, found in cases.items())


def _split(result: TestResult, functions: Sequence[str]) -> tuple[str, str]:
    """The title of a test and its case: grading puts the case in brackets behind the title, and into the id.

    Where a test has several kinds of case, pytest joins them by hyphens; the one after a function's name goes.
    """
    _, _, case = result.test.id.removesuffix("]").partition("[")
    title = result.test.title.removesuffix(f" ({case})")
    if not case or title == result.test.title:
        return title, ""
    name = next((name for name in functions if case.startswith(f"{name}-")), "")
    return title, f"{name}, {case.removeprefix(f'{name}-')}" if name else case


def _go_on_with(questions: Sequence[QuestionView]) -> QuestionView | None:
    """The first question that was begun and is not all right, or else the first that was not begun."""
    begun = [entry for entry in questions if entry.state in (State.PART, State.NONE)]
    not_begun = [entry for entry in questions if entry.state is State.OPEN]
    return next(iter((*begun, *not_begun)), None)


def _moment(iso: str | None) -> str:
    try:
        return f"{datetime.fromisoformat(iso).astimezone(UTC):%Y-%m-%d %H:%M} UTC" if iso else ""
    except ValueError:
        return ""
