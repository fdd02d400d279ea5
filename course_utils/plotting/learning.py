"""Small networks that learn digits, with the student's batch norm and without, and pictures of how they fare."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.data import digits
from course_utils.plotting.canvas import BLUE, GREY, ORANGE, canvas, label
from course_utils.plotting.student import Function, NotDrawn, as_numbers, as_parts, ask, kindly

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure
    from torch import Tensor

WIDTHS = (64, 48, 48, 48, 10)
BATCH = 64
STEPS = 80
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
SCALES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
# Seconds that a student's functions may take for one picture; if they are slower, it is smaller, or not drawn.
PATIENCE_S = 40.0


@dataclass(frozen=True)
class Norm:
    """The student's batch norm, both ways, and the random shifts behind it: their size, 0 for none."""

    forward: Function
    backward: Function
    noise: float = 0.0


@dataclass(frozen=True)
class Plan:
    """How one network is trained.

    Attributes:
        lr: Learning rate.
        scale: Of the first weights, relative to those that keep the numbers as large as they are.
        norm: Batch norm before each ReLU, or None.
        steps: Batches of 64 that it learns from.
        seed: Of first weights, batches and random shifts.
    """

    lr: float
    scale: float
    norm: Norm | None = None
    steps: int = STEPS
    seed: int = 0


@dataclass
class Run:
    """What came of it.

    Attributes:
        accuracy: Share of the digits of the validation part that are recognised afterwards.
        losses: In each step.
        moves: How far the mean inputs of the second layer moved since the step before, in parts of their spread.
    """

    accuracy: float = 0.0
    losses: list[float] = field(default_factory=list)
    moves: list[float] = field(default_factory=list)


@dataclass
class _Layer:
    """Weights of a layer, and of the norm behind it, whose beta is the bias where there is no norm."""

    w: Tensor
    gamma: Tensor
    beta: Tensor
    mean: Tensor
    var: Tensor


def train(plan: Plan, device: torch.device | str = "cpu") -> Run:
    """Train a network of four layers of weights on images of digits, by plain gradient descent.

    Args:
        plan: How.
        device: Where.
    """
    import torch  # noqa: PLC0415 - NumPy notebooks never load it

    images, labels = (part.to(device) for part in digits(split="train").tensors())
    images = images.flatten(1) - images.mean()
    rng = torch.Generator().manual_seed(plan.seed)
    layers = [_layer(fan_in, fan_out, plan.scale, rng, device) for fan_in, fan_out in pairwise(WIDTHS)]
    order = torch.randperm(len(images), generator=rng).to(device)
    run = Run()
    before = None
    for step in range(plan.steps):
        chosen = order[torch.arange(step * BATCH, (step + 1) * BATCH, device=device) % len(order)]
        loss, second = _step(layers, images[chosen], labels[chosen], plan, rng)
        run.losses.append(loss)
        mean, spread = second.mean(dim=0), float(second.std())
        if before is not None and spread > 0:
            run.moves.append(float((mean - before).abs().mean()) / spread)
        before = mean
        if not np.isfinite(loss):
            return run
    run.accuracy = _accuracy(layers, plan, device, float(digits(split="train").images.mean()))
    return run


def _layer(fan_in: int, fan_out: int, scale: float, rng: torch.Generator, device: torch.device | str) -> _Layer:
    import torch  # noqa: PLC0415 - see train

    w = torch.randn(fan_in, fan_out, generator=rng) * scale * (2 / fan_in) ** 0.5
    zeros, ones = torch.zeros(fan_out), torch.ones(fan_out)
    return _Layer(*(part.to(device) for part in (w, ones, zeros, zeros.clone(), ones.clone())))


def _step(layers: Sequence[_Layer], x: Tensor, y: Tensor, plan: Plan, rng: torch.Generator) -> tuple[float, Tensor]:
    """One step of gradient descent: new weights in the layers; the loss, and the inputs of the second layer."""
    import torch  # noqa: PLC0415 - see train

    h, kept = x, []
    for layer in layers[:-1]:
        a = h @ layer.w
        out, stretch = _normed(layer, a, plan.norm, rng)
        kept.append((h, a, out, stretch))
        h = out.clamp(min=0)
    *hidden, top = layers
    scores = h @ top.w + top.beta
    logs = scores - scores.logsumexp(dim=1, keepdim=True)
    each = torch.arange(len(y), device=y.device)
    dscores = logs.exp()
    dscores[each, y] -= 1
    dscores /= len(y)
    dh = dscores @ top.w.T
    _move(top, plan.lr, h.T @ dscores, dscores.sum(dim=0))
    for layer, (h, a, out, stretch) in zip(reversed(hidden), reversed(kept), strict=True):
        da = dh * (out > 0) * stretch
        dgamma, dbeta = None, da.sum(dim=0)
        if plan.norm is not None:
            da, dgamma, dbeta = as_parts(ask(plan.norm.backward, da, a, layer.gamma), 3, "batchnorm_backward")
        dh = da @ layer.w.T
        _move(layer, plan.lr, h.T @ da, dbeta, dgamma)
    return -float(logs[each, y].mean()), kept[0][2].clamp(min=0)


def _normed(layer: _Layer, a: Tensor, norm: Norm | None, rng: torch.Generator) -> tuple[Tensor, Any]:
    """What a layer gives to its ReLU in training, and by what random numbers it was stretched."""
    import torch  # noqa: PLC0415 - see train

    if norm is None:
        return a + layer.beta, 1.0
    result = ask(norm.forward, a, layer.gamma, layer.beta, layer.mean, layer.var, training=True)
    out, layer.mean, layer.var = as_parts(result, 3, "batchnorm_forward")
    if not norm.noise:
        return out, 1.0
    shift, stretch = (torch.randn(a.shape[1], generator=rng).to(a.device) * norm.noise for _ in range(2))
    return out * stretch.exp() + 2 * shift, stretch.exp()


def _move(layer: _Layer, lr: float, dw: Tensor, dbeta: Tensor, dgamma: Tensor | None = None) -> None:
    layer.w, layer.beta = layer.w - lr * dw, layer.beta - lr * dbeta
    if dgamma is not None:
        layer.gamma = layer.gamma - lr * dgamma


def _accuracy(layers: Sequence[_Layer], plan: Plan, device: torch.device | str, centre: float) -> float:
    images, labels = (part.to(device) for part in digits(split="validation").tensors())
    h = images.flatten(1) - centre
    for layer in layers[:-1]:
        a = h @ layer.w
        out: Any = a + layer.beta
        if plan.norm is not None:
            result = ask(plan.norm.forward, a, layer.gamma, layer.beta, layer.mean, layer.var, training=False)
            out = as_parts(result, 3, "batchnorm_forward")[0]
        h = out.clamp(min=0)
    scores = h @ layers[-1].w + layers[-1].beta
    return float((scores.argmax(dim=1) == labels).float().mean()) if bool(scores.isfinite().all()) else 0.0


def _seconds(norm: Norm, device: torch.device | str, steps: int) -> float:
    """How long the norms of one network take, if its functions give what a network can be trained with.

    Raises:
        NotDrawn: If they don't.
    """
    import torch  # noqa: PLC0415 - see train

    D = WIDTHS[1]
    x = torch.randn(BATCH, D, generator=torch.Generator().manual_seed(0)).to(device)
    ones, zeros = x.new_ones(D), x.new_zeros(D)
    # The first call on a GPU takes long, whatever it computes.
    for _ in range(2):
        begin = time.perf_counter()
        forward = as_parts(ask(norm.forward, x, ones, zeros, zeros, ones, training=True), 3, "batchnorm_forward")
        backward = as_parts(ask(norm.backward, x, x, ones), 3, "batchnorm_backward")
        seconds = time.perf_counter() - begin
    for parts, name in ((forward, "batchnorm_forward"), (backward, "batchnorm_backward")):
        for part, shape in zip(parts, ((BATCH, D), (D,), (D,)), strict=True):
            as_numbers(part, shape, name)
    return seconds * steps * (len(WIDTHS) - 2)


def _demand_patience(seconds: float) -> None:
    if seconds > PATIENCE_S:
        raise NotDrawn(
            f"No picture: with your functions it would take {seconds / 60:.0f} minutes. They may loop over "
            "features, but should take all samples of a feature at once."
        )


@contextmanager
def _one_thread() -> Iterator[None]:
    """Matrices this small gain nothing from a second thread, and wait for it where other programs are running."""
    import torch  # noqa: PLC0415 - see train

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@kindly
@_one_thread()
def learning_map(
    batchnorm_forward: Function,
    batchnorm_backward: Function,
    device: torch.device | str,
    rates: Sequence[float] = RATES,
    scales: Sequence[float] = SCALES,
) -> Figure:
    """How well small networks learn, for many learning rates and sizes of the first weights, with and without norm.

    Args:
        batchnorm_forward: The student's function.
        batchnorm_backward: The student's function.
        device: Where they are trained.
        rates: Learning rates, upwards.
        scales: Sizes of the first weights, upwards. If the student's functions are slow, every second one is left out,
            and so is every second rate.
    """
    norm = Norm(batchnorm_forward, batchnorm_backward)
    each = _seconds(norm, device, STEPS)
    if each * len(rates) * len(scales) > PATIENCE_S:
        rates, scales = rates[::2], scales[::2]
    _demand_patience(each * len(rates) * len(scales))
    figure, axes = canvas("With batch norm the first weights hardly matter", 1, 2, 3.0, sharey=True)
    for ax, used, title in zip(axes[0], (None, norm), ("without batch norm", "with batch norm"), strict=True):
        grid = np.array([[100 * train(Plan(rate, scale, used), device).accuracy for scale in scales] for rate in rates])
        ax.imshow(grid, cmap="cividis", vmin=0, vmax=100, origin="lower", aspect="auto")
        for (row, column), value in np.ndenumerate(grid):
            ink = "black" if value > 55 else "white"
            ax.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=7, color=ink)
        ax.set_xticks(range(len(scales)), [f"{scale:g}" for scale in scales])
        ax.set_yticks(range(len(rates)), [f"{rate:g}" for rate in rates])
        label(ax, f"{title}: digits recognised (%)", "first weights, times the usual", "learning rate")
    axes[0, 1].set_ylabel("")
    return figure


@kindly
@_one_thread()
def moving_target(
    batchnorm_forward: Function, batchnorm_backward: Function, device: torch.device | str, steps: int = 120
) -> Figure:
    """Loss, and how far the inputs of the second layer move: plain, with norm, with random shifts behind the norm.

    Args:
        batchnorm_forward: The student's function.
        batchnorm_backward: The student's function.
        device: Where they are trained.
        steps: Batches that each learns from.

    Source:
        The experiment of Santurkar, Tsipras, Ilyas, Madry (2018), arXiv:1805.11604, section 2.1, in small.
    """
    norm = Norm(batchnorm_forward, batchnorm_backward)
    _demand_patience(2 * _seconds(norm, device, steps))
    norms = {
        "plain": None,
        "batch norm": norm,
        "batch norm, random shifts": Norm(batchnorm_forward, batchnorm_backward, noise=0.3),
    }
    figure, axes = canvas("The inputs that move most belong to a network that learns", 1, 2, 2.7)
    left, right = axes[0]
    for (name, used), colour, style in zip(norms.items(), (GREY, BLUE, ORANGE), (":", "-", "--"), strict=True):
        run = train(Plan(0.2, 0.3, used, steps), device)
        left.plot(run.losses, color=colour, linestyle=style, linewidth=1.6, label=f"{name}: {100 * run.accuracy:.0f} %")
        right.semilogy(run.moves, color=colour, linestyle=style, linewidth=1.2)
    left.legend(fontsize=6.5, title="digits recognised at the end", title_fontsize=6.5, loc=(0.14, 0.42))
    ticks = [0.02, 0.05, 0.1, 0.2, 0.5]
    right.set_yticks(ticks, [str(tick) for tick in ticks])
    right.minorticks_off()
    right.grid(alpha=0.3)
    label(left, "training", "step", "loss")
    label(right, "how far the inputs of layer 2 moved", "step", "mean shift / spread")
    return figure
