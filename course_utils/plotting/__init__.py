"""Pictures of what the student's functions do.

Every picture takes the functions as arguments and calls them; none knows an answer. Each returns the figure, which
the notebook shows as the result of its cell, or prints a note and returns None if a function is not written yet.
pyplot is imported when the first picture is drawn.
"""

from course_utils.data.photos import colour_photo, photo
from course_utils.plotting.activations import activation_curves, collapse, gates, gradients_by_depth, maxout_pieces
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
from course_utils.plotting.material import moving_dots, square_scene
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

__all__ = [
    "activation_curves",
    "average_as_convolution",
    "averages_and_maxima",
    "border_modes",
    "channel_mixing",
    "collapse",
    "colour_photo",
    "connections",
    "detector",
    "edges",
    "edges_in_noise",
    "feature_maps",
    "gates",
    "gradients_by_depth",
    "holes",
    "impulse_responses",
    "maxout_pieces",
    "motion",
    "moving_dots",
    "output_sizes",
    "overlapping_windows",
    "parameter_growth",
    "photo",
    "pooled_maps",
    "pooled_signals",
    "routes",
    "sensitivities",
    "shuffled_pixels",
    "signal_response",
    "sliding_window",
    "square_scene",
    "template_search",
    "view_growth",
    "views",
    "when_ready",
    "window_positions",
]
