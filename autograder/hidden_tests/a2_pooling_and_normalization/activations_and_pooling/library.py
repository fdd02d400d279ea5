"""Right versions of what later questions build on, sent as text into a student's process for a second try.

Written by indices, not like the solution: a student's process may read what is sent to it.
"""

from __future__ import annotations

import inspect


def max_pool2d_forward(x, kernel, *, stride=None, padding=0):
    """The largest number in each window."""
    import torch  # noqa: PLC0415 - the text of this function stands alone

    out = x
    settings = (
        (v, v) if isinstance(v, int) else tuple(v) for v in (kernel, kernel if stride is None else stride, padding)
    )
    for axis, (window, step, border) in enumerate(zip(*settings, strict=True), start=2):
        size = x.shape[axis]
        if 2 * border > window or window > size + 2 * border:
            raise ValueError(f"axis {axis}: no window of {window} with a padding of {border} on {size} pixels")
        starts = torch.arange(-border, size + border - window + 1, step, device=x.device)
        # What lies outside is replaced by the nearest pixel, which the window sees anyway.
        at = (starts[:, None] + torch.arange(window, device=x.device)).clamp(0, size - 1)
        out = out.index_select(axis, at.flatten()).unflatten(axis, at.shape).amax(axis + 1)
    return out


SOURCES: dict[str, str] = {function.__name__: inspect.getsource(function) for function in (max_pool2d_forward,)}
