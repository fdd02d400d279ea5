"""The words of the grader as data: what flows from one stage to the next.

Everything here is frozen, holds no open files, and turns into JSON and back with msgspec.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """What one hidden test says about one submission."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    STUDENT_ERROR = "STUDENT_ERROR"
    NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
    TIMEOUT = "TIMEOUT"
    MEMORY = "MEMORY"
    OUTPUT_LIMIT = "OUTPUT_LIMIT"
    FORBIDDEN = "FORBIDDEN"
    SKIPPED = "SKIPPED"
    GRADER_FAULT = "GRADER_FAULT"


class TestKind(StrEnum):
    """What a hidden test looks at.

    Only a VALUES test earns points by itself; the other kinds count once a VALUES test of the same question passes.
    """

    __test__ = False

    VALUES = "values"
    SHAPE = "shape"
    ERROR = "error"
    PURITY = "purity"


class Role(StrEnum):
    """What a cell is for. Markdown cells are PROSE; a code cell that a student added is ADDED."""

    SETUP = "setup"
    SOLUTION = "solution"
    CHECK = "check"
    DEMO = "demo"
    REFLECTION = "reflection"
    PROSE = "prose"
    ADDED = "added"


class Origin(StrEnum):
    """Where the source of a rebuilt cell comes from."""

    RELEASE = "release"
    STUDENT = "student"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One graded question, as the released notebook states it.

    Attributes:
        id: The one name of the question in cells, hidden tests, verdicts, feedback and gradebook.
        title: Heading of the section in which it stands.
        points: Maximum points.
        functions: Names that the student must define, in the order of the notebook.
        uses: Ids of the questions whose functions an answer may call.
        forbidden: Dotted names that an answer must not use, beyond those of the notebook: what its header says, and
            the course's own versions of its functions.
        manual: True for a reflection, which a person grades.
        section: Heading of that section as the notebook numbers it, for who looks for it there.
        idea: What of the lectures it grades, such as "Lecture 7: ..."; "" where nothing says so.
    """

    id: str
    title: str
    points: float
    functions: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    manual: bool = False
    section: str = ""
    idea: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell, released or rebuilt.

    Attributes:
        id: The notebook's cell id.
        role: What it is for.
        kind: "code" or "markdown".
        source: Its text.
        question: Id of the question it belongs to, or None.
        grade_id: nbgrader's id, or None for a cell that nbgrader doesn't know.
        origin: Whether the text is ours or the student's.
    """

    id: str
    role: Role
    kind: str
    source: str
    question: str | None = None
    grade_id: str | None = None
    origin: Origin = Origin.RELEASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """A released notebook: the contract between release, intake, grading and gradebook.

    Attributes:
        assignment: Id of the assignment.
        name: File name without its ending.
        title: As people read it.
        kind: "numpy" or "torch": which forkserver runs it.
        forbidden: Dotted names that no answer may use.
        cells: All cells in order.
        questions: All questions in order.
    """

    assignment: str
    name: str
    title: str
    kind: str
    cells: tuple[Cell, ...]
    questions: tuple[Question, ...]
    forbidden: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """Maximum points of the notebook."""
        return sum(question.points for question in self.questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One student's answer to one notebook, rebuilt from our release.

    Attributes:
        student: Who.
        assignment: Id of the assignment.
        notebook: Name of the notebook.
        cells: Every cell of the release in order, and the student's own cells where they put them.
            Check cells, ids and roles are always ours. Empty if it can't be graded.
        remarks: What intake noticed and mended, for student and staff.
        problem: Why it can't be graded at all, with what to do; None if it can.
        fault: Our own fault in reading it, as a traceback for staff; such a submission is held, and loses nothing.
        submitted_at: Aware UTC time in ISO 8601, or None.
        sha256: Hash of the bytes that were handed in; empty if none were.
        original: Source of the file relative to the submissions folder, for staff.
    """

    student: str
    assignment: str
    notebook: str
    cells: tuple[Cell, ...] = ()
    remarks: tuple[str, ...] = ()
    problem: str | None = None
    fault: str = ""
    submitted_at: str | None = None
    sha256: str = ""
    original: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredTest:
    """One hidden test item, as collected.

    Attributes:
        id: Unique within the notebook: function name, and the case in brackets.
        question: Id of the question it grades.
        kind: What it looks at.
        weight: Its share of the question's points, relative to the others.
        title: One line that a student may read: what is checked.
    """

    id: str
    question: str
    kind: TestKind
    weight: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorMap:
    """Where a result is wrong, as a picture; it holds shares of wrong values, and no value.

    Attributes:
        rows: Share of wrong values at each place, between 0 and 1, row by row.
        row_axis: What the rows are, in words, or "" where there is one row only.
        column_axis: What the columns are.
    """

    rows: tuple[tuple[float, ...], ...]
    row_axis: str
    column_axis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """What came out of one declared test.

    Attributes:
        test: Which test.
        verdict: What it says.
        message: One or two sentences for the student; no hidden input, no expected array.
        rung: The rung of the comparison ladder that failed, or None.
        staff: Traceback and other detail for staff only.
        error_map: Where an array is wrong, or None if there is nothing to show.
    """

    __test__ = False

    test: DeclaredTest
    verdict: Verdict
    message: str = ""
    rung: str | None = None
    staff: str = ""
    error_map: ErrorMap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The listed mistake that explains a wrong answer.

    Attributes:
        mistake: Its id.
        symptom: What the student's result looks like, in one line for the student.
        hint: A question, or the next step.
    """

    mistake: str
    symptom: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionResult:
    """The outcome of one question.

    Attributes:
        question: Which question.
        points: Points earned.
        points_pending: Points that wait for a person (reflections, our own faults).
        tests: One result per declared test, in declared order.
        remarks: What costs nothing but is worth saying.
        helped: True where the verdicts come from a second try with prerequisites replaced by library-backed ones.
        output: What the student's code printed while answering, shortened.
        diagnosis: The listed mistake that explains what is wrong, or None.
    """

    question: Question
    points: float
    points_pending: float
    tests: tuple[TestResult, ...] = ()
    remarks: tuple[str, ...] = ()
    helped: bool = False
    output: str = ""
    diagnosis: Diagnosis | None = None

    @property
    def verdicts(self) -> dict[str, str]:
        """Verdict of each declared test by its id."""
        return {result.test.id: result.verdict.value for result in self.tests}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookResult:
    """The outcome of one submitted notebook.

    Attributes:
        submission: What was graded.
        questions: One result per question of the notebook, in order.
        sandbox_level: Name of the wall that stood around the student's code.
        remarks: What concerns the whole notebook: cells that failed, mended damage.
        wall_s: Seconds that grading took. Left out where results are compared.
    """

    submission: Submission
    questions: tuple[QuestionResult, ...]
    sandbox_level: str
    remarks: tuple[str, ...] = ()
    wall_s: float = field(default=0.0, compare=False)

    @property
    def points(self) -> float:
        """Points earned in this notebook."""
        return sum(result.points for result in self.questions)

    @property
    def points_pending(self) -> float:
        """Points of this notebook that wait for a person."""
        return sum(result.points_pending for result in self.questions)

    @property
    def max_points(self) -> float:
        """Maximum points of this notebook."""
        return sum(result.question.points for result in self.questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What student code may use. Seconds are wall-clock seconds.

    Attributes:
        cell_wall_s: One cell while the notebook is loaded.
        load_wall_s: All cells together.
        call_wall_s: One call of a student's function.
        question_wall_s: All calls of one question.
        memory_bytes: Memory beyond what the libraries take.
        output_bytes: Printed text that is kept per question, and while loading; fifty times as much stops it.
        file_bytes: Size of one file written into the scratch folder.
        processes: Processes and threads at one time.
    """

    cell_wall_s: float = 10.0
    load_wall_s: float = 60.0
    call_wall_s: float = 5.0
    question_wall_s: float = 20.0
    memory_bytes: int = 1 << 30
    output_bytes: int = 1_000_000
    file_bytes: int = 1 << 24
    processes: int = 64
