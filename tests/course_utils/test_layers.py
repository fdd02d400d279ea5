"""The course's own layers: NumPy against torch, settings, errors, purity, and the exercises' signatures."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from course_utils import layers

ROOT = Path(__file__).parents[2]
RNG_SEED = 20240607


def draw(rng, *shape, dtype="float64"):
    return rng.normal(size=shape).astype(dtype)


def conv(rng, dtype="float64", size=(7, 9), kernel=(3, 2)):
    return draw(rng, 2, 3, *size, dtype=dtype), draw(rng, 4, 3, *kernel, dtype=dtype), draw(rng, 4, dtype=dtype)


# Function, positional arguments, keywords; between them all settings of each layer.
def cases(dtype="float64"):
    rng = np.random.default_rng(RNG_SEED)
    x, w, b = conv(rng, dtype)
    for stride, padding in [(1, 0), ((2, 3), (0, 1)), (2, 2), ((3, 1), (4, 0))]:
        how = {"stride": stride, "padding": padding}
        out = layers.conv2d_forward(x, w, b, **how)
        yield "conv2d_forward", (x, w, b), how
        yield "conv2d_forward", (x, w, None), how
        yield "conv2d_backward", (draw(rng, *out.shape, dtype=dtype), x, w), how
        cols = layers.im2col(x, (3, 2), **how)
        yield "im2col", (x, (3, 2)), how
        yield "col2im", (draw(rng, *cols.shape, dtype=dtype), x.shape, (3, 2)), how
    yield "conv2d_backward", (draw(rng, 2, 4, 5, 8, dtype=dtype), x, w), {}
    yield "im2col", (x, 2), {}
    a = draw(rng, 4, 5, dtype=dtype) * 3
    options = {"leaky_relu": {"slope": 0.2}, "elu": {"alpha": 1.7}}
    for name in ("relu", "leaky_relu", "elu", "sigmoid", "tanh", "gelu"):
        yield f"{name}_forward", (a,), {}
        yield f"{name}_backward", (draw(rng, 4, 5, dtype=dtype), a), {}
        yield f"{name}_forward", (a,), options.get(name, {})
        yield f"{name}_backward", (draw(rng, 4, 5, dtype=dtype), a), options.get(name, {})
    for kernel, how in [(2, {}), ((3, 2), {"stride": (2, 1), "padding": (1, 0)}), (3, {"stride": 2, "padding": 1})]:
        for kind in ("max", "avg"):
            out = getattr(layers, f"{kind}_pool2d_forward")(x, kernel, **how)
            dout = draw(rng, *out.shape, dtype=dtype)
            yield f"{kind}_pool2d_forward", (x, kernel), how
            yield f"{kind}_pool2d_backward", (dout, x if kind == "max" else (7, 9), kernel), how
    yield "max_pool2d_forward", (-np.abs(x), 3), {"padding": 1}
    yield "global_avg_pool_forward", (x,), {}
    yield "global_avg_pool_backward", (draw(rng, 2, 3, dtype=dtype), (7, 9)), {}
    for name, shape in (("batchnorm", (6, 5)), ("batchnorm2d", (3, 5, 2, 4))):
        y, dout = draw(rng, *shape, dtype=dtype) * 2 + 3, draw(rng, *shape, dtype=dtype)
        gamma, beta, mean = (draw(rng, 5, dtype=dtype) for _ in range(3))
        for how in ({"training": True}, {"training": False}, {"training": True, "momentum": 0.3, "eps": 0.5}):
            yield f"{name}_forward", (y, gamma, beta, mean, mean**2 + 1), how
        yield f"{name}_backward", (dout, y, gamma), {}
        yield f"{name}_backward", (dout, y, gamma), {"eps": 0.3}
    y, dout = draw(rng, 4, 5, dtype=dtype) * 2 + 3, draw(rng, 4, 5, dtype=dtype)
    gamma, beta = draw(rng, 5, dtype=dtype), draw(rng, 5, dtype=dtype)
    yield "layernorm_forward", (y, gamma, beta), {}
    yield "layernorm_forward", (y, gamma, beta), {"eps": 0.3}
    yield "layernorm_backward", (dout, y, gamma), {"eps": 0.3}
    images, dout = draw(rng, 2, 6, 3, 4, dtype=dtype) + 1, draw(rng, 2, 6, 3, 4, dtype=dtype)
    gamma, beta = draw(rng, 6, dtype=dtype), draw(rng, 6, dtype=dtype)
    for groups in (1, 3, 6):
        yield "groupnorm_forward", (images, gamma, beta, groups), {"eps": 0.2}
        yield "groupnorm_backward", (dout, images, gamma, groups), {"eps": 0.2}


CASES = list(cases())
EVERY_CASE = pytest.mark.parametrize(
    ("name", "args", "options"), CASES, ids=[f"{number}-{name}" for number, (name, _, _) in enumerate(CASES)]
)


def as_tensors(args):
    return tuple(torch.from_numpy(arg.copy()) if isinstance(arg, np.ndarray) else arg for arg in args)


def several(result):
    return result if isinstance(result, tuple) else (result,)


def test_every_layer_has_a_case():
    """A layer that nobody tries would rot."""
    assert {name for name, _, _ in CASES} == set(layers.__all__)


@EVERY_CASE
def test_numpy_and_torch_agree(name, args, options):
    """Two implementations, one by sums of slices, one by torch and its autograd; rounding of a few hundred terms."""
    ours, theirs = getattr(layers, name)(*args, **options), getattr(layers, name)(*as_tensors(args), **options)
    for array, tensor in zip(several(ours), several(theirs), strict=True):
        assert isinstance(array, np.ndarray)
        assert isinstance(tensor, torch.Tensor)
        assert not tensor.requires_grad
        assert array.shape == tuple(tensor.shape)
        assert array.dtype == np.float64
        assert np.allclose(array, tensor.numpy(), rtol=1e-10, atol=1e-12)


@EVERY_CASE
def test_arguments_stay_as_they_are(name, args, options):
    """Neither arrays nor tensors are changed, nor does a result share memory with them; read-only ones are fine."""
    for given in (args, as_tensors(args)):
        arrays = [np.asarray(arg) for arg in given if hasattr(arg, "dtype")]
        before = [array.copy() for array in arrays]
        for array in arrays:
            if given is args:
                array.flags.writeable = False
        for result in several(getattr(layers, name)(*given, **options)):
            assert not any(np.shares_memory(np.asarray(result), array) for array in arrays)
        assert all(map(np.array_equal, arrays, before))


SINGLE = list(cases("float32"))


@pytest.mark.parametrize(("name", "args", "options"), SINGLE, ids=[f"{n}-{case[0]}" for n, case in enumerate(SINGLE)])
def test_single_precision_stays(name, args, options):
    """float32 in, float32 out, with both libraries."""
    for given in (args, as_tensors(args)):
        for result in several(getattr(layers, name)(*given, **options)):
            assert str(result.dtype).endswith("float32")


@EVERY_CASE
def test_memory_layout_does_not_matter(name, args, options):
    """Arrays with gaps and in Fortran order give the same numbers."""

    def gaps(arg):
        if not isinstance(arg, np.ndarray):
            return arg
        wide = np.full((*arg.shape[:-1], 2 * arg.shape[-1]), 99.0)
        wide[..., ::2] = arg
        return wide[..., ::2]

    plain = several(getattr(layers, name)(*args, **options))
    fortran = [np.asfortranarray(arg) if isinstance(arg, np.ndarray) else arg for arg in args]
    for given in ([gaps(arg) for arg in args], fortran):
        for one, other in zip(plain, several(getattr(layers, name)(*given, **options)), strict=True):
            assert np.allclose(one, other, rtol=1e-12, atol=1e-14)


def test_convolution_of_a_worked_example():
    """Cross-correlation: the kernel isn't flipped. By hand."""
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    w = np.array([[[[1.0, 2.0], [0.0, -1.0]]]])
    assert layers.conv2d_forward(x, w, np.array([0.5]))[0, 0].tolist() == [[-1.5, 0.5], [4.5, 6.5]]


def test_whole_numbers():
    """Integer images keep their dtype with integer filters and give floats with others."""
    x, w = np.arange(9).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2), dtype=np.int64)
    assert layers.conv2d_forward(x, w, None).dtype == np.int64
    assert layers.conv2d_forward(x, w / 2, None).dtype == np.float64
    assert layers.conv2d_forward(torch.from_numpy(x), torch.from_numpy(w / 2), None).dtype == torch.float64
    assert layers.max_pool2d_forward(-x - 1, 3, padding=1)[0, 0, 0, 0] == -1
    assert layers.gelu_forward(np.array([0, 100])).tolist() == [0, 100]


def test_extreme_activations():
    """No overflow and no warning far from zero; small values keep their digits."""
    x = np.array([-1e4, -40.0, 0.0, 40.0, 1e4])
    sigmoid = layers.sigmoid_forward(x)
    assert sigmoid[[0, 2, 4]].tolist() == [0, 0.5, 1]
    assert np.isclose(sigmoid[1], np.exp(-40), rtol=1e-14, atol=0)
    for name in ("relu", "leaky_relu", "elu", "sigmoid", "tanh", "gelu"):
        assert np.isfinite(getattr(layers, f"{name}_forward")(x)).all()
        assert np.isfinite(getattr(layers, f"{name}_backward")(np.ones(5), x)).all()
    assert layers.relu_backward(np.ones(1), np.zeros(1)) == 0


def test_equal_largest_numbers():
    """The first in reading order gets the gradient, with both libraries."""
    x, dout = np.zeros((1, 1, 2, 2)), np.ones((1, 1, 1, 1))
    for given in ((dout, x, 2), as_tensors((dout, x, 2))):
        assert layers.max_pool2d_backward(*given)[0, 0].tolist() == [[1, 0], [0, 0]]


X = np.zeros((2, 6, 4, 5))
W = np.zeros((3, 6, 5, 2))


@pytest.mark.parametrize(
    ("name", "args", "options", "message"),
    [
        ("conv2d_forward", (X, W, None), {}, r"windows that fit into \(4, 5\) pixels .* \(0, 0\), got \(5, 2\)"),
        ("conv2d_backward", (X, X, W), {"padding": (0, 1)}, "windows that fit"),
        ("im2col", (X, (2, 6)), {}, "windows that fit"),
        ("col2im", (X, X.shape, (2, 6)), {}, "windows that fit"),
        ("max_pool2d_forward", (X, 5), {}, "windows that fit"),
        ("max_pool2d_forward", (X, (3, 2)), {"padding": (1, 2)}, r"at most half the kernel \(3, 2\), got \(1, 2\)"),
        ("max_pool2d_backward", (X, X, 3), {"padding": 2}, "at most half"),
        ("avg_pool2d_forward", (X, 3), {"padding": 2}, "at most half"),
        ("avg_pool2d_backward", (X, (4, 5), 3), {"padding": 2}, "at most half"),
        ("groupnorm_forward", (X, X[0, :, 0, 0], X[0, :, 0, 0], 4), {}, "a divisor of 6 channels, got 4"),
        ("groupnorm_backward", (X, X, X[0, :, 0, 0], 0), {}, "a divisor of 6 channels, got 0"),
        (
            "batchnorm_forward",
            (X[:1, :, 0, 0], *[X[0, :, 0, 0]] * 4),
            {"training": True},
            "(?i)more than (one|1) value",
        ),
        ("batchnorm2d_forward", (X[:1, :, :1, :1], *[X[0, :, 0, 0]] * 4), {"training": True}, "(?i)more than"),
    ],
)
def test_what_does_not_fit_is_refused(name, args, options, message):
    """With a ValueError by both libraries."""
    for given in (args, as_tensors(args)):
        with pytest.raises(ValueError, match=message):
            getattr(layers, name)(*given, **options)


def test_gradients_flow_through_tensors():
    """A forward pass of tensors belongs to torch's graph, so that a network of layers can be trained."""
    x = torch.ones(1, 1, 3, 3, requires_grad=True)
    layers.relu_forward(layers.conv2d_forward(x, torch.ones(1, 1, 2, 2), None)).sum().backward()
    assert x.grad is not None
    assert x.grad[0, 0, 1, 1] == 4


def test_running_statistics_are_new_ones():
    """Those that went in stay, in both modes and with both libraries."""
    x, ones = np.arange(6.0).reshape(3, 2), np.ones(2)
    for given in ((x, *[ones] * 4), as_tensors((x, *[ones] * 4))):
        _, mean, _ = layers.batchnorm_forward(*given, training=True)
        assert np.allclose(mean, [1.1, 1.2])
        _, mean, var = layers.batchnorm_forward(*given, training=False)
        assert mean is not given[3]
        assert var is not given[4]


def definitions(folder):
    """Name of each function that a notebook asks for, and its parameters as text, without annotations."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name in layers.__all__:
                for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                    argument.annotation = None
                yield pytest.param(node.name, ast.unparse(node.args), id=f"{path.stem}-{node.name}")


@pytest.mark.parametrize(("name", "parameters"), definitions("solutions"))
def test_signatures_are_those_of_the_exercises(name, parameters):
    """Who writes the exercise can put it in the place of the layer."""
    signature = inspect.signature(getattr(layers, name))
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    text = str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))
    assert text == f"({parameters})"


@pytest.mark.parametrize("name", layers.__all__)
def test_docstring_and_name_are_the_layer_s(name):
    """help() shows what it computes."""
    function = getattr(layers, name)
    assert function.__name__ == name
    assert len(function.__doc__) > 10
    assert layers.__all__ == sorted(layers.__all__)


def test_arrays_need_no_torch():
    """Torch may be missing or not allowed: nothing of it is loaded for arrays."""
    code = """
import sys
sys.modules["torch"] = None
import numpy as np
from course_utils import layers
out = layers.conv2d_forward(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)), None)
print(out.sum(), sorted(name for name in sys.modules if name.startswith(("torch.", "matplotlib"))))
"""
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "16.0 []"
