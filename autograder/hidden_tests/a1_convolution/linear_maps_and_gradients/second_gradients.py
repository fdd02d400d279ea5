"""The listed mistakes about backward by loops, made a second time on the other base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_columns import framed
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_gradients import (
    RIGHT_AGAIN,
    backwards,
    by_taps,
    overwrite,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import Step
from autograder.mistakes import named


def cut_negative(padded: np.ndarray, p: Any, size: Any) -> np.ndarray:
    """Cut a border off with negative ends, which a border of nothing turns into everything."""
    return padded[..., p[0] : -p[0], p[1] : -p[1]]


def cut_top_left(padded: np.ndarray, p: Any, size: Any) -> np.ndarray:
    """Cut an image's size out of the top left corner."""
    return padded[..., : size[0], : size[1]]


def all_of_it(padded: np.ndarray, p: Any, size: Any) -> np.ndarray:
    """Cut nothing off."""
    return padded


def _frame_after(x: np.ndarray, p: Any) -> np.ndarray:
    return np.roll(framed(x, p), (-p[0], -p[1]), (2, 3))


def _halves_dout(dout: np.ndarray, x: np.ndarray, w: np.ndarray, **options: Any) -> tuple[Any, ...]:
    out = RIGHT_AGAIN["conv2d_backward"](dout, x, w, **options)
    np.divide(dout, len(x), out=dout)
    return out


class _Accumulates:
    """Its dw outlives the call, as long as shape and dtype stay."""

    def __init__(self) -> None:
        self.dw: Any = np.zeros(())

    def __call__(self, dout: np.ndarray, x: np.ndarray, w: np.ndarray, **options: Any) -> tuple[Any, ...]:
        dx, dw, db = RIGHT_AGAIN["conv2d_backward"](dout, x, w, **options)
        if (self.dw.shape, self.dw.dtype) != (dw.shape, dw.dtype):
            self.dw = np.zeros_like(dw)
        self.dw = self.dw + dw
        return dx, self.dw.copy(), db


def _towards_zero(first: np.ndarray, other: np.ndarray) -> np.dtype:
    return other.dtype


_BACKWARD: dict[str, Step] = {
    "dx_assign": by_taps(taps=backwards, put=overwrite),
    "dx_assign_by_tap": by_taps(put=overwrite),
    "dw_assign": by_taps(dw=lambda dout, seen: dout[:, :, -1, -1].T @ seen[:, :, -1, -1]),
    "dw_first_image": by_taps(dw=lambda dout, seen: np.einsum("fij,cij->fc", dout[0], seen[0])),
    "dw_mean": by_taps(dw=lambda dout, seen: np.einsum("nfij,ncij->nfc", dout, seen).mean(0)),
    "dx_last_filter": by_taps(dx=lambda dout, tap: dout[:, -1][:, None] * tap[-1][:, None, None]),
    "dx_not_cropped": by_taps(crop=all_of_it),
    "dx_crop_top_left": by_taps(crop=cut_top_left),
    "dx_crop_negative": by_taps(crop=cut_negative),
    "dx_rest_missing": by_taps(
        room=lambda x, p, dout, k, s: [a * (n - 1) + m for n, a, m in zip(dout.shape[2:], s, k, strict=True)],
        crop=lambda padded, p, size: padded[:, :, p[0] :, p[1] :][:, :, : size[0], : size[1]],
    ),
    "db_mean": by_taps(db=lambda dout: np.moveaxis(dout, 1, 0).reshape(dout.shape[1], -1).mean(1)),
    "db_over_images": by_taps(db=lambda dout: np.einsum("nfij->nf", dout).mean(0)),
    "db_first_image": by_taps(db=lambda dout: np.einsum("fij->f", dout[0])),
    "db_per_position": by_taps(db=lambda dout: np.einsum("nfij->fij", dout)),
    "db_column": by_taps(db=lambda dout: np.einsum("nfij->f", dout).reshape(-1, 1)),
    "stride_ignored": by_taps(strides=lambda s: (1, 1)),
    "stride_rows_only": by_taps(strides=lambda s: (s[0], 1)),
    "stride_swapped": by_taps(strides=lambda s: (s[1], s[0])),
    "padding_ignored": by_taps(paddings=lambda p: (0, 0)),
    "dx_flips_filter": by_taps(filters=lambda w: np.flip(w, (2, 3))),
    "dw_unpadded_x": by_taps(source=_frame_after),
    "dx_no_filters": by_taps(filters=lambda w: w * 0 + 1),
    "dx_channels_mixed": by_taps(filters=lambda w: w + (w.sum(1, keepdims=True) - w)),
    "order": by_taps(finish=lambda dx, dw, db: (dw, dx, db)),
    "truncates": by_taps(dtype=_towards_zero),
    "adds_into_whole": by_taps(room_dtype=lambda dout, x: x.dtype),
    "changes_dout": _halves_dout,
    "remembers": _Accumulates(),
    "dw_dout_reversed": by_taps(finish=lambda dx, dw, db: (dx, np.rot90(dw, 2, (2, 3)), db)),
}


SECOND: dict[str, Mapping[str, Callable[..., Any]]] = named("cb", "conv2d_backward", _BACKWARD)
