"""Pictures of what the student's functions do.

Every picture takes the functions as arguments and calls them; none knows an answer. Each returns the figure, which
the notebook shows as the result of its cell, or prints a note and returns None if a function is not written yet.
pyplot is imported when the first picture is drawn.
"""

from course_utils.data.photos import colour_photo, photo
from course_utils.plotting.activations import activation_curves, collapse, gates, gradients_by_depth, maxout_pieces
from course_utils.plotting.gradients import checkerboard, dx_by_convolution, gathered_gradient, step_sizes
from course_utils.plotting.images import (
    border_modes,
    edges,
    edges_in_noise,
    shuffled_pixels,
    sliding_window,
    template_search,
)
from course_utils.plotting.layers import (
    channel_mixing,
    connections,
    detector,
    feature_maps,
    holes,
    motion,
)
from course_utils.plotting.learning import learning_map, moving_target
from course_utils.plotting.linear_maps import (
    copying_filters,
    filter_matrix,
    image_matrix,
    shifted_copies,
    unfolding,
    weight_sharing,
    window_counts,
)
from course_utils.plotting.material import moving_dots, square_scene
from course_utils.plotting.normalization import (
    batchnorm_graph,
    before_and_after,
    bias_gradients,
    company,
    folded,
    invariance,
    shared_statistics,
    sweeps_taken,
    white_balance,
    whose_gradient,
)
from course_utils.plotting.pooling import (
    average_as_convolution,
    averages_and_maxima,
    overlapping_windows,
    pooled_maps,
    pooled_signals,
    routes,
    sensitivities,
)
from course_utils.plotting.signals import impulse_responses, signal_response
from course_utils.plotting.sizes import output_sizes, parameter_growth, view_growth, views, window_positions
from course_utils.plotting.student import when_ready
from course_utils.plotting.symmetry import composed_kernels, learned_kernel, shift_gaps

__all__ = [
    "activation_curves",
    "average_as_convolution",
    "averages_and_maxima",
    "batchnorm_graph",
    "before_and_after",
    "bias_gradients",
    "border_modes",
    "channel_mixing",
    "checkerboard",
    "collapse",
    "colour_photo",
    "company",
    "composed_kernels",
    "connections",
    "copying_filters",
    "detector",
    "dx_by_convolution",
    "edges",
    "edges_in_noise",
    "feature_maps",
    "filter_matrix",
    "folded",
    "gates",
    "gathered_gradient",
    "gradients_by_depth",
    "holes",
    "image_matrix",
    "impulse_responses",
    "invariance",
    "learned_kernel",
    "learning_map",
    "maxout_pieces",
    "motion",
    "moving_dots",
    "moving_target",
    "output_sizes",
    "overlapping_windows",
    "parameter_growth",
    "photo",
    "pooled_maps",
    "pooled_signals",
    "routes",
    "sensitivities",
    "shared_statistics",
    "shift_gaps",
    "shifted_copies",
    "shuffled_pixels",
    "signal_response",
    "sliding_window",
    "square_scene",
    "step_sizes",
    "sweeps_taken",
    "template_search",
    "unfolding",
    "view_growth",
    "views",
    "weight_sharing",
    "when_ready",
    "white_balance",
    "whose_gradient",
    "window_counts",
    "window_positions",
]
