"""The convolution that students build from matrix products, beside torch's, on one thread.

    chrt --fifo 10 python -m benchmarks.layers

README.md beside this file says what is measured and how to read it.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.turns import Turns, take_turns

SOLUTION = Path(__file__).parents[1] / "solutions" / "a1_convolution" / "linear_maps_and_gradients.py"
# N, C_in, H = W, C_out, K; stride 1, and the padding that keeps the size.
LAYERS = ((64, 32, 32, 64, 3), (32, 3, 32, 32, 5), (16, 64, 16, 128, 3), (8, 16, 64, 16, 7))
# What libraries of matrix products read when they are loaded.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
GOALS = {"float32": 3.0, "float64": 1.5}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.layers", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="how often each has its turn (default 7)")
    parser.add_argument("--solution", type=Path, default=SOLUTION, help="hand-written notebook with the layer")
    parser.add_argument(
        "--layers", type=int, nargs="*", default=range(len(LAYERS)), help="which layers, counted from 0"
    )
    options = parser.parse_args(arguments)
    if ONE_THREAD.items() - os.environ.items():
        given = sys.argv[1:] if arguments is None else list(arguments)
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.layers", *given], os.environ | ONE_THREAD)  # noqa: S606
    functions = definitions(options.solution)
    print(f"NumPy {np.__version__}, torch {torch.__version__}, one thread; medians of {options.rounds} rounds")
    print(f"{'N, C_in, H = W, C_out, K':>24}  {'dtype':8} {'pass':9} {'ours':>9} {'torch':>9} {'ratio':>6}  goal")
    for number in options.layers:
        for dtype, goal in GOALS.items():
            ours, theirs = contenders(functions, LAYERS[number], dtype)
            for name in ours:
                turns = take_turns({"ours": ours[name], "torch": theirs[name]}, options.rounds)
                print(line(LAYERS[number], dtype, name, turns, goal), flush=True)


def definitions(path: Path) -> dict[str, Any]:
    """The functions of a hand-written notebook; its checks and figures don't run."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    names: dict[str, Any] = {"np": np, "Sequence": Sequence, "Callable": Callable}
    exec(compile(tree, str(path), "exec"), names)  # noqa: S102 - our own solution
    return names


def contenders(
    functions: dict[str, Any], layer: tuple[int, ...], dtype: str
) -> tuple[dict[str, Callable[[], Any]], dict[str, Callable[[], Any]]]:
    """Both passes of ours and of torch's, on the same numbers; they must agree.

    Raises:
        AssertionError: If they don't.
    """
    N, C_in, size, C_out, K = layer
    rng = np.random.default_rng(0)
    shapes = ((N, C_in, size, size), (C_out, C_in, K, K), (C_out,), (N, C_out, size, size))
    x, w, b, dout = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    leaves = tuple(torch.from_numpy(array).requires_grad_() for array in (x, w, b))
    upstream = torch.from_numpy(dout)

    def forward() -> torch.Tensor:
        image, filters, bias = leaves
        return functional.conv2d(image, filters, bias, padding=K // 2)

    def forward_only() -> torch.Tensor:
        with torch.no_grad():
            return forward()

    out = forward()
    ours: dict[str, Callable[[], Any]] = {
        "forward": lambda: functions["conv2d_im2col"](x, w, b, padding=K // 2),
        "backward": lambda: functions["conv2d_matrix_backward"](dout, x, w, padding=K // 2),
    }
    theirs: dict[str, Callable[[], Any]] = {
        "forward": forward_only,
        "backward": lambda: torch.autograd.grad(out, leaves, upstream, retain_graph=True),
    }
    for name, function in ours.items():
        agree(function(), theirs[name](), dtype)
    return ours, theirs


def agree(ours: Any, theirs: Any, dtype: str) -> None:
    """Refuse to time what computes something else; sums of up to 65,536 products differ by their rounding."""
    pairs = zip(ours, theirs, strict=True) if isinstance(ours, tuple) else [(ours, theirs)]
    for array, tensor in pairs:
        tolerance = 1e3 * np.finfo(dtype).eps * np.abs(array).max()
        assert array.dtype == dtype
        assert np.abs(array - tensor.numpy()).max() < tolerance


def line(layer: tuple[int, ...], dtype: str, name: str, turns: Turns, goal: float) -> str:
    """One row of the table."""
    ratio = turns.ratio("ours", "torch")
    times = " ".join(f"{1e3 * turns.median_s(who):6.1f} ms" for who in ("ours", "torch"))
    met = f"within {goal:g}" if ratio <= goal else f"MISSED {goal:g}"
    return f"{', '.join(map(str, layer)):>24}  {dtype:8} {name:9} {times} {ratio:6.2f}  {met}"


if __name__ == "__main__":
    main()
