"""What each notebook, and each question besides, does not allow: the names that the grader takes away, too."""

from __future__ import annotations

from collections.abc import Iterable

_NUMPY = ("numpy.convolve", "numpy.correlate", "torch", "scipy", "sympy")
_AUTOGRAD = ("torch.autograd.backward", "torch.autograd.grad", "torch.autograd.functional", "torch.func")
_LAYERS = "course_utils.layers"


def _functional(names: str) -> tuple[str, ...]:
    return tuple(f"torch.nn.functional.{name}" for name in names.split())


FORBIDDEN: dict[str, tuple[str, ...]] = {
    "sliding_windows": (*_NUMPY, _LAYERS),
    "linear_maps_and_gradients": _NUMPY,
    "activations_and_pooling": (
        *("torch.relu", "torch.sigmoid", "torch.tanh", "torch.softmax", "torch.special.expit"),
        *_functional("relu relu6 hardtanh threshold leaky_relu prelu rrelu elu selu celu gelu silu mish glu"),
        *_functional("sigmoid logsigmoid tanh softmax log_softmax"),
        *_functional("max_pool1d max_pool2d max_unpool2d avg_pool1d avg_pool2d"),
        *_functional("adaptive_max_pool2d adaptive_avg_pool2d lp_pool2d"),
        *_functional("conv1d conv2d conv_transpose2d linear unfold fold interpolate"),
        *_AUTOGRAD,
        _LAYERS,
    ),
    "normalization": (
        *("torch.batch_norm", "torch.layer_norm", "torch.group_norm", "torch.instance_norm"),
        *("torch.native_batch_norm", "torch.native_layer_norm", "torch.native_group_norm"),
        *_functional("batch_norm layer_norm group_norm instance_norm rms_norm local_response_norm"),
        *_AUTOGRAD,
        _LAYERS,
    ),
}
_BACKWARD = (f"{_LAYERS}.conv2d_backward",)
_QUESTIONS: dict[str, tuple[str, ...]] = {
    "im2col": (f"{_LAYERS}.windows.windows", f"{_LAYERS}.windows.add_windows"),
    "conv2d_im2col": (f"{_LAYERS}.conv2d_forward",),
    "conv2d_matrix_backward": _BACKWARD,
    "conv2d_gradients_as_convs": _BACKWARD,
    "conv_transpose2d": _BACKWARD,
    "numerical_gradient": ("course_utils.gradcheck.check_gradients", "course_utils.gradcheck"),
}


def forbidden(notebook: str, question: str, functions: Iterable[str] = ()) -> tuple[str, ...]:
    """Dotted names of what a question does not allow.

    Args:
        notebook: Name of the notebook.
        question: Id of the question.
        functions: What the question asks for: the finished ones would answer it.
    """
    finished = (f"{_LAYERS}.{name}" for name in functions)
    return (*FORBIDDEN[notebook], *_QUESTIONS.get(question, ()), *finished)
