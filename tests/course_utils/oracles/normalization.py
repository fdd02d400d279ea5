"""Right results of the small cases of `normalization`: torch's own norms, and autograd for every way back.

`python -m tests.course_utils.oracles.normalization` writes the numbers that the visible checks compare with.
"""

from __future__ import annotations

from collections import namedtuple

import torch
from torch.nn import functional

from course_utils.checks.material import material
from course_utils.checks.normalization_cases import CASES
from tests.course_utils.oracles import storing

TINY = 1e-300
Normed = namedtuple("Normed", ["out", "running_mean", "running_var"])
Gradients = namedtuple("Gradients", ["dx", "dgamma", "dbeta"])
Folded = namedtuple("Folded", ["w", "b"])
BiasGradients = namedtuple("BiasGradients", ["in_training", "in_evaluation"])


def batchnorm_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean.clone(), running_var.clone()
    out = functional.batch_norm(x, mean, var, gamma, beta, training=training, momentum=momentum, eps=eps)
    return Normed(out, mean, var)


def gradients(norm, dout, x, gamma):
    """Autograd through a norm; in float64, which is then rounded."""
    wide = [tensor.double().clone().requires_grad_() for tensor in (x, gamma, torch.zeros_like(gamma))]
    found = torch.autograd.grad((norm(*wide) * dout.double()).sum(), wide)
    return Gradients(*(gradient.to(x.dtype) for gradient in found))


def batchnorm_backward(dout, x, gamma, *, eps=1e-5):
    def norm(x, gamma, beta):
        return functional.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)

    return gradients(norm, dout, x, gamma)


def batchnorm_backward_eval(dout, x, gamma, running_mean, running_var, *, eps=1e-5):
    mean, var = running_mean.double(), running_var.double()

    def norm(x, gamma, beta):
        return functional.batch_norm(x, mean, var, gamma, beta, training=False, eps=eps)

    return gradients(norm, dout, x, gamma)


def layernorm_forward(x, gamma, beta, *, eps=1e-5):
    return functional.layer_norm(x, x.shape[1:], gamma, beta, eps)


def layernorm_backward(dout, x, gamma, *, eps=1e-5):
    return gradients(lambda *given: layernorm_forward(*given, eps=eps), dout, x, gamma)


def groupnorm_forward(x, gamma, beta, groups, *, eps=1e-5):
    return functional.group_norm(x, groups, gamma, beta, eps)


def groupnorm_backward(dout, x, gamma, groups, *, eps=1e-5):
    return gradients(lambda *given: groupnorm_forward(*given, groups, eps=eps), dout, x, gamma)


def fold_batchnorm(w, b, gamma, beta, running_mean, running_var, *, eps=1e-5):
    """What the two layers answer to zeros and to each unit input: a linear map is known by these."""
    rows = w.double().reshape(len(w), -1)
    bias = torch.zeros(len(w), dtype=torch.float64) if b is None else b.double()
    probes = torch.cat([torch.zeros(1, rows.shape[1], dtype=torch.float64), torch.eye(rows.shape[1]).double()])
    notes = [tensor.double() for tensor in (running_mean, running_var, gamma, beta)]
    answers = functional.batch_norm(functional.linear(probes, rows, bias), *notes, training=False, eps=eps)
    folded = (answers[1:] - answers[0]).T.reshape(w.shape)
    return Folded(folded.to(w.dtype), answers[0].to(w.dtype))


def bias_before_batchnorm(dout, x, gamma, running_var, *, eps=1e-5):
    bias = torch.zeros_like(gamma, dtype=torch.float64, requires_grad=True)
    out = functional.batch_norm(
        x.double() + bias, torch.zeros_like(bias), running_var.double(), gamma.double(), training=False, eps=eps
    )
    (in_evaluation,) = torch.autograd.grad((out * dout.double()).sum(), bias)
    # In training the mean takes the bias out again, whatever it is.
    return BiasGradients(torch.zeros_like(gamma), in_evaluation.to(x.dtype))


def scale_invariance_gap(norm, x, scale, shift):
    gaps = torch.sub(norm(torch.add(torch.mul(x, scale), shift)), norm(x)).flatten().tolist()
    return max(map(abs, gaps))


ORACLES = {
    "batchnorm_forward": batchnorm_forward,
    "batchnorm_backward": batchnorm_backward,
    "batchnorm_backward_simplified": batchnorm_backward,
    "batchnorm_backward_eval": batchnorm_backward_eval,
    "batchnorm2d_forward": batchnorm_forward,
    "batchnorm2d_backward": batchnorm_backward,
    "layernorm_forward": layernorm_forward,
    "layernorm_backward": layernorm_backward,
    "groupnorm_forward": groupnorm_forward,
    "groupnorm_backward": groupnorm_backward,
    "fold_batchnorm": fold_batchnorm,
    "bias_before_batchnorm": bias_before_batchnorm,
    "scale_invariance_gap": scale_invariance_gap,
}


def in_arrays(value):
    if isinstance(value, torch.Tensor):
        return value.detach().numpy()
    return type(value)(*map(in_arrays, value)) if isinstance(value, tuple) else value


def results():
    """The right result of every case that has one, by its key."""
    found = {}
    for case in [case for listed in CASES.values() for case in listed if not case.raises]:
        inputs = [material(value, "plain", "cpu") for value in case.inputs.values()]
        # torch refuses an eps of 0; beside a variance this one is as good as none.
        options = {name: TINY if name == "eps" and not value else value for name, value in case.options.items()}
        found[case.key] = in_arrays(ORACLES[case.function](*inputs, **options))
    return found


if __name__ == "__main__":
    storing.write("normalization", results())
