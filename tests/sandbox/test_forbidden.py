"""Forbidden functions and modules: named in the source, and gone in the worker, by whatever way they are reached."""

from __future__ import annotations

import pytest

from autograder.model import Verdict
from autograder.sandbox.client import ForkserverSandbox, open_sandbox
from autograder.sandbox.forbidden import find_forbidden
from autograder.sandbox.protocol import Raised, Returned, Stopped
from tests.sandbox.conftest import Ask, Load
from tests.sandbox.notebooks import FORBIDDEN, LIMITS, code


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import numpy as np\nnp.convolve(x, w)", ["numpy.convolve"]),
        ("np.convolve(x, w)", ["numpy.convolve"]),
        ("import numpy\nnumpy.correlate(x, w)", ["numpy.correlate"]),
        ("import numpy as banana\nbanana.correlate(x, w)", ["numpy.correlate"]),
        ("from numpy import convolve", ["numpy.convolve"]),
        ("from numpy import convolve as c\ny = c(x, w)", ["numpy.convolve"]),
        ("getattr(np, 'con' + 'volve')(x, w)", ["numpy.convolve"]),
        ("import torch", ["torch"]),
        ("import torch.nn.functional as F\nF.conv2d(x, w)", ["torch"]),
        ("from torch.nn import functional", ["torch"]),
        ("import importlib\nimportlib.import_module('scipy.signal')", ["scipy"]),
        ("__import__('torch')", ["torch"]),
        (
            "def f():\n    from scipy.signal import convolve2d\n    return np.correlate(a, b)",
            ["numpy.correlate", "scipy"],
        ),
        ("%matplotlib inline\n!ls\nnp.convolve(x, w)", ["numpy.convolve"]),
        ("# np.convolve would do\n'''torch'''", []),
        ("convolve = 3\nF = 4\ntorch_like = F.x", []),
        ("import torchvision", []),
        ("np.convolve_all(x)\nmine.convolve(x)", []),
        ("def broken(:", []),
        ("", []),
        ("(" * 5000, []),
    ],
)
def test_find_forbidden(source: str, found: list[str]) -> None:
    """Names are found through aliases and constant strings, and words in comments are not."""
    assert find_forbidden(source, FORBIDDEN) == found


def test_short_names_count_only_where_they_matter() -> None:
    """F stands for torch's functions only where one of them is forbidden."""
    assert find_forbidden("F.conv2d(x)", ["torch.nn.functional.conv2d"]) == ["torch.nn.functional.conv2d"]
    assert find_forbidden("F.conv2d(x)", ["torch"]) == []


@pytest.mark.parametrize(
    "expression",
    [
        "np.convolve(x, x)",
        "getattr(np, 'con' + 'volve')(x, x)",
        "vars(np)['convolve'](x, x)",
        "sys.modules['numpy'].correlate(x, x)",
        "importlib.import_module('numpy').correlate(x, x)",
        "__import__('numpy').convolve(x, x)",
        "np._core.numeric.convolve(x, x)",
        "np._core.multiarray.correlate(x, x)",
        "np._core.multiarray.correlate2(x, x)",
        "np._core._multiarray_umath.correlate2(x, x, 2)",
        "importlib.import_module('numpy.core.numeric').correlate(x, x)",
        "importlib.import_module('numpy.core.multiarray').correlate(x, x)",
        "np.ma.convolve(x, x)",
        "np.ma.correlate(x, x)",
        "np.polymul(x, x)",
        "np.polynomial.polynomial.polymul(x, x)",
        "eval('np.convolve')(x, x)",
        "list(map(np.convolve, [x], [x]))",
    ],
)
def test_forbidden_functions_are_gone(ask: Ask, expression: str) -> None:
    """However it is reached, the function says that it isn't allowed, and the verdict is FORBIDDEN."""
    reply = ask(f"import importlib, sys, numpy as np\nx = np.ones(3)\ndef f(): return {expression}")
    assert isinstance(reply, Stopped), reply
    assert reply.verdict is Verdict.FORBIDDEN
    assert "build it from slices, sums and products" in reply.message
    assert reply.message.startswith("np.")


def test_no_original_is_left_in_memory(ask: Ask) -> None:
    """Looking through all objects finds no function of that name that still computes."""
    source = """
    import gc, numpy as np
    def f():
        found = []
        for entry in gc.get_objects():
            for part in (entry, *(entry.values() if type(entry) is dict else ())):
                name = getattr(type(part), "__name__", "")
                if name in ("function", "builtin_function_or_method", "_ArrayFunctionDispatcher"):
                    if getattr(part, "__name__", "") in ("convolve", "correlate", "correlate2"):
                        if (getattr(part, "__module__", "") or "numpy").startswith("numpy"):
                            try: found.append(part([1.0, 2.0], [1.0]) is not None)
                            except Exception: pass
        return len(found)
    """
    reply = ask(source)
    # numpy.ma has functions of these names, which reach for the ones that are gone.
    assert reply == Returned(value=0)


@pytest.mark.parametrize(
    "action",
    [
        "import torch",
        "import torch.nn.functional as F",
        "from scipy import signal",
        "importlib.import_module('torch')",
        "__import__('tor' + 'ch')",
        "exec('import torch')",
    ],
)
def test_forbidden_modules_cannot_be_imported(ask: Ask, action: str) -> None:
    """Importing says that it isn't allowed; the verdict is FORBIDDEN, not a crash."""
    reply = ask(f"import importlib\ndef f():\n    {action}")
    assert isinstance(reply, Stopped)
    assert reply.verdict is Verdict.FORBIDDEN
    assert "is not allowed here: these answers are written with NumPy alone." in reply.message


def test_forbidden_modules_cannot_be_read_either(walled: ForkserverSandbox, ask: Ask) -> None:
    """Without the import system's consent the files are still out of reach."""
    source = """
    import importlib.machinery, importlib, sys
    def f():
        sys.meta_path[:] = [importlib.machinery.PathFinder]
        sys.path_importer_cache.clear()
        import torch
        return torch.ones(1).sum().item()
    """
    reply = ask(source)
    assert isinstance(reply, Raised)
    # In namespaces of its own the worker sees an empty folder, which Python takes for an empty package.
    assert {"ImportError", "PermissionError", "AttributeError"} & set(reply.types)


def test_a_guarded_import_goes_on_without(load: Load) -> None:
    """`try: import torch` is no failure; a cell that needs it is, and says why."""
    worker = load(
        "try:\n    import torch\nexcept ImportError:\n    torch = None\ndef f(): return torch",
        code("import torch\ndef g(): return 2", id="b"),
    )
    assert worker.reports[0].ok
    assert "not allowed" in worker.reports[1].message
    session = worker.ask()
    assert session.call("f", [], {}) == Returned(value=None)
    assert session.call("g", [], {}) == Returned(value=2)


def test_what_is_not_forbidden_works(ask: Ask) -> None:
    """NumPy's neighbours of the forbidden functions, and figures, are as they were."""
    source = """
    import numpy as np
    import matplotlib.pyplot as plt
    def f():
        plt.hist([1, 2, 2]); plt.savefig("h.png")
        windows = np.lib.stride_tricks.sliding_window_view(np.arange(5.0), 3)
        return float(np.einsum("ij,j->i", windows, np.ones(3)).sum()), float(np.corrcoef([1, 2, 4], [1, 2, 4])[0, 1])
    """
    reply = ask(source)
    assert isinstance(reply, Returned)
    assert reply.value == pytest.approx((18.0, 1.0))


def test_nothing_is_forbidden_that_was_not_named() -> None:
    """Without names NumPy is whole; one name does not take its neighbour along; a torch notebook has torch."""
    source = """
    import numpy as np
    def f(): return np.correlate([1.0, 2.0], [1.0]), np.convolve([1.0], [1.0])
    """
    with open_sandbox(kind="numpy", limits=LIMITS, forbidden=("numpy.correlate",)) as sandbox:
        session = sandbox.load([code(source + "    \n    def g(): return float(np.convolve([1.0], [2.0])[0])")]).ask()
        assert session.call("g", [], {}) == Returned(value=2.0)
        assert isinstance(session.call("f", [], {}), Stopped)
