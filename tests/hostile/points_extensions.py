"""Points by a library's function where no name leads to it: tables of C, an extension's tests, other interpreters."""

from __future__ import annotations

from tests.hostile.case import Case

_FULL = """
    {reach}

    def correlate1d(x, w):
        full = np.asarray({call}, dtype=np.result_type(x, w))
        return full[len(w) - 1 : len(x)]

    def convolve1d(x, w):
        return correlate1d(x, w[::-1])
    """


def _full(reach: str, call: str) -> str:
    return _FULL.format(reach=reach.replace("\n", "\n    "), call=call)


CASES = (
    Case(
        id="a convolution among NumPy's own tests",
        threat="12 numpy.correlate",
        tries="An extension that NumPy brings for its tests has a convolution of its own.",
        question="correlate1d",
        code=_full(
            "from numpy._core import _umath_tests",
            "_umath_tests.conv1d_full(x, w[::-1])",
        ),
    ),
    Case(
        id="the same, past the finder that refuses it",
        threat="12 numpy.correlate",
        tries="Whoever has the file loads it without Python's finders.",
        level="landlock",
        question="correlate1d",
        code=_full(
            """import importlib.machinery as m, importlib.util as u
path = glob.glob(os.path.dirname(np.__file__) + "/*core/_umath_tests*.so")[0]
spec = u.spec_from_file_location("_umath_tests", path, loader=m.ExtensionFileLoader("_umath_tests", path))
_umath_tests = u.module_from_spec(spec)
spec.loader.exec_module(_umath_tests)""",
            "_umath_tests.conv1d_full(x, w[::-1])",
        ),
    ),
    Case(
        id="the table of an extension's methods",
        threat="12 numpy.correlate",
        tries="What a module was made from still lists all of its functions.",
        question="correlate1d",
        code=_full(
            """from numpy._core import _multiarray_umath as module
class Method(ctypes.Structure):
    kinds = dict(name=ctypes.c_char_p, function=ctypes.c_void_p, flags=ctypes.c_int, doc=ctypes.c_char_p)
    _fields_ = list(kinds.items())
size, make = ctypes.sizeof(Method), ctypes.pythonapi.PyCFunction_NewEx
make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p] * 3
# The module's definition follows its dictionary; in it the methods follow five words of head, name, doc and size.
definition = ctypes.c_void_p.from_address(id(module) + 24).value
start, found = ctypes.c_void_p.from_address(definition + 64).value, {}
while Method.from_address(start).name:
    found[Method.from_address(start).name] = start
    start += size
again = make(found[b"correlate"], None, None)""",
            "again(x, w, 2)",
        ),
    ),
    Case(
        id="an interpreter within the interpreter",
        threat="12 importlib",
        tries="It imports NumPy for itself, as it was.",
        question="correlate1d",
        code=_full(
            """import _xxsubinterpreters as interpreters
def outside(x, w):
    ready, say = os.pipe()
    text = (f"import sys, os; sys.path[:] = {sys.path}; import numpy as np; "
            f"os.write({say}, np.convolve({x.tolist()}, {w.tolist()}).tobytes())")
    interpreters.run_string(interpreters.create(), text)
    return np.frombuffer(os.read(ready, 1 << 20))""",
            "outside(x, w[::-1])",
        ),
    ),
    Case(
        id="functions by their names in a pickle",
        threat="12 getattr",
        tries="A pickle holds names only, and looks them up by itself.",
        question="correlate1d",
        code=_full(
            """import pickle
def unpickled(x, w):
    for name in ("numpy\\nconvolve", "numpy._core.numeric\\nconvolve", "numpy._core._multiarray_umath\\ncorrelate"):
        try:
            return pickle.loads(f"c{name}\\n.".encode())(x, w[::-1], "full")
        except Exception:
            pass""",
            "unpickled(x, w)",
        ),
    ),
)
