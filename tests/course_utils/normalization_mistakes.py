"""Typical mistakes in `normalization`: `MISTAKES[question][id]` replaces some of the right functions."""

# A mistake says in its signature what it ignores, and most are one expression.
# ruff: noqa: PLC3002, PLW0108

from __future__ import annotations

from functools import partial

import torch

from tests.course_utils import normalization_reference as right
from tests.course_utils.normalization_reference import EPS, RIGHT, moments

MISTAKES: dict[str, dict[str, dict]] = {question: {} for question in RIGHT}


def mistake(question, name, function=None, **wrong):
    """Register a wrong function under its own name or a given one."""
    assert name not in MISTAKES[question]
    MISTAKES[question][name] = {function or question: wrong["is_"]}


# batchnorm_forward


def forward(
    x,
    gamma,
    beta,
    running_mean,
    running_var,
    *,
    training,
    momentum=0.1,
    eps=EPS,
    stats=lambda x: (x.mean(0), x.var(0, unbiased=False)),
    normalise=lambda x, mean, var, eps: (x - mean) / torch.sqrt(var + eps),
    affine=lambda xhat, gamma, beta: gamma * xhat + beta,
    unbiased=lambda var, n: var * n / (n - 1),
    note=lambda old, new, momentum: (1 - momentum) * old + momentum * new,
    evaluate=None,
    notes=None,
    error=ValueError,
):
    """Batch norm whose decisions are arguments."""
    if not training:
        if evaluate is not None:
            return evaluate(x, gamma, beta, running_mean, running_var, momentum, eps)
        return affine(normalise(x, running_mean, running_var, eps), gamma, beta), running_mean, running_var
    n = x.shape[0]
    if n == 1 and error is not None:
        raise error("one sample")
    mean, var = stats(x)
    out = affine(normalise(x, mean, var, eps), gamma, beta)
    if notes is not None:
        return out, *notes(running_mean, running_var, mean, var, momentum, n)
    return out, note(running_mean, mean, momentum), note(running_var, unbiased(var, n), momentum)


def bf(name, **steps):
    mistake("batchnorm_forward", name, is_=partial(forward, **steps))


bf("normalises with the unbiased variance", stats=lambda x: (x.mean(0), x.var(0)), unbiased=lambda var, n: var)
bf("stores the biased variance", unbiased=lambda var, n: var)
bf("momentum weighs the old value", note=lambda old, new, momentum: momentum * old + (1 - momentum) * new)
bf("momentum hard-coded", note=lambda old, new, momentum: 0.9 * old + 0.1 * new)
bf("eps hard-coded", normalise=lambda x, mean, var, eps: (x - mean) / torch.sqrt(var + 1e-5))
bf("eps outside the root", normalise=lambda x, mean, var, eps: (x - mean) / (torch.sqrt(var) + eps))
bf("no eps", normalise=lambda x, mean, var, eps: (x - mean) / torch.sqrt(var))
bf("divides by the variance", normalise=lambda x, mean, var, eps: (x - mean) / (var + eps))
bf("does not centre", normalise=lambda x, mean, var, eps: x / torch.sqrt(var + eps))
bf(
    "normalises each sample",
    normalise=lambda x, mean, var, eps: (
        (x - x.mean(1, keepdim=True)) / torch.sqrt(x.var(1, keepdim=True, unbiased=False) + eps)
    ),
)
bf("one mean for the whole batch", stats=lambda x: (x.mean().expand(x.shape[1]), x.var().expand(x.shape[1])))
bf("gamma and beta swapped", affine=lambda xhat, gamma, beta: beta * xhat + gamma)
bf("gamma after beta", affine=lambda xhat, gamma, beta: gamma * (xhat + beta))
bf("no affine", affine=lambda xhat, gamma, beta: xhat)
bf("no gamma", affine=lambda xhat, gamma, beta: xhat + beta)
bf("no beta", affine=lambda xhat, gamma, beta: gamma * xhat)
bf("statistics not updated", note=lambda old, new, momentum: old)
bf("statistics replaced", note=lambda old, new, momentum: new)
bf("first batch averaged with nothing", note=lambda old, new, momentum: momentum * new)
bf(
    "only the mean is updated",
    notes=lambda rm, rv, mean, var, momentum, n: ((1 - momentum) * rm + momentum * mean, rv),
)
bf(
    "stores a deviation",
    notes=lambda rm, rv, mean, var, momentum, n: (
        (1 - momentum) * rm + momentum * mean,
        (1 - momentum) * rv + momentum * torch.sqrt(var * n / (n - 1)),
    ),
)
bf(
    "the variance gets the mean",
    notes=lambda rm, rv, mean, var, momentum, n: (
        (1 - momentum) * rm + momentum * mean,
        (1 - momentum) * rv + momentum * mean,
    ),
)
bf(
    "changes the running mean in place",
    notes=lambda rm, rv, mean, var, momentum, n: (
        rm.mul_(1 - momentum).add_(momentum * mean),
        rv.mul_(1 - momentum).add_(momentum * var * n / (n - 1)),
    ),
)
bf("evaluation uses the batch", evaluate=lambda x, g, b, rm, rv, m, eps: (
    g * (x - x.mean(0)) / torch.sqrt(x.var(0, unbiased=False) + eps) + b, rm, rv))  # fmt: skip
bf("evaluation updates the statistics", evaluate=lambda x, g, b, rm, rv, m, eps: (
    g * (x - rm) / torch.sqrt(rv + eps) + b, (1 - m) * rm + m * x.mean(0), rv))  # fmt: skip
bf("evaluation without affine", evaluate=lambda x, g, b, rm, rv, m, eps: (
    (x - rm) / torch.sqrt(rv + eps), rm, rv))  # fmt: skip
bf("evaluation without the root", evaluate=lambda x, g, b, rm, rv, m, eps: (
    g * (x - rm) / (rv + eps) + b, rm, rv))  # fmt: skip
bf("evaluation without eps", evaluate=lambda x, g, b, rm, rv, m, eps: (
    g * (x - rm) / torch.sqrt(rv) + b, rm, rv))  # fmt: skip
bf("evaluation returns the output only", evaluate=lambda x, g, b, rm, rv, m, eps: (
    g * (x - rm) / torch.sqrt(rv + eps) + b))  # fmt: skip
bf("evaluation raises for one sample", evaluate=lambda x, g, b, rm, rv, m, eps: (
    right.batchnorm_forward(x, g, b, rm, rv, training=len(x) == 1)))  # fmt: skip
bf("no error for one sample", error=None)
bf("another error for one sample", error=RuntimeError)
bf("variance as a difference of squares", stats=lambda x: (x.mean(0), (x**2).mean(0) - x.mean(0) ** 2))


def runs_on_running(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=EPS):
    _, mean, var = forward(x, gamma, beta, running_mean, running_var, training=training, momentum=momentum, eps=eps)
    return gamma * (x - mean) / torch.sqrt(var + eps) + beta, mean, var


mistake("batchnorm_forward", "training normalises with the running statistics", is_=runs_on_running)


def in_place(x, *args, **options):
    out, *notes = right.batchnorm_forward(x.clone(), *args, **options)
    x -= x.mean(0)
    return out, *notes


mistake("batchnorm_forward", "changes x", is_=in_place)


def cast(function, kind):
    def wrong(*args, **options):
        result = function(*args, **options)
        return tuple(part.to(kind) for part in result) if isinstance(result, tuple) else result.to(kind)

    return wrong


def inner_float32(function):
    def wrong(*args, **options):
        given = [arg.float() if isinstance(arg, torch.Tensor) else arg for arg in args]
        result = function(*given, **options)
        kind = args[0].dtype
        return tuple(part.to(kind) for part in result) if isinstance(result, tuple) else result.to(kind)

    return wrong


def viewed(function):
    """Asks for memory that lies side by side."""

    def wrong(x, *args, **options):
        x.view(-1)
        return function(x, *args, **options)

    return wrong


for _question, _ways in RIGHT.items():
    for _name, _function in _ways[0].items():
        if _question == "scale_invariance":
            continue
        mistake(_question, f"{_name} always float32", _name, is_=cast(_function, torch.float32))
        mistake(_question, f"{_name} always float64", _name, is_=cast(_function, torch.float64))
        mistake(_question, f"{_name} computes in float32", _name, is_=inner_float32(_function))
        mistake(_question, f"{_name} views", _name, is_=viewed(_function))
        mistake(_question, f"{_name} returns None", _name, is_=lambda *args, **options: None)


# batchnorm_backward and the simplified one


def backward(
    dout,
    x,
    gamma,
    *,
    eps=EPS,
    n=len,
    var=lambda x: x.var(0, unbiased=False),
    dxhat=lambda dout, gamma: dout * gamma,
    combine=lambda dxhat, xhat, n: dxhat - dxhat.sum(0) / n - xhat * (dxhat * xhat).sum(0) / n,
    power=1,
    root=lambda var, eps: torch.sqrt(var + eps),
    dgamma=lambda dout, xhat, centred: (dout * xhat).sum(0),
    dbeta=lambda dout: dout.sum(0),
):
    """The way back with its decisions as arguments."""
    centred = x - x.mean(0)
    inv = 1 / root(var(x), eps)
    xhat = centred * inv
    dx = inv**power * combine(dxhat(dout, gamma), xhat, n(x))
    return dx, dgamma(dout, xhat, centred), dbeta(dout)


def mutating(dout, x, gamma, *, eps=EPS):
    result = right.batchnorm_backward(dout.clone(), x, gamma, eps=eps)
    dout *= gamma
    return result


BACKWARD = {
    "statistics are constants": {"combine": lambda d, xhat, n: d},
    "no path through the mean": {"combine": lambda d, xhat, n: d - xhat * (d * xhat).sum(0) / n},
    "no path through the variance": {"combine": lambda d, xhat, n: d - d.sum(0) / n},
    "sign of the variance path": {"combine": lambda d, xhat, n: d - d.sum(0) / n + xhat * (d * xhat).sum(0) / n},
    "sign of the mean path": {"combine": lambda d, xhat, n: d + d.sum(0) / n - xhat * (d * xhat).sum(0) / n},
    "1/N missing": {"n": lambda x: 1},
    "N is D": {"n": lambda x: x.shape[1]},
    "N - 1": {"n": lambda x: len(x) - 1},
    "unbiased variance": {"var": lambda x: x.var(0)},
    "inverse root squared": {"power": 2},
    "no inverse root": {"power": 0},
    "no gamma in dx": {"dxhat": lambda dout, gamma: dout},
    "constant gamma": {"dxhat": lambda dout, gamma: dout * gamma[0]},
    "eps hard-coded": {"root": lambda var, eps: torch.sqrt(var + 1e-5)},
    "eps outside the root": {"root": lambda var, eps: torch.sqrt(var) + eps},
    "dgamma from centred": {"dgamma": lambda dout, xhat, centred: (dout * centred).sum(0)},
    "dgamma is a mean": {"dgamma": lambda dout, xhat, centred: (dout * xhat).mean(0)},
    "dgamma is a number": {"dgamma": lambda dout, xhat, centred: (dout * xhat).sum()},
    "dgamma over features": {"dgamma": lambda dout, xhat, centred: (dout * xhat).sum(1)},
    "dgamma keeps its axis": {"dgamma": lambda dout, xhat, centred: (dout * xhat).sum(0, keepdim=True)},
    "dgamma without xhat": {"dgamma": lambda dout, xhat, centred: dout.sum(0)},
    "dbeta is a mean": {"dbeta": lambda dout: dout.mean(0)},
    "dbeta is dout": {"dbeta": lambda dout: dout},
    "variance as a difference of squares": {"var": lambda x: (x**2).mean(0) - x.mean(0) ** 2},
}
for _question in ("batchnorm_backward", "batchnorm_backward_simplified"):
    for _name, _steps in BACKWARD.items():
        mistake(_question, _name, is_=partial(backward, **_steps))
    mistake(_question, "changes dout", is_=mutating)
    mistake(_question, "another order of results", is_=lambda *args, **options: (
        right.batchnorm_backward(*args, **options)[::-1]))  # fmt: skip


def with_ones(dout, x, gamma, *, eps=EPS):
    """The graph, with every spread written out."""
    n = len(x)
    centred = x - x.mean(0)
    inv = 1 / torch.sqrt((centred**2).mean(0) + eps)
    xhat = centred * inv
    dxhat = dout * gamma
    dvar = -0.5 * inv**3 * (dxhat * centred).sum(0)
    dcentred = dxhat * inv + 2 * centred * (torch.ones_like(x) / n * dvar)
    dx = dcentred + torch.ones_like(x) / n * -dcentred.sum(0)
    return dx, (dout * xhat).sum(0), dout.sum(0)


mistake("batchnorm_backward_simplified", "not simplified", is_=with_ones)
mistake("batchnorm_backward_simplified", "N x N Jacobian", is_=right.by_jacobian)


# batchnorm_backward_eval


def backward_eval(dout, x, gamma, rm, rv, *, eps=EPS, dx=None, dgamma=None, root=lambda v, e: torch.sqrt(v + e)):
    inv = 1 / root(rv, eps)
    xhat = (x - rm) * inv
    return (
        dout * gamma * inv if dx is None else dx(dout, x, gamma, inv, eps),
        (dout * xhat).sum(0) if dgamma is None else dgamma(dout, x, rm, inv),
        dout.sum(0),
    )


EVAL = {
    "training formula": {"dx": lambda dout, x, gamma, inv, eps: right.batchnorm_backward(dout, x, gamma, eps=eps)[0]},
    "centred with running variance": {"dx": lambda dout, x, gamma, inv, eps: gamma * inv * (dout - dout.mean(0))},
    "no gamma": {"dx": lambda dout, x, gamma, inv, eps: dout * inv},
    "no root": {"root": lambda v, e: v + e},
    "no eps": {"root": lambda v, e: torch.sqrt(v)},
    "eps hard-coded": {"root": lambda v, e: torch.sqrt(v + 1e-5)},
    "eps outside": {"root": lambda v, e: torch.sqrt(v) + e},
    "dgamma with batch statistics": {
        "dgamma": lambda dout, x, rm, inv: (dout * (x - x.mean(0)) / x.var(0, unbiased=False).sqrt()).sum(0)
    },
    "dgamma not scaled": {"dgamma": lambda dout, x, rm, inv: (dout * (x - rm)).sum(0)},
    "dgamma not centred": {"dgamma": lambda dout, x, rm, inv: (dout * x * inv).sum(0)},
    "dgamma is a mean": {"dgamma": lambda dout, x, rm, inv: (dout * (x - rm) * inv).mean(0)},
}
for _name, _steps in EVAL.items():
    mistake("batchnorm_backward_eval", _name, is_=partial(backward_eval, **_steps))


# batchnorm2d


def arranged(there, back):
    def wrong_forward(x, *args, **options):
        out, *notes = right.batchnorm_forward(there(x), *args, **options)
        return back(out, x.shape), *notes

    def wrong_backward(dout, x, gamma, **options):
        dx, *rest = right.batchnorm_backward(there(dout), there(x), gamma, **options)
        return back(dx, x.shape), *rest

    return wrong_forward, wrong_backward


def columns(x):
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def home(out, shape):
    n, c, h, w = shape
    return out.reshape(n, h, w, c).permute(0, 3, 1, 2)


ARRANGED = {
    "reshape without moving channels": (lambda x: x.reshape(-1, x.shape[1]), lambda out, shape: out.reshape(shape)),
    "H and W swapped on the way back": (
        columns,
        lambda out, s: out.reshape(s[0], s[3], s[2], s[1]).permute(0, 3, 2, 1).reshape(s),
    ),
    "back without moving channels": (columns, lambda out, shape: out.reshape(shape)),
}
for _name, (_there, _back) in ARRANGED.items():
    for _way, _function in zip(("forward", "backward"), arranged(_there, _back), strict=True):
        mistake("batchnorm2d", f"{_way}: {_name}", f"batchnorm2d_{_way}", is_=_function)


def per_pixel(x, gamma, beta, rm, rv, *, training, momentum=0.1, eps=EPS):
    out, mean, var = right.batchnorm2d_forward(x, gamma, beta, rm, rv, training=training, momentum=momentum, eps=eps)
    if training and len(x) > 1:
        m, v = moments(x, 0)
        out = gamma[:, None, None] * (x - m) / torch.sqrt(v + eps) + beta[:, None, None]
    return out, mean, var


def instance(x, gamma, beta, rm, rv, *, training, momentum=0.1, eps=EPS):
    out, mean, var = right.batchnorm2d_forward(x, gamma, beta, rm, rv, training=training, momentum=momentum, eps=eps)
    return right.groupnorm_forward(x, gamma, beta, len(gamma), eps=eps) if training else out, mean, var


def unbiased_by_samples(x, gamma, beta, rm, rv, *, training, momentum=0.1, eps=EPS):
    out, mean, var = right.batchnorm2d_forward(x, gamma, beta, rm, rv, training=training, momentum=momentum, eps=eps)
    if training and len(x) > 1:
        biased = moments(x, (0, 2, 3))[1].flatten()
        var = (1 - momentum) * rv + momentum * biased * len(x) / (len(x) - 1)
    return out, mean, var


def changed(function, change):
    return lambda *args, **options: change(*function(*args, **options))


def settings_lost(x, gamma, beta, rm, rv, *, training, momentum=0.1, eps=EPS):
    return right.batchnorm2d_forward(x, gamma, beta, rm, rv, training=training)


mistake("batchnorm2d", "per pixel", "batchnorm2d_forward", is_=per_pixel)
mistake("batchnorm2d", "per sample and channel", "batchnorm2d_forward", is_=instance)
mistake("batchnorm2d", "unbiased by samples", "batchnorm2d_forward", is_=unbiased_by_samples)
mistake("batchnorm2d", "settings not passed on", "batchnorm2d_forward", is_=settings_lost)
mistake("batchnorm2d", "training always", "batchnorm2d_forward", is_=lambda *args, training, **options: (
    right.batchnorm2d_forward(*args, training=True, **options)))  # fmt: skip
mistake("batchnorm2d", "one value is no error", "batchnorm2d_forward", is_=lambda *args, training, **options: (
    right.batchnorm2d_forward(*args, training=training and args[0].numel() > args[0].shape[1], **options)))  # fmt: skip
mistake("batchnorm2d", "dgamma is a mean", "batchnorm2d_backward", is_=changed(
    right.batchnorm2d_backward, lambda dx, dgamma, dbeta: (dx, dgamma / dx[:, 0].numel(), dbeta)))  # fmt: skip
mistake("batchnorm2d", "dgamma has four axes", "batchnorm2d_backward", is_=changed(
    right.batchnorm2d_backward, lambda dx, dgamma, dbeta: (dx, dgamma.view(1, -1, 1, 1), dbeta)))  # fmt: skip
mistake("batchnorm2d", "dbeta over samples only", "batchnorm2d_backward", is_=lambda dout, x, gamma, *, eps=EPS: (
    *right.batchnorm2d_backward(dout, x, gamma, eps=eps)[:2], dout.sum(0)))  # fmt: skip
mistake("batchnorm2d", "eps not passed on", "batchnorm2d_backward", is_=lambda dout, x, gamma, *, eps=EPS: (
    right.batchnorm2d_backward(dout, x, gamma)))  # fmt: skip
mistake("batchnorm2d", "each pixel a feature", "batchnorm2d_backward", is_=lambda dout, x, gamma, *, eps=EPS: (
    right.normalised_back(dout, x, gamma[:, None, None], 0, (0, 2, 3), eps)))  # fmt: skip


# layernorm


def ln(name, is_):
    mistake("layernorm", name, "layernorm_forward", is_=is_)


def ln_back(name, is_):
    mistake("layernorm", name, "layernorm_backward", is_=is_)


ln("E76 statistics over the batch", lambda x, g, b, *, eps=EPS: (
    (x - x.mean(0)) / torch.sqrt(x.var(0, unbiased=False) + eps) * g + b))  # fmt: skip
ln("unbiased", lambda x, g, b, *, eps=EPS: (
    (x - x.mean(1, keepdim=True)) / torch.sqrt(x.var(1, keepdim=True) + eps) * g + b))  # fmt: skip
ln("eps hard-coded", lambda x, g, b, *, eps=EPS: right.layernorm_forward(x, g, b))
ln("eps outside", lambda x, g, b, *, eps=EPS: (
    (x - x.mean(1, keepdim=True)) / (x.std(1, keepdim=True, unbiased=False) + eps) * g + b))  # fmt: skip
ln("one mean for all", lambda x, g, b, *, eps=EPS: (x - x.mean()) / torch.sqrt(x.var(unbiased=False) + eps) * g + b)
ln("no keepdim", lambda x, g, b, *, eps=EPS: (x - x.mean(1)) / torch.sqrt(x.var(1, unbiased=False) + eps) * g + b)
ln("keepdim only if needed", lambda x, g, b, *, eps=EPS: (
    right.layernorm_forward(x, g, b, eps=eps) if len(set(x.shape)) > 1
    else (x - x.mean(1)) / torch.sqrt(x.var(1, unbiased=False) + eps) * g + b))  # fmt: skip
ln("no gamma", lambda x, g, b, *, eps=EPS: right.layernorm_forward(x, torch.ones_like(g), b, eps=eps))
ln("no beta", lambda x, g, b, *, eps=EPS: right.layernorm_forward(x, g, torch.zeros_like(b), eps=eps))
ln("difference of squares", lambda x, g, b, *, eps=EPS: (
    (x - x.mean(1, keepdim=True))
    / torch.sqrt((x**2).mean(1, keepdim=True) - x.mean(1, keepdim=True) ** 2 + eps) * g + b))  # fmt: skip
ln_back("batch norm's way", lambda dout, x, g, *, eps=EPS: right.batchnorm_backward(dout, x, g, eps=eps))
ln_back("gamma after the sums", lambda dout, x, g, *, eps=EPS: (
    right.layernorm_backward(dout, x, torch.ones_like(g), eps=eps)[0] * g,
    *right.layernorm_backward(dout, x, g, eps=eps)[1:]))  # fmt: skip
ln_back("no gamma in dx", lambda dout, x, g, *, eps=EPS: (
    right.layernorm_backward(dout, x, torch.ones_like(g), eps=eps)))  # fmt: skip
ln_back("constant gamma", lambda dout, x, g, *, eps=EPS: (
    right.layernorm_backward(dout, x, g[0].expand(len(g)), eps=eps)))  # fmt: skip
ln_back("dgamma along the row", lambda dout, x, g, *, eps=EPS: (
    right.layernorm_backward(dout, x, g, eps=eps)[0], (dout * g).sum(1), dout.sum(1)))  # fmt: skip
ln_back("statistics are constants", lambda dout, x, g, *, eps=EPS: (
    dout * g / torch.sqrt(x.var(1, keepdim=True, unbiased=False) + eps),
    *right.layernorm_backward(dout, x, g, eps=eps)[1:]))  # fmt: skip
ln_back("backward: eps hard-coded", lambda dout, x, g, *, eps=EPS: right.layernorm_backward(dout, x, g))


# groupnorm


def gn(name, is_):
    mistake("groupnorm", name, "groupnorm_forward", is_=is_)


def gn_back(name, is_):
    mistake("groupnorm", name, "groupnorm_backward", is_=is_)


def dealt(function):
    """E75: every groups-th channel is in a group, not neighbours."""

    def wrong(*args, eps=EPS, **options):
        *tensors, groups = args
        c = tensors[0].shape[1]
        if c % groups:
            raise ValueError
        order = torch.arange(c).reshape(-1, groups).T.flatten()
        moved = [t[:, order] if t.ndim == 4 else t[order] for t in tensors]
        result = function(*moved, groups, eps=eps)
        there = torch.argsort(order)
        if isinstance(result, tuple):
            return result[0][:, there], result[1][there], result[2][there]
        return result[:, there]

    return wrong


def as_groups(function, groups_of):
    def wrong(*args, eps=EPS):
        *tensors, groups = args
        if tensors[0].shape[1] % groups:
            raise ValueError
        return function(*tensors, groups_of(groups, tensors[0].shape[1]), eps=eps)

    return wrong


def any_groups(function):
    """Takes what can't be divided."""

    def wrong(*args, eps=EPS):
        *tensors, groups = args
        return function(*tensors, groups if tensors[0].shape[1] % groups == 0 else 1, eps=eps)

    return wrong


for _way, _function in (("forward", right.groupnorm_forward), ("backward", right.groupnorm_backward)):
    _add = gn if _way == "forward" else gn_back
    _add(f"{_way}: E75 channels dealt out", dealt(_function))
    _add(f"{_way}: groups is the size of a group", as_groups(_function, lambda groups, c: c // groups))
    _add(f"{_way}: always layer norm", as_groups(_function, lambda groups, c: 1))
    _add(f"{_way}: always instance norm", as_groups(_function, lambda groups, c: c))
    _add(f"{_way}: no error", any_groups(_function))
    _add(f"{_way}: eps hard-coded", lambda *args, eps=EPS, function=_function: function(*args))
gn("over the batch too", lambda x, g, b, groups, *, eps=EPS: (lambda parts: (
    ((parts - moments(parts, (0, 2, 3, 4))[0]) / torch.sqrt(moments(parts, (0, 2, 3, 4))[1] + eps)).reshape(x.shape)
    * g[:, None, None] + b[:, None, None]))(right.in_groups(x, groups)))  # fmt: skip
gn("over channels only", lambda x, g, b, groups, *, eps=EPS: (lambda parts: (
    ((parts - moments(parts, 2)[0]) / torch.sqrt(moments(parts, 2)[1] + eps)).reshape(x.shape)
    * g[:, None, None] + b[:, None, None]))(right.in_groups(x, groups)))  # fmt: skip
gn("gamma along the columns", lambda x, g, b, groups, *, eps=EPS: (
    right.groupnorm_forward(x, torch.ones_like(g), torch.zeros_like(b), groups, eps=eps) * g + b
    if x.shape[3] == len(g) else right.groupnorm_forward(x, g, b, groups, eps=eps)))  # fmt: skip
gn("one gamma for a group", lambda x, g, b, groups, *, eps=EPS: right.groupnorm_forward(
    x, g[:: max(len(g) // groups, 1)][:groups].repeat_interleave(len(g) // groups) if len(g) % groups == 0 else g,
    b, groups, eps=eps))  # fmt: skip
gn("unbiased", lambda x, g, b, groups, *, eps=EPS: (lambda rows: (
    ((rows - rows.mean(2, keepdim=True)) / torch.sqrt(rows.var(2, keepdim=True) + eps)).reshape(x.shape)
    * g[:, None, None] + b[:, None, None]))(right.in_groups(x, groups).flatten(2)))  # fmt: skip
gn("difference of squares", lambda x, g, b, groups, *, eps=EPS: (lambda rows: (
    ((rows - rows.mean(2, keepdim=True))
     / torch.sqrt((rows**2).mean(2, keepdim=True) - rows.mean(2, keepdim=True) ** 2 + eps)).reshape(x.shape)
    * g[:, None, None] + b[:, None, None]))(right.in_groups(x, groups).flatten(2)))  # fmt: skip
gn_back("gamma after the sums", lambda dout, x, g, groups, *, eps=EPS: (
    right.groupnorm_backward(dout, x, torch.ones_like(g), groups, eps=eps)[0] * g[:, None, None],
    *right.groupnorm_backward(dout, x, g, groups, eps=eps)[1:]))  # fmt: skip
gn_back("statistics are constants", lambda dout, x, g, groups, *, eps=EPS: (
    (right.in_groups(dout * g[:, None, None], groups)
     / torch.sqrt(moments(right.in_groups(x, groups), (2, 3, 4))[1] + eps)).reshape(x.shape),
    *right.groupnorm_backward(dout, x, g, groups, eps=eps)[1:]))  # fmt: skip
gn_back("dgamma has four axes", changed(right.groupnorm_backward, lambda dx, dg, db: (dx, dg[None, :, None, None], db)))
gn_back("dbeta of the first image", lambda dout, x, g, groups, *, eps=EPS: (
    *right.groupnorm_backward(dout, x, g, groups, eps=eps)[:2], dout[0].sum((1, 2))))  # fmt: skip


# fold_batchnorm


def fold(w, b, gamma, beta, rm, rv, *, eps=EPS, root=lambda v, e: torch.sqrt(v + e), weights=None, biases=None):
    slope = gamma / root(rv, eps)
    b = torch.zeros_like(beta) if b is None else b
    new_w = w * slope.reshape(-1, *[1] * (w.ndim - 1)) if weights is None else weights(w, slope, gamma)
    return new_w, beta + slope * (b - rm) if biases is None else biases(b, beta, slope, rm)


FOLD = {
    "no root": {"root": lambda v, e: v + e},
    "no eps": {"root": lambda v, e: torch.sqrt(v)},
    "eps hard-coded": {"root": lambda v, e: torch.sqrt(v + 1e-5)},
    "eps outside": {"root": lambda v, e: torch.sqrt(v) + e},
    "weights unchanged": {"weights": lambda w, slope, gamma: w},
    "weights times gamma": {"weights": lambda w, slope, gamma: w * gamma.reshape(-1, *[1] * (w.ndim - 1))},
    "slope along the last axis": {
        "weights": lambda w, slope, gamma: (
            w * slope if w.shape[-1] == len(slope) else w * slope.reshape(-1, *[1] * (w.ndim - 1))
        )
    },
    "four axes only": {"weights": lambda w, slope, gamma: w * slope.reshape(-1, 1, 1, 1)},
    "bias not scaled": {"biases": lambda b, beta, slope, rm: b + beta - slope * rm},
    "bias forgotten": {"biases": lambda b, beta, slope, rm: beta - slope * rm},
    "mean forgotten": {"biases": lambda b, beta, slope, rm: beta + slope * b},
    "mean added": {"biases": lambda b, beta, slope, rm: beta + slope * (b + rm)},
    "mean not scaled": {"biases": lambda b, beta, slope, rm: beta + slope * b - rm},
    "beta forgotten": {"biases": lambda b, beta, slope, rm: slope * (b - rm)},
    "beta scaled": {"biases": lambda b, beta, slope, rm: slope * (b - rm + beta)},
}
for _name, _steps in FOLD.items():
    mistake("fold_batchnorm", _name, is_=partial(fold, **_steps))


def no_bias_stays(w, b, *args, eps=EPS):
    new_w, new_b = right.fold_batchnorm(w, b, *args, eps=eps)
    return new_w, None if b is None else new_b


def needs_bias(w, b, gamma, beta, rm, rv, *, eps=EPS):
    slope = gamma / torch.sqrt(rv + eps)
    return w * slope.reshape(-1, *[1] * (w.ndim - 1)), beta + slope * (b - rm)


def scales_in_place(w, b, gamma, beta, rm, rv, *, eps=EPS):
    result = right.fold_batchnorm(w, b, gamma, beta, rm, rv, eps=eps)
    w *= 2
    return result


mistake("fold_batchnorm", "no bias stays none", is_=no_bias_stays)
mistake("fold_batchnorm", "needs a bias", is_=needs_bias)
mistake("fold_batchnorm", "changes w", is_=scales_in_place)


# bias_before_batchnorm


def bias(dout, x, gamma, rv, *, eps=EPS, training=None, evaluation=None):
    first, second = right.bias_before_batchnorm(dout, x, gamma, rv, eps=eps)
    inv = 1 / torch.sqrt(rv + eps)
    return (
        first if training is None else training(dout, gamma, inv),
        second if evaluation is None else evaluation(dout, gamma, inv, rv),
    )


BIAS = {
    "training like evaluation": {"training": lambda dout, gamma, inv: dout.sum(0) * gamma * inv},
    "training is dbeta": {"training": lambda dout, gamma, inv: dout.sum(0)},
    "evaluation is zero": {"evaluation": lambda dout, gamma, inv, rv: torch.zeros_like(gamma)},
    "evaluation is dbeta": {"evaluation": lambda dout, gamma, inv, rv: dout.sum(0)},
    "no gamma": {"evaluation": lambda dout, gamma, inv, rv: dout.sum(0) * inv},
    "no inverse": {"evaluation": lambda dout, gamma, inv, rv: dout.sum(0) * gamma},
    "no root": {"evaluation": lambda dout, gamma, inv, rv: dout.sum(0) * gamma / rv},
    "eps forgotten": {"evaluation": lambda dout, gamma, inv, rv: dout.sum(0) * gamma / torch.sqrt(rv)},
    "mean over the batch": {"evaluation": lambda dout, gamma, inv, rv: dout.mean(0) * gamma * inv},
    "not summed": {"evaluation": lambda dout, gamma, inv, rv: dout * gamma * inv},
    "summed over features": {"evaluation": lambda dout, gamma, inv, rv: (dout * gamma * inv).sum(1)},
    "a number": {"training": lambda dout, gamma, inv: 0.0},
}
for _name, _steps in BIAS.items():
    mistake("bias_before_batchnorm", _name, is_=partial(bias, **_steps))
mistake("bias_before_batchnorm", "swapped", is_=lambda *args, **options: (
    right.bias_before_batchnorm(*args, **options)[::-1]))  # fmt: skip


# scale_invariance

GAPS = {
    "mean, not max": lambda norm, x, scale, shift: float((norm(scale * x + shift) - norm(x)).abs().mean()),
    "no absolute value": lambda norm, x, scale, shift: float((norm(scale * x + shift) - norm(x)).max()),
    "smallest": lambda norm, x, scale, shift: float((norm(scale * x + shift) - norm(x)).min()),
    "root of squares": lambda norm, x, scale, shift: float((norm(scale * x + shift) - norm(x)).norm()),
    "relative": lambda norm, x, scale, shift: float(
        ((norm(scale * x + shift) - norm(x)).abs() / norm(x).abs().clamp(min=1e-9)).max()
    ),
    "shift before scale": lambda norm, x, scale, shift: float((norm(scale * (x + shift)) - norm(x)).abs().max()),
    "no shift": lambda norm, x, scale, shift: float((norm(scale * x) - norm(x)).abs().max()),
    "no scale": lambda norm, x, scale, shift: float((norm(x + shift) - norm(x)).abs().max()),
    "outside of the norm": lambda norm, x, scale, shift: float((scale * norm(x) + shift - norm(x)).abs().max()),
    "equivariance": lambda norm, x, scale, shift: float(
        (norm(scale * x + shift) - (scale * norm(x) + shift)).abs().max()
    ),
    "without norm": lambda norm, x, scale, shift: float((scale * x + shift - x).abs().max()),
    "compared with x": lambda norm, x, scale, shift: float((norm(scale * x + shift) - x).abs().max()),
    "always zero": lambda norm, x, scale, shift: 0.0,
    "difference of maxima": lambda norm, x, scale, shift: float(
        abs(norm(scale * x + shift).abs().max() - norm(x).abs().max())
    ),
    "a tensor per entry": lambda norm, x, scale, shift: (norm(scale * x + shift) - norm(x)).abs(),
    "true or false": lambda norm, x, scale, shift: bool(torch.allclose(norm(scale * x + shift), norm(x))),
    "scale as a number": lambda norm, x, scale, shift: float(
        (norm(float(torch.as_tensor(scale).flatten()[0]) * x + shift) - norm(x)).abs().max()
    ),
    "returns None": lambda norm, x, scale, shift: None,
}


def scales_x(norm, x, scale, shift):
    before = norm(x).clone()
    x *= scale
    x += shift
    return float((norm(x) - before).abs().max())


for _name, _function in GAPS.items():
    mistake("scale_invariance", _name, "scale_invariance_gap", is_=_function)
mistake("scale_invariance", "changes x", "scale_invariance_gap", is_=scales_x)


def stub(*args, **options):
    raise NotImplementedError("Replace this line with your code.")


for _question, _ways in RIGHT.items():
    MISTAKES[_question]["not implemented"] = dict.fromkeys(_ways[0], stub)
