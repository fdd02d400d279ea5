"""Typical mistakes in batchnorm2d."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.steps import (
    RIGHT,
    Tensor,
    backward,
    batch_forward,
    count_over,
    through_mean,
    through_var,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.wrong_gradients import (
    no_division,
    stats_constant,
)
from autograder.hidden_tests.a2_pooling_and_normalization.normalization.wrong_statistics import (
    biased,
    kept,
    unbiased_over,
)
from autograder.mistakes import Mistake


def _forward(id: str, symptom: str, hint: str, function: Callable[..., Any] | None = None, **steps: Any) -> Mistake:
    return Mistake(
        f"sf_{id}", "batchnorm2d", {"batchnorm2d_forward": function or batch_forward(**steps)}, symptom, hint
    )


def _backward(id: str, symptom: str, hint: str, function: Callable[..., Any] | None = None, **steps: Any) -> Mistake:
    return Mistake(f"sb_{id}", "batchnorm2d", {"batchnorm2d_backward": function or backward(**steps)}, symptom, hint)


# To the rows of a matrix and back, done wrong


def flat_rows(x: Tensor) -> Tensor:
    """(N, C, H, W) to (N*H*W, C), without moving the channels."""
    return x.reshape(-1, x.shape[1])


def pixel_rows(x: Tensor) -> Tensor:
    """(N, C, H, W) to (N*H*W, C), rightly."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def swapped_back(rows: Tensor, x: Tensor) -> Tensor:
    """Back, with height and width exchanged on the way."""
    n, c, h, w = x.shape
    return rows.reshape(n, w, h, c).permute(0, 3, 2, 1)


def flat_back(rows: Tensor, x: Tensor) -> Tensor:
    """Back, without moving the channels."""
    return rows.reshape(x.shape)


def by_rows(there: Callable[[Tensor], Tensor], back: Callable[[Tensor, Tensor], Tensor], one: Any) -> Any:
    """A batchnorm2d_forward by way of a batchnorm_forward."""

    def forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
        options = {"training": training, "momentum": momentum, "eps": eps}
        out, mean, var = one(there(x), gamma, beta, running_mean, running_var, **options)
        return back(out, x), mean, var

    return forward


def back_by_rows(there: Callable[[Tensor], Tensor], back: Callable[[Tensor, Tensor], Tensor], one: Any) -> Any:
    """A batchnorm2d_backward by way of a batchnorm_backward."""

    def gradients(dout, x, gamma, *, eps=1e-5):
        dx, dgamma, dbeta = one(there(dout), there(x), gamma, eps=eps)
        return back(dx, x), dgamma, dbeta

    return gradients


def over_images(x: Tensor) -> tuple[int, ...]:
    """The batch only."""
    return (0,)


def over_pixels(x: Tensor) -> tuple[int, ...]:
    """The pixels only."""
    return (2, 3)


def over_samples_numbers(x: Tensor) -> tuple[int, ...]:
    """All numbers of an image."""
    return (1, 2, 3)


def _stored_by_images(x: Tensor) -> Tensor:
    count = len(x)
    return biased(x) * count / max(count - 1, 1)


def images_count(dxhat: Tensor, xhat: Tensor, inverse: Tensor, axes: Any) -> Tensor:
    """Sums that are divided by the number of images."""
    wrong = count_over(xhat, axes) / len(xhat)
    return inverse * (dxhat - wrong * through_mean(dxhat, axes) - wrong * through_var(dxhat, xhat, axes))


CHANNELS = (
    _forward(
        "reshape_no_transpose",
        "Your statistics mix the channels.",
        "Which numbers lie next to each other in memory? Follow one pixel through your reshape.",
        by_rows(flat_rows, flat_back, RIGHT["batchnorm_forward"]),
    ),
    _forward(
        "back_HW_swapped",
        "Your pixels come back in other places.",
        "Follow one pixel there and back: are rows still rows?",
        by_rows(pixel_rows, swapped_back, RIGHT["batchnorm_forward"]),
    ),
    _forward(
        "back_no_transpose",
        "Your numbers are right, but the channels come back mixed.",
        "What undoes a permute: a reshape, or another permute?",
        by_rows(pixel_rows, flat_back, RIGHT["batchnorm_forward"]),
    ),
    _forward(
        "per_pixel",
        "In training each pixel has statistics of its own.",
        "How many means does a channel have?",
        axes=over_images,
    ),
    _forward(
        "instance_norm",
        "In training each image has statistics of its own.",
        "How many means does a channel have, in a batch of several images?",
        axes=over_pixels,
    ),
    _forward(
        "layer_norm",
        "In training the channels of an image share their statistics.",
        "How many means does a batch with C channels have?",
        axes=over_samples_numbers,
    ),
    _forward(
        "unbiased_norm",
        "Your outputs in training are too small by one factor everywhere.",
        "There are two variances. Which one is used to normalise, and which one is stored?",
        var=unbiased_over,
    ),
    _forward(
        "biased_running",
        "Your stored variance is too small by one factor everywhere.",
        "There are two variances. Which one is used to normalise, and which one is stored?",
        new_var=biased,
    ),
    _forward(
        "bessel_by_images",
        "Your stored variance is off by one factor everywhere.",
        "How many numbers does the variance of a channel average?",
        new_var=_stored_by_images,
    ),
    _forward(
        "running_not_updated",
        "Training returns the statistics that came in.",
        "What should be different after a batch?",
        update_mean=kept,
        update_var=kept,
    ),
    _forward(
        "refuses_one_image",
        "A single image is refused in training.",
        "Does one image have one number per channel?",
        refuse=lambda x, training: training and len(x) == 1,
    ),
    _forward(
        "no_error",
        "One value per channel is taken in training, though it has no spread.",
        "What does the docstring say about one value per channel?",
        refuse=lambda x, training: False,
    ),
    _forward(
        "eps_not_passed",
        "Your outputs are right for the usual eps only.",
        "Which of your keywords reach the function that does the work?",
        eps_of=lambda eps: 1e-5,
    ),
    _forward(
        "momentum_not_passed",
        "Your stored statistics are right for the usual momentum only.",
        "Which of your keywords reach the function that does the work?",
        momentum_of=lambda momentum: 0.1,
    ),
    _forward(
        "settings_not_passed",
        "Your results are right for the usual eps and momentum only.",
        "Which of your keywords reach the function that does the work?",
        eps_of=lambda eps: 1e-5,
        momentum_of=lambda momentum: 0.1,
    ),
    _forward(
        "always_training",
        "Your evaluation does what training does.",
        "Which of your keywords reach the function that does the work?",
        training_of=lambda training: True,
        refuse=lambda x, training: x.numel() == x.shape[1],
    ),
    _forward(
        "stats_keep_axes",
        "Your statistics have four axes.",
        "Statistics go out in the shape in which they came in.",
        finish=lambda out, mean, var: (out, mean.reshape(1, -1, 1, 1), var.reshape(1, -1, 1, 1)),
    ),
    _backward(
        "reshape_no_transpose",
        "Your gradients mix the channels.",
        "Which numbers lie next to each other in memory? Follow one pixel through your reshape.",
        back_by_rows(flat_rows, flat_back, RIGHT["batchnorm_backward"]),
    ),
    _backward(
        "back_HW_swapped",
        "Your gradients come back in other places.",
        "Follow one pixel there and back: are rows still rows?",
        back_by_rows(pixel_rows, swapped_back, RIGHT["batchnorm_backward"]),
    ),
    _backward(
        "back_no_transpose",
        "Your dgamma is right, but the channels of dx come back mixed.",
        "What undoes a permute: a reshape, or another permute?",
        back_by_rows(pixel_rows, flat_back, RIGHT["batchnorm_backward"]),
    ),
    _backward(
        "instance_stats",
        "Your gradients belong to a layer in which each image has statistics of its own.",
        "How many means does a channel have, in a batch of several images?",
        axes=over_pixels,
    ),
    _backward(
        "per_pixel",
        "Your gradients belong to a layer in which each pixel has statistics of its own.",
        "How many means does a channel have?",
        axes=over_images,
    ),
    _backward(
        "dgamma_mean",
        "Your dgamma is too small by one factor everywhere.",
        "The loss adds up over images and pixels. Does its gradient?",
        dgamma=lambda dout, xhat, x, gamma: (dout * xhat).mean((0, 2, 3)),
    ),
    _backward(
        "dbeta_mean",
        "Your dbeta is too small by one factor everywhere.",
        "The loss adds up over images and pixels. Does its gradient?",
        dbeta=lambda dout, gamma: dout.mean((0, 2, 3)),
    ),
    _backward(
        "dgamma_shape4d",
        "Your dgamma has four axes.",
        "A gradient has the shape of what it belongs to.",
        finish=lambda dx, dgamma, dbeta: (dx, dgamma.reshape(1, -1, 1, 1), dbeta.reshape(1, -1, 1, 1)),
    ),
    _backward(
        "dgamma_per_pixel",
        "Your dgamma has an entry for each pixel.",
        "Gamma has one entry per channel. Which axes have to be summed over?",
        dgamma=lambda dout, xhat, x, gamma: (dout * xhat).sum(0),
        dbeta=lambda dout, gamma: dout.sum(0),
    ),
    _backward(
        "N_is_images",
        "Your dx is far too large, more so for large images.",
        "How many numbers does each mean of the forward pass average?",
        combine=images_count,
    ),
    _backward(
        "missing_1_over_N",
        "Your dx is far too large, more so for large batches.",
        "How many numbers does each mean of the forward pass average?",
        combine=no_division,
    ),
    _backward(
        "stats_constant",
        "Your dx is proportional to dout in each channel.",
        "Does the mean of a channel change when one of its pixels does?",
        combine=stats_constant,
    ),
    _backward(
        "no_gamma",
        "Your dx does not depend on gamma.",
        "Which box of the graph does dout meet first on its way back?",
        weigh_by=lambda dout, gamma: dout,
    ),
    _backward(
        "eps_not_passed",
        "Your gradients are right for the usual eps only.",
        "Which of your keywords reach the function that does the work?",
        eps_of=lambda eps: 1e-5,
    ),
    _backward(
        "unbiased_var",
        "Your gradients belong to another forward pass.",
        "With which of the two variances is a batch normalised?",
        var=unbiased_over,
    ),
)
