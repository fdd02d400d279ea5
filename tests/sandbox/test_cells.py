"""Loading a notebook: which cells run, how, and what is kept of those that fail."""

from __future__ import annotations

import ast
import time
from dataclasses import replace
from typing import Any

import pytest

from autograder.model import Origin, Role
from autograder.sandbox.client import ForkserverWorker, open_sandbox
from autograder.sandbox.protocol import CellReport, Missing, Raised, Returned
from autograder.sandbox.reduce import keep_definitions, split_blocks
from tests.sandbox.conftest import Load
from tests.sandbox.notebooks import LIMITS, code


def names(worker: ForkserverWorker, wanted: str) -> Any:
    """Values of expressions in the notebook; the last cell must have defined `look`."""
    reply = worker.ask().call("look", [wanted], {})
    assert isinstance(reply, Returned), reply
    return reply.value


LOOK = code("def look(expression): return eval(expression)", id="look", role=Role.ADDED)


def test_which_cells_run(load: Load) -> None:
    """Set-up, answers and added cells run; demos only if edited; checks and prose never."""
    cells = [
        code("ran = ['setup']", id="s", role=Role.SETUP, origin=Origin.RELEASE),
        code("ran += ['solution']", id="a", role=Role.SOLUTION, origin=Origin.RELEASE),
        code("ran += ['added']", id="b", role=Role.ADDED),
        code("ran += ['check']", id="c", role=Role.CHECK),
        code("ran += ['demo']", id="d", role=Role.DEMO, origin=Origin.RELEASE),
        code("ran += ['edited demo']", id="e", role=Role.DEMO),
        code("ran += ['reflection']", id="f", role=Role.REFLECTION, origin=Origin.RELEASE),
        code("ran += ['prose']", id="g", role=Role.PROSE, kind="markdown"),
        LOOK,
    ]
    worker = load(*cells)
    assert names(worker, "ran") == ["setup", "solution", "added", "edited demo"]
    assert [report.cell for report in worker.reports] == ["s", "a", "b", "e", "look"]
    assert all(report.ok and not report.message and not report.reduced for report in worker.reports)


def test_a_failing_cell_keeps_its_definitions(load: Load) -> None:
    """After a failure the imports, functions, classes and plain values of the cell are there all the same."""
    worker = load(
        code(
            """
            import math
            1 / 0
            def area(r): return math.pi * r ** SQUARE
            SQUARE = 2
            class Kernel: size = 3
            slow = [n for n in range(10)]
            from collections import namedtuple
            Pair = namedtuple("Pair", "a b")
            """,
            id="broken",
            role=Role.ADDED,
        ),
        LOOK,
    )
    report = worker.reports[0]
    assert report == CellReport(
        cell="broken", ok=False, message="ZeroDivisionError: division by zero, in the line `1 / 0`", reduced=True
    )
    assert names(worker, "round(area(1), 2), Kernel.size, Pair(1, 2).b, 'slow' in globals()") == (3.14, 3, 2, False)


def test_one_missing_import_does_not_cost_the_others(load: Load) -> None:
    """A Colab cell whose first line fails still brings its other imports."""
    worker = load(
        """
        from google.colab import drive
        drive.mount('/content/drive')
        import math
        try:
            import torch
        except ImportError:
            torch = None
        """,
        LOOK,
    )
    assert not worker.reports[0].ok
    assert worker.reports[0].reduced
    assert names(worker, "math.floor(2.5), torch") == (2, None)


def test_a_cell_goes_on_below_a_library_that_is_not_here(load: Load) -> None:
    """Where it was written it ran: what needs the library is left out, everything else is done, nothing twice."""
    worker = load(
        """
        %%time
        runs = []
        runs.append("above")
        import no_such_library, math
        no_such_library.begin()
        runs.append("below")
        squares = [n * n for n in range(math.floor(3.5))]
        from no_such_library.deeper import thing
        import asyncio
        late = await asyncio.sleep(0, "late")
        """,
        LOOK,
    )
    report = worker.reports[0]
    assert not report.ok
    assert "No module named 'no_such_library', in the line `import no_such_library, math`" in report.message
    assert names(worker, "runs, squares, late") == (["above", "below"], [0, 1, 4], "late")


def test_a_module_that_a_notebook_writes(load: Load) -> None:
    """What a cell writes with %%writefile another imports; it never takes the place of a library's."""
    written = "%%writefile own_helpers.py\ndef double(x): return 2 * x\n"
    shadow = "%%writefile fractions.py\nFraction = None"
    worker = load(code(written, id="a"), code(shadow, id="b"), "from own_helpers import double\nimport fractions", LOOK)
    assert all(report.ok for report in worker.reports), worker.reports
    assert names(worker, "double(2), fractions.Fraction is None") == (4, False)


def test_functions_whose_names_are_taken_later(load: Load) -> None:
    """What functions call, and the notebook's own functions, are there again; all else is as the last cell left it."""
    worker = load(
        "from math import sqrt, floor\ndef half(x): return x / 2\ndef answer(x): return half(sqrt(abs(x)))",
        code(
            "def local(floor): return floor(2.5)\nscale = floor\nsqrt, floor, half, scale, abs, max = 3, 4, 5, 6, 7, 8",
            id="below",
        ),
        LOOK,
    )
    assert names(worker, "answer(-16), floor, scale, max") == (2.0, 4, 6, 8)


def test_a_definition_that_does_not_compile_costs_itself_only(load: Load) -> None:
    """What only the compiler finds wrong is a failure of that definition, and of nothing else."""
    worker = load("def good(): return 1\ndef bad(): break\nlast = 2", LOOK)
    assert "'break' outside loop" in worker.reports[0].message
    assert names(worker, "good(), last, 'bad' in globals()") == (1, 2, False)


def test_a_syntax_error_costs_only_the_function_it_is_in(load: Load) -> None:
    """Of a cell that can't be parsed, the definitions that can are kept."""
    worker = load("def good(): return 1\n\ndef bad(:\n    return 2\n\n@staticmethod\ndef last(): return 3", LOOK)
    report = worker.reports[0]
    assert not report.ok
    assert report.reduced
    assert "SyntaxError" in report.message
    assert "def bad(:" in report.message
    assert names(worker, "good(), last()") == (1, 3)
    assert worker.ask().call("bad", [], {}) == Missing(name="bad")


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline",
        "!ls -la",
        "files = !ls",
        "%pip install numpy",
        "%cd /tmp",
        "%load_ext autoreload\n%autoreload 2",
        "import math\nmath.floor?",
        "if True:\n    !echo hello",
        "%%bash\nrm -rf /",
        "%%html\n<b>hello</b>",
        "%%writefile helper.py\nx = 1",
        "get_ipython().run_line_magic('matplotlib', 'inline')",
        "from IPython import get_ipython\nget_ipython().events.register('post_execute', print)",
        "from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>'))",
        "display(1, 2)",
        "'a trailing expression'",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        "#@title A Colab form { display-mode: 'form' }\nsize = 3 #@param {type: 'integer'}",
        "",
    ],
)
def test_notebook_syntax_is_quiet(load: Load, source: str) -> None:
    """Magics, shell commands and display do nothing, and are no failure."""
    assert load(source).reports[0] == CellReport(cell="answer", ok=True)


@pytest.mark.parametrize(
    "source",
    ["%%time\ny = 2\n", "%%capture out\ny = 2", "%time y = 2", "import asyncio\nawait asyncio.sleep(0)\ny = 2"],
)
def test_code_inside_of_magics_runs(load: Load, source: str) -> None:
    """The body of %%time, the argument of %time and top-level await are code like any other."""
    worker = load(source, LOOK)
    assert worker.reports[0].ok, worker.reports[0].message
    assert names(worker, "y") == 2


def test_the_namespace_is_that_of_a_notebook(load: Load) -> None:
    """The module is `__main__`, so dataclasses, pickles and sources work as in a notebook."""
    worker = load(
        """
        import inspect, pickle, sys, typing
        from dataclasses import dataclass
        @dataclass
        class Layer:
            size: "int"
        hints = typing.get_type_hints(Layer)
        copied = pickle.loads(pickle.dumps(Layer(3)))
        def shown(): return 1
        source = inspect.getsource(shown)
        main = sys.modules["__main__"].Layer is Layer
        """,
        LOOK,
    )
    assert worker.reports[0].ok, worker.reports[0].message
    assert names(worker, "__name__, copied.size, hints['size'] is int, main, 'return 1' in source") == (
        "__main__",
        3,
        True,
        True,
        True,
    )


def test_input_says_what_to_do(load: Load) -> None:
    """A cell that asks for input fails with a clear message, at once."""
    message = load("n = input('n? ')").reports[0].message
    assert "input()" in message
    assert "write the value" in message


@pytest.mark.parametrize(
    "source",
    ["import sys; sys.exit()", "exit()", "raise KeyboardInterrupt", "class E(BaseException): pass\nraise E('x')"],
)
def test_cells_that_raise_to_end(load: Load, source: str) -> None:
    """A cell that exits is a failed cell, and the next one runs."""
    worker = load(source, LOOK)
    assert not worker.reports[0].ok
    assert names(worker, "1") == 1


def test_a_slow_cell_is_interrupted_and_reduced(load: Load) -> None:
    """An added cell that never ends keeps its definitions, and the rest runs."""
    started = time.monotonic()
    worker = load(
        code("def helper(): return 5\nwhile True: pass", id="slow", role=Role.ADDED),
        code("after = helper() + 1", id="after", role=Role.ADDED),
        LOOK,
    )
    assert time.monotonic() - started < 4 * LIMITS.cell_wall_s
    assert worker.reports[0].reduced
    assert "longer than 0.8 s" in worker.reports[0].message
    assert worker.reports[1].ok
    assert names(worker, "after") == 6


def test_a_cell_that_cannot_be_interrupted_costs_its_process_only(load: Load) -> None:
    """A loop that swallows the interruption is cut from outside; its cell is reduced in a fresh process."""
    source = """
    import signal
    def helper(): return 5
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    while True: pass
    """
    worker = load(
        code("first = 1", id="first"),
        code(source, id="stubborn", role=Role.ADDED),
        code("after = helper()", id="x"),
        LOOK,
    )
    assert worker.reports[1] == CellReport(
        cell="stubborn", ok=False, message="it took longer than 0.8 s and could not be interrupted", reduced=True
    )
    assert [report.ok for report in worker.reports] == [True, False, True, True]
    assert names(worker, "first, after") == (1, 5)


@pytest.mark.parametrize("end", ["import os; os._exit(0)", "import ctypes; ctypes.string_at(0)"])
def test_a_cell_that_ends_the_process(load: Load, end: str) -> None:
    """A cell that ends the process is reduced in a fresh one; the others run."""
    worker = load(code(f"def helper(): return 5\n{end}", id="deadly"), LOOK)
    assert worker.reports[0].reduced
    assert "ended the process" in worker.reports[0].message
    assert names(worker, "helper()") == 5


def test_a_definition_that_ends_the_process_is_left_out(load: Load) -> None:
    """A cell that is deadly even when reduced is not run at all."""
    worker = load(code("import os\nclass Deadly:\n    os._exit(0)", id="deadly"), LOOK)
    assert worker.reports[0] == CellReport(cell="deadly", ok=False, message="it ended the process", reduced=False)
    assert names(worker, "'Deadly' in globals()") is False


def test_too_much_output_while_loading(load: Load) -> None:
    """A cell that prints without end fails; later cells may print and run."""
    worker = load("x = 1\nwhile True: print('x' * 1000)", code("print('fine')\ny = 2", id="b"), LOOK)
    assert "printed more than" in worker.reports[0].message
    assert worker.reports[1].ok
    assert names(worker, "x + y") == 3


def test_an_answer_that_fails_is_the_stub_no_more(load: Load) -> None:
    """An untouched stub runs as released, and its function raises when called."""
    worker = load(
        code(
            'def f():\n    raise NotImplementedError("Replace this line with your code.")',
            id="f",
            origin=Origin.RELEASE,
        )
    )
    reply = worker.ask().call("f", [], {})
    assert isinstance(reply, Raised)
    assert reply.types[0] == "NotImplementedError"


def test_reloading_after_a_time_out_keeps_the_reports(load: Load) -> None:
    """A worker that was ended is loaded again for the next question, and reports what it reported."""
    worker = load("def f():\n    while True: pass", code("1 / 0", id="b", role=Role.ADDED), LOOK)
    before = worker.reports
    worker.ask().call("f", [], {})
    assert names(worker, "1 + 1") == 2
    assert worker.reports == before


def test_keep_definitions_keeps_what_takes_no_time() -> None:
    """Calls, loops and comprehensions go; constants, arithmetic, lambdas and guarded imports stay."""
    source = """
x = 3 * [1, -2]
y = x[0] + len(x)
z = {"a": (1, 2.5), "b": None}
square = lambda v: v ** 2
w: int = 4
for n in range(3): pass
try:
    import a
except ImportError:
    a = None
if x:
    import b
else:
    train()
with open("f") as f: pass
"docstring"
q = [n for n in x]
"""
    kept = [ast.unparse(statement).splitlines()[0] for statement in keep_definitions(ast.parse(source).body)]
    assert kept == [
        "x = 3 * [1, -2]",
        "z = {'a': (1, 2.5), 'b': None}",
        "square = lambda v: v ** 2",
        "w: int = 4",
        "try:",
        "'docstring'",
    ]


def test_split_blocks_keeps_line_numbers() -> None:
    """The pieces of a broken cell have their lines where the cell has them."""
    assert split_blocks("a = 1\nb = 2") == ["a = 1\nb = 2"]
    blocks = split_blocks("x = (\ndef f():\n    return 1\n")
    assert blocks[1].splitlines() == ["", "def f():", "    return 1"]


def test_torch_knows_the_processor_behind_the_walls():
    """What it looks up when numbers of half precision first come up, it has looked up before, with gradients or not."""
    answer = """
import torch

def halves(count):
    ones = torch.ones(count, count, dtype=torch.float16)
    return float((ones @ ones).div(2).sum() + torch.full((count,), 0.5, dtype=torch.bfloat16).sum())
"""
    limits = replace(LIMITS, memory_bytes=1 << 30)
    with open_sandbox(kind="torch", limits=limits, forbidden=("torch.autograd.backward",)) as sandbox:
        worker = sandbox.load([code(answer)])
        assert worker.ask().call("halves", (2,), {}) == Returned(value=5.0)
        worker.close()
