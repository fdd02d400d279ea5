"""Layouts of windows in which no mistake can hide: sizes of images, windows, strides and borders."""

from __future__ import annotations

from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling import oracles as oracle

OUT = ("N", "C", "H_out", "W_out")


# Size of the images, window, stride and padding.
LAYOUTS: dict[str, tuple[tuple[int, int], Any, dict[str, Any]]] = {
    "windows side by side": ((6, 8), 2, {}),
    "windows that overlap": ((5, 9), 3, {"stride": 2}),
    "another window and stride per axis": ((7, 8), (2, 3), {"stride": (1, 2)}),
    "pixels left over": ((8, 10), (3, 4), {}),
    "gaps between windows": ((7, 9), 2, {"stride": (3, 4)}),
}


PADDED: dict[str, tuple[tuple[int, int], Any, dict[str, Any]]] = {
    "padding": ((6, 5), 3, {"stride": 2, "padding": 1}),
    "another padding per axis": ((5, 7), (3, 4), {"stride": (2, 3), "padding": (1, 2)}),
}


EXTREMES: dict[str, tuple[tuple[int, ...], Any, dict[str, Any]]] = {
    "one image with one channel, stride one": ((1, 1, 4, 6), (3, 2), {"stride": 1}),
    "windows of one pixel": ((2, 3, 4, 5), 1, {"stride": (2, 1)}),
    "windows as large as the image": ((3, 2, 4, 5), (4, 5), {}),
}


def out_shape(x: torch.Tensor, kernel: Any, options: dict[str, Any]) -> tuple[int, ...]:
    """Shape of the pooled images."""
    return tuple(oracle.max_pool2d(x, kernel, **options).shape)
