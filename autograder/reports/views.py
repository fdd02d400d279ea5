"""What the feedback page shows, as data: all that a template sees."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup


class State(StrEnum):
    """How a question stands as a whole."""

    FULL = "full"
    PART = "part"
    NONE = "none"
    OPEN = "open"
    WAITS = "waits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One hidden test, or several cases of one.

    Attributes:
        title: What is checked.
        cases: The kinds of case, where there are several.
    """

    title: str
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Where a result is wrong.

    Attributes:
        svg: Our own drawing; the text in it is escaped.
        caption: What lies where.
    """

    svg: Markup
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung of the comparison ladder.

    Attributes:
        name: What is looked at, in a word or two.
        state: "passed", "failed" or "not looked at".
        symbol: The state for the eye.
    """

    name: str
    state: str
    symbol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Where a question is explained.

    Attributes:
        section: Of the notebook, in words, or "".
        lecture: Name of the lecture, or "".
        idea: What of it the question grades, or "".
        address: Of the lecture, or "".
    """

    section: str
    lecture: str
    idea: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came out alike of one or more checks.

    Attributes:
        message: What came out, code between backticks; empty if there is nothing to say.
        checks: Which checks.
        count: How many, cases counted.
        picture: Where it is wrong, of the first check that shows it.
        ladder: How far the answer got, rung by rung, or empty.
    """

    message: str
    checks: tuple[Check, ...]
    count: int
    picture: Picture | None = None
    ladder: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Findings of one verdict.

    Attributes:
        verdict: In words.
        symbol: For the eye.
        step: What to do next; empty if nothing, or if it has been said above.
        findings: At least one.
    """

    verdict: str
    symbol: str
    step: str
    findings: tuple[Finding, ...]

    @property
    def count(self) -> int:
        """Number of checks, cases counted."""
        return sum(finding.count for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The mistake behind a wrong answer, where it has a name.

    Attributes:
        symptom: What the results look like.
        hint: A question, or the next step.
    """

    symptom: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """One question on the page.

    Attributes:
        anchor: Where links lead.
        id: As the notebook calls it.
        title: Its heading.
        points: Earned.
        pending: Waiting for a person.
        maximum: To be had.
        state: How it stands.
        symbol: The state for the eye.
        verdict: The state in words.
        first: What to look at first, a single finding, or None if nothing is wrong.
        cause: The mistake behind it, or None.
        others: What else is wrong, by verdict.
        untouched: All checks of a question of which nothing has been written yet; empty for any other.
        passed: The checks that passed.
        count: Number of all checks, cases counted.
        passed_count: Number of those that passed.
        manual: Whether a person grades it.
        helped: Whether prerequisites were replaced.
        remarks: What costs nothing.
        output: What the student's code printed.
        reading: Where it is explained, or None.
    """

    anchor: str
    id: str
    title: str
    points: float
    pending: float
    maximum: float
    state: State
    symbol: str
    verdict: str
    first: Group | None
    cause: Cause | None
    others: tuple[Group, ...]
    untouched: tuple[Check, ...]
    passed: tuple[Check, ...]
    count: int
    passed_count: int
    manual: bool
    helped: bool
    remarks: tuple[str, ...]
    output: str
    reading: Reading | None

    @property
    def share(self) -> float:
        """Points earned, in percent."""
        return _percent(self.points, self.maximum)

    @property
    def pending_share(self) -> float:
        """Points that wait for a person, in percent."""
        return min(_percent(self.pending, self.maximum), 100.0 - self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookView:
    """One notebook on the page.

    Attributes:
        anchor: Where links lead.
        title: As people read it.
        points: Earned.
        maximum: To be had.
        problem: Why it can't be graded, or None.
        ours: Whether that is our fault: then it is held, and loses nothing.
        remarks: On the notebook as a whole.
        questions: In the notebook's order; empty if it can't be graded.
        count: Number of questions.
        handed_in: When, as people read it, or "".
        fingerprint: First digits of the file's hash, or "".
    """

    anchor: str
    title: str
    points: float
    maximum: float
    problem: str | None
    ours: bool
    remarks: tuple[str, ...]
    questions: tuple[QuestionView, ...]
    count: int
    handed_in: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """The whole page.

    Attributes:
        student: Whose.
        title: Of the assignment.
        points: Earned.
        pending: Waiting for a person.
        maximum: To be had.
        notebooks: In the order in which they are shown.
        next: The question to go on with, or None if nothing is left to do.
        sandbox_level: The weakest wall that stood around the student's code.
    """

    student: str
    title: str
    points: float
    pending: float
    maximum: float
    notebooks: tuple[NotebookView, ...]
    next: QuestionView | None
    sandbox_level: str

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do and nothing to wait for."""
        return self.next is None and not self.pending and all(entry.problem is None for entry in self.notebooks)

    @property
    def overview(self) -> bool:
        """Whether there is anything to choose from."""
        return len(self.notebooks) > 1 or any(notebook.questions for notebook in self.notebooks)


def _percent(points: float, maximum: float) -> float:
    return round(100.0 * min(max(points / maximum, 0.0), 1.0), 1) if maximum else 0.0
