"""A right 1x1 convolution once more: one tensor product over the last axis."""

from __future__ import annotations

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.windows_correlation import Step, common_dtype


def pixel_product(
    *,
    matrix: Step = lambda w: w.reshape(w.shape[:2]),
    pixels: Step = lambda x: np.moveaxis(x, 1, -1),
    back: Step = lambda out, x: np.moveaxis(out, -1, 1),
    bias: Step = lambda out, b: out if b is None else out + b,
    dtype: Step = common_dtype,
) -> Step:
    """Build conv1x1_as_matmul: one tensor product over the last axis."""

    def conv1x1_as_matmul(x, w, b):
        out = np.tensordot(pixels(x), matrix(w), ([-1], [1]))
        return back(bias(out, b).astype(dtype(x, w, b), copy=False), x)

    return conv1x1_as_matmul
