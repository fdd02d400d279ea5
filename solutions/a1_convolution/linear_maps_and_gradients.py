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
# # Linear maps and gradients
#
# In the first notebook every filter was typed in by hand. Nobody types in half a million weights: networks
# *learn* them, and to learn is to ask each weight one question: *if you were a little larger, would the result
# be better or worse?* For a weight of a convolution layer the question is harder than it looks. It was used at
# a thousand places of the picture at once, and each of them has an opinion.
#
# This notebook takes the convolution layer apart until the answer is easy. First you write the layer as a
# **matrix**, in three different ways; one of them is how real libraries make it fast. Then you run it
# **backwards**, in three different ways that must agree to the last digit. On the way you will
#
# - look at the matrix that hides behind a sliding window, and count its zeros,
# - turn a layer with four nested loops into a single product,
# - find out that the way back through a convolution is a convolution, too, and make a layer of it,
# - build a lie detector for gradients, and let it loose on your own code,
# - let a computer find Sobel's filter from examples, without telling it.
#
# Everything here runs on any laptop in seconds. Expect about three and a half hours.

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
# **Allowed** is all of NumPy but `np.convolve` and `np.correlate`; no torch, no scipy. Plain loops are welcome
# wherever the text does not say otherwise (it does so twice). You may add cells and helper functions, and call
# any function that you wrote further up. If that one is wrong, you don't lose twice: your answer is tried once
# more with a right one in its place. Do not rename the functions that you are asked for.
#
# **Stuck?** Every exercise can be done without the others. `layers` holds finished versions, such as
# `layers.conv2d_forward(x, w, b, stride=2)` and `layers.im2col(x, 3)`, with which later exercises and pictures
# go on. Only the exercise that builds a thing must do without the finished one.
#
# | | question | points | minutes |
# |---|---|---|---|
# | 1 | A filter is a matrix | 4 | 15 |
# | 2 | The matrix of an image filter | 3 | 15 |
# | 3 | Local, shared, full | 3 | 10 |
# | 4 | Unfold and fold | 6 | 25 |
# | 5 | The layer as one product | 4 | 15 |
# | 6 | Backwards through a product | 3 | 15 |
# | 7 | Unfolding is a convolution | 2 | 10 |
# | 8 | The other view: sliding the signal | 2 | 10 |
# | 9 | Backwards by loops | 7 | 30 |
# | 10 | Gradients are convolutions | 4 | 20 |
# | 11 | The transposed convolution | 2 | 10 |
# | 12 | A lie detector for gradients | 3 | 15 |
# | 13 | Shifts, and layers in a row | 3 | 15 |
# | 14 | Learning a kernel | 2 | 10 |
# | | | **48** | **215** |

# %% role="setup"
import sys

if "google.colab" in sys.modules:
    # %pip install --quiet --no-deps {{wheel}}
    print("The course's library is installed.")

# %% role="setup"
import time
from collections.abc import Callable, Sequence

import numpy as np

# "No module named 'course_utils'"? README.md, beside this notebook, says how to install it.
from course_utils import colab, layers, plotting
from course_utils.checks import linear_maps_and_gradients as check

colab.setup()


def per_axis(value: int | Sequence[int], axes: int = 2) -> tuple[int, ...]:
    """Spell a setting out, one number per axis: 3 and (3, 3) mean the same."""
    if isinstance(value, (int, np.integer)):
        return (int(value),) * axes
    return tuple(int(entry) for entry in value)


def conv_output_size(size: int, kernel: int, *, stride: int = 1, padding: int = 0) -> int:
    """Number of positions a window takes along one axis; ValueError if it does not fit at all."""
    room = size + 2 * padding
    if kernel > room:
        raise ValueError(f"window: expected at most {room} pixels, the padded input, got {kernel}")
    return (room - kernel) // stride + 1


# %% [markdown]
# The last cell **gives** you two things that you know from the first notebook: `per_axis`, which spells a
# setting out, so that `stride=2` and `stride=(2, 2)` look alike, and `conv_output_size`, which counts the
# positions of a window along one axis and complains where it does not fit.
#
# ## Conventions
#
# These hold everywhere in this notebook. Come back when in doubt; most bugs of this kind of code are a broken
# convention.
#
# | | |
# |---|---|
# | images | `(N, C, H, W)`: image of the batch, channel, row, column |
# | filters | `(C_out, C_in, K_H, K_W)`, one bias for each of the `C_out` filters; `b=None` means no bias |
# | "convolution" | the kernel is *not* flipped. Where it is, we say *true* convolution |
# | stride, padding, kernel | an int for both axes, or a pair `(rows, columns)`; padding: zeros on both sides |
# | rounding | a window that would stick out at the end is left out: round down |
# | a window that does not fit at all | raises `ValueError` |
# | pictures as lists | row after row: pixel `(i, j)` of an `(H, W)` picture is entry `i * W + j` |
# | gradients | `dout` is the gradient of a loss with respect to `out`, and has its shape; so `dx`, `dw`, `db` |
# | dtype | `np.result_type` of the inputs: float32 stays float32, whole numbers with float64 give float64 |
# | manners | inputs are never changed, nothing is remembered from one call to the next |
#
# Nothing is remembered, so a backward function gets all it needs as arguments: not only `dout`, but `x` and `w`
# as they were on the way forwards.
#
# ## 1. A filter is a matrix
#
# *4 points, about 15 minutes*
#
# "Slide a window, multiply, add up" is a recipe. Recipes are hard to calculate with: what is the derivative of
# sliding? What is the reverse of it? Matrices are easy to calculate with. And a sliding window *must* be one:
# double the signal, and the output doubles; add two signals, and the outputs add. Whatever does that, a *linear
# map*, is a matrix. Which?
#
# Write the kernel $w$, with $K$ entries, into each row where its window lies, and zeros elsewhere:
#
# $$y = T x \qquad T[i, j] = \begin{cases}
# w[j - i S + P] & \text{if } 0 \le j - i S + P < K \\ 0 & \text{otherwise}\end{cases}$$
#
# with stride $S$ and padding $P$. The signal $x$ is `(L,)`, the output $y$ is `(L_out,)`, so $T$ is
# `(L_out, L)`: **a row for every output, a column for every input**. There are no columns for the padding: what
# would stand there is multiplied by zeros, and need not be stored.
#
# **With a pencil.** $w = (1, 2, 3)$ and a signal of five, without padding, then with stride 2:
#
# ```text
# 1 2 3 0 0          1 2 3 0 0
# 0 1 2 3 0          0 0 1 2 3
# 0 0 1 2 3
# ```
#
# Every row is the row above, moved on by $S$. With stride 1 all entries of a diagonal are alike: such a matrix
# is called a **Toeplitz matrix**, after Otto Toeplitz, who studied them around 1910.
#
# **Your turn.**
#
# <details><summary>Hint 1: a question</summary>
#
# Forget the padding for a moment, and make the matrix for the *padded* signal: how many columns has it, and
# where does row $i$ begin? Which columns do you have to give back in the end?
# </details>
# <details><summary>Hint 2: what goes wrong most often</summary>
#
# A window that leaves the signal on the right does not come back on the left: nothing wraps around. A stride
# leaves out *rows*, not columns. And a kernel of whole numbers makes a matrix of whole numbers: `np.zeros`
# makes another dtype unless you tell it.
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# $w = (4, 5)$, four entries, stride 2, padding 1. The windows begin at −1, 1 and 3, so the rows are
# $(5, 0, 0, 0)$, $(0, 4, 5, 0)$ and $(0, 0, 0, 4)$.
# </details>


# %% question="toeplitz1d" role="solution"
def toeplitz1d(w: np.ndarray, size: int, *, stride: int = 1, padding: int = 0) -> np.ndarray:
    """The matrix that does to a signal what sliding a kernel along it does.

    Args:
        w: Kernel, (K,), applied as it stands (not flipped).
        size: Entries of the signal, L.
        stride: Steps from one position to the next.
        padding: Zeros that the signal would get on each side; they have no column.

    Returns:
        (L_out, L), dtype of w; times a signal it gives the correlation of the signal with w.

    Raises:
        ValueError: If the kernel does not fit into the padded signal.
    """
    ### BEGIN SOLUTION
    K = len(w)
    L_out = conv_output_size(size, K, stride=stride, padding=padding)
    matrix = np.zeros((L_out, size + 2 * padding), dtype=w.dtype)
    for i in range(L_out):
        matrix[i, i * stride : i * stride + K] = w
    # The padding would be multiplied by zeros: its columns can go.
    return matrix[:, padding : padding + size]
    ### END SOLUTION


# %% question="toeplitz1d" points=4 role="check"
check.toeplitz1d(toeplitz1d)

# %% role="demo"
plotting.filter_matrix(
    toeplitz1d,
    np.array([1.0, -2.0, 3.0]),
    6,
    [{"stride": 1, "padding": 0}, {"stride": 2, "padding": 1}],
)

# %% [markdown]
# *In the figure above: left the kernel 1, −2, 3 as it slides along a signal of six entries, one row per
# position; right the matrix. Above, with stride 1, both are the same picture: four rows, each one step further
# to the right. Below, with stride 2 and padding 1, the left picture has a hatched column of padding at each
# side, and the matrix is what remains when it is cut off.* The matrix is not a *model* of the sliding window. It
# **is** the sliding window, drawn row by row.
#
# **Predict.** What happens to a signal of six entries under $T^\top T$, the matrix and then its transpose? Will
# the result have four entries or six? Is $T^\top$ the inverse?

# %% role="demo"
with plotting.when_ready():
    T = toeplitz1d(np.array([1.0, -2.0, 3.0]), 6)
    signal = np.array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    print("signal        ", signal)
    print("T signal      ", T @ signal)
    print("Tᵀ T signal   ", T.T @ (T @ signal))

# %% [markdown]
# Six entries again: the transpose maps outputs back to where they came from. But it does not undo anything, the
# signal comes back smeared. Keep the transpose in mind. In section 6 it will carry gradients backwards, and in
# section 11 it becomes a layer of its own.
#
# ## 2. The matrix of an image filter
#
# *3 points, about 15 minutes*
#
# "Exercise: what about 2-D convolution?", asks the lecture, and leaves it at that. A picture has rows and
# columns, a matrix takes a list. So write the picture as a list, row after row ("row-major", the way NumPy
# stores it): pixel $(r, c)$ of an `(H, W)` picture becomes entry $r W + c$; the output likewise, $(i, j)$
# becomes $i W_\text{out} + j$.
#
# $$M[\,i W_\text{out} + j,\; r W + c\,] =
# \text{kernel}[\,r - i S_H + P_H,\; c - j S_W + P_W\,] \quad\text{inside the kernel, else } 0$$
#
# $M$ is `(H_out * W_out, H * W)`, the kernel `(K_H, K_W)`.
#
# **With a pencil.** A picture of 2 × 3 pixels, the kernel `1 2 / 3 4`. It fits at two places, and the picture
# as a list has six entries, its second row begins at entry 3:
#
# ```text
#                    row 0    row 1
# out[0, 0]          1 2 0    3 4 0
# out[0, 1]          0 1 2    0 3 4
# ```
#
# The two lines of the kernel are torn apart, $W$ entries from one to the next.
#
# **Your turn.**
#
# <details><summary>Hint 1: a question</summary>
#
# Each row of $M$ is a picture of zeros in which the kernel lies at one place, written as a list. How do you
# make that picture? And which NumPy method writes a picture as a list?
# </details>
# <details><summary>Hint 2: padding</summary>
#
# Lay the kernel into a picture *with* its padding, then cut the padding off before you write it as a list. What
# lies outside is cut off with it.
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# A picture of 3 × 2 pixels, the kernel a column, 5 above 6. The rows of $M$ are $(5, 0, 6, 0, 0, 0)$,
# $(0, 5, 0, 6, 0, 0)$, $(0, 0, 5, 0, 6, 0)$ and $(0, 0, 0, 5, 0, 6)$.
# </details>


# %% question="conv_matrix2d" role="solution"
def conv_matrix2d(
    kernel: np.ndarray,
    in_size: Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
) -> np.ndarray:
    """The matrix that does to a grey image, written row after row, what sliding a kernel does.

    Args:
        kernel: (K_H, K_W), applied as it stands (not flipped).
        in_size: Size of the image, (H, W).
        stride: Pixels from one position to the next, one number or (rows, columns).
        padding: Zeros that the image would get on each side, one number or (rows, columns).

    Returns:
        (H_out * W_out, H * W), dtype of the kernel.

    Raises:
        ValueError: If the kernel does not fit into the padded image.
    """
    ### BEGIN SOLUTION
    (H, W), (K_H, K_W) = in_size, kernel.shape
    (s_h, s_w), (p_h, p_w) = per_axis(stride), per_axis(padding)
    H_out = conv_output_size(H, K_H, stride=s_h, padding=p_h)
    W_out = conv_output_size(W, K_W, stride=s_w, padding=p_w)
    matrix = np.empty((H_out * W_out, H * W), dtype=kernel.dtype)
    for i in range(H_out):
        for j in range(W_out):
            # A picture of zeros with the kernel in its place; what lies in the padding is cut off.
            canvas = np.zeros((H + 2 * p_h, W + 2 * p_w), dtype=kernel.dtype)
            canvas[i * s_h : i * s_h + K_H, j * s_w : j * s_w + K_W] = kernel
            matrix[i * W_out + j] = canvas[p_h : p_h + H, p_w : p_w + W].ravel()
    return matrix
    ### END SOLUTION


# %% question="conv_matrix2d" points=3 role="check"
check.conv_matrix2d(conv_matrix2d)

# %% role="demo"
sobel = np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
plotting.image_matrix(conv_matrix2d, sobel, (6, 7))

# %% [markdown]
# *In the figure above: left the 3 × 3 Sobel filter; right its matrix for pictures of 6 × 7 pixels, 20 rows and
# 42 columns, purple for positive and brown for negative entries. Thin lines divide it into blocks, one for each
# row of the output and each row of the picture. Three diagonals of blocks are filled, and inside each block the
# entries form diagonals again; everything else is white.* A Toeplitz matrix made of Toeplitz matrices. The
# three block diagonals are the three *rows* of the filter.
#
# **Predict.** For a photo of 128 × 128 pixels, how many entries does the matrix of a 3 × 3 filter with padding 1
# have? How much memory is that in float64? Which share of it is not zero?

# %% role="demo"
pixels = 128 * 128
print(f"entries: {pixels**2:,}, in float64 {pixels**2 * 8 / 1e9:.1f} GB")
print(f"not zero: at most {9 * pixels:,}, that is {9 / pixels:.3%}; different weights: 9")

# %% [markdown]
# > **Check the slide.** *"Local connection: W is sparse. Weight sharing: # params = 3."* Both are right, and
# > both are hints. A matrix of 2 GB that holds nine numbers is the right thing for *thinking*, and the wrong
# > thing for *computing*. In section 4 you find the right one.
#
# ## 3. Local, shared, full
#
# *3 points, about 10 minutes*
#
# The matrix has two properties that a fully connected layer does not have: most entries are zero, because
# windows are *local*, and the rest repeat, because weights are *shared*. They are two separate ideas. You can
# have the first without the second: a **locally connected** layer has windows, and *other weights at every
# position*.
#
# $$y[i] = \sum_{k=0}^{K-1} w[i, k]\; x[i + k]$$
#
# $x$ is `(L,)`, $y$ is `(L - K + 1,)`, and $w$ is now `(L - K + 1, K)`: row $i$ belongs to position $i$.
#
# **With a pencil.** $x = (1, 2, 3, 4)$, and $w$ has the rows $(1, 0)$, $(0, 1)$, $(1, 1)$: $y = (1, 3, 7)$. The
# first output copies the left number, the second the right one, the third adds.
#
# How many weights does each kind of layer need, from $L$ inputs to $L - K + 1$ outputs, without biases? Shared:
# $K$. Local: $K$ for every output. Full: $L$ for every output. The lecture draws it for six inputs and $K = 3$:
# 3, 12 and 24.
#
# **Your turn.** The layer, and the count.
#
# <details><summary>Hint 1: a question</summary>
#
# If $w$ has $L_\text{out}$ rows of $K$, how long must the signal be so that each row has its window, and no
# window is left without a row? What do you do if it is not?
# </details>
# <details><summary>Hint 2: numbers</summary>
#
# $x = (2, 5, 1)$, $w$ has the rows $(1, 10)$ and $(3, 0)$: $y = (2 + 50,\; 15 + 0) = (52, 15)$. For 4 inputs and
# kernels of 2 the counts are 2, 6 and 12.
# </details>


# %% question="locally_connected" role="solution"
def locally_connected1d(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Slide a window along a signal, with other weights at every position.

    Args:
        x: Signal, (L,).
        w: Weights, (L_out, K): row i is used at position i.

    Returns:
        (L_out,), y[i] = w[i] . x[i : i + K]; dtype np.result_type(x, w).

    Raises:
        ValueError: Unless L_out is L - K + 1.
    """
    ### BEGIN SOLUTION
    L, (L_out, K) = len(x), w.shape
    if L_out != L - K + 1:
        raise ValueError(f"w: expected {L - K + 1} rows, one per position, got {L_out}")
    y = np.empty(L_out, dtype=np.result_type(x, w))
    for i in range(L_out):
        y[i] = w[i] @ x[i : i + K]
    return y
    ### END SOLUTION


def count_weights(size: int, kernel: int) -> tuple[int, int, int]:
    """Weights of a layer from `size` inputs to as many outputs as windows fit, no biases.

    Args:
        size: Inputs, L.
        kernel: Window length, K.

    Returns:
        conv, local, full: with shared weights, with local ones, and fully connected.

    Raises:
        ValueError: If the window is longer than the input.
    """
    ### BEGIN SOLUTION
    outputs = conv_output_size(size, kernel)
    return kernel, outputs * kernel, outputs * size
    ### END SOLUTION


# %% question="locally_connected" points=3 role="check"
check.locally_connected(locally_connected1d, count_weights)

# %% role="demo"
plotting.weight_sharing(locally_connected1d, count_weights, 6, 3)

# %% [markdown]
# *In the figure above: three matrices of four rows and six columns; a number and a colour for every weight,
# white where there is none. Left, convolution: three numbers, again and again along the diagonals. In the
# middle, locally connected: the same places, but twelve different numbers. Right, fully connected: all 24
# places are taken.* Locality makes white, sharing makes equal. (The
# left matrix comes from your locally connected layer, too: with equal rows of weights it is a convolution.)
#
# **Predict.** One map of 1,000 × 1,000 pixels, windows of 5 × 5. How many times more weights than a convolution
# has the locally connected layer, and how many times more the fully connected one?

# %% role="demo"
outputs = 996 * 996
print(f"shared {25:,}, local {25 * outputs:,}, full {1000 * 1000 * outputs:,}")

# %% [markdown]
# Looking locally saves a factor of forty thousand, sharing another million. Is sharing also *right*? It says
# that what is worth finding at one place is worth finding at any other. For photos that is nearly true. For
# passport pictures, in which the eyes are always at the same height, it is not, and face recognition of around
# 2014 used locally connected layers for that reason.
#
# ## 4. Unfold and fold
#
# *6 points, about 25 minutes*
#
# The matrix of the filter is huge because every output has a row for itself. Turn the roles around: leave the
# *weights* a small dense matrix, and copy the *picture* so that every window stands in a column of its own.
# PyTorch calls that **unfold**, MATLAB **im2col** (image to columns).
#
# $$\text{cols}[n,\; (c \cdot K_H + u) \cdot K_W + v,\; i \cdot W_\text{out} + j] =
# x_\text{pad}[n,\; c,\; i \cdot S_H + u,\; j \cdot S_W + v]$$
#
# | | shape | in words |
# |---|---|---|
# | x | `(N, C, H, W)` | a batch of images |
# | cols | `(N, C * K_H * K_W, L)` | for each image a column per window, `L = H_out * W_out` of them |
#
# The rows of `cols` count through a filter as `w.reshape(C_out, -1)` does: channel first, then row, then column
# of the window.
#
# **With a pencil.** One image, one channel, windows of 2 × 2:
#
# ```text
# image            cols                    folded back
# 1 2 3            1 2     top left        1  4  3
# 4 5 6            2 3     top right       4 10  6
#                  4 5     bottom left
#                  5 6     bottom right
# ```
#
# Read a *column*, and you see one window. Read a *row*, and you see one pixel of the window, at all positions:
# a piece of the picture.
#
# **Fold**, or **col2im**, is the way back: every entry of `cols` goes to the pixel that it came from, and where
# several arrive they are *added*. Above, 2 and 5 stood in two windows each, so they come back as 4 and 10. So
# folding does not undo unfolding. What is it, then? It is the *transpose*. Unfolding is linear, so some matrix
# $U$ of zeros and ones does it, and folding is $U^\top$. We will need exactly that for gradients, and it can be
# tested without ever writing $U$ down: for all `x` and all `cols`
#
# $$\langle \text{im2col}(x),\, \text{cols} \rangle = \langle x,\, \text{col2im}(\text{cols}) \rangle
# \qquad \langle a, b \rangle = \textstyle\sum a \cdot b$$
#
# **Your turn.** Both. `col2im` is given the shape of the images, because it can't be seen from `cols`: pixels
# that no window reached come back as zeros.
#
# <details><summary>Hint 1: a question</summary>
#
# A loop over all positions would fill the columns one by one. A loop over the *entries of the window* fills the
# rows. Which of the two loops is short? Which slice of the padded picture is the row of entry `(u, v)`?
# (Strides: `a[u : u + 7 : 2]` takes every second one.) You will thank yourself in section 5.
# </details>
# <details><summary>Hint 2: the order of things</summary>
#
# An array of shape `(N, C, K_H, K_W, H_out, W_out)` has all axes in the right order; what does `reshape` to
# three axes make of it? And in `col2im`, what is the first thing to do with `cols`?
# </details>
# <details><summary>Hint 3: what goes wrong most often</summary>
#
# In `col2im`, `=` where it should add. The padded image returned instead of the image. `a[p:-p]`, which is
# *empty* for `p = 0`. An image that is too small if the last pixels were never reached. K_H and K_W mixed up.
# </details>
# <details><summary>Hint 4: numbers</summary>
#
# `x` is `[[[[1, 2, 3, 4]]]]`, the kernel `(1, 2)`, stride 2, padding `(0, 1)`. The padded row is 0 1 2 3 4 0,
# the windows (0, 1), (2, 3), (4, 0). So `cols[0]` has the rows 0 2 4 and 1 3 0. Folded back: 1 2 3 4, as here
# no two windows overlap.
# </details>


# %% question="im2col" role="solution"
def im2col(
    x: np.ndarray,
    kernel: int | Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
) -> np.ndarray:
    """Write every window of the images into a column.

    Args:
        x: Images, (N, C, H, W).
        kernel: Size of the window, one number or (K_H, K_W).
        stride: Pixels from one position to the next, one number or (rows, columns).
        padding: Zeros added on each side, one number or (rows, columns).

    Returns:
        (N, C * K_H * K_W, H_out * W_out), dtype of x. Rows: channel, then row, then column of the
        window; columns: positions row by row.

    Raises:
        ValueError: If the window does not fit into the padded images.
    """
    ### BEGIN SOLUTION
    N, C, H, W = x.shape
    (K_H, K_W), (s_h, s_w), (p_h, p_w) = per_axis(kernel), per_axis(stride), per_axis(padding)
    H_out = conv_output_size(H, K_H, stride=s_h, padding=p_h)
    W_out = conv_output_size(W, K_W, stride=s_w, padding=p_w)
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    cols = np.empty((N, C, K_H, K_W, H_out, W_out), dtype=x.dtype)
    for u in range(K_H):
        for v in range(K_W):
            # Entry (u, v) of the window meets these pixels, one at each position.
            cols[:, :, u, v] = padded[:, :, u : u + s_h * H_out : s_h, v : v + s_w * W_out : s_w]
    return cols.reshape(N, C * K_H * K_W, H_out * W_out)
    ### END SOLUTION


def col2im(
    cols: np.ndarray,
    in_shape: Sequence[int],
    kernel: int | Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
) -> np.ndarray:
    """Bring every entry of the columns back to its pixel, and add up what meets there.

    Args:
        cols: (N, C * K_H * K_W, H_out * W_out), in the order of im2col.
        in_shape: Shape of the images, (N, C, H, W).
        kernel: Size of the window, one number or (K_H, K_W).
        stride: Pixels from one position to the next, one number or (rows, columns).
        padding: Zeros that the images had on each side; what falls on them is dropped.

    Returns:
        in_shape, dtype of cols; 0 where no window reaches.

    Raises:
        ValueError: If the window does not fit into the padded images.
    """
    ### BEGIN SOLUTION
    N, C, H, W = in_shape
    (K_H, K_W), (s_h, s_w), (p_h, p_w) = per_axis(kernel), per_axis(stride), per_axis(padding)
    H_out = conv_output_size(H, K_H, stride=s_h, padding=p_h)
    W_out = conv_output_size(W, K_W, stride=s_w, padding=p_w)
    entries = cols.reshape(N, C, K_H, K_W, H_out, W_out)
    padded = np.zeros((N, C, H + 2 * p_h, W + 2 * p_w), dtype=cols.dtype)
    for u in range(K_H):
        for v in range(K_W):
            padded[:, :, u : u + s_h * H_out : s_h, v : v + s_w * W_out : s_w] += entries[
                :, :, u, v
            ]
    return padded[:, :, p_h : p_h + H, p_w : p_w + W]
    ### END SOLUTION


# %% question="im2col" points=6 role="check" forbidden="course_utils.layers.windows.windows course_utils.layers.windows.add_windows"
check.im2col(im2col, col2im)

# %% role="demo"
plotting.unfolding(im2col, np.arange(20.0).reshape(4, 5), (3, 2), [0, 1, 5])

# %% [markdown]
# *In the figure above: three steps, one per row. Left a picture of 4 × 5 pixels, numbered from 0 to 19, with a
# window of 3 × 2 framed in orange; right the columns, six rows and eight columns, in which the column of this
# window is framed as well. The second window is one step to the right, the sixth is the second of the next
# row.*
#
# **Predict.** Unfold a picture of ones and fold it back. Every pixel now says how many windows it was in. What
# will the corners say, with a window of 3 × 3 and stride 1? And with stride 2, will it be even?

# %% role="demo"
settings = [
    {"stride": 1, "padding": 0},
    {"stride": 1, "padding": 1},
    {"stride": 2, "padding": 0},
    {"stride": 3, "padding": 0},
]
plotting.window_counts(im2col, col2im, (8, 8), 3, settings)

# %% [markdown]
# *In the figure above: four pictures of 8 × 8 pixels with a count in each. With stride 1 the corners are in one
# window and everything from the third pixel on is in nine. With padding 1 the corners are in four. With stride
# 2 there is a pattern of 1, 2 and 4, and the last row and column are in no window at all; with stride 3 a 1
# everywhere that windows reach, and two rows and columns of zeros.* A border pixel is looked at less often than
# one in the middle. That holds for every convolution layer; you will meet the pattern again, as a fault in
# pictures that networks paint.
#
# Now the test that needs no answer. It uses nothing but your two functions and random numbers:

# %% role="demo"
with plotting.when_ready():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2, 3, 7, 8))
    unfolded = im2col(x, (3, 2), stride=(2, 3), padding=(1, 2))
    c = rng.normal(size=unfolded.shape)
    folded = col2im(c, x.shape, (3, 2), stride=(2, 3), padding=(1, 2))
    print(f"<im2col(x), c> = {np.sum(unfolded * c):.12f}")
    print(f"<x, col2im(c)> = {np.sum(x * folded):.12f}")

# %% [markdown]
# Two functions that pass this *adjoint test* fit together, whatever they do. (It can't know whether *both* have
# the same misconception. That is what the other checks are for.)
#
# ## 5. The layer as one product
#
# *4 points, about 15 minutes*
#
# Every window is a column now, every filter can be a row. Then all dot products of all filters with all windows
# are one matrix product:
#
# $$\underbrace{\text{out}}_{(C_\text{out},\; L)} =
# \underbrace{W}_{(C_\text{out},\; C_\text{in} K_H K_W)} \;
# \underbrace{\text{cols}}_{(C_\text{in} K_H K_W,\; L)} + b$$
#
# for every image of the batch, and then the $L$ positions become a picture of `(H_out, W_out)` again. The four
# nested loops of the convolution layer are gone. Not that anything is computed less: the loops have moved to
# where they are fast, into the matrix product, on which people have worked for half a century.
#
# **With a pencil.** The picture and the columns of section 4, and two filters, `1 0 / 0 1` and `1 1 / 0 0`:
#
# ```text
#                1 2
# 1 0 0 1   ·    2 3    =   6 8
# 1 1 0 0        4 5        3 5
#                5 6
# ```
#
# **Your turn.** Here a plain loop is *not* welcome: **no Python loop over pixels or images**, or over what
# grows with them. (Loops over `K_H` and `K_W` are fine, also those inside your `im2col`.) The check counts the
# steps that Python takes for a small and for a large image; it measures no time.
#
# <details><summary>Hint 1: a question</summary>
#
# What does `@` do with arrays of three axes? What must the shapes be so that each image is multiplied by the
# same matrix of filters?
# </details>
# <details><summary>Hint 2: if your im2col loops over positions</summary>
#
# Then this function does, too. Turn the loops around: over the entries of the window, not over its places. Or
# look at `np.lib.stride_tricks.sliding_window_view`, which is allowed, and cut and order its axes.
# </details>
# <details><summary>Hint 3: the bias</summary>
#
# It belongs to the axis of the filters, not to the last one. What shape must it have to meet `(N, C_out, L)`
# there? And what if it is `None`?
# </details>
# <details><summary>Hint 4: numbers</summary>
#
# One image with two channels of a single pixel, 3 and 4; two filters of 1 × 1, (1, 2) and (10, 0); biases 5 and
# 7. The only column is (3, 4), the product is (11, 30), and the output (16, 37) has the shape `(1, 2, 1, 1)`.
# </details>


# %% question="conv2d_im2col" role="solution"
def conv2d_im2col(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
) -> np.ndarray:
    """The convolution layer as a matrix product, without a Python loop over pixels.

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

    Source:
        Chellapilla, Puri, Simard (2006), inria-00112631.
    """
    ### BEGIN SOLUTION
    N, _, H, W = x.shape
    C_out, _, K_H, K_W = w.shape
    (s_h, s_w), (p_h, p_w) = per_axis(stride), per_axis(padding)
    cols = im2col(x, (K_H, K_W), stride=stride, padding=padding)
    out = w.reshape(C_out, -1) @ cols
    if b is not None:
        out = out + b[:, None]
    H_out = conv_output_size(H, K_H, stride=s_h, padding=p_h)
    W_out = conv_output_size(W, K_W, stride=s_w, padding=p_w)
    return out.reshape(N, C_out, H_out, W_out)
    ### END SOLUTION


# %% question="conv2d_im2col" points=4 role="check" uses="im2col" forbidden="course_utils.layers.conv2d_forward"
check.conv2d_im2col(conv2d_im2col)

# %% [markdown]
# **Predict.** The same filter on the same picture, by the matrix of section 2 and by the product of section 5.
# The matrix is ready before the clock starts. Which is faster, and how many times: about as fast, ten times, a
# hundred times?

# %% role="demo"
with plotting.when_ready():
    rng = np.random.default_rng(2)
    image, w = rng.normal(size=(1, 1, 48, 64)), rng.normal(size=(1, 1, 3, 3))
    matrix = conv_matrix2d(w[0, 0], (48, 64))
    cols = im2col(image, 3)
    ways = {
        "matrix of the filter": (lambda: matrix @ image.ravel(), matrix),
        "unfolded picture": (lambda: conv2d_im2col(image, w, None), cols),
    }
    results = []
    for name, (way, stored) in ways.items():
        way()
        start = time.perf_counter()
        for _ in range(10):
            result = way()
        milliseconds = 100 * (time.perf_counter() - start)
        results.append(result.ravel())
        print(f"{name:22}{milliseconds:7.2f} ms{stored.nbytes / 1e6:9.2f} MB{stored.size:12,} MACs")
    print("the same numbers:", np.allclose(*results))

# %% [markdown]
# The two agree in every number; one multiplies by zero three hundred times for every time that it does not. Both
# pay with memory. The unfolded picture holds each pixel up to $K_H \cdot K_W$ times, nine times here, and 121
# times in a layer with windows of 11 × 11.
#
# > **Check the slide.** *"Unfold: w is dense; can easily do multiple filters."* True, and the price is not on
# > the slide. A layer of 64 channels with 224 × 224 pixels and 3 × 3 windows: one image has 12.8 MB in float32,
# > its columns have 116 MB, and a batch of 32 has 3.7 GB. Libraries therefore unfold in small blocks that fit
# > into the processor's cache, and call it *implicit* im2col. One step in this direction is yours to try: unfold
# > for one row of the filter at a time, and add up $K_H$ smaller products.
#
# ## 6. Backwards through a product
#
# *3 points, about 15 minutes*
#
# Now backwards. Somewhere behind the layer stands a *loss*, one number $\mathcal{L}$ that should be small, and
# from there comes `dout`: for every output number the answer to "how much would the loss grow if you grew?" The
# layer has to pass the question on, to its input, its weights and its biases. The chain rule says how: what you
# influence, times how strongly, summed over everything that you influence.
#
# For a matrix product that sum is a matrix product again. For one image, let $Y = W C + b$ with the filters $W$
# as `(C_out, M)`, the columns $C$ as `(M, L)`, and write $dY$ for $\partial\mathcal{L} / \partial Y$:
#
# $$dW = dY\, C^\top \qquad dC = W^\top dY \qquad db = \text{row sums of } dY$$
#
# | | shape | in words |
# |---|---|---|
# | dY | `(C_out, L)` | `dout` of one image, its pictures as lists |
# | dW | `(C_out, M)` | each filter gets the windows, weighted by how much the loss minds its output there |
# | dC | `(M, L)` | each window gets the filters, weighted likewise |
#
# You need not memorise them: *the shapes allow nothing else*. And from $dC$ to `dx`? Each entry of the columns
# is a copy of a pixel. A pixel that was copied to nine places influences the loss in nine ways, so it gets the
# sum of nine gradients. A function that sends copies home and adds is what you wrote as `col2im`. It is no
# coincidence: backwards through a linear map is always its transpose.
#
# **With a pencil.** The picture of section 4, its columns, the filter `1 0 / 0 1`, and `dout` = `1 10`:
#
# ```text
# dW = 1 · (1 2 4 5) + 10 · (2 3 5 6) = (21 32 54 65)             db = 11
#
# dC =  1 10          first column home:   second column home:      dx =  1 10  0
#       0  0               1 0 0                0 10  0                   0  1 10
#       0  0               0 1 0                0  0 10
#       1 10
# ```
#
# **Your turn.** "Exercise: derive the backprop in matrix forms", says the lecture. You have just done so; write
# it down, for a batch.
#
# <details><summary>Hint 1: a question</summary>
#
# The batch has $N$ images, but the filters exist once. Each image says what it wants from the filters. What
# happens to these $N$ opinions? And what happens to `dx`: are there $N$ of them, or one?
# </details>
# <details><summary>Hint 2: shapes</summary>
#
# `dout.reshape(N, C_out, -1)` is $dY$ for all images. To transpose only the last two axes of `cols` use
# `cols.transpose(0, 2, 1)` or `np.swapaxes`; `.T` turns all three.
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# One row: `x` is 2 3 4, the filter 5 7, `dout` is 1 2. Then `dw` is $1 \cdot (2, 3) + 2 \cdot (3, 4) = (8, 11)$,
# `dx` is $(5,\; 7 + 10,\; 14) = (5, 17, 14)$ and `db` is 3.
# </details>


# %% question="conv2d_matrix_backward" role="solution"
def conv2d_matrix_backward(
    dout: np.ndarray,
    x: np.ndarray,
    w: np.ndarray,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of the convolution layer, by matrix products.

    Args:
        dout: Gradient of the loss with respect to the output, (N, C_out, H_out, W_out).
        x: Images, (N, C_in, H, W), as they were on the way forwards.
        w: Filters, (C_out, C_in, K_H, K_W).
        stride: As on the way forwards, one number or (rows, columns).
        padding: As on the way forwards, one number or (rows, columns).

    Returns:
        dx, (N, C_in, H, W); dw, (C_out, C_in, K_H, K_W); db, (C_out,): gradients of the same loss,
        dtype np.result_type(dout, x, w).
    """
    ### BEGIN SOLUTION
    N, C_out = dout.shape[:2]
    kernel = w.shape[2:]
    dY = dout.reshape(N, C_out, -1).astype(np.result_type(dout, x, w), copy=False)
    cols = im2col(x, kernel, stride=stride, padding=padding)
    # Every image has its say about the filters: their wishes add up.
    dw = np.sum(dY @ cols.transpose(0, 2, 1), axis=0).reshape(w.shape)
    dcols = w.reshape(C_out, -1).T @ dY
    dx = col2im(dcols, x.shape, kernel, stride=stride, padding=padding)
    return dx, dw, dY.sum(axis=(0, 2))
    ### END SOLUTION


# %% question="conv2d_matrix_backward" points=3 role="check" uses="im2col" forbidden="course_utils.layers.conv2d_backward"
check.conv2d_matrix_backward(conv2d_matrix_backward)

# %% [markdown]
# **What are gradients good for?** A first taste. A filter of zeros should become one that answers to upright
# edges. The loss is the mean squared difference between what it says and what Sobel's filter says, and `dw`
# tells it where to go. Predict: how will `dw` look after the very first backward pass, when all weights are
# zero?

# %% role="demo"
with plotting.when_ready():
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(1, 1, 40, 40))
    wanted = layers.conv2d_forward(noise, sobel[None, None], None)
    start_filter = np.zeros((1, 1, 3, 3))
    error = layers.conv2d_forward(noise, start_filter, None) - wanted
    _, dw, _ = conv2d_matrix_backward(2 * error / error.size, noise, start_filter)
    print("one step against the gradient, from a filter of zeros:")
    print(np.round(-dw[0, 0] / 2, 1))

# %% [markdown]
# Already Sobel's, nearly, after a single step! That is luck: the picture is noise, whose neighbouring pixels
# have nothing in common. Section 14 does it properly, and with a photo, where it is not so easy.
#
# ## 7. Unfolding is a convolution
#
# *2 points, about 10 minutes*
#
# *"Unfold in itself is convolution. Exercise: why?"*, says the lecture. Look at the *rows* of the columns: row
# $r$ is one entry of the window at all positions, in other words a piece of the picture, moved. Is there a
# filter that copies a picture and moves it? In the first notebook you saw one: zeros with a single 1.
#
# So there are filters $F$ of shape `(C * K_H * K_W, C, K_H, K_W)` with
#
# $$\text{conv}(x, F)[n, r, i, j] = \text{im2col}(x)[n,\; r,\; i \cdot W_\text{out} + j]$$
#
# whatever the stride and the padding. Filter $r$ copies the entry that stands in row $r$.
#
# **With a pencil.** One channel, windows of 1 × 2: two filters, $(1, 0)$ and $(0, 1)$. The first gives all left
# pixels, the second all right ones.
#
# **Your turn.**
#
# <details><summary>Hint 1: a question</summary>
#
# How many numbers does one filter have, and how many filters are there? If you write each filter as a list, in
# the order in which im2col counts, what does the matrix of all lists look like?
# </details>
# <details><summary>Hint 2: numbers</summary>
#
# Two channels, windows of 1 × 1: two filters with two channels each, (1, 0) and (0, 1): the first copies
# channel 0, the second channel 1. Nothing is averaged: every filter sums to 1 because it holds a single 1.
# </details>


# %% question="unfold_kernels" role="solution"
def unfold_kernels(c_in: int, kernel: int | Sequence[int]) -> np.ndarray:
    """Filters with which a convolution layer unfolds its input.

    Args:
        c_in: Channels of the images.
        kernel: Size of the window, one number or (K_H, K_W).

    Returns:
        (c_in * K_H * K_W, c_in, K_H, K_W), zeros and ones of any real dtype: the output channels
        of a layer with these filters are the rows of im2col.
    """
    ### BEGIN SOLUTION
    K_H, K_W = per_axis(kernel)
    rows = c_in * K_H * K_W
    return np.eye(rows).reshape(rows, c_in, K_H, K_W)
    ### END SOLUTION


# %% question="unfold_kernels" points=2 role="check"
check.unfold_kernels(unfold_kernels)

# %% role="demo"
letter = np.zeros((9, 9))
letter[1:8, 2], letter[1, 2:7], letter[4, 2:6] = 1, 1, 1
plotting.copying_filters(unfold_kernels, layers.conv2d_forward, letter, (2, 3))

# %% [markdown]
# *In the figure above: the six filters for windows of 2 × 3, in each a single light pixel that moves on from
# left to right and from top to bottom; below each what it makes of the letter F: the same letter, cut out a
# pixel further to the right or further down each time.* So a convolution is an unfolding with a 1 × 1 convolution
# behind it, and unfolding is a convolution with filters that need not be learned. What is learned is only how
# to *mix* what lies in the window.
#
# ## 8. The other view: sliding the signal
#
# *2 points, about 10 minutes*
#
# The same sum can be read in two ways. The matrix slides the *kernel*: for each position, over all entries.
# Swap the loops: for each *entry of the kernel*, over all positions at once. Then the signal slides:
#
# $$y = \sum_{k=0}^{K-1} w[k] \cdot x[\,k : k + L - K + 1\,]$$
#
# Each summand is a whole piece of the signal, `(L - K + 1,)`, shifted by $k$ and weighted with one number.
#
# **With a pencil.** $x = (3, 1, 4, 1, 5)$ and $w = (2, 10)$:
#
# ```text
#  2 · (3 1 4 1)  =   6  2  8  2
# 10 · (1 4 1 5)  =  10 40 10 50
#                    16 42 18 52
# ```
#
# **Your turn.** Here again the check counts steps: loop over $k$ as you like, but not over positions.
#
# <details><summary>Hint 1: a question</summary>
#
# Where does the piece of entry $k$ begin, and where does it end? Is there any $k$ for which it would leave the
# signal? When is there no piece at all?
# </details>
# <details><summary>Hint 2: the dtype</summary>
#
# `y += w[k] * ...` into an array of whole numbers refuses fractions. Which dtype must the sum start with?
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# $x = (1, 2, 3)$, $w = (10, 1)$: $10 \cdot (1, 2) + 1 \cdot (2, 3) = (12, 23)$.
# </details>


# %% question="conv1d_by_shifts" role="solution"
def conv1d_by_shifts(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Correlate as a weighted sum of shifted signals, without a Python loop over positions.

    Args:
        x: Signal, (L,).
        w: Kernel, (K,), applied as it stands (not flipped).

    Returns:
        (L - K + 1,), dtype np.result_type(x, w).

    Raises:
        ValueError: If the kernel is longer than the signal.
    """
    ### BEGIN SOLUTION
    K = len(w)
    L_out = conv_output_size(len(x), K)
    y = np.zeros(L_out, dtype=np.result_type(x, w))
    for k in range(K):
        y += w[k] * x[k : k + L_out]
    return y
    ### END SOLUTION


# %% question="conv1d_by_shifts" points=2 role="check"
check.conv1d_by_shifts(conv1d_by_shifts)

# %% role="demo"
steps = np.repeat([0.2, 0.9, 0.4], [8, 9, 8])
plotting.shifted_copies(conv1d_by_shifts, steps, np.array([0.25, 0.5, 0.25]))

# %% [markdown]
# *In the figure above: on top three copies of a staircase, each a pixel further to the left than the one before
# and lower by its weight, the middle one the highest; below their sum, the staircase with rounded steps.* This
# view explains at a glance why averaging blurs: it is the picture, laid over itself with a little shake. And it
# is the view in which you wrote `im2col`: one slice per entry of the window.
#
# ## 9. Backwards by loops
#
# *7 points, about 30 minutes*
#
# The matrix form was quick, and it hid everything. Now the same gradients by hand, without `im2col`, so that you
# see each number go home. Follow one output. On the way forwards it was
#
# $$\text{out}[n, o, i, j] = b[o] + \sum_{c,u,v} w[o, c, u, v]\;\, x_\text{pad}[n, c, i S_H + u, j S_W + v]$$
#
# If it should grow by a little, who can help? Every weight that was in the product, in proportion to the *pixel*
# that it met; every pixel, in proportion to the *weight* that it met; the bias, one to one. And everyone who
# helps at many places adds up what is wanted from it:
#
# $$\text{dw}[o, c, u, v] = \sum_{n,i,j} \text{dout}[n, o, i, j]\;\, x_\text{pad}[n, c, i S_H + u, j S_W + v] \qquad
# \text{db}[o] = \sum_{n,i,j} \text{dout}[n, o, i, j]$$
#
# $$\text{dx}_\text{pad}[n, c, i S_H + u, j S_W + v] \mathrel{+}= \text{dout}[n, o, i, j]\;\, w[o, c, u, v]
# \quad\text{for all } o, i, j, u, v$$
#
# The answer to the question with which this notebook began is the first sum: **the gradient of a shared weight
# is the sum over all places where it was used.**
#
# **With a pencil.** One row, $x = (1, 2, 3, 4, 5)$, filter $(10, 20)$, stride 2, `dout` $= (1, 3)$. The windows
# are (1, 2) and (3, 4); pixel 5 is in no window.
#
# ```text
# dw = 1 · (1, 2) + 3 · (3, 4) = (10, 14)        db = 4
# dx = (1 · 10, 1 · 20, 3 · 10, 3 · 20, 0) = (10, 20, 30, 60, 0)
# ```
#
# The last pixel influences nothing, so its gradient is 0, and `dx` has the shape of `x` all the same.
#
# **Your turn.** Loop over positions, or over everything. Don't call section 6: in a moment the two will be
# compared, and a comparison of something with itself is worth little.
#
# <details><summary>Hint 1: a question</summary>
#
# Stand at one position `(i, j)`. Which window of the padded `x` did it see? Which window of a padded `dx` gets
# something from it? How are the two related?
# </details>
# <details><summary>Hint 2: one position, all images, all filters</summary>
#
# `dout[:, :, i, j]` is `(N, C_out)`, the window is `(N, C_in, K_H, K_W)`. What has to be summed over for `dw`,
# the images or the filters? And for `dx`? `np.einsum` and `np.tensordot` can do both; so can two more loops.
# </details>
# <details><summary>Hint 3: what goes wrong most often</summary>
#
# `=` where it must be `+=`: windows overlap. The padded `dx` returned, or cropped with `[p:-p]`, which is empty
# for `p = 0`; or cropped at the top left. `dx` made as large as the windows reach, and not as large as `x`.
# Windows of `x` instead of the padded `x`. A mean where a sum belongs: nobody divides here, `dout` already
# knows.
# </details>
# <details><summary>Hint 4: numbers</summary>
#
# One row, `x` is 1 2, the filter 1 10 100, padding `(0, 1)`, `dout` is 1 5. The windows of 0 1 2 0 are (0, 1, 2)
# and (1, 2, 0), so `dw` is $(5, 11, 2)$. The padded `dx` is $(1,\; 10 + 5,\; 100 + 50,\; 500)$, and `dx` is
# $(15, 150)$.
# </details>


# %% question="conv2d_backward" role="solution"
def conv2d_backward(
    dout: np.ndarray,
    x: np.ndarray,
    w: np.ndarray,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of the convolution layer, position by position.

    Args:
        dout: Gradient of the loss with respect to the output, (N, C_out, H_out, W_out).
        x: Images, (N, C_in, H, W), as they were on the way forwards.
        w: Filters, (C_out, C_in, K_H, K_W).
        stride: As on the way forwards, one number or (rows, columns).
        padding: As on the way forwards, one number or (rows, columns).

    Returns:
        dx, (N, C_in, H, W), 0 where no window reached; dw, (C_out, C_in, K_H, K_W); db, (C_out,):
        gradients of the same loss, dtype np.result_type(dout, x, w).
    """
    ### BEGIN SOLUTION
    dtype = np.result_type(dout, x, w)
    H, W = x.shape[2:]
    (K_H, K_W), (H_out, W_out) = w.shape[2:], dout.shape[2:]
    (s_h, s_w), (p_h, p_w) = per_axis(stride), per_axis(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    dpadded = np.zeros(padded.shape, dtype=dtype)
    dw = np.zeros(w.shape, dtype=dtype)
    for i in range(H_out):
        for j in range(W_out):
            rows, columns = slice(i * s_h, i * s_h + K_H), slice(j * s_w, j * s_w + K_W)
            wanted = dout[:, :, i, j]
            dw += np.einsum("no,ncuv->ocuv", wanted, padded[:, :, rows, columns])
            dpadded[:, :, rows, columns] += np.einsum("no,ocuv->ncuv", wanted, w)
    dx = dpadded[:, :, p_h : p_h + H, p_w : p_w + W]
    return dx, dw, dout.sum(axis=(0, 2, 3)).astype(dtype)
    ### END SOLUTION


# %% question="conv2d_backward" points=7 role="check"
check.conv2d_backward(conv2d_backward)

# %% role="demo"
small = np.array([[0, 0, 1, 1, 0], [0, 1, 2, 1, 0], [1, 2, 3, 2, 1], [0, 1, 2, 1, 0]])
wanted = np.array([[1, 0, -1], [2, 0, 0], [0, 3, -2]])
plotting.gathered_gradient(conv2d_backward, small, wanted, (2, 3), [(0, 0), (0, 1), (1, 2)])

# %% [markdown]
# *In the figure above: three weights of one 2 × 3 filter, a row for each. Left the 4 × 5 picture, with all the
# pixels that this weight met framed in orange: a piece of the size of the output, further to the right or down
# for later weights. In the middle `dout`, the same each time; then their product, entry by entry; right the
# filter's gradient, in which the sum of the product stands in one place.* So the gradient of the filter is a
# picture that slides over a picture. Does that remind you of something?
#
# **Predict.** The loss is the sum of all outputs, so `dout` is all ones; the filter is 3 × 3, all ones, too. How
# does `dx` look, for a picture of 8 × 8? You have seen it before.

# %% role="demo"
with plotting.when_ready():
    ones = np.ones((1, 1, 8, 8))
    dx, dw, db = conv2d_backward(np.ones((1, 1, 6, 6)), ones, np.ones((1, 1, 3, 3)))
    print(dx[0, 0].astype(int))

# %% [markdown]
# It is the number of windows that every pixel was in. Pixels in the middle have nine times the influence of the
# corners.
#
# > **Check the slide.** *"You don't need to manually derive conv backprop in practice, frameworks handle it."*
# > Somebody wrote the framework, though, and others write new layers every week. More to the point: whoever
# > knows this sum knows why the gradient of a filter grows with the size of the picture, why a `dout` summed
# > instead of averaged needs another learning rate, and why border pixels are learned less well.
#
# ## 10. Gradients are convolutions
#
# *4 points, about 20 minutes*
#
# Two pictures above gave it away. `dw` is `dout`, sliding over `x`. And `dx`? Ask one pixel: which outputs did
# you influence? A window full of neighbouring ones. So `dx`, too, is a window that slides, over `dout`. In one
# dimension, with stride 1 and no padding:
#
# $$\text{dx}[m] = \sum_{k} \text{dout}[m - k]\; w[k] \qquad \text{dw}[k] = \sum_{i} \text{dout}[i]\; x[i + k]$$
#
# The minus makes the first one a **true convolution**, with the kernel flipped: the last weight of the window
# met the first pixel of the overlap. Where $m - k$ leaves `dout` there is nothing: pad it with $K - 1$ zeros on
# each side.
#
# What a **stride** does: the outputs stand $S$ pixels apart in the picture. So put them there: **dilate**
# `dout`, with $S - 1$ zeros between neighbours. Then everything is as with stride 1. In all:
#
# | | slides over | is |
# |---|---|---|
# | `dx` | `dout`: dilated, padded by $K - 1$ | the filters: **flipped** in both axes, `C_out` and `C_in` swapped |
# | `dw` | `x`, padded | `dout`: dilated, not flipped; images play the part of channels |
#
# **With a pencil.** The example of section 9: $x = (1, 2, 3, 4, 5)$, filter $(10, 20)$, stride 2, `dout`
# $= (1, 3)$.
#
# ```text
# dilated dout     1 0 3
# padded           0 1 0 3 0 (0)      one more zero: pixel 5, which nobody saw
# flipped filter   20 10
# dx               10 20 30 60 0
#
# dw: 1 0 3 slides over 1 2 3 4 5 and gives 10, 14, 18; the filter has two entries: keep 10, 14
# ```
#
# **Your turn.** Two functions that loop over nothing and call a convolution: your `conv2d_im2col`, or
# `layers.conv2d_forward` of the course's library.
#
# <details><summary>Hint 1: a question</summary>
#
# The filters for `dx` see as many channels as `dout` has, and make as many as `x` has. Which two axes of `w`
# have to be swapped? And for `dw`: the sum runs over images. Over what does a convolution sum? So who has to
# stand on that axis, in `x` and in `dout`?
# </details>
# <details><summary>Hint 2: sizes</summary>
#
# Compute the gradient of the *padded* picture first, then crop. Dilated, `dout` has $(H_\text{out} - 1) S + 1$
# rows; padded by $K - 1$ on both sides and run over by a window of $K$, that makes
# $(H_\text{out} - 1) S + K$ rows. The padded picture may have some more. Where are they, and what stands there?
# </details>
# <details><summary>Hint 3: the other size</summary>
#
# For `dw` a dilated `dout` slides over the padded `x`, and if the stride left pixels over, there are more
# positions than the filter has entries. Which ones are meant?
# </details>
# <details><summary>Hint 4: numbers</summary>
#
# One row, `x` is 1 2, the filter 1 10 100, padding `(0, 1)`, `dout` is 1 5. For `dx`, the flipped filter 100 10
# 1 slides over 0 0 1 5 0 0 and gives 1 15 150 500; without the padding that is 15 150. For `dw`, 1 5 slides
# over 0 1 2 0 and gives 5 11 2.
# </details>


# %% question="conv2d_gradients_as_convs" role="solution"
def conv2d_dx_as_conv(
    dout: np.ndarray,
    w: np.ndarray,
    in_size: Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
) -> np.ndarray:
    """Gradient of the convolution layer with respect to its input, as a convolution.

    Args:
        dout: Gradient of the loss with respect to the output, (N, C_out, H_out, W_out).
        w: Filters, (C_out, C_in, K_H, K_W).
        in_size: Size of the images on the way forwards, (H, W).
        stride: As on the way forwards, one number or (rows, columns).
        padding: As on the way forwards, one number or (rows, columns).

    Returns:
        (N, C_in, H, W), dtype np.result_type(dout, w); 0 where no window reached.

    Source:
        Dumoulin & Visin (2016), arXiv:1603.07285, section 4.
    """
    ### BEGIN SOLUTION
    (H, W), (K_H, K_W) = in_size, w.shape[2:]
    (s_h, s_w), (p_h, p_w) = per_axis(stride), per_axis(padding)
    N, C_out, H_out, W_out = dout.shape
    # Room for every output at the place of its window, and for a window that hangs over at each end.
    # The padded input may be larger than what the windows reach: those zeros lie at the end.
    spread = np.zeros((N, C_out, H + 2 * p_h + K_H - 1, W + 2 * p_w + K_W - 1), dtype=dout.dtype)
    rows = slice(K_H - 1, K_H + s_h * (H_out - 1), s_h)
    columns = slice(K_W - 1, K_W + s_w * (W_out - 1), s_w)
    spread[:, :, rows, columns] = dout
    flipped = w[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    dpadded = conv2d_im2col(spread, flipped, None)
    return dpadded[:, :, p_h : p_h + H, p_w : p_w + W]
    ### END SOLUTION


def conv2d_dw_as_conv(
    dout: np.ndarray,
    x: np.ndarray,
    kernel: int | Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
) -> np.ndarray:
    """Gradient of the convolution layer with respect to its filters, as a convolution.

    Args:
        dout: Gradient of the loss with respect to the output, (N, C_out, H_out, W_out).
        x: Images, (N, C_in, H, W), as they were on the way forwards.
        kernel: Size of the filters, one number or (K_H, K_W).
        stride: As on the way forwards, one number or (rows, columns).
        padding: As on the way forwards, one number or (rows, columns).

    Returns:
        (C_out, C_in, K_H, K_W), dtype np.result_type(dout, x).
    """
    ### BEGIN SOLUTION
    (K_H, K_W), (s_h, s_w) = per_axis(kernel), per_axis(stride)
    N, C_out, H_out, W_out = dout.shape
    dilated = np.zeros((C_out, N, s_h * (H_out - 1) + 1, s_w * (W_out - 1) + 1), dtype=dout.dtype)
    dilated[:, :, ::s_h, ::s_w] = dout.transpose(1, 0, 2, 3)
    # Channels become images and images channels, because the sum runs over images.
    slid = conv2d_im2col(x.transpose(1, 0, 2, 3), dilated, None, padding=padding)
    return slid.transpose(1, 0, 2, 3)[:, :, :K_H, :K_W]
    ### END SOLUTION


# %% question="conv2d_gradients_as_convs" points=4 role="check" uses="conv2d_im2col im2col" forbidden="course_utils.layers.conv2d_backward"
check.conv2d_gradients_as_convs(conv2d_dx_as_conv, conv2d_dw_as_conv)

# %% role="demo"
wanted = np.array([[1.0, -2.0, 3.0], [2.0, 1.0, -1.0]])
kernel = np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0]])
plotting.dx_by_convolution(conv2d_dx_as_conv, wanted, kernel, (5, 8), stride=2)

# %% [markdown]
# *In the figure above: six panels, with all numbers written in. On top `dout`, 2 × 3; the same spread out, with
# a row and columns of zeros between the numbers; that in a frame of zeros, one wide above and below, two wide
# at the sides, and one more at the end of each axis. Below, the 2 × 3 filter; the filter turned by 180 degrees,
# framed in orange as the window on the panel above; and what comes out when it slides: `dx`, 5 × 8. Its last
# row and its last column are zero.* Those are the pixels that no window saw.
#
# Three ways to the same gradients by now. Do they agree?

# %% role="demo"
with plotting.when_ready():
    rng = np.random.default_rng(4)
    x, w = rng.normal(size=(2, 3, 9, 10)), rng.normal(size=(4, 3, 3, 2))
    how = {"stride": (2, 3), "padding": (1, 0)}
    dout = rng.normal(size=layers.conv2d_forward(x, w, None, **how).shape)
    loops = conv2d_backward(dout, x, w, **how)
    products = conv2d_matrix_backward(dout, x, w, **how)
    dx = conv2d_dx_as_conv(dout, w, (9, 10), **how)
    dw = conv2d_dw_as_conv(dout, x, (3, 2), **how)
    print("largest difference from the loops")
    print(f"  products:      dx {np.abs(products[0] - loops[0]).max():.0e}", end="")
    print(f"   dw {np.abs(products[1] - loops[1]).max():.0e}")
    print(f"  convolutions:  dx {np.abs(dx - loops[0]).max():.0e}", end="")
    print(f"   dw {np.abs(dw - loops[1]).max():.0e}")

# %% [markdown]
# > **Check the slide.** *"Backprop wrt x is conv"*:
# > $\partial E / \partial x_i = \sum_j \partial E / \partial y_{i+j}\; w_{-j}$, and *"backprop wrt w is also
# > conv (kernel is x)"*. Right, with two words missing. The first is *true* convolution, $w_{-j}$ is flipped,
# > while the same slides call *cross-correlation* a convolution on the way forwards. And both formulas need
# > stride 1. With a stride, something has to be dilated first.
#
# ## 11. The transposed convolution
#
# *2 points, about 10 minutes*
#
# The way back makes a large picture out of a small one. Networks that paint, segment or enlarge pictures need a
# *layer* that does that. So turn the thing around: take the map "`dout` gives `dx`" and call it a layer of its
# own. It is the transpose of the matrix of a convolution; hence its name, **transposed convolution**.
#
# In pictures: every input pixel is a *stamp*. It prints its filter, times its value, into the output; the next
# pixel prints $S$ pixels further on, and where prints overlap they add. In the end `padding` pixels are cut off
# at each side.
#
# $$\text{full}[n, o, i S_H + u, j S_W + v] \mathrel{+}= x[n, c, i, j]\;\, w[c, o, u, v] \qquad
# H_\text{out} = (H - 1) S_H - 2 P_H + K_H$$
#
# `x` is `(N, C_in, H, W)` and `w` is `(C_in, C_out, K_H, K_W)`. Mind the order: the first axis belongs to the
# *input*, because it is the filter of the convolution that goes the other way. (PyTorch stores it like this,
# too.)
#
# **With a pencil.** $x = (1, 3)$, $w = (10, 20, 5)$, stride 2:
#
# ```text
# print of 1    10 20  5
# print of 3          30 60 15
#               10 20 35 60 15
# ```
#
# **Your turn.** One of the functions that you have does nearly all of it.
#
# <details><summary>Hint 1: a question</summary>
#
# `conv2d_dx_as_conv(dout, w, in_size, ...)` turns a small `dout` into a large `dx`. What are `dout`, `w` and
# `in_size` here? And which sizes make no picture at all?
# </details>
# <details><summary>Hint 2: numbers</summary>
#
# $x = (1, 3)$, $w = (10, 20, 5)$, stride 2 and padding 1 along the row: $(20, 35, 60)$. With padding 2 a single
# 35 is left, with padding 3 there is nothing left to return.
# </details>


# %% question="conv_transpose2d" role="solution"
def conv_transpose2d(
    x: np.ndarray,
    w: np.ndarray,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
) -> np.ndarray:
    """The layer whose forward pass is a convolution's way back to its input.

    Args:
        x: Images, (N, C_in, H, W).
        w: Filters, (C_in, C_out, K_H, K_W).
        stride: Output pixels from one print to the next, one number or (rows, columns).
        padding: Pixels cut off on each side of the output, one number or (rows, columns).

    Returns:
        (N, C_out, H_out, W_out) with H_out = (H - 1) * stride - 2 * padding + K_H, W_out likewise;
        dtype np.result_type(x, w).

    Raises:
        ValueError: If nothing is left of the output.
    """
    ### BEGIN SOLUTION
    sizes = zip(x.shape[2:], per_axis(stride), per_axis(padding), w.shape[2:], strict=True)
    out_size = [(size - 1) * s - 2 * p + K for size, s, p, K in sizes]
    if min(out_size) < 1:
        raise ValueError(f"padding: expected to leave at least one pixel, got the size {out_size}")
    return conv2d_dx_as_conv(x, w, out_size, stride=stride, padding=padding)
    ### END SOLUTION


# %% question="conv_transpose2d" points=2 role="check" uses="im2col conv2d_im2col conv2d_matrix_backward conv2d_backward conv2d_gradients_as_convs" forbidden="course_utils.layers.conv2d_backward"
check.conv_transpose2d(conv_transpose2d)

# %% [markdown]
# **Predict.** A picture of 5 × 5 ones, enlarged with stride 2 by filters of ones, once 3 × 3 and once 4 × 4.
# Will the large picture be even?

# %% role="demo"
plotting.checkerboard(conv_transpose2d, [3, 4], stride=2)

# %% [markdown]
# *In the figure above: left the output with filters of 3 × 3, a checkerboard of 1, 2 and 4; right the one with
# 4 × 4, all 4 but for the border.* With windows of 3 and steps of 2 some pixels get one print and others two or
# four. Pictures painted by such networks have this pattern all over, faintly, until the filter's size is a
# multiple of the stride. It is the pattern of section 4: how often a pixel is used.
#
# > **Check the slide.** Many texts call this layer *deconvolution*. Deconvolution is the *undoing* of a
# > convolution, and this layer undoes nothing. You saw in section 1 what $T^\top T$ makes of a signal: the size
# > comes back, the numbers don't.
#
# ## 12. A lie detector for gradients
#
# *3 points, about 15 minutes*
#
# Three ways that agree, and the checks agree with you. But who checks a layer that nobody has written before? A
# wrong gradient is a nasty kind of bug: nothing crashes. The network trains, only somewhat worse.
#
# There is a judge who needs to know nothing about the layer. A gradient *claims* what happens if an entry of
# $x$ grows a little. So let it grow a little, and look:
#
# $$\text{dx}[k] \approx \frac{\ell(x + h e_k) - \ell(x - h e_k)}{2 h} \qquad \ell(x) = \textstyle\sum f(x) \cdot \text{dout}$$
#
# Here $e_k$ is 1 in entry $k$ and 0 elsewhere, and $\ell$ boils the output down to one number, so that it has
# *one* gradient, the one that a backward function for this `dout` should give. These are **central
# differences**: a step to the right, a step to the left, and their distance $2h$.
#
# **With a pencil.** $f(x) = x^2$ at 3, `dout` 1, $h = 0.1$: $(9.61 - 8.41) / 0.2 = 6$. Right, $2x$ is 6.
# One-sided, it would be $(9.61 - 9) / 0.1 = 6.1$. With $x^3$ at 1: central 3.01, one-sided 3.31, truth 3.
#
# **Your turn.** `f` is a function of one array. Your function must work for whatever array it is given.
#
# <details><summary>Hint 1: a question</summary>
#
# `np.ndindex(x.shape)` goes through all places of an array with any number of axes. What does it do with no
# axes at all? Why is `x.reshape(-1)` dangerous, if you want to *write* into it and `x` is a slice of a larger
# array?
# </details>
# <details><summary>Hint 2: leave no traces</summary>
#
# `x` must be the same after the call, to the last bit. Is $(a + h) - h$ always $a$? Safer: keep the old value,
# or work on a copy. And if `f` gives back its own argument, what does `before = f(x)` hold after you have
# changed `x`?
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# `f = lambda x: x * x`, `x` is (1, 2), `dout` is (1, 10): the gradient is (2, 40). For `f = lambda x: x.sum()`
# and `dout = 3.0` it is (3, 3).
# </details>


# %% question="numerical_gradient" role="solution"
def numerical_gradient(
    f: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    dout: np.ndarray | float,
    *,
    h: float = 1e-5,
) -> np.ndarray:
    """Gradient of sum(f(x) * dout) with respect to x, by central differences.

    Args:
        f: A function of an array of x's shape, whose result has dout's shape.
        x: Where to differentiate, float64, any number of axes, also a slice of a larger array. It
            is the same after the call.
        dout: Gradient of a loss with respect to f(x), an array or a number.
        h: Step to either side.

    Returns:
        float64, shape of x.
    """
    ### BEGIN SOLUTION
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        moved = np.array(x)
        moved[place] = x[place] + h
        after = np.sum(f(moved) * dout)
        moved = np.array(x)
        moved[place] = x[place] - h
        before = np.sum(f(moved) * dout)
        gradient[place] = (after - before) / (2 * h)
    return gradient
    ### END SOLUTION


# %% question="numerical_gradient" points=3 role="check" forbidden="course_utils.gradcheck.check_gradients course_utils.gradcheck"
check.numerical_gradient(numerical_gradient)

# %% [markdown]
# Let it loose on your own code first, with the settings in which bugs like to live: nothing square, a stride
# that leaves pixels over, padding on one axis only.

# %% role="demo"
with plotting.when_ready():
    rng = np.random.default_rng(6)
    x, w, b = rng.normal(size=(2, 2, 6, 5)), rng.normal(size=(3, 2, 3, 2)), rng.normal(size=3)
    how = {"stride": (2, 2), "padding": (1, 0)}
    dout = rng.normal(size=layers.conv2d_forward(x, w, b, **how).shape)
    numbers = {
        "dx": numerical_gradient(lambda x: layers.conv2d_forward(x, w, b, **how), x, dout),
        "dw": numerical_gradient(lambda w: layers.conv2d_forward(x, w, b, **how), w, dout),
        "db": numerical_gradient(lambda b: layers.conv2d_forward(x, w, b, **how), b, dout),
    }
    claims = dict(zip(numbers, conv2d_backward(dout, x, w, **how), strict=True))
    for name, found in numbers.items():
        error = np.abs(claims[name] - found).max() / np.abs(found).max()
        print(f"{name}: relative error {error:.0e}")

# %% [markdown]
# **The grown-up version** is in the course's library. `check_gradients` looks at all inputs of a layer at once,
# knows how much rounding to expect, and says *where* a gradient is wrong. From now on it is there for you
# whenever you write a backward pass. Here it looks at yours, and at one that forgets the last row.

# %% role="demo"
from course_utils.gradcheck import check_gradients


def forgetful(dout, x, w, b):
    dx, dw, db = conv2d_backward(dout, x, w, **how)
    return np.concatenate([dx[:, :, :-1], 0 * dx[:, :, -1:]], axis=2), dw, db


with plotting.when_ready():
    for claim in (lambda dout, x, w, b: conv2d_backward(dout, x, w, **how), forgetful):
        arrays = {"x": x, "w": w, "b": b}
        print(check_gradients(lambda *given: layers.conv2d_forward(*given, **how), claim, arrays))

# %% [markdown]
# **Detective work.** Three colleagues have written backward passes for other layers. One has it right. Which,
# and what is wrong with the other two?
#
# <details><summary>After you have run it</summary>
#
# The first is right. The second has forgotten that a mean divides: the gradient is five times too large, in all
# entries alike. The third knows that the derivative of the sine is the cosine, and has forgotten the inner
# derivative: all that is claimed is half of what it should be. A *constant* ratio points to a forgotten factor;
# numbers that vary without a pattern point to a formula that is wrong altogether.
# </details>

# %% role="demo"
colleagues = {
    "x * |x|": (lambda x: x * np.abs(x), lambda dout, x: 2 * np.abs(x) * dout),
    "mean(x)": (lambda x: x.mean(), lambda dout, x: np.full(x.shape, dout)),
    "sin(2 x)": (lambda x: np.sin(2 * x), lambda dout, x: np.cos(2 * x) * dout),
}
with plotting.when_ready():
    x = np.array([-2.0, -0.7, 0.3, 1.0, 2.2])
    for name, (forward, backward) in colleagues.items():
        dout = np.ones_like(forward(x)) * 1.5
        ratio = backward(dout, x) / numerical_gradient(forward, x, dout)
        print(f"{name:10} claimed / measured: {np.array2string(ratio, precision=3)}")

# %% [markdown]
# **Predict.** The formula becomes exact for $h \to 0$. So why is $h = 10^{-5}$ the default, and not $10^{-15}$?
# What will happen to the error as $h$ gets smaller and smaller?
#
# <details><summary>After you have run it</summary>
#
# *In the figure: the relative error against the step $h$, both axes logarithmic, $h$ from 1 down to $10^{-13}$.
# Two curves in the shape of a V. The central one falls steeply to about $10^{-10}$ near $h = 10^{-5}$ and rises
# again towards smaller $h$; the one-sided one falls half as steeply, to $10^{-8}$ near $10^{-8}$, and then
# joins the first.*
#
# Two errors fight. The formula's own error shrinks with $h^2$ (one-sided: with $h$). But $f(x + h)$ and
# $f(x - h)$ become ever more alike, their difference keeps fewer and fewer correct digits, and division by $2h$
# blows up what is wrong with the rest. In float32, with its seven digits, the best you can hope for is three or
# four: check gradients in float64.
# </details>

# %% role="demo"
plotting.step_sizes(numerical_gradient)

# %% [markdown]
# ## 13. Shifts, and layers in a row
#
# *3 points, about 15 minutes*
#
# Move the cat, and the answer moves along: the first notebook began with this wish. Now we can measure whether
# it came true. A layer $f$ is **equivariant** to shifts $S$ if it doesn't matter whether you shift before or
# after:
#
# $$f(S x) = S' f(x)$$
#
# `equivariance_gap(layer, x, shift)` measures by how much that fails: shift, apply; apply, shift; largest
# difference. Three things have to be settled:
#
# - **The border.** What shifts in from outside is not the same on both ways. So only the middle counts: rows
#   `H_out // 4` up to `H_out - H_out // 4` of the output, columns likewise.
# - **Outside.** With `np.roll` what leaves on one side comes in on the other; zeros would do as well. In the
#   middle it makes no difference, as long as shifts are small.
# - **Strides.** If the output is half as large as the input, a shift by 2 pixels should move it by 1. So `step` is
#   `round(H / H_out)`, for each axis, and the output is moved by `shift // step`.
#
# **With a pencil.** A layer of stride 2 that keeps every second entry. $x = (1, 2, 3, 4)$ becomes $(1, 3)$.
# Shift by 2: $(3, 4, 1, 2)$ becomes $(3, 1)$, which is $(1, 3)$ moved by 1. Gap 0. Shift by 1: $(4, 1, 2, 3)$
# becomes $(4, 2)$. That is no shifted $(1, 3)$ at all: it has entirely different numbers in it.
#
# **Two layers in a row.** Correlate with $w_1$, then with $w_2$. Both are linear maps, so together they are
# one, and it is equivariant, too. So it should be *one* convolution, with one larger kernel. An output sees
# $K_1 + K_2 - 1$ pixels; pixel $m$ of them is reached by entry $k$ of $w_1$ and $l$ of $w_2$ if $k + l = m$:
#
# $$w[o, c, m] = \sum_{e} \sum_{k + l = m} w_2[o, e, l]\;\, w_1[e, c, k]$$
#
# and the same along both axes of an image. `w1` is `(C1, C0, K1_H, K1_W)`, `w2` is `(C2, C1, K2_H, K2_W)`, the
# result `(C2, C0, K1_H + K2_H - 1, K1_W + K2_W - 1)`; $e$ runs over the channels between the two.
#
# **With a pencil.** $w_1 = (1, 2)$, $w_2 = (1, 10)$: $w = (1,\; 2 + 10,\; 20) = (1, 12, 20)$. On
# $x = (1, 1, 1)$ the layers give first $(3, 3)$, then 33; and $1 + 12 + 20$ is 33.
#
# **Your turn.** A measuring device, and a kernel.
#
# <details><summary>Hint 1: a question</summary>
#
# `np.roll(x, shift, axis=(2, 3))` moves down and right by a pair. By which pair must the output be moved? Which
# sizes do you know only after you have called the layer?
# </details>
# <details><summary>Hint 2: for the kernel</summary>
#
# Entry $(a, d)$ of $w_2$ puts a copy of $w_1$ into the result. Where does the copy begin? In channels that is a
# matrix product: `w2[:, :, a, d]` is `(C2, C1)`. This is stamping, as in section 11.
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# A layer that multiplies each pixel by its row number: $x$ all ones, 8 × 8, shift $(1, 0)$. Shifted before, row
# $i$ of the output is $i$; shifted after, $i - 1$. The gap is 1. For kernels: (1, 2, 3) and (1, −1) give (1, 1,
# 1, −3).
# </details>


# %% question="equivariance" role="solution"
def equivariance_gap(
    layer: Callable[[np.ndarray], np.ndarray], x: np.ndarray, shift: tuple[int, int]
) -> float:
    """Largest difference between shifting before a layer and shifting after it.

    Args:
        layer: A function from (N, C, H, W) to (N, C_out, H_out, W_out).
        x: Images, (N, C, H, W).
        shift: Pixels down and to the right by which the images are moved.

    Returns:
        The difference in the middle half of the output; 0 for an equivariant layer.
    """
    ### BEGIN SOLUTION
    out = layer(x)
    steps = [
        round(size / size_out) for size, size_out in zip(x.shape[2:], out.shape[2:], strict=True)
    ]
    moved = tuple(pixels // step for pixels, step in zip(shift, steps, strict=True))
    before = layer(np.roll(x, shift, axis=(2, 3)))
    after = np.roll(out, moved, axis=(2, 3))
    H_out, W_out = out.shape[2:]
    rows = slice(H_out // 4, H_out - H_out // 4)
    columns = slice(W_out // 4, W_out - W_out // 4)
    return float(np.abs(before - after)[:, :, rows, columns].max())
    ### END SOLUTION


def compose_kernels(w1: np.ndarray, w2: np.ndarray) -> np.ndarray:
    """Filters of the one layer that does what two layers do in a row, without padding and stride.

    Args:
        w1: Filters of the first layer, (C1, C0, K1_H, K1_W).
        w2: Filters of the second layer, (C2, C1, K2_H, K2_W).

    Returns:
        (C2, C0, K1_H + K2_H - 1, K1_W + K2_W - 1), dtype np.result_type(w1, w2).

    Raises:
        ValueError: If the second layer expects another number of channels than the first makes.
    """
    ### BEGIN SOLUTION
    (C1, C0, K1_H, K1_W), (C2, channels, K2_H, K2_W) = w1.shape, w2.shape
    if channels != C1:
        raise ValueError(f"w2: expected filters with {C1} channels, as w1 makes, got {channels}")
    shape = (C2, C0, K1_H + K2_H - 1, K1_W + K2_W - 1)
    w = np.zeros(shape, dtype=np.result_type(w1, w2))
    for a in range(K2_H):
        for d in range(K2_W):
            # Each entry of the second kernel stamps the first one into the result.
            w[:, :, a : a + K1_H, d : d + K1_W] += np.tensordot(w2[:, :, a, d], w1, axes=1)
    return w
    ### END SOLUTION


# %% question="equivariance" points=3 role="check" uses="im2col conv2d_im2col"
check.equivariance(equivariance_gap, compose_kernels)

# %% [markdown]
# **Predict.** Four layers look at the photo while it moves to the right, pixel by pixel: a convolution, the
# same with ReLU behind it, the same with stride 2, and one in which every pixel has a weight of its own. Which
# of them have gap 0 for every shift? Which for some? Does ReLU spoil it?

# %% role="demo"
rng = np.random.default_rng(7)
filters, own_weights = rng.normal(size=(2, 1, 3, 3)), rng.normal(size=(64, 64))
candidates = {
    "convolution": lambda x: layers.conv2d_forward(x, filters, None, padding=1),
    "convolution, ReLU": lambda x: np.maximum(
        layers.conv2d_forward(x, filters, None, padding=1), 0
    ),
    "convolution, stride 2": lambda x: layers.conv2d_forward(x, filters, None, stride=2, padding=1),
    "a weight for each pixel": lambda x: x * own_weights,
}
plotting.shift_gaps(equivariance_gap, candidates, plotting.photo(64), range(9))

# %% [markdown]
# *In the figure above: gap against shift, from 0 to 8 pixels. Convolution, with ReLU or without, stays at zero.
# With stride 2 the line is a saw: zero for even shifts, well above it for odd ones. The layer with a weight for
# each pixel leaves zero with the first pixel and stays far up.* ReLU spoils nothing, as it treats all pixels alike. A
# stride does: a picture shifted by one pixel is sampled *between* the old places.
#
# > **Check the slide.** *"Convolution: translation-invariance"*, then *"translation-equivariance, assuming
# > infinite canvas"*. Two different things. **In**variant would mean that the output does *not* change when the
# > picture moves; a convolution's output moves along, it is **equi**variant. And pictures do end: near the
# > border padding gives the layer a means to tell where it is. Hence our middle half. With strides or pooling,
# > the claim holds for multiples of the total stride only.

# %% role="demo"
bell = np.outer([1.0, 2.0, 1.0], [1.0, 2.0, 1.0]) / 16
edge = np.array([[1.0, 0.0, -1.0]])
plotting.composed_kernels(compose_kernels, layers.conv2d_forward, bell, edge, plotting.photo(64))

# %% [markdown]
# *In the figure above: the 3 × 3 blur, the 1 × 3 difference, and the 3 × 5 kernel that is both in one, with its
# numbers; below the photo, blurred and then differentiated, and the photo after the one kernel. The two are the
# same picture; the largest difference is in the title.*
#
# > **Check the slide.** *"Two stacked 3 × 3 layers equal one 5 × 5 layer."* They *see* as much. Without padding
# > and without anything in between they *are* one, as you have just shown. But not every 5 × 5 kernel is made
# > of two 3 × 3 ones (18 weights can't describe all that 25 can), with padding the border differs, and with a
# > ReLU in between the two together can do what no single layer can. That last difference is why one stacks
# > them.
#
# ## 14. Learning a kernel
#
# *2 points, about 10 minutes*
#
# Everything is there. Somebody shows us pictures, and what an unknown filter made of them. Find the filter! No
# formula, no idea what it is good for: start from zeros, and go downhill.
#
# $$\text{loss}(w) = \text{mean of } (\text{conv}(x, w) - \text{target})^2 \qquad
# w \leftarrow w - \text{lr} \cdot \frac{\partial\, \text{loss}}{\partial w}$$
#
# The mean is over *all* numbers of all images. Images are `(N, H, W)`, targets `(N, H - K_H + 1, W - K_W + 1)`,
# and the kernel that is sought `(K_H, K_W)`: one channel in, one out, no bias, no padding.
#
# **With a pencil.** One pixel, 2; target 6; one weight. At $w = 0$ the error is $0 - 6 = -6$, the gradient
# $2 \cdot (-6) \cdot 2 = -24$. With lr 0.1 the weight becomes 2.4. Next: error $4.8 - 6 = -1.2$, gradient
# $-4.8$, weight 2.88. On it goes, to 3.
#
# **Your turn.** Exactly `steps` steps.
#
# <details><summary>Hint 1: a question</summary>
#
# What is `dout` here, the gradient of the loss with respect to the *prediction*? Which of your functions turn
# that into `dw`? What happens to the axes that your layer has and these pictures don't?
# </details>
# <details><summary>Hint 2: numbers</summary>
#
# One image, $(1, 2, 0)$ in a row, target $(5, 2)$, size $(1, 2)$. At zeros the errors are $(-5, -2)$, and
# `dout` is $2 \cdot (-5, -2) / 2 = (-5, -2)$. So `dw` is $-5 \cdot (1, 2) - 2 \cdot (2, 0) = (-9, -10)$, and
# after one step with lr 0.1 the kernel is $(0.9, 1.0)$.
# </details>


# %% question="learn_kernel" role="solution"
def learn_kernel(
    images: np.ndarray,
    targets: np.ndarray,
    size: int | Sequence[int],
    *,
    lr: float,
    steps: int,
) -> np.ndarray:
    """Find a kernel by gradient descent from what it makes of images.

    Args:
        images: Grey images, (N, H, W).
        targets: What the kernel made of them, (N, H - K_H + 1, W - K_W + 1).
        size: Size of the kernel, one number or (K_H, K_W).
        lr: Learning rate.
        steps: Number of steps, each with all images.

    Returns:
        (K_H, K_W), floating point: the kernel after `steps` steps from zeros on the mean squared
        error over all numbers.
    """
    ### BEGIN SOLUTION
    K_H, K_W = per_axis(size)
    x, wanted = images[:, None], targets[:, None]
    w = np.zeros((1, 1, K_H, K_W))
    for _ in range(steps):
        error = conv2d_im2col(x, w, None) - wanted
        _, dw, _ = conv2d_matrix_backward(2 * error / error.size, x, w)
        w -= lr * dw
    return w[0, 0]
    ### END SOLUTION


# %% question="learn_kernel" points=2 role="check" uses="im2col conv2d_im2col conv2d_matrix_backward conv2d_backward"
check.learn_kernel(learn_kernel)

# %% [markdown]
# **Predict.** The unknown filter is Sobel's, and there are two teachers. One shows pictures of noise, the other
# pieces of the photo, with the same overall brightness and contrast. From whom does the computer learn faster?
#
# <details><summary>After you have run it</summary>
#
# *In the figure: two rows, above for noise, below for the photo. From left to right one of the pictures, the
# kernel after 1, 10 and 100 steps with its numbers, and Sobel's at the end. From noise, ten steps bring every
# weight within a tenth or two, and after a hundred the two are alike. From the photo there are, after ten
# steps, three nearly equal numbers at the left and their negatives at the right; after a hundred they are still
# a tenth off.*
#
# Noise, by far. In a photo neighbouring pixels are nearly alike, so an edge filter and a filter of zeros give
# nearly the same everywhere but at edges: the loss hardly notices the difference, and its gradient is tiny in
# just the directions that matter. Whoever has met *condition numbers* will recognise one. Making the inputs
# less alike is half of the art of training, and the next assignment is about it.
# </details>

# %% role="demo"
rng = np.random.default_rng(8)
photo = plotting.photo(64)
pieces = np.stack([photo[i : i + 24, j : j + 24] for i in (0, 20, 40) for j in (0, 20, 40)])
teachers = {
    "noise": rng.normal(size=pieces.shape),
    "photo": (pieces - pieces.mean()) / pieces.std(),
}
plotting.learned_kernel(
    learn_kernel, layers.conv2d_forward, teachers, sobel, lr=0.1, steps=[1, 10, 100]
)

# %% [markdown]
# Nobody told the computer about edges. It found Irwin Sobel's filter of 1968 because that is what explains the
# examples. The first layers of trained networks are full of such filters, found in the same way.
#
# ## What you have built
#
# | you can now | with |
# |---|---|
# | see the matrix in a sliding window | `toeplitz1d`, `conv_matrix2d` |
# | say what locality saves, and what sharing saves | `locally_connected1d`, `count_weights` |
# | copy windows into columns, and send them home | `im2col`, `col2im`, `unfold_kernels` |
# | run a convolution layer without a loop | `conv2d_im2col`, `conv1d_by_shifts` |
# | run it backwards: by products, by loops | `conv2d_matrix_backward`, `conv2d_backward` |
# | see convolutions in the gradients | `conv2d_dx_as_conv`, `conv2d_dw_as_conv` |
# | enlarge pictures with a layer | `conv_transpose2d` |
# | catch a wrong gradient, in any layer | `numerical_gradient` |
# | measure whether a layer minds a shift; make two layers one | `equivariance_gap`, `compose_kernels` |
# | learn | `learn_kernel` |
#
# **What comes next.** One layer that learns is not a deep network. Stack two, and section 13 has made one of
# them: something that bends must stand between. And a photo taught slowly, because its numbers are so alike.
# The next assignment builds both remedies: *activations and pooling*, and *normalization*.
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
