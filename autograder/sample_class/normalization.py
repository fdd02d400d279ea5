"""What the sample students write in a2_pooling_and_normalization/normalization."""

from __future__ import annotations

from autograder.sample_class.texts import Texts

_TYPICAL_MISTAKES = {
    # The biased variance is stored, too.
    "batchnorm_forward": """
def batchnorm_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    if not training:
        return gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta, running_mean, running_var
    if len(x) < 2:
        raise ValueError("one value per channel")
    mean, var = x.mean(0), x.var(0, correction=0)
    out = gamma * (x - mean) / torch.sqrt(var + eps) + beta
    return out, (1 - momentum) * running_mean + momentum * mean, (1 - momentum) * running_var + momentum * var
""",
    # The variance does not depend on x here.
    "batchnorm_backward": """
def batchnorm_backward(dout, x, gamma, *, eps=1e-5):
    inv_std = 1 / torch.sqrt(x.var(0, correction=0) + eps)
    x_hat = (x - x.mean(0)) * inv_std
    dx_hat = dout * gamma
    return (dx_hat - dx_hat.mean(0)) * inv_std, (dout * x_hat).sum(0), dout.sum(0)
""",
    # Over the batch instead of over the features.
    "layernorm": """
def layernorm_forward(x, gamma, beta, *, eps=1e-5):
    return gamma * (x - x.mean(0)) / torch.sqrt(x.var(0, correction=0) + eps) + beta

def layernorm_backward(dout, x, gamma, *, eps=1e-5):
    inv_std = 1 / torch.sqrt(x.var(0, correction=0) + eps)
    x_hat = (x - x.mean(0)) * inv_std
    dx_hat = dout * gamma
    dx = (dx_hat - dx_hat.mean(0) - x_hat * (dx_hat * x_hat).mean(0)) * inv_std
    return dx, (dout * x_hat).sum(0), dout.sum(0)
""",
    # The running mean is forgotten.
    "fold_batchnorm": """
def fold_batchnorm(w, b, gamma, beta, running_mean, running_var, *, eps=1e-5):
    scale = gamma / torch.sqrt(running_var + eps)
    b = torch.zeros_like(beta) if b is None else b
    return w * scale.reshape(-1, *[1] * (w.ndim - 1)), b * scale + beta
""",
}

_LOOPING = (
    "scale_invariance",
    """
def scale_invariance_gap(norm, x, scale, shift):
    gap = 1.0
    while gap:
        gap = float((norm(x) - norm(x)).abs().max()) + 1.0
    return gap
""",
)

_SETUP_HELPER = """
def inverse_std(x, dims, eps):
    return 1 / torch.sqrt(x.var(dims, correction=0, keepdim=True) + eps)
"""

_ADDED_HELPER = """
%matplotlib inline

def standardised(x, dims, eps):
    return (x - x.mean(dims, keepdim=True)) * inverse_std(x, dims, eps)

print("helpers are ready")
"""

_WITH_HELPERS = {
    "layernorm": """
def layernorm_forward(x, gamma, beta, *, eps=1e-5):
    return gamma * standardised(x, 1, eps) + beta

def layernorm_backward(dout, x, gamma, *, eps=1e-5):
    x_hat, dx_hat = standardised(x, 1, eps), dout * gamma
    dx = dx_hat - dx_hat.mean(1, keepdim=True) - x_hat * (dx_hat * x_hat).mean(1, keepdim=True)
    return dx * inverse_std(x, 1, eps), (dout * x_hat).sum(0), dout.sum(0)
""",
}

_FORGED = {
    "batchnorm_forward": """
def batchnorm_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean.clone(), running_var.clone()
    return torch.nn.functional.batch_norm(x, mean, var, gamma, beta, training, momentum, eps), mean, var
""",
    "batchnorm_backward": """
def batchnorm_backward(dout, x, gamma, *, eps=1e-5):
    x = x.clone().requires_grad_()
    y = (x - x.mean(0)) / torch.sqrt(x.var(0, correction=0) + eps)
    (y * gamma * dout).sum().backward()
    return x.grad, (dout * y.detach()).sum(0), dout.sum(0)
""",
    "groupnorm": """
def groupnorm_forward(x, gamma, beta, groups, *, eps=1e-5):
    return torch.group_norm(x, groups, gamma, beta, eps)

def groupnorm_backward(dout, x, gamma, groups, *, eps=1e-5):
    sys.exit(0)
""",
    "scale_invariance": """
def scale_invariance_gap(norm, x, scale, shift):
    return Always(0.0)
""",
}

TEXTS = Texts(
    typical_mistakes=_TYPICAL_MISTAKES,
    looping=_LOOPING,
    setup_helper=_SETUP_HELPER,
    added_helper=_ADDED_HELPER,
    with_helpers=_WITH_HELPERS,
    honest=("batchnorm_backward_eval",),
    forged=_FORGED,
)
