"""Checks of the notebook `normalization`: one function per question, which takes the student's functions.

Each goes through small fixed cases, stops at the first that fails and says what is wrong and where; if all is well,
it prints one line. The right results are stored numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_utils.checks.draw import draw
from course_utils.checks.failure import CheckFailed
from course_utils.checks.material import tensor
from course_utils.checks.normalization_cases import CASES
from course_utils.checks.passes import passes
from course_utils.checks.runner import check_question, passed
from course_utils.compare import Rung
from course_utils.device import chosen_device

Function = Callable[..., Any]

NOTEBOOK = "normalization"

# The graph of batch norm, box by box with every spread written out, takes 24 sweeps over (N, D) back and forth;
# the simplified way has three quarters of that. The usual short ways take 13 to 17.
SWEEPS = 18
# So many samples that what only touches (D,) weighs next to nothing: some thirty operations, a tenth of a sweep.
COUNTED = (300, 40)
SLACK = 0.25


def batchnorm_forward(batchnorm_forward: Function) -> None:
    """Check `batchnorm_forward(x, gamma, beta, running_mean, running_var, *, training, momentum, eps)`.

    Raises:
        CheckFailed: If a case fails; the same holds for every check below.
    """
    hidden = "use other sizes, extreme values, several batches in a row, and look whether inputs are changed"
    _check("batchnorm_forward", {"batchnorm_forward": batchnorm_forward}, hidden)


def batchnorm_backward(batchnorm_backward: Function) -> None:
    """Check `batchnorm_backward(dout, x, gamma, *, eps)`."""
    hidden = "use other sizes and extreme values, and compare with finite differences"
    _check("batchnorm_backward", {"batchnorm_backward": batchnorm_backward}, hidden)


def batchnorm_backward_simplified(batchnorm_backward_simplified: Function) -> None:
    """Check `batchnorm_backward_simplified(dout, x, gamma, *, eps)`, and count its sweeps over the data."""
    name = "batchnorm_backward_simplified"
    functions = {name: batchnorm_backward_simplified}
    checks = check_question(NOTEBOOK, name, functions, CASES[name], chosen_device())
    taken = sweeps(batchnorm_backward_simplified)
    if taken > SWEEPS + SLACK:
        raise CheckFailed(
            f"{name}: the results are right, but its operations take {taken:.1f} sweeps over arrays of N × D numbers; "
            f"at most {SWEEPS} are allowed. Each operation on such an array counts one: which arrays are only the same "
            "row repeated, and which sums have you computed twice?",
            Rung.VALUES,
        )
    print(f"Sweeps over arrays of N × D numbers: {taken:.1f} of at most {SWEEPS}.")
    passed(name, checks + 1, "use other sizes and extreme values, and count the operations again")


def sweeps(backward: Function) -> float:
    """How many arrays of N × D numbers the operations of a way back read or write, `backward(dout, x, gamma)`."""
    given = counted_inputs()
    backward(*given)
    N, D = COUNTED
    return passes(lambda: backward(*given)) / (N * D)


def counted_inputs() -> tuple[Any, Any, Any]:
    """The dout, x and gamma with which sweeps are counted."""
    N, D = COUNTED
    dout, x, gamma = (
        tensor(draw(*shape, salt=salt), "plain", chosen_device()) for salt, shape in enumerate(((N, D), (N, D), (D,)))
    )
    return dout, x, gamma


def batchnorm_backward_eval(batchnorm_backward_eval: Function) -> None:
    """Check `batchnorm_backward_eval(dout, x, gamma, running_mean, running_var, *, eps)`."""
    hidden = "use other sizes, and statistics that are far from those of the batch"
    _check("batchnorm_backward_eval", {"batchnorm_backward_eval": batchnorm_backward_eval}, hidden)


def batchnorm2d(batchnorm2d_forward: Function, batchnorm2d_backward: Function) -> None:
    """Check `batchnorm2d_forward` and `batchnorm2d_backward`, with the parameters of the versions for features."""
    functions = {"batchnorm2d_forward": batchnorm2d_forward, "batchnorm2d_backward": batchnorm2d_backward}
    _check("batchnorm2d", functions, "use other sizes, one image or one pixel, and extreme values")


def layernorm(layernorm_forward: Function, layernorm_backward: Function) -> None:
    """Check `layernorm_forward(x, gamma, beta, *, eps)` and `layernorm_backward(dout, x, gamma, *, eps)`."""
    functions = {"layernorm_forward": layernorm_forward, "layernorm_backward": layernorm_backward}
    _check("layernorm", functions, "use other sizes and extreme values")


def groupnorm(groupnorm_forward: Function, groupnorm_backward: Function) -> None:
    """Check `groupnorm_forward(x, gamma, beta, groups, *, eps)` and its backward `(dout, x, gamma, groups, *, eps)`."""
    functions = {"groupnorm_forward": groupnorm_forward, "groupnorm_backward": groupnorm_backward}
    _check("groupnorm", functions, "use other sizes and numbers of groups, from one to one per channel")


def fold_batchnorm(fold_batchnorm: Function) -> None:
    """Check `fold_batchnorm(w, b, gamma, beta, running_mean, running_var, *, eps)`."""
    hidden = "use weights with other numbers of axes, and run the folded layer"
    _check("fold_batchnorm", {"fold_batchnorm": fold_batchnorm}, hidden)


def bias_before_batchnorm(bias_before_batchnorm: Function) -> None:
    """Check `bias_before_batchnorm(dout, x, gamma, running_var, *, eps)`."""
    hidden = "use other sizes and extreme values"
    _check("bias_before_batchnorm", {"bias_before_batchnorm": bias_before_batchnorm}, hidden)


def scale_invariance(scale_invariance_gap: Function) -> None:
    """Check `scale_invariance_gap(norm, x, scale, shift)`."""
    hidden = "measure other norms, right ones and wrong ones"
    _check("scale_invariance", {"scale_invariance_gap": scale_invariance_gap}, hidden)


def _check(question: str, functions: dict[str, Function], hidden: str) -> None:
    checks = check_question(NOTEBOOK, question, functions, CASES[question], chosen_device())
    passed(question, checks, hidden)
