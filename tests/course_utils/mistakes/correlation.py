"""What goes wrong in correlation, beyond what is listed for hidden tests and spoiled answers."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tests.course_utils.checked import checks_of

right = checks_of("sliding_windows").right
FULL_MODE = {"zeros": "constant", "reflect": "reflect", "circular": "wrap"}


def answer_of_the_slide(x, w):
    return np.array([1, -2, 2, 0])


def of_two_taps(x, w):
    return x[:-1] * w[0] + x[1:] * w[-1] if len(x) >= len(w) else right.correlate1d(x, w)


def strides_by_hand(x, w):
    if len(w) > len(x):
        raise ValueError("the filter is too long")
    return as_strided(x, (len(x) - len(w) + 1, len(w)), (x.itemsize, x.itemsize)) @ w


CORRELATE1D = {
    "same_size": lambda x, w: right.correlate1d(np.pad(x, ((len(w) - 1) // 2, len(w) // 2)), w),
    "full_size": lambda x, w: right.correlate1d(np.pad(x, len(w) - 1), w),
    "float32_inside_1d": lambda x, w: right.correlate1d(x.astype("f4"), w.astype("f4")).astype(np.result_type(x, w)),
    "kernel_of_two_only": of_two_taps,
    "strides_by_hand_1d": strides_by_hand,
    "answer_of_the_slide": answer_of_the_slide,
}


def padded_as(change):
    """A correlate2d that pads in its own way: change(image, padding, mode, kernel)."""

    def wrong(image, kernel, *, padding=0, mode="zeros"):
        if mode not in FULL_MODE:
            raise ValueError(mode)
        return right.correlate2d(change(image, padding, mode, kernel), kernel)

    return wrong


def other_modes(**swap):
    return padded_as(lambda image, p, mode, kernel: np.pad(image, p, mode=(FULL_MODE | swap)[mode]))


def unknown_key(image, kernel, *, padding=0, mode="zeros"):
    return right.correlate2d(np.pad(image, padding, mode=FULL_MODE[mode]), kernel)


def square_kernels_only(image, kernel, *, padding=0, mode="zeros"):
    padded, k = right.correlate2d(image, np.ones((1, 1), kernel.dtype), padding=padding, mode=mode), kernel.shape[0]
    out = np.zeros(np.subtract(padded.shape, k) + 1, dtype=np.result_type(image, kernel))
    for i, j in np.ndindex(*out.shape):
        out[i, j] = (padded[i : i + k, j : j + k] * kernel).sum()
    return out


def square_images_only(image, kernel, *, padding=0, **options):
    out = right.correlate2d(image, kernel, padding=padding, **options)
    size = image.shape[0] + 2 * padding - kernel.shape[0] + 1
    square = np.zeros((size, size), dtype=out.dtype)
    square[:, : out.shape[1]] = out[:, :size]
    return square


def bytes_wrap_around(image, kernel, **options):
    out = right.correlate2d(image, kernel, **options)
    return out.astype(np.uint8).astype(out.dtype) if image.dtype == np.uint8 else out


def clipped(image, kernel, **options):
    return right.correlate2d(image, kernel, **options).clip(0, 255)


def rows_by_hand(image, kernel, *, padding=0, mode="zeros"):
    padded = np.pad(image, padding, mode=FULL_MODE[mode]) if padding else image
    rows, columns = padded.shape
    shape = (rows - kernel.shape[0] + 1, columns - kernel.shape[1] + 1, *kernel.shape)
    size = padded.itemsize
    windows = as_strided(padded, shape, (columns * size, size, columns * size, size))
    return (windows * kernel).sum(axis=(2, 3), dtype=np.result_type(image, kernel))


def uses_up_the_image(image, kernel, **options):
    out = right.correlate2d(image, kernel, **options)
    image -= image
    return out


def touches_the_image(image, kernel, **options):
    image[0, 0] += 0
    return right.correlate2d(image, kernel, **options)


CORRELATE2D = {
    "flips rows only": lambda image, kernel, **o: right.correlate2d(image, kernel[::-1], **o),
    "transposed square kernel": lambda image, kernel, **o: right.correlate2d(
        image, kernel.T if kernel.shape[0] == kernel.shape[1] else kernel, **o
    ),
    "pad hard 1": lambda image, kernel, *, padding=0, **o: right.correlate2d(image, kernel, padding=1, **o),
    "pad top left once": padded_as(lambda image, p, mode, kernel: np.pad(image, ((p, 0), (p, 0)), FULL_MODE[mode])),
    "zeros is edge": other_modes(zeros="edge"),
    "zeros is reflect": other_modes(zeros="reflect"),
    "circular is edge": other_modes(circular="edge"),
    "reflect and circular swapped": other_modes(reflect="wrap", circular="reflect"),
    "unknown mode gives KeyError": unknown_key,
    "square kernels only": square_kernels_only,
    "square images only": square_images_only,
    "no plus one": lambda image, kernel, **o: right.correlate2d(image, kernel, **o)[:-1, :-1],
    "same size always": padded_as(
        lambda image, p, mode, kernel: np.pad(image, [(k // 2, (k - 1) // 2) for k in kernel.shape], FULL_MODE[mode])
    ),
    "bytes wrap around": bytes_wrap_around,
    "clips to 0..255": clipped,
    "strides by hand": rows_by_hand,
    "mutates the image": uses_up_the_image,
    "mutates and restores": touches_the_image,
    "normalises the kernel": lambda image, kernel, **o: (
        right.correlate2d(image, kernel, **o) / max(np.abs(kernel).sum(), 1)
    ),
}
