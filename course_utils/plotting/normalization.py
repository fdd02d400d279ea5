"""Pictures of normalization: what the norms do to numbers, who shares a mean with whom, and what gets through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_utils.checks.normalization import SWEEPS, counted_inputs, sweeps
from course_utils.plotting.canvas import BLUE, EMPTY, GREY, LINES, ORANGE, STYLES, canvas, label, show
from course_utils.plotting.student import Function, NotDrawn, as_finite, as_numbers, as_parts, ask, kindly

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor

Array = NDArray[Any]


def _normed(batchnorm: Function, x: Tensor, notes: tuple[Any, Any] | None = None, **options: Any) -> tuple[Any, ...]:
    """Out (as an array), running mean and running variance of a batch norm with gamma 1 and beta 0.

    Args:
        batchnorm: The student's function.
        x: (N, D) or (N, C, H, W).
        notes: Running mean and variance; 0 and 1 if not given.
        options: Keyword arguments.
    """
    D = x.shape[1]
    mean, var = notes if notes is not None else (x.new_zeros(D), x.new_ones(D))
    result = ask(batchnorm, x, x.new_ones(D), x.new_zeros(D), mean, var, **options)
    name = getattr(batchnorm, "__name__", "batchnorm_forward")
    out, mean, var = as_parts(result, 3, name)
    return as_finite(as_numbers(out, tuple(x.shape), name), name), mean, var


@kindly
def before_and_after(batchnorm_forward: Function, batches: Tensor) -> Figure:
    """Histograms of three features: as they come, in training, and in evaluation after one and after all batches.

    Args:
        batchnorm_forward: The student's function.
        batches: (B, N, 3).
    """
    last = batches[-1]
    training, *notes = _normed(batchnorm_forward, batches[0], training=True)
    first = tuple(notes)
    for batch in batches[1:]:
        training, *notes = _normed(batchnorm_forward, batch, (notes[0], notes[1]), training=True)
    early, _, _ = _normed(batchnorm_forward, last, first, training=False)
    late, _, _ = _normed(batchnorm_forward, last, (notes[0], notes[1]), training=False)
    figure, axes = canvas("In evaluation the layer is as good as its notes", 2, 2, 4.2)
    panels = (
        (as_numbers(last, tuple(last.shape), "x"), "inputs"),
        (training, "outputs in training"),
        (early, "in evaluation, after 1 batch"),
        (late, f"in evaluation, after {len(batches)} batches"),
    )
    for ax, (values, title) in zip(axes.flat, panels, strict=True):
        for feature, colour, style in zip(range(values.shape[1]), LINES, STYLES, strict=False):
            column = values[:, feature]
            ax.hist(column, bins=30, density=True, histtype="step", color=colour, linestyle=style, linewidth=1.4,
                    label=f"feature {feature}")  # fmt: skip
        label(ax, title, "value", "density" if ax in axes[:, 0] else "")
    axes[0, 0].legend(fontsize=7)
    return figure


# Name, shape and place of each box, and which box feeds which.
BOXES = {
    "x": ("N, D", 0.0, 1.0),
    "mean": ("D", 1.15, 0.0),
    "centred": ("N, D", 2.3, 1.0),
    "square": ("N, D", 3.45, 0.0),
    "var": ("D", 4.5, 0.0),
    "inv": ("D", 5.5, 0.0),
    "xhat": ("N, D", 6.6, 1.0),
    "scaled": ("N, D", 7.85, 1.0),
    "out": ("N, D", 9.0, 1.0),
    "gamma": ("D", 7.2, 2.0),
    "beta": ("D", 8.4, 2.0),
}
ARROWS = (
    ("x", "mean"), ("x", "centred"), ("mean", "centred"), ("centred", "square"), ("square", "var"), ("var", "inv"),
    ("centred", "xhat"), ("inv", "xhat"), ("xhat", "scaled"), ("gamma", "scaled"), ("scaled", "out"), ("beta", "out"),
)  # fmt: skip


def batchnorm_graph() -> Figure:
    """The steps of batch norm as boxes with their shapes; black dots mark what is used twice."""
    figure, axes = canvas("Small boxes with simple derivatives; two are used twice", 1, 1, 2.3)
    ax = axes[0, 0]
    for start, end in ARROWS:
        _, x0, y0 = BOXES[start]
        _, x1, y1 = BOXES[end]
        ax.annotate(
            "", (x1, y1), (x0, y0), zorder=1,
            arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 1.2, "shrinkA": 16, "shrinkB": 17},
        )  # fmt: skip
    for name, (shape, x, y) in BOXES.items():
        wide = shape != "D"
        face = "#CFE8F7" if wide else "white"
        style = {"boxstyle": "round,pad=0.35", "facecolor": face, "edgecolor": "black", "linewidth": 0.8}
        suffix = "" if wide else ","
        ax.text(x, y, f"{name}\n({shape}{suffix})", ha="center", va="center", fontsize=7.5, bbox=style, zorder=2)
        if name in ("x", "centred"):
            ax.plot(x + (0.3 if name == "x" else 0.4), y, "o", color="black", markersize=5, zorder=3)
    ax.set_xlim(-0.5, 9.5)
    ax.set_ylim(-1.05, 2.45)
    legend = "blue: a number per sample and feature     white: a number per feature     ● used twice"
    ax.text(4.5, -0.9, legend, fontsize=7, ha="center", va="center")
    ax.set_axis_off()
    ax.set_title(" ", fontsize=2)
    return figure


@kindly
def sweeps_taken(batchnorm_backward: Function, batchnorm_backward_simplified: Function) -> Figure:
    """How many arrays of N times D numbers the operations of two ways back read or write.

    Args:
        batchnorm_backward: The student's function.
        batchnorm_backward_simplified: The student's function.
    """
    counts = []
    for function in (batchnorm_backward, batchnorm_backward_simplified):
        as_parts(ask(function, *counted_inputs()), 3, function.__name__)
        counts.append(sweeps(function))
    saved = 1 - counts[1] / counts[0] if counts[0] else 0.0
    figure, axes = canvas(f"The pencil saves {100 * saved:.0f} % of the work", 1, 1, 1.9)
    ax = axes[0, 0]
    names = ("step by step", "one formula")
    ax.barh(names, counts, color=(GREY, BLUE), height=0.6)
    for row, count in enumerate(counts):
        ax.text(count, row, f" {count:.0f}", va="center", fontsize=9)
    ax.axvline(SWEEPS, color="black", linestyle="--", linewidth=1)
    ax.text(SWEEPS, -0.72, " bound", fontsize=7, va="center")
    ax.set_ylim(1.6, -0.95)
    ax.margins(x=0.1)
    label(ax, "batch norm, backwards", "sweeps over arrays of N × D numbers", "")
    return figure


@kindly
def whose_gradient(
    batchnorm_backward: Function, batchnorm_backward_eval: Function, samples: Tensor, chosen: int
) -> Figure:
    """The gradient of each sample if the loss looks at one of them, in training and in evaluation.

    Args:
        batchnorm_backward: The student's function.
        batchnorm_backward_eval: The student's function.
        samples: (N, 1).
        chosen: The sample that the loss looks at.
    """
    shape, one = tuple(samples.shape), samples.new_ones(1)
    dout = samples.new_zeros(shape)
    dout[chosen] = 1
    in_training = as_parts(ask(batchnorm_backward, dout, samples, one), 3, "batchnorm_backward")[0]
    notes = (samples.mean(dim=0), samples.var(dim=0))
    in_evaluation = ask(batchnorm_backward_eval, dout, samples, one, *notes)
    dx = (in_training, as_parts(in_evaluation, 3, "batchnorm_backward_eval")[0])
    figure, axes = canvas("In training all samples feel it, in evaluation only one", 1, 2, 2.4, sharey=True)
    for ax, gradient, title in zip(axes[0], dx, ("in training", "in evaluation"), strict=True):
        values = as_numbers(gradient, shape, "batchnorm_backward")[:, 0]
        colours = [ORANGE if sample == chosen else BLUE for sample in range(len(values))]
        ax.bar(range(len(values)), values, color=colours, width=0.7)
        ax.axhline(0, color="black", linewidth=0.8)
        ax.set_xticks(range(len(values)))
        label(ax, title, f"sample (the loss looks at {chosen})", "dx" if ax is axes[0, 0] else "")
    return figure


@kindly
def white_balance(batchnorm2d_forward: Function, images: Tensor) -> Figure:
    """Colour images before and after a batch norm, with the histograms of their channels.

    Args:
        batchnorm2d_forward: The student's function.
        images: (4, 3, H, W), between 0 and 1.
    """
    out, _, _ = _normed(batchnorm2d_forward, images, training=True)
    before = as_numbers(images, tuple(images.shape), "images")
    figure, axes = canvas(
        "One mean per channel: the cast of the colours is gone", 2, 5, 3.2, width_ratios=[1] * 4 + [1.5]
    )
    rows = ((before, before, "before"), (out, np.clip(0.5 + 0.22 * out, 0, 1), "after"))
    for line, (values, shown, title) in zip(axes, rows, strict=True):
        for number, (ax, picture) in enumerate(zip(line[:4], shown, strict=True)):
            show(ax, picture.transpose(1, 2, 0), f"{title}, {number}")
        for channel, (colour, style, name) in enumerate(zip(("#D55E00", "#009E73", BLUE), STYLES, "RGB", strict=False)):
            line[4].hist(values[:, channel].ravel(), bins=40, density=True, histtype="step", color=colour,
                         linestyle=style, linewidth=1.2, label=name)  # fmt: skip
        line[4].set_yticks([])
        label(line[4], f"channels {title}", "value", "")
    axes[0, 4].legend(fontsize=6)
    return figure


@kindly
def company(batchnorm_forward: Function, layernorm_forward: Function, pool: Tensor, tries: int = 100) -> Figure:
    """How much the output for one sample differs between batches, against the size of the batch.

    Args:
        batchnorm_forward: The student's function.
        layernorm_forward: The student's function.
        pool: (P, D), from which batches are drawn; its first sample is in all of them.
        tries: Batches of each size.
    """
    sizes = [2, 4, 8, 16, 32, 64, 128, 256, 512]
    rng = np.random.default_rng(0)
    D = pool.shape[1]
    spreads: dict[str, list[float]] = {"batch norm": [], "layer norm": []}
    for size in sizes:
        found: dict[str, list[Array]] = {name: [] for name in spreads}
        for _ in range(tries):
            batch = pool[[0, *rng.integers(1, len(pool), size - 1)]]
            found["batch norm"].append(_normed(batchnorm_forward, batch, training=True)[0][0])
            alone = ask(layernorm_forward, batch, batch.new_ones(D), batch.new_zeros(D), shape=(size, D))
            found["layer norm"].append(alone[0])
        for name, outputs in found.items():
            spreads[name].append(float(np.std(outputs, axis=0).mean()))
    figure, axes = canvas("Batch norm depends on the company, layer norm does not", 1, 1, 2.8)
    ax = axes[0, 0]
    ax.loglog(sizes, spreads["batch norm"], "o-", color=BLUE, label="batch norm")
    largest = max(spreads["layer norm"])
    if largest > 1e-6:
        ax.loglog(sizes, spreads["layer norm"], "s--", color=ORANGE, label="layer norm")
    else:
        ax.plot([], [], "s--", color=ORANGE, label="layer norm: 0 at every size")
    ax.loglog(sizes, [size**-0.5 for size in sizes], ":", color=GREY, label="1 / √(batch size)")
    ax.set_xticks(sizes, [str(size) for size in sizes])
    ticks = [0.05, 0.1, 0.2, 0.5, 1.0]
    ax.set_yticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8)
    label(ax, f"one sample in {tries} batches of each size", "samples in the batch", "spread of its output")
    return figure


@kindly
def shared_statistics(batchnorm2d_forward: Function, groupnorm_forward: Function) -> Figure:
    """Which outputs change if one input does, for four norms, as blocks of samples, channels and places.

    Args:
        batchnorm2d_forward: The student's function.
        groupnorm_forward: The student's function.
    """
    import torch  # noqa: PLC0415 - NumPy notebooks never load it

    N, C, H, W = 4, 6, 2, 2
    x = torch.randn(N, C, H, W, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    touched = x.clone()
    touched[3, 2, 1, 0] += 1
    gamma, beta = x.new_ones(C), x.new_zeros(C)

    def grouped(groups: int) -> list[Array]:
        return [ask(groupnorm_forward, given, gamma, beta, groups, shape=tuple(x.shape)) for given in (x, touched)]

    norms = {
        "batch norm": [_normed(batchnorm2d_forward, given, training=True)[0] for given in (x, touched)],
        "layer norm: 1 group": grouped(1),
        "group norm: 3 groups": grouped(3),
        f"instance norm: {C} groups": grouped(C),
    }
    figure, axes = canvas(
        "Coloured: all that moves when one number is changed", 2, 2, 5.2, subplot_kw={"projection": "3d"}
    )
    # The labels of the upper row would touch the titles of the lower one.
    figure.set_layout_engine("constrained", hspace=0.15)
    for ax, (name, (before, after)) in zip(axes.flat, norms.items(), strict=True):
        moved = (np.abs(after - before) > 1e-9).reshape(N, C, H * W)
        _blocks(ax, moved, name)
    return figure


def _blocks(ax: Any, moved: Array, title: str) -> None:
    """Little cubes, (samples, channels, places), coloured where they are True."""
    colours = np.where(moved, ORANGE, "#FFFFFF")
    ax.voxels(np.ones(moved.shape, dtype=bool), facecolors=colours, edgecolor="#555555", linewidth=0.5, shade=False)
    ax.view_init(elev=22, azim=-58)
    ax.set_box_aspect(moved.shape, zoom=1.1)
    ax.set_title(title, fontsize=8)
    ax.set_xlabel("sample", fontsize=7, labelpad=-8)
    ax.set_ylabel("channel", fontsize=7, labelpad=-6)
    ax.set_zlabel("place", fontsize=7, labelpad=-10)
    for axis, count in zip((ax.xaxis, ax.yaxis, ax.zaxis), moved.shape, strict=True):
        axis.set_ticks(np.arange(count) + 0.5, [str(index) for index in range(count)])
        axis.set_tick_params(labelsize=6, pad=-4)


@kindly
def folded(fold_batchnorm: Function, batchnorm2d_forward: Function, photo: Tensor) -> Figure:
    """A convolution and a batch norm after it, in evaluation, beside the one convolution that does both.

    Args:
        fold_batchnorm: The student's function.
        batchnorm2d_forward: The student's function.
        photo: (3, H, W).
    """
    from torch.nn import functional  # noqa: PLC0415 - NumPy notebooks never load it

    rng = np.random.default_rng(3)

    def numbers(*shape: int) -> Tensor:
        return photo.new_tensor(rng.normal(size=shape))

    w, b, gamma, beta, mean = numbers(16, 3, 3, 3) / 5, numbers(16), numbers(16), numbers(16), numbers(16)
    var = numbers(16).abs() + 0.5
    maps = functional.conv2d(photo[None], w, b)
    shape = tuple(maps.shape)
    apart = ask(batchnorm2d_forward, maps, gamma, beta, mean, var, training=False)
    apart = as_numbers(as_parts(apart, 3, "batchnorm2d_forward")[0], shape, "batchnorm2d_forward")
    new_w, new_b = as_parts(ask(fold_batchnorm, w, b, gamma, beta, mean, var), 2, "fold_batchnorm")
    for part, wanted in ((new_w, w), (new_b, b)):
        as_numbers(part, tuple(wanted.shape), "fold_batchnorm")
    together = as_numbers(functional.conv2d(photo[None], new_w, new_b), shape, "fold_batchnorm")
    gap = float(np.abs(apart - together).max())
    figure, axes = canvas(f"Two layers and one layer differ by {gap:.0e} at most", 1, 3, 2.3, width_ratios=[1, 1, 1.15])
    show(axes[0, 0], apart[0, 0], "convolution, then batch norm")
    show(axes[0, 1], together[0, 0], "folded: convolution only")
    ax = axes[0, 2]
    chosen = rng.integers(0, apart.size, 1500)
    ax.plot(apart.flat[chosen], together.flat[chosen], ".", color=BLUE, markersize=2)
    low, high = float(apart.min()), float(apart.max())
    ax.plot([low, high], [low, high], color="black", linewidth=0.6)
    label(ax, "1,500 of all outputs", "two layers", "folded")
    return figure


@kindly
def bias_gradients(bias_before_batchnorm: Function, x: Tensor, dout: Tensor) -> Figure:
    """The gradient of a bias before batch norm, with the statistics of the batch and with running ones.

    Args:
        bias_before_batchnorm: The student's function.
        x: (N, D).
        dout: (N, D).
    """
    D = x.shape[1]
    parts = as_parts(ask(bias_before_batchnorm, dout, x, x.new_ones(D), x.new_ones(D)), 2, "bias_before_batchnorm")
    gradients = [as_numbers(part, (D,), "bias_before_batchnorm") for part in parts]
    figure, axes = canvas("In training the gradient of the bias is zero: it never learns", 1, 2, 2.3, sharey=True)
    for ax, values, title in zip(axes[0], gradients, ("in training", "in evaluation"), strict=True):
        ax.bar(range(D), values, color=BLUE, width=0.7)
        ax.axhline(0, color="black", linewidth=0.8)
        ax.set_xticks(range(D))
        label(ax, title, "feature", "gradient of the bias" if ax is axes[0, 0] else "")
        ax.text(0.5, 0.96, f"largest: {np.abs(values).max():.2g}", transform=ax.transAxes, ha="center", va="top",
                fontsize=8)  # fmt: skip
    axes[0, 0].margins(y=0.25)
    return figure


@kindly
def invariance(scale_invariance_gap: Function, batchnorm_forward: Function, layernorm_forward: Function) -> Figure:
    """What gets through no norm, batch norm and layer norm, for several changes of the input, as a table.

    Args:
        scale_invariance_gap: The student's function.
        batchnorm_forward: The student's function.
        layernorm_forward: The student's function.
    """
    import torch  # noqa: PLC0415 - NumPy notebooks never load it

    N, D = 16, 6
    generator = torch.Generator().manual_seed(0)
    x = 2 + 3 * torch.randn(N, D, generator=generator, dtype=torch.float64)
    factors = torch.linspace(0.5, 3, N, dtype=torch.float64)
    _normed(batchnorm_forward, x, training=True)
    ask(layernorm_forward, x, x.new_ones(D), x.new_zeros(D), shape=(N, D))
    norms: dict[str, Function] = {
        "nothing": lambda x: x,
        "batch norm": lambda x: batchnorm_forward(
            x, x.new_ones(D), x.new_zeros(D), x.new_zeros(D), x.new_ones(D), training=True
        )[0],
        "layer norm": lambda x: layernorm_forward(x, x.new_ones(D), x.new_zeros(D)),
    }
    changes: dict[str, tuple[Any, Any]] = {
        "one scale and shift for all": (5.0, 2.0),
        "a scale for each feature": (factors[:D], 0.0),
        "a shift for each feature": (1.0, factors[:D]),
        "a scale for each sample": (factors[:, None], 0.0),
        "all 10,000 times smaller": (1e-4, 0.0),
    }
    gaps = np.array(
        [
            [_number(ask(scale_invariance_gap, norm, x, scale, shift)) for norm in norms.values()]
            for scale, shift in changes.values()
        ]
    )
    return _table(gaps, list(changes), list(norms))


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise NotDrawn(f"No picture: scale_invariance_gap gives {kind}, it needs a number. Run its check.") from None


def _table(gaps: Array, rows: Sequence[str], columns: Sequence[str]) -> Figure:
    """Numbers in boxes, grey where something gets through and white where nothing does."""
    figure, axes = canvas("A norm does not feel what it divides out (white)", 1, 1, 2.5)
    ax: Axes = axes[0, 0]
    felt = gaps > 1e-3
    from matplotlib.colors import ListedColormap  # noqa: PLC0415 - see canvas

    ax.imshow(felt, cmap=ListedColormap(["white", EMPTY]), vmin=0, vmax=1, aspect="auto")
    for (row, column), gap in np.ndenumerate(gaps):
        ax.text(column, row, "0" if gap == 0 else f"{gap:.1e}" if gap < 1e-3 else f"{gap:.2f}", ha="center",
                va="center", fontsize=8)  # fmt: skip
    ax.set_xticks(range(len(columns)), columns, fontsize=8)
    ax.set_yticks(range(len(rows)), rows, fontsize=8)
    ax.set_xticks(np.arange(len(columns) - 1) + 0.5, minor=True)
    ax.set_yticks(np.arange(len(rows) - 1) + 0.5, minor=True)
    ax.grid(which="minor", color="black", linewidth=0.6)
    ax.tick_params(which="both", length=0)
    label(ax, "gap: what gets through of a change of the input", "", "")
    return figure
