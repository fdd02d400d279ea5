"""What right answers in several styles share."""

from __future__ import annotations

import numpy as np


def pair(value, axes=2):
    return (value,) * axes if np.ndim(value) == 0 else tuple(value)


def dtype_of(*arrays):
    return np.result_type(*(a for a in arrays if a is not None))


def rounded(out, *arrays):
    dtype = dtype_of(*arrays)
    return (np.rint(out) if np.issubdtype(dtype, np.integer) else out).astype(dtype)
