"""Where a case is let loose: a sandbox of one level, hidden tests, a guarded course, and a neighbour who works on."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from autograder.config import load_course
from autograder.diagnosis.material import load_material
from autograder.grading.answer import grade_submission, held_result
from autograder.grading.diagnose import Diagnostician
from autograder.grading.hidden import HiddenTests
from autograder.grading.plan import plan_grading
from autograder.grading.rehearsal import Rehearsals
from autograder.intake.collect import collect
from autograder.model import Cell, Limits, NotebookResult, Origin, Role, Submission
from autograder.released import parse_notebook
from autograder.sandbox import processes
from autograder.sandbox.client import open_sandbox
from autograder.sandbox.protocol import Returned, Sandbox, Worker
from tests.hostile.case import ATTACKER, HARM, NEIGHBOUR, RIGHT, Case, Material, answer, code_cell, put
from tests.hostile.guard import ROOT, Effort, Guard, Queues, Servers, processes_of, settings_of
from tests.hostile.showing import shown_faults, shown_texts

# Tight, so that what never ends is soon over; wide enough for a busy machine.
LIMITS = Limits(
    cell_wall_s=1.0,
    load_wall_s=10.0,
    call_wall_s=1.0,
    question_wall_s=2.0,
    memory_bytes=192 << 20,
    output_bytes=10_000,
    # As in the course: a compiled module fits into it.
    file_bytes=1 << 24,
    processes=32,
)
_NEIGHBOUR_ANSWERS = {
    "correlate1d": RIGHT["correlate1d"],
    # A mistake, so that a verdict that should fail can be seen to fail still.
    "conv_output_size": "def conv_output_size(size, kernel, **more):\n    return size - kernel + 1",
}
# With a figure, as the release has them: so it comes from the same forkserver as the cases.
_PEER = """
import os
from matplotlib import pyplot
open("notes", "w").write("@CANARY@")
def where():
    return os.getcwd()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one case behind one wall.

    Attributes:
        case: Its id.
        gained: Points beyond what an honest blank earns.
        leaked: Which secrets were seen.
        harmed: What was changed, left behind, or taken from somebody.
    """

    case: str
    gained: float
    leaked: tuple[str, ...]
    harmed: tuple[str, ...]

    @property
    def stopped(self) -> bool:
        """Whether it came to nothing."""
        return not (self.gained or self.leaked or self.harmed)

    def __str__(self) -> str:
        parts = [f"gained {self.gained:g} points"] if self.gained else []
        parts += [f"leaked: {', '.join(self.leaked)}"] if self.leaked else []
        return "; ".join([*parts, *self.harmed]) or "stopped"


class Arena:
    """A grader process's share of a course, with one sandbox for all cases.

    Args:
        level: The wall.
        kind: Libraries that workers find imported.
        forbidden: Names that are taken out; None takes out those of the notebook.
    """

    def __init__(self, level: str, *, kind: str = "numpy", forbidden: tuple[str, ...] | None = None) -> None:
        self._stack = ExitStack()
        self._root = Path(tempfile.mkdtemp(prefix="hostile-"))
        self._stack.callback(shutil.rmtree, self._root, ignore_errors=True)
        self._guard = Guard(self._root)
        self._guard.plant()
        self._temp = self._root / "temp"
        self._temp.mkdir()
        # As /tmp is: workers with a user id of their own reach their scratch folders through it.
        for folder in (self._root, self._temp):
            folder.chmod(0o711)
        self._servers = Servers(self._root, self._guard.token)
        self._stack.callback(self._servers.close)
        self._queues = Queues()
        self._stack.callback(self._queues.close)
        self._course = load_course(self._guard.course)
        self._release = json.loads((ROOT / "assignments/a1_convolution/sliding_windows.ipynb").read_bytes())
        for cell in self._release["cells"]:
            cell["source"] = "".join(cell["source"])
        self._notebook = parse_notebook(self._release)
        try:
            with self._place():
                self._open(level, kind, self._notebook.forbidden if forbidden is None else forbidden)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End everything."""
        self._guard.sweep()
        self._stack.close()

    def run(self, case: Case) -> Outcome:
        """Hand in a case, grade it beside an honest neighbour, and look at what it changed."""
        with self._place():
            self._check_peer()
            case.hand_in(self._guard.submitted, self._material())
            before, alive = self._guard.snapshot(), self._processes()
            forkservers = self._forkservers()
            settings = {pid: settings_of(pid) for pid in self._others()}
            effort = Effort()
            results, scratch, faults = self._grade(case)
            harmed = [*faults, *effort.faults(), *self._changes(before), *self._left_over(alive)]
            harmed += [f"process {pid} has other limits" for pid, was in settings.items() if settings_of(pid) != was]
            harmed += [f"ended the forkserver {pid}" for pid in forkservers - self._forkservers()]
            harmed += [f"reached a server by {name}" for name in self._servers.heard()]
            mine = [result for result in results if result.submission.student != NEIGHBOUR]
            texts = "\n".join([*shown_texts(mine, results, self._release, self._notebook), *scratch])
            harmed += [line.partition(HARM)[2][:80] for line in texts.splitlines() if HARM in line][:1]
            harmed += shown_faults(mine, results, self._release, self._notebook)
            points = round(sum(result.points for result in mine), 2) - case.worth
            if points < 0:
                harmed.append(f"lost {-points:g} points")
            if any(result.points_pending for result in mine):
                harmed.append("held for a person: " + _fault_of(mine))
            harmed += [f"came at {at}" for result in mine if (at := result.submission.submitted_at)]
            harmed += self._neighbour_faults(results)
            self._clean_up(alive)
        return Outcome(
            case=case.id,
            gained=max(0.0, points),
            leaked=tuple(self._guard.leaks(texts)),
            harmed=tuple(harmed),
        )

    @contextmanager
    def _place(self) -> Iterator[None]:
        """A grader's working folder, home and environment, with canaries in the last."""
        environment = {
            # Outside of the home that is guarded: it takes seconds to make matplotlib's list of fonts anew.
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser()),
            "HOME": str(self._guard.home),
            "COURSE_TOKEN": self._guard.canaries["environment"],
        }
        here = Path.cwd()
        with mock.patch.dict(os.environ, environment), mock.patch.object(tempfile, "tempdir", str(self._temp)):
            os.chdir(self._guard.course)
            try:
                yield
            finally:
                os.chdir(here)

    def _open(self, level: str, kind: str, forbidden: tuple[str, ...]) -> None:
        secret = bytes.fromhex(self._guard.canaries["secret"])
        plan = plan_grading(self._course, self._notebook, secret)
        self._library = dict(plan.library)
        self._sandbox = self._stack.enter_context(
            open_sandbox(kind=kind, limits=LIMITS, forbidden=forbidden, level=level)
        )
        self._tests = self._stack.enter_context(HiddenTests(Path(plan.tests), secret))
        material = load_material(self._notebook)
        assert material is not None
        opener = partial(HiddenTests, Path(plan.tests), b"fresh")
        right = self._sandbox.load(material.right)
        self._stack.callback(right.close)
        self._rehearsals = Rehearsals(lambda: right)
        for question in self._notebook.questions:
            self._rehearsals.script(question.id, self._tests)
        self._diagnostician = Diagnostician(material, self._sandbox, self._tests, opener, self._rehearsals)
        self._stack.callback(self._diagnostician.close)
        # What a notebook with figures is forked from starts when it is first needed: not within a case.
        for source in ("pass", "import matplotlib.pyplot as plt"):
            self._sandbox.load([_cell(source)]).close()
        self._peer: Worker | None = None
        self._hand_in_neighbour()
        (alone,) = collect(self._guard.submitted, "a1_convolution", [self._notebook])
        self._undisturbed = self._verdicts(self._grade_one(alone, tuple(_NEIGHBOUR_ANSWERS), self._sandbox))

    def _check_peer(self) -> None:
        """A worker of another student, who stays at work beside every case."""
        if self._peer is None:
            source = _PEER.replace("@CANARY@", self._guard.canaries["scratch"])
            before = self._processes()
            self._peer = self._sandbox.load([_cell(source)])
            self._peer_pids = self._processes() - before
            reply = self._peer.ask().call("where", [], {})
            assert isinstance(reply, Returned), reply
            self._peer_folder = reply.value

    def _material(self) -> Material:
        tcp, udp = self._servers.ports
        guard, work = self._guard, self._course.work
        words = {
            "COURSE": guard.course,
            "WORK": work,
            "GRADEBOOK": work / "gradebook.db",
            "JOURNAL": work / "journal" / "a1_convolution.jsonl",
            "SECRET": work / "secret",
            "TIMESTAMP": work / "autograded" / "nora" / "a1_convolution" / "timestamp.txt",
            "TESTS": guard.course / "hidden_tests" / "test_sliding_windows.py",
            "REAL_TESTS": ROOT
            / "autograder"
            / "hidden_tests"
            / "a1_convolution"
            / "sliding_windows"
            / "test_correlation.py",
            "HOME": guard.home,
            "NORA": guard.submitted / NEIGHBOUR / "a1_convolution" / "sliding_windows.ipynb",
            "PEER_FOLDER": self._peer_folder,
            "PEER": next(iter(self._peer_pids), 1),
            "GRADER": os.getpid(),
            "FORKSERVER": max(self._forkservers()),
            "TCP": tcp,
            "UDP": udp,
            "UNIX": self._servers.unix,
            "ABSTRACT": self._servers.abstract,
            **self._queues.words,
            "MARK": guard.token,
            "ROOT": ROOT,
            "MEMORY": LIMITS.memory_bytes,
            "FILE": LIMITS.file_bytes,
            "PROCESSES": LIMITS.processes,
            "OUTPUT": LIMITS.output_bytes,
        }
        return Material(release=self._release, words={word: str(value) for word, value in words.items()})

    def _others(self) -> set[int]:
        """Processes that no case may touch: the grader, the forkserver, another student's worker."""
        return {os.getpid(), *self._forkservers(), *self._peer_pids}

    def _hand_in_neighbour(self) -> None:
        notebook = json.loads(json.dumps(self._release))
        for question, source in _NEIGHBOUR_ANSWERS.items():
            answer(notebook, question, Material(release={}, words={}).fill(source))
        notebook["cells"].append(code_cell(f"# {self._guard.canaries['neighbour']}"))
        path = self._guard.submitted / NEIGHBOUR / "a1_convolution" / "sliding_windows.ipynb"
        put(path, json.dumps(notebook).encode())

    def _grade(self, case: Case) -> tuple[list[NotebookResult], list[str], list[str]]:
        """Results, what was found in scratch folders, and how the grader itself was stopped."""
        watched = _Watched(self._sandbox, self._temp)
        results: list[NotebookResult] = []
        faults: list[str] = []
        try:
            for submission in collect(self._guard.submitted, "a1_convolution", [self._notebook]):
                asked = tuple(_NEIGHBOUR_ANSWERS) if submission.student == NEIGHBOUR else case.questions
                results.append(self._grade_one(submission, asked, watched))
        except Exception as error:  # noqa: BLE001 - whatever gets this far has stopped a class
            faults.append(f"the grader stopped: {traceback.format_exception_only(error)[-1].strip()}")
        return results, watched.found, faults

    def _grade_one(self, submission: Submission, questions: Sequence[str], sandbox: Sandbox) -> NotebookResult:
        try:
            return grade_submission(
                submission,
                self._notebook,
                self._tests,
                sandbox,
                self._library,
                self._diagnostician,
                only=questions,
                rehearsals=self._rehearsals,
            )
        except Exception:  # noqa: BLE001 - as the engine does
            return held_result(submission, self._notebook, self._tests.declared, traceback.format_exc())

    def _verdicts(self, result: NotebookResult) -> dict[str, Any]:
        return {entry.question.id: (entry.points, entry.verdicts) for entry in result.questions}

    def _neighbour_faults(self, results: Sequence[NotebookResult]) -> Iterator[str]:
        found = [result for result in results if result.submission.student == NEIGHBOUR]
        if [self._verdicts(result) for result in found] != [self._undisturbed]:
            yield "the next student has another result"
        assert self._peer is not None
        if not self._peer_pids <= self._processes() or not isinstance(self._peer.ask().call("where", [], {}), Returned):
            yield "the worker of another student is gone"
            self._peer.close()
            self._peer = None

    def _processes(self) -> set[int]:
        kept = processes.descendants(self._forkservers())
        return {pid for pid in processes_of(self._root) | kept if not _is_zombie(pid)}

    def _forkservers(self) -> set[int]:
        return processes.children(os.getpid()) & processes_of(self._root)

    def _left_over(self, alive: set[int]) -> list[str]:
        return [f"left process {pid} behind" for pid in self._processes() - alive - self._diagnosing()]

    def _diagnosing(self) -> set[int]:
        """Our own worker that listed mistakes run in, which the first wrong answer starts."""
        loaded = self._diagnostician._loaded
        group = getattr(loaded, "_group", None)
        return set() if group is None else processes.descendants([group._spawned.pid])

    def _changes(self, before: dict[str, tuple[object, ...]]) -> Iterator[str]:
        after = self._guard.snapshot()
        for path in sorted(before.keys() | after.keys()):
            if before.get(path) != after.get(path):
                yield f"changed {Path(path).relative_to(self._root)}"
        yield from (f"left {path}" for path in self._guard.traces())

    def _clean_up(self, alive: set[int]) -> None:
        for path in self._guard.submitted.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        for pid in self._processes() - alive - self._diagnosing():
            os.kill(pid, 9)
        self._guard.sweep()
        self._guard.plant()
        self._hand_in_neighbour()


class _Watched:
    """A sandbox whose scratch folders are looked into before they are removed."""

    def __init__(self, sandbox: Sandbox, temp: Path) -> None:
        self._sandbox = sandbox
        self._temp = temp
        self.found: list[str] = []

    @property
    def level(self) -> str:
        return self._sandbox.level

    def load(self, cells: Sequence[Cell]) -> Worker:
        """Load, and remember which folder is new."""
        before = self._folders()
        worker = self._sandbox.load(cells)
        close = worker.close

        def look_and_close() -> None:
            for folder in self._folders() - before:
                for path in folder.rglob("*"):
                    if path.is_file() and not path.is_symlink():
                        with path.open("rb") as file:
                            self.found.append(file.read(1 << 16).decode("latin-1"))
            close()

        worker.close = look_and_close  # type: ignore[method-assign]
        return worker

    def close(self) -> None:
        """The arena's business."""

    def _folders(self) -> set[Path]:
        return set(self._temp.glob("autograder-sandbox-*/worker-*"))


def _cell(source: str) -> Cell:
    return Cell(id="own", role=Role.SOLUTION, kind="code", source=source, origin=Origin.STUDENT)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def _fault_of(results: Sequence[NotebookResult]) -> str:
    staff = [test.staff for result in results for entry in result.questions for test in entry.tests if test.staff]
    return (staff or [""])[0].strip().rpartition("\n")[2][:200]


assert ATTACKER < NEIGHBOUR, "the neighbour must be graded after the attacker"
