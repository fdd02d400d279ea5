"""What is right, found in another way than a student would: torch's operators, its fold and its autograd.

Nothing here is shared with the solution of the notebook. All sums run in float64 and are rounded to the dtype that
the contract demands at the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

# There is a grader on each core, and sums are small: further threads would only wait for each other.
torch.set_num_threads(1)

Pair = int | tuple[int, int]


def toeplitz(w: np.ndarray, size: int, *, stride: int = 1, padding: int = 0) -> np.ndarray:
    """The matrix of a 1-D correlation, (L_out, size): its columns are the answers to impulses."""
    answers = F.conv1d(torch.eye(size, dtype=torch.float64)[:, None], _wide(w)[None, None], None, stride, padding)
    return _rounded(answers[:, 0].T, w)


def conv_matrix(kernel: np.ndarray, in_size: tuple[int, int], *, stride: Pair = 1, padding: Pair = 0) -> np.ndarray:
    """The matrix of a 2-D correlation, (H_out*W_out, H*W): its columns are the answers to impulses."""
    pixels = int(np.prod(in_size))
    impulses = torch.eye(pixels, dtype=torch.float64).reshape(pixels, 1, *in_size)
    answers = F.conv2d(impulses, _wide(kernel)[None, None], None, stride, padding)
    return _rounded(answers.reshape(pixels, -1).T, kernel)


def locally_connected(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """A window with weights of its own at every position, (L_out,)."""
    return _rounded((_wide(x).unfold(0, w.shape[1], 1) * _wide(w)).sum(1), x, w)


def weights(size: int, kernel: int) -> tuple[int, int, int]:
    """Weights of a convolution, a locally connected and a full layer: of the dense matrix, each that isn't zero."""
    matrix = np.eye(size)[: size - kernel + 1]
    reach = sum(np.roll(matrix, shift, axis=1) for shift in range(kernel))
    return kernel, int(np.count_nonzero(reach)), matrix.size


def im2col(x: np.ndarray, kernel: Pair, *, stride: Pair = 1, padding: Pair = 0) -> np.ndarray:
    """The windows as columns, (N, C*K_H*K_W, L)."""
    return _rounded(F.unfold(_wide(x), kernel, stride=stride, padding=padding), x)


def col2im(
    cols: np.ndarray, in_shape: tuple[int, int, int, int], kernel: Pair, *, stride: Pair = 1, padding: Pair = 0
) -> np.ndarray:
    """The columns added up where they came from, (N, C, H, W)."""
    return _rounded(F.fold(_wide(cols), in_shape[2:], kernel, stride=stride, padding=padding), cols)


def conv2d(x: np.ndarray, w: np.ndarray, b: np.ndarray | None, *, stride: Pair = 1, padding: Pair = 0) -> np.ndarray:
    """The convolution layer, (N, C_out, H_out, W_out)."""
    out = F.conv2d(_wide(x), _wide(w), None if b is None else _wide(b), stride, padding)
    return _rounded(out, x, w, *([] if b is None else [b]))


def gradients(
    dout: np.ndarray, x: np.ndarray, w: np.ndarray, *, stride: Pair = 1, padding: Pair = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients dx, dw, db of sum(layer(x, w, b) * dout), from autograd."""
    inputs = [_wide(array).requires_grad_() for array in (x, w, np.zeros(len(w)))]
    out = F.conv2d(inputs[0], inputs[1], inputs[2], stride, padding)
    dx, dw, db = torch.autograd.grad(out, inputs, _wide(dout))
    return _rounded(dx, dout, w), _rounded(dw, dout, x), _rounded(db, dout)


def dx(dout: np.ndarray, w: np.ndarray, in_size: tuple[int, int], *, stride: Pair = 1, padding: Pair = 0) -> np.ndarray:
    """Gradient with respect to the images, (N, C_in, *in_size)."""
    images = np.zeros((len(dout), w.shape[1], *in_size))
    return gradients(dout, images, w, stride=stride, padding=padding)[0]


def dw(dout: np.ndarray, x: np.ndarray, kernel: Pair, *, stride: Pair = 1, padding: Pair = 0) -> np.ndarray:
    """Gradient with respect to the filters, (C_out, C_in, K_H, K_W)."""
    sides = (kernel, kernel) if isinstance(kernel, int) else kernel
    filters = np.zeros((dout.shape[1], x.shape[1], *sides))
    return gradients(dout, x, filters, stride=stride, padding=padding)[1]


def conv_transpose2d(x: np.ndarray, w: np.ndarray, *, stride: Pair = 1, padding: Pair = 0) -> np.ndarray:
    """The transposed convolution, (N, C_out, H_out, W_out)."""
    return _rounded(F.conv_transpose2d(_wide(x), _wide(w), None, stride, padding), x, w)


def composed(w1: np.ndarray, w2: np.ndarray) -> np.ndarray:
    """One filter bank that does what two do, (C2, C0, K_H, K_W): the taps of the first, spread by the second."""
    spread = F.conv_transpose2d(_wide(w1).transpose(0, 1), _wide(w2).transpose(0, 1))
    return _rounded(spread.transpose(0, 1), w1, w2)


def learned_kernel(
    images: np.ndarray, targets: np.ndarray, size: tuple[int, int], *, lr: float, steps: int
) -> np.ndarray:
    """The kernel after some steps of gradient descent, gradients from autograd, (K_H, K_W)."""
    kernel = torch.zeros(size, dtype=torch.float64, requires_grad=True)
    pictures, wanted = _wide(images)[:, None], _wide(targets)
    for _ in range(steps):
        loss = F.mse_loss(F.conv2d(pictures, kernel[None, None])[:, 0], wanted)
        (gradient,) = torch.autograd.grad(loss, kernel)
        kernel = (kernel - lr * gradient).detach().requires_grad_()
    return _rounded(kernel.detach(), images, targets)


def gap(out: np.ndarray, moved_out: np.ndarray, shift: tuple[int, int], step: tuple[int, int]) -> float:
    """Largest difference between what a moved input gives and the moved output, over the interior.

    Args:
        out: Output for the input as it is, (N, C, H_out, W_out).
        moved_out: Output for the moved input.
        shift: How far the input was moved, down and to the right.
        step: Pixels of the input from one output to the next.
    """
    rows, columns = (range(n // 4, n - n // 4) for n in out.shape[2:])
    down, right = (s // n for s, n in zip(shift, step, strict=True))
    return max(
        float(np.abs(moved_out[:, :, i, j] - out[:, :, i - down, j - right]).max()) for i in rows for j in columns
    )


def _wide(array: np.ndarray) -> Any:
    """A float64 tensor of its own, whatever the memory of the original."""
    return torch.from_numpy(np.array(array, dtype=np.float64, order="C"))


def _rounded(result: Any, *inputs: np.ndarray) -> np.ndarray:
    array = result.detach().numpy()
    dtype = np.result_type(*inputs)
    return np.array((np.rint(array) if dtype.kind in "iu" else array).astype(dtype), order="C")
