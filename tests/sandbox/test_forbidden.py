"""Forbidden functions and modules: named in the source, and gone in the worker, by whatever way they are reached."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from autograder.errors import SandboxError
from autograder.model import Verdict
from autograder.sandbox.client import ForkserverSandbox, open_sandbox
from autograder.sandbox.forbidden import find_forbidden
from autograder.sandbox.kernels import operators
from autograder.sandbox.protocol import Raised, Returned, Stopped
from tests.sandbox.conftest import Ask, Load
from tests.sandbox.notebooks import FORBIDDEN, LIMITS, code

# For torch, whose first steps take their time.
LONG = dataclasses.replace(LIMITS, call_wall_s=20.0, question_wall_s=60.0, memory_bytes=1 << 30)


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
    own = ["course_utils.layers.im2col"]
    assert find_forbidden("layers.im2col(x, 3)", own) == own
    assert find_forbidden("def f(layers): layers.append(3); return layers[0]", own) == []


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


KNOWN = (
    "aten::_convolution",
    "aten::adaptive_max_pool3d",
    "aten::bilinear",
    "aten::conv2d.padding",
    "aten::im2col",
    "aten::linear",
    "aten::max_pool2d_with_indices.out",
    "aten::mkldnn_convolution",
    "aten::_convert_indices_from_csr_to_coo",
    "aten::slow_conv_dilated2d",
    "aten::unfold",
    "onednn::qconv2d_pointwise",
)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("torch.nn.functional.conv2d", (0, 3, 7, 9, 11)),
        ("torch.conv1d", (0, 3, 7, 9, 11)),
        ("torch.nn.functional.max_pool2d", (1, 6)),
        ("torch.nn.functional.linear", (5,)),
        ("torch.nn.functional.unfold", (4,)),
    ],
)
def test_operators_of_a_function(name: str, taken: tuple[int, ...]) -> None:
    """A function's operators have its words in their names, in any number of dimensions; like letters don't count."""
    assert operators(name, KNOWN) == [KNOWN[index] for index in taken]


def test_a_forbidden_function_of_torch_is_gone_by_every_way() -> None:
    """Operators, modules, other layouts and dimensions, threads and modes end at the same refusal; the rest works."""
    ways = {
        "function": "torch.conv2d(x, w)",
        "getattr": "getattr(torch, 'con' + 'v2d')(x, w)",
        "module": "torch.nn.Conv2d(1, 1, 3)(x)",
        "three dimensions": "torch.nn.Conv3d(1, 1, (1, 3, 3))(x[None])",
        "operator": "torch.ops.aten.convolution(x, w, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1)",
        "overload": "torch.ops.aten.conv2d.default(x, w)",
        "library": "torch.mkldnn_convolution(x, w, None, [0, 0], [1, 1], [1, 1], 1)",
        "layout": "torch.mkldnn_convolution(x.to_mkldnn(), w.to_mkldnn(), None, [0, 0], [1, 1], [1, 1], 1)",
        "fused": "torch.ops.mkldnn._convolution_pointwise(x, w, None, [0, 0], [1, 1], [1, 1], 1, 'none', [], '')",
        "gradient": "torch.nn.grad.conv2d_weight(x, w.shape, x)",
        "inference": "torch.inference_mode()(torch.conv2d)(x, w)",
        "half": "torch.conv2d(x.half(), w.half())",
        "without modes": "without_modes(lambda: torch.conv2d(x, w))",
        "thread": "in_thread(lambda: torch.conv2d(x, w))",
        "vmap": "torch.vmap(lambda y: torch.ops.aten.conv2d(y, w))(x[None])",
    }
    functions = "".join(f"def way{number}(): return {way}\n" for number, way in enumerate(ways.values()))
    source = f"""
import torch
from concurrent.futures import ThreadPoolExecutor
from torch.utils._python_dispatch import _disable_current_modes
x, w = torch.ones(1, 1, 5, 5), torch.ones(1, 1, 3, 3)
def without_modes(f):
    with _disable_current_modes(): return f()
def in_thread(f):
    with ThreadPoolExecutor(1) as pool: return pool.submit(f).result()
{functions}
def allowed():
    columns = torch.nn.functional.unfold(x, 3)
    layer = torch.nn.Linear(9, 1)
    loss = torch.relu(layer(columns.transpose(1, 2))).sum()
    loss.backward()
    pooled = torch.nn.functional.max_pool2d(x, 2)
    return tuple(columns.shape), tuple(layer.weight.grad.shape), float(pooled.sum())
"""
    with open_sandbox(kind="torch", limits=LONG, forbidden=("torch.nn.functional.conv2d",)) as sandbox:
        worker = sandbox.load([code(source)])
        assert worker.reports[0].ok, worker.reports
        for number, way in enumerate(ways):
            reply = worker.ask().call(f"way{number}", [], {})
            assert isinstance(reply, Stopped), (way, reply)
            assert reply.verdict is Verdict.FORBIDDEN, (way, reply)
            assert "F.conv2d is not allowed" in reply.message
        assert worker.ask().call("allowed", [], {}) == Returned(value=((1, 9, 9), (1, 9), 4.0))


def test_what_torch_has_in_python_too_is_gone(walled: ForkserverSandbox) -> None:
    """Operators that torch has a second time, for its compiler, are refused, and can't be read from disk again."""
    ways = (
        "torch._refs.nn.functional.layer_norm(x, [4])",
        "torch._refs.native_layer_norm(x, [4], None, None, 1e-5)",
        "table()['native_layer_norm'](x, [4], None, None, 1e-5)",
        "table()['native_layer_norm_backward'](x, x, [4], x, x, None, None, [True, False, False])",
        "again('torch._refs').native_layer_norm(x, [4], None, None, 1e-5)",
    )
    source = f"""
import importlib, sys, torch
x = torch.ones(3, 4)
def table():
    decomposed = importlib.import_module("torch._decomp").decomposition_table
    return {{str(operator).split(".")[1]: function for operator, function in decomposed.items()}}
def again(name):
    for loaded in [entry for entry in sys.modules if entry.startswith(name)]:
        del sys.modules[loaded]
    return importlib.import_module(name)
def f(number):
    return [{", ".join(f"lambda: {way}" for way in ways)}][number]()
def allowed():
    return float(torch._refs.sum(torch._refs.exp(0 * x)))
"""
    names = ("torch.nn.functional.layer_norm",)
    with open_sandbox(kind="torch", limits=LONG, forbidden=names, level=walled.level) as sandbox:
        worker = sandbox.load([code(source)])
        for number, way in enumerate(ways):
            reply = worker.ask().call("f", [number], {})
            assert not isinstance(reply, Returned), (way, reply)
        assert worker.ask().call("allowed", [], {}) == Returned(value=12.0)


@pytest.mark.parametrize("named", ["torch.autograd.backward", "torch.autograd.grad"])
def test_gradients_are_gone_by_every_way(named: str) -> None:
    """The engine, nodes, derivatives forwards and torch.jit have nothing to work on; computing is as ever."""
    source = """
import torch, torch.autograd.forward_ad as forwards
def leaf():
    return torch.arange(3.0).requires_grad_()
def engine():
    x = leaf()
    loss = (x * x).sum()
    torch.autograd.Variable._execution_engine.run_backward(
        (loss,), (torch.ones(()),), False, False, (), allow_unreachable=True, accumulate_grad=True
    )
    return x.grad
def node():
    x = leaf()
    return (x * x).grad_fn(torch.ones(3))
def forward():
    with forwards.dual_level():
        x = forwards.make_dual(torch.arange(3.0), torch.ones(3))
        return forwards.unpack_dual(x * x).tangent.clone()
def script():
    text = "def f(x):\\n    y = (x * x).sum()\\n    return torch.autograd.grad([y], [x])[0]\\n"
    return torch.jit.CompilationUnit(text).f(leaf())
def functions():
    from torch._functorch.eager_transforms import grad_impl
    return [float(v) for v in grad_impl(lambda v: (v * v).sum(), 0, False, (torch.ones(3),), {})]
def thread():
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: torch.enable_grad()(node)()).result()
def allowed():
    x = leaf()
    with torch.no_grad():
        y = torch.nn.functional.pad(x[1:], (1, 0)).clone()
        y[y > 1] = 7
        y.add_(1)
    return [float(v) for v in y] + [float((x.detach().double() @ x.double()).sum())]
"""
    with open_sandbox(kind="torch", limits=LONG, forbidden=(named,)) as sandbox:
        worker = sandbox.load([code(source)])
        for way in ("engine", "node", "forward", "script", "thread"):
            reply = worker.ask().call(way, [], {})
            assert isinstance(reply, Raised | Stopped), (way, reply)
        nothing = worker.ask().call("functions", [], {})
        assert not isinstance(nothing, Returned) or nothing.value == [0.0, 0.0, 0.0]
        assert worker.ask().call("allowed", [], {}) == Returned(value=[1.0, 2.0, 8.0, 5.0])


def test_a_class_that_is_not_allowed_leaves_its_function() -> None:
    """Where a module must be written, the function that it is built from works; elementary operations always do."""
    source = """
import torch
def function(): return float(torch.nn.functional.conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 3, 3)))
def module(): return torch.nn.Conv2d(1, 1, 3)
def other(): return float((torch.ones(3, requires_grad=True) * 2).mean())
"""
    with open_sandbox(kind="torch", limits=LONG, forbidden=("torch.nn.Conv2d", "torch.sum")) as sandbox:
        worker = sandbox.load([code(source)])
        assert worker.ask().call("function", [], {}) == Returned(value=9.0)
        assert worker.ask().call("other", [], {}) == Returned(value=2.0)
        assert isinstance(worker.ask().call("module", [], {}), Stopped)


def test_what_a_question_does_not_allow_is_gone_in_its_session_only() -> None:
    """However the notebook has kept the function; other questions have it, and neighbours stay."""
    keeps = {
        "name": "np.einsum('i->', x)",
        "alias": "alias('i->', x)",
        "list": "kept[0]('i->', x)",
        "tuple": "fixed[0]('i->', x)",
        "bound": "bound('i->', x)",
        "dict": "by_name['sum']('i->', x)",
        "default": "with_default(x)",
        "closure": "closed(x)",
        "partial": "short(x)",
        "attribute": "Holder.function('i->', x)",
        "import": "importlib.import_module('numpy').einsum('i->', x)",
        "kernel": "np._core.multiarray.c_einsum('i->', x)",
    }
    functions = "".join(f"def way{number}(x): return {way}\n" for number, way in enumerate(keeps.values()))
    source = f"""
import importlib
from functools import partial
import numpy as np
from numpy import einsum as alias
kept, by_name, fixed, bound = [np.einsum], {{"sum": np.einsum}}, (np.einsum,), np.einsum.__call__
def with_default(x, f=np.einsum): return f("i->", x)
def make(f): return lambda x: f("i->", x)
closed, short = make(np.einsum), partial(np.einsum, "i->")
class Holder:
    function = staticmethod(np.einsum)
{functions}
def allowed(x): return x.sum()
"""
    with open_sandbox(kind="numpy", limits=LIMITS, restricted=("numpy.einsum",)) as sandbox:
        worker = sandbox.load([code(source)])
        assert worker.reports[0].ok, worker.reports
        x = np.ones(3)
        for number, way in enumerate(keeps):
            reply = worker.ask(forbidden=("numpy.einsum",)).call(f"way{number}", [x], {})
            assert isinstance(reply, Stopped), (way, reply)
            assert reply.verdict is Verdict.FORBIDDEN
            assert "np.einsum is not allowed" in reply.message
            assert worker.ask().call(f"way{number}", [x], {}) == Returned(value=3.0), way
        assert worker.ask(forbidden=("numpy.einsum",)).call("allowed", [x], {}) == Returned(value=3.0)
        stopped = worker.ask(forbidden=("numpy.ones",)).call("allowed", [x], {})
        assert isinstance(stopped, Stopped)
        assert "numpy.ones" in stopped.message


def test_the_course_s_layers_can_be_gone_in_one_session() -> None:
    """However the notebook has kept one; the others stay, and with the next question it is back."""
    ways = ("layers.relu_forward(x)", "kept(x)", "activations.relu_forward(x)", "late(x)")
    functions = "".join(f"def way{number}(x): return {way}\n" for number, way in enumerate(ways))
    source = f"""
from course_utils import layers
from course_utils.layers import activations, relu_forward as kept
def late(x):
    from course_utils.layers import relu_forward
    return relu_forward(x)
def other(x): return layers.relu_backward(x, x)
{functions}
"""
    name = "course_utils.layers.relu_forward"
    with open_sandbox(kind="numpy", limits=LIMITS, forbidden=("torch",), restricted=(name,)) as sandbox:
        worker = sandbox.load([code(source)])
        x = np.ones(3)
        for number, way in enumerate(ways):
            reply = worker.ask(forbidden=(name,)).call(f"way{number}", [x], {})
            assert isinstance(reply, Stopped), (way, reply)
            assert reply.verdict is Verdict.FORBIDDEN
            assert "layers.relu_forward is not allowed" in reply.message
            assert isinstance(worker.ask().call(f"way{number}", [x], {}), Returned), way
        assert isinstance(worker.ask(forbidden=(name,)).call("other", [x], {}), Returned)


def test_a_question_can_do_without_a_module(load: Load) -> None:
    """A module that one question doesn't allow can't be imported in its session."""
    worker = load("def f():\n    import statistics\n    return statistics.mean([1, 3])")
    assert worker.ask().call("f", [], {}) == Returned(value=2)
    reply = worker.ask(forbidden=("statistics",)).call("f", [], {})
    assert isinstance(reply, Stopped)
    assert reply.verdict is Verdict.FORBIDDEN


def test_a_restricted_name_must_exist() -> None:
    """A name that is none stops the start: it would be no leave to use anything."""
    with pytest.raises(SandboxError, match=r"numpy\.no_such_function"):
        open_sandbox(kind="numpy", limits=LIMITS, restricted=("numpy.no_such_function",))


def test_operators_of_torch_can_be_gone_in_one_session() -> None:
    """What one question doesn't allow of torch is there for the others."""
    source = "import torch\ndef f(x): return torch.ops.aten.conv2d(x, x)"
    limits = dataclasses.replace(LIMITS, call_wall_s=20.0, question_wall_s=60.0, memory_bytes=1 << 30)
    name = "torch.nn.functional.conv2d"
    with open_sandbox(kind="torch", limits=limits, restricted=(name,)) as sandbox:
        worker = sandbox.load([code(source)])
        x = np.ones((1, 1, 2, 2), np.float32)
        assert isinstance(worker.ask(forbidden=(name,)).call("f", [torch.from_numpy(x)], {}), Stopped)
        reply = worker.ask().call("f", [torch.from_numpy(x)], {})
        assert isinstance(reply, Returned)
        assert float(reply.value) == 4.0
