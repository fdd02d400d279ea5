"""What can be asked of a student's notebook, and what can come back: the seam between sandbox and grading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from autograder.model import Cell, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What a call took, on any machine.

    Attributes:
        steps: Python instructions, in all frames.
        passes: Elements that torch's operations read or wrote, each operation counted as the larger of its largest
            input and output; views are free.
    """

    steps: int
    passes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A call came back.

    Attributes:
        value: The decoded result: None, bool, int, float, str, list, tuple, dict, ndarray, NumPy scalar, tensor,
            Record or Handle.
        arguments: The positional arguments as they were after the call, if asked for.
        count: What it took, if asked for.
        misplaced: Device of a tensor in the result that is not where the tensors that were sent are, or "".
    """

    value: Any
    arguments: tuple[Any, ...] | None = None
    count: Count | None = None
    misplaced: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """The student's code raised.

    Attributes:
        types: Names of the exception's class and its bases, most derived first.
        message: `str(exception)`, shortened.
        line: Source line of the student's code that raised, or "".
    """

    types: tuple[str, ...]
    message: str
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """There is no such function.

    Attributes:
        name: What was asked for.
        found: Type name of what stands there instead of a function, or "" if the name is not defined.
    """

    name: str
    found: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A limit cut the call, or the process is gone. The session is closed.

    Attributes:
        verdict: TIMEOUT, MEMORY, OUTPUT_LIMIT, FORBIDDEN, or STUDENT_ERROR where the process ended itself or
            spoke nonsense.
        message: One sentence for the student.
        unexplained: Whether something outside (the system, short of memory, say) may have ended the process as well
            as the student's code. What happens again when asked again was the code's own doing.
    """

    verdict: Verdict
    message: str
    unexplained: bool = False


Reply = Returned | Raised | Missing | Stopped


@dataclass(frozen=True, slots=True)
class Record:
    """A named tuple or dataclass that a student's function returned: its class name, and its fields in order."""

    type: str
    fields: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Handle:
    """Something that stays in the worker; it may be passed back as an argument in the same session."""

    number: int
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CellReport:
    """How one cell ran while the notebook was loaded.

    Attributes:
        cell: Id of the cell.
        ok: True if all of it ran.
        message: What went wrong, with the student's line; "" if all was well.
        reduced: True if only its imports and definitions were kept, after a failure or a time-out.
    """

    cell: str
    ok: bool
    message: str = ""
    reduced: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """An argument that travels as text and is made where student code runs: a function, a generator.

    Attributes:
        text: Python: statements, then an expression, which is the argument.
        names: What the text refers to, beside the libraries.
    """

    text: str
    names: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SentCall:
    """A call as it travels, but for its number.

    Attributes:
        start: Of the message, up to its number.
        end: What comes behind the number.
        blob: Bytes of its arrays.
    """

    start: bytes
    end: bytes
    blob: bytes

    @property
    def size(self) -> int:
        """Bytes that it takes to keep."""
        return len(self.end) + len(self.blob)


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply as it came, but for its number. Nothing in it has been looked at.

    Attributes:
        start: Of the message, up to its number; it tells what kind of reply it is.
        end: What comes behind the number.
        blob: Bytes of its arrays.
    """

    start: bytes
    end: bytes
    blob: bytes

    @property
    def size(self) -> int:
        """Bytes that it takes to keep."""
        return len(self.end) + len(self.blob)


class Session(Protocol):
    """One question's process, forked from the loaded notebook."""

    def call(
        self,
        name: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        return_arguments: bool = False,
        count: bool = False,
    ) -> Reply:
        """Call a student's function. Never raises for what the student's code does."""
        ...

    @property
    def output(self) -> str:
        """What the student's code has printed since the question began, bounded."""
        ...

    def close(self) -> None:
        """End the process. May be called twice."""
        ...


class OwnSession(Session, Protocol):
    """A session that can be asked many calls at once, and one question after the other."""

    def send(self, calls: Sequence[SentCall]) -> None:
        """Send calls that are known, to be heard one after the other; nothing else is asked before."""
        ...

    def hear(self) -> Heard | Stopped:
        """The reply to the next call that was sent. `Stopped` says that not all of them will have one."""
        ...

    def begin(self, forbidden: Sequence[str] = ()) -> bool:
        """Go on with another question in the same process, with random numbers, handles and limits as at the start.

        Args:
            forbidden: Dotted names of functions that are gone until the next question begins.

        Returns:
            False if it can't be: the session was stopped, what was asked has left threads or processes behind, or
            what is forbidden now or was before can't be taken away for a while. It must be closed then.
        """
        ...


class Worker(Protocol):
    """A notebook, loaded."""

    @property
    def reports(self) -> tuple[CellReport, ...]:
        """How each cell ran."""
        ...

    def ask(
        self,
        *,
        replacements: Mapping[str, str] | None = None,
        forbidden: Sequence[str] = (),
    ) -> Session:
        """Start a session from the loaded notebook, as if no question had been asked before.

        Args:
            replacements: Function name to Python source that defines it; takes the place of the student's.
            forbidden: Dotted names of functions that are gone in this session, from replacements too.
        """
        ...

    def close(self) -> None:
        """End everything that this notebook started."""
        ...


class LoadedWorker(Worker, Protocol):
    """A student's notebook, loaded by a sandbox."""

    def ask(self, *, replacements: Mapping[str, str] | None = None, forbidden: Sequence[str] = ()) -> OwnSession:
        """Start a session; see `Worker`."""
        ...


class Sandbox(Protocol):
    """A forkserver behind the strongest wall that the machine offers; one per grader process and notebook kind."""

    @property
    def level(self) -> str:
        """Name of the wall, one of config.SANDBOX_LEVELS."""
        ...

    def load(self, cells: Sequence[Cell]) -> LoadedWorker:
        """Run these cells in a fresh process, in order, by the rules of intake for roles and origins."""
        ...

    def close(self) -> None:
        """End the forkserver and all that it started."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
