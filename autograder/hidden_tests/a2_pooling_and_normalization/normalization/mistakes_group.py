"""Typical mistakes in group norm."""

from __future__ import annotations

from typing import Any

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.mistakes_layer import OWN
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.steps import (
    GROUP,
    Tensor,
    backward,
    channelwise,
    own_forward,
    through_mean,
    through_var,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.wrong_gradients import (
    gamma_outside,
    no_division,
    no_var_path,
    stats_constant,
    unscaled,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.wrong_statistics import (
    EPS_OUTSIDE,
    lossy_var,
    unbiased_over,
)
from autograder.mistakes import Mistake


def _group(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"gf_{id}", "groupnorm", {"groupnorm_forward": own_forward(**GROUP | steps)}, symptom, hint)


def _group_back(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"gb_{id}", "groupnorm", {"groupnorm_backward": backward(**GROUP | steps)}, symptom, hint)


def strided(x: Tensor, groups: int) -> Tensor:
    """Every groups-th channel in one group."""
    n, c = x.shape[:2]
    return x.reshape(n, c // groups, groups, *x.shape[2:]).transpose(1, 2)


def strided_back(values: Tensor, x: Tensor, groups: int) -> Tensor:
    """Back from there."""
    return values.transpose(1, 2).reshape(x.shape)


def batch_and_group(x: Tensor) -> tuple[int, ...]:
    """All axes but that of the groups."""
    return (0, *range(2, x.ndim))


def within_channels(x: Tensor) -> tuple[int, ...]:
    """The pixels of a group only, each channel alone."""
    return tuple(range(3, x.ndim))


def channels_only(x: Tensor) -> tuple[int, ...]:
    """The channels of a group, each pixel alone."""
    return (2,)


def pixels_count(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Any) -> Tensor:
    """Sums over (N, G, C / G, H, W) that are divided by H * W."""
    wrong = xhat.shape[2]
    return inverse * (dxhat - wrong * through_mean(dxhat, axes) - wrong * through_var(dxhat, xhat, axes))


GROUP_NORM = (
    _group(
        "strided_groups",
        "Your groups are made of channels that are not neighbours.",
        "With six channels in three groups, which channels are together? Follow them through your reshape.",
        apart=strided,
        together=strided_back,
    ),
    _group(
        "groups_ignored",
        "All your channels are one group.",
        "Where does `groups` enter?",
        groups_of=lambda groups: 1,
    ),
    _group(
        "instance_norm",
        "Each of your channels is a group of its own.",
        "Which axes are averaged over, once the channels are split into groups?",
        axes=within_channels,
    ),
    _group(
        "per_pixel",
        "Each of your pixels has statistics of its own.",
        "Which axes are averaged over, once the channels are split into groups?",
        axes=channels_only,
    ),
    _group("over_batch", "Your outputs depend on the other images of the batch.", OWN, axes=batch_and_group),
    _group(
        "group_size",
        "You make groups of `groups` channels each.",
        "Does `groups` say how many groups there are, or how large they are?",
        apart=lambda x, groups: x.reshape(len(x), x.shape[1] // groups, groups, *x.shape[2:]),
    ),
    _group(
        "unbiased_norm",
        "Your outputs are too small by one factor everywhere.",
        "By what is the sum of squares divided: the number of values, or one less?",
        var=unbiased_over,
    ),
    _group(
        "eps_outside",
        "Your outputs are a little off, most where a group varies little.",
        "What exactly stands under the root?",
        **EPS_OUTSIDE,
    ),
    _group(
        "eps_hard", "Your outputs are right for the usual eps only.", "Where does `eps` enter?", eps_of=lambda eps: 1e-5
    ),
    _group(
        "no_gamma",
        "The scale of your outputs never changes.",
        "One of the two learned parameters is left out.",
        affine=lambda xhat, gamma, beta: xhat + channelwise(beta, xhat),
    ),
    _group(
        "no_beta",
        "The mean of your outputs in each image is that of the normalised numbers.",
        "One of the two learned parameters is left out.",
        affine=lambda xhat, gamma, beta: xhat * channelwise(gamma, xhat),
    ),
    _group(
        "no_affine",
        "Your outputs don't depend on the learned parameters.",
        "What are gamma and beta for?",
        affine=lambda xhat, gamma, beta: xhat,
    ),
    _group(
        "first_gamma",
        "All your channels are scaled and shifted alike.",
        "How many entries do gamma and beta have, and which axis of x do they belong to?",
        affine=lambda xhat, gamma, beta: gamma[0] * xhat + beta[0],
    ),
    _group(
        "no_error",
        "Groups that don't divide the channels give numbers.",
        "What does the docstring say about channels that are left over?",
        refuse=lambda channels, groups: False,
        apart=lambda x, groups: x.reshape(len(x), groups if x.shape[1] % groups == 0 else 1, -1, *x.shape[2:]),
    ),
    _group(
        "lossy_variance",
        "Your outputs lose their digits where the numbers are far from zero.",
        "The difference of two large numbers: take the mean off before squaring.",
        var=lossy_var,
    ),
    _group_back(
        "gamma_outside",
        "Your dx is right only if gamma is the same for all channels of a group.",
        "Do the channels that are averaged together have the same gamma? Then where may it stand?",
        weigh_by=unscaled,
        after=gamma_outside,
    ),
    _group_back(
        "strided_groups",
        "Your groups are made of channels that are not neighbours.",
        "With six channels in three groups, which channels are together? Follow them through your reshape.",
        apart=strided,
        together=strided_back,
    ),
    _group_back(
        "groups_ignored", "All your channels are one group.", "Where does `groups` enter?", groups_of=lambda groups: 1
    ),
    _group_back(
        "group_size",
        "You make groups of `groups` channels each.",
        "Does `groups` say how many groups there are, or how large they are?",
        apart=lambda x, groups: x.reshape(len(x), x.shape[1] // groups, groups, *x.shape[2:]),
    ),
    _group_back(
        "instance_norm",
        "Each of your channels is a group of its own.",
        "Which axes are averaged over, once the channels are split into groups?",
        axes=within_channels,
    ),
    _group_back("over_batch", "Your dx depends on the other images of the batch.", OWN, axes=batch_and_group),
    _group_back(
        "stats_constant",
        "Your dx is proportional to dout in each channel.",
        "Does the mean of a group change when one of its pixels does?",
        combine=stats_constant,
    ),
    _group_back(
        "no_var_path",
        "Your dx grows along x, as if stretching a group changed the output.",
        "What happens to the output if a group is stretched by one factor?",
        combine=no_var_path,
    ),
    _group_back(
        "missing_1_over_M",
        "Your dx is far too large, more so for large groups.",
        "How many numbers does each mean of the forward pass average?",
        combine=no_division,
    ),
    _group_back(
        "M_is_pixels",
        "Your dx is right only if there is one channel in each group.",
        "How many numbers does each mean of the forward pass average?",
        combine=pixels_count,
    ),
    _group_back(
        "no_gamma",
        "Your dx does not depend on gamma.",
        "Which box of the graph does dout meet first on its way back?",
        weigh_by=unscaled,
    ),
    _group_back(
        "dgamma_mean",
        "Your dgamma and dbeta are too small by one factor everywhere.",
        "The loss adds up over images and pixels. Does its gradient?",
        dgamma=lambda dout, xhat, x, gamma: (dout * xhat).mean((0, 2, 3)),
        dbeta=lambda dout, gamma: dout.mean((0, 2, 3)),
    ),
    _group_back(
        "dgamma_per_image",
        "Your dgamma has an entry for each image and channel.",
        "Gamma has one entry per channel. Which axes have to be summed over?",
        dgamma=lambda dout, xhat, x, gamma: (dout * xhat).sum((2, 3)),
        dbeta=lambda dout, gamma: dout.sum((2, 3)),
    ),
    _group_back(
        "eps_hard",
        "Your gradients are right for the usual eps only.",
        "Where does `eps` enter?",
        eps_of=lambda eps: 1e-5,
    ),
    _group_back(
        "no_error",
        "Groups that don't divide the channels give gradients.",
        "What does the docstring say about channels that are left over?",
        refuse=lambda channels, groups: False,
        apart=lambda x, groups: x.reshape(len(x), groups if x.shape[1] % groups == 0 else 1, -1, *x.shape[2:]),
    ),
    _group_back(
        "unbiased_var",
        "Your gradients belong to another forward pass, more so for small groups.",
        "With which of the two variances is a group normalised?",
        var=unbiased_over,
    ),
)
