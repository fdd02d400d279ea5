"""Steps of the second base that many functions get wrong alike."""

from __future__ import annotations

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.normalization.columns import Step, Tensor, mean_of, nearer


def usual_eps(eps: float) -> float:
    """Whatever was asked for."""
    return 1e-5


def outside(var: Tensor, eps: float) -> Tensor:
    """The standard deviation with eps added to it."""
    return var**0.5 + eps


def no_root(var: Tensor, eps: float) -> Tensor:
    """A variance in the place of the standard deviation."""
    return var + eps


def no_eps(var: Tensor, eps: float) -> Tensor:
    """The standard deviation alone."""
    return torch.sqrt(var)


def at_least(var: Tensor, eps: float) -> Tensor:
    """The standard deviation with eps as a lower limit of the variance."""
    return torch.sqrt(torch.clamp_min(var, eps))


def lossy(columns: Tensor) -> Tensor:
    """The mean of squares less the square of the mean."""
    return mean_of(columns * columns) - mean_of(columns) ** 2


def not_centred(columns: Tensor, mean: Tensor) -> Tensor:
    """The numbers as they are."""
    return columns


def keep_old(old: Tensor, new: Tensor, momentum: float) -> Tensor:
    """Nothing is stored."""
    return old


def take_new(old: Tensor, new: Tensor, momentum: float) -> Tensor:
    """Nothing is kept."""
    return new


def nothing(gradient: Tensor) -> Tensor:
    """A gradient that does not flow."""
    return torch.zeros_like(gradient)


def plain(rows: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    """No affine part."""
    return rows


def exchanged(rows: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    """Gamma shifts and beta scales."""
    return rows * beta + gamma


def shift_first(rows: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    """Gamma scales the shift, too."""
    return (rows + beta) * gamma


def shift_only(rows: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    """Without gamma."""
    return rows + beta


def scale_only(rows: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    """Without beta."""
    return rows * gamma


def unweighed(dout: Tensor, gamma: Tensor) -> Tensor:
    """Without gamma, on the way back."""
    return dout


def halves(*parts: Tensor) -> tuple[Tensor, ...]:
    """Everything in single precision."""
    return tuple(part.to(torch.float32) for part in parts)


def doubles(*parts: Tensor) -> tuple[Tensor, ...]:
    """Everything in double precision."""
    return tuple(part.to(torch.float64) for part in parts)


def last_two_swapped(first: Tensor, second: Tensor, third: Tensor) -> tuple[Tensor, ...]:
    """The second and third result exchanged."""
    return first, third, second


def twice_affine(step: Step) -> dict[str, Step]:
    """The affine part of both modes."""
    return {"affine": step, "eval_affine": step}


def both_updates(step: Step) -> dict[str, Step]:
    """The updates of both statistics."""
    return {"update_mean": step, "update_var": step}


def both_roots(step: Step) -> dict[str, Step]:
    """The roots of both modes."""
    return {"root": step, "eval_root": step}


def first_taken(start: float) -> Step:
    """The first batch as it is, known by statistics that are still as they were made."""
    return lambda old, new, momentum: (
        new if torch.equal(old, torch.full_like(old, start)) else nearer(old, new, momentum)
    )


def overwrites(old: Tensor, new: Tensor, momentum: float) -> Tensor:
    """The caller's statistics, changed."""
    return old.copy_(nearer(old, new, momentum))
