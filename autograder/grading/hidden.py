"""Hidden tests of one notebook: ordinary pytest files, collected once and run for one student after the other.

pytest's main function runs in a thread of its own and, once it has collected, waits for work: so the files, fixtures,
marks and parametrised cases mean what they mean everywhere, and a class costs one collection.
"""

from __future__ import annotations

import functools
import os
import queue
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest import mock

import numpy as np
import pytest
from _pytest.runner import runtestprotocol

from autograder.errors import GraderFault
from autograder.grading.items import Supplies, direct_call
from autograder.grading.retold import Verdicts
from autograder.grading.script import Script
from autograder.model import DeclaredTest, TestKind, TestResult, Verdict
from autograder.sandbox.protocol import Session
from autograder.testing import Judged, Student

_OURS_MESSAGE = "We could not judge this: the fault is ours. No points are lost; a person will look at it."
# No third-party plugins, no configuration from around the files, and no rewriting of asserts: a rewritten message
# shows the values that were compared.
_PYTEST_ARGS = (
    "--disable-plugin-autoload",
    "--assert=plain",
    "--import-mode=importlib",
    "-c",
    os.devnull,
    *(
        part
        for name in (
            "cacheprovider",
            "capture",
            "logging",
            "warnings",
            "faulthandler",
            # These collect garbage after each item and on closing, for reports that nobody would read.
            "unraisableexception",
            "threadexception",
        )
        for part in ("-p", f"no:{name}")
    ),
)


@dataclass(frozen=True, slots=True)
class _Work:
    """Which tests to run, and where their calls go."""

    tests: tuple[str, ...]
    session: Callable[[], Session]
    skip_rest: Callable[[TestResult], str]


@dataclass(frozen=True, slots=True)
class _Item:
    """A collected test, and how to call it without pytest, if that may be."""

    item: pytest.Item
    test: DeclaredTest
    direct: Callable[[], None] | None


class HiddenTests(AbstractContextManager["HiddenTests"]):
    """The hidden tests of one notebook, ready to run.

    Args:
        path: Their folder, whose test_*.py are collected in the order of their names; or a single file.
        secret: From which the inputs are drawn; the same secret gives the same inputs.

    Attributes:
        scripts: Question to the calls that its tests make of a right answer, as far as they were looked for.
        verdicts: What they have said to replies.

    Raises:
        GraderFault: If pytest can't collect them.
    """

    def __init__(self, path: Path, secret: bytes) -> None:
        self._plugin = _Plugin(secret)
        self.scripts: dict[str, Script | None] = {}
        self.verdicts = Verdicts()
        files = [path] if path.is_file() else sorted(path.glob("test_*.py"))
        if not files:
            raise GraderFault(
                f"Hidden tests: expected files test_*.py in the folder {path.name}, found none. Write them."
            )
        for file in files:
            _forget(file)
        self._thread = threading.Thread(target=self._main, args=(files,), name="hidden-tests", daemon=True)
        # Options from the instructor's shell are for their own test runs.
        with mock.patch.dict(os.environ):
            os.environ.pop("PYTEST_ADDOPTS", None)
            os.environ.pop("PYTEST_PLUGINS", None)
            self._thread.start()
            collected = self._plugin.answers.get()
        if isinstance(collected, BaseException):
            self._thread.join()
            raise GraderFault(f"Hidden tests: {path.name} could not be collected: {collected}") from collected
        self.declared: tuple[DeclaredTest, ...] = collected

    def of(self, question: str) -> tuple[DeclaredTest, ...]:
        """The tests of one question, in declared order."""
        return tuple(test for test in self.declared if test.question == question)

    def run(
        self, tests: Sequence[DeclaredTest], session: Callable[[], Session], skip_rest: Callable[[TestResult], str]
    ) -> tuple[TestResult, ...]:
        """Run some of the tests, in declared order.

        Args:
            tests: Which.
            session: Gives the session in which a call is made; asked anew for every call.
            skip_rest: Looks at each result; a reason means that the remaining tests are skipped for it.
        """
        self._plugin.work.put(_Work(tuple(test.id for test in tests), session, skip_rest))
        answer = self._plugin.answers.get()
        if isinstance(answer, BaseException):
            raise GraderFault(f"Hidden tests: pytest stopped: {answer!r}") from answer
        return tuple(answer)

    def draw_anew(self, secret: bytes) -> None:
        """Give the same tests other inputs from now on; what that costs is less than to collect them once more."""
        self._plugin.draw_anew(secret)
        self.scripts = {}
        self.verdicts = Verdicts()

    def close(self) -> None:
        """Let pytest end. The working folder stays, though pytest goes back to where it began."""
        here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._plugin.work.put(None)
            self._thread.join()
            os.fchdir(here)
        finally:
            os.close(here)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _main(self, files: list[Path]) -> None:
        try:
            code = pytest.main(
                [*_PYTEST_ARGS, "--rootdir", str(files[0].parent), *map(str, files)], plugins=[self._plugin]
            )
        except BaseException as error:  # noqa: BLE001 - whatever ends the thread must reach the one who waits
            self._plugin.answers.put(error)
        else:
            if not self._plugin.collected:
                self._plugin.answers.put(GraderFault(self._plugin.problem or f"pytest ended with {code!r}"))


class _Plugin:
    """Brings the fixtures, and turns pytest's loop over items into a loop over work."""

    def __init__(self, secret: bytes) -> None:
        self.work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.collected = False
        self.problem = ""
        self._supplies = Supplies(secret)
        self._error: BaseException | None = None

    def draw_anew(self, secret: bytes) -> None:
        """Draw inputs from another secret; between two runs."""
        self._supplies.draw_anew(secret)

    @pytest.fixture
    def student(self) -> Student:
        """The notebook of the student whose turn it is."""
        return self._supplies.student()

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        """A generator that depends on the course's secret and the test, and on nothing else."""
        return self._supplies.rng(request.node.name)

    @pytest.fixture
    def once(self, request: pytest.FixtureRequest) -> Callable[[Callable[[], Any]], Any]:
        """Keeps what an oracle computes: inputs are the same for a class, so its answers are too."""
        return self._supplies.once(request.node.name)

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Declare the mark; silence the terminal, which belongs to the grader."""
        config.addinivalue_line("markers", "question(name, kind, weight): the question that a hidden test grades")
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            config.pluginmanager.unregister(reporter)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what went wrong while collecting."""
        if report.failed:
            self.problem = str(report.longrepr)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Serve until told to end."""
        if self.problem:
            return True
        try:
            declared = tuple(_declare(item) for item in session.items)
            _demand_unique(declared)
        except GraderFault as fault:
            self.problem = str(fault)
            return True
        self.collected = True
        self.answers.put(declared)
        items = {
            test.id: _Item(item, test, direct_call(item, self._supplies))
            for item, test in zip(session.items, declared, strict=True)
        }
        while (work := self.work.get()) is not None:
            try:
                self.answers.put(self._serve(work, items))
            except BaseException as error:  # noqa: BLE001 - the one who waits must hear of it
                self.answers.put(error)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Keep the exception and skip pytest's own report, which would render a traceback for every failure."""
        if call.excinfo is not None and self._error is None:
            self._error = call.excinfo.value
        outcome: Any = "passed" if call.excinfo is None else "failed"
        when: Any = call.when
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, when)

    def _serve(self, work: _Work, items: dict[str, _Item]) -> list[TestResult]:
        self._supplies.session = work.session
        wanted = [items[name] for name in work.tests]
        results: list[TestResult] = []
        reason = ""
        for index, entry in enumerate(wanted):
            if reason:
                results.append(TestResult(test=entry.test, verdict=Verdict.SKIPPED, message=reason))
                continue
            # What pytest has set up for a module or a session it keeps for the next item that it runs itself.
            following = next((later.item for later in wanted[index + 1 :] if later.direct is None), None)
            results.append(_judge(entry.test, self._run(entry, following)))
            reason = work.skip_rest(results[-1])
            if reason and following is not None:
                entry.item.session._setupstate.teardown_exact(None)
        self._supplies.session = None
        return results

    def _run(self, entry: _Item, following: pytest.Item | None) -> BaseException | None:
        """Run one test; what it raised."""
        self._error = None
        if entry.direct is None:
            runtestprotocol(entry.item, log=False, nextitem=following)
            return self._error
        try:
            entry.direct()
        except Exception as error:  # noqa: BLE001 - as pytest does: whatever a test raises is its verdict
            return error
        return None


def _author_words(error: AssertionError) -> str:
    """What the author wrote behind the comma of an assert, without what a rewriting pytest adds: the values."""
    words = str(error).split("\nassert ")[0]
    return "" if words.startswith("assert ") else words


def _forget(path: Path) -> None:
    """Let Python import the file anew: pytest takes what an earlier collection left behind, even of another folder."""
    for name, module in list(sys.modules.items()):
        if name == path.stem or getattr(module, "__file__", None) == str(path):
            del sys.modules[name]


def _demand_unique(declared: Sequence[DeclaredTest]) -> None:
    """Results are kept by the test's id.

    Raises:
        GraderFault: If two tests, of two files perhaps, have the same.
    """
    names = Counter(test.id for test in declared)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise GraderFault(f"Hidden test {twice[0]}: expected one of that name, found {names[twice[0]]}. Rename one.")


def _declare(item: pytest.Item) -> DeclaredTest:
    marks = list(item.iter_markers("question"))
    if len(marks) != 1:
        raise GraderFault(f"Hidden test {item.name}: expected one @question, found {len(marks)}. Add it.")
    function = getattr(item, "function", None)
    doc = (function.__doc__ or "").strip().splitlines()
    if not doc:
        raise GraderFault(f"Hidden test {item.name}: expected a docstring that tells students what is checked. Add it.")
    # pytest joins the ids of several parameters with dashes; a title is for people.
    case = ", ".join(getattr(getattr(item, "callspec", None), "_idlist", ()))
    mark = marks[0].kwargs
    title = doc[0].strip().rstrip(".")
    return DeclaredTest(
        id=item.name,
        question=mark["name"],
        kind=TestKind(mark["kind"]),
        weight=mark["weight"],
        title=f"{title} ({case})" if case else title,
    )


def _judge(test: DeclaredTest, value: BaseException | None) -> TestResult:
    if value is None:
        return TestResult(test=test, verdict=Verdict.PASSED)
    if isinstance(value, Judged):
        return TestResult(
            test=test, verdict=value.verdict, message=value.message, rung=value.rung, error_map=value.error_map
        )
    if isinstance(value, AssertionError):
        return TestResult(test=test, verdict=Verdict.FAILED, message=_author_words(value) or f"Not so: {test.title}.")
    staff = "".join(traceback.format_exception(value))
    return TestResult(test=test, verdict=Verdict.GRADER_FAULT, message=_OURS_MESSAGE, staff=staff)


@functools.cache
def hidden_tests_folder() -> Path:
    """Where the hidden tests lie: one folder per assignment."""
    import autograder.hidden_tests  # noqa: PLC0415 - staff only, and not needed to import this module

    return Path(next(iter(autograder.hidden_tests.__path__)))
