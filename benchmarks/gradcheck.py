"""The course's gradient check, beside torch's and a plain loop: what each finds, and how long it takes.

    chrt --fifo 10 python -m benchmarks.gradcheck

README.md beside this file says what is measured and how to read it.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from benchmarks.turns import take_turns
from benchmarks.wrong_gradients import SMALL, Case, Function, batchnorm, convolution, listed
from course_utils.gradcheck import check_gradients

Checker = Callable[[Case, Function], bool]
# About a thousand and ten thousand numbers.
SIZES: Mapping[str, tuple[Case, ...]] = {
    "1e3": (convolution((2, 3, 12, 13), (3, 3), 3, padding=1), batchnorm(25, 38, 1e-5)),
    "1e4": (convolution((4, 3, 28, 29), (3, 3), 3, padding=1), batchnorm(100, 98, 1e-5)),
}
GOAL = 20.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradcheck", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each has its turn (default 3)")
    parser.add_argument("--sizes", nargs="*", default=list(SIZES), help="1e3, 1e4: numbers in the inputs")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    for question, cases in SMALL.items():
        print_found(question, cases)
    for size in options.sizes:
        for case in SIZES[size]:
            print_times(case, size, options.rounds)


def print_found(question: str, cases: Sequence[Case]) -> None:
    """Which listed mistakes each check notices in at least one of the cases; the right answer must pass in all."""
    mistakes = listed(question)
    print(f"\n{question}: {len(mistakes)} listed mistakes")
    for name, check in CHECKERS.items():
        accepted = all(check(case, case.backward(case.right)) for case in cases)
        missed = [mistake for mistake, wrong in mistakes.items() if all(passes(check, case, wrong) for case in cases)]
        verdict = "right accepted" if accepted else "RIGHT REFUSED"
        missing = f"; not: {', '.join(missed)}" if missed else ""
        print(f"  {name:22} {len(mistakes) - len(missed):3} found, {verdict}{missing}", flush=True)


def passes(check: Checker, case: Case, wrong: Function) -> bool:
    """Whether a check lets a wrong answer pass; a crash is noticed, too."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return check(case, case.backward(wrong))
    except Exception:  # noqa: BLE001 - whatever a wrong function raises
        return False


def print_times(case: Case, size: str, rounds: int) -> None:
    """Seconds for the right gradient, and for one with a wrong entry in the first input."""
    # torch's slow check keeps a matrix of all outputs by all inputs, and asks backward for each of its rows.
    names = [name for name in CHECKERS if name != TORCH or size == "1e3"]
    for words, wrong in (("right", False), ("one wrong entry", True)):
        backward = spoilt(case) if wrong else case.backward(case.right)
        answers: dict[str, bool] = {}

        def run(name: str, backward: Function = backward, answers: dict[str, bool] = answers) -> Callable[[], None]:
            return lambda: answers.update({name: CHECKERS[name](case, backward)})

        turns = take_turns({name: run(name) for name in names}, rounds)
        print(f"\n{case.name}, {case.entries} numbers, {words}; medians of {rounds} rounds")
        for name in names:
            times = turns.ratio(LOOP, name)
            goal = f" (goal {GOAL:g})" if name == FAST else ""
            said = "right" if answers[name] else "wrong"
            print(
                f"  {name:22} {turns.median_s(name):9.4f} s, {times:8.1f} times as fast as the loop{goal}; says {said}"
            )


def spoilt(case: Case) -> Function:
    """The right backward function, but for one entry."""
    right = case.backward(case.right)

    def backward(dout: Any, *inputs: Any) -> tuple[Any, ...]:
        first, *others = right(dout, *inputs)
        flat = first.reshape(-1)
        flat[len(flat) // 3] += 0.01
        return first, *others

    return backward


def ours(case: Case, backward: Function, *, fast: bool) -> bool:
    """The course's check."""
    return check_gradients(case.forward, backward, case.inputs, fast=fast).ok


def by_torch(case: Case, backward: Function, *, fast: bool) -> bool:
    """torch.autograd.gradcheck, with its defaults."""
    plain = [isinstance(value, np.ndarray) for value in case.inputs.values()]

    class Layer(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: torch.Tensor) -> torch.Tensor:
            ctx.save_for_backward(*tensors)
            return torch.as_tensor(case.forward(*unwrapped(tensors, plain)))

        @staticmethod
        def backward(ctx: Any, *douts: torch.Tensor) -> tuple[torch.Tensor, ...]:
            (dout,) = unwrapped(douts, plain[:1])
            return tuple(map(torch.as_tensor, backward(dout, *unwrapped(ctx.saved_tensors, plain))))

    leaves = tuple(torch.as_tensor(value).detach().clone().requires_grad_() for value in case.inputs.values())
    return bool(torch.autograd.gradcheck(Layer.apply, leaves, fast_mode=fast, raise_exception=False))


def unwrapped(tensors: Sequence[torch.Tensor], plain: Sequence[bool]) -> list[Any]:
    """Copies, as arrays where the layer takes arrays."""
    copies = [tensor.detach().clone() for tensor in tensors]
    return [copy.numpy() if array else copy for copy, array in zip(copies, plain, strict=True)]


def plain_loop(case: Case, backward: Function, *, step: float = 1e-5) -> bool:
    """A central difference for each entry, as courses hand it out, and a comparison of all at the end."""
    rng = np.random.default_rng(0)
    inputs = {name: torch.as_tensor(value).clone().numpy() for name, value in case.inputs.items()}
    arrays = isinstance(next(iter(case.inputs.values())), np.ndarray)
    given = inputs if arrays else {name: torch.from_numpy(value) for name, value in inputs.items()}
    dout = rng.normal(size=case.forward(*given.values()).shape)
    gradients = backward(dout if arrays else torch.from_numpy(dout), *given.values())
    for values, gradient in zip(inputs.values(), gradients, strict=True):
        numeric = np.zeros_like(values)
        for index in np.ndindex(values.shape):
            kept = values[index]
            values[index] = kept + step
            above = np.asarray(case.forward(*given.values())).copy()
            values[index] = kept - step
            below = np.asarray(case.forward(*given.values())).copy()
            values[index] = kept
            numeric[index] = ((above - below) * dout).sum() / (2 * step)
        analytic = np.asarray(gradient)
        if analytic.shape != numeric.shape or not np.allclose(analytic, numeric, rtol=1e-5, atol=1e-8):
            return False
    return True


FAST, ENTRIES, TORCH, TORCH_FAST, LOOP = (
    "ours, fast",
    "ours, entry by entry",
    "torch gradcheck, slow",
    "torch gradcheck, fast",
    "plain loop",
)
CHECKERS: Mapping[str, Checker] = {
    FAST: lambda case, backward: ours(case, backward, fast=True),
    ENTRIES: lambda case, backward: ours(case, backward, fast=False),
    TORCH: lambda case, backward: by_torch(case, backward, fast=False),
    TORCH_FAST: lambda case, backward: by_torch(case, backward, fast=True),
    LOOP: plain_loop,
}


if __name__ == "__main__":
    main()
