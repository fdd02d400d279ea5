"""The checks of `activations_and_pooling`: torch's own functions pass, and what is said to a mistake."""

from __future__ import annotations

import math

import pytest
import torch

from course_utils.checks.activations_and_pooling_cases import CASES
from course_utils.checks.forbidden import FORBIDDEN
from course_utils.compare import Rung
from tests.course_utils.checked import checks_of, expect_reason
from tests.course_utils.oracles.activations_and_pooling import leaky_relu
from tests.course_utils.pictures import activations_and_pooling as pictures
from tests.course_utils.pictures.activations_and_pooling import max_pool2d_forward, sent_back

F = torch.nn.functional
CHECKED = checks_of("activations_and_pooling")


@pytest.fixture(autouse=True)
def torch_may_answer(monkeypatch):
    """Right answers are torch's own here, and mistakes are made of them."""
    monkeypatch.setitem(FORBIDDEN, "activations_and_pooling", ())


def refusing(function, wrong):
    """A right function that raises the ValueErrors that torch doesn't."""

    def apply(x, *args, **options):
        if wrong(x, *args, **options):
            raise ValueError("it does not fit")
        return function(x, *args, **options)

    return apply


def uneven(x, pieces):
    return x.shape[1] % pieces


def pooled(x, kernel, *, stride=None, padding=0):
    """Torch raises RuntimeErrors where the course asks for ValueErrors."""
    try:
        return max_pool2d_forward(x, kernel, stride=stride, padding=padding)
    except RuntimeError as error:
        raise ValueError(str(error)) from None


def averaged(x, kernel, *, stride=None, padding=0):
    pooled(x, kernel, stride=stride, padding=padding)
    return F.avg_pool2d(x, kernel, stride, padding)


def maxout_backward(dout, x, pieces):
    if uneven(x, pieces):
        raise ValueError("it does not fit")
    return pictures.maxout_backward(dout, x, pieces)


def collapsed(layers):
    if not layers:
        raise ValueError("no layer")
    return pictures.linear_collapse(layers)


def gradient_by_depth(forward, backward, depth, width, generator):
    kind = {"generator": generator, "dtype": torch.float64, "device": generator.device}
    h, kept = torch.randn(16, width, **kind), []
    for _ in range(depth):
        w = torch.randn(width, width, **kind) / math.sqrt(width)
        kept.append((h @ w.T, w))
        h = forward(kept[-1][0])
    dh, norms = torch.ones_like(h), []
    for a, w in reversed(kept):
        dh = backward(dh, a) @ w
        norms.append(dh.norm())
    return torch.stack(norms[::-1])


SMOOTH = {"leaky_relu": leaky_relu, "elu": F.elu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "gelu": F.gelu}
TORCH = {
    "relu": {"relu_forward": torch.relu, "relu_backward": pictures.relu_backward},
    "activations": {
        f"{name}_{way}": function if way == "forward" else sent_back(function)
        for name, function in SMOOTH.items()
        for way in ("forward", "backward")
    },
    "maxout": {"maxout_forward": refusing(pictures.maxout_forward, uneven), "maxout_backward": maxout_backward},
    "max_pool2d_forward": {"max_pool2d_forward": pooled},
    "max_pool2d_backward": {"max_pool2d_backward": pictures.max_pool2d_backward},
    "avg_pool2d": {
        "avg_pool2d_forward": averaged,
        "avg_pool2d_backward": pictures.avg_pool2d_backward,
        "global_avg_pool_forward": lambda x: x.mean((2, 3)),
        "global_avg_pool_backward": pictures.global_avg_pool_backward,
    },
    "avg_pool_as_conv": {
        "avg_pool_weights": lambda channels, kernel: pictures.avg_pool_weights(
            channels, kernel if isinstance(kernel, tuple) else (kernel, kernel)
        )
    },
    "pool1d": {"max_pool1d": refusing(pictures.max_pool1d, lambda x, kernel, **_: kernel > x.shape[2])},
    "shift_sensitivity": {"shift_sensitivity": pictures.shift_sensitivity},
    "linear_collapse": {"linear_collapse": collapsed},
    "gradient_by_depth": {"gradient_by_depth": gradient_by_depth},
}


@pytest.mark.parametrize("question", TORCH)
def test_torchs_own_functions_pass(question):
    """What the notebook forbids gives the right numbers."""
    assert CHECKED.failure(question, TORCH[question]) is None


def slope_ignored(x, *, slope=0.01):
    return leaky_relu(x)


def overwrites(x):
    return x.clamp_(min=0)


def zero_padding(x, kernel, *, stride=None, padding=0):
    pad = [value for value in reversed(padding if isinstance(padding, tuple) else (padding, padding)) for _ in "ab"]
    pooled(x, kernel, stride=stride, padding=padding)
    return F.max_pool2d(F.pad(x, pad), kernel, stride)


def assigns(dout, x, kernel, *, stride=None, padding=0):
    """The last window that a pixel wins counts, and not their sum."""
    _, place = F.max_pool2d(x, kernel, stride, padding, return_indices=True)
    dx = torch.zeros(x.shape, dtype=dout.dtype).flatten(2)
    return dx.scatter_(2, place.flatten(2), dout.flatten(2)).reshape(x.shape)


def averages(x, kernel, *, stride=None, padding=0):
    pooled(x, kernel, stride=stride, padding=padding)
    return F.avg_pool2d(x, kernel, stride, padding, count_include_pad=False)


def on_the_cpu_only(channels, kernel):
    return torch.ones(channels, channels, 2, 2)


def of_another_seed(forward, backward, depth, width, generator):
    return gradient_by_depth(forward, backward, depth, width, torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("question", "functions", "rung", "parts"),
    [
        ("relu", {"relu_forward": torch.abs}, Rung.VALUES, ["All errors are in row 0", "negative x in row 0"]),
        ("relu", {"relu_forward": overwrites}, Rung.UNCHANGED, ["its input x is not", "clamp_", "Work on a copy"]),
        ("relu", {"relu_backward": lambda dout, x: dout * (dout > 0)}, Rung.VALUES, ["its own sign says nothing"]),
        ("relu", {"relu_backward": lambda dout, x: dout.mul_(x > 0)}, Rung.UNCHANGED, ["its input dout is not"]),
        ("relu", {"relu_forward": lambda x: torch.relu(x).tolist()}, Rung.TYPE, ["expected a torch tensor", "a list"]),
        ("relu", {"relu_forward": lambda x: torch.relu(x).numpy()}, Rung.TYPE, ["Keep to tensors"]),
        ("relu", {"relu_forward": lambda x: torch.relu(x).float()}, Rung.DTYPE, ["expected dtype torch.float64"]),
        ("relu", {"relu_forward": lambda x: x.view(-1).relu().view(x.shape)}, Rung.RAN, ["in the line `", "reshape"]),
        (
            "activations",
            {"sigmoid_forward": lambda x: x.exp() / (1 + x.exp())},
            Rung.FINITE,
            ["NaN", "numbers far from 0", "exp of a large number is infinite"],
        ),
        (
            "activations",
            {"leaky_relu_forward": slope_ignored},
            Rung.VALUES,
            ["slope 0.25", "All errors are in row 0", "multiplied by the slope"],
        ),
        (
            "activations",
            {"elu_backward": lambda dout, x, *, alpha=1.0: dout * F.elu(x, alpha)},
            Rung.VALUES,
            ["elu_backward", "What is the slope of alpha"],
        ),
        ("activations", {"gelu_forward": lambda x: F.gelu(x, approximate="tanh")}, Rung.VALUES, ["exactly, with erf"]),
        (
            "activations",
            {"tanh_forward": lambda x, scale: x},
            Rung.CALLABLE,
            ["can't be called as tanh_forward(x)", "Keep the parameters"],
        ),
        (
            "maxout",
            {"maxout_forward": refusing(lambda x, pieces: x.unflatten(1, (-1, pieces)).amax(2), uneven)},
            Rung.VALUES,
            ["Channel c of the output competes with channels c, C + c"],
        ),
        ("maxout", {"maxout_forward": pictures.maxout_forward}, Rung.RAN, ["expected a ValueError, because pieces"]),
        (
            "max_pool2d_forward",
            {"max_pool2d_forward": lambda x, kernel, **_: max_pool2d_forward(x, kernel)},
            Rung.SHAPE,
            ["stride 2: expected shape", "H_out is 1 too small", "Windows start `stride` pixels apart"],
        ),
        (
            "max_pool2d_forward",
            {"max_pool2d_forward": zero_padding},
            Rung.VALUES,
            ["padding", "What is beyond the border must never win"],
        ),
        (
            "max_pool2d_forward",
            {"max_pool2d_forward": max_pool2d_forward},
            Rung.RAN,
            ["expected a ValueError, because the window does not fit into the padded image, got RuntimeError"],
        ),
        (
            "max_pool2d_backward",
            {"max_pool2d_backward": assigns},
            Rung.VALUES,
            ["windows that overlap", "the sum of what they send"],
        ),
        ("avg_pool2d", {"avg_pool2d_forward": averages}, Rung.VALUES, ["padding", "Zeros beyond the border count"]),
        (
            "avg_pool2d",
            {"global_avg_pool_backward": lambda dout, in_size: dout[:, :, None, None].repeat(1, 1, *in_size)},
            Rung.VALUES,
            ["your numbers are 20 times the right ones"],
        ),
        ("avg_pool_as_conv", {"avg_pool_weights": on_the_cpu_only}, Rung.SHAPE, ["C_in is 2 too large"]),
        (
            "pool1d",
            {"max_pool1d": lambda x, kernel, *, stride=None: F.max_pool1d(x, kernel, 1)},
            Rung.SHAPE,
            ["L_out is 3 too large"],
        ),
        (
            "shift_sensitivity",
            {"shift_sensitivity": lambda f, x, shift: float((f(torch.roll(x, shift, (2, 3))) - f(x)).norm())},
            Rung.VALUES,
            ["expected another number, got 5.09902, which is too large", "the example of the notebook"],
        ),
        (
            "shift_sensitivity",
            {"shift_sensitivity": lambda f, x, shift: pictures.shift_sensitivity(f, x, shift[::-1])},
            Rung.VALUES,
            ["The images move along the axes 2 and 3"],
        ),
        (
            "linear_collapse",
            {"linear_collapse": lambda layers: (collapsed(layers)[0], sum(b for _, b in layers[-1:]))},
            Rung.VALUES,
            ["b of linear_collapse with layers of shapes [((4, 3), (4,)), ((2, 4), (2,))]", "what is left without x"],
        ),
        ("linear_collapse", {"linear_collapse": pictures.linear_collapse}, Rung.RAN, ["without a layer", "IndexError"]),
        (
            "gradient_by_depth",
            {"gradient_by_depth": of_another_seed},
            Rung.VALUES,
            ["generator with the seed 1", "With the generator draw x, then w"],
        ),
        (
            "gradient_by_depth",
            {"gradient_by_depth": lambda *args: gradient_by_depth(*args).flip(0)},
            Rung.VALUES,
            ["turned back to front"],
        ),
    ],
)
def test_mistakes_are_caught_for_the_right_reason(question, functions, rung, parts):
    """The first rung that fails is the one that the mistake breaks, and the message points at it."""
    expect_reason(CHECKED.failure(question, functions), rung, parts)


def test_a_tensor_without_axes_will_do_for_a_float():
    """What `torch.linalg.norm` gives need not be turned into a float."""

    def as_tensor(features, images, shift):
        return torch.tensor(pictures.shift_sensitivity(features, images, shift), dtype=torch.float64)

    assert CHECKED.failure("shift_sensitivity", {"shift_sensitivity": as_tensor}) is None


@pytest.mark.parametrize("policy", ["to all", "shared"])
def test_what_happens_at_0_is_the_students_choice(policy):
    """No input has a zero where ReLU bends, or two equal numbers in a window, so no choice is refused."""
    at_zero = {"to all": 1.0, "shared": 0.5}[policy]

    def relu_backward(dout, x):
        return dout * torch.heaviside(x, torch.tensor(at_zero, dtype=x.dtype))

    assert CHECKED.failure("relu", {"relu_backward": relu_backward}) is None


def test_students_keep_what_they_are_given_apart():
    """Functions and generators are made anew for every call: a used-up generator would give other numbers."""
    seen = []

    def noted(forward, backward, depth, width, generator):
        seen.append(generator)
        return gradient_by_depth(forward, backward, depth, width, generator)

    assert CHECKED.failure("gradient_by_depth", {"gradient_by_depth": noted}) is None
    assert len(set(map(id, seen))) == len(seen) == len(CASES["gradient_by_depth"]) + 1
