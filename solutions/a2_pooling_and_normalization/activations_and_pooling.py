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
# # Activations and pooling
#
# A convolution layer can find an edge wherever it is. Put a second convolution layer behind it, and a third:
# what have you gained? Nothing at all. Two of them in a row are one larger convolution, and a hundred of them
# are one, too. Something has to stand *between* them that is not linear.
#
# And another thing. The cat moves one pixel to the right, and so does its edge in the feature map. The layer
# says *where* the edge is, faithfully, to the pixel. But at the end somebody will ask: is there a cat, yes or
# no? On the way from *where* to *whether*, somebody has to let go of the where.
#
# The first problem is solved by an **activation**, the second (partly, as you will measure) by **pooling**. Both
# are tiny: no weights, nothing to learn. In this notebook you build them forward and backward, from scratch. On
# the way you will
#
# - stop a gradient, share it out, and send it down the one right path,
# - write a sigmoid that survives the number −10,000,
# - measure how much "translation invariance" there is in pooling, and be a little disappointed,
# - watch a gradient die in twenty layers, and find that the hero of the story is not quite who the slides say.
#
# Everything runs on any laptop in seconds, and on a GPU if there is one. Expect about three hours.

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
# look at other cases: other sizes, other dtypes, extreme values. A check that passes means that you are nearly
# there: read your function once more and ask what else it might be given.
#
# **Hints** are folded. The first asks you a question, the last gives the numbers of one tiny case. Try to need
# one fewer than you think.
#
# **Predictions** are worth nothing and teach the most. Say the answer aloud before you run the cell.
#
# **Allowed** are tensors and their arithmetic, reductions and indexing, `torch.exp`, `torch.expm1`,
# `torch.erf`, `torch.where`, `torch.clamp`, `Tensor.unfold`, and `pad` from `torch.nn.functional`. *Not* allowed
# is what answers the question for you: the rest of `torch.nn`, autograd (`backward()`, `requires_grad`), and the
# ready-made relu, sigmoid, tanh, softmax and pooling, under whatever name. Plain loops are welcome (a call may
# take five seconds). You may add cells and helper functions. Do not rename the functions that you are asked for.
#
# | | question | points | minutes |
# |---|---|---|---|
# | 1 | ReLU | 3 | 10 |
# | 2 | Five other activations | 6 | 30 |
# | 3 | Maxout | 4 | 15 |
# | 4 | Max pooling | 6 | 20 |
# | 5 | Max pooling, backward | 7 | 25 |
# | 6 | Average pooling | 6 | 20 |
# | 7 | Average pooling is a convolution | 3 | 10 |
# | 8 | Max pooling along a signal | 2 | 5 |
# | 9 | Is pooling invariant? | 5 | 15 |
# | 10 | Linear layers collapse | 3 | 10 |
# | 11 | The gradient by depth | 3 | 15 |
# | | | **48** | **175** |

# %% role="setup"
import sys

if "google.colab" in sys.modules:
    # %pip install --quiet --no-deps {{wheel}}
    print("The course's library is installed.")

# %% role="setup"
import math
from collections.abc import Callable, Sequence

import torch
from torch.nn.functional import pad

# "No module named 'course_utils'"? README.md, beside this notebook, says how to install it.
from course_utils import colab, data, plotting
from course_utils.checks import activations_and_pooling as check
from course_utils.device import choose_device

colab.setup()
# float64, because the checks look closely: Apple's GPUs have no double precision.
device = choose_device(float64=True)


def per_axis(value: int | Sequence[int]) -> tuple[int, int]:
    """Spell a setting out, one number per axis: 3 and (3, 3) mean the same."""
    if isinstance(value, int):
        return value, value
    rows, columns = value
    return int(rows), int(columns)


def conv_output_size(size: int, kernel: int, *, stride: int = 1, padding: int = 0) -> int:
    """Number of positions a window takes along one axis; ValueError if it does not fit at all."""
    room = size + 2 * padding
    if kernel > room:
        raise ValueError(f"window: expected at most {room} pixels, the padded input, got {kernel}")
    return (room - kernel) // stride + 1


# %% [markdown]
# The last cell **gives** you two small things from the first assignment: `per_axis`, which makes `stride=2` and
# `stride=(2, 2)` look alike, and `conv_output_size`, which counts the positions of a window along one axis and
# complains if there is none.
#
# ## Conventions
#
# These hold everywhere in this notebook. Come back when in doubt; most bugs of this kind of code are a broken
# convention.
#
# | | |
# |---|---|
# | images | `(N, C, H, W)`: image of the batch, channel, row, column |
# | tensors | floating point, float32 or float64, and not always contiguous in memory |
# | dtype and device | follow from the inputs: float32 stays float32, and what comes from a GPU stays there |
# | kernel, stride, padding | an int for both axes, or a pair `(rows, columns)`; padding goes on both sides |
# | stride of a pool | `None`, the default, means as large as the kernel: windows lie side by side |
# | rounding | a window that would stick out at the end is left out: round down |
# | padding of a pool | counts as −∞ for the maximum and as 0 for the average; at most half the kernel |
# | what does not fit | raises `ValueError` |
# | backward | takes `dout`, the gradient of the loss with respect to the output; returns that of the input |
# | manners | inputs are never changed, nothing is remembered from one call to the next |
#
# ## From arrays to tensors
#
# This is the first notebook with **torch**. A tensor is an array with two more habits: it lives on a *device*,
# and it has methods that change it in place. What you know from NumPy carries over nearly word for word:
#
# | NumPy | torch | beware |
# |---|---|---|
# | `np.maximum(a, b)` | `torch.maximum(a, b)` | both must be tensors; for a number `torch.clamp(a, min=0)` |
# | `a.max(axis=1)` | `a.amax(dim=1)` | `a.max(dim=1)` gives *two* tensors, values and places |
# | `a.sum(axis=(2, 3))` | `a.sum(dim=(2, 3))` | |
# | `np.where(m, a, b)` | `torch.where(m, a, b)` | |
# | `np.pad(a, ...)` | `pad(a, (left, right, top, bottom))` | the *last* axis comes first |
# | `sliding_window_view` | `a.unfold(dim, size, step)` | one axis at a time, the window becomes a new last axis |
# | `np.zeros(shape)` | `torch.zeros(shape, dtype=..., device=...)` | or `torch.zeros_like(a)`, which asks `a` |
# | `a.copy()` | `a.clone()` | |
#
# **In place.** A method whose name ends with an underscore changes the tensor itself: `a.clamp_(min=0)` as well
# as `a += 1` and `a[a < 0] = 0`. If `a` is what somebody handed to you, it is theirs. In a network the input of
# your layer is usually also needed by somebody else: by the backward pass, which comes later.
#
# **Device.** Two tensors must be on the same device to be added. So a tensor that you make yourself has to be
# made where the input is: `torch.zeros(3)` is always on the CPU, and your function breaks as soon as it is run
# on a GPU. `torch.zeros(3, device=x.device, dtype=x.dtype)` works everywhere.
#
# **With a pencil.** `unfold` is the sliding window of this notebook. What are the shape and the entries of the
# second line?

# %% role="demo"
row = torch.arange(7.0, device=device)
print(row.unfold(0, 3, 2))
picture = torch.arange(20.0, device=device).reshape(1, 1, 4, 5)
windows = picture.unfold(2, 2, 1).unfold(3, 2, 1)
print(f"\n{tuple(picture.shape)} becomes {tuple(windows.shape)}; the window at row 1, column 2 is")
print(windows[0, 0, 1, 2])

# %% [markdown]
# Two axes of the image became four: `windows[n, c, i, j]` is the window at `(i, j)`, and no number was copied
# for it: `unfold` gives another *view* of the same memory.
#
# ## 1. ReLU
#
# *3 points, about 10 minutes*
#
# Between two linear layers has to stand something that is not linear. What is the least that one can do? Bend
# the line once. The **rectified linear unit** keeps what is positive and cuts what is not:
#
# $$\text{out} = \text{ReLU}(x) = \max(0, x)$$
#
# on every number for itself, so `out` has the shape of $x$, any shape. A filter's output says how well the
# filter matches; after ReLU only the matches are left, and the next layer never hears of the mismatches.
#
# **Backward.** The loss depends on `out`, and `dout` says how: $\text{dout} = \partial L / \partial \text{out}$,
# in the shape of `out`. What does the loss change if $x$ changes a bit? Where $x > 0$, `out` changes as much as
# $x$ does. Where $x < 0$, `out` stays 0 whatever $x$ does. So
#
# $$\text{dx} = \begin{cases} \text{dout} & x > 0 \\ 0 & x < 0 \end{cases}$$
#
# In words: ReLU is a **gate**. Going forward it lets positive numbers through; going backward it lets those
# gradients through whose gate was open *going forward*. At exactly 0 there is no derivative. Every library picks
# something, usually 0, and so may you.
#
# **With a pencil.** The third column is where most mistakes happen: its gradient is negative, and passes.
#
# | x | −2 | 3 | 0.5 | −0.1 |
# |---|---|---|---|---|
# | out | 0 | 3 | 0.5 | 0 |
# | dout | 10 | 20 | −30 | 40 |
# | dx | 0 | 20 | −30 | 0 |
#
# **Your turn.**
#
# <details><summary>Hint 1: a question</summary>
#
# Which of the two rows, $x$ or `dout`, decides whether the gate is open? Which one passes through it?
# </details>
# <details><summary>Hint 2: whose tensor is it?</summary>
#
# `dout[x < 0] = 0` gives the right numbers. Who else might still need `dout`?
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# For $x = (-1, 4)$: forward $(0, 4)$. With $\text{dout} = (5, -6)$, backward $(0, -6)$.
# </details>


# %% question="relu" role="solution"
def relu_forward(x: torch.Tensor) -> torch.Tensor:
    """Keep what is positive, cut what is negative.

    Args:
        x: Any shape.

    Returns:
        max(0, x), entry by entry; shape, dtype and device of x.
    """
    ### BEGIN SOLUTION
    return torch.clamp(x, min=0)
    ### END SOLUTION


def relu_backward(dout: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Gradient of the loss with respect to the input of ReLU.

    Args:
        dout: Gradient with respect to the output, shape of x.
        x: What the forward pass was given.

    Returns:
        Gradient with respect to x, in its shape. Where x is exactly 0, anything between 0 and dout.
    """
    ### BEGIN SOLUTION
    return torch.where(x > 0, dout, torch.zeros_like(dout))
    ### END SOLUTION


# %% question="relu" points=3 role="check"
check.relu(relu_forward, relu_backward)

# %% role="demo"
# A feature map with both signs: how much darker the photo gets from left to right.
photo = data.photo(128)
upright_edges = photo[:, 4:-4] - photo[:, 8:]
plotting.gates(relu_forward, relu_backward, upright_edges)

# %% [markdown]
# *In the figure above: left the map of upright edges in a photo, purple where it gets darker to the right and
# brown where it gets brighter; in the middle the same map after ReLU, with the purple edges only. Right: where
# the gate is open, in yellow, about half of the pixels, in large and small patches.*
#
# One filter has become an expert for edges in *one* direction. If the network wants the other direction as
# well, it needs another filter.
#
# ## 2. Five other activations
#
# *6 points, about 30 minutes*
#
# A gate that is shut lets no gradient through. A unit whose input is negative for *every* picture of the data set
# gets no gradient from any of them: it can never come back. It is dead. Could one leave the gate ajar? And must
# the curve have a corner?
#
# | name | forward | slope, the derivative | parameter |
# |---|---|---|---|
# | leaky ReLU | $x$ if $x > 0$, else $s \cdot x$ | 1 or $s$ | `slope` $s$, 0.01 |
# | ELU | $x$ if $x > 0$, else $\alpha\,(e^x - 1)$ | 1 or $\alpha\,e^x$ | `alpha` $\alpha$, 1 |
# | sigmoid | $\sigma(x) = \dfrac{1}{1 + e^{-x}}$ | $\sigma\,(1 - \sigma)$ | |
# | tanh | $t(x) = \dfrac{e^x - e^{-x}}{e^x + e^{-x}}$ | $1 - t^2$ | |
# | GELU | $x \cdot \Phi(x)$ | $\Phi(x) + x \cdot \varphi(x)$ | |
#
# $$\Phi(x) = \frac12 \left(1 + \text{erf}\left(\frac{x}{\sqrt 2}\right)\right) \qquad
# \varphi(x) = \frac{1}{\sqrt{2\pi}}\, e^{-x^2/2}$$
#
# $\Phi$ says how likely a number from the standard normal distribution is below $x$, and $\varphi$ is its
# density, so $\Phi' = \varphi$. GELU is a ReLU with a soft gate: instead of *open or shut*, each number is
# multiplied by "how many of the others are smaller". It is what most transformers use. Sigmoid and tanh are the
# old ones: they were there before ReLU, and you will see in section 11 why they left.
#
# All work entry by entry on tensors of any shape, and **backward** is the same for all: *gradient from above
# times slope*, $\text{dx} = \text{dout} \cdot f'(x)$.
#
# **With a pencil.** $x = -1$, and `dout` = 10 from above:
#
# | | leaky ReLU | ELU | sigmoid | tanh | GELU |
# |---|---|---|---|---|---|
# | forward | −0.01 | −0.632 | 0.269 | −0.762 | −0.159 |
# | slope | 0.01 | 0.368 | 0.197 | 0.420 | −0.083 |
# | backward | 0.1 | 3.68 | 1.97 | 4.20 | −0.83 |
#
# GELU's slope is negative there: it is the only one of the five that does not rise everywhere.
#
# > **A trap.** $e^{10000}$ is more than a float can hold: `torch.exp` gives `inf`. That alone is harmless,
# > $1 / \infty = 0$ is the right answer. But $\infty / \infty$ and $0 \cdot \infty$ are NaN, and a single NaN in
# > a layer is NaN everywhere one step later. The same function can be written so that it breaks, and so that it
# > does not. Yours should give finite and right numbers from −10,000 to 10,000.
#
# **Your turn.** Ten functions of one to three lines each. The parameters are keyword-only, the same going forward
# and backward.
#
# <details><summary>Hint 1: a question</summary>
#
# Multiply numerator and denominator of tanh by $e^{-x}$. For which $x$ is the result safe? What would you
# multiply with for the others? And is tanh perhaps a function that you have just written, stretched and moved?
# </details>
# <details><summary>Hint 2: two ways to choose</summary>
#
# What does `mask * a + (~mask) * b` give where `b` is infinite and the mask is True? And
# `torch.where(mask, a, b)`?
# </details>
# <details><summary>Hint 3: backward without repeating yourself</summary>
#
# Sigmoid's slope needs $\sigma$, tanh's slope needs $t$. You have a function for each. GELU is a product; which
# rule of calculus gives its slope two terms?
# </details>
# <details><summary>Hint 4: numbers</summary>
#
# $x = 2$: sigmoid 0.8808, slope 0.1050; tanh 0.9640, slope 0.0707; $\Phi(2) = 0.9772$, $\varphi(2) = 0.0540$,
# so GELU is 1.9545 and its slope 1.0852.
# </details>


# %% question="activations" role="solution"
def leaky_relu_forward(x: torch.Tensor, *, slope: float = 0.01) -> torch.Tensor:
    """ReLU with the gate ajar: negative numbers are made small instead of cut.

    Args:
        x: Any shape.
        slope: What negative numbers are multiplied by, at least 0 and below 1.

    Returns:
        Shape, dtype and device of x, as for all activations.
    """
    ### BEGIN SOLUTION
    return torch.where(x > 0, x, slope * x)
    ### END SOLUTION


def leaky_relu_backward(
    dout: torch.Tensor, x: torch.Tensor, *, slope: float = 0.01
) -> torch.Tensor:
    """Gradient with respect to the input.

    Args:
        dout: Gradient with respect to the output, shape of x; so for all activations.
        x: What the forward pass was given.
        slope: As going forward.

    Returns:
        Gradient with respect to x, in its shape. Where two slopes meet, either is right.
    """
    ### BEGIN SOLUTION
    return torch.where(x > 0, dout, slope * dout)
    ### END SOLUTION


def elu_forward(x: torch.Tensor, *, alpha: float = 1.0) -> torch.Tensor:
    """Exponential linear unit: the negative side bends towards -alpha.

    Args:
        x: Any shape.
        alpha: Depth of the negative side, > 0.

    Source:
        Clevert, Unterthiner, Hochreiter (2016), arXiv:1511.07289.
    """
    ### BEGIN SOLUTION
    return torch.where(x > 0, x, alpha * torch.expm1(torch.clamp(x, max=0)))
    ### END SOLUTION


def elu_backward(dout: torch.Tensor, x: torch.Tensor, *, alpha: float = 1.0) -> torch.Tensor:
    """Gradient with respect to the input of ELU."""
    ### BEGIN SOLUTION
    return torch.where(x > 0, dout, dout * alpha * torch.exp(torch.clamp(x, max=0)))
    ### END SOLUTION


def sigmoid_forward(x: torch.Tensor) -> torch.Tensor:
    """The logistic function, between 0 and 1; finite and right for any number."""
    ### BEGIN SOLUTION
    # exp never sees a positive number, so nothing overflows.
    e = torch.exp(-x.abs())
    return torch.where(x >= 0, 1 / (1 + e), e / (1 + e))
    ### END SOLUTION


def sigmoid_backward(dout: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Gradient with respect to the input of the sigmoid."""
    ### BEGIN SOLUTION
    s = sigmoid_forward(x)
    return dout * s * (1 - s)
    ### END SOLUTION


def tanh_forward(x: torch.Tensor) -> torch.Tensor:
    """The hyperbolic tangent, between -1 and 1; finite and right for any number."""
    ### BEGIN SOLUTION
    # (1 - e) / (1 + e) with e = exp(-2|x|); expm1 keeps the digits of small numbers.
    minus = torch.expm1(-2 * x.abs())
    return -torch.sign(x) * minus / (2 + minus)
    ### END SOLUTION


def tanh_backward(dout: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Gradient with respect to the input of tanh."""
    ### BEGIN SOLUTION
    return dout * (1 - tanh_forward(x) ** 2)
    ### END SOLUTION


def gelu_forward(x: torch.Tensor) -> torch.Tensor:
    """Gaussian error linear unit, exact: x times the normal distribution function of x.

    Source:
        Hendrycks, Gimpel (2016), arXiv:1606.08415.
    """
    ### BEGIN SOLUTION
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))
    ### END SOLUTION


def gelu_backward(dout: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Gradient with respect to the input of GELU."""
    ### BEGIN SOLUTION
    below = 0.5 * (1 + torch.erf(x / math.sqrt(2)))
    density = torch.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return dout * (below + x * density)
    ### END SOLUTION


# %% question="activations" points=6 role="check"
check.activations(
    leaky_relu_forward,
    leaky_relu_backward,
    elu_forward,
    elu_backward,
    sigmoid_forward,
    sigmoid_backward,
    tanh_forward,
    tanh_backward,
    gelu_forward,
    gelu_backward,
)

# %% [markdown]
# **Predict.** What is the *largest* slope of the sigmoid, and what is it after three sigmoids in a row, at best?
#
# *In the figure: six panels, one per activation, from −5 to 5. The blue line is the function, the orange dashed
# one its slope. ReLU, leaky ReLU and ELU have slope 1 on the whole right side. Tanh's slope is a hill of height
# 1 around 0, the sigmoid's a low hill that nowhere exceeds 0.25. GELU dips below zero left of 0.*
#
# <details><summary>After you have run it</summary>
#
# A quarter, at 0. Three in a row multiply: at most $\frac14 \cdot \frac14 \cdot \frac14 = \frac1{64}$. Keep that
# number in mind until section 11.
# </details>

# %% role="demo"
plotting.activation_curves(
    {
        "ReLU": (relu_forward, relu_backward),
        "leaky ReLU, slope 0.01": (leaky_relu_forward, leaky_relu_backward),
        "ELU, alpha 1": (elu_forward, elu_backward),
        "sigmoid": (sigmoid_forward, sigmoid_backward),
        "tanh": (tanh_forward, tanh_backward),
        "GELU": (gelu_forward, gelu_backward),
    }
)

# %% [markdown]
# **What breaks.** Three ways to write one and the same sigmoid, for three inputs. Which of them is yours?

# %% role="demo"
far = torch.tensor([-10000.0, 0.0, 10000.0], dtype=torch.float64, device=device)
print("exp(x) / (1 + exp(x)) ", (torch.exp(far) / (1 + torch.exp(far))).tolist())
print("1 / (1 + exp(-x))     ", (1 / (1 + torch.exp(-far))).tolist())
with plotting.when_ready():
    print("yours                 ", sigmoid_forward(far).tolist())

# %% [markdown]
# ## 3. Maxout
#
# *4 points, about 15 minutes*
#
# Somebody thought of ReLU, somebody else of ELU. Could the network find its own curve? **Maxout** lets several
# linear functions compete and takes the largest. The layer before makes `pieces` times as many channels as are
# wanted, and maxout reduces them: $x$ is `(N, pieces · C, ...)` with any axes after the channels, or none, and
# `out` is `(N, C, ...)`:
#
# $$\text{out}[n, c, \dots] = \max_{p = 0, \dots, \text{pieces} - 1} x[n,\; p \cdot C + c,\; \dots]$$
#
# In words: the first $C$ channels are piece 0, the next $C$ are piece 1, and so on; a channel competes with the
# ones of the same place in the other pieces. With two pieces, one of which is always 0, this *is* ReLU. With
# $x$ and $-x$ it is $|x|$. With more pieces it can come close to any curve that bends upwards only.
#
# **Backward.** A change of the winner changes the output as much, a change of a loser changes nothing. So the
# winner gets the gradient and the others get 0. If two pieces tie, you may choose.
#
# **With a pencil.** One vector, four channels, two pieces, so $C = 2$:
#
# | | channel 0 | channel 1 | channel 2 | channel 3 |
# |---|---|---|---|---|
# | belongs to | piece 0, c = 0 | piece 0, c = 1 | piece 1, c = 0 | piece 1, c = 1 |
# | x | 1 | −5 | 3 | −7 |
# | wins | | for c = 1 | for c = 0 | |
# | dx for dout = (10, 20) | 0 | 20 | 10 | 0 |
#
# The output is (3, −5).
#
# **Your turn.**
#
# <details><summary>Hint 1: a question</summary>
#
# If the axis of `pieces · C` channels were two axes, `pieces` and `C`, over which would you take the maximum?
# Does `reshape` put the pieces first or last if you ask for `(N, pieces, C, ...)`?
# </details>
# <details><summary>Hint 2: sending it back</summary>
#
# `argmax(dim=..., keepdim=True)` says who won. Compare it with the numbers of the pieces and you have a mask; or
# look up `scatter_`, which writes values to places along an axis, into a tensor of your own.
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# Six channels 1, 2, 3, 4, 5, 0 with three pieces: $C = 2$, the rivals are (1, 3, 5) and (2, 4, 0), and the
# output is (5, 4). With two pieces: $C = 3$, the rivals are (1, 4), (2, 5), (3, 0), and the output (4, 5, 3).
# </details>


# %% question="maxout" role="solution"
def maxout_forward(x: torch.Tensor, pieces: int) -> torch.Tensor:
    """The largest of several linear functions, channel by channel.

    Args:
        x: (N, pieces * C, ...), any number of axes after the channels; piece p holds the channels
            from p * C to (p + 1) * C - 1.
        pieces: How many channels compete for one output.

    Returns:
        (N, C, ...).

    Raises:
        ValueError: If pieces does not divide the number of channels.

    Source:
        Goodfellow and others (2013), arXiv:1302.4389.
    """
    ### BEGIN SOLUTION
    N, channels, *rest = x.shape
    if channels % pieces:
        raise ValueError(f"pieces: expected a divisor of {channels} channels, got {pieces}")
    return x.reshape(N, pieces, channels // pieces, *rest).amax(dim=1)
    ### END SOLUTION


def maxout_backward(dout: torch.Tensor, x: torch.Tensor, pieces: int) -> torch.Tensor:
    """Send the gradient to the pieces that won.

    Args:
        dout: Gradient with respect to the output, (N, C, ...).
        x: What the forward pass was given, (N, pieces * C, ...).
        pieces: As going forward.

    Returns:
        Gradient with respect to x, in its shape; 0 for all who lost. At a tie any choice is right.

    Raises:
        ValueError: If pieces does not divide the number of channels.
    """
    ### BEGIN SOLUTION
    N, channels, *rest = x.shape
    if channels % pieces:
        raise ValueError(f"pieces: expected a divisor of {channels} channels, got {pieces}")
    rivals = x.reshape(N, pieces, channels // pieces, *rest)
    winner = rivals.argmax(dim=1, keepdim=True)
    dx = torch.zeros(rivals.shape, dtype=dout.dtype, device=dout.device)
    dx.scatter_(1, winner, dout[:, None])
    return dx.reshape(x.shape)
    ### END SOLUTION


# %% question="maxout" points=4 role="check"
check.maxout(maxout_forward, maxout_backward)

# %% [markdown]
# **Predict.** Three lines: $-x - 1$, $0.3$ and $2x - 2$. Draw them, and trace the maxout of the three with your
# pencil. Where does it bend? Which of the lines get gradients at $x = 0$?
#
# *In the figure: three thin straight lines, and on top of them a thick one that follows whichever is the
# highest: first the falling one, then the level one, then the steep rising one. It bends at −1.3 and at 1.15.
# Below, a band with three sections says which line gets the gradient.*

# %% role="demo"
plotting.maxout_pieces(maxout_forward, maxout_backward, slopes=[-1, 0, 2], offsets=[-1, 0.3, -2])

# %% [markdown]
# So maxout learns the shape of its activation, because it learns the lines. The price is `pieces` times the
# weights, which is why it is rare. But you have just written most of the next layer: *the largest of several
# numbers wins, and takes the whole gradient*. There, the rivals are neighbours in the picture.
#
# ## 4. Max pooling
#
# *6 points, about 20 minutes*
#
# After the first layers a map says "edge" at pixel 57 or at pixel 58, and hardly anybody needs to know which.
# **Pooling** looks through a window once more, but instead of weighing it *summarises*: the strongest answer in
# the window stands for all of it.
#
# $$\text{out}[n, c, i, j] = \max_{\substack{0 \le u < K_H \\ 0 \le v < K_W}}
# x_\text{pad}[n,\; c,\; i \cdot S_H + u,\; j \cdot S_W + v]$$
#
# with $x$ `(N, C, H, W)` and `out` `(N, C, H_out, W_out)`, the sizes as for a convolution. Compare with the
# formula of the convolution layer: no weights, and $c$ is on both sides. **Each channel is pooled for itself.**
#
# - The stride is *as large as the kernel* unless you say otherwise: windows lie side by side.
# - It may be smaller: then windows **overlap**. AlexNet pools 3 × 3 windows with stride 2. It may be larger:
#   then some pixels are in no window at all.
# - Padding must never win, so it counts as $-\infty$. (Zeros would win wherever all numbers are negative.) At
#   most half the kernel may be padded, or a window could hold more padding than picture.
#
# **With a pencil.** One channel of 3 × 4 pixels, 2 × 2 windows:
#
# ```text
# x                stride (2, 2), the default     stride (1, 2)      stride (1, 1)
# -1 -2 | -3 -9
# -4 -7 | -5 -6    out = -1  -3                   out = -1  -3       out = -1  -2  -3
# -8 -1   -2 -3          (the last row is lost)         -1  -2             -1  -1  -2
# ```
#
# **Your turn.** For a setting that does not fit raise `ValueError`: a window larger than the padded image, or
# more padding than half the kernel (`padding > kernel // 2`).
#
# <details><summary>Hint 1: a question</summary>
#
# With what does the running maximum of a window begin, if you write it as a loop? Try your answer on the window
# above, where all numbers are negative. Which number is smaller than all numbers?
# </details>
# <details><summary>Hint 2: all windows at once</summary>
#
# Section "From arrays to tensors" made all windows with two `unfold`s. Over which axes is the maximum? `pad`
# takes `value=-math.inf`, and the padding of the columns *before* that of the rows.
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# `[[1, 5, 2, 4, 3]]` with kernel (1, 3): with the default stride one window fits, and the output is `[[5]]`.
# With stride (1, 2) it is `[[5, 4]]`, with stride 1 it is `[[5, 5, 4]]`. With stride (1, 2) and padding (0, 1) the
# windows are (−∞, 1, 5), (5, 2, 4) and (4, 3, −∞): `[[5, 5, 4]]`.
# </details>


# %% question="max_pool2d_forward" role="solution"
def max_pool2d_forward(
    x: torch.Tensor,
    kernel: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
) -> torch.Tensor:
    """The largest number in each window, in each channel for itself.

    Args:
        x: Images, (N, C, H, W).
        kernel: Size of the window, one number or (rows, columns).
        stride: Pixels from one window to the next; None for as many as the window is long.
        padding: Pixels of minus infinity on each side, at most half the kernel.

    Returns:
        (N, C, H_out, W_out).

    Raises:
        ValueError: If a window does not fit, or the padding is more than half the kernel.
    """
    ### BEGIN SOLUTION
    (K_H, K_W), (p_h, p_w) = per_axis(kernel), per_axis(padding)
    s_h, s_w = per_axis(kernel if stride is None else stride)
    if p_h > K_H // 2 or p_w > K_W // 2:
        raise ValueError(f"padding: expected at most half of {(K_H, K_W)}, got {(p_h, p_w)}")
    # These complain if the window does not fit.
    conv_output_size(x.shape[2], K_H, stride=s_h, padding=p_h)
    conv_output_size(x.shape[3], K_W, stride=s_w, padding=p_w)
    padded = pad(x, (p_w, p_w, p_h, p_h), value=-math.inf)
    return padded.unfold(2, K_H, s_h).unfold(3, K_W, s_w).amax(dim=(4, 5))
    ### END SOLUTION


# %% question="max_pool2d_forward" points=6 role="check"
check.max_pool2d_forward(max_pool2d_forward)

# %% role="demo"
plotting.pooled_maps(max_pool2d_forward, upright_edges, kernels=[2, 4, 8])

# %% [markdown]
# *In the figure above: the strength of upright edges, and the same after max pooling with windows of 2, 4 and 8
# pixels. The pixels get larger, and the bright lines fatter; the brightest number of each window survives, the
# dark gaps beside it do not. Even with a sixty-fourth of the numbers one can guess the head.*
#
# **Predict.** 3 × 3 windows with stride 2 overlap by one row and one column, and there is a single 9 in the
# picture below, in a row and a column that belong to two windows. How often will it turn up in the output?
#
# *In the figure: left a 5 × 7 grid of digits with six windows drawn as frames in alternating colours and line
# styles, each overlapping its neighbours by one row or column; right the 2 × 3 output.*
#
# <details><summary>After you have run it</summary>
#
# Four times: it is in the corner that four windows have in common. Without overlap every pixel counts at most
# once. Remember the 9 for the next section: its four outputs will all send something back.
# </details>

# %% role="demo"
digits = [
    [3, 1, 4, 1, 5, 2, 6],
    [5, 3, 5, 8, 2, 7, 1],
    [2, 6, 9, 4, 0, 3, 5],
    [1, 4, 2, 7, 1, 8, 2],
    [0, 3, 5, 1, 6, 4, 3],
]
plotting.overlapping_windows(max_pool2d_forward, digits, kernel=3, stride=2)

# %% [markdown]
# > **Check the slide.** *"Pooling reduces height and width, but not the depth."* True, and it has no parameters,
# > as the slides say. But "reduces" is the *stride's* work, not the maximum's: with stride 1, an odd kernel and a
# > padding of half of it a pool keeps the size (Inception does that). And what about 112 pixels, 3 × 3 windows,
# > stride 2 and padding 1, the one max pool in ResNet? There are 55.5 steps, so 56 windows: the same rounding down
# > as everywhere.
#
# ## 5. Max pooling, backward
#
# *7 points, about 25 minutes*
#
# The loss sends a number back for every output. Whom does it reach? You know the answer from maxout: the winner
# takes it all. A pixel that did not win could change a little and nothing would happen.
#
# New is that windows may *overlap*. A pixel that wins in several windows is responsible for several outputs, and
# responsibility adds up:
#
# $$\text{dx}[n, c, h, w] = \sum_{(i, j)\,:\; (h, w) \text{ wins window } (i, j)} \text{dout}[n, c, i, j]$$
#
# with `dout` `(N, C, H_out, W_out)` and `dx` in the shape of $x$. Winners are found by pooling once more: a
# backward pass gets what the forward pass got. At exact ties you may choose any of the winners, or share.
#
# **With a pencil.** One row, kernel (1, 3), stride (1, 2), two outputs:
#
# | | | | | | |
# |---|---|---|---|---|---|
# | x | 1 | 5 | **7** | 4 | 3 |
# | window 0 | ■ | ■ | ■ | | |
# | window 1 | | | ■ | ■ | ■ |
# | dx for dout = (10, 20) | 0 | 0 | **30** | 0 | 0 |
#
# **Your turn.** This is the question that goes wrong most often, and nearly always in one of three places: `=`
# where `+=` is meant, rows and columns of a window that is not square, and padding.
#
# <details><summary>Hint 1: a question</summary>
#
# `argmax` of a flattened window of 2 × 3 entries says 4. In which row and which column of the window is that?
# Which of the two numbers, 2 or 3, did you divide by? And where is it in the *image*?
# </details>
# <details><summary>Hint 2: padding</summary>
#
# Can you make padding somebody else's problem? Work with the padded image and a padded gradient all the way,
# and cut the border off in the last line. Who wins nothing, by construction?
# </details>
# <details><summary>Hint 3: without a loop over the pixels</summary>
#
# Loop over the entries `(u, v)` of the *window* instead, only $K_H \cdot K_W$ of them. In which of all windows
# did entry `(u, v)` win? Those pixels lie a stride apart: a slice `u : u + (H_out - 1) * s_h + 1 : s_h` reaches
# all of them. Can a pixel be in such a slice twice?
# </details>
# <details><summary>Hint 4: numbers</summary>
#
# The row above with stride 1 has the windows (1, 5, 7), (5, 7, 4) and (7, 4, 3). With `dout` = (1, 2, 4), `dx` is
# (0, 0, 7, 0, 0). With $x = (9, 5, 7, 4, 8)$ it is (1, 0, 2, 0, 4).
# </details>


# %% question="max_pool2d_backward" role="solution"
def max_pool2d_backward(
    dout: torch.Tensor,
    x: torch.Tensor,
    kernel: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
) -> torch.Tensor:
    """Send each gradient to the pixel that won its window.

    Args:
        dout: Gradient with respect to the output, (N, C, H_out, W_out).
        x: What the forward pass was given, (N, C, H, W).
        kernel: As going forward, as are stride and padding.
        stride: Pixels from one window to the next; None for as many as the window is long.
        padding: Pixels of minus infinity on each side, at most half the kernel.

    Returns:
        Gradient with respect to x, in its shape. A pixel that wins several windows gets the sum;
        at exact ties any choice is right.
    """
    ### BEGIN SOLUTION
    (K_H, K_W), (p_h, p_w) = per_axis(kernel), per_axis(padding)
    s_h, s_w = per_axis(kernel if stride is None else stride)
    padded = pad(x, (p_w, p_w, p_h, p_h), value=-math.inf)
    windows = padded.unfold(2, K_H, s_h).unfold(3, K_W, s_w)
    winner = windows.flatten(start_dim=4).argmax(dim=4)
    H_out, W_out = dout.shape[2:]
    dx = torch.zeros(padded.shape, dtype=dout.dtype, device=dout.device)
    for u in range(K_H):
        for v in range(K_W):
            # Entry (u, v) of all windows: pixels a stride apart, no pixel twice.
            rows = slice(u, u + (H_out - 1) * s_h + 1, s_h)
            columns = slice(v, v + (W_out - 1) * s_w + 1, s_w)
            won = winner == u * K_W + v
            dx[:, :, rows, columns] += torch.where(won, dout, torch.zeros_like(dout))
    H, W = x.shape[2:]
    return dx[:, :, p_h : p_h + H, p_w : p_w + W].clone()
    ### END SOLUTION


# %% question="max_pool2d_backward" points=7 role="check"
check.max_pool2d_backward(max_pool2d_backward)

# %% [markdown]
# **Predict.** The same digits and windows as before; the gradient from above is 1, 2, 3 in the first row and 4,
# 5, 6 in the second. How many pixels get anything? What does the 9 get?
#
# *In the figure: left the 2 × 3 gradient from above; in the middle the digits, with an arrow from each output to
# the pixel that it came from; right the gradient of the input: zeros but for the winners.*
#
# <details><summary>After you have run it</summary>
#
# Three pixels: the 9 gets 1 + 2 + 4 + 5 = 12, the 7 gets 3 and the 8 in the fourth row gets 6.
# </details>

# %% role="demo"
plotting.routes(max_pool2d_backward, digits, gradient=[[1, 2, 3], [4, 5, 6]], kernel=3, stride=2)

# %% [markdown]
# > **Check the slide.** *"The gradient is assigned only to the max location."* One slide, two open ends. With
# > overlapping windows a location may get several, and they add. And with *ties* there is no "the" location.
# > That is not rare: after a ReLU, whole windows are exactly 0. PyTorch takes the first, some share; every one
# > of these is a valid subgradient, and training works with any. Only to give *each* of the tied
# > pixels the full gradient is not one: then more comes out than went in. (It costs no points, but a remark.)
#
# That "what went in must come out" is a good test of your own. The sum of all gradients is not changed by max
# pooling: each output's number arrives somewhere, once.

# %% role="demo"
generator = torch.Generator(device).manual_seed(0)
maps = torch.randn(4, 3, 11, 13, generator=generator, dtype=torch.float64, device=device)
with plotting.when_ready():
    settings = {"stride": 2, "padding": 1}
    pooled = max_pool2d_forward(maps, 3, **settings)
    from_above = torch.randn(pooled.shape, generator=generator, dtype=torch.float64, device=device)
    back = max_pool2d_backward(from_above, maps, 3, **settings)
    print(f"goes in:   {from_above.sum():+.6f} in {from_above.numel()} numbers")
    print(f"comes out: {back.sum():+.6f} in {int((back != 0).sum())} of {back.numel()} pixels")

# %% [markdown]
# ## 6. Average pooling
#
# *6 points, about 20 minutes*
#
# The strongest answer is one summary of a window. The mean is another: not "is there an edge?" but "how much
# edge is there?"
#
# $$\text{out}[n, c, i, j] = \frac{1}{K_H K_W} \sum_{u, v}
# x_\text{pad}[n,\; c,\; i \cdot S_H + u,\; j \cdot S_W + v]$$
#
# Padding counts as **zeros**, and they are *counted*: the divisor is $K_H K_W$ everywhere.
#
# **Backward.** Every entry of a window has the same influence on the mean, $1 / (K_H K_W)$. So each output sends
# every one of its pixels the same small share, and where windows overlap, shares add up. The numbers of $x$ don't
# matter, only its size does; that is why the backward pass takes `in_size`, the pair `(H, W)`, in the place of
# `x`.
#
# **Global average pooling** is the extreme: one window as large as the image. `(N, C, H, W)` becomes `(N, C)`, one
# number for each channel. It is how modern networks end: whatever the size of the picture, the classifier gets
# $C$ numbers.
#
# **With a pencil.** `x` = `[[2, 4, 6, 8]]`, kernel (1, 2):
#
# | stride | padding | windows | out | dx for dout = 10, 20, 30, ... |
# |---|---|---|---|---|
# | (1, 2) | 0 | (2, 4), (6, 8) | 3, 7 | 5, 5, 10, 10 |
# | (1, 1) | 0 | (2, 4), (4, 6), (6, 8) | 3, 5, 7 | 5, 15, 25, 15 |
# | (1, 2) | (0, 1) | (0, 2), (4, 6), (8, 0) | 1, 5, 4 | 5, 10, 10, 15 |
#
# Globally: the mean is 5, and a gradient of 20 gives every pixel 5.
#
# **Your turn.** The rules for stride, padding and errors are those of max pooling.
#
# <details><summary>Hint 1: a question</summary>
#
# What of your max pooling is the same here? If you copy it, how many places have to change? Could both call one
# helper?
# </details>
# <details><summary>Hint 2: backward</summary>
#
# In max pooling entry `(u, v)` got `dout` where it won. What does it get here, and does it depend on `u` and `v`?
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# A 3 × 3 image of nines with a 3 × 3 kernel, stride 1 and padding 1: the middle output is 9, an edge
# $6 \cdot 9 / 9 = 6$, a corner $4 \cdot 9 / 9 = 4$. The gradient of ones comes back as 4/9 in the corners, 6/9
# at the edges and 1 in the middle.
# </details>


# %% question="avg_pool2d" role="solution"
def avg_pool2d_forward(
    x: torch.Tensor,
    kernel: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
) -> torch.Tensor:
    """The mean of each window, in each channel for itself.

    Args:
        x: Images, (N, C, H, W).
        kernel: Size of the window, one number or (rows, columns).
        stride: Pixels from one window to the next; None for as many as the window is long.
        padding: Zeros on each side, at most half the kernel; they are counted.

    Returns:
        (N, C, H_out, W_out).

    Raises:
        ValueError: If a window does not fit, or the padding is more than half the kernel.
    """
    ### BEGIN SOLUTION
    (K_H, K_W), (p_h, p_w) = per_axis(kernel), per_axis(padding)
    s_h, s_w = per_axis(kernel if stride is None else stride)
    if p_h > K_H // 2 or p_w > K_W // 2:
        raise ValueError(f"padding: expected at most half of {(K_H, K_W)}, got {(p_h, p_w)}")
    conv_output_size(x.shape[2], K_H, stride=s_h, padding=p_h)
    conv_output_size(x.shape[3], K_W, stride=s_w, padding=p_w)
    padded = pad(x, (p_w, p_w, p_h, p_h))
    return padded.unfold(2, K_H, s_h).unfold(3, K_W, s_w).mean(dim=(4, 5))
    ### END SOLUTION


def avg_pool2d_backward(
    dout: torch.Tensor,
    in_size: tuple[int, int],
    kernel: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
) -> torch.Tensor:
    """Share each gradient out evenly over its window.

    Args:
        dout: Gradient with respect to the output, (N, C, H_out, W_out).
        in_size: Height and width of the image that the forward pass was given.
        kernel: As going forward, as are stride and padding.
        stride: Pixels from one window to the next; None for as many as the window is long.
        padding: Zeros on each side.

    Returns:
        Gradient with respect to the image, (N, C, H, W).
    """
    ### BEGIN SOLUTION
    (K_H, K_W), (p_h, p_w) = per_axis(kernel), per_axis(padding)
    s_h, s_w = per_axis(kernel if stride is None else stride)
    (N, C, H_out, W_out), (H, W) = dout.shape, in_size
    share = dout / (K_H * K_W)
    dx = dout.new_zeros(N, C, H + 2 * p_h, W + 2 * p_w)
    for u in range(K_H):
        for v in range(K_W):
            rows = slice(u, u + (H_out - 1) * s_h + 1, s_h)
            columns = slice(v, v + (W_out - 1) * s_w + 1, s_w)
            dx[:, :, rows, columns] += share
    return dx[:, :, p_h : p_h + H, p_w : p_w + W].clone()
    ### END SOLUTION


def global_avg_pool_forward(x: torch.Tensor) -> torch.Tensor:
    """The mean of each channel.

    Args:
        x: Images, (N, C, H, W).

    Returns:
        (N, C).
    """
    ### BEGIN SOLUTION
    return x.mean(dim=(2, 3))
    ### END SOLUTION


def global_avg_pool_backward(dout: torch.Tensor, in_size: tuple[int, int]) -> torch.Tensor:
    """Share each channel's gradient out evenly over all its pixels.

    Args:
        dout: Gradient with respect to the output, (N, C).
        in_size: Height and width of the image that the forward pass was given.

    Returns:
        Gradient with respect to the image, (N, C, H, W).
    """
    ### BEGIN SOLUTION
    H, W = in_size
    return (dout / (H * W))[:, :, None, None].repeat(1, 1, H, W)
    ### END SOLUTION


# %% question="avg_pool2d" points=6 role="check"
check.avg_pool2d(
    avg_pool2d_forward, avg_pool2d_backward, global_avg_pool_forward, global_avg_pool_backward
)

# %% [markdown]
# **Predict.** We sprinkle a photo with white specks, single pixels, and pool 4 × 4 windows. What is left of the
# specks after max pooling, what after average pooling? Then we send a single 1 back through each of the three
# pools. How many pixels does it reach?
#
# *In the figure: on top the photo with specks, its maxima, full of white blocks, and its means, in which the
# specks have nearly drowned. Below, the gradient of one single output: after max pooling one dark pixel, after
# average pooling a block of 16 light ones, after global average pooling an even veil over the whole image.*

# %% role="demo"
specks = torch.rand(128, 128, generator=torch.Generator().manual_seed(1)).numpy() < 0.01
speckled = photo.copy()
speckled[specks] = 1
plotting.averages_and_maxima(
    (max_pool2d_forward, max_pool2d_backward),
    (avg_pool2d_forward, avg_pool2d_backward),
    global_avg_pool_backward,
    speckled,
    kernel=4,
)

# %% [markdown]
# > **Check the slide.** One slide writes $y[i] = \frac{1}{|\mathcal{N}|} \sum_{j \in \mathcal{N}(i)} x[j]$. What is
# > $|\mathcal{N}|$ at the border, where a part of the window lies in the padding: all entries, or the real ones?
# > PyTorch counts all by default and calls that `count_include_pad=True`; with `False` it counts the real ones,
# > and so does TensorFlow. Ours counts all. It darkens the border, and in return the layer is something that you
# > have met before, as the next section shows.
#
# ## 7. Average pooling is a convolution
#
# *3 points, about 10 minutes*
#
# A window slides, its entries are multiplied by something, here always $1 / (K_H K_W)$, and added up. That is a
# convolution with weights that nobody has learned. Which filters make a convolution layer average?
#
# Each channel is averaged for itself, so no filter may look at more than one channel. In the first notebook you
# met such a layer: **depthwise**, with as many groups as channels. Its filters are `(C_out, C_in / groups, K_H,
# K_W)`, and here $C_\text{out} = C_\text{in} = \text{groups} = C$.
#
# **With a pencil.** Two channels and windows of 1 × 2: the filters are `(2, 1, 1, 2)`, and all four numbers are
# $\frac12$. An ordinary layer with filters `(2, 2, 1, 2)` of this kind would mix the channels.
#
# **Your turn.** A single line.
#
# <details><summary>Hint 1: a question</summary>
#
# What do the weights of one filter add up to, if an even grey image must stay as it is?
# </details>
# <details><summary>Hint 2: numbers</summary>
#
# For three channels and kernel (2, 5) there are 3 filters of 10 entries, all 0.1: shape `(3, 1, 2, 5)`.
# </details>


# %% question="avg_pool_as_conv" role="solution"
def avg_pool_weights(channels: int, kernel: int | Sequence[int]) -> torch.Tensor:
    """Filters with which a depthwise convolution is an average pool.

    Args:
        channels: C, which is also the number of groups of that convolution.
        kernel: Size of the window, one number or (rows, columns).

    Returns:
        (C, 1, K_H, K_W), any floating dtype.
    """
    ### BEGIN SOLUTION
    K_H, K_W = per_axis(kernel)
    return torch.full((channels, 1, K_H, K_W), 1 / (K_H * K_W), dtype=torch.float64)
    ### END SOLUTION


# %% question="avg_pool_as_conv" points=3 role="check"
check.avg_pool_as_conv(avg_pool_weights)

# %% role="demo"
plotting.average_as_convolution(
    avg_pool2d_forward, avg_pool_weights, data.colour_photo(96), kernel=(3, 8)
)

# %% [markdown]
# *In the figure above: a colour photo, its average over windows of 3 × 8 pixels, which looks like tall bricks, the
# same from a depthwise convolution with your filters, and the difference of the two, which is zero everywhere.*
#
# So average pooling is **linear**, and max pooling is not. Keep that in mind until section 10: which of the two
# could take the place of an activation?
#
# ## 8. Max pooling along a signal
#
# *2 points, about 5 minutes*
#
# Nothing about pooling needs two axes. Sound, text and heartbeats are signals `(N, C, L)`, with one axis to slide
# along:
#
# $$\text{out}[n, c, i] = \max_{0 \le u < K} x[n,\; c,\; i \cdot S + u]$$
#
# with `out` `(N, C, L_out)`. Here the point of pooling shows best, in the story from the lecture: a filter detects
# a pattern, the pattern moves a bit, the detection moves with it, and after pooling it stands where it stood.
#
# **With a pencil.** $x = (0, 1, 0, 0, 3, 0, 2)$, kernel 3: the windows (0, 1, 0) and (0, 3, 0) give $(1, 3)$, and
# the 2 is lost. With stride 2: (0, 1, 0), (0, 0, 3), (3, 0, 2), so $(1, 3, 3)$.
#
# **Your turn.** By the rules of section 4, without padding. Your `max_pool2d_forward` may help.
#
# <details><summary>Hint 1: a question</summary>
#
# What is the height of a picture that is really a signal? What are then kernel and stride along the rows?
# </details>
# <details><summary>Hint 2: numbers</summary>
#
# $x = (-3, -1, -2, -5)$, kernel 2: $(-1, -2)$. With stride 1: $(-1, -1, -2)$. With kernel 5: `ValueError`.
# </details>


# %% question="pool1d" role="solution"
def max_pool1d(x: torch.Tensor, kernel: int, *, stride: int | None = None) -> torch.Tensor:
    """The largest number in each window of a signal.

    Args:
        x: Signals, (N, C, L).
        kernel: Length of the window.
        stride: Steps from one window to the next; None for as many as the window is long.

    Returns:
        (N, C, L_out).

    Raises:
        ValueError: If the window does not fit.
    """
    ### BEGIN SOLUTION
    step = kernel if stride is None else stride
    return max_pool2d_forward(x[:, :, None], (1, kernel), stride=(1, step))[:, :, 0]
    ### END SOLUTION


# %% question="pool1d" points=2 role="check" uses="max_pool2d_forward"
check.pool1d(max_pool1d)

# %% [markdown]
# **Predict.** A detector has fired at the positions 4, 14 and 23 of a signal. Then the same signal comes one step
# later, and at last three steps later. After pooling with windows of 4 (0 to 3, 4 to 7, and so on), how many of the
# three bumps are still in their place?
#
# *In the figure: left, one below the other, a signal with three bumps and the same signal one and three steps
# later, with dotted lines between the windows. Right, the pooled signals. After one step two bars stand where they
# stood and one, orange and marked "moved", stands in the next window. After three steps two have moved.*
#
# <details><summary>After you have run it</summary>
#
# A bump keeps its place as long as it does not cross the border between two windows. One step is enough for the
# one at 23, right before a border; the one at 4, right behind one, survives three. So pooling doesn't *ignore*
# small shifts. It ignores *some* of them, depending on luck. The next section measures how much luck.
# </details>

# %% role="demo"
signal = torch.zeros(28)
signal[[4, 14, 23]] = torch.tensor([2.0, 3.0, 1.0])
plotting.pooled_signals(max_pool1d, signal.numpy(), kernel=4, shifts=[0, 1, 3])

# %% [markdown]
# ## 9. Is pooling invariant?
#
# *5 points, about 15 minutes*
#
# > **Check the slide.** *"Introduces invariance to small spatial shifts"*, *"small shifts won't change pooled
# > output"*, *"translation-invariant"*: in one form or another it stands on all slides. We have just seen a
# > bar move. So: is it so, and if it is only partly so, how much is it so?
#
# A question like that deserves a number. Let `features` be anything that turns images into features: a layer, a
# few layers, a whole network. Move the images, look how far their features go, and compare with how large the
# features are:
#
# $$\text{sensitivity} = \frac{\lVert f(\text{moved}) - f(\text{images}) \rVert}{\lVert f(\text{images}) \rVert}
# \qquad \lVert a \rVert = \sqrt{\textstyle\sum a^2} \text{ over everything}$$
#
# Images are `(N, C, H, W)`, the features of any shape. The shift is a pair `(down, right)` in pixels, and what
# leaves on one side comes back on the other, so that no border is to blame: that is `torch.roll` along the axes 2
# and 3. Invariant features have the sensitivity 0. Features that have nothing to do with the old ones any more,
# such as two random vectors of the same length, have $\sqrt 2 \approx 1.41$.
#
# **With a pencil.** One image `[[3, 0, 4]]`, one to the right: `[[4, 3, 0]]`. Features: the image itself. The
# difference is (1, 3, −4), its norm $\sqrt{26} = 5.1$; the norm of the image is 5. Sensitivity 1.02. Features: its
# maximum. 4 before, 4 after: sensitivity 0.
#
# **Your turn.** `features` is a function: call it.
#
# <details><summary>Hint 1: a question</summary>
#
# Somebody multiplies all features by 1000. Should the number change? Which line of your function takes care of it?
# </details>
# <details><summary>Hint 2: what moves</summary>
#
# The *images* move, and the features are computed twice. How often do you call `features`, and with what?
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# The image `[[1, 0], [0, 0]]` with itself as features has sensitivity $\sqrt 2 = 1.414$ for the shifts (0, 1), (1,
# 0) and (1, 1), and 0 for (2, 0). With the sum of each row as features it is 0 for (0, 1).
# </details>


# %% question="shift_sensitivity" role="solution"
def shift_sensitivity(
    features: Callable[[torch.Tensor], torch.Tensor],
    images: torch.Tensor,
    shift: tuple[int, int],
) -> float:
    """How much features change when their images move, as a share of the features' size.

    Args:
        features: Turns images into features of any shape, not all of them 0.
        images: (N, C, H, W).
        shift: Pixels (down, right), negative for up and left; what leaves on one side comes back
            on the other.

    Returns:
        Norm of the change over norm of the unmoved images' features, each over everything.
    """
    ### BEGIN SOLUTION
    before = features(images)
    after = features(torch.roll(images, shift, dims=(2, 3)))
    return float(torch.linalg.norm(after - before) / torch.linalg.norm(before))
    ### END SOLUTION


# %% question="shift_sensitivity" points=5 role="check"
check.shift_sensitivity(shift_sensitivity)

# %% [markdown]
# Now the contest. 32 pictures of simple shapes, white on black, go through a small layer with four edge filters
# and ReLU. Then come five candidates: nothing more, max pooling, average pooling, the same filters with stride 4
# *instead* of a pool, and a global pool. `convolve` below is given: it is `unfold` again.
#
# **Predict.** The pictures move by a single pixel. By how many percent do the features change after 4 × 4 max
# pooling: 0, 5, 20, 40 or 70? And does stride 4 alone, without looking for a maximum, help?
#
# *In the figure: on top one of the pictures and what the candidates A to E make of it, 30 × 30 numbers and fewer.
# Below, the sensitivity against the shift from 0 to 8 pixels. The curves of the plain layer and of the one with stride
# lie on each other and jump to about 0.65 at one pixel; max and average pooling rise to about 0.37 and reach 0.6 to
# 0.7 at two pixels; global max pooling stays near zero.*
#
# <details><summary>After you have run it</summary>
#
# About 40 %: pooling halves the change that one pixel makes. It softens, it doesn't ignore; after four pixels, the
# length of its window, much of the advantage is gone. Stride alone brings nothing at all: it keeps one number in
# sixteen and throws the others away unseen. It is the *looking at all of the window* that helps. Max and average
# pooling differ little here. Truly invariant (nearly) is only the pool that forgets all places, the global one.
#
# The plain convolution layer is the most sensitive, and rightly so: it isn't *in*variant but *equi*variant. Its map
# moves with the picture, and says exactly where things are.
# </details>

# %% role="demo"
images = (
    data.shapes(32, seed=3, size=32, colour=False, noise=0.0).tensors(device)[0][:, :1].double()
)
sobel = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]], dtype=torch.float64, device=device) / 4
filters = torch.stack([sobel, -sobel, sobel.T, -sobel.T])[:, None]


def convolve(x, w, *, stride=1):
    """A convolution layer without padding and bias: all windows, times all filters."""
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    return torch.einsum("ncijuv,ocuv->noij", windows, w)


plotting.sensitivities(
    shift_sensitivity,
    {
        "convolution and ReLU": lambda x: relu_forward(convolve(x, filters)),
        "... with stride 4": lambda x: relu_forward(convolve(x, filters, stride=4)),
        "... then max pooling, 4 × 4": lambda x: max_pool2d_forward(
            relu_forward(convolve(x, filters)), 4
        ),
        "... then average pooling, 4 × 4": lambda x: avg_pool2d_forward(
            relu_forward(convolve(x, filters)), 4
        ),
        "... then global max pooling": lambda x: max_pool2d_forward(
            relu_forward(convolve(x, filters)), 30
        ),
    },
    images,
    shifts=[0, 1, 2, 3, 4, 6, 8],
)

# %% [markdown]
# **One more.** A pool with 4 × 4 windows and stride 1 looks at every window, not at every fourth only. Is it less
# sensitive? Try it: `max_pool2d_forward(..., 4, stride=1)` in the cell above. (It isn't, or hardly. What makes the
# change small is the size of the window. The stride only decides how many numbers are kept.)
#
# ## 10. Linear layers collapse
#
# *3 points, about 10 minutes*
#
# We began with a claim: layers without activations between them are worth no more than one. Here is the proof, and
# you write it. A linear layer, fully connected, turns vectors of `in` numbers into vectors of `out`:
#
# $$y = x\, w^\top + b \qquad x \; (N, \text{in}), \quad w \; (\text{out}, \text{in}), \quad b \; (\text{out},)$$
#
# Two of them, one after the other:
#
# $$y = (x\, w_1^\top + b_1)\, w_2^\top + b_2 = x\, (w_2 w_1)^\top + (b_1 w_2^\top + b_2)$$
#
# which is *one* layer, with the weights $w_2 w_1$ and the bias $w_2 b_1 + b_2$. A convolution is a linear layer,
# too (a very sparse one), so the same holds for stacks of convolutions.
#
# **With a pencil.** $w_1 = (2)$, $b_1 = 1$, then $w_2 = (3)$, $b_2 = 5$. Take $x = 10$: $21$, then $68$. The one
# layer: $w = 6$, $b = 3 \cdot 1 + 5 = 8$, and $60 + 8 = 68$.
#
# **Your turn.** Any number of layers. Without any layer nobody knows the size: `ValueError`.
#
# <details><summary>Hint 1: a question</summary>
#
# Suppose you have collapsed the first five layers into one. What is left to do?
# </details>
# <details><summary>Hint 2: the order</summary>
#
# $w_2 w_1$ and $w_1 w_2$ are both defined if all layers are square. Which one is it? Shapes tell, if you make
# them all different: (4, 3), then (2, 4).
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# Three layers with one number each: (w, b) = (2, 1), (3, 5), (10, 0) give (60, 80).
# </details>


# %% question="linear_collapse" role="solution"
def linear_collapse(
    layers: list[tuple[torch.Tensor, torch.Tensor]],
) -> tuple[torch.Tensor, torch.Tensor]:
    """The one linear layer that does what a stack of them does.

    Args:
        layers: From the first to the last, each with weights (out, in) and bias (out,); what one
            puts out is what the next takes in.

    Returns:
        w: (out of the last, in of the first).
        b: (out of the last,).

    Raises:
        ValueError: If there is no layer.
    """
    ### BEGIN SOLUTION
    if not layers:
        raise ValueError("layers: expected at least one, got none")
    w, b = (tensor.clone() for tensor in layers[0])
    for next_w, next_b in layers[1:]:
        w, b = next_w @ w, next_w @ b + next_b
    return w, b
    ### END SOLUTION


# %% question="linear_collapse" points=3 role="check"
check.linear_collapse(linear_collapse)

# %% [markdown]
# **Predict.** A square grid in the plane goes through four layers from 2 to 2 numbers. What can become of it if
# there is nothing between the layers? What if there is a ReLU?
#
# *In the figure: left the square grid; in the middle the same points after four linear layers: a slanted
# parallelogram with straight, evenly spaced lines, and the points of your one layer, marked by crosses, lie exactly on
# it. Right, after the same layers with ReLU between them: much of the grid has been pressed together to a bent line,
# and what is left of the area is cut off along creases.*
#
# <details><summary>After you have run it</summary>
#
# Linear layers can turn, stretch, shear and move the grid. Lines stay lines, and parallels stay parallel; that
# holds for a hundred layers, too. With ReLU, each layer may fold the plane once for each of its units, and folds
# of folds make shapes that no single layer can. That is all the magic there is: *depth pays only with something
# that isn't linear in between.*
# </details>

# %% role="demo"
generator = torch.Generator().manual_seed(430)
plane_layers = [
    (
        torch.randn(2, 2, generator=generator, dtype=torch.float64),
        torch.randn(2, generator=generator, dtype=torch.float64) / 2,
    )
    for _ in range(4)
]
plotting.collapse(linear_collapse, relu_forward, [(w.numpy(), b.numpy()) for w, b in plane_layers])

# %% [markdown]
# And average pooling? It is linear, section 7 says so. Put as much of it between your layers as you like: it will
# not save them from collapsing. Max pooling will.
#
# ## 11. The gradient by depth
#
# *3 points, about 15 minutes*
#
# So activations must be there. But every gradient has to pass them on its way down, one after the other, and each
# multiplies it by its slope. "Sigmoid and tanh are older, but *vanish gradients*", say the slides; "ReLU helps
# gradient propagation". Let us watch.
#
# The experiment: random vectors go up through `depth` layers, each a random matrix and an activation; then a
# gradient of ones comes down again, and at every layer we note how large it is.
#
# $$x = h_0 \;\text{random}, \qquad a_i = h_i\, w_i^\top, \quad h_{i+1} = \text{forward}(a_i)
# \qquad i = 0, \dots, \text{depth} - 1$$
#
# $$\text{dh}_\text{depth} = 1, \qquad \text{da}_i = \text{backward}(\text{dh}_{i+1},\; a_i), \quad
# \text{dh}_i = \text{da}_i\, w_i, \qquad \text{norms}[i] = \lVert \text{dh}_i \rVert$$
#
# All $h$, $a$ and their gradients are `(16, width)`, sixteen vectors at once; the weights are `(width, width)`, random
# numbers divided by $\sqrt{\text{width}}$, so that they keep the size of a vector, on average. `norms[0]` is what
# arrives at the very first layer, the one that learns to see edges.
#
# So that everybody gets the same numbers, draw *with the generator*, in float64 and on the generator's device,
# first `x = torch.randn(16, width, ...)`, then `torch.randn(width, width, ...)` for layer 0, for layer 1, and so on.
#
# **With a pencil.** Width 1, depth 2, no activation; the weights turn out to be 3 and 0.5. Down come: 1, then
# $1 \cdot 0.5 = 0.5$, then $0.5 \cdot 3 = 1.5$, for each of the 16 vectors. Norms of 16 equal numbers are 4 times
# the number: `norms` = (6, 2).
#
# **Your turn.**
#
# <details><summary>Hint 1: a question</summary>
#
# On the way down you need each layer's $a_i$ and $w_i$ again, in reverse order. Where do you keep them?
# </details>
# <details><summary>Hint 2: the generator</summary>
#
# `torch.randn(16, width, generator=generator, dtype=..., device=generator.device)`. What does a second call with
# the same generator give: the same numbers, or the next ones?
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# Width 1, one layer, ReLU, weight −2: where $x > 0$, $a < 0$ and the gate is shut. So only the vectors with $x < 0$
# send back $-2$ each. If those are 9 of the 16, `norms` = $(\sqrt{9 \cdot 4}) = (6)$.
# </details>


# %% question="gradient_by_depth" role="solution"
def gradient_by_depth(
    forward: Callable[[torch.Tensor], torch.Tensor],
    backward: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    depth: int,
    width: int,
    generator: torch.Generator,
) -> torch.Tensor:
    """Size of the gradient at the input of each layer of a random network.

    Args:
        forward: Activation of a tensor of any shape, as in relu_forward(x).
        backward: Its gradient, as in relu_backward(dout, x).
        depth: Number of layers, >= 1.
        width: Number of units in each.
        generator: Where all random numbers come from: first the input, then the weights from
            layer to layer.

    Returns:
        (depth,), float64 and on the generator's device: the Frobenius norm of the gradient at the
        input of layer 0, 1, ..., if that at the top is all ones.
    """
    ### BEGIN SOLUTION
    kind = {"generator": generator, "dtype": torch.float64, "device": generator.device}
    h = torch.randn(16, width, **kind)
    kept = []
    for _ in range(depth):
        w = torch.randn(width, width, **kind) / math.sqrt(width)
        a = h @ w.T
        kept.append((w, a))
        h = forward(a)
    norms = torch.zeros(depth, dtype=torch.float64, device=generator.device)
    dh = torch.ones_like(h)
    for layer in reversed(range(depth)):
        w, a = kept[layer]
        dh = backward(dh, a) @ w
        norms[layer] = torch.linalg.norm(dh)
    return norms
    ### END SOLUTION


# %% question="gradient_by_depth" points=3 role="check"
check.gradient_by_depth(gradient_by_depth)

# %% [markdown]
# **Predict.** Twenty layers, 128 units. How much of the gradient is left at the first layer with sigmoid, with tanh
# and with ReLU? Put the three in order before you run, and remember what the largest slope of a sigmoid was.
#
# *In the figure, vertical axis logarithmic: the size of the gradient against the layer, from the last at the right
# to the first at the left. Towards the left the sigmoid's line falls steeply and evenly, to less than a millionth of
# a millionth. ReLU's falls to about a four hundredth. Tanh's falls least, to about a fifth. A fourth line, ReLU with
# all numbers multiplied by √2, stays about level.*

# %% role="demo"
root2 = math.sqrt(2)
plotting.gradients_by_depth(
    gradient_by_depth,
    {
        "sigmoid": (sigmoid_forward, sigmoid_backward),
        "tanh": (tanh_forward, tanh_backward),
        "ReLU": (relu_forward, relu_backward),
        "ReLU, times √2": (
            lambda a: root2 * relu_forward(a),
            lambda dout, a: root2 * relu_backward(dout, a),
        ),
    },
    depth=20,
    width=128,
)

# %% [markdown]
# > **Check the slide.** *"ReLU helps gradient propagation."* Compared with the sigmoid: yes, by nearly ten orders
# > of magnitude. Each sigmoid multiplies by at most a quarter, and $0.25^{20} \approx 10^{-12}$. But ReLU isn't free,
# > either: half of its gates are shut, so a layer keeps half of the squares and the gradient shrinks by about
# > $\sqrt{1/2}$ each time. And *tanh*, with the slope 1 at 0, beats it here.
#
# The remedy has nothing to do with the activation. Multiply the weights by $\sqrt 2$ and the shut gates are made up
# for: the fourth line. (That is **He initialisation**, and you will meet it again.) With it, ReLU passes gradients
# through many layers at about their size. Tanh can't be helped like that: larger weights push it out to where its
# slope is nearly 0.
#
# In the next notebook you will build another remedy, which doesn't trust the weights to stay what they were:
# *normalise* what comes out of every layer, always.
#
# ## What you have built
#
# | you can now | with |
# |---|---|
# | bend a line, and send gradients through the bend | `relu_forward`, `relu_backward` |
# | choose an activation, and say what it costs | `leaky_relu`, `elu`, `sigmoid`, `tanh`, `gelu` |
# | let the network choose | `maxout_forward`, `maxout_backward` |
# | let go of the where, and route gradients to winners | `max_pool2d_forward`, `max_pool2d_backward` |
# | summarise by a mean, over windows or everything | `avg_pool2d_...`, `global_avg_pool_...` |
# | recognise a convolution where no weights are learned | `avg_pool_weights` |
# | pool signals | `max_pool1d` |
# | put a number on "invariant" | `shift_sensitivity` |
# | say why there must be something between two layers | `linear_collapse` |
# | see a gradient vanish before you train for a week | `gradient_by_depth` |
#
# **What comes next.** *Normalization*: batch norm, layer norm, group norm. They keep what flows through twenty layers
# at a size with which gradients survive.
#
# ## Before you hand in
#
# 1. **Restart the kernel and run all cells.** What worked by chance, thanks to a variable that you have since
#    deleted, shows up now.
# 2. **Every check says that it passed.** Hand in what you have in any case: every question counts for itself.
# 3. **Are your functions pure?** No changed inputs, no memory between calls, no device but that of the inputs.
# 4. **Don't delete or copy check cells**, and keep the names of the functions.
# 5. **Save, and hand in this notebook file.** Nothing else is needed.
