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
#
# A cat sits at the left of a picture. In the next picture it sits at the right. Nothing about the cat has
# changed, and yet every single input number of the network has. A layer that gives each pixel a weight of its
# own has to learn the cat twice, once for every place where a cat can sit.
#
# In this notebook you build the layer that learns it once: a small window that slides over the picture and does
# the same thing everywhere. You write it from NumPy and loops, starting with one row of numbers and ending with
# the layer that real networks use, with batches, channels, stride, padding, groups and holes. On the way you
# will
#
# - find edges in a photo, and a face in a photo that is too dark,
# - design a little detector of two layers by hand, without any training,
# - predict the size, the cost and the view of a layer before you run it,
# - catch a few lecture slides saying things that are not quite so.
#
# Everything here runs on any laptop in seconds. Expect about three hours.

# %% [markdown]
# ## How to work with this notebook
#
# **Run it from the top**, cell by cell, with Shift + Enter. Every exercise has the same steps: *why* we need
# the thing, the *formula* with the shape of everything in it, a *tiny example* that you can follow with a
# pencil, a function for *you to write*, a *check*, and a *picture* of what you have built. A picture whose
# function is not written yet says so and waits.
#
# **Checks** compare your function with small cases and stop at the first one that fails. They say what kind of
# mistake it is and where it shows, not what the answer would be. Behind the points are *hidden tests*. They
# look at other cases: other sizes, other dtypes, extreme values. A check that fails means lost points. A check
# that passes means that you are nearly there: read your function once more and ask what else it might be given.
#
# **Hints** are folded. The first asks you a question, the last gives the numbers of one tiny case. Try to need
# one fewer than you think.
#
# **Predictions** are worth nothing and teach the most. Say the answer aloud before you run the cell.
#
# **Allowed** is all of NumPy but `np.convolve` and `np.correlate`; no torch, no scipy. Plain loops are welcome:
# nobody counts milliseconds (a call may take five seconds). You may add cells and helper functions. Do not
# rename the functions that you are asked for.
#
# | | question | points | minutes |
# |---|---|---|---|
# | 1 | Correlation in one dimension | 4 | 15 |
# | 2 | Correlation in two dimensions | 5 | 20 |
# | 3 | Template matching | 4 | 20 |
# | 4 | Blur and edges | 3 | 10 |
# | 5 | A detector of two layers | 4 | 20 |
# | 6 | The size of the output | 4 | 15 |
# | 7 | What a layer costs | 5 | 15 |
# | 8 | The convolution layer | 8 | 25 |
# | 9 | A 1x1 convolution is a matrix product | 3 | 10 |
# | 10 | One dimension less, one more | 4 | 15 |
# | 11 | Groups and holes | 3 | 10 |
# | 12 | The receptive field | 5 | 15 |
# | | | **52** | **190** |

# %% role="setup"
import sys

if "google.colab" in sys.modules:
    # %pip install --quiet --no-deps {{wheel}}
    print("The course's library is installed.")

# %% role="setup"
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# "No module named 'course_utils'"? README.md, beside this notebook, says how to install it.
from course_utils import colab, plotting
from course_utils.checks import sliding_windows as check

colab.setup()


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
# The last cell **gives** you three small things: two named tuples that you will return later, and `per_axis`,
# which spells a setting out. Layers take `stride=2` as well as `stride=(2, 3)`; `per_axis` makes both look
# alike.
#
# ## Conventions
#
# These hold everywhere in this notebook. Come back when in doubt; most bugs of this kind of code are a broken
# convention.
#
# | | |
# |---|---|
# | images | `(N, C, H, W)`: image of the batch, channel, row, column. Volumes have a depth: `(N, C, D, H, W)` |
# | filters | `(C_out, C_in / groups, K_H, K_W)`, one bias for each of the `C_out` filters; `b=None` means no bias |
# | "convolution" | the kernel is *not* flipped. Where it is, we say *true* convolution |
# | stride, padding, dilation | an int for both axes, or a pair `(rows, columns)`; padding goes on both sides |
# | rounding | a window that would stick out at the end is left out: round down |
# | a window that does not fit at all | raises `ValueError` |
# | dtype | `np.result_type` of the inputs: float32 stays float32, whole numbers with float64 give float64 |
# | manners | inputs are never changed, nothing is remembered from one call to the next |
# | counting | a MAC is one multiply-add, biases not counted; one MAC is two FLOPs |
#
# ## A picture is not a list of numbers
#
# The network that you know begins by *flattening*: row after row, the picture becomes one long list, and every
# unit of the first layer has a weight for every entry. What does such a layer know about the picture? Let us
# ask it in a mean way: shuffle the pixels, with the same shuffle for every picture of the data set.
#
# *In the figure: left, the photo of a woman in uniform with cap and glasses, the one that ships with
# matplotlib; right, the same pixels after the shuffle, grey noise in which nothing can be made out.*

# %% role="demo"
photo = plotting.photo(128)
order = np.random.default_rng(7).permutation(photo.size)
plotting.shuffled_pixels(photo, order)

# %% [markdown]
# You can't read the right one. A fully connected layer can: shuffle its weights by the same order, and it
# computes exactly the number that it computed before. So from the left pictures it learns not a bit better than
# from the right ones. That the eyes are *beside* each other, that the brim of the cap *goes on* to the right,
# is knowledge that it never had.
#
# And it pays for that. Take a photo of 400 × 700 pixels with three colours, and a modest first layer of 1,000
# units:

# %% role="demo"
unit = np.random.default_rng(8).normal(size=photo.size)
print(f"one unit on the photo:     {photo.ravel() @ unit:.6f}")
print(f"both shuffled:             {photo.ravel()[order] @ unit[order]:.6f}")

inputs = 400 * 700 * 3
print(f"the larger photo:          {inputs:,} inputs, {inputs * 1000:,} weights")
print(f"their memory, in float32:  {inputs * 1000 * 4 / 1e9:.1f} GB, for the first layer alone")

# %% [markdown]
# > **Check the slide.** "With more pixels the number of parameters increases exponentially", say some lecture
# > notes. Double the side of the image: how many times the weights? Four times, because there are four times as
# > many pixels. That is *linear* in the number of pixels (and quadratic in the side). Bad enough; but when we
# > say exponential we should mean it, and in section 12 something really will be.
#
# **Where the idea comes from.** In 1959 David Hubel and Torsten Wiesel moved bars of light before the eyes of a
# cat and listened to single cells of its visual cortex. A cell answered to a bar of *one* direction in *one*
# small spot of the visual field; its neighbours to the same bar a little further on. Kunihiko Fukushima made a
# machine of it, the neocognitron (1979): layers of small windows, the same weights at every spot, each layer
# looking at the one before. It did not learn by backpropagation. Ten years later Yann LeCun and others added
# just that, and the convolutional network was there.
#
# Two ideas are behind it:
#
# 1. **Look locally.** An output depends on a small window of the input, its *receptive field*.
# 2. **Share the weights.** The window has the same weights wherever it stands.
#
# Both together are a window that slides. Let us build it, in one dimension first.
#
# ## 1. Correlation in one dimension
#
# *4 points, about 15 minutes*
#
# One row of an image is a list of brightnesses. Somewhere in it an object begins. How do we find the place,
# with one and the same little rule at every position?
#
# Take a **kernel** $w$ with $K$ entries and a **signal** $x$ with $L$. Lay the kernel on the signal, multiply
# what lies on top of each other, add up: a dot product. Then move it one step on.
#
# $$y[i] = \sum_{k=0}^{K-1} w[k]\; x[i + k] \qquad i = 0, 1, \dots, L - K$$
#
# In words: output $i$ looks at the $K$ entries of the signal that begin at $i$. There are $L - K + 1$ places
# where the kernel fits ("valid" positions), so $x$ is `(L,)`, $w$ is `(K,)` and $y$ is `(L - K + 1,)`.
#
# **With a pencil.** $x = (0, 1, -1, 1, 1)$ and $w = (-1, 1)$:
#
# | i | entries under the kernel | products | y[i] |
# |---|---|---|---|
# | 0 | 0, 1 | −1 · 0 + 1 · 1 | 1 |
# | 1 | 1, −1 | −1 · 1 + 1 · (−1) | −2 |
# | 2 | −1, 1 | −1 · (−1) + 1 · 1 | 2 |
# | 3 | 1, 1 | −1 · 1 + 1 · 1 | 0 |
#
# This is **cross-correlation**. **True convolution**, the one of signal processing, does the same with the
# kernel *flipped* back to front, here $(1, -1)$, and gives $(-1, 2, -2, 0)$.
#
# **Your turn.** Write both.
#
# <details><summary>Hint 1: a question</summary>
#
# Which positions are there for 5 entries and a kernel of 2? Which for a kernel of 5? Which if it has 6? How
# long is the output each time, and where should you complain?
# </details>
# <details><summary>Hint 2: the dtype</summary>
#
# What happens to 0.5 when you write it into an array that was made for whole numbers? Ask `np.result_type` for
# the dtype *before* you make the output.
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# $x = (3, 5, 2, 7)$, $w = (1, 0, 2)$. At position 0 the kernel lies on 3, 5, 2: $3 + 0 + 4 = 7$. At position 1
# on 5, 2, 7: $5 + 0 + 14 = 19$. The output is $(7, 19)$. With true convolution it is $(8, 17)$.
# </details>


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
        raise ValueError(
            f"kernel: expected at most {L} entries, as many as the signal has, got {K}"
        )
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

# %% role="demo"
# What it is good for: a row of brightnesses that jumps four times.
signal = np.repeat([0.2, 0.9, 0.5, 0.1, 0.7], [6, 7, 8, 8, 6])
plotting.signal_response(correlate1d, signal, np.array([-1.0, 1.0]))

# %% [markdown]
# *In the figure above: on top a grey staircase of brightness; below it four orange bars exactly where the
# staircase jumps, upwards where it rises and downwards where it falls. Everywhere else the output is zero.* A
# kernel of two numbers is an edge detector already.
#
# **Predict.** The signal is an *impulse*: zeros with a single 1 in the middle. The kernel is $(1, 2, 3)$. What
# comes out of `correlate1d`, and what out of `convolve1d`? Write both down, then run.
#
# *In the figure: three bar charts. Left the kernel, 1, 2, 3. In the middle the correlation, right the true
# convolution: one of the two shows the kernel as it stands, the other back to front, with zeros around.*
#
# <details><summary>Why the one that does not flip comes out flipped</summary>
#
# At the first output that sees the 1 at all, it lies under the *last* entry of the kernel. So the 3 comes
# first. True convolution flips the kernel beforehand, and the two turns cancel: "the impulse response is the
# kernel". That is why signal processing likes the flip. It also makes the operation commutative, which matters
# to mathematicians.
# </details>

# %% role="demo"
plotting.impulse_responses(correlate1d, convolve1d, np.array([1.0, 2.0, 3.0]))

# %% [markdown]
# > **Check the slide.** The lectures write "convolution" and compute cross-correlation; one says so in a
# > footnote. Networks don't mind: had the layer flipped, training would simply have found flipped weights.
# > *You* mind whenever weights come from somewhere else: an edge filter typed in from a book, or a file from a
# > library that flips.
#
# ## 2. Correlation in two dimensions
#
# *5 points, about 20 minutes*
#
# Look at the picture row by row, and you will never find the rim of a table: along each row nothing changes. It
# changes from one row to the *next*. The window must be two-dimensional.
#
# $$\text{out}[i, j] = \sum_{u=0}^{K_H-1} \sum_{v=0}^{K_W-1} \text{kernel}[u, v]\;\, \text{image}[i + u,\; j + v]$$
#
# The image is `(H, W)`, the kernel `(K_H, K_W)`, not always square. Without padding the output is
# `(H - K_H + 1, W - K_W + 1)`.
#
# **With a pencil.**
#
# ```text
# image     kernel                                                out
# 1 2 0      1 0       out[0, 0] = 1·1 + 0·2 − 1·0 + 2·3 =  7       7  1
# 0 3 1     -1 2       out[0, 1] = 1·2 + 0·0 − 1·3 + 2·1 =  1      -2  4
# 4 1 1                out[1, 0] = 1·0 + 0·3 − 1·4 + 2·1 = -2
# ```
#
# **Padding.** Every such layer eats $K - 1$ rows and columns. Ten layers of 5 × 5, and 40 pixels are gone. So
# we first add `padding` pixels on each side. But what should stand there? For the row `1 2 3 4` and two pixels
# on each side:
#
# | mode | added left | the row | added right | idea |
# |---|---|---|---|---|
# | `"zeros"` | 0 0 | 1 2 3 4 | 0 0 | outside is black |
# | `"reflect"` | 3 2 | 1 2 3 4 | 3 2 | a mirror on the last pixel, which is not doubled |
# | `"circular"` | 3 4 | 1 2 3 4 | 1 2 | the picture repeats like wallpaper |
#
# **Your turn.**
#
# <details><summary>Hint 1: a question</summary>
#
# Can you make padding somebody else's problem? If the padded image were simply *given*, what would be left to
# do?
# </details>
# <details><summary>Hint 2: where to look</summary>
#
# Read the documentation of `np.pad`: what are its names for our three modes? And what does it do when it does not
# know one?
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# The image is `[[1, 2, 4], [1, 2, 4]]`, the kernel `[[1, 1, 1]]`, the padding 1. With zeros a row of the image
# becomes 0 1 2 4 0 and its output `[3, 7, 6]`; above and below comes a row of zeros. With reflect all four rows
# of the output are `[5, 7, 8]`, with circular `[7, 7, 7]`.
# </details>


# %% question="correlate2d" role="solution"
def correlate2d(
    image: np.ndarray, kernel: np.ndarray, *, padding: int = 0, mode: str = "zeros"
) -> np.ndarray:
    """Slide a kernel over a grey image and take a dot product at every position.

    Args:
        image: (H, W).
        kernel: (K_H, K_W), applied as it stands (not flipped).
        padding: Pixels added on each of the four sides.
        mode: Where the added pixels come from: "zeros"; "reflect", the image mirrored at its
            edge pixel, which is not repeated; "circular", the image's opposite side.

    Returns:
        (H + 2*padding - K_H + 1, W + 2*padding - K_W + 1), dtype np.result_type(image, kernel).

    Raises:
        ValueError: If the mode is unknown, or the kernel does not fit into the padded image.
    """
    ### BEGIN SOLUTION
    numpy_names = {"zeros": "constant", "reflect": "reflect", "circular": "wrap"}
    if mode not in numpy_names:
        raise ValueError(f"mode: expected one of {', '.join(numpy_names)}, got {mode!r}")
    padded = np.pad(image, padding, mode=numpy_names[mode])
    K_H, K_W = kernel.shape
    H_out, W_out = padded.shape[0] - K_H + 1, padded.shape[1] - K_W + 1
    if H_out < 1 or W_out < 1:
        raise ValueError(
            f"kernel: expected at most {padded.shape}, the padded image, got {kernel.shape}"
        )
    out = np.empty((H_out, W_out), dtype=np.result_type(image, kernel))
    for i in range(H_out):
        for j in range(W_out):
            out[i, j] = np.sum(padded[i : i + K_H, j : j + K_W] * kernel)
    return out
    ### END SOLUTION


# %% question="correlate2d" points=5 role="check"
check.correlate2d(correlate2d)

# %% [markdown]
# **Step by step.** This is the picture from the lecture, with a filter that compares the row above with the row
# below. Before you run: look at the block of ones from row 2 to row 4. One whole row of the output is zero.
# Which, and why?
#
# *In the figure: four steps, one per row. Left the 8 × 8 picture with the window framed in orange; in the
# middle the nine products in the window and their sum; right the 6 × 6 output, filled up to this pixel. Purple
# is positive, brown negative.*
#
# <details><summary>Which row, and why</summary>
#
# Output row 2. Its windows cover the rows 2, 3 and 4 of the picture, which are all alike, so what lies above
# and what lies below cancel. The filter is blind to anything that does not change from top to bottom.
# </details>

# %% role="demo"
picture = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 1, 1, 0],
        [0, 1, 1, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 1, 1, 1, 0],
        [0, 0, 1, 1, 1, 0, 0, 0],
        [0, 0, 1, 1, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
    ]
)
above_minus_below = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]])
plotting.sliding_window(correlate2d, picture, above_minus_below, [(0, 0), (0, 5), (3, 1), (5, 5)])

# %% [markdown]
# **Predict.** Now a blur: every pixel becomes the mean of the 9 × 9 pixels around it, with a padding of 4 so
# that the size stays. What will the border look like with each of the three modes?
#
# <details><summary>After you have run it</summary>
#
# *In the figure: the blurred photo three times. With zeros it has a dark frame; with reflect none; with
# circular the frame takes on what is on the opposite side. The chart shows the mean brightness of the last 24
# columns: it falls to almost half with zeros, somewhat with circular because the left side of the photo is
# darker, and stays level with reflect.*
# </details>

# %% role="demo"
mean_of_81 = np.ones((9, 9)) / 81
plotting.border_modes(correlate2d, photo, mean_of_81, padding=4)

# %% [markdown]
# Zeros are not neutral. They are a statement: *black outside*. A network sees an edge all around every picture,
# and can even learn from it where the border is. It is the usual choice all the same, being simple and cheap.
#
# ## 3. Template matching
#
# *4 points, about 20 minutes*
#
# A kernel answers strongly where the picture looks like the kernel. So it should find things: cut an eye out of
# a photo, use it as the kernel, and the largest output is where the eye is. That is what the lectures say, too:
# *convolution is template matching; similarity is measured by the dot product; the stronger the activation, the
# better the match*.
#
# > **Check the slide.** Is it so? The template is $t = (0, 1, 0)$, a single bright spot. Window A $= (0, 1, 0)$
# > *is* the template: dot product 1. Window B $= (5, 5, 5)$ looks nothing like it: dot product 5. The flat
# > bright patch wins. The dot product measures likeness *times brightness*, and brightness has no upper limit.
#
# So take brightness out. For a window $p$ and the template $t$, both `(K_H, K_W)`, with their means $\bar p$
# and $\bar t$:
#
# $$\text{score}[i, j] =
# \frac{\sum_{u,v} (p[u, v] - \bar p)\,(t[u, v] - \bar t)}{\lVert p - \bar p \rVert \; \lVert t - \bar t \rVert}
# \qquad \lVert a \rVert = \sqrt{\textstyle\sum a^2}$$
#
# In words: subtract from each its own mean (brightness no longer counts), divide each by its length (contrast
# no longer counts), *then* take the dot product. It is the correlation coefficient of statistics: 1 for a
# perfect match, −1 for the negative, near 0 for what has nothing to do with the template. A flat window has the
# length 0 and matches nothing: we *define* its score as 0.
#
# **With a pencil.** $t - \bar t = (-\frac13, \frac23, -\frac13)$. Window A has the score 1. Window B is flat,
# so its score is 0; and C = (2, 4, 2), the same spot in a lit fog?
# $C - \bar C = (-\frac23, \frac43, -\frac23)$, twice the template: score 1.
#
# **Your turn.** `match_template` returns all scores and the place of the best. You may use your `correlate2d`,
# or plain loops.
#
# <details><summary>Hint 1: a question</summary>
#
# The template is the same for every window. What of the formula can be computed once, before any loop?
# </details>
# <details><summary>Hint 2: two traps</summary>
#
# How do you notice a flat window? Its norm *should* be 0, but after subtracting a mean that was rounded it may
# be 0.00000001, and dividing by that gives nonsense. Is there a test of flatness in which nothing gets rounded?
# And: if the image consists of bytes (`uint8`), what is 3 − 5?
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# Image `[[5, 7, 7, 5]]`, template `[[0, 1, 1]]`. The windows are (5, 7, 7) and (7, 7, 5). Without their means
# they are $(-\frac43, \frac23, \frac23)$ and $(\frac23, \frac23, -\frac43)$, and the scores 1 and −0.5.
# `np.argmax` counts through the whole array as if it were flat; `np.unravel_index` knows the way back to (row,
# column).
# </details>


# %% question="match_template" role="solution"
def match_template(image: np.ndarray, template: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Score how much every window of an image looks like a template, in any light.

    Args:
        image: (H, W).
        template: (K_H, K_W), not constant.

    Returns:
        scores, (H - K_H + 1, W - K_W + 1), floating point in [-1, 1]: window and template, each
        with its mean subtracted and divided by its norm, multiplied and summed; a window of one
        single value scores 0.
        best, (row, column) of the highest score as ints.

    Raises:
        ValueError: If the template does not fit into the image.
    """
    ### BEGIN SOLUTION
    K_H, K_W = template.shape
    H_out, W_out = image.shape[0] - K_H + 1, image.shape[1] - K_W + 1
    if H_out < 1 or W_out < 1:
        raise ValueError(
            f"template: expected at most {image.shape}, the image, got {template.shape}"
        )
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

# %% role="demo"
# An eye, cut out of the photo, is searched in bad light: the left side gets a quarter of it.
eye = photo[50:66, 40:62]
dim = photo * np.linspace(0.25, 1, 128)
plotting.template_search(correlate2d, match_template, dim, eye)

# %% [markdown]
# **Found, and not found.** *In the figure above: top left the template, an eye behind glasses; top right the
# photo, darker towards the left. A blue dashed frame, the peak of the raw dot product, lies on plain bright
# background at the right; an orange frame, the peak of the score, lies on the eye. Below, the two maps: the dot
# product is a smooth cloud that follows the brightness, the score has one sharp peak.*
#
# **Predict.** Turn the photo into its negative, black for white. What is the score at the place of the eye now?
# And is the eye still the *best* match?
#
# <details><summary>What you see</summary>
#
# Exactly −1 at the eye: the negative is the worst match there is. Some other place with a light blob between
# darker parts wins, with a middling score. A convolution layer that should find eyes in negatives as well needs
# a second filter.
# </details>

# %% role="demo"
with plotting.when_ready():
    scores, best = match_template(1 - photo, eye)
    print(f"score at the eye: {scores[50, 40]:.3f}; best match now: {scores.max():.3f} at {best}")

# %% [markdown]
# Convolution layers do *not* normalise. They live with the flaw of the dot product because they can do better
# than a fixed template: they learn weights that sum to about zero where brightness should not count, and biases
# that set the bar.
#
# ## 4. Blur and edges
#
# *3 points, about 10 minutes*
#
# A template must be known beforehand, and it finds only itself. What do *all* things in pictures have in
# common? They end somewhere, and where they end the brightness changes. So measure change: a derivative. In a
# picture of pixels that is the difference of neighbours, `(1, 0, -1)`.
#
# Differences have a weakness: they see every speck of noise. So we calm the picture across the direction in
# which we differentiate, with the small blur `(1, 2, 1)`. Each of the two **Sobel filters** is such a pair,
# blur along one axis and difference along the other:
#
# ```text
# gx:  1  0 -1      1                      gy:  1  2  1      1
#      2  0 -2   =  2  times (1 0 -1)           0  0  0   =  0  times (1 2 1)
#      1  0 -1      1                          -1 -2 -1     -1
# ```
#
# The signs are the lectures': `gx` is positive where it is bright at the left and dark at the right, `gy` where
# it is bright above. Together they are a vector, and its length says how strong the edge is in *any* direction:
#
# $$\text{magnitude}[i, j] = \sqrt{\text{gx}[i, j]^2 + \text{gy}[i, j]^2}$$
#
# All three are `(H - 2, W - 2)`. For more noise there is a stronger blur, the **Gaussian**. It falls off with
# the distance from the middle, alike in all directions; $a$ and $c$ count pixels from the middle pixel, and $Z$
# makes the sum 1:
#
# $$G[a, c] = \frac{1}{Z} \exp\left(-\frac{a^2 + c^2}{2 \sigma^2}\right)$$
#
# **With a pencil.** Size 3, $\sigma = 1$: along one axis $e^{-1/2}, 1, e^{-1/2} = 0.607, 1, 0.607$, sum 2.213.
# The square has the sum $2.213^2 = 4.898$, so the middle is $1 / 4.898 = 0.204$, its neighbours 0.124, the
# corners 0.075.
#
# **Your turn.** Two functions, a few lines each.
#
# <details><summary>Hint 1: a question</summary>
#
# How do you get a square of numbers from a row and a column? You have just seen it happen twice above.
# </details>
# <details><summary>Hint 2: numbers</summary>
#
# The image is a step, three columns of 0 and then three of 10, in four rows. In every window all rows are
# alike, so `gx` is $(1 + 2 + 1) \cdot (\text{left} - \text{right})$: in each row 0, −40, −40, 0. `gy` is 0
# everywhere, the magnitude 0, 40, 40, 0.
# </details>


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
        gx, gy and magnitude, each (H - 2, W - 2), floating point: the correlations with the two
        Sobel filters as the text gives them, and the length of the vector (gx, gy).
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

# %% role="demo"
plotting.edges(sobel_edges, photo)

# %% [markdown]
# *In the figure above: the photo, and three maps of it. In gx, upright edges stand out, such as the sides of
# the head and the pole of the flag; in gy, level ones such as the brim of the cap and the shoulders. Purple
# means darker to the right or below, brown brighter. The magnitude is a drawing of all outlines, bright on
# dark.*
#
# **Predict.** We add noise to every pixel, independently. Is the noise stronger or weaker in the edges than in
# the photo itself? And what does a Gaussian blur with $\sigma = 1.5$ pixels do to the edges of things, what to
# the noise?
#
# <details><summary>After you have run it</summary>
#
# *In the figure: left the noisy photo, still easy to recognise; in the middle its edges, full of speckle in
# which only the strongest outlines are left; right the edges after a blur, thicker, but clear again.*
#
# Neighbouring pixels of an object are alike, so their difference is small. Neighbouring *noise* is not alike,
# and its difference is larger than the noise itself. An average over many pixels makes independent noise small
# and leaves what they share. The price is sharpness: the edge is now some pixels wide. A larger $\sigma$ moves
# the balance.
# </details>

# %% role="demo"
noisy = photo + np.random.default_rng(1).normal(0, 0.15, photo.shape)
plotting.edges_in_noise(gaussian_kernel, correlate2d, sobel_edges, noisy, sigma=1.5)

# %% [markdown]
# ## 5. A detector of two layers
#
# *4 points, about 20 minutes*
#
# Edges are a beginning. How does one get from edges to *things*? The answer of the visual cortex, of the
# neocognitron and of every deep network is a hierarchy: edges form corners, corners form shapes. Usually
# training finds the weights. Here you find them, because then you know for good what a layer can say to the
# next one.
#
# **The task.** Pictures consist of zeros and ones, `(1, H, W)`. Find each place where a 4 × 4 patch is exactly
# this outline:
#
# ```text
# 1 1 1 1
# 1 0 0 1
# 1 0 0 1
# 1 1 1 1
# ```
#
# You have two convolution layers with 3 × 3 filters, without padding, and ReLU, $\max(0, \cdot)$, after each:
#
# $$h_c = \text{ReLU}(x \star w1[c, 0] + b1[c]) \qquad
# \text{out} = \text{ReLU}\Big(\sum_c h_c \star w2[0, c] + b2[0]\Big)$$
#
# Here $\star$ is your `correlate2d`. The first layer has as many channels $C$ as you like: `w1` is
# `(C, 1, 3, 3)`, `b1` is `(C,)`, `w2` is `(1, C, 3, 3)`, `b2` is `(1,)`. Wanted: `out[0, i, j] > 0` exactly
# where the patch with its top left pixel at `(i, j)` is the outline, and 0 everywhere else. What lies *around*
# the patch must not matter. Every picture leaves at least one free row below and one free column at the right.
#
# **With a pencil,** one dimension and one layer. Find the pattern `1 0 1`, and nothing else. First try: weights
# $(1, 0, 1)$. The pattern gives 2, but so does `1 1 1`. Second try: *punish* what should be dark, with weights
# $(1, -1, 1)$:
#
# | window | 101 | 100 | 001 | 111 | 110 | 011 | 000 | 010 |
# |---|---|---|---|---|---|---|---|---|
# | dot product | **2** | 1 | 1 | 1 | 0 | 0 | 0 | −1 |
#
# Only the right one reaches 2. A bias of −1 and the ReLU, and it is the only one that is heard at all. That is
# what biases are for: they set the bar.
#
# **Your turn.** Nothing but numbers; the function has no arguments.
#
# <details><summary>Hint 1: a question</summary>
#
# No 3 × 3 window sees the 4 × 4 patch. How many different 3 × 3 windows lie *inside* it, and what does each
# look like when the outline is there? Are those few pictures together enough to know that all 16 pixels are
# right?
# </details>
# <details><summary>Hint 2: who sees what</summary>
#
# `out[0, i, j]` sees the first layer at the rows `i, i + 1, i + 2` and as many columns. `h[c, i + a, j + d]`
# sees the picture from row `i + a` to `i + a + 2`. For which `a` and `d` does such a window stay inside the
# patch? What should the second layer do with all the others?
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# A pattern with five lit and four dark pixels, with weights 1 and −1, gives 5. The best of all wrong windows
# differs in one pixel and gives 4. Which bias lets 5 pass and stops 4? In the second layer four voices must
# *all* speak, each with strength 1: which bias lets four pass and stops three?
# </details>


# %% question="square_detector" role="solution"
def square_detector() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Weights of two 3x3 layers, ReLU after each, that fire exactly on the outline of 4x4 pixels.

    Returns:
        w1: (C, 1, 3, 3), with as many hidden channels C as you like.
        b1: (C,).
        w2: (1, C, 3, 3).
        b2: (1,).
    """
    ### BEGIN SOLUTION
    corner = np.array([[1, 1, 1], [1, 0, 0], [1, 0, 0]])
    corners = [corner, corner[:, ::-1], corner[::-1, :], corner[::-1, ::-1]]
    # +1 where a corner is lit, -1 where it is dark: only the exact corner reaches 5 and passes.
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
# **Predict.** The scene below holds seven shapes and a speck that touches one of them from outside. How often
# will your detector fire?
#
# *In the figure: on top, the scene twice, with outlines of several sizes, a filled square, an outline with a
# gap and a single pixel beside the corner of another. Orange frames mark where your second layer is above zero.
# Below, up to four channels of your first layer.*
#
# <details><summary>After you have run it: how often, and could a single layer do it?</summary>
#
# Twice: both outlines of 4 × 4, also the one with the speck, which lies outside the patch.
#
# A single layer? With 3 × 3 filters, no: none of its outputs sees the patch. With one 4 × 4 filter, yes: twelve
# weights of 1, four of −1 and a bias of −11. But that filter is good for one shape only. What your first layer
# found can be used again: another filter in layer 2 finds rectangles of another size in the *same* channels, as
# long as its 3 × 3 windows reach. That is why deep networks share their early layers, and why their later ones
# need to *see* further. Section 12 computes how far.
# </details>

# %% role="demo"
scene = plotting.square_scene()
plotting.detector(square_detector, correlate2d, scene)

# %% [markdown]
# ## 6. The size of the output
#
# *4 points, about 15 minutes*
#
# Your two layers turned a scene of 18 × 26 into 14 × 22. With twenty layers, some with a stride, nobody keeps
# that in mind, and wrong sizes are what most error messages are about. So: a formula, once and for all, for one
# axis.
#
# The input has `size` pixels, plus `padding` on each side: that is the *room*. The window needs `kernel`
# pixels; with a **dilation** of $D$ its entries are $D$ pixels apart, and it stretches over
# $D \cdot (K - 1) + 1$. It starts at the left end of the room and moves on by `stride` pixels, as long as it
# fits.
#
# $$\text{size}_\text{out} = \left\lfloor
# \frac{\text{size} + 2 \cdot \text{padding} - D \cdot (K - 1) - 1}{\text{stride}}
# \right\rfloor + 1$$
#
# In words: the room that is left after the first window, divided into steps, *rounded down*, plus the first
# window itself.
#
# **With a pencil.** Size 8, kernel 3, stride 2: windows start at 0, 2 and 4. The next would start at 6 and need
# pixels 6, 7 and 8, but there is no 8. Three windows; pixel 7 is never seen. The formula:
# $\lfloor 5 / 2 \rfloor + 1 = 3$.
#
# **"Same" padding.** With stride 1, which padding keeps the size? Setting `size_out` to `size` leaves one
# equation with one unknown.
#
# **Your turn.** `conv_output_size` and `same_padding`, which complains where there is no such padding.
#
# <details><summary>Hint 1: a question</summary>
#
# When does a window not fit at all? Say it with *room* and *stretch*, without looking at the result of the
# division: in Python, `-1 // 2` is −1 and not 0, so the formula alone gives some strange numbers.
# </details>
# <details><summary>Hint 2: for the padding</summary>
#
# How many pixels does a layer of stride 1 take away altogether? They have to come back, half of them on each
# side. When is that impossible? (Two kernels to try: 4, and 4 with dilation 2.)
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# Size 21, kernel 4, dilation 2, padding 2, stride 3: the room is 25, the window stretches over 7 pixels, 18 are
# left, 6 whole steps: 7. For the padding: kernel 5 loses 4, so 2 on each side; kernel 4 loses 3.
# </details>


# %% question="conv_output_size" role="solution"
def conv_output_size(
    size: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
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
        raise ValueError(f"padding: expected an even number of pixels to give back, got {lost}")
    return int(lost // 2)
    ### END SOLUTION


# %% question="conv_output_size" points=4 role="check"
check.conv_output_size(conv_output_size, same_padding)

# %% role="demo"
plotting.window_positions(
    conv_output_size,
    [
        {"size": 7, "kernel": 3, "stride": 2, "padding": 0},
        {"size": 8, "kernel": 3, "stride": 2, "padding": 0},
        {"size": 8, "kernel": 3, "stride": 2, "padding": 1},
    ],
)

# %% [markdown]
# *In the figure above: three axes of pixels as blue boxes, with the windows as bars over them. With 7 pixels
# everything fits. With 8 the last pixel is marked "never". With a padding of 1, drawn hatched, there are four
# windows, and what is never seen is only padding.*
#
# *In the figure below: output size against input size. Left for the strides 1, 2, 3: lines of slope 1, ½ and ⅓,
# the latter two in steps. Right for the paddings 0, 1, 2: parallel lines, two pixels apart; with padding 1 the
# line lies on "unchanged".*

# %% role="demo"
plotting.output_sizes(conv_output_size)

# %% [markdown]
# **Predict.** A network for photos of 224 pixels begins with a 7 × 7 layer, stride 2, padding 3, and then takes
# 3 × 3 windows with stride 2 and padding 1. How large is the picture after each? The second line is a slide to
# be checked.

# %% role="demo"
with plotting.when_ready():
    first = conv_output_size(224, 7, stride=2, padding=3)
    print(
        "224 pixels,", first, "pixels,", conv_output_size(first, 3, stride=2, padding=1), "pixels"
    )
    print("kernel 4, padding floor(4 / 2) = 2: 8 pixels become", conv_output_size(8, 4, padding=2))

# %% [markdown]
# > **Check the slide.** *"pad = ⌊K/2⌋ maintains the feature map size."* True for odd K only. An even kernel
# > loses an odd number of pixels, and ⌊K/2⌋ on each side gives back one too many: 8 became 9. No symmetric
# > padding works, which is one reason why kernels are nearly always odd.
#
# > **Check the slide.** One lecture writes $(W - K + 2P) / S + 1$ without rounding; another adds *"rounding
# > depends on the library"*. It does. PyTorch rounds down, and so do we. Caffe's pooling layers round *up*.
# > TensorFlow's `"SAME"` makes $\lceil \text{size} / \text{stride} \rceil$ and pads more on the right if it
# > must. Weights that you carry from one to the other may see pictures shifted by one pixel.
#
# ## 7. What a layer costs
#
# *5 points, about 15 minutes*
#
# We left the fully connected layer because 840 million weights were too many. Time to see what the sliding
# window costs instead. Three things are worth counting, for one image and one layer from $C_\text{in}$ to
# $C_\text{out}$ channels. (A colour image has three channels; each filter sees all of them and makes one output
# channel. Section 8 builds that.)
#
# - **Parameters**, which have to be learned and stored: each of the $C_\text{out}$ filters has
#   $C_\text{in} \cdot K_H \cdot K_W$ weights, and a bias.
# - **MACs**, multiply-adds, the work: each *output number* is one dot product with one filter. Biases are not
#   counted.
# - **Activations**, the memory: how many numbers come out,
#   $C_\text{out} \cdot H_\text{out} \cdot W_\text{out}$.
#
# With `groups`, each filter sees only $C_\text{in} / \text{groups}$ channels (section 11). Nothing else
# changes.
#
# **With a pencil.** One channel of 3 × 3 pixels, two filters of 2 × 2: the output is 2 × 2 × 2, 8 activations.
# Each took 4 multiply-adds: 32 MACs. Two filters with 4 weights and a bias: 10 parameters.
#
# And `mlp_params(widths)` counts a fully connected network. From 3 numbers to 2: every output has a weight for
# each input and a bias, $2 \cdot (3 + 1) = 8$.
#
# **Your turn.** Use your `conv_output_size`, once for each axis.
#
# <details><summary>Hint 1: a question</summary>
#
# Which of the three counts do not depend on the size of the image? Which depend on the stride?
# </details>
# <details><summary>Hint 2: pairs</summary>
#
# `per_axis(3)` and `per_axis((3, 3))` give the same. Unpack each setting into one number for rows and one for
# columns first.
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# 4 channels in, 6 out, kernel 3 × 1, image 5 × 8, two groups: the output is 6 × 3 × 8 = 144 activations. A
# filter has 2 · 3 · 1 = 6 weights. 144 · 6 = 864 MACs, and 6 · 6 + 6 = 42 parameters.
# </details>


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
        groups: Parts into which the channels are split; a filter sees c_in / groups channels.
        bias: Whether each filter has one.

    Returns:
        params: learnable numbers; macs: multiply-adds, the bias not counted; activations: numbers
        in the output.

    Raises:
        ValueError: If the window does not fit into the padded image.
    """
    ### BEGIN SOLUTION
    (H, W), (K_H, K_W) = per_axis(in_size), per_axis(kernel)
    (s_h, s_w), (p_h, p_w), (d_h, d_w) = per_axis(stride), per_axis(padding), per_axis(dilation)
    H_out = conv_output_size(H, K_H, stride=s_h, padding=p_h, dilation=d_h)
    W_out = conv_output_size(W, K_W, stride=s_w, padding=p_w, dilation=d_w)
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
        widths: Numbers per layer from the input to the output: [784, 100, 10] has two layers of
            weights.
    """
    ### BEGIN SOLUTION
    total = 0
    for layer in range(len(widths) - 1):
        total += (widths[layer] + 1) * widths[layer + 1]
    return total
    ### END SOLUTION


# %% question="conv_counts" points=5 role="check" uses="conv_output_size"
check.conv_counts(conv_counts, mlp_params)

# %% role="demo"
plotting.parameter_growth(conv_counts, mlp_params)

# %% [markdown]
# *In the figure above, both axes logarithmic: parameters of a layer on a colour image against the side of the
# image. The line of the fully connected layer rises from about ten thousand to fifty million; that of the
# convolution layer is flat, a little below two thousand.*
#
# **Predict.** A lecture gives a network with *two hidden layers* for grey images of 426 × 426 pixels and ten
# classes "about 3 million parameters". How wide can its hidden layers be? Ten units, a hundred, a thousand?
# Change the number until it fits.
#
# <details><summary>Answer</summary>
#
# 16 units: 2,904,074 parameters. Sixteen numbers for a whole picture, and three million weights to get them.
# </details>

# %% role="demo"
with plotting.when_ready():
    width = 100
    print(
        f"hidden layers of {width} units: {mlp_params([426 * 426, width, width, 10]):,} parameters"
    )

# %% [markdown]
# > **Check the slide.** *FLOPs = number of parameters × H_out × W_out*, says one lecture; *multiply-adds =
# > 768,000*, says another about a layer with 760 parameters and 32 × 32 outputs. But 760 · 1,024 is 778,240.
# > The first counts the bias as if it were a multiplication, the second leaves it out, and in most papers a
# > FLOP is *one* multiplication or *one* addition, so that 768,000 MACs are 1,536,000 FLOPs. Whenever two
# > numbers differ by a factor of two, ask which it is.
#
# > **Check the slide.** *"Spatial size decreases, the number of channels increases: the total volume is
# > preserved!"*, about LeNet-5. Count, and look at the third column.
#
# <details><summary>What the table says</summary>
#
# 784, 15,680, 3,920, 9,800, 2,450: up by twenty, down by four, up, down. Nothing is preserved. Note the last
# two columns, too: the second layer has almost fifty times the weights and twelve times the work of the first,
# although its pictures are smaller.
# </details>

# %% role="demo"
with plotting.when_ready():
    first = conv_counts(1, 20, 5, 28, padding=2)
    second = conv_counts(20, 50, 5, 14, padding=2)
    print("layer    size      numbers   weights and biases        MACs")
    print(f"input    28 × 28   {28 * 28:7,}")
    print(f"conv 1   28 × 28   {first.activations:7,}   {first.params:18,}   {first.macs:9,}")
    print(f"pool 1   14 × 14   {20 * 14 * 14:7,}")
    print(f"conv 2   14 × 14   {second.activations:7,}   {second.params:18,}   {second.macs:9,}")
    print(f"pool 2    7 × 7    {50 * 7 * 7:7,}")

# %% [markdown]
# ## 8. The convolution layer
#
# *8 points, about 25 minutes*
#
# `correlate2d` takes one grey image and one kernel. Real images have colours, real layers have many filters,
# and training works on batches. All of that is in one formula, the heart of this notebook:
#
# $$\text{out}[n, o, i, j] = b[o] + \sum_{c=0}^{C_\text{in}-1} \sum_{u=0}^{K_H-1} \sum_{v=0}^{K_W-1} w[o, c, u, v]\;\,
# x_\text{pad}[n,\; c,\; i \cdot S_H + u,\; j \cdot S_W + v]$$
#
# | | shape | in words |
# |---|---|---|
# | x | `(N, C_in, H, W)` | N images with C_in channels each |
# | w | `(C_out, C_in, K_H, K_W)` | C_out filters, each as *deep* as the image: it sees all channels at once |
# | b | `(C_out,)` or `None` | one number for each filter |
# | out | `(N, C_out, H_out, W_out)` | one map per filter, stacked as channels |
#
# Three things are new since section 2. The products are summed over the channels *as well*: a filter makes one
# map, however many channels it reads. The window for output `(i, j)` starts at row $i \cdot S_H$ of the padded
# image. And images never mix.
#
# **With a pencil.** One image with two channels, one filter as large as the image, bias 10:
#
# ```text
# channel 0     channel 1        w[0, 0]     w[0, 1]
# 1 2           0 1              1 0         2 1          out = 10 + (1 + 4) + (0 + 1) = 16
# 3 4           5 0              0 1         0 3
# ```
#
# **Your turn.** Loop over the output positions; at each, one dot product for all images and all filters is
# enough, but more loops are fine. Aim for clear, then for fast.
#
# <details><summary>Hint 1: a question</summary>
#
# Stand at one output position `(i, j)`. Which part of the padded `x` do you need, for all images and channels
# at once? What is its shape, and which of its axes does it share with `w`?
# </details>
# <details><summary>Hint 2: what goes wrong most often</summary>
#
# H_out used for both axes. The window starting at `i` instead of $i \cdot S_H$. A bias added once per
# *channel*. The bias added along the last axis because it happened to have the right length: what shape must
# `b` have so that it meets axis 1? An output of float64 for inputs of float32, or of whole numbers for filters
# of fractions.
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# `x` is `[[[[1, 2, 3, 4, 5]]]]`, `w` is `[[[[1, 10]]]]`, no bias, stride `(1, 2)`, padding `(0, 1)`. The padded
# row is 0 1 2 3 4 5 0. Windows start at 0, 2 and 4: (0, 1), (2, 3), (4, 5). The output is 10, 32, 54, with the
# shape `(1, 1, 1, 3)`; the last zero is never seen.
# </details>


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
    dtype = np.result_type(x, w) if b is None else np.result_type(x, w, b)
    out = np.empty((N, C_out, H_out, W_out), dtype=dtype)
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

# %% role="demo"
colours = plotting.colour_photo(128)
filters = np.zeros((5, 3, 3, 3))
filters[0] = above_minus_below
filters[1] = above_minus_below.T
filters[2] = [[2, 1, 0], [1, 0, -1], [0, -1, -2]]
filters[3, 0, 1, 1], filters[3, 2, 1, 1] = 1, -1
filters[4] = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
names = ["level edges", "upright edges", "diagonal edges", "red against blue", "spots"]
plotting.feature_maps(conv2d_forward, colours, filters, names)

# %% [markdown]
# **Five filters on a photo.** Two of them you know: they are the Sobel filters, now applied to all three
# colours at once. The others look at a diagonal, at colour alone, and at anything that differs from its
# neighbours.
#
# *In the figure above: the colour photo and five maps. Level edges, upright edges, diagonal edges; a map in
# which the red of flag and face is purple and the blue background brown, without any regard to shape; and small
# spots such as stars and the badge.*
#
# Train a network on photos, look at its first layer, and you find just these: edges in all directions, and
# opposed colours. Nobody types them in.
#
# **Predict.** We began with a cat that moves. Move the input to the right by some pixels: does the output *move
# along*? Try it in your head for stride 1 moved by 1, stride 2 moved by 2, and stride 2 moved by 1.
#
# <details><summary>Why the last one is different</summary>
#
# With stride 2 the windows stand on even columns only. Move the input by one, and the windows see pixels in
# combinations that they never saw before. Only shifts by a multiple of the stride come out as shifts.
# </details>

# %% role="demo"
with plotting.when_ready():
    rng = np.random.default_rng(2)
    blob, kernel = np.zeros((1, 1, 21, 21)), rng.normal(size=(1, 1, 3, 3))
    blob[:, :, 8:13, 8:13] = rng.normal(size=(5, 5))
    for stride, pixels in [(1, 1), (2, 2), (2, 1)]:
        before = conv2d_forward(blob, kernel, None, stride=stride)
        after = conv2d_forward(np.roll(blob, pixels, axis=3), kernel, None, stride=stride)
        answer = "is another picture"
        for shift in range(before.shape[3]):
            if np.allclose(after, np.roll(before, shift, axis=3)):
                answer = f"moves along by {shift}"
        print(f"stride {stride}, input moved by {pixels}: the output {answer}")

# %% [markdown]
# > **Check the slide.** *Translation invariance* stands on some slides, *equivariance* on others, and they are
# > not the same. **Equivariant**: the cat moves, the map moves along. **Invariant**: the cat moves, the output
# > stays as it is. Convolution is equivariant: for stride 1, away from the border (the slide's small print: "on
# > an infinite canvas"). Some invariance comes later, from pooling, and it is only approximate. What *is* the
# > same everywhere is the *treatment*: each window meets the same weights.
#
# ## 9. A 1x1 convolution is a matrix product
#
# *3 points, about 10 minutes*
#
# A window of a single pixel sees no neighbours. Is there anything left for it to do? There is: it sees *all
# channels* of that pixel, and mixes them. It is the cheapest way to turn 256 channels into 64, and the most
# frequent layer in many a network.
#
# $$\text{out}[n, o, i, j] = b[o] + \sum_c w[o, c, 0, 0]\; x[n, c, i, j]$$
#
# Read it for one pixel: the vector of its channels, `(C_in,)`, is multiplied by the matrix `(C_out, C_in)`. The
# same matrix at each of the $N \cdot H \cdot W$ pixels. So it can be *one* matrix product for all of them, and
# that is what is asked for here: no loop over pixels.
#
# **With a pencil.** A pixel with the channels $(2, 5, 1)$ and the matrix
# $\begin{pmatrix} 1 & 0 & 1 \\ 0 & 2 & -1 \end{pmatrix}$: out come two channels, $(3, 9)$.
#
# **Your turn.**
#
# <details><summary>Hint 1: a question</summary>
#
# For a matrix product, all pixels should be the rows of a table. Which axis of `x` must become the columns?
# Where is it now?
# </details>
# <details><summary>Hint 2: the trap</summary>
#
# `reshape` never moves numbers past each other, it only cuts the same sequence into other lines. If channels
# are to come last, they have to be *transposed* there first. On the way back, the same in reverse order.
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# `x` has the shape `(1, 2, 1, 3)`: channel 0 is (1, 2, 3), channel 1 is (10, 20, 30). The table has three rows:
# (1, 10), (2, 20), (3, 30). If yours has (1, 2), (3, 10), (20, 30), think of hint 2.
# </details>


# %% question="conv1x1_as_matmul" role="solution"
def conv1x1_as_matmul(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    """A layer with 1x1 filters as one matrix product over all pixels of all images.

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

# %% role="demo"
mix = np.array([[0.299, 0.587, 0.114], [0.5, 0.2, -0.7]])[:, :, None, None]
plotting.channel_mixing(conv1x1_as_matmul, colours, mix, ["grey", "warm"])

# %% [markdown]
# *In the figure above: the colour photo, a matrix of two rows and three columns, and the two channels that it
# makes. The first is the photo in grey; the second is purple where things are warm, such as skin and the red of
# the flag, and brown where they are blue.*
#
# **Predict.** Two 1 × 1 layers in a row, one from 3 to 5 channels and one from 5 to 2. Can a *single* 1 × 1
# layer do the same? And if a ReLU stands between them?
#
# <details><summary>Why</summary>
#
# $W_b (W_a x) = (W_b W_a) x$: without something that bends between them, two linear layers are one. With the
# ReLU they are a small MLP that works on each pixel by itself, on all pixels with the same weights. "Stacking 1
# × 1 layers gives an MLP at every position" is a slide that is right.
# </details>

# %% role="demo"
with plotting.when_ready():
    rng = np.random.default_rng(4)
    pixels, w_a, w_b = (
        rng.normal(size=(2, 3, 4, 5)),
        rng.normal(size=(5, 3)),
        rng.normal(size=(2, 5)),
    )
    hidden = conv1x1_as_matmul(pixels, w_a[:, :, None, None], None)
    single = conv1x1_as_matmul(pixels, (w_b @ w_a)[:, :, None, None], None)
    for name, between in [("nothing", hidden), ("ReLU", np.maximum(hidden, 0))]:
        double = conv1x1_as_matmul(between, w_b[:, :, None, None], None)
        print(f"{name} between them: one layer does the same: {np.allclose(double, single)}")

# %% [markdown]
# ## 10. One dimension less, one more
#
# *4 points, about 15 minutes*
#
# Sound has one axis, a film has three. The window slides along one, or along three; everything else stays:
#
# | | x | w | out | slides along |
# |---|---|---|---|---|
# | signal | `(N, C_in, L)` | `(C_out, C_in, K)` | `(N, C_out, L_out)` | time |
# | image | `(N, C_in, H, W)` | `(C_out, C_in, K_H, K_W)` | `(N, C_out, H_out, W_out)` | rows, columns |
# | film | `(N, C_in, D, H, W)` | `(C_out, C_in, K_D, K_H, K_W)` | `(N, C_out, D_out, H_out, W_out)` | all three |
#
# **With a pencil.** A film of one channel with three frames of a single pixel, 1, 5, 2, and a filter $(-1, 1)$
# over two frames: the output is $5 - 1 = 4$ and $2 - 5 = -3$, shape `(1, 1, 2, 1, 1)`. It sees *change in
# time*.
#
# **Your turn.** Both functions, and you need not start over: is a signal not an image with a single row? Is a
# film not a sum of images?
#
# <details><summary>Hint 1: a question</summary>
#
# `x[:, :, None, :]` gives a signal a row axis of length 1. What must stride and padding be along that axis?
# </details>
# <details><summary>Hint 2: depth</summary>
#
# Take a filter apart into its $K_D$ slices. Slice $k$ always meets the depth $d \cdot S_D + k$ of the padded
# volume. What is the output at depth $d$, in terms of `conv2d_forward`? How often may the bias be added?
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# Depths 1, 2, 3, 4 of a volume of single pixels, filter slices (1, 10), stride 2 along depth: at depth 0 comes
# 1 · 1 plus 10 · 2, which is 21; at depth 1 comes 1 · 3 plus 10 · 4, which is 43.
# </details>


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
    rows = x[:, :, None, :]
    out = conv2d_forward(rows, w[:, :, None, :], b, stride=(1, stride), padding=(0, padding))
    return out[:, :, 0, :]
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
    s_d, *flat_stride = per_axis(stride, 3)
    p_d, *flat_padding = per_axis(padding, 3)
    D, K_D = x.shape[2], w.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (p_d, p_d), (0, 0), (0, 0)))
    slices = []
    for d in range(conv_output_size(D, K_D, stride=s_d, padding=p_d)):
        # One output slice is a sum of 2-D layers: slice k of the filter meets depth d * s_d + k.
        parts = [
            conv2d_forward(image, w[:, :, k], None, stride=flat_stride, padding=flat_padding)
            for k, image in enumerate(np.moveaxis(padded[:, :, d * s_d : d * s_d + K_D], 2, 0))
        ]
        slices.append(sum(parts))
    out = np.stack(slices, axis=2)
    return out if b is None else out + b.reshape(1, -1, 1, 1, 1)
    ### END SOLUTION


# %% question="conv_nd" points=4 role="check" uses="conv2d_forward conv_output_size"
check.conv_nd(conv1d_forward, conv3d_forward)

# %% role="demo"
# One weight per frame, one column further right each time.
rightwards = np.eye(3)[:, None, :]
plotting.motion(conv3d_forward, plotting.moving_dots(), rightwards, np.array([-2.0]))

# %% [markdown]
# **A filter that sees motion.** In the film, the upper dot moves right, the lower one left, a pixel per frame.
# The filter spans three frames and three columns: it asks for a dot that is one column further right in each
# frame, and its bias of −2 lets it speak only if all three are there.
#
# *In the figure above: on top three frames, in which the dots pass each other. Below them, position against
# time: all frames form a cross, the filter is a diagonal, and its answer holds only the diagonal of the dot
# that moves right.* No single frame shows a direction. A window that is deep in time does.
#
# **Why is a colour image not a 3-D convolution?** It has three axes after all: colour, rows, columns. Let the
# window slide along colour, too, and count.
#
# **Predict.** 32 × 32 pixels, three colours, one filter of 5 × 5. As a 2-D layer the filter has
# $3 \cdot 5 \cdot 5 = 75$ weights. As a 3-D layer with *one* channel and a depth of three colours: what comes
# out for a kernel that is 3 deep? For one that is 2 deep?
#
# <details><summary>What the count says</summary>
#
# Three deep, the window has no room to slide along colour: it *is* the 2-D layer, under another name. Two deep,
# it slides one step: from (red, green) to (green, blue), with the *same* weights. That would say that red is to
# green what green is to blue, and that it matters which colour stands in the middle. Along rows and columns
# such a claim is true, and it is why we share weights there. The order of colours means nothing. So a filter
# takes all channels at once, and slides only where position means something. And where depth *does* mean
# something, in a film or a scan of a body, the 3-D layer is right, with channels besides.
# </details>

# %% role="demo"
with plotting.when_ready():
    rng = np.random.default_rng(5)
    image, w = rng.normal(size=(1, 3, 32, 32)), rng.normal(size=(1, 3, 5, 5))
    flat = conv2d_forward(image, w, None)
    deep = conv3d_forward(image[:, None], w[:, None], None)
    shallow = conv3d_forward(image[:, None], w[:, None, :2], None)
    print(f"2-D layer:          {w.size} weights, output {flat.shape}")
    print(f"3-D, kernel 3 deep: {w.size} weights, output {deep.shape}")
    print(f"3-D, kernel 2 deep: {w[:, :2].size} weights, output {shallow.shape}")
    print(f"the first two give the same numbers: {np.allclose(deep[:, :, 0], flat)}")

# %% [markdown]
# ## 11. Groups and holes
#
# *3 points, about 10 minutes*
#
# A 3 × 3 layer from 256 to 256 channels has 590,080 parameters. Most of them are there because every filter
# looks at every channel. Must it? And must a window that should see far have so many weights?
#
# **Groups** cut the channels into equal parts, in order, which do not see each other: the first
# $C_\text{out} / g$ filters see the first $C_\text{in} / g$ channels, and so on. That makes $g$ small layers
# side by side, with the outputs stacked. The filters are `(C_out, C_in / groups, K_H, K_W)`. With as many
# groups as channels the layer is called **depthwise**: each channel has filters of its own.
#
# **Dilation** spreads the window: its entries lie $D$ pixels apart, with holes between them that are not looked
# at.
#
# $$\text{out}[n, o, i, j] = b[o] + \sum_{c,u,v} w[o, c, u, v]\;\,
# x_\text{pad}[n,\; c_0(o) + c,\; i \cdot S_H + u \cdot D_H,\; j \cdot S_W + v \cdot D_W]$$
#
# Here $c$ counts the channels of one group only, and $c_0(o)$ is the first channel of the group to which filter
# $o$ belongs.
#
# **With a pencil.** Four channels, six filters, two groups: filters 0, 1, 2 see the channels 0 and 1; filters
# 3, 4, 5 see 2 and 3. And a kernel of three entries with dilation 2 that starts at pixel 4 looks at the pixels
# 4, 6 and 8.
#
# **Your turn.** Your `conv2d_forward` can do nearly all of the work.
#
# <details><summary>Hint 1: a question</summary>
#
# Can you write down an ordinary, larger filter that does exactly what a dilated one does? What stands in its
# holes?
# </details>
# <details><summary>Hint 2: groups</summary>
#
# Which three arguments have to be cut into parts, and along which axis each? Along which axis are the results
# put together? Don't forget that there may be no bias to cut.
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# The kernel (3, 4) with dilation 3 is the kernel (3, 0, 0, 4). Four single pixels 1, 2, 3, 4 as channels, two
# groups, filters (1, 1) and (10, 10): the output channels are 1 + 2 = 3 and 30 + 40 = 70.
# </details>


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
        groups: Parts into which input and output channels are split, in order; groups = C_in is
            called depthwise.

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
    sides = (d_h * (K_H - 1) + 1, d_w * (K_W - 1) + 1)
    holed = np.zeros((C_out, C_group, *sides), dtype=w.dtype)
    holed[:, :, ::d_h, ::d_w] = w
    inputs = np.split(x, groups, axis=1)
    filters = np.split(holed, groups)
    biases = [None] * groups if b is None else np.split(b, groups)
    maps = [
        conv2d_forward(*part, stride=stride, padding=padding)
        for part in zip(inputs, filters, biases, strict=True)
    ]
    return np.concatenate(maps, axis=1)
    ### END SOLUTION


# %% question="conv2d_grouped" points=3 role="check" uses="conv2d_forward conv_output_size"
check.conv2d_grouped(conv2d_grouped)

# %% role="demo"
plotting.connections(conv2d_grouped, 8, [1, 2, 8])

# %% [markdown]
# *In the figure above: three maps of who sees whom among eight channels, found by lighting one input channel at
# a time. With one group all 64 pairs are connected; with two groups two blocks of 16; with eight groups only
# the diagonal.*
#
# *In the figure below: the pixels that a 3 × 3 filter touches with dilation 1, 2 and 3: a solid block of nine,
# then nine single pixels ever further apart.*

# %% role="demo"
plotting.holes(conv2d_grouped, [1, 2, 3])

# %% [markdown]
# **Predict.** MobileNet replaces a 3 × 3 layer by two: a depthwise 3 × 3, which looks around but does not mix,
# and a 1 × 1, which mixes but does not look around. How many times fewer multiply-adds is that, for 256
# channels and 14 × 14 pixels? Twice, nine times, a hundred times?
#
# <details><summary>Why about nine</summary>
#
# Per output number the full layer takes $256 \cdot 9$ multiply-adds, the two together $9 + 256$. With many
# channels the 9 hardly counts and the factor comes close to $K_H \cdot K_W$. Nearly all that is left is the 1 ×
# 1 layer.
# </details>

# %% role="demo"
with plotting.when_ready():
    full = conv_counts(256, 256, 3, 14, padding=1, bias=False)
    around = conv_counts(256, 256, 3, 14, padding=1, groups=256, bias=False)
    mixing = conv_counts(256, 256, 1, 14, bias=False)
    print(f"full 3 × 3: {full.macs:,} MACs; depthwise {around.macs:,} and 1 × 1 {mixing.macs:,}")
    print(f"{full.macs / (around.macs + mixing.macs):.1f} times fewer")

# %% [markdown]
# ## 12. The receptive field
#
# *5 points, about 15 minutes*
#
# Your square detector needed two layers because one did not see enough. How much does an output see after three
# layers, or thirty? If it is less than the object, no training in the world will help.
#
# Follow one axis. An output of a layer with kernel $K$ sees $K$ of its inputs. If those are outputs of another
# layer, each of *them* sees several pixels, overlapping. What one output sees of the picture, from the first
# pixel to the last, is its **receptive field**.
#
# Three numbers describe it, all in pixels *of the picture*:
#
# | | in words | without any layer |
# |---|---|---|
# | `size` | pixels from the first to the last that one output depends on | 1 |
# | `jump` | how far apart in the picture two neighbouring outputs look | 1 |
# | `start` | the first pixel that output 0 depends on; negative if it lies in the padding | 0 |
#
# A layer is `(kernel, stride, padding, dilation)`. Walk from the picture to the output, and ask of each layer
# what it does to the three numbers.
#
# **With a pencil.** First a layer `(3, 2, 1, 1)`, then a layer `(3, 1, 0, 1)`.
#
# | after | size | jump | start | because |
# |---|---|---|---|---|
# | nothing | 1 | 1 | 0 | a pixel sees itself |
# | layer 1 | 3 | 2 | −1 | three pixels; outputs two pixels apart; the first begins in the padding |
# | layer 2 | 7 | 2 | −1 | three outputs of layer 1, at −1 … 1, 1 … 3 and 3 … 5, reach from −1 to 5 |
#
# > **Check the slide.** *"With L layers the receptive field size is 1 + L · (K − 1)."* The formula gives 5 for
# > two layers with kernel 3. The table says 7. It holds for stride 1 everywhere (and dilation 1). As soon as
# > one layer has a stride, all layers *after* it count for more.
#
# `layers_to_see(size, kernel)` asks the reverse, and there the slide's formula is all you need: how many layers
# of stride 1 until one output sees so many pixels?
#
# **Your turn.**
#
# <details><summary>Hint 1: a question</summary>
#
# A layer looks at $K$ neighbouring entries of the layer below. How far apart, in the picture, are the first and
# the last of them? Whose stride decides that: its own, or that of the layers before?
# </details>
# <details><summary>Hint 2: one number at a time</summary>
#
# Which of the three numbers does the stride of a layer change? Which does its padding change, and how many
# pixels *of the picture* is one padded entry of that layer worth? What does a dilation do to "first and last of
# $K$ neighbours"? In which order must you update, if two of the numbers need the old value of the third?
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# Three layers, kernel 3, no padding, strides 2, 2, 1: sizes 3, 7, 15; jumps 2, 4, 4. With a padding of 1 in
# every layer, the starts are −1, −3, −7. For the other function: kernel 5 sees 1, 5, 9, 13 pixels after 0, 1,
# 2, 3 layers, so 10 pixels need 3 layers.
# </details>


# %% question="receptive_field" role="solution"
def receptive_field(layers: Sequence[tuple[int, int, int, int]]) -> ReceptiveField:
    """What one output of a stack of layers sees of the input, along one axis.

    Args:
        layers: From the first to the last, each (kernel, stride, padding, dilation).

    Returns:
        size: pixels from the first to the last that one output depends on; jump: pixels of the
        input between the centres of two neighbouring outputs; start: index of the first pixel
        that output 0 depends on, negative if it lies in the padding. Without layers (1, 1, 0).

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

# %% [markdown]
# **Predict.** Three layers with kernel 3, one of them with stride 2. Where should the stride be so that an
# output sees most: in the first, the second, or the last? Does it matter at all?
#
# *In the figure: three small networks side by side, entries as dots, the picture below, the output on top. What
# the first output sees is orange on a blue cone; the title of each network says how many pixels that are.*
#
# <details><summary>After you have run it</summary>
#
# 11 pixels with the stride in the first layer, 9 in the second, 7 in the last. A stride makes the steps of all
# *later* layers longer, and not its own. In the first layer it doubles what two more layers add: 3 + 4 + 4. In
# the last there is nobody left to profit: 3 + 2 + 2. That is one reason why networks take their strides early.
# The other is section 7: smaller maps, less work.
# </details>

# %% role="demo"
stacks = {
    f"stride in layer {strided + 1}": [
        (3, 2 if layer == strided else 1, 0, 1) for layer in range(3)
    ]
    for strided in range(3)
}
plotting.views(receptive_field, stacks)

# %% [markdown]
# **How far with how many?** *In the figure, vertical axis logarithmic: the size of the receptive field against
# the number of layers. 3 × 3 layers reach 21 pixels after ten, 7 × 7 layers 61. With stride 2 in every layer,
# or with dilations 1, 2, 4 and so on, two curves that lie on each other pass the line of 224 pixels at the
# seventh layer.*

# %% role="demo"
plotting.view_growth(receptive_field)

# %% [markdown]
# *This* is exponential. Now the same question without a picture, and a measurement: we light one pixel at a
# time, send all those signals through two layers as one batch, and look which of them reach output 3. Does what
# you computed agree with what happens?

# %% role="demo"
with plotting.when_ready():
    print("layers of 3 × 3 until one output sees 224 pixels:", layers_to_see(224, 3))
    layers = [(3, 2, 1, 1), (3, 1, 1, 1)]
    lit = np.eye(20)[:, None, :]
    for kernel, stride, padding, _ in layers:
        lit = conv1d_forward(lit, np.ones((1, 1, kernel)), None, stride=stride, padding=padding)
    reached = np.flatnonzero(lit[:, 0, 3])
    field = receptive_field(layers)
    begin = field.start + 3 * field.jump
    print(f"output 3 sees the pixels {reached.min()} to {reached.max()}")
    print(f"computed:                {begin} to {begin + field.size - 1}")

# %% [markdown]
# ## What you have built
#
# From one row of numbers to the layer that every convolutional network is made of:
#
# | you can now | with |
# |---|---|
# | slide a kernel, and say whether it flips | `correlate1d`, `convolve1d`, `correlate2d` |
# | find things whatever the light | `match_template` |
# | blur, and draw edges | `gaussian_kernel`, `sobel_edges` |
# | think in layers: parts first, then wholes | `square_detector` |
# | foresee size, cost and view of a layer | `conv_output_size`, `conv_counts`, `receptive_field` |
# | run the layer, on images, signals and films | `conv2d_forward`, `conv1d_forward`, `conv3d_forward` |
# | leave connections and pixels out | `conv2d_grouped` |
# | see a matrix where others see a convolution | `conv1x1_as_matmul` |
#
# **What comes next.** All filters here were typed in by hand. Nobody would type in half a million. To *learn*
# them we need gradients: how much does the loss change if one weight changes that was used at a thousand
# places? The next notebook, *linear maps and gradients*, writes the layer as a matrix, runs it backwards, and
# makes it fast on the way.
#
# ## Before you hand in
#
# 1. **Restart the kernel and run all cells.** What worked by chance, thanks to a variable that you have since
#    deleted, shows up now.
# 2. **Every check says that it passed.** Hand in what you have in any case: every question counts for itself,
#    and where one of your functions builds on another that is wrong, it is tried once more with a right one.
# 3. **Are your functions pure?** No changed inputs, no memory between calls, no printing in loops.
# 4. **Don't delete or copy check cells**, and keep the names of the functions.
# 5. **Save, and hand in this notebook file.** Nothing else is needed.
