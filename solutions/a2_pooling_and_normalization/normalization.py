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
# # Normalization
#
# A network of twenty layers works. Somebody starts it again, and this time every weight is twice as large. That
# sounds harmless: twice as large is the same shape, only bigger. But every layer doubles what comes in, and
# doubling twenty times is a factor of a million. With weights half as large it is a millionth. In both cases
# nothing is learned.
#
# For decades the answer was to choose the first weights with great care, and the learning rate with even more.
# In 2015 a much ruder one was found: whatever a layer makes of the numbers, *force* them to have mean 0 and
# standard deviation 1, in the middle of the network, again after every layer. In this notebook you build this
# batch normalization from tensors and arithmetic: forwards, backwards (three times, each for a reason of its
# own) and for images; then its relatives that can do without a batch. On the way you will
#
# - send a gradient through a graph in which every sample is connected with every other,
# - halve the work of that graph with a pencil,
# - train dozens of small networks with your own layer, and see which of them would have learned without it,
# - make the layer disappear after training, at no loss at all,
# - meet a popular explanation, and an experiment that it does not survive.
#
# Everything here runs on any laptop in seconds; a GPU is used if there is one. Expect a bit more than three
# hours.

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
# **Allowed** is what tensors can do by themselves: arithmetic, `sum`, `mean`, `var`, `sqrt`, indexing, `reshape`,
# `permute`, and `torch.nn.functional.pad`. Not allowed are the rest of `torch.nn`, ready-made norms such as
# `torch.batch_norm`, and autograd: you write the gradients yourself. Plain loops are welcome. You may add cells
# and helper functions. Do not rename the functions that you are asked for.
#
# | | question | points | minutes |
# |---|---|---|---|
# | 1 | Batch norm, forwards | 10 | 30 |
# | 2 | Batch norm, backwards step by step | 8 | 35 |
# | 3 | Batch norm, backwards in one formula | 5 | 20 |
# | 4 | Backwards in evaluation | 3 | 15 |
# | 5 | Batch norm for images | 8 | 25 |
# | 6 | Layer norm | 5 | 15 |
# | 7 | Group norm | 5 | 20 |
# | 8 | Folding | 3 | 10 |
# | 9 | The useless bias | 1 | 5 |
# | 10 | What a norm does not see | 2 | 10 |
# | 11 | A batch of one (in words) | 2 | 15 |
# | | | **52** | **200** |

# %% role="setup"
import sys

if "google.colab" in sys.modules:
    # %pip install --quiet --no-deps {{wheel}}
    print("The course's library is installed.")

# %% role="setup"
from collections.abc import Callable

import torch

# "No module named 'course_utils'"? README.md, beside this notebook, says how to install it.
from course_utils import colab, plotting
from course_utils.checks import normalization as check
from course_utils.device import choose_device

colab.setup(seed=0)
device = choose_device(float64=True)


def normal(*shape: int, seed: int) -> torch.Tensor:
    """Standard normal numbers on the device, the same ones whatever the device is."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator).to(device)


# %% [markdown]
# The last cell chose a **device** and gives you `normal`, which draws random numbers for the experiments.
# Nothing in your functions needs to know the device: a tensor that is computed from the inputs is where the
# inputs are. Only a tensor that you make *from nothing* has to be told. `torch.zeros_like(x)` and
# `x.new_zeros(3)` are told by `x`; `torch.zeros(3)` is not, and fails on a GPU.
#
# ## Conventions
#
# These are the ones of PyTorch. They hold everywhere in this notebook; come back when in doubt.
#
# | | |
# |---|---|
# | features | `(N, D)`: N samples with D features each. Images are `(N, C, H, W)` |
# | gamma, beta | a scale and a shift that are learned, one of each per feature, or per channel: `(D,)`, `(C,)` |
# | variance | divided by N where it normalises (*biased*), by N − 1 where it is stored (*unbiased*) |
# | eps | added to the variance, *inside* the root |
# | momentum | the weight of the *new* value in the running statistics. In some other libraries, of the old one |
# | training | with the statistics of this batch; one value per feature raises `ValueError` |
# | evaluation | with the running statistics, which stay as they are |
# | dout, dx, dgamma | gradients of the loss with respect to output, x, gamma; each has the shape of its thing |
# | backward | gets all that it needs as arguments, and computes the forward steps again |
# | dtype and device | those of the inputs: float32 stays float32 |
# | manners | inputs are never changed (no `+=` on them, no `x.sub_`), nothing is remembered from one call to the next |
#
# ## What depth does to a scale
#
# Before we mend anything, let us see it break. A batch of 256 samples goes through twenty layers: each is a
# random matrix followed by a ReLU. The matrices are scaled so that on average the numbers stay as large as they
# are (the factor $\sqrt{2/100}$). Then we do the same with weights that are a little smaller or larger.
#
# **Predict.** The weights are 0.8, 1 and 1.25 times what they should be. By which factor are the outputs off
# after twenty layers?

# %% role="demo"
print("spread of the outputs  layer 1   layer 5  layer 10  layer 20")
for scale in (0.5, 0.8, 1.0, 1.25, 2.0):
    h = normal(256, 100, seed=0)
    spread = {}
    for layer in range(1, 21):
        w = normal(100, 100, seed=layer) * scale * (2 / 100) ** 0.5
        h = torch.clamp(h @ w, min=0)
        spread[layer] = float(h.std())
    shown = "".join(f"{spread[layer]:10.2g}" for layer in (1, 5, 10, 20))
    print(f"weights times {scale:4.2f}: {shown}")

# %% [markdown]
# Powers: $1.25^{20}$ is 87, and $0.8^{20}$ is one over 87. There is no harm in the first layer, and a disaster
# in the last, where the loss is. Gradients go the same way back, through the same matrices, and suffer the same.
#
# And even if you choose the weights just right: training *changes* them. So do not choose. Measure, and correct.
#
# ## 1. Batch norm, forwards
#
# *10 points, about 30 minutes*
#
# How large *should* the numbers be that a layer gives to the next? Nobody knows, and it does not matter, as long
# as it is the same tomorrow. So take each feature by itself, subtract its mean and divide by its standard
# deviation. Mean and deviation over what? Over the samples of the batch that is just passing through. For
# feature $j$:
#
# $$\mu_j = \frac1N \sum_{i} x_{ij} \qquad
# \sigma_j^2 = \frac1N \sum_{i} (x_{ij} - \mu_j)^2 \qquad
# \hat x_{ij} = \frac{x_{ij} - \mu_j}{\sqrt{\sigma_j^2 + \varepsilon}} \qquad
# \text{out}_{ij} = \gamma_j\, \hat x_{ij} + \beta_j$$
#
# | | shape | in words |
# |---|---|---|
# | x, out | `(N, D)` | N samples, D features |
# | $\mu$, $\sigma^2$ | `(D,)` | one mean and one variance for each *feature*: look down the columns |
# | gamma $\gamma$, beta $\beta$ | `(D,)` | learned |
# | eps $\varepsilon$ | a float | keeps the root away from 0 |
#
# **Why gamma and beta?** Mean 0 and deviation 1 were *our* choice. A sigmoid would now be used in its middle
# only, where it is almost a straight line. So the network may choose again: with $\gamma_j = \sigma_j$ and
# $\beta_j = \mu_j$ it gets back what we took away. Then what was gained? The scale of a feature used to be the
# result of all the weights below. Now it is a single number.
#
# **With a pencil.** One feature, five samples, $\varepsilon = 0$: $x = (1, 1, 1, 1, 6)$.
#
# | | |
# |---|---|
# | mean | 10 / 5 = 2 |
# | without the mean | −1, −1, −1, −1, 4 |
# | variance | (1 + 1 + 1 + 1 + 16) / 5 = 4, so the deviation is 2 |
# | $\hat x$ | −½, −½, −½, −½, 2 |
# | with $\gamma = 3$, $\beta = 1$ | −½, −½, −½, −½, 7 |
#
# **And without a batch?** The network is trained, and somebody shows it *one* picture. What is the mean of one
# sample? Itself, and the output would be beta, whatever is in the picture. So during training the layer takes
# notes: it keeps a mean and a variance per feature, and with each batch moves them a little towards that batch:
#
# $$\text{running} \leftarrow (1 - \text{momentum}) \cdot \text{running} + \text{momentum} \cdot \text{batch}$$
#
# In evaluation it uses the notes instead of the batch, and takes no more of them. One detail: the variance in
# the notes is an estimate for pictures that are still to come, and for that one divides by $N - 1$, the unbiased
# variance. For normalising it is $N$.
#
# **With a pencil, again.** The notes begin with mean 0 and variance 1, the momentum is 0.1. The batch from above
# has the mean 2 and the unbiased variance $20 / 4 = 5$. The new notes: mean $0.9 \cdot 0 + 0.1 \cdot 2 = 0.2$,
# variance $0.9 \cdot 1 + 0.1 \cdot 5 = 1.4$.
#
# **Your turn.** Our functions remember nothing, so the notes come in as arguments, and the new ones go out as
# results. The two that came in stay untouched.
#
# <details><summary>Hint 1: a question</summary>
#
# `x.mean()` is one number. What do you tell it to get `(D,)`? And what does torch do with `(N, D)` minus `(D,)`:
# along which of the two axes is the shorter one repeated?
# </details>
# <details><summary>Hint 2: two ways in one function</summary>
#
# Write the evaluation first: two lines, no batch statistics at all. What of it stays the same in training?
# </details>
# <details><summary>Hint 3: what goes wrong most often</summary>
#
# `x.var(dim=0)` divides by $N - 1$ unless it is told not to. `running_mean *= 0.9` changes the caller's tensor.
# $\varepsilon$ outside the root. A variance computed as mean of squares minus square of the mean: try it on
# $x = 10^8 + (0, 1, 2)$. Momentum on the wrong one of the two. A momentum of 0.1 that is written into the code.
# </details>
# <details><summary>Hint 4: numbers</summary>
#
# Two features, three samples, `[[0, 10], [3, 10], [6, 40]]`, $\varepsilon = 0$, $\gamma = 1$, $\beta = 0$.
# Means 3 and 20, biased variances 6 and 200, unbiased 9 and 300. The first row of the output is −1.2247 and
# −0.7071. With a momentum of 0.5 and notes of mean 0 and variance 1, the new notes are means 1.5 and 10,
# variances 5 and 150.5.
# </details>


# %% question="batchnorm_forward" role="solution"
def batchnorm_forward(
    x: torch.Tensor,
    gamma: torch.Tensor,
    beta: torch.Tensor,
    running_mean: torch.Tensor,
    running_var: torch.Tensor,
    *,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Normalise every feature over the samples of a batch, then scale and shift it.

    Args:
        x: (N, D), floating point.
        gamma: Scale of each feature, (D,).
        beta: Shift of each feature, (D,).
        running_mean: Running mean of each feature, (D,), used in evaluation.
        running_var: Running variance of each feature, (D,), used in evaluation.
        training: Whether to use the statistics of the batch and to update the running ones.
        momentum: Weight of the batch in the new running statistics.
        eps: Added to the variance, inside the root.

    Returns:
        out, (N, D), normalised with the biased variance of the batch, or with the running
        statistics; the new running mean and the new running (unbiased) variance, both (D,), in
        evaluation as they came.

    Raises:
        ValueError: In training, if there is only one sample.

    Source:
        Ioffe & Szegedy (2015), arXiv:1502.03167, algorithms 1 and 2.
    """
    ### BEGIN SOLUTION
    if not training:
        out = gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta
        return out, running_mean, running_var
    N = x.shape[0]
    if N == 1:
        raise ValueError("x: expected at least 2 samples in training, got 1")
    mean = x.mean(dim=0)
    centred = x - mean
    var = (centred**2).mean(dim=0)
    out = gamma * centred / torch.sqrt(var + eps) + beta
    new_mean = (1 - momentum) * running_mean + momentum * mean
    new_var = (1 - momentum) * running_var + momentum * var * N / (N - 1)
    return out, new_mean, new_var
    ### END SOLUTION


# %% question="batchnorm_forward" points=10 role="check"
check.batchnorm_forward(batchnorm_forward)

# %% [markdown]
# **Predict.** Three features that could hardly differ more: one around 30, one narrow around −5, one wide around
# 0. In training, your layer makes three bells around 0 of them, whatever they were. Now the *same* batch in
# evaluation mode, first when the notes have seen a single batch (momentum 0.1), then after sixty. What will the
# three bells look like?
#
# *In the figure: four panels with the histograms of three features, drawn with different lines. Top left the
# inputs, far apart. Top right the outputs in training: three equal bells around 0. Bottom left in evaluation
# after one batch: still apart, one of them far to the right. Bottom right after sixty batches: three bells around
# 0 again.*
#
# <details><summary>After you have run it</summary>
#
# After one batch the notes are 90 % of what they began with, mean 0 and variance 1, and that is nonsense here.
# After sixty they have forgotten the beginning: $0.9^{60}$ is about 0.002. A network that is evaluated too early
# fails not because of its weights, but because of its notes; "fine in training, useless in evaluation" is what
# that looks like.
# </details>

# %% role="demo"
centre = torch.tensor([30.0, -5.0, 0.0], device=device)
width = torch.tensor([2.0, 0.3, 9.0], device=device)
batches = centre + width * normal(60, 2000, 3, seed=1)
plotting.before_and_after(batchnorm_forward, batches)

# %% [markdown]
# > **Check the slide.** A lecture writes $\hat x = (x - E[x]) / \sqrt{Var[x]}$, without $\varepsilon$. Take a
# > feature that is 7 in every sample: a dead ReLU, a pixel in the corner that is always black. 0 / 0, and a
# > single NaN in a network spreads to every weight in one step. The slide's other sentence, "zero mean and unit
# > variance", is not quite so either. The variance of $\hat x$ is $\sigma^2 / (\sigma^2 + \varepsilon)$, a
# > little below 1, and for a feature whose variance is *smaller* than $\varepsilon$ far below. Measure it.

# %% role="demo"
with plotting.when_ready():
    ones, zeros = torch.ones(1, device=device), torch.zeros(1, device=device)
    print("deviation of the input   variance of the output")
    for deviation in (1.0, 0.01, 0.001, 0.0):
        column = deviation * normal(10_000, 1, seed=2)
        out, _, _ = batchnorm_forward(column, ones, zeros, zeros, ones, training=True)
        print(f"{deviation:22g} {float((out**2).mean()):24.4f}")

# %% [markdown]
# ## 2. Batch norm, backwards step by step
#
# *8 points, about 35 minutes*
#
# To train through this layer we need to know how the loss changes if one input $x_{ij}$ changes. Up to now a
# sample's gradient was a sample's own business. Here, $x_{ij}$ also moves the mean and the variance, and these
# move the output of *every other* sample. How does one keep track of that?
#
# By never thinking about the whole. Draw the formula as a **graph** of steps that are so small that each one's
# derivative is obvious. Then walk it backwards, box by box, with two rules:
#
# - **Through a box:** the gradient of what went in is the gradient of what came out, times the derivative of the
#   box. A box that *spreads* `(D,)` over N rows becomes a *sum* over the rows on the way back; a box that *sums*
#   becomes a *spread*.
# - **At a fork:** what was used twice gets two gradients back. *Add them.*
#
# *In the figure: the boxes of batch norm from left to right, with their shapes. x splits into the mean and the
# difference "centred"; centred splits again, into the square, variance and inverse root (shapes D), and straight
# to the product xhat; then gamma multiplies and beta is added. Two forks are marked with a black dot: x is used
# twice, and centred is used twice.*

# %% role="demo"
plotting.batchnorm_graph()

# %% [markdown]
# | forwards | backwards | shape of the gradient |
# |---|---|---|
# | out = gamma · xhat + beta | dbeta = sum of dout over the samples | `(D,)` |
# | | dgamma = sum of dout · xhat over the samples | `(D,)` |
# | | dxhat = dout · gamma | `(N, D)` |
# | xhat = centred · inv | dcentred, *first part* = ? | `(N, D)` |
# | | dinv = ? | `(D,)` |
# | inv = 1 / sqrt(var + eps) | dvar = −½ · inv³ · dinv | `(D,)` |
# | var = mean of square | dsquare = ? | `(N, D)` |
# | square = centred² | dcentred, *second part* = ? | `(N, D)` |
# | centred = x − mean | dx, *first part* = ?, dmean = ? | `(N, D)`, `(D,)` |
# | mean = mean of x | dx, *second part* = ? | `(N, D)` |
#
# **With a pencil.** The feature of section 1, $x = (1, 1, 1, 1, 6)$, with $\gamma = 1$ and $\varepsilon = 0$. We
# had centred $= (-1, -1, -1, -1, 4)$, var $= 4$, inv $= ½$, xhat $= (-½, -½, -½, -½, 2)$. The loss looks at the
# first sample only: dout $= (1, 0, 0, 0, 0)$.
#
# | | |
# |---|---|
# | dbeta, dgamma | 1 and −½ |
# | dxhat | 1, 0, 0, 0, 0 |
# | dcentred, first part | ½, 0, 0, 0, 0 |
# | dinv, dvar | −1, and −½ · ⅛ · (−1) = 1/16 |
# | dsquare | 1/80 in every row |
# | dcentred, second part | −1/40, −1/40, −1/40, −1/40, 1/10 |
# | both parts | 0.475, −0.025, −0.025, −0.025, 0.1; their sum is 0.5 |
# | dmean | −0.5, so every row of x gets −0.1 |
# | dx | **0.375, −0.125, −0.125, −0.125, 0** |
#
# Look at the last row: the loss looked at the first sample only, and yet three others have a gradient. Add all
# five: they cancel.
#
# **Your turn.** The function gets `x` and computes the forward steps again: it is pure, and remembers nothing.
# Go back box by box, one line each, and give the lines the names of the table. Elegance comes in the next
# section.
#
# <details><summary>Hint 1: a question</summary>
#
# `mean` has the shape `(D,)` and was made from N rows, each with the weight 1/N. If `mean` grows by a tiny bit,
# the loss changes by dmean times that. So if *one row* of x grows by a tiny bit, what happens to the mean?
# </details>
# <details><summary>Hint 2: the two forks</summary>
#
# How many arrows leave `x` in the figure, how many leave `centred`? So how many terms has dx at the end, how many
# has dcentred before it is passed on to the mean? If your dx does not sum to zero in each column, one of them is
# missing.
# </details>
# <details><summary>Hint 3: what goes wrong most often</summary>
#
# A sum over the wrong axis, or over all axes: dgamma has the shape `(D,)`. N taken from the wrong axis. A missing
# 1/N. dgamma from `centred` instead of `xhat`. A gamma that was 1 in your own test. The minus of
# `x - mean`. And the unbiased variance: which one was used *forwards*?
# </details>
# <details><summary>Hint 4: numbers</summary>
#
# Three samples, $x = (0, 3, 6)$, $\gamma = 2$, $\varepsilon = 0$, dout $= (1, 0, 0)$. inv $= 0.40825$, xhat
# $= (-1.22474, 0, 1.22474)$; dbeta 1, dgamma −1.22474; dx $= (0.13608, -0.27217, 0.13608)$.
# </details>


# %% question="batchnorm_backward" role="solution"
def batchnorm_backward(
    dout: torch.Tensor, x: torch.Tensor, gamma: torch.Tensor, *, eps: float = 1e-5
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradients of batch norm in training, through every box of its graph.

    Args:
        dout: Gradient of the loss with respect to the output, (N, D).
        x: Input of the layer, (N, D), N >= 2.
        gamma: Scale of each feature, (D,).
        eps: As in the forward pass.

    Returns:
        dx, (N, D); dgamma, (D,); dbeta, (D,): the gradients of the loss with respect to x, gamma
        and beta.
    """
    ### BEGIN SOLUTION
    N = x.shape[0]
    centred = x - x.mean(dim=0)
    square = centred**2
    inv = 1 / torch.sqrt(square.mean(dim=0) + eps)
    xhat = centred * inv

    dbeta = dout.sum(dim=0)
    dgamma = (dout * xhat).sum(dim=0)
    dxhat = dout * gamma
    dcentred_direct = dxhat * inv
    dinv = (dxhat * centred).sum(dim=0)
    dvar = -0.5 * inv**3 * dinv
    dsquare = torch.ones_like(square) / N * dvar
    dcentred = dcentred_direct + 2 * centred * dsquare
    dmean = -dcentred.sum(dim=0)
    dx = dcentred + torch.ones_like(x) / N * dmean
    return dx, dgamma, dbeta
    ### END SOLUTION


# %% question="batchnorm_backward" points=8 role="check"
check.batchnorm_backward(batchnorm_backward)

# %% [markdown]
# **Predict.** A batch of *two* samples, one feature, $\gamma = 1$, and dout anything you like. What is dx? Before
# you calculate: what are the two outputs, for whatever two inputs?
#
# <details><summary>After you have run it</summary>
#
# Zero, up to $\varepsilon$. Of two numbers, one is one deviation below the mean and the other one above: the
# outputs are −1 and 1, and *nothing* that you do to the inputs (but swap their order) changes that. With three
# samples two directions are lost, shifting all and stretching all, and one is left. With $N$ samples, $N - 2$ are
# left. A layer that learns from batches of two learns only what $\varepsilon$ lets through.
# </details>

# %% role="demo"
with plotting.when_ready():
    one = torch.ones(1, device=device)
    print("samples   largest |dx|")
    for count in (2, 3, 8):
        few, above = normal(count, 1, seed=3), normal(count, 1, seed=4)
        dx, _, _ = batchnorm_backward(above, few, one)
        print(f"{count:7d} {float(dx.abs().max()):14.6f}")

# %% [markdown]
# ## 3. Batch norm, backwards in one formula
#
# *5 points, about 20 minutes*
#
# The graph gives the right gradient, and takes its time. Each of its boxes reads an array of $N \cdot D$ numbers
# from memory and writes another one, and on a GPU that *is* the cost: multiplying is almost free, fetching is
# not. Written box by box, with every spread written out, the way back takes about 24 such sweeps. A library
# needs far fewer. How? With a pencil, before there is any program.
#
# Take one feature and drop its index. How does output $i$, before gamma, depend on input $k$? Three paths lead
# from $x_k$ to $\hat x_i$: directly (only if $i = k$), through the mean, through the variance. Add them up:
#
# $$\frac{\partial \hat x_i}{\partial x_k} =
# \text{inv} \cdot \Big( [\,i = k\,] - \frac1N - \frac{\hat x_i \hat x_k}{N} \Big)
# \qquad \text{inv} = \frac{1}{\sqrt{\sigma^2 + \varepsilon}}$$
#
# Here $[\,i = k\,]$ is 1 if they are equal, else 0. The last term comes from $\partial \sigma^2 / \partial x_k
# = 2 (x_k - \mu) / N$ and $\partial\, \text{inv} / \partial \sigma^2 = -\frac12 \text{inv}^3$; $\varepsilon$
# does not disturb it. And the chain rule over all outputs says
#
# $$\text{dx}_k = \sum_{i} \text{dout}_i \cdot \gamma \cdot \frac{\partial \hat x_i}{\partial x_k}$$
#
# That is $N \times N$ numbers for each feature, and nobody would compute them. But put the first line into the
# second and sum the three terms *one by one*: in each, pull out of the sum whatever has no $i$. What is left
# inside are two sums that you know by other names.
#
# **With a pencil.** $N = 2$ and $\varepsilon = 0$: xhat $= (-1, 1)$. The matrix for $i, k$ is inv times
#
# ```text
#  1 - ½ - ½    0 - ½ + ½        0  0
#  0 - ½ + ½    1 - ½ - ½    =   0  0
# ```
#
# which is what the batch of two showed us above.
#
# **Your turn.** The contract is that of `batchnorm_backward`, the results are the same, and there are *fewer
# operations*. The check counts, and so do the hidden tests: each operation counts as many **passes** as its
# largest input or output has numbers. `dout * xhat` on `(N, D)` is one sweep of $N \cdot D$; then `.sum(dim=0)`
# reads it, another one. What only touches `(D,)` is next to nothing, and views (`reshape`, `permute`, indexing)
# are free. Allowed are **18 sweeps**, three quarters of the 24. There are many ways to stay below; twelve
# sweeps can be done.
#
# <details><summary>Hint 1: a question</summary>
#
# After the three sums, which `(N, D)` arrays occur in your formula at all? How many different sums over the
# samples? Have you already got them for dgamma and dbeta?
# </details>
# <details><summary>Hint 2: where sweeps go to waste</summary>
#
# `ones_like(x) / N * d` makes an array, only to say "the same in every row": broadcasting does that for nothing.
# `a * x * b` with $a$ and $b$ of the shape `(D,)` is two sweeps, `x * (a * b)` is one.
# </details>
# <details><summary>Hint 3: the three terms</summary>
#
# One: $\gamma \cdot \text{inv} \cdot \text{dout}_k$. Two: $-\gamma \cdot \text{inv} / N$ times a sum over $i$
# of …? Three: $-\gamma \cdot \text{inv} \cdot \hat x_k / N$ times a sum over $i$ of …?
# </details>
# <details><summary>Hint 4: numbers</summary>
#
# The example of section 2: inv $= ½$, $N = 5$, dout $= (1, 0, 0, 0, 0)$, xhat $= (-½, -½, -½, -½, 2)$. For $k =
# 0$ the three terms are ½, −1/10 and −1/40: 0.375. For $k = 4$ they are 0, −1/10 and 1/10.
# </details>


# %% question="batchnorm_backward_simplified" role="solution"
def batchnorm_backward_simplified(
    dout: torch.Tensor, x: torch.Tensor, gamma: torch.Tensor, *, eps: float = 1e-5
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradients of batch norm in training, from the formula, with at most 18 sweeps.

    Args:
        dout: Gradient of the loss with respect to the output, (N, D).
        x: Input of the layer, (N, D), N >= 2.
        gamma: Scale of each feature, (D,).
        eps: As in the forward pass.

    Returns:
        dx, (N, D); dgamma, (D,); dbeta, (D,), as batchnorm_backward gives them.
    """
    ### BEGIN SOLUTION
    N = x.shape[0]
    centred = x - x.mean(dim=0)
    inv = 1 / torch.sqrt((centred**2).mean(dim=0) + eps)
    xhat = centred * inv
    dbeta = dout.sum(dim=0)
    dgamma = (dout * xhat).sum(dim=0)
    dx = gamma * inv * (dout - dbeta / N - xhat * (dgamma / N))
    return dx, dgamma, dbeta
    ### END SOLUTION


# %% question="batchnorm_backward_simplified" points=5 role="check"
check.batchnorm_backward_simplified(batchnorm_backward_simplified)

# %% [markdown]
# **What the pencil saved.** *In the figure: two horizontal bars, the sweeps over `(N, D)` arrays that your two
# functions take, each with its number, and a dashed line at the bound of 18.*
#
# Are the two equal? The line below the figure says how far their gradients are apart.

# %% role="demo"
plotting.sweeps_taken(batchnorm_backward, batchnorm_backward_simplified)

# %% role="demo"
with plotting.when_ready():
    x, dout, gamma = normal(100, 7, seed=5), normal(100, 7, seed=6), normal(7, seed=7)
    step_by_step = batchnorm_backward(dout, x, gamma)
    in_one = batchnorm_backward_simplified(dout, x, gamma)
    for name, left, right in zip(("dx", "dgamma", "dbeta"), step_by_step, in_one, strict=True):
        print(f"{name}: largest difference {float((left - right).abs().max()):.1e}")

# %% [markdown]
# ## 4. Backwards in evaluation
#
# *3 points, about 15 minutes*
#
# Why would one ever go backwards in evaluation? To ask a trained network *which pixels* made it say "cat", for
# example, as we shall do in the last assignment; or to train only a part of a network and leave the statistics of
# the rest alone. A common bug is to use the formula of training here. It runs, and it is wrong.
#
# Now mean and variance are numbers from the notes. No input moves them:
#
# $$\text{out}_{ij} = \gamma_j \, \frac{x_{ij} - m_j}{\sqrt{v_j + \varepsilon}} + \beta_j$$
#
# with $m$ = `running_mean` and $v$ = `running_var`, both `(D,)`. For a given feature that is a straight line, and
# the slope of a line is the same everywhere.
#
# **With a pencil.** $m = 1$, $v = 4$, $\varepsilon = 0$, $\gamma = 3$: out $= 1.5\,(x - 1) + \beta$. With $x =
# (1, 5)$ and dout $= (2, -4)$: dx $= (3, -6)$, dbeta $= -2$. The normalised inputs are 0 and 2, so
# dgamma is $0 \cdot 2 + 2 \cdot (-4) = -8$.
#
# **Your turn.**
#
# <details><summary>Hint 1: a question</summary>
#
# Which boxes of the graph are left if mean and variance come from outside? Which of your lines of section 2
# survive?
# </details>
# <details><summary>Hint 2: what goes wrong most often</summary>
#
# dgamma still needs the normalised input. Normalised with which mean and which variance?
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# $m = 2$, $v = 0.25$, $\varepsilon = 0$, $\gamma = 1$; $x = (2, 3, 1)$, dout $= (1, 1, 0)$. dx $= (2, 2, 0)$,
# dgamma $= 2$, dbeta $= 2$. In training dx would sum to zero.
# </details>


# %% question="batchnorm_backward_eval" role="solution"
def batchnorm_backward_eval(
    dout: torch.Tensor,
    x: torch.Tensor,
    gamma: torch.Tensor,
    running_mean: torch.Tensor,
    running_var: torch.Tensor,
    *,
    eps: float = 1e-5,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradients of batch norm in evaluation, where the statistics are given numbers.

    Args:
        dout: Gradient of the loss with respect to the output, (N, D).
        x: Input of the layer, (N, D), N >= 1.
        gamma: Scale of each feature, (D,).
        running_mean: Running mean of each feature, (D,).
        running_var: Running variance of each feature, (D,).
        eps: As in the forward pass.

    Returns:
        dx, (N, D); dgamma, (D,); dbeta, (D,).
    """
    ### BEGIN SOLUTION
    inv = 1 / torch.sqrt(running_var + eps)
    xhat = (x - running_mean) * inv
    return dout * (gamma * inv), (dout * xhat).sum(dim=0), dout.sum(dim=0)
    ### END SOLUTION


# %% question="batchnorm_backward_eval" points=3 role="check"
check.batchnorm_backward_eval(batchnorm_backward_eval)

# %% [markdown]
# **Who feels it?** Eight samples, and a loss that looks at sample 2 only. Before you run: which samples get a
# gradient in training, which in evaluation?
#
# *In the figure: two bar charts of dx over the samples 0 to 7. In training the bar of sample 2 is tall and all
# others have small bars, most of them on the other side of zero. In evaluation there is one single bar.*

# %% role="demo"
samples = normal(8, 1, seed=8)
plotting.whose_gradient(batchnorm_backward, batchnorm_backward_eval, samples, 2)

# %% [markdown]
# In training, samples are not alone. That is odd for a layer, and it is good and bad at the same time. What a
# sample becomes depends on the company in which it happens to be, a little differently in each epoch; that noise
# acts like a **regulariser**, the lecture's word. And it is bad where the company is small, or all of one kind.
#
# ### Does it help?
#
# Now the claim. *Batch norm stabilizes training and allows for higher learning rates*, says the lecture. You
# have a layer, forwards and backwards. So let us not believe it but measure it, over everything that we were
# afraid of at the beginning: learning rates from tiny to absurd, first weights from tiny to absurd. Each cell
# of the figure is a small network of its own, four layers of weights, trained on images of handwritten digits
# for 80 steps; half of all networks have your layer before each ReLU, half do not. Afterwards they are asked
# about 300 digits that they have not learned from.
#
# **Predict.** In which of the four corners (small or large weights, small or large steps) does the plain network
# fail? In which does it still fail with batch norm?
#
# *In the figure: two maps side by side, first weights from left to right, learning rate from bottom to top. Each
# cell shows the per cent of digits that are recognised, dark for few. Without batch norm there is a small bright
# island in the middle of the dark. With batch norm almost the whole map is bright, but for the largest weights at
# the right and, with larger weights, the smallest steps at the bottom.*

# %% role="demo"
plotting.learning_map(batchnorm_forward, batchnorm_backward, device)

# %% [markdown]
# <details><summary>What you see</summary>
#
# Without the layer there is an island: about the right weights *and* the right learning rate. To the left of it
# the signal dies out on its way through the layers; to the right, or above, it explodes (at 0 per cent the
# numbers have overflowed; guessing gives 10). With the layer, weights of a thirtieth of the usual size are as
# good as any, and up to the usual size every learning rate from 0.03 to 3 works. What remains? At the right,
# weights 30 times too large: behind the *last* layer there is no norm, and its scores are far too large at the
# start. At the bottom, steps that are too short for so little time. Curious: the short steps do much better
# with *small* weights. Section 10 finds out why.
# </details>
#
# > **Check the slide.** *Why* does it help? "Mitigates internal covariate shift", says one lecture, "helps
# > reduce internal covariate shift" another. The story: each layer learns on numbers that the layers below
# > produce, and while those learn, the numbers drift; a layer aims at a moving target. Batch norm holds the
# > target still. That was the reason given in 2015, and it is *disputed*. In 2018 Santurkar and others
# > (arXiv:1805.11604) put it to a test: right after the norm, they *shift and stretch the numbers at random, in
# > each step anew*. Now the target moves more than it ever did. If holding it still were the point, the gain
# > would be gone.
#
# **Predict.** We do the same with your layer. Three networks with the same first weights, about a third of the
# usual ones, where the map says that the plain network learns nothing: plain; with your batch norm; with your
# batch norm and random shifts behind it. Which loss will the third follow, that of the first or that of the
# second?
#
# *In the figure: left the loss against the steps, three lines: plain stays on top, the two others fall steeply,
# close together. The legend says how many digits each recognises in the end. Right how far the mean inputs of the
# second layer move from one step to the next, on a logarithmic axis: with batch norm they move least, with the
# random shifts by far the most, more than in the plain network.*

# %% role="demo"
plotting.moving_target(batchnorm_forward, batchnorm_backward, device)

# %% [markdown]
# Your layer does hold the target still, that part of the story is true. But the network whose target moves most
# learns almost as well. So stillness is not what makes the difference here. What does? The suggestion of that
# paper is that the loss becomes *smoother*: the gradient changes less along a step, so that one may go further
# in its direction. Others point at what section 10 measures, that the scale of the weights no longer matters.
# That it works is a measurement. Why is still being argued.
#
# ## 5. Batch norm for images
#
# *8 points, about 25 minutes*
#
# After a convolution there are maps, `(N, C, H, W)`. We could call each of the $C \cdot H \cdot W$ numbers a
# feature. But a convolution treats all places alike, and that was its point: it would be a pity if the next layer
# gave each pixel a scale of its own. So a **feature is a channel**. Its statistics run over all samples *and all
# places*:
#
# $$\mu_c = \frac{1}{N H W} \sum_{n,\,i,\,j} x[n, c, i, j]$$
#
# and the rest is as before, with $N \cdot H \cdot W$ values per feature instead of $N$; gamma, beta and the
# running statistics are `(C,)`. The variance in the notes is divided by $N \cdot H \cdot W - 1$.
#
# **With a pencil.** Two images of 1 × 2 pixels with two channels, shape `(2, 2, 1, 2)`:
#
# ```text
#            channel 0   channel 1
# image 0     1  1        0 10
# image 1     1  5        0 10
#
# mean        2           5
# variance    12/4 = 3    100/4 = 25
# unbiased    12/3 = 4    100/3
# ```
#
# **Your turn.** You have all you need: if you arrange the numbers of a channel as *one column*, `(N*H*W, C)`,
# then sections 1 and 2 do the work, and the result is arranged back. Take care with the arranging: `reshape`
# never moves a number, it only cuts the same sequence into other pieces. Axes are moved by `permute`.
#
# <details><summary>Hint 1: a question</summary>
#
# In memory `x` is image after image, in each channel after channel. Where does `x.reshape(-1, C)` put the first C
# numbers? Which axis must be last *before* you reshape?
# </details>
# <details><summary>Hint 2: the way back</summary>
#
# Undo the steps in the opposite order: first cut the rows into N, H and W again, then move the channels back to
# the second place. Which order of axes does `permute` want for that? Try it with four different lengths; if H and
# W are equal, you don't notice when they are swapped.
# </details>
# <details><summary>Hint 3: an error that comes by itself</summary>
#
# One value per channel in training raises `ValueError`. After the rearrangement, what is N for your other
# function? And one image with many pixels, is that an error?
# </details>
# <details><summary>Hint 4: numbers</summary>
#
# In the example, with $\gamma = 1$, $\beta = 0$, $\varepsilon = 0$: channel 1 becomes −1, 1 in both images,
# channel 0 becomes −0.577, −0.577 and −0.577, 1.732. With dout = 1 for the 5 and 0 everywhere else: dgamma $=
# (1.732, 0)$, dbeta $= (1, 0)$, and dx is 0 everywhere. Why? Three equal numbers and a fourth: can their
# outputs change at all?
# </details>


# %% question="batchnorm2d" role="solution"
def batchnorm2d_forward(
    x: torch.Tensor,
    gamma: torch.Tensor,
    beta: torch.Tensor,
    running_mean: torch.Tensor,
    running_var: torch.Tensor,
    *,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Normalise every channel over the samples and all places, then scale and shift it.

    Args:
        x: Images or maps, (N, C, H, W), floating point.
        gamma: Scale of each channel, (C,).
        beta: Shift of each channel, (C,).
        running_mean: Running mean of each channel, (C,), used in evaluation.
        running_var: Running variance of each channel, (C,), used in evaluation.
        training: Whether to use the statistics of the batch and to update the running ones.
        momentum: Weight of the batch in the new running statistics.
        eps: Added to the variance, inside the root.

    Returns:
        out, (N, C, H, W); the new running mean and the new running (unbiased) variance, (C,), in
        evaluation as they came.

    Raises:
        ValueError: In training, if there is only one value per channel.
    """
    ### BEGIN SOLUTION
    N, C, H, W = x.shape
    columns = x.permute(0, 2, 3, 1).reshape(-1, C)
    out, new_mean, new_var = batchnorm_forward(
        columns,
        gamma,
        beta,
        running_mean,
        running_var,
        training=training,
        momentum=momentum,
        eps=eps,
    )
    return out.reshape(N, H, W, C).permute(0, 3, 1, 2), new_mean, new_var
    ### END SOLUTION


def batchnorm2d_backward(
    dout: torch.Tensor, x: torch.Tensor, gamma: torch.Tensor, *, eps: float = 1e-5
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradients of batch norm for images, in training.

    Args:
        dout: Gradient of the loss with respect to the output, (N, C, H, W).
        x: Input of the layer, (N, C, H, W), at least two values per channel.
        gamma: Scale of each channel, (C,).
        eps: As in the forward pass.

    Returns:
        dx, (N, C, H, W); dgamma, (C,); dbeta, (C,).
    """
    ### BEGIN SOLUTION
    N, C, H, W = x.shape
    dout_columns, columns = (array.permute(0, 2, 3, 1).reshape(-1, C) for array in (dout, x))
    dx, dgamma, dbeta = batchnorm_backward(dout_columns, columns, gamma, eps=eps)
    return dx.reshape(N, H, W, C).permute(0, 3, 1, 2), dgamma, dbeta
    ### END SOLUTION


# %% question="batchnorm2d" points=8 role="check" uses="batchnorm_forward batchnorm_backward"
check.batchnorm2d(batchnorm2d_forward, batchnorm2d_backward)

# %% [markdown]
# **Predict.** A film that has been lying in the sun: everything is reddish and pale, the blue is almost gone.
# Four pieces of such a picture are a batch. They go through your layer, with the same gamma and beta for all
# three channels. What happens to the colours?
#
# *In the figure: on top four pieces of the photo in orange-brown; below the same pieces after batch norm, with
# blue background, red stripes and natural skin, as if the film were new. At the right the histograms of the
# three channels, on top at different places, below on top of each other.*
#
# <details><summary>After you have run it</summary>
#
# The picture gets its colours back. All channels have the same mean and the same deviation now: photographers
# call that *grey world* white balance. The layer cannot know what was the light and what was the scene. It
# takes out whatever is common to all samples and places of a channel. If the scene *is* orange, a sunset, say,
# it takes that out as well; gamma and beta could put it back.
# </details>

# %% role="demo"
photo = torch.tensor(plotting.colour_photo(128), dtype=torch.float32, device=device)
film = photo * photo.new_tensor([0.6, 0.42, 0.18])[:, None, None]
film = film + photo.new_tensor([0.38, 0.22, 0.1])[:, None, None]
pieces = torch.stack([film[:, r : r + 64, c : c + 64] for r in (0, 64) for c in (0, 64)])
plotting.white_balance(batchnorm2d_forward, pieces)

# %% [markdown]
# > **Check the slide.** "Feature" hides an axis. A slide writes
# > $\hat x_{i,j} = (x_{i,j} - \mu_j) / \sqrt{\sigma_j^2 + \varepsilon}$ for fully connected and convolution
# > layers alike. For maps, what is $i$, what is $j$? And how many numbers does the layer learn, how many does it
# > keep? For 64 channels it learns 128, gamma and beta; the 128 running statistics are *kept*, not learned: no
# > gradient, no weight decay, but they have to be in the file with the weights.

# %% [markdown]
# ## 6. Layer norm
#
# *5 points, about 15 minutes*
#
# Everything that was odd about batch norm had one cause: a sample's output depends on the other samples. Hence
# the notes, the two modes, the errors with a batch of one. Is the batch needed at all? A sample with 100
# features brings 100 numbers of its own, enough for a mean and a variance. **Layer norm** is the same formula
# along the *other* axis:
#
# $$\mu_i = \frac1D \sum_j x_{ij} \qquad \sigma_i^2 = \frac1D \sum_j (x_{ij} - \mu_i)^2 \qquad
# \text{out}_{ij} = \gamma_j\, \frac{x_{ij} - \mu_i}{\sqrt{\sigma_i^2 + \varepsilon}} + \beta_j$$
#
# | | shape | in words |
# |---|---|---|
# | $\mu$, $\sigma^2$ | `(N, 1)` | one for each *sample*: look along the rows |
# | gamma, beta | `(D,)` | one for each *feature*, as before |
#
# No notes, no modes: training and evaluation are the same. It is the norm of the transformers.
#
# **Backwards**, note what has changed its place. In batch norm, gamma was the same for all that were averaged;
# you could pull it out of the sums. Here the sums run over *features*, and each has a gamma of its own: it must
# be multiplied *before* you sum. And dgamma and dbeta are sums over the samples, still.
#
# **With a pencil.** One sample, the well-known numbers, now in a row: $x = (1, 1, 1, 1, 6)$, $\varepsilon = 0$.
# xhat $= (-½, -½, -½, -½, 2)$ as before. With $\gamma = (1, 2, 3, 4, 5)$ and $\beta = 0$ the output is $(-½,
# -1, -1½, -2, 10)$. Back from dout $= (0, 0, 1, 0, 0)$: dgamma $= (0, 0, -½, 0, 0)$; dxhat $= (0, 0, 3, 0, 0)$;
# dx $= (-0.375, -0.375, 1.125, -0.375, 0)$, three times the numbers of section 2 in another order, because of
# the 3.
#
# **Your turn.**
#
# <details><summary>Hint 1: a question</summary>
#
# Mean and variance are now `(N,)`. What happens in `x - mean`, with `(N, D)` and `(N,)`? And if by chance N = D?
# What does `keepdim=True` do?
# </details>
# <details><summary>Hint 2: the shortest way back</summary>
#
# dx from dxhat is the formula of section 3, with the two sums along the other axis and D in place of N. What is
# dxhat?
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# $x = [[0, 3, 6]]$, $\gamma = (2, 1, 1)$, $\varepsilon = 0$: xhat $= (-1.22474, 0, 1.22474)$. dout $= [[1, 1,
# 0]]$ gives dxhat $= (2, 1, 0)$, dx $= (0.06804, -0.13608, 0.06804)$, dgamma $= (-1.22474, 0, 0)$, dbeta $= (1,
# 1, 0)$.
# </details>


# %% question="layernorm" role="solution"
def layernorm_forward(
    x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, *, eps: float = 1e-5
) -> torch.Tensor:
    """Normalise every sample over its features, then scale and shift each feature.

    Args:
        x: (N, D), floating point.
        gamma: Scale of each feature, (D,).
        beta: Shift of each feature, (D,).
        eps: Added to the (biased) variance, inside the root.

    Returns:
        (N, D).

    Source:
        Ba, Kiros, Hinton (2016), arXiv:1607.06450.
    """
    ### BEGIN SOLUTION
    centred = x - x.mean(dim=1, keepdim=True)
    var = (centred**2).mean(dim=1, keepdim=True)
    return gamma * centred / torch.sqrt(var + eps) + beta
    ### END SOLUTION


def layernorm_backward(
    dout: torch.Tensor, x: torch.Tensor, gamma: torch.Tensor, *, eps: float = 1e-5
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradients of layer norm.

    Args:
        dout: Gradient of the loss with respect to the output, (N, D).
        x: Input of the layer, (N, D).
        gamma: Scale of each feature, (D,).
        eps: As in the forward pass.

    Returns:
        dx, (N, D); dgamma, (D,); dbeta, (D,).
    """
    ### BEGIN SOLUTION
    centred = x - x.mean(dim=1, keepdim=True)
    inv = 1 / torch.sqrt((centred**2).mean(dim=1, keepdim=True) + eps)
    xhat = centred * inv
    dxhat = dout * gamma
    along = (dxhat * xhat).mean(dim=1, keepdim=True)
    dx = inv * (dxhat - dxhat.mean(dim=1, keepdim=True) - xhat * along)
    return dx, (dout * xhat).sum(dim=0), dout.sum(dim=0)
    ### END SOLUTION


# %% question="layernorm" points=5 role="check"
check.layernorm(layernorm_forward, layernorm_backward)

# %% [markdown]
# **Does company matter?** We take one sample and put it into 100 different batches, for each of many batch sizes,
# and look how much its output differs from batch to batch.
#
# **Predict.** Batch norm with 4 samples per batch, and with 64, sixteen times as many: by which factor does the
# difference shrink? And layer norm?
#
# *In the figure, both axes logarithmic: the spread of one sample's output against the batch size, 2 to 512. The
# line of batch norm falls steadily, by about a half for each fourfold batch. It follows a dotted line,
# one over the root of the size. Layer norm stands in the legend only: it is zero at every size, and a logarithmic
# axis has no zero.*
#
# <details><summary>After you have run it</summary>
#
# By three to four: statistics of $N$ samples are off by about $1 / \sqrt N$, and the root of sixteen is four.
# At 2 samples it is a coin toss, the output is −1 or 1. That is the noise that regularises, and also the reason
# why people who train on huge pictures, two or four to a GPU, look for something else. Layer norm does not know
# that there is any company.
# </details>

# %% role="demo"
plotting.company(batchnorm_forward, layernorm_forward, normal(4096, 32, seed=9))

# %% [markdown]
# ## 7. Group norm
#
# *5 points, about 20 minutes*
#
# For images, layer norm would average over all channels of a sample. But channels are very different things: one
# may answer to edges, ten times in a picture, the next to red. Could one not average over a *few* channels only?
# **Group norm** cuts the C channels into groups of neighbours, and normalises each group of each sample, over its
# channels and all places:
#
# ```text
# 6 channels, 3 groups:   0 1 | 2 3 | 4 5        channel c is in group  c // (C / groups)
# ```
#
# | | shape | averages over |
# |---|---|---|
# | x | `(N, C, H, W)` | |
# | batch norm | `(C,)` statistics | N, H, W |
# | group norm | `(N, groups)` statistics | C / groups channels, H, W |
# | with `groups = 1`: layer norm of images | `(N, 1)` | C, H, W |
# | with `groups = C`: **instance norm** | `(N, C)` | H, W |
#
# gamma and beta are `(C,)`, one of each per *channel*, whatever the groups are.
#
# **With a pencil.** One image with four channels of 1 × 2 pixels, two groups, $\varepsilon = 0$:
#
# ```text
# channel 0    1  1     mean 2, variance 3     -0.577 -0.577
# channel 1    1  5                            -0.577  1.732
# ---------------------------------------------------------
# channel 2    0 10     mean 5, variance 25    -1      1
# channel 3    0 10                            -1      1
# ```
#
# **Your turn.** If C is not divisible by the number of groups, that is a `ValueError`.
#
# <details><summary>Hint 1: a question</summary>
#
# The channels of a group are neighbours in memory, and behind each of them lie its pixels. Into which shape can
# you `reshape` x, without moving any axis, so that each row is just one group of one sample?
# </details>
# <details><summary>Hint 2: whose gamma?</summary>
#
# The statistics belong to groups, gamma and beta to channels. Which shape must gamma have to meet axis 1 of
# `(N, C, H, W)`? Backwards: multiply by gamma in which shape, sum in which?
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# In the example with $\gamma = (1, 2, 1, 1)$ and dout = 1 for the 5 and 0 elsewhere: dgamma $= (0, 1.732, 0, 0)$,
# dbeta $= (0, 1, 0, 0)$, dx $= 0$. With dout = 1 for the first 1 of channel 0 and 0 elsewhere, dx of the group is
# 0.3849, −0.1925 in channel 0 and −0.1925, 0 in channel 1.
# </details>


# %% question="groupnorm" role="solution"
def groupnorm_forward(
    x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, groups: int, *, eps: float = 1e-5
) -> torch.Tensor:
    """Normalise every group of channels of every sample, then scale and shift each channel.

    Args:
        x: Images or maps, (N, C, H, W), floating point.
        gamma: Scale of each channel, (C,).
        beta: Shift of each channel, (C,).
        groups: Number of groups, a divisor of C; each is C / groups neighbouring channels.
        eps: Added to the (biased) variance, inside the root.

    Returns:
        (N, C, H, W).

    Raises:
        ValueError: If the channels can't be divided into that many groups.

    Source:
        Wu & He (2018), arXiv:1803.08494.
    """
    ### BEGIN SOLUTION
    N, C = x.shape[:2]
    if C % groups:
        raise ValueError(f"groups: expected a divisor of the {C} channels, got {groups}")
    rows = x.reshape(N, groups, -1)
    centred = rows - rows.mean(dim=2, keepdim=True)
    var = (centred**2).mean(dim=2, keepdim=True)
    xhat = (centred / torch.sqrt(var + eps)).reshape(x.shape)
    return gamma[:, None, None] * xhat + beta[:, None, None]
    ### END SOLUTION


def groupnorm_backward(
    dout: torch.Tensor, x: torch.Tensor, gamma: torch.Tensor, groups: int, *, eps: float = 1e-5
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradients of group norm.

    Args:
        dout: Gradient of the loss with respect to the output, (N, C, H, W).
        x: Input of the layer, (N, C, H, W).
        gamma: Scale of each channel, (C,).
        groups: Number of groups, a divisor of C.
        eps: As in the forward pass.

    Returns:
        dx, (N, C, H, W); dgamma, (C,); dbeta, (C,).

    Raises:
        ValueError: If the channels can't be divided into that many groups.
    """
    ### BEGIN SOLUTION
    N, C = x.shape[:2]
    if C % groups:
        raise ValueError(f"groups: expected a divisor of the {C} channels, got {groups}")
    rows = x.reshape(N, groups, -1)
    centred = rows - rows.mean(dim=2, keepdim=True)
    inv = 1 / torch.sqrt((centred**2).mean(dim=2, keepdim=True) + eps)
    xhat = centred * inv
    dxhat = (dout * gamma[:, None, None]).reshape(xhat.shape)
    along = (dxhat * xhat).mean(dim=2, keepdim=True)
    dx = inv * (dxhat - dxhat.mean(dim=2, keepdim=True) - xhat * along)
    dgamma = (dout * xhat.reshape(x.shape)).sum(dim=(0, 2, 3))
    return dx.reshape(x.shape), dgamma, dout.sum(dim=(0, 2, 3))
    ### END SOLUTION


# %% question="groupnorm" points=5 role="check" uses="layernorm"
check.groupnorm(groupnorm_forward, groupnorm_backward)

# %% [markdown]
# **Who shares a mean with whom?** We change *one* number of a batch, in sample 3, channel 2, and look which
# outputs change. No formula is drawn here: the picture shows what your functions do.
#
# **Predict** all four, before you run.
#
# *In the figure: four blocks of little cubes, samples towards the right, channels to the back, places upwards.
# Orange are the outputs that changed. Batch norm: one channel, in all samples. Layer norm: one whole sample.
# Group norm with three groups: in one sample, two neighbouring channels of six. Instance norm: in one sample, one
# channel.*

# %% role="demo"
plotting.shared_statistics(batchnorm2d_forward, groupnorm_forward)

# %% [markdown]
# ## 8. Folding
#
# *3 points, about 10 minutes*
#
# The network is trained, and now it runs on a telephone. Each batch norm costs two numbers per channel and a
# sweep over all maps. But look at evaluation once more: given $m$, $v$, $\gamma$ and $\beta$ it is a straight
# line per channel. Before it stands a convolution, which is linear as well. And one linear thing after another
# is *one* linear thing. So let the convolution do both:
#
# $$\text{BN}(w \star x + b) = w' \star x + b'$$
#
# | | shape | in words |
# |---|---|---|
# | w, w' | `(C_out, ...)` | any layer whose outputs are axis 0: `(C_out, C_in, K_H, K_W)`, or `(D_out, D_in)` |
# | b, b' | `(C_out,)` | b may be `None`, then it counts as 0; b' is always a tensor |
# | gamma, beta, running_mean, running_var | `(C_out,)` | |
#
# **With a pencil.** One output, $w = (2, -1)$, $b = 3$; $m = 1$, $v = 4$, $\varepsilon = 0$, $\gamma = 6$,
# $\beta = 1$. Batch norm is $z \mapsto 6 (z - 1) / 2 + 1 = 3 z - 2$. With $z = 2 x_0 - x_1 + 3$ that is
# $6 x_0 - 3 x_1 + 7$: so $w' = (6, -3)$, $b' = 7$.
#
# **Your turn.**
#
# <details><summary>Hint 1: a question</summary>
#
# In the line $3 z - 2$ of the example: which of the five numbers $m, v, \varepsilon, \gamma, \beta$ make the
# slope, which make the constant? What happens to $b$ on its way through the line?
# </details>
# <details><summary>Hint 2: any number of axes</summary>
#
# The slope is `(C_out,)`, w has one, two or five axes, and the slope belongs to axis 0. How do you give a
# vector as many axes of length 1 as are needed? `w.ndim` knows the number, `slope.reshape(-1, *[1] * k)` makes
# them.
# </details>
# <details><summary>Hint 3: numbers</summary>
#
# $w = [[1, 2], [3, 4]]$, no bias, $m = (1, 0)$, $v = (0.25, 1)$, $\varepsilon = 0$, $\gamma = (1, 2)$,
# $\beta = (0, 5)$: $w' = [[2, 4], [6, 8]]$, $b' = (-2, 5)$.
# </details>


# %% question="fold_batchnorm" role="solution"
def fold_batchnorm(
    w: torch.Tensor,
    b: torch.Tensor | None,
    gamma: torch.Tensor,
    beta: torch.Tensor,
    running_mean: torch.Tensor,
    running_var: torch.Tensor,
    *,
    eps: float = 1e-5,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights of one layer that does what a layer and the batch norm after it do in evaluation.

    Args:
        w: Weights of the layer, (C_out, ...), any number of axes, outputs first.
        b: Biases of the layer, (C_out,), or None.
        gamma: Scale of each output channel, (C_out,).
        beta: Shift of each output channel, (C_out,).
        running_mean: Running mean of each output channel, (C_out,).
        running_var: Running variance of each output channel, (C_out,).
        eps: As in the batch norm.

    Returns:
        The new weights, in the shape of w, and the new biases, (C_out,).
    """
    ### BEGIN SOLUTION
    slope = gamma / torch.sqrt(running_var + eps)
    shift = -running_mean if b is None else b - running_mean
    return w * slope.reshape(-1, *[1] * (w.ndim - 1)), slope * shift + beta
    ### END SOLUTION


# %% question="fold_batchnorm" points=3 role="check"
check.fold_batchnorm(fold_batchnorm)

# %% [markdown]
# **Gone without a trace.** A convolution with sixteen filters and a batch norm, in evaluation, on the photo:
# first one after the other, then folded into a single convolution.
#
# *In the figure: left one map of the two layers one after the other; in the middle the same map of the folded
# layer, alike to the eye; right 1,500 outputs of the one against those of the other, on a straight line.
# The title gives the largest difference of all.*

# %% role="demo"
plotting.folded(fold_batchnorm, batchnorm2d_forward, photo)

# %% [markdown]
# That is only true in evaluation. In training mean and variance depend on the batch, and nothing can be folded.
# And it only works where nothing stands between the two: with a ReLU in the middle it is no longer a line.
#
# ## 9. The useless bias
#
# *1 point, about 5 minutes*
#
# In many published networks the convolutions in front of a batch norm are made with `bias=False`. Has somebody
# forgotten something? Ask the gradient. A bias $b$, `(D,)`, is added just before the norm:
#
# $$\text{out} = \text{BN}(x + b) \qquad \text{at } b = 0$$
#
# $b_j$ is added to all N samples of its feature, so its gradient is the sum of the gradients of all samples.
#
# **With a pencil.** Section 2: dx $= (0.375, -0.125, -0.125, -0.125, 0)$. Sum: 0. With notes of $v = 4$ in
# evaluation, dx $= (½, 0, 0, 0, 0)$. Sum: ½.
#
# **Your turn.** The gradient in training, with the statistics of the batch, and in evaluation, with the running
# statistics. (Which of the two running statistics does it need?)
#
# <details><summary>Hint 1: a question</summary>
#
# Have you not already written both gradients with respect to x?
# </details>
# <details><summary>Hint 2: numbers</summary>
#
# $x = (0, 3, 6)$, dout $= (1, 0, 0)$, $\gamma = 2$, running variance 4, $\varepsilon = 0$: in training 0 (or
# something like $10^{-17}$, which is rounding), in evaluation 1.
# </details>


# %% question="bias_before_batchnorm" role="solution"
def bias_before_batchnorm(
    dout: torch.Tensor,
    x: torch.Tensor,
    gamma: torch.Tensor,
    running_var: torch.Tensor,
    *,
    eps: float = 1e-5,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradients of a bias that is added to x just before batch norm, where the bias is 0.

    Args:
        dout: Gradient of the loss with respect to the output of batch norm, (N, D).
        x: Input, (N, D), N >= 2.
        gamma: Scale of each feature, (D,).
        running_var: Running variance of each feature, (D,).
        eps: As in the forward pass.

    Returns:
        The gradient with the statistics of the batch, and the gradient with the running
        statistics, both (D,).
    """
    ### BEGIN SOLUTION
    in_training, _, _ = batchnorm_backward(dout, x, gamma, eps=eps)
    in_evaluation, _, _ = batchnorm_backward_eval(
        dout, x, gamma, torch.zeros_like(running_var), running_var, eps=eps
    )
    return in_training.sum(dim=0), in_evaluation.sum(dim=0)
    ### END SOLUTION


# %% question="bias_before_batchnorm" points=1 role="check" uses="batchnorm_backward batchnorm_backward_eval"
check.bias_before_batchnorm(bias_before_batchnorm)

# %% [markdown]
# *In the figure: the gradient of the bias for eight features. In training no bars can be seen, and the size of
# the largest is written above: a rounding error. In evaluation eight bars of different heights.*

# %% role="demo"
plotting.bias_gradients(bias_before_batchnorm, normal(64, 8, seed=10), normal(64, 8, seed=11))

# %% [markdown]
# The norm subtracts the mean, and with it whatever was added to all samples alike. The bias has no effect, so
# its gradient is 0, so it never learns; beta does its work. It only costs memory. With a norm over *other*
# axes, layer norm, say, it is not useless: what it adds differs from feature to feature.
#
# ## 10. What a norm does not see
#
# *2 points, about 10 minutes*
#
# The bias was one thing that a norm is blind to. What else? If we know that, we know what training can no longer
# go wrong with. So build a measuring instrument. It gets any function `norm` and an input, changes the input by a
# scale and a shift, and says how much of that gets through:
#
# $$\text{gap} = \max \big|\, \text{norm}(\text{scale} \cdot x + \text{shift}) - \text{norm}(x) \,\big|$$
#
# Scale and shift are numbers, or tensors that broadcast with x: `(D,)` changes each feature differently, `(N, 1)`
# each sample.
#
# **With a pencil.** $x = [[1, 5], [2, 3]]$, $\varepsilon = 0$, and the scale is $(10, 1)$, one for each
# feature. Layer norm of the first row: $(1, 5)$ gives $(-1, 1)$, but $(10, 5)$ gives $(1, -1)$. The gap is 2.
# Batch norm of the columns: $(1, 2)$ gives $(-1, 1)$, and $(10, 20)$ the same. The gap is 0.
#
# **Your turn.** One line, or two. The function returns a plain `float`.
#
# <details><summary>Hint 1: a question</summary>
#
# The instrument is used on norms that are *wrong*, too. What must it not assume about them? Does it matter
# whether the largest difference is above or below zero?
# </details>
# <details><summary>Hint 2: numbers</summary>
#
# For `norm = lambda x: x` and $x = (1, -3)$: scale 2 and shift 0 give 3, scale 1 and shift −0.5 give 0.5, scale 1
# and shift 0 give 0.
# </details>


# %% question="scale_invariance" role="solution"
def scale_invariance_gap(
    norm: Callable[[torch.Tensor], torch.Tensor],
    x: torch.Tensor,
    scale: float | torch.Tensor,
    shift: float | torch.Tensor,
) -> float:
    """How much of a scale and a shift of its input gets through a norm.

    Args:
        norm: Any function from a tensor to a tensor of the same shape.
        x: Its input, any shape.
        scale: A number, or a tensor that broadcasts with x.
        shift: A number, or a tensor that broadcasts with x.

    Returns:
        The largest absolute difference between norm(scale * x + shift) and norm(x).
    """
    ### BEGIN SOLUTION
    return float((norm(scale * x + shift) - norm(x)).abs().max())
    ### END SOLUTION


# %% question="scale_invariance" points=2 role="check"
check.scale_invariance(scale_invariance_gap)

# %% [markdown]
# **Predict.** Three functions (nothing at all, batch norm, layer norm) and five changes. Where does the table
# show zeros (or, because of $\varepsilon$, almost zeros)?
#
# *In the figure: a table of numbers, white where hardly anything gets through. "Nothing" feels every change.
# Batch norm does not feel one scale for all, a scale per feature or a shift per feature, but a scale per
# sample. Layer norm does not feel one scale for all or a scale per sample, but scales and shifts per feature.
# In the last row all is made ten thousand times smaller, and both feel it.*
#
# <details><summary>After you have run it: the last row</summary>
#
# $\varepsilon$. The variance of the small input is about $10^{-7}$, far below $\varepsilon = 10^{-5}$, so the sum
# under the root is all $\varepsilon$. Scale invariance holds for inputs whose deviation is well above
# $\sqrt\varepsilon \approx 0.003$.
# </details>

# %% role="demo"
plotting.invariance(scale_invariance_gap, batchnorm_forward, layernorm_forward)

# %% [markdown]
# **What follows for training.** In `batchnorm(x @ w)`, multiply all weights by 10. Each feature of `x @ w` is
# multiplied by 10, and the norm doesn't feel it: the loss is what it was. But what happens to the *gradient* of
# the weights? Say a number before you run.

# %% role="demo"
with plotting.when_ready():
    x, w, dout = normal(256, 20, seed=12), normal(20, 6, seed=13), normal(256, 6, seed=14)
    ones, zeros = torch.ones(6, device=device), torch.zeros(6, device=device)
    print("weights   change of the outputs   size of the gradient   step / weight at lr = 1")
    for scale in (0.1, 1.0, 10.0, 100.0):
        out, _, _ = batchnorm_forward(x @ w, ones, zeros, zeros, ones, training=True)
        scaled, _, _ = batchnorm_forward(x @ (scale * w), ones, zeros, zeros, ones, training=True)
        dx, _, _ = batchnorm_backward(dout, x @ (scale * w), ones)
        gradient = float((x.T @ dx).norm())
        change, size = float((scaled - out).abs().max()), float((scale * w).norm())
        print(f"× {scale:5g} {change:23.1e} {gradient:22.4g} {gradient / size:24.2g}")

# %% [markdown]
# Ten times the weights, a *tenth* of the gradient. Relative to the weights a step becomes a hundred times
# shorter. So a network with batch norm sets its own pace: if a step was too long, the weights have grown, and
# the next step is shorter. (Every step makes them longer: along the weights the loss does not change, so the
# gradient stands at right angles to them.) And with *small* weights steps are long, relatively: that is why the
# smallest learning rates of the map in section 4 did best with the smallest weights.
#
# ## 11. A batch of one
#
# *2 points by hand, about 15 minutes*
#
# Here is a situation in which you will find yourself sooner or later. A network with batch norm has been trained
# with 64 pictures per batch. Now the pictures become so large that only **one** fits into the memory of the GPU.
# Describe in your own words, in six to twelve sentences:
#
# 1. What happens in training with a batch of one, for the layer on `(1, D)` and for the one on `(1, C, H, W)`?
#    Does it raise an error, does it run, what do the outputs and the gradients look like, and what becomes of
#    the notes?
# 2. What happens in evaluation with one picture, and why is that another matter?
# 3. What would you use instead, and what would it cost you? Name at least one alternative and one of its
#    drawbacks.
#
# Use what you have measured in this notebook: numbers count more than adjectives. One point is for what breaks
# and why (1 and 2), one for a remedy with its price (3). A person reads it.

# %% [markdown] role="reflection" question="batch_of_one" points=2
# With one sample, the mean of a feature is the sample itself: the layer on `(1, D)` would give beta whatever is
# in the picture, and every gradient dx would be 0, so nothing below could learn. That is why it raises an
# error; the unbiased variance would be 0 / 0 as well. On `(1, C, H, W)` it runs, because there are H · W values
# per channel, but it has become instance norm: it takes the mean and the contrast of each map out of *this*
# picture, although they may be just what tells the classes apart. The running statistics then average over
# single pictures: they are noisy, and their variance is that within a picture only, so evaluation normalises
# with other numbers than training and the results get worse although the training loss is fine.
#
# In evaluation one picture is no problem at all: mean and variance come from the notes, and the output does not
# depend on company. But they must have been collected with good batches, or be kept from the training with 64.
#
# Instead I would use group norm, with 8 or 32 channels in a group: it gives the same for a picture in any
# company (the spread over batches was exactly 0 in section 6, against about 0.5 for batches of four). The
# price: no regularising noise, it cannot be folded into the convolution because its statistics depend on the
# picture, and with large batches it is often slightly worse. Others: freeze the running statistics of the
# trained network and use the evaluation mode with its own backward pass; or add up statistics over several
# GPUs. Adding up gradients over 64 single pictures does not help, because each forward pass still sees one.

# %% [markdown]
# ## What you have built
#
# | you can now | with |
# |---|---|
# | normalise a batch, and keep notes for later | `batchnorm_forward` |
# | walk any graph of small boxes backwards | `batchnorm_backward` |
# | save half of the work with a pencil | `batchnorm_backward_simplified` |
# | go back through a network that is not training | `batchnorm_backward_eval` |
# | treat maps as what they are | `batchnorm2d_forward`, `batchnorm2d_backward` |
# | do without a batch | `layernorm_forward`, `groupnorm_forward`, and their ways back |
# | make a layer disappear | `fold_batchnorm` |
# | measure what a layer can't see | `bias_before_batchnorm`, `scale_invariance_gap` |
#
# **What comes next.** You have convolution, activation, pooling and normalization, each forwards and backwards.
# The next assignment puts them together: a loss, an optimiser, a whole network of your own layers that reads
# digits, and not one line of autograd in it.
#
# ## Before you hand in
#
# 1. **Restart the kernel and run all cells.** What worked by chance, thanks to a variable that you have since
#    deleted, shows up now.
# 2. **Every check says that it passed.** Hand in what you have in any case: every question counts for itself,
#    and where one of your functions builds on another that is wrong, it is tried once more with a right one.
# 3. **Is the answer of section 11 written?** No check asks for it.
# 4. **Are your functions pure?** No changed inputs, no memory between calls, no printing in loops.
# 5. **Don't delete or copy check cells**, and keep the names of the functions.
# 6. **Save, and hand in this notebook file.** Nothing else is needed.
