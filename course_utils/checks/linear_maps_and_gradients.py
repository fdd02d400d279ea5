"""Checks of the notebook `linear_maps_and_gradients`: one function per question, which takes the student's functions.

Each goes through small fixed cases, stops at the first that fails and says what is wrong and where; if all is well,
it prints one line. The right results are stored numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_utils.checks.draw import draw
from course_utils.checks.linear_maps_and_gradients_cases import CASES
from course_utils.checks.runner import check_question, passed
from course_utils.checks.steps import demand_no_growth

Function = Callable[..., Any]

NOTEBOOK = "linear_maps_and_gradients"


def toeplitz1d(toeplitz1d: Function) -> None:
    """Check `toeplitz1d(w, size, *, stride, padding)`.

    Raises:
        CheckFailed: If a case fails; the same holds for every check below.
    """
    _check("toeplitz1d", {"toeplitz1d": toeplitz1d}, "use other lengths, strides and paddings")


def conv_matrix2d(conv_matrix2d: Function) -> None:
    """Check `conv_matrix2d(kernel, in_size, *, stride, padding)`."""
    _check("conv_matrix2d", {"conv_matrix2d": conv_matrix2d}, "use other sizes, strides and paddings per axis")


def locally_connected(locally_connected1d: Function, count_weights: Function) -> None:
    """Check `locally_connected1d(x, w)` and `count_weights(size, kernel)`."""
    functions = {"locally_connected1d": locally_connected1d, "count_weights": count_weights}
    _check("locally_connected", functions, "use other lengths and dtypes, and layers of other sizes")


def im2col(im2col: Function, col2im: Function) -> None:
    """Check `im2col(x, kernel, *, stride, padding)` and `col2im(cols, in_shape, kernel, *, stride, padding)`."""
    functions = {"im2col": im2col, "col2im": col2im}
    _check("im2col", functions, "use other sizes, and try whether the two are adjoint")


def conv2d_im2col(conv2d_im2col: Function) -> None:
    """Check `conv2d_im2col(x, w, b, *, stride, padding)`, and that it does not loop over pixels or images."""
    question, functions = "conv2d_im2col", {"conv2d_im2col": conv2d_im2col}
    checks = check_question(NOTEBOOK, question, functions, CASES[question])
    filters = draw(4, 2, 3, 2), draw(4)
    advice = "Let slices and one matrix product do it. Loops over the entries of the filter are fine."
    checks += demand_no_growth(
        question,
        conv2d_im2col,
        (draw(1, 2, 6, 5), *filters),
        {
            "rows": (draw(1, 2, 66, 5), *filters),
            "columns": (draw(1, 2, 6, 65), *filters),
            "images": (draw(61, 2, 6, 5), *filters),
        },
        advice,
    )
    passed(question, checks, "use other sizes and dtypes, and count the steps of Python on larger images")


def conv2d_matrix_backward(conv2d_matrix_backward: Function) -> None:
    """Check `conv2d_matrix_backward(dout, x, w, *, stride, padding)`."""
    functions = {"conv2d_matrix_backward": conv2d_matrix_backward}
    _check("conv2d_matrix_backward", functions, "use other sizes, and strides that leave pixels over")


def unfold_kernels(unfold_kernels: Function) -> None:
    """Check `unfold_kernels(c_in, kernel)`."""
    _check("unfold_kernels", {"unfold_kernels": unfold_kernels}, "use other sizes, and run a layer with the filters")


def conv1d_by_shifts(conv1d_by_shifts: Function) -> None:
    """Check `conv1d_by_shifts(x, w)`, and that it does not loop over positions."""
    question, functions = "conv1d_by_shifts", {"conv1d_by_shifts": conv1d_by_shifts}
    checks = check_question(NOTEBOOK, question, functions, CASES[question])
    advice = "Let a slice move the whole signal at once. A loop over the entries of the kernel is fine."
    larger = {"positions": (draw(90), draw(3))}
    checks += demand_no_growth(question, conv1d_by_shifts, (draw(9), draw(3)), larger, advice)
    passed(question, checks, "use other lengths and dtypes, and count the steps of Python on longer signals")


def conv2d_backward(conv2d_backward: Function) -> None:
    """Check `conv2d_backward(dout, x, w, *, stride, padding)`."""
    hidden = "use other sizes, strides that leave pixels over, and large numbers"
    _check("conv2d_backward", {"conv2d_backward": conv2d_backward}, hidden)


def conv2d_gradients_as_convs(conv2d_dx_as_conv: Function, conv2d_dw_as_conv: Function) -> None:
    """Check `conv2d_dx_as_conv(dout, w, in_size, ...)` and `conv2d_dw_as_conv(dout, x, kernel, ...)`."""
    functions = {"conv2d_dx_as_conv": conv2d_dx_as_conv, "conv2d_dw_as_conv": conv2d_dw_as_conv}
    _check("conv2d_gradients_as_convs", functions, "use other sizes, and strides that leave pixels over")


def conv_transpose2d(conv_transpose2d: Function) -> None:
    """Check `conv_transpose2d(x, w, *, stride, padding)`."""
    _check("conv_transpose2d", {"conv_transpose2d": conv_transpose2d}, "use other sizes, strides and paddings")


def numerical_gradient(numerical_gradient: Function) -> None:
    """Check `numerical_gradient(f, x, dout, *, h)` on functions whose gradients are known."""
    hidden = "let it judge other layers, right ones and wrong ones"
    _check("numerical_gradient", {"numerical_gradient": numerical_gradient}, hidden)


def equivariance(equivariance_gap: Function, compose_kernels: Function) -> None:
    """Check `equivariance_gap(layer, x, shift)` on layers of its own, and `compose_kernels(w1, w2)`."""
    functions = {"equivariance_gap": equivariance_gap, "compose_kernels": compose_kernels}
    _check("equivariance", functions, "measure other layers, and run two layers in a row")


def learn_kernel(learn_kernel: Function) -> None:
    """Check `learn_kernel(images, targets, size, *, lr, steps)`."""
    _check("learn_kernel", {"learn_kernel": learn_kernel}, "use other images, sizes and learning rates")


def _check(question: str, functions: dict[str, Function], hidden: str) -> None:
    passed(question, check_question(NOTEBOOK, question, functions, CASES[question]), hidden)
