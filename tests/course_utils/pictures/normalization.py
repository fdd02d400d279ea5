"""The pictures of `normalization`: with which functions and how each is drawn."""

from __future__ import annotations

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.alternatives_backward import kratzert_backward
from course_utils import plotting
from tests.course_utils.checked import checks_of

right = checks_of("normalization").right


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


BATCHES = torch.tensor([30, -5, 0]) + torch.tensor([2, 0.3, 9]) * normal(60, 200, 3)
COLOURS = torch.from_numpy(plotting.colour_photo(48))
PIECES = torch.stack([COLOURS[:, r : r + 24, c : c + 24] for r in (0, 24) for c in (0, 24)])
PIECES = PIECES * torch.tensor([0.6, 0.4, 0.2])[:, None, None] + torch.tensor([0.3, 0.2, 0.1])[:, None, None]
BOTH_WAYS = (right.batchnorm_forward, right.batchnorm_backward)

PICTURES = {
    "before_and_after": ((right.batchnorm_forward,), lambda f: plotting.before_and_after(f, BATCHES), 4),
    "sweeps_taken": ((kratzert_backward, right.batchnorm_backward_simplified), plotting.sweeps_taken, 1),
    "whose_gradient": (
        (right.batchnorm_backward, right.batchnorm_backward_eval),
        lambda *f: plotting.whose_gradient(*f, normal(8, 1), 2),
        2,
    ),
    "learning_map": (
        BOTH_WAYS,
        lambda *f: plotting.learning_map(*f, "cpu", rates=(0.01, 0.3), scales=(0.1, 1.0)),
        2,
    ),
    "moving_target": (BOTH_WAYS, lambda *f: plotting.moving_target(*f, "cpu", steps=60), 2),
    "white_balance": ((right.batchnorm2d_forward,), lambda f: plotting.white_balance(f, PIECES), 10),
    "company": (
        (right.batchnorm_forward, right.layernorm_forward),
        lambda *f: plotting.company(*f, normal(1024, 8), tries=30),
        1,
    ),
    # Axes in three dimensions have frames of another kind, which are not counted.
    "shared_statistics": ((right.batchnorm2d_forward, right.groupnorm_forward), plotting.shared_statistics, 0),
    "folded": ((right.fold_batchnorm, right.batchnorm2d_forward), lambda *f: plotting.folded(*f, COLOURS), 3),
    "bias_gradients": (
        (right.bias_before_batchnorm,),
        lambda f: plotting.bias_gradients(f, normal(20, 5), normal(20, 5, seed=1)),
        2,
    ),
    "invariance": (
        (right.scale_invariance_gap, right.batchnorm_forward, right.layernorm_forward),
        plotting.invariance,
        1,
    ),
}
