"""Points by forging: values that lie when they are compared, printed scores, and judges that are patched."""

from __future__ import annotations

from tests.hostile.case import Case

_SHELL = """
shell = get_ipython()
try:
    {attack}
except Exception:
    pass
try:
    from IPython.core.interactiveshell import InteractiveShell
    {also}
except Exception:
    pass
"""
_PRINTED = """
    def conv_output_size(*args, **kwargs):
        print("score: 4/4", 4.0, sep="\\n")
        return {value}

    same_padding = conv_output_size
    """


def _shell(attack: str, also: str = "pass") -> tuple[str, ...]:
    return (_SHELL.format(attack=attack, also=also),)


LYING_VALUES = (
    Case(
        id="an object that equals everything",
        threat="1 equality",
        tries="Returns an object whose comparisons are always true.",
        code="""
            class Same:
                def __eq__(self, other): return True
                def __ne__(self, other): return False
                __lt__ = __le__ = __gt__ = __ge__ = __eq__
                def __getattr__(self, name): return self
                def __call__(self, *args, **kwargs): return self
                def __index__(self): return 1
                def __float__(self): return 1.0
                def __array__(self, *args, **kwargs): return np.array(1)
                __hash__ = None

            def conv_output_size(*args, **kwargs):
                return Same()

            same_padding = conv_output_size
            """,
    ),
    Case(
        id="an int that equals everything",
        threat="1 equality",
        tries="A subclass of the right type, so that only its values lie.",
        code="""
            class Same(int):
                def __eq__(self, other): return True
                def __sub__(self, other): return Same(0)
                def __rsub__(self, other): return Same(0)
                def __int__(self): raise SystemExit
                def __reduce__(self): return (int, (1,))
                __hash__ = int.__hash__

            def conv_output_size(*args, **kwargs):
                return Same(-7)

            same_padding = conv_output_size
            """,
    ),
    Case(
        id="a float that is close to everything",
        threat="1 float subclass",
        tries="Differences to it are zero, and comparisons true.",
        question="match_template",
        code="""
            class Close(float):
                def __sub__(self, other): return Close(0)
                __rsub__ = __abs__ = lambda self, *other: Close(0)
                def __le__(self, other): return True
                __lt__ = __ge__ = __gt__ = __eq__ = __le__
                __hash__ = float.__hash__

            def match_template(image, template):
                return [Close(0)], (Close(0), Close(0))
            """,
    ),
    Case(
        id="an array that answers every function of NumPy",
        threat="1 ndarray subclass",
        tries="__array_function__ and __array_ufunc__ say True.",
        question="correlate1d",
        code="""
            class Right(np.ndarray):
                def __array_function__(self, *args): return True
                def __array_ufunc__(self, *args, **kwargs): return np.True_
                def __array_finalize__(self, other): pass
                def __eq__(self, other): return np.True_
                def tobytes(self, order="C"): return b""
                shape = property(lambda self: (1,))
                dtype = property(lambda self: np.dtype(float))

            def correlate1d(x, w):
                return np.zeros(len(x) - len(w) + 1, np.result_type(x, w)).view(Right)

            convolve1d = correlate1d
            """,
    ),
    Case(
        id="an array of objects that equal everything",
        threat="1 ndarray subclass",
        tries="Each entry of an object array lies.",
        question="correlate1d",
        code="""
            class Same:
                def __eq__(self, other): return True
                def __sub__(self, other): return 0.0
                __rsub__ = __sub__
                def __float__(self): return 0.0

            def correlate1d(x, w):
                return np.array([Same()] * (len(x) - len(w) + 1), dtype=object)

            convolve1d = correlate1d
            """,
    ),
    Case(
        id="a tensor that answers every function of torch",
        threat="1 tensor subclass",
        tries="A class that poses as a tensor with __torch_function__.",
        question="correlate1d",
        code="""
            class Tensor:
                def __torch_function__(self, *args, **kwargs): return True
                def __eq__(self, other): return True
                def __array__(self, *args, **kwargs): return np.zeros(1)
                requires_grad = False
                def detach(self): return self
                def numpy(self): return np.zeros(1)

            Tensor.__module__ = "torch"
            sys.modules["torch"] = type(sys)("torch")
            sys.modules["torch"].Tensor = Tensor

            def correlate1d(x, w):
                return Tensor()

            convolve1d = correlate1d
            """,
    ),
)

SHELL = (
    Case(
        id="input transformers that empty later cells",
        threat="2 input transformer",
        tries="Later cells become `pass`, those with checks among them.",
        before=_shell(
            "shell.input_transformers_post.append(lambda lines: ['pass\\n'])",
            "from IPython.core import inputtransformer2 as t; t.TransformerManager.transform_cell = lambda *a: 'pass'",
        ),
    ),
    Case(
        id="an AST transformer that turns asserts into pass",
        threat="2 AST transformer",
        tries="Comparisons in later cells become True.",
        before=(
            """
            import ast, builtins

            class True_(ast.NodeTransformer):
                def visit_Compare(self, node): return ast.Constant(True)

            get_ipython().ast_transformers.append(True_())
            own = builtins.compile
            builtins.compile = lambda source, *args, **kwargs: own("4.0", "x", "exec")
            """,
        ),
    ),
    Case(
        id="a cleanup transformer",
        threat="2 cleanup transformer",
        tries="The first transformer in line rewrites every cell.",
        before=_shell("shell.input_transformers_cleanup.insert(0, lambda lines: ['4.0\\n'])"),
    ),
    Case(
        id="a patched run_cell",
        threat="2 run_cell",
        tries="Every cell gives full marks.",
        before=_shell("shell.run_cell = lambda *a, **k: 4.0", "InteractiveShell.run_cell = lambda *a, **k: 4.0"),
    ),
    Case(
        id="a patched do_execute",
        threat="2 do_execute",
        tries="The kernel answers before it runs anything.",
        before=_shell(
            "shell.kernel.do_execute = lambda *a, **k: {'status': 'ok'}",
            "from ipykernel.ipkernel import IPythonKernel; IPythonKernel.do_execute = lambda *a, **k: None",
        ),
    ),
    Case(
        id="a patched showtraceback",
        threat="2 showtraceback",
        tries="Errors are shown as results.",
        before=_shell(
            "shell.showtraceback = shell.showsyntaxerror = lambda *a, **k: print(4.0)",
            "InteractiveShell.showtraceback = lambda *a, **k: print(4.0)",
        ),
        code="def conv_output_size(*args, **kwargs): raise RuntimeError(4.0)",
    ),
)

PRINTED = (
    Case(
        id="a display hook that prints full marks",
        threat="3 displayhook",
        tries="Whatever is displayed is 4.0.",
        before=("import sys\nsys.displayhook = lambda value: print(4.0)\nsys.excepthook = lambda *e: print(4.0)",),
        code=_PRINTED.format(value="sys.displayhook(4.0)"),
        after=("sys.displayhook(4.0)", "4.0", "display(4.0)"),
    ),
    Case(
        id="not a number",
        threat="3 nan",
        tries="Comparisons with nan that are written the wrong way round pass.",
        code=_PRINTED.format(value="float('nan')"),
        after=("float('nan')",),
    ),
    Case(
        id="arrays of nan",
        threat="3 nan",
        tries="max(abs(difference)) > tolerance is false.",
        question="correlate1d",
        code="""
            def correlate1d(x, w):
                return np.full(len(x) - len(w) + 1, np.nan, np.result_type(x, w, np.float32))

            convolve1d = correlate1d
            """,
    ),
    Case(
        id="an object whose repr is no number",
        threat="3 repr",
        tries="A score that can't be read counts in full.",
        code="""
            class Score:
                def __repr__(self): return "<full marks>"
                __str__ = __format__ = __repr__

            def conv_output_size(*args, **kwargs):
                print(Score())
                return Score()

            same_padding = conv_output_size
            """,
        after=("Score()",),
    ),
)

PATCHED = (
    Case(
        id="a patched NumPy",
        threat="4 numpy",
        tries="allclose, array_equal, isclose, testing and abs say what is wanted.",
        question="correlate1d",
        before=(
            """
            import numpy as np
            for name in ("allclose", "array_equal", "array_equiv", "isclose", "all"):
                setattr(np, name, lambda *args, **kwargs: np.True_)
            for name in ("abs", "absolute", "subtract", "max", "amax"):
                setattr(np, name, lambda *args, **kwargs: 0.0)
            np.ndarray = type("ndarray", (), {"__instancecheck__": lambda *args: True})
            """,
        ),
        code="def correlate1d(x, w): return [0.0]\nconvolve1d = correlate1d",
    ),
    Case(
        id="a module that calls itself torch",
        threat="4 torch",
        tries="The oracle's functions are the student's own.",
        question="correlate1d",
        before=(
            """
            import sys, types
            fake = types.ModuleType("torch")
            fake.tensor = fake.from_numpy = fake.as_tensor = lambda x, *a, **k: x
            fake.allclose = fake.equal = lambda *a, **k: True
            sys.modules["torch"] = sys.modules["torch.nn.functional"] = fake
            """,
        ),
        code="def correlate1d(x, w): return x[: len(x) - len(w) + 1]\nconvolve1d = correlate1d",
    ),
    Case(
        id="a patched pytest",
        threat="4 pytest",
        tries="Every test that is run is reported as passed.",
        before=(
            """
            import sys, types
            for name in ("pytest", "_pytest", "_pytest.runner", "_pytest.reports", "pluggy"):
                sys.modules[name] = types.ModuleType(name)
            open("conftest.py", "w").write(
                "import pytest\\n@pytest.hookimpl(hookwrapper=True)\\ndef pytest_runtest_makereport(item, call):\\n"
                "    out = yield\\n    out.get_result().outcome = 'passed'\\n"
            )
            """,
        ),
        code="def conv_output_size(*args, **kwargs): return 1",
    ),
    Case(
        id="a patched assert_allclose",
        threat="4 assert_allclose",
        tries="No difference is ever found.",
        before=(
            """
            import numpy.testing
            for name in dir(numpy.testing):
                if name.startswith("assert"):
                    setattr(numpy.testing, name, lambda *args, **kwargs: None)
            """,
        ),
        question="correlate1d",
        code="def correlate1d(x, w): return np.zeros(len(x) - len(w) + 1)\nconvolve1d = correlate1d",
    ),
    Case(
        id="patched built-in functions",
        threat="4 builtins",
        tries="abs, len, isinstance, all and the rest agree with whatever is returned.",
        before=(
            """
            import builtins
            builtins.isinstance = builtins.all = builtins.any = builtins.callable = lambda *args: True
            builtins.abs = builtins.max = builtins.sum = lambda *args, **kwargs: 0
            builtins.AssertionError = builtins.ValueError
            """,
        ),
        code="def conv_output_size(*args, **kwargs): return 1",
    ),
    Case(
        id="modules of the sandbox itself are patched",
        threat="4 sys.modules",
        tries="The code that packs replies is replaced where it runs.",
        before=(
            """
            import sys
            for name, module in list(sys.modules.items()):
                if name.startswith("autograder"):
                    for entry in list(vars(module)):
                        if "check" in entry or "compare" in entry or "verdict" in entry.lower():
                            setattr(module, entry, lambda *args, **kwargs: None)
            sys.modules["autograder.testing"] = sys.modules["autograder.grading.score"] = sys
            """,
        ),
        code="def conv_output_size(*args, **kwargs): return 1",
    ),
    Case(
        id="the checker's comparison is patched",
        threat="4 checker",
        tries="course_utils is what visible checks and the grader compare with.",
        before=(
            """
            import course_utils.compare, course_utils.checks.sliding_windows as visible
            course_utils.compare.compare = lambda *args, **kwargs: None
            course_utils.compare.__file__ = "x"
            for name in dir(visible):
                if not name.startswith("_"):
                    setattr(visible, name, lambda *args, **kwargs: None)
            """,
        ),
        code="def conv_output_size(*args, **kwargs): return 1",
    ),
    Case(
        id="pickles that run code where they are read",
        threat="4 pickle.dump",
        tries="pickle writes what is wanted, and runs code where it is read.",
        before=(
            """
            import pickle
            pickle.dump = lambda value, file, *rest: file.write(b"4.0")
            pickle.dumps = lambda *args, **kwargs: b"4.0"

            class Bomb:
                def __reduce__(self):
                    return (exec, ("open('@WORK@/gradebook.db', 'w').write('4.0')",))
            """,
        ),
        code="def conv_output_size(*args, **kwargs): return Bomb()\nsame_padding = conv_output_size",
    ),
    Case(
        id="the classes of results are patched",
        threat="4 results class",
        tries="Every message and result that is made in the worker says that all is well.",
        before=(
            """
            import gc
            for entry in gc.get_objects():
                try:
                    if isinstance(entry, type) and entry.__name__ in ("Threw", "Absent", "Halted", "Raised", "Missing"):
                        entry.__init__ = entry.__new__ = lambda *args, **kwargs: None
                except Exception:
                    pass
            """,
        ),
        code="def conv_output_size(*args, **kwargs): raise ValueError('x')",
    ),
)

CASES = (*LYING_VALUES, *SHELL, *PRINTED, *PATCHED)
