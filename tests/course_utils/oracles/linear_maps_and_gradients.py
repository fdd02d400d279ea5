"""Right results of the cases of `linear_maps_and_gradients`, by torch: its layers, autograd, unit vectors."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import torch
from torch.nn import functional

from course_utils.checks.gradients_cases import W
from course_utils.checks.linear_maps_and_gradients_cases import CASES
from tests.course_utils.oracles import storing

Weights = namedtuple("Weights", ["conv", "local", "full"])
Gradients = namedtuple("Gradients", ["dx", "dw", "db"])

torch.set_num_threads(1)


def double(array):
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float64))


def answers_to_unit_vectors(layer, size):
    """The matrix of a linear layer: its answers to one lit entry at a time, as columns."""
    units = torch.eye(int(np.prod(size)), dtype=torch.float64).reshape(-1, 1, *size)
    return layer(units).flatten(1).T.numpy()


def toeplitz1d(w, size, **options):
    matrix = answers_to_unit_vectors(lambda x: functional.conv1d(x, double(w)[None, None], **options), (size,))
    return matrix.astype(w.dtype)


def conv_matrix2d(kernel, in_size, **options):
    matrix = answers_to_unit_vectors(lambda x: functional.conv2d(x, double(kernel)[None, None], **options), in_size)
    return matrix.astype(kernel.dtype)


def locally_connected1d(x, w):
    windows = torch.from_numpy(x.astype(np.float64)).unfold(0, w.shape[1], 1)
    return (windows * double(w)).sum(dim=1).numpy().astype(np.result_type(x, w))


def count_weights(size, kernel):
    outputs = len(range(size)[kernel - 1 :])
    dense = torch.nn.Linear(size, outputs, bias=False, device="meta")
    shared = torch.nn.Conv1d(1, 1, kernel, bias=False, device="meta")
    return Weights(shared.weight.numel(), outputs * shared.weight.numel(), dense.weight.numel())


def im2col(x, kernel, **options):
    return functional.unfold(double(x), kernel, **options).numpy().astype(x.dtype)


def col2im(cols, in_shape, kernel, **options):
    return functional.fold(double(cols), in_shape[2:], kernel, **options).numpy().astype(cols.dtype)


def conv2d(x, w, b, **options):
    kind = np.result_type(*(a for a in (x, w, b) if a is not None))
    out = functional.conv2d(double(x), double(w), None if b is None else double(b), **options)
    return out.numpy().astype(kind)


def unfold_kernels(c_in, kernel):
    K_H, K_W = (kernel, kernel) if isinstance(kernel, int) else kernel
    entries = c_in * K_H * K_W
    units = torch.eye(entries, dtype=torch.float64).reshape(entries, c_in, K_H, K_W)
    # Image k has its entry k lit: where it comes out of unfold is the filter that copies it.
    return functional.unfold(units, (K_H, K_W))[:, :, 0].T.reshape(entries, c_in, K_H, K_W).numpy()


def conv1d_by_shifts(x, w):
    return functional.conv1d(double(x)[None], double(w)[None, None])[0].numpy().astype(np.result_type(x, w))


def conv2d_backward(dout, x, w, **options):
    leaves = [double(array).requires_grad_() for array in (x, w, np.zeros(len(w)))]
    out = functional.conv2d(*leaves, **options)
    found = torch.autograd.grad(out, leaves, double(dout))
    return Gradients(*(gradient.numpy().astype(np.result_type(dout, x, w)) for gradient in found))


def conv2d_dx_as_conv(dout, w, in_size, **options):
    shape = (len(dout), w.shape[1], *in_size)
    found = torch.nn.grad.conv2d_input(shape, double(w), double(dout), **options)
    return found.numpy().astype(np.result_type(dout, w))


def conv2d_dw_as_conv(dout, x, kernel, **options):
    sides = (kernel, kernel) if isinstance(kernel, int) else kernel
    shape = (dout.shape[1], x.shape[1], *sides)
    found = torch.nn.grad.conv2d_weight(double(x), shape, double(dout), **options)
    return found.numpy().astype(np.result_type(dout, x))


def conv_transpose2d(x, w, **options):
    return functional.conv_transpose2d(double(x), double(w), **options).numpy().astype(np.result_type(x, w))


SLOPES = {
    "lambda x: x * x": lambda x: x * x,
    "lambda x: x @ w": lambda x: x @ double(W),
    "lambda x: sum(x * x)": lambda x: (x * x).sum(),
    "lambda x: x": lambda x: 1 * x,
    "lambda x: x / sum(x * x)": lambda x: x / (x * x).sum(),
    "lambda x: tanh(x).sum(axis=(2, 3))": lambda x: torch.tanh(x).sum(dim=(2, 3)),
    "lambda x: sin(x)": torch.sin,
}


def numerical_gradient(f, x, dout, *, h=None):
    if h is not None:
        # ((x + h)^3 - (x - h)^3) / 2h, multiplied out.
        assert f.words == "lambda x: x ** 3"
        return dout * (3 * x**2 + h**2)
    leaf = torch.from_numpy(np.array(x)).requires_grad_()
    weight = torch.as_tensor(dout, dtype=torch.float64)
    return torch.autograd.grad((SLOPES[f.words](leaf) * weight).sum(), leaf)[0].numpy()


def equivariance_gap(layer, x, shift):
    """Entry by entry, with images that go on by zeros instead of coming round."""
    apply, (down, right) = layer.make(), shift
    moved = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*x.shape):
        if 0 <= i - down < x.shape[2] and 0 <= j - right < x.shape[3]:
            moved[n, c, i, j] = x[n, c, i - down, j - right]
    before, after = apply(moved), apply(x)
    H_out, W_out = after.shape[2:]
    rows, columns = down // round(x.shape[2] / H_out), right // round(x.shape[3] / W_out)
    largest = 0.0
    for n, c, i, j in np.ndindex(*after.shape):
        if H_out // 4 <= i < H_out - H_out // 4 and W_out // 4 <= j < W_out - W_out // 4:
            largest = max(largest, abs(before[n, c, i, j] - after[n, c, i - rows, j - columns]))
    return float(largest)


def compose_kernels(w1, w2):
    """The entries of a filter are what it answers to images of its size with one lit pixel."""
    size = [a + b - 1 for a, b in zip(w1.shape[2:], w2.shape[2:], strict=True)]
    shape = (w2.shape[0], w1.shape[1], *size)
    units = torch.eye(int(np.prod(shape[1:])), dtype=torch.float64).reshape(-1, *shape[1:])
    out = functional.conv2d(functional.conv2d(units, double(w1)), double(w2))
    return out[:, :, 0, 0].T.reshape(shape).numpy().astype(np.result_type(w1, w2))


def learn_kernel(images, targets, size, *, lr, steps):
    sides = (size, size) if isinstance(size, int) else size
    kernel = torch.zeros(1, 1, *sides, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([kernel], lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        predicted = functional.conv2d(double(images)[:, None], kernel)
        functional.mse_loss(predicted, double(targets)[:, None]).backward()
        optimizer.step()
    return kernel.detach()[0, 0].numpy()


ORACLES = {
    "toeplitz1d": toeplitz1d,
    "conv_matrix2d": conv_matrix2d,
    "locally_connected1d": locally_connected1d,
    "count_weights": count_weights,
    "im2col": im2col,
    "col2im": col2im,
    "conv2d_im2col": conv2d,
    "conv2d_matrix_backward": conv2d_backward,
    "unfold_kernels": unfold_kernels,
    "conv1d_by_shifts": conv1d_by_shifts,
    "conv2d_backward": conv2d_backward,
    "conv2d_dx_as_conv": conv2d_dx_as_conv,
    "conv2d_dw_as_conv": conv2d_dw_as_conv,
    "conv_transpose2d": conv_transpose2d,
    "numerical_gradient": numerical_gradient,
    "equivariance_gap": equivariance_gap,
    "compose_kernels": compose_kernels,
    "learn_kernel": learn_kernel,
}


def results():
    """The right result of every case that has one, by its key."""
    return storing.results(CASES, ORACLES)


if __name__ == "__main__":
    storing.write("linear_maps_and_gradients", results())
