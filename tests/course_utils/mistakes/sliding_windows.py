"""Mistakes in `sliding_windows` that its checks should see, beyond those listed for hidden tests and spoiled answers.

`MISTAKES[question][name]` replaces one of the question's right functions.
"""

from __future__ import annotations

from tests.course_utils.mistakes.correlation import CORRELATE1D, CORRELATE2D
from tests.course_utils.mistakes.detectors import EDGES, GAUSS, MATCH, SQUARES
from tests.course_utils.mistakes.fields import DEPTHS, FIELDS
from tests.course_utils.mistakes.layers import GROUPED, LAYER, LAYER_OF_TWO_AXES, ONE_AXIS, PIXELS, THREE_AXES
from tests.course_utils.mistakes.sizes import COUNTS, MLP, SAME, SIZES


def _in(function, wrong, prefix=""):
    return {f"{prefix}{name}": {function: version} for name, version in wrong.items()}


MISTAKES = {
    "correlate1d": _in("correlate1d", CORRELATE1D),
    "correlate2d": _in("correlate2d", CORRELATE2D),
    "match_template": _in("match_template", MATCH),
    "sobel_edges": _in("gaussian_kernel", GAUSS) | _in("sobel_edges", EDGES),
    "square_detector": _in("square_detector", SQUARES),
    "conv_output_size": _in("conv_output_size", SIZES) | _in("same_padding", SAME, "same: "),
    "conv_counts": _in("conv_counts", COUNTS) | _in("mlp_params", MLP, "mlp: "),
    "conv2d_forward": _in("conv2d_forward", LAYER | LAYER_OF_TWO_AXES),
    "conv1x1_as_matmul": _in("conv1x1_as_matmul", PIXELS),
    "conv_nd": _in("conv1d_forward", ONE_AXIS) | _in("conv3d_forward", THREE_AXES),
    "conv2d_grouped": _in("conv2d_grouped", GROUPED),
    "receptive_field": _in("receptive_field", FIELDS) | _in("layers_to_see", DEPTHS, "depth: "),
}
