"""Listed versions share sessions, and each is asked as if it had one of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.diagnosis.material import ANY_VERSION
from autograder.grading.hidden import HiddenTests
from autograder.grading.listed import Listed
from autograder.model import Verdict
from autograder.sandbox.protocol import Raised, Returned, Stopped
from tests.grading.fakes import FakeWorker, Hang


def counting():
    """Versions that count their calls, from 0 in each session, as forks of one notebook do."""
    seen: dict[str, int] = {}

    def any_version(key: str, name: str, /, *args: Any, **kwargs: Any) -> Any:
        seen[key] = seen.get(key, 0) + 1
        if name == "hang":
            raise Hang
        if name == "change":
            args[0][0] = 7
        return key, name, seen[key], kwargs

    return any_version, seen


class Forks(FakeWorker):
    """Each session begins with what the notebook had when it was loaded."""

    def ask(self, *, replacements=None, forbidden=()):
        function, self.seen = counting()
        self.functions = {ANY_VERSION: function}
        return super().ask(replacements=replacements)


def test_versions_share_a_session():
    """Eight versions are asked in one session; a ninth gets another."""
    worker = Forks({})
    listed = Listed(worker)
    for number in range(8):
        assert listed.version(str(number)).ask().call("f", (), {"a": 1}) == Returned(
            value=(str(number), "f", 1, {"a": 1})
        )
    assert len(worker.asked) == 1
    listed.version("8").ask()
    assert len(worker.asked) == 2


def test_a_version_remembers_nothing():
    """Asked a second time, a version begins anew, whatever was asked between."""
    listed = Listed(Forks({}))
    for _ in range(2):
        session = listed.version("a").ask()
        assert [session.call("f", (), {}).value[2] for _ in range(2)] == [1, 2]
        session.close()
        listed.version("b").ask().call("f", (), {})


def test_changed_arguments_are_those_of_the_function():
    """What comes back beside the result is what the function was given."""
    reply = Listed(Forks({})).version("a").ask().call("change", (np.zeros(2), 3), {}, return_arguments=True)
    changed, other = reply.arguments
    assert changed.tolist() == [7, 0]
    assert other == 3


def test_a_stop_is_doubtful_where_a_session_was_shared():
    """One that was alone has used up its own time; one that was not may have used up that of others."""
    listed = Listed(Forks({}))
    assert isinstance(listed.version("a").ask().call("hang", (), {}), Stopped)
    assert not listed.cut
    listed.version("b").ask().call("f", (), {})
    reply = listed.version("a").ask().call("hang", (), {})
    assert isinstance(reply, Stopped)
    assert reply.verdict is Verdict.TIMEOUT
    assert listed.cut
    listed.restart()
    assert not listed.cut
    assert listed.version("a").ask().call("f", (), {}).value[2] == 1


def test_errors_are_those_of_the_function():
    """An error in a version comes back as it was raised."""

    def any_version(key, name, /):
        raise KeyError(name)

    reply = Listed(FakeWorker({ANY_VERSION: any_version})).version("a").ask().call("f", (), {})
    assert isinstance(reply, Raised)
    assert reply.types[0] == "KeyError"


SOURCE = '''
from autograder.testing import question

@question("f")
def test_f(student):
    """It answers."""
    student.f()

@question("hang")
def test_hang(student):
    """It ends."""
    student.hang()
'''


def test_what_was_cut_in_company_is_asked_alone(tmp_path):
    """Once more, in a session of its own; what was cut there, or not at all, is asked once."""
    (tmp_path / "test_it.py").write_text(SOURCE)
    worker = Forks({})
    listed = Listed(worker)
    with HiddenTests(tmp_path, b"secret") as tests:
        for key in "ab":
            assert listed.ask(key, "f", tests, None).is_all(Verdict.PASSED)
        assert len(worker.asked) == 1
        assert listed.ask("c", "hang", tests, None).is_all(Verdict.TIMEOUT)
        assert len(worker.asked) == 2
        assert not listed.cut
        assert listed.ask("d", "hang", tests, None).is_all(Verdict.TIMEOUT)
        assert len(worker.asked) == 3
