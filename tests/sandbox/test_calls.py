"""Calls of a student's functions in real processes: what comes back, and in which words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.errors import GraderFault
from autograder.model import Verdict
from autograder.sandbox.protocol import Handle, Missing, Raised, Record, Returned, Stopped
from tests.sandbox.conftest import Ask, Load


def value_of(reply: Any) -> Any:
    assert isinstance(reply, Returned), reply
    return reply.value


def test_positional_and_keyword_arguments(ask: Ask) -> None:
    """Arguments of all kinds arrive by position and by name."""
    source = "def f(x, *, stride, mode='a', pair=None): return x[::stride] * 2, mode, pair"
    value = value_of(ask(source, np.arange(5.0), stride=2, mode="b", pair=(1, 2)))
    assert np.array_equal(value[0], [0, 4, 8])
    assert value[1:] == ("b", (1, 2))


def test_layout_and_write_protection_reach_the_student(ask: Ask) -> None:
    """An input with gaps and a read-only one are what the student's function sees."""
    source = "def f(x, y): return x.flags.c_contiguous, y.flags.writeable, x.flags.f_contiguous"
    gaps, frozen = np.zeros((4, 6))[:, ::2], np.zeros(3)
    frozen.flags.writeable = False
    assert value_of(ask(source, gaps, frozen)) == (False, False, False)


def test_arguments_come_back_as_they_are_after_the_call(load: Load) -> None:
    """A function that changes its inputs is found out."""
    session = load("def f(x, items): x += 1; items.append(3); return 0").ask()
    reply = session.call("f", [np.zeros(2), [1]], {}, return_arguments=True)
    assert isinstance(reply, Returned)
    assert reply.arguments is not None
    assert np.array_equal(reply.arguments[0], [1, 1])
    assert reply.arguments[1] == [1, 3]
    again = session.call("f", [np.zeros(2), []], {})
    assert isinstance(again, Returned)
    assert again.arguments is None


def test_exceptions_name_their_classes_and_the_line(ask: Ask) -> None:
    """A raised exception comes with its bases, its message, and the student's line."""
    source = """
    class TooSmall(ValueError):
        pass
    def helper(n):
        raise TooSmall(f"no room for {n}")
    def f(n):
        return helper(n)
    """
    reply = ask(source, 3)
    assert isinstance(reply, Raised)
    assert reply.types == ("TooSmall", "ValueError", "Exception", "BaseException")
    assert reply.message == "no room for 3"
    assert reply.line == 'raise TooSmall(f"no room for {n}")'


def test_an_exception_in_a_library_names_the_students_line(ask: Ask) -> None:
    """Where NumPy raises, the line shown is the one in the notebook that called it."""
    reply = ask("import numpy as np\ndef f(x):\n    return np.reshape(x, (2, 2))", np.zeros(3))
    assert isinstance(reply, Raised)
    assert reply.line == "return np.reshape(x, (2, 2))"


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException", "StopIteration"])
def test_exceptions_that_end_programs_end_only_the_call(load: Load, name: str) -> None:
    """SystemExit and its like are an answer, and the session goes on."""
    session = load(f"def f(): raise {name}('stop')\ndef g(): return 1").ask()
    reply = session.call("f", [], {})
    assert isinstance(reply, Raised)
    assert reply.types[0] == name
    assert value_of(session.call("g", [], {})) == 1


def test_hostile_exceptions(ask: Ask) -> None:
    """An exception whose text can't be had, or is endless, comes with a short text."""
    reply = ask("class E(Exception):\n    def __str__(self): raise SystemExit\ndef f(): raise E")
    assert reply == Raised(types=("E", "Exception", "BaseException"), message="", line="def f(): raise E")
    reply = ask("def f(): raise ValueError('x' * 10**6 + '\\ud800')")
    assert isinstance(reply, Raised)
    assert 400 <= len(reply.message) <= 600


def test_missing_functions(load: Load) -> None:
    """A name that isn't there, and one that isn't a function, are told apart."""
    session = load("f = 3").ask()
    assert session.call("f", [], {}) == Missing(name="f", found="int")
    assert session.call("g", [], {}) == Missing(name="g", found="")


def test_records_and_handles_go_back(load: Load) -> None:
    """A named tuple comes as a record and goes back as the student's class; other objects stay, and go back."""
    source = """
    from collections import namedtuple
    from dataclasses import dataclass
    Layer = namedtuple("Layer", "kernel stride")
    @dataclass
    class Size:
        rows: int
    class Network: depth = 3
    def make(): return Layer(3, 2), Size(4), Network()
    def use(layer, size, network): return layer.kernel, type(layer) is Layer, size.rows, network.depth
    def other(record): return record.a + record.b
    """
    session = load(source).ask()
    layer, size, network = value_of(session.call("make", [], {}))
    assert layer == Record("Layer", (("kernel", 3), ("stride", 2)))
    assert size == Record("Size", (("rows", 4),))
    assert isinstance(network, Handle)
    assert network.type == "Network"
    assert value_of(session.call("use", [layer, size, network], {})) == (3, True, 4, 3)
    assert value_of(session.call("other", [Record("Elsewhere", (("a", 1), ("b", 2)))], {})) == 3
    reply = session.call("use", [layer, size, Handle(99, "Network")], {})
    assert isinstance(reply, Raised)


def test_hostile_values_are_plain_when_they_arrive(ask: Ask) -> None:
    """Objects that are equal to everything arrive as what they hold, or stay in the worker as a handle."""
    source = """
    import numpy as np
    class Always:
        __array__ = __float__ = __index__ = __len__ = __iter__ = lambda self, *a, **k: 1 / 0
        __class__ = property(lambda self: float)
        def __eq__(self, other): return True
        def __reduce__(self): return (print, ())
    class Number(float):
        def __eq__(self, other): return True
    class Board(np.ndarray):
        def __eq__(self, other): return np.True_
    def f(): return Always(), Number(2), np.zeros(2).view(Board)
    """
    always, number, board = value_of(ask(source))
    assert isinstance(always, Handle)
    assert always.type == "Always"
    assert type(number) is float
    assert number == 2.0
    assert type(board) is np.ndarray


def test_too_large_results_are_named_as_such(ask: Ask) -> None:
    """A result beyond what one message holds stops the session with the reason."""
    reply = ask("import numpy as np\ndef f(): return np.zeros(9_000_000)")
    assert isinstance(reply, Stopped)
    assert reply.verdict is Verdict.MEMORY
    assert "MB" in reply.message
    reply = ask("def f(): return 'x' * 5_000_000")
    assert isinstance(reply, Stopped)
    assert reply.verdict is Verdict.MEMORY


def test_arguments_without_a_form_are_our_fault(load: Load) -> None:
    """A hidden test that passes a function or an object array hears so at once."""
    session = load("def f(x): return x").ask()
    with pytest.raises(GraderFault, match="arrays"):
        session.call("f", [print], {})
    with pytest.raises(GraderFault):
        session.call("f", [np.array([None])], {})
    assert value_of(session.call("f", [1], {})) == 1


def test_output_is_collected_per_session(load: Load) -> None:
    """What is printed comes as text, of this session only, stderr and warnings included."""
    worker = load(
        "import sys, warnings\nprint('while loading')\ndef f(n):\n    print('n =', n)\n    "
        "print('bad \\ud800', file=sys.stderr)\n    sys.stdout.buffer.write(b'raw')\n    warnings.warn('careful')"
    )
    session = worker.ask()
    assert isinstance(session.call("f", [1], {}), Returned)
    session.call("f", [2], {})
    assert "n = 1" in session.output
    assert "n = 2" in session.output
    assert "bad ?" in session.output
    assert "careful" in session.output
    assert "raw" in session.output
    assert "while loading" not in session.output
    session.close()
    assert worker.ask().output == ""


def test_questions_do_not_see_each_other(load: Load) -> None:
    """Each session starts from the loaded notebook: globals, modules and random numbers as they were."""
    source = """
    import random, numpy as np, math
    random.seed(); np.random.seed()
    count = 0
    def f():
        global count
        count += 1
        drawn = count, random.random(), float(np.random.normal()), math.pi
        math.pi = 3
        return drawn
    """
    worker = load(source)
    first = worker.ask()
    answers = [value_of(first.call("f", [], {})), value_of(first.call("f", [], {}))]
    first.close()
    second = worker.ask()
    assert value_of(second.call("f", [], {})) == answers[0]
    assert answers[1][0] == 2
    assert answers[1][3] == 3
    assert answers[1] != answers[0]


def test_two_sessions_at_once(load: Load) -> None:
    """Sessions that are open at the same time answer for themselves."""
    worker = load("n = 0\ndef f():\n    global n\n    n += 1\n    return n")
    one, other = worker.ask(), worker.ask()
    assert value_of(one.call("f", [], {})) == 1
    assert value_of(one.call("f", [], {})) == 2
    assert value_of(other.call("f", [], {})) == 1
    one.close()
    assert value_of(other.call("f", [], {})) == 2


def test_replacements_take_the_place_of_the_students_functions(load: Load) -> None:
    """The student's other functions call ours, in that session only; ours don't see the student's names."""
    worker = load("np = None\ndef pad(x): raise ValueError\ndef f(x): return pad(x) + 1")
    session = worker.ask(replacements={"pad": "import numpy as np\ndef _two(x): return np.multiply(x, 2)\npad = _two"})
    assert value_of(session.call("f", [5], {})) == 11
    session.close()
    assert isinstance(worker.ask().call("f", [5], {}), Raised)


def test_a_replacement_that_fails_stops_the_session(load: Load) -> None:
    """A broken replacement is said once asked, and the next session is whole."""
    worker = load("def f(): return 1")
    reply = worker.ask(replacements={"f": "1 / 0"}).call("f", [], {})
    assert isinstance(reply, Stopped)
    assert "ZeroDivisionError" in reply.message
    assert value_of(worker.ask().call("f", [], {})) == 1


@pytest.mark.parametrize(
    ("later", "kept"), [([], False), (["other"], False), (["pad"], True), (["pad", "other"], True)]
)
def test_what_ran_beside_ours_is_gone_where_less_is_ours(load: Load, later: list[str], kept: bool) -> None:
    """A file that was written beside our version of a function is not there for an answer without that version."""
    worker = load(
        """
        from pathlib import Path
        def pad(): ...
        def keep(): Path("kept").write_text("ours")
        def look(): return Path("kept").exists()
        """
    )
    ours = {"pad": "def pad(): ...", "other": "def other(): ..."}
    first = worker.ask(replacements={"pad": ours["pad"]})
    first.call("keep", [], {})
    first.close()
    assert value_of(worker.ask(replacements={name: ours[name] for name in later}).call("look", [], {})) is kept


def test_closing_twice_and_calling_closed(load: Load) -> None:
    """A closed session answers that it is closed."""
    session = load("def f(): return 1").ask()
    session.close()
    session.close()
    assert isinstance(session.call("f", [], {}), Stopped)


def test_a_hundred_calls_are_quick(load: Load) -> None:
    """A call costs no process: a hundred of them fit into the time of a question many times over."""
    session = load("def f(x): return x").ask()
    picture = np.zeros((8, 8))
    assert all(np.array_equal(value_of(session.call("f", [picture], {})), picture) for _ in range(100))


def test_figures_and_async_and_threads_work_behind_the_walls(ask: Ask) -> None:
    """matplotlib draws and saves, asyncio runs, threads run, files can be written into the current folder."""
    source = """
    import asyncio, threading, tempfile, os
    import matplotlib.pyplot as plt
    import numpy as np
    def f():
        fig, ax = plt.subplots()
        ax.plot([1, 2]); plt.show(); fig.savefig("figure.png")
        async def wait():
            await asyncio.sleep(0.01)
            return 4
        box = []
        thread = threading.Thread(target=lambda: box.append(asyncio.run(wait())))
        thread.start(); thread.join()
        np.save("x.npy", np.ones(3))
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
        inverse = np.linalg.inv(np.eye(3))
        return box[0], os.path.getsize("figure.png") > 1000, float(np.load("x.npy").sum()), float(inverse.sum())
    """
    assert value_of(ask(source)) == (4, True, 3.0, 3.0)


@pytest.mark.parametrize("source", ["import this_is_not_there", "from course_utils import checks"])
def test_imports_are_tried_where_the_students_run(load: Load, source: str) -> None:
    """The students' package can be imported, a missing one says so in the usual words."""
    report = load(source).reports[0]
    assert report.ok == ("course_utils" in source)
    assert report.ok or "No module named 'this_is_not_there'" in report.message
