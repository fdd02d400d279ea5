# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Sliding windows

# %% role="setup"
import sys

if "google.colab" in sys.modules:
    # %pip install --quiet --no-deps {{wheel}}
    print("The course's library is installed.")

# %% role="setup"
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from course_utils import colab
from course_utils.checks import sliding_windows as check

colab.setup()


# %% role="setup"
class ConvCounts(NamedTuple):
    """What one convolution layer costs for one image."""

    params: int
    macs: int
    activations: int


class ReceptiveField(NamedTuple):
    """What one output of a stack of layers sees of the input, along one axis, in pixels."""

    size: int
    jump: int
    start: int


def per_axis(value: int | Sequence[int], axes: int = 2) -> tuple[int, ...]:
    """Spell a setting out, one number per axis: 3 and (3, 3) mean the same."""
    if isinstance(value, (int, np.integer)):
        return (int(value),) * axes
    return tuple(int(entry) for entry in value)


# %% [markdown]
# ## 1. Correlation in one dimension


# %% question="correlate1d" role="solution"
def correlate1d(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Slide a kernel along a signal and take a dot product at every position.

    Args:
        x: Signal, (L,).
        w: Kernel, (K,), applied as it stands (not flipped).

    Returns:
        (L - K + 1,), only positions where the kernel fits; dtype np.result_type(x, w).

    Raises:
        ValueError: If the kernel is longer than the signal.
    """
    ### BEGIN SOLUTION
    L, K = len(x), len(w)
    if K > L:
        raise ValueError(f"kernel: expected at most {L} entries, as many as the signal has, got {K}")
    y = np.empty(L - K + 1, dtype=np.result_type(x, w))
    for i in range(L - K + 1):
        y[i] = np.sum(x[i : i + K] * w)
    return y
    ### END SOLUTION


def convolve1d(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """True convolution: the kernel is flipped before it slides.

    Args:
        x: Signal, (L,).
        w: Kernel, (K,).

    Returns:
        (L - K + 1,), only positions where the kernel fits; dtype np.result_type(x, w).

    Raises:
        ValueError: If the kernel is longer than the signal.
    """
    ### BEGIN SOLUTION
    return correlate1d(x, w[::-1])
    ### END SOLUTION


# %% question="correlate1d" points=4 role="check"
check.correlate1d(correlate1d, convolve1d)

# %% [markdown]
# ## 2. Correlation in two dimensions


# %% question="correlate2d" role="solution"
def correlate2d(
    image: np.ndarray, kernel: np.ndarray, *, padding: int | Sequence[int] = 0, mode: str = "zeros"
) -> np.ndarray:
    """Slide a kernel over a grey image and take a dot product at every position.

    Args:
        image: (H, W).
        kernel: (K_H, K_W), applied as it stands (not flipped).
        padding: Pixels added on each side, one number or (rows, columns).
        mode: Where the added pixels come from: "zeros"; "reflect", the image mirrored at its edge pixel, which is not
            repeated; "circular", the image's opposite side.

    Returns:
        (H + 2*padding - K_H + 1, W + 2*padding - K_W + 1); dtype np.result_type(image, kernel).

    Raises:
        ValueError: If the mode is unknown, or the kernel does not fit into the padded image.
    """
    ### BEGIN SOLUTION
    numpy_names = {"zeros": "constant", "reflect": "reflect", "circular": "wrap"}
    if mode not in numpy_names:
        raise ValueError(f"mode: expected one of {', '.join(numpy_names)}, got {mode!r}")
    p_h, p_w = per_axis(padding)
    padded = np.pad(image, ((p_h, p_h), (p_w, p_w)), mode=numpy_names[mode])
    K_H, K_W = kernel.shape
    H_out, W_out = padded.shape[0] - K_H + 1, padded.shape[1] - K_W + 1
    if H_out < 1 or W_out < 1:
        raise ValueError(f"kernel: expected at most {padded.shape}, the padded image, got {kernel.shape}")
    out = np.empty((H_out, W_out), dtype=np.result_type(image, kernel))
    for i in range(H_out):
        for j in range(W_out):
            out[i, j] = np.sum(padded[i : i + K_H, j : j + K_W] * kernel)
    return out
    ### END SOLUTION


# %% question="correlate2d" points=5 role="check"
check.correlate2d(correlate2d)

# %% [markdown]
# ## 3. Template matching


# %% question="match_template" role="solution"
def match_template(image: np.ndarray, template: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Score how much every window of an image looks like a template, whatever its brightness and contrast.

    Args:
        image: (H, W).
        template: (K_H, K_W), not constant.

    Returns:
        scores, (H - K_H + 1, W - K_W + 1), real numbers in [-1, 1]: window and template, each with its mean
        subtracted and divided by its norm, multiplied and summed; a window of one single value scores 0.
        best, (row, column) of the highest score as ints.

    Raises:
        ValueError: If the template does not fit into the image.
    """
    ### BEGIN SOLUTION
    K_H, K_W = template.shape
    H_out, W_out = image.shape[0] - K_H + 1, image.shape[1] - K_W + 1
    if H_out < 1 or W_out < 1:
        raise ValueError(f"template: expected at most {image.shape}, the image, got {template.shape}")
    pattern = template - template.mean()
    pattern = pattern / np.linalg.norm(pattern)
    scores = np.zeros((H_out, W_out))
    for i in range(H_out):
        for j in range(W_out):
            window = image[i : i + K_H, j : j + K_W]
            if window.min() == window.max():
                continue
            centred = window - window.mean()
            scores[i, j] = np.sum(centred * pattern) / np.linalg.norm(centred)
    row, column = np.unravel_index(np.argmax(scores), scores.shape)
    return scores, (int(row), int(column))
    ### END SOLUTION


# %% question="match_template" points=4 role="check" uses="correlate2d"
check.match_template(match_template)

# %% [markdown]
# ## 4. Blur and edges


# %% question="sobel_edges" role="solution"
def gaussian_kernel(size: int, sigma: float) -> np.ndarray:
    """A round bell of weights that sum to 1.

    Args:
        size: Side in pixels, odd.
        sigma: Width of the bell in pixels, > 0.

    Returns:
        (size, size) float64, highest in the middle.

    Raises:
        ValueError: If size is even: then no pixel is the middle.
    """
    ### BEGIN SOLUTION
    if size % 2 == 0:
        raise ValueError(f"size: expected an odd number of pixels, got {size}")
    offsets = np.arange(size) - size // 2
    bell = np.exp(-(offsets**2) / (2 * sigma**2))
    kernel = np.outer(bell, bell)
    return kernel / kernel.sum()
    ### END SOLUTION


def sobel_edges(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How fast the brightness changes across and down an image.

    Args:
        image: (H, W), at least 3 x 3.

    Returns:
        gx, gy and magnitude, each (H - 2, W - 2): the correlations with the two Sobel filters as the text gives
        them, and the length of the vector (gx, gy).
    """
    ### BEGIN SOLUTION
    dtype = np.result_type(image, np.float32)
    across = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], dtype=dtype)
    down = across.T
    gx = correlate2d(image, across)
    gy = correlate2d(image, down)
    return gx, gy, np.sqrt(gx**2 + gy**2)
    ### END SOLUTION


# %% question="sobel_edges" points=3 role="check" uses="correlate2d"
check.sobel_edges(gaussian_kernel, sobel_edges)

# %% [markdown]
# ## 5. A detector of two layers


# %% question="square_detector" role="solution"
def square_detector() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Weights of two 3x3 layers, each followed by ReLU, that fire exactly on the outline of a 4x4 square.

    Returns:
        w1: (C, 1, 3, 3), with as many hidden channels C as you like.
        b1: (C,).
        w2: (1, C, 3, 3).
        b2: (1,).
    """
    ### BEGIN SOLUTION
    corner = np.array([[1, 1, 1], [1, 0, 0], [1, 0, 0]])
    corners = [corner, corner[:, ::-1], corner[::-1, :], corner[::-1, ::-1]]
    # +1 where a corner is lit and -1 where it is dark: only the exact corner reaches 5, and 5 - 4 survives the ReLU.
    w1 = np.array([[np.where(c == 1, 1.0, -1.0)] for c in corners])
    b1 = np.full(4, -4.0)
    # Four 3x3 windows, one pixel apart, cover the 4x4 patch; each must hold its own corner.
    w2 = np.zeros((1, 4, 3, 3))
    for channel, (row, column) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        w2[0, channel, row, column] = 1.0
    b2 = np.array([-3.0])
    return w1, b1, w2, b2
    ### END SOLUTION


# %% question="square_detector" points=4 role="check"
check.square_detector(square_detector)

# %% [markdown]
# ## 6. The size of the output


# %% question="conv_output_size" role="solution"
def conv_output_size(size: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Number of positions a window takes along one axis.

    Args:
        size: Input length in pixels, >= 1.
        kernel: Kernel length in pixels, >= 1.
        stride: Pixels from one position to the next, >= 1.
        padding: Pixels added to each side, >= 0.
        dilation: Pixels from one kernel entry to the next, >= 1; 1 leaves no gaps.

    Returns:
        The number of positions, >= 1.

    Raises:
        ValueError: If the dilated window does not fit into the padded input.

    Source:
        Dumoulin & Visin (2016), arXiv:1603.07285, section 5.1.
    """
    ### BEGIN SOLUTION
    window = dilation * (kernel - 1) + 1
    room = size + 2 * padding
    if window > room:
        raise ValueError(f"window: expected at most {room} pixels, the padded input, got {window}")
    return int((room - window) // stride + 1)
    ### END SOLUTION


def same_padding(kernel: int, *, dilation: int = 1) -> int:
    """Padding on each side with which a layer of stride 1 keeps the size.

    Args:
        kernel: Kernel length in pixels, >= 1.
        dilation: Pixels from one kernel entry to the next, >= 1.

    Returns:
        Pixels to add to each side.

    Raises:
        ValueError: If no symmetric padding keeps the size.
    """
    ### BEGIN SOLUTION
    lost = dilation * (kernel - 1)
    if lost % 2 == 1:
        raise ValueError(f"kernel {kernel}, dilation {dilation}: {lost} pixels are lost, an odd number has no halves")
    return int(lost // 2)
    ### END SOLUTION


# %% question="conv_output_size" points=4 role="check"
check.conv_output_size(conv_output_size, same_padding)

# %% [markdown]
# ## 7. What a layer costs


# %% question="conv_counts" role="solution"
def conv_counts(
    c_in: int,
    c_out: int,
    kernel: int | Sequence[int],
    in_size: int | Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    bias: bool = True,
) -> ConvCounts:
    """Count what one convolution layer costs for one image.

    Args:
        c_in: Input channels, a multiple of groups.
        c_out: Output channels, a multiple of groups.
        kernel: Kernel size, one number or (K_H, K_W).
        in_size: Image size in pixels, one number or (H, W).
        stride: One number or (rows, columns), as are padding and dilation.
        padding: Pixels added on each side.
        dilation: Pixels from one kernel entry to the next.
        groups: Parts into which the channels are split; every filter sees c_in / groups channels.
        bias: Whether each filter has one.

    Returns:
        params: learnable numbers; macs: multiply-adds, the bias not counted; activations: numbers in the output.

    Raises:
        ValueError: If the window does not fit into the padded image.
    """
    ### BEGIN SOLUTION
    settings = zip(*(per_axis(value) for value in (in_size, kernel, stride, padding, dilation)), strict=True)
    H_out, W_out = (
        conv_output_size(size, side, stride=step, padding=added, dilation=spread)
        for size, side, step, added, spread in settings
    )
    K_H, K_W = per_axis(kernel)
    weights = c_out * (c_in // groups) * K_H * K_W
    return ConvCounts(
        params=weights + (c_out if bias else 0),
        macs=weights * H_out * W_out,
        activations=c_out * H_out * W_out,
    )
    ### END SOLUTION


def mlp_params(widths: Sequence[int]) -> int:
    """Number of weights and biases of a fully connected network.

    Args:
        widths: Numbers per layer from the input to the output, so [784, 100, 10] has two layers of weights.
    """
    ### BEGIN SOLUTION
    total = 0
    for layer in range(len(widths) - 1):
        total += (widths[layer] + 1) * widths[layer + 1]
    return total
    ### END SOLUTION


# %% question="conv_counts" points=5 role="check" uses="conv_output_size"
check.conv_counts(conv_counts, mlp_params)

# %% [markdown]
# ## 8. The convolution layer


# %% question="conv2d_forward" role="solution"
def conv2d_forward(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
) -> np.ndarray:
    """The convolution layer: every filter over every image of a batch.

    Args:
        x: Images, (N, C_in, H, W).
        w: Filters, (C_out, C_in, K_H, K_W), applied as they stand (not flipped).
        b: One number per filter, (C_out,), or None.
        stride: Pixels from one position to the next, one number or (rows, columns).
        padding: Zeros added on each side, one number or (rows, columns).

    Returns:
        (N, C_out, H_out, W_out), dtype np.result_type of x, w and, if given, b.

    Raises:
        ValueError: If the window does not fit into the padded images.
    """
    ### BEGIN SOLUTION
    N, _, H, W = x.shape
    C_out, _, K_H, K_W = w.shape
    (s_h, s_w), (p_h, p_w) = per_axis(stride), per_axis(padding)
    H_out = conv_output_size(H, K_H, stride=s_h, padding=p_h)
    W_out = conv_output_size(W, K_W, stride=s_w, padding=p_w)
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    out = np.empty((N, C_out, H_out, W_out), dtype=np.result_type(x, w, *([] if b is None else [b])))
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * s_h, j * s_w
            windows = padded[:, :, top : top + K_H, left : left + K_W]
            # (N, C_in, K_H, K_W) with (C_out, C_in, K_H, K_W): sum over all that a filter sees.
            out[:, :, i, j] = np.tensordot(windows, w, axes=([1, 2, 3], [1, 2, 3]))
    if b is not None:
        out += b.reshape(1, C_out, 1, 1)
    return out
    ### END SOLUTION


# %% question="conv2d_forward" points=8 role="check" uses="conv_output_size"
check.conv2d_forward(conv2d_forward)

# %% [markdown]
# ## 9. A 1x1 convolution is a matrix product


# %% question="conv1x1_as_matmul" role="solution"
def conv1x1_as_matmul(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    """A convolution layer with 1x1 filters as one matrix product over all pixels of all images.

    Args:
        x: Images, (N, C_in, H, W).
        w: Filters, (C_out, C_in, 1, 1).
        b: One number per filter, (C_out,), or None.

    Returns:
        (N, C_out, H, W), dtype np.result_type of x, w and, if given, b.
    """
    ### BEGIN SOLUTION
    N, C_in, H, W = x.shape
    C_out = w.shape[0]
    pixels = x.transpose(0, 2, 3, 1).reshape(N * H * W, C_in)
    mixed = pixels @ w.reshape(C_out, C_in).T
    if b is not None:
        mixed = mixed + b
    return mixed.reshape(N, H, W, C_out).transpose(0, 3, 1, 2)
    ### END SOLUTION


# %% question="conv1x1_as_matmul" points=3 role="check"
check.conv1x1_as_matmul(conv1x1_as_matmul)

# %% [markdown]
# ## 10. One dimension less, one more


# %% question="conv_nd" role="solution"
def conv1d_forward(
    x: np.ndarray, w: np.ndarray, b: np.ndarray | None, *, stride: int = 1, padding: int = 0
) -> np.ndarray:
    """The convolution layer for signals.

    Args:
        x: Signals, (N, C_in, L).
        w: Filters, (C_out, C_in, K).
        b: One number per filter, (C_out,), or None.
        stride: Steps from one position to the next.
        padding: Zeros added on each side.

    Returns:
        (N, C_out, L_out), dtype np.result_type of x, w and, if given, b.

    Raises:
        ValueError: If the window does not fit into the padded signals.
    """
    ### BEGIN SOLUTION
    flat = conv2d_forward(x[:, :, None, :], w[:, :, None, :], b, stride=(1, stride), padding=(0, padding))
    return flat[:, :, 0, :]
    ### END SOLUTION


def conv3d_forward(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
) -> np.ndarray:
    """The convolution layer for volumes and for video.

    Args:
        x: Volumes, (N, C_in, D, H, W).
        w: Filters, (C_out, C_in, K_D, K_H, K_W).
        b: One number per filter, (C_out,), or None.
        stride: One number or (depth, rows, columns).
        padding: Zeros added on each side, one number or (depth, rows, columns).

    Returns:
        (N, C_out, D_out, H_out, W_out), dtype np.result_type of x, w and, if given, b.

    Raises:
        ValueError: If the window does not fit into the padded volumes.
    """
    ### BEGIN SOLUTION
    s_d, *in_plane_stride = per_axis(stride, 3)
    p_d, *in_plane_padding = per_axis(padding, 3)
    D, K_D = x.shape[2], w.shape[2]
    D_out = conv_output_size(D, K_D, stride=s_d, padding=p_d)
    padded = np.pad(x, ((0, 0), (0, 0), (p_d, p_d), (0, 0), (0, 0)))
    # One output slice is a sum of 2-D layers: slice k of the filter on the slice of the volume that lies under it.
    slices = [
        sum(
            conv2d_forward(
                padded[:, :, d * s_d + k], w[:, :, k], None, stride=in_plane_stride, padding=in_plane_padding
            )
            for k in range(K_D)
        )
        for d in range(D_out)
    ]
    out = np.stack(slices, axis=2)
    return out if b is None else out + b.reshape(1, -1, 1, 1, 1)
    ### END SOLUTION


# %% question="conv_nd" points=4 role="check" uses="conv2d_forward conv_output_size"
check.conv_nd(conv1d_forward, conv3d_forward)

# %% [markdown]
# ## 11. Groups and holes


# %% question="conv2d_grouped" role="solution"
def conv2d_grouped(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> np.ndarray:
    """The convolution layer with groups of channels that do not mix, and with dilated filters.

    Args:
        x: Images, (N, C_in, H, W).
        w: Filters, (C_out, C_in / groups, K_H, K_W).
        b: One number per filter, (C_out,), or None.
        stride: One number or (rows, columns), as are padding and dilation.
        padding: Zeros added on each side.
        dilation: Pixels from one filter entry to the next; 1 leaves no gaps.
        groups: Parts into which input and output channels are split, in order; groups = C_in is called depthwise.

    Returns:
        (N, C_out, H_out, W_out), dtype np.result_type of x, w and, if given, b.

    Raises:
        ValueError: If groups does not divide C_in and C_out, or the dilated window does not fit.
    """
    ### BEGIN SOLUTION
    C_in, (C_out, C_group, K_H, K_W) = x.shape[1], w.shape
    if C_in % groups or C_out % groups:
        raise ValueError(f"groups: expected a divisor of {C_in} and {C_out} channels, got {groups}")
    d_h, d_w = per_axis(dilation)
    # A dilated filter is a larger one with zeros in its gaps.
    holed = np.zeros((C_out, C_group, d_h * (K_H - 1) + 1, d_w * (K_W - 1) + 1), dtype=w.dtype)
    holed[:, :, ::d_h, ::d_w] = w
    inputs = np.split(x, groups, axis=1)
    filters = np.split(holed, groups)
    biases = [None] * groups if b is None else np.split(b, groups)
    parts = zip(inputs, filters, biases, strict=True)
    return np.concatenate([conv2d_forward(*part, stride=stride, padding=padding) for part in parts], axis=1)
    ### END SOLUTION


# %% question="conv2d_grouped" points=3 role="check" uses="conv2d_forward conv_output_size"
check.conv2d_grouped(conv2d_grouped)

# %% [markdown]
# ## 12. The receptive field


# %% question="receptive_field" role="solution"
def receptive_field(layers: Sequence[tuple[int, int, int, int]]) -> ReceptiveField:
    """What one output of a stack of layers sees of the input, along one axis.

    Args:
        layers: From the first to the last, each (kernel, stride, padding, dilation).

    Returns:
        size: pixels from the first to the last that one output depends on; jump: pixels of the input between the
        centres of two neighbouring outputs; start: index of the first pixel that output 0 depends on, negative if
        it lies in the padding. Without layers (1, 1, 0).

    Source:
        Araujo, Norris, Sim (2019), doi:10.23915/distill.00021.
    """
    ### BEGIN SOLUTION
    size, jump, start = 1, 1, 0
    for kernel, stride, padding, dilation in layers:
        # One step in this layer's input is `jump` pixels of the picture.
        size += dilation * (kernel - 1) * jump
        start -= padding * jump
        jump *= stride
    return ReceptiveField(size, jump, start)
    ### END SOLUTION


def layers_to_see(size: int, kernel: int) -> int:
    """Least number of layers of stride 1 and this kernel until one output sees `size` pixels.

    Args:
        size: Pixels to see, >= 1; a single pixel needs no layer.
        kernel: Kernel length of every layer, >= 2.
    """
    ### BEGIN SOLUTION
    layers = 0
    while 1 + layers * (kernel - 1) < size:
        layers += 1
    return layers
    ### END SOLUTION


# %% question="receptive_field" points=5 role="check"
check.receptive_field(receptive_field, layers_to_see)
