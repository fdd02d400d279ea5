"""Typical mistakes in maxout."""

from __future__ import annotations

from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps import RIGHT
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.steps_activations import (
    first_largest,
    largest,
    maxout,
    maxout_back,
    pieces_of,
    step_at_zero,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.wrong_steps import (
    COPY,
    DTYPE,
    Tensor,
    double,
    single,
)
from autograder.mistakes import Mistake, Policy


def _out(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("maxout_" + id, "maxout", {"maxout_forward": maxout(**steps)}, symptom, hint)


def _back(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("maxout_back_" + id, "maxout", {"maxout_backward": maxout_back(**steps)}, symptom, hint)


def _with_places(x: Tensor, pieces: int) -> tuple[Tensor, ...]:
    if x.shape[1] % pieces:
        raise ValueError("the pieces do not divide the channels")
    return tuple(torch.stack(pieces_of(x, pieces)).max(0))


def _four_axes(x: Tensor) -> None:
    if x.ndim != 4:
        raise ValueError(f"not enough values to unpack (expected 4, got {x.ndim})")


def _neighbours(x: Tensor, pieces: int) -> list[Tensor]:
    return [x[:, piece::pieces] for piece in range(pieces)]


def _put_back(gradients: list[Tensor], x: Tensor, pieces: int) -> Tensor:
    return torch.stack(gradients, 2).flatten(1, 2)


def _over_channels(parts: list[Tensor]) -> Tensor:
    return torch.stack([part.amax(1) for part in parts], 1)


def _from_zero(parts: list[Tensor]) -> Tensor:
    return largest([torch.zeros_like(parts[0]), *parts])


def _nearly(parts: list[Tensor]) -> list[Tensor]:
    best = largest(parts)
    return [((part - best).abs() < 1e-2).to(part.dtype) for part in parts]


def _all_ties(parts: list[Tensor]) -> list[Tensor]:
    best = largest(parts)
    return [(part == best).to(part.dtype) for part in parts]


def _split_ties(parts: list[Tensor]) -> list[Tensor]:
    winners = _all_ties(parts)
    return [wins / sum(winners) for wins in winners]


def _last_ties(parts: list[Tensor]) -> list[Tensor]:
    return first_largest(parts[::-1])[::-1]


def _sorts(x: Tensor, pieces: int) -> Tensor:
    out = RIGHT["maxout_forward"](x, pieces)
    x[:, : out.shape[1]] = out
    return out


def _dout_in_place(dout: Tensor, x: Tensor, pieces: int) -> Tensor:
    dx = RIGHT["maxout_backward"](dout, x, pieces)
    dout *= dx[:, : dout.shape[1]] != 0
    return dx


MAXOUT = (
    _out(
        "neighbours",
        "You compare channels that lie side by side.",
        "Which channels of the input belong to output channel 0? Look at the formula with its index.",
        take=_neighbours,
    ),
    _out(
        "mean",
        "Your numbers are averages of the pieces.",
        "What does the name say?",
        reduce=lambda parts: sum(parts) / len(parts),
    ),
    _out("sum", "Your numbers are sums of the pieces.", "What does the name say?", reduce=sum),
    _out(
        "smallest",
        "Your numbers are the smallest of the pieces.",
        "Which of them wins?",
        reduce=lambda parts: -largest([-p for p in parts]),
    ),
    _out(
        "wrong_axis",
        "Your result has as many channels as there are pieces.",
        "Over which axis is the largest taken: the pieces, or the channels of one piece?",
        reduce=_over_channels,
    ),
    _out(
        "from_zero",
        "Numbers that are all negative give 0.",
        "With which value does your running maximum begin?",
        reduce=_from_zero,
    ),
    _out(
        "absolute",
        "Large negative numbers win.",
        "Is it the largest number or the largest size?",
        reduce=lambda parts: largest([part.abs() for part in parts]),
    ),
    _out(
        "two_pieces",
        "Only the first two pieces count.",
        "How far does your loop over the pieces run?",
        reduce=lambda parts: largest(parts[:2]),
    ),
    _out(
        "last_piece_missing",
        "The last piece does not count.",
        "How far does your loop over the pieces run?",
        reduce=lambda parts: largest(parts[:-1] or parts),
    ),
    _out(
        "pieces_kept",
        "Your result keeps an axis of length 1.",
        "What does `keepdim` do?",
        reduce=lambda parts: largest(parts)[:, None],
    ),
    _out(
        "no_error",
        "Channels that are left over are dropped silently.",
        "What does the docstring say about pieces that don't divide the channels?",
        check=False,
    ),
    _out(
        "other_error",
        "Channels that are left over raise an error of another kind.",
        "Which error does the docstring name?",
        error=RuntimeError,
    ),
    _out(
        "assertion",
        "Channels that are left over end in an AssertionError.",
        "Which error does the docstring name?",
        error=AssertionError,
    ),
    Mistake(
        "maxout_with_places",
        "maxout",
        {"maxout_forward": _with_places},
        "Your result is a tuple.",
        "What does Tensor.max give beside the largest number?",
    ),
    _out(
        "images_only",
        "Only images work: vectors and sequences fail.",
        "How many axes may there be behind the channels?",
        demand=_four_axes,
    ),
    _out("float32", "Your result is float32 whatever comes in.", DTYPE, finish=single),
    _out("float64", "Your result is float64 whatever comes in.", DTYPE, finish=double),
    Mistake(
        "maxout_in_place",
        "maxout",
        {"maxout_forward": _sorts},
        "After the call the first piece of the caller's tensor holds the maxima.",
        COPY,
    ),
    _back(
        "neighbours",
        "Your gradient goes to channels that lie side by side.",
        "Which channels of the input belong to output channel 0? Look at the formula with its index.",
        take=_neighbours,
        place=_put_back,
    ),
    _back(
        "to_all",
        "Every piece gets the gradient.",
        "How much does the result change if a piece changes that did not win?",
        shares=lambda parts: [torch.ones_like(part) for part in parts],
    ),
    _back(
        "evenly",
        "The pieces share the gradient evenly.",
        "How much does the result change if a piece changes that did not win?",
        shares=lambda parts: [torch.ones_like(part) / len(parts) for part in parts],
    ),
    _back(
        "ones",
        "Your gradient holds zeros and ones only.",
        "The chain rule multiplies two things: which one is missing?",
        weigh=lambda dout, share: share,
    ),
    _back(
        "nearly_equal",
        "Pieces that nearly won get the gradient, too.",
        "How do you find out which piece won?",
        shares=_nearly,
    ),
    _back(
        "order_of_pieces",
        "Your pieces come back in another order than they came.",
        "Which piece do the first channels of dx belong to?",
        place=lambda gradients, x, pieces: torch.cat(gradients[::-1], 1),
    ),
    _back(
        "first_piece",
        "Only the first piece gets the gradient.",
        "Which piece won? That depends on the place.",
        shares=lambda parts: [torch.ones_like(parts[0]), *map(torch.zeros_like, parts[1:])],
    ),
    _back(
        "interleaved",
        "The right numbers stand at the wrong channels of dx.",
        "After stacking the pieces, which axis must come first before two axes are made one?",
        place=_put_back,
    ),
    _back(
        "positive_only",
        "No gradient comes through where the winner is negative.",
        "Is there a ReLU in maxout?",
        shares=lambda parts: [
            share * step_at_zero(part) for share, part in zip(first_largest(parts), parts, strict=True)
        ],
    ),
    _back(
        "no_error",
        "Channels that are left over are dropped silently from your gradient.",
        "What does the docstring say about pieces that don't divide the channels?",
        check=False,
        place=lambda gradients, x, pieces: torch.cat([*gradients, torch.zeros_like(x[:, : x.shape[1] % pieces])], 1),
    ),
    _back(
        "other_error",
        "For your gradient, channels that are left over raise an error of another kind.",
        "Which error does the docstring name?",
        error=RuntimeError,
    ),
    _back("float32", "Your gradient is float32 whatever comes in.", DTYPE, finish=single),
    Mistake(
        "maxout_back_in_place",
        "maxout",
        {"maxout_backward": _dout_in_place},
        "After the call the caller's gradient holds zeros.",
        COPY,
    ),
    *(
        Mistake(
            f"maxout_back_ties_{id}",
            "maxout",
            {"maxout_backward": maxout_back(shares=shares)},
            symptom,
            "Where pieces are equal, any choice among them is right; most libraries take one of them.",
            Policy.REMARK,
        )
        for id, shares, symptom in (
            ("all", _all_ties, "Where pieces are equal, each of them gets all of the gradient."),
            ("split", _split_ties, "Where pieces are equal, they share the gradient."),
            ("last", _last_ties, "Where pieces are equal, the last gets the gradient."),
        )
    ),
)
