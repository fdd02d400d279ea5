"""Inputs of the hidden tests of normalization, and how a tuple of results is judged part by part.

Tolerances. Results are built from at most a few hundred numbers around 1. In float64 any order of computing agrees to
about 1e-13, so the default of 1e-7 and 1e-9 is generous, yet far below a rounding to float32. In float32 such results
differ by about 1e-5, so 1e-4 is allowed. Around a large mean of 1e6, differences from the mean keep 1e-16 * 1e6 = 1e-10
of their size, a few of which add up: 1e-7 is allowed, while a difference of two mean squares is off by 1e-4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.hidden_tests.a2_pooling_and_normalization.inputs import normal, scattered, turned, whole
from autograder.model import Verdict
from autograder.testing import Judged, expect

Tensor = torch.Tensor

FLOAT32 = {"rtol": 1e-4, "atol": 1e-4}
LARGE = {"rtol": 1e-7, "atol": 1e-7}
# Central differences of step 1e-5 in float64: about 1e-9 from the third derivative, 1e-10 from rounding.
DIFFERENCES = {"rtol": 1e-6, "atol": 1e-7}

# Operations of the simplified backward, in units of N*D elements. Measured of honest derivations: 8 (torch.addcmul), 11
# (dx from dgamma and dbeta), 12 and 14 (sums or means, own variance), 13 (in place), 16 (the mean taken off twice), 17
# (temporaries for dout * gamma and for every product). Graphs, box by box: 23 with the spread gradients as full arrays,
# 25 for the equations of the paper, 24 as the notebook counts its own drawing. Three quarters of that are 18; a graph
# lean enough to stay below may pass.
MOST_PASSES = 18

FORWARD = ("out", "running_mean", "running_var")
BACKWARD = ("dx", "dgamma", "dbeta")
# Whole numbers with variance 5; with this eps the root is 4, and every step is exact in any order.
_EVEN = (-3.0, -3.0, -1.0, -1.0, 1.0, 1.0, 3.0, 3.0)
EXACT_EPS = 11.0
EXACT_VAR = 5.0


@dataclass(frozen=True)
class Layer:
    """What the layers and their backwards are called with; gamma and beta are (C,), statistics too."""

    x: Tensor
    dout: Tensor
    gamma: Tensor
    beta: Tensor
    mean: Tensor
    var: Tensor

    @property
    def affine(self) -> tuple[Tensor, ...]:
        """Arguments of layer norm's forward."""
        return self.x, self.gamma, self.beta

    @property
    def batch(self) -> tuple[Tensor, ...]:
        """Arguments of batch norm's forward."""
        return self.x, self.gamma, self.beta, self.mean, self.var

    @property
    def back(self) -> tuple[Tensor, ...]:
        """Arguments of a backward with the statistics of x."""
        return self.dout, self.x, self.gamma

    @property
    def back_eval(self) -> tuple[Tensor, ...]:
        """Arguments of the backward with running statistics."""
        return self.dout, self.x, self.gamma, self.mean, self.var

    def each(self, change: Callable[[Tensor], Tensor]) -> Layer:
        """The same with every tensor changed: in dtype, or in memory."""
        return replace(self, **{field.name: change(getattr(self, field.name)) for field in fields(self)})


def layer(rng: np.random.Generator, *shape: int, scale: float = 1.0, shift: float = 0.0) -> Layer:
    """Draw the inputs of a layer; x has this standard deviation, and per channel another mean around `shift`.

    Signs of gamma are mixed, no gamma is near 0, and running statistics are not those of x.
    """
    channels = shape[1]
    along = (1, channels, *(1,) * (len(shape) - 2))
    x = normal(rng, *shape, scale=scale, shift=shift) + scale * normal(rng, *along, scale=2.0)
    gamma = torch.from_numpy(rng.uniform(0.6, 2.2, size=channels) * rng.permutation(_signs(channels)))
    var = torch.from_numpy(rng.uniform(0.3, 3.0, size=channels)) * scale**2
    mean = normal(rng, channels, scale=scale, shift=shift)
    return Layer(x, normal(rng, *shape, shift=0.3), gamma, normal(rng, channels), mean, var)


def exact(rng: np.random.Generator, *shape: int, together: Sequence[int]) -> Layer:
    """Inputs whose results are exact with EXACT_EPS: whole numbers, of variance 5 over the axes `together`.

    Their lengths must multiply to 8, 16, ...: then means are exact too. No mean is 0.
    """
    apart = [axis for axis in range(len(shape)) if axis not in together]
    count = int(np.prod([shape[axis] for axis in together]))
    others = int(np.prod(shape)) // count
    sets = [rng.permutation(np.resize(_EVEN, count)) + mean for mean in rng.permutation(others) + 1]
    mixed = np.array(sets).reshape([shape[axis] for axis in (*apart, *together)])
    x = torch.from_numpy(np.moveaxis(mixed, range(len(shape)), (*apart, *together)).copy())
    channels = shape[1]
    gamma = torch.from_numpy(rng.permutation(np.resize([1.0, -2.0, 4.0], channels)))
    return Layer(
        x, whole(rng, *shape), gamma, whole(rng, channels), whole(rng, channels), torch.full_like(gamma, EXACT_VAR)
    )


def single(tensor: Tensor) -> Tensor:
    """Rounded to float32."""
    return tensor.float()


def gapped(tensor: Tensor) -> Tensor:
    """The same numbers, not contiguous in memory: in reverse order of axes, or with gaps."""
    return turned(tensor) if tensor.ndim > 1 else scattered(tensor)


def parts(got: Any, names: Sequence[str], what: str) -> tuple[Any, ...]:
    """Take apart a tuple that a function returned, whose parts are judged one by one."""
    found = tuple(value for _, value in getattr(got, "fields", ())) or got
    if not isinstance(found, tuple) or len(found) != len(names):
        raise Judged(Verdict.FAILED, f"{what}: expected the tuple ({', '.join(names)}).", rung="type")
    return found


def expect_parts(
    function: Any,
    args: tuple[Any, ...],
    want: tuple[Tensor, ...],
    names: Sequence[str],
    *looked_at: str,
    tolerances: dict[str, float] | None = None,
    **options: Any,
) -> None:
    """Call a function that returns a tuple, and compare the parts that are looked at; all if none are named."""
    got = parts(function(*args, **options), names, function.name)
    for name, part, right in zip(names, got, want, strict=True):
        if not looked_at or name in looked_at:
            expect(part, right, axes=_axes(right), what=name, **(tolerances or {}))


def expect_tensor(
    function: Any, args: tuple[Any, ...], want: Tensor, *, tolerances: dict[str, float] | None = None, **options: Any
) -> None:
    """The same of a function that returns one tensor."""
    expect(function(*args, **options), want, axes=_axes(want), what="out", **(tolerances or {}))


def forward_of(function: Any) -> Any:
    """Judge (out, running_mean, running_var): `forward_of(student.batchnorm_forward)(args, want, "out", ...)`."""
    return partial(_in_order, function, FORWARD)


def backward_of(function: Any) -> Any:
    """Judge (dx, dgamma, dbeta), likewise."""
    return partial(_in_order, function, BACKWARD)


def _in_order(
    function: Any, names: Sequence[str], args: tuple[Any, ...], want: tuple[Tensor, ...], *parts: str, **options: Any
) -> None:
    expect_parts(function, args, want, names, *parts, **options)


def _axes(tensor: Tensor) -> tuple[str, ...]:
    return {1: ("F",), 2: ("N", "F"), 4: ("N", "C", "H", "W")}.get(tensor.ndim, ())


def _signs(count: int) -> np.ndarray:
    return np.where(np.arange(count) % 3 == 1, -1.0, 1.0)
