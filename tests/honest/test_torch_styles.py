"""Right answers to the notebooks in torch, in forms that a grader may not expect."""

from __future__ import annotations

import pytest

from tests.honest.student import NORM, POOLING, Student, grade, unfair

STUDENTS = (
    Student(
        habit="modules, parameters and results that want gradients",
        notebook=NORM,
        answers={
            "batchnorm_forward": """
            class BN(nn.Module):
                def __init__(self, gamma, beta, mean, var, momentum, eps):
                    super().__init__()
                    self.gamma, self.beta = nn.Parameter(gamma), nn.Parameter(beta)
                    self.register_buffer("mean", mean)
                    self.register_buffer("var", var)
                    self.momentum, self.eps = momentum, eps

                def forward(self, x):
                    if not self.training:
                        return self.gamma * (x - self.mean) / (self.var + self.eps).sqrt() + self.beta
                    if x.size(0) == 1:
                        raise ValueError("batch of one")
                    var, mean = torch.var_mean(x, dim=0, unbiased=False)
                    n = x.size(0)
                    self.mean = torch.lerp(self.mean, mean, self.momentum)
                    self.var = torch.lerp(self.var, var * n / (n - 1), self.momentum)
                    return (x - mean) * self.gamma / (var + self.eps).sqrt() + self.beta

            def batchnorm_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
                layer = BN(gamma, beta, running_mean, running_var, momentum, eps)
                layer.train(training)
                return layer(x), layer.mean, layer.var
            """,
            "layernorm": """
            @torch.no_grad()
            def layernorm_forward(x, gamma, beta, *, eps=1e-5):
                std, mean = torch.std_mean(x, -1, correction=0, keepdim=True)
                return torch.addcmul(beta, gamma, (x - mean) / (std.square() + eps).sqrt())

            @torch.inference_mode()
            def layernorm_backward(dout, x, gamma, *, eps=1e-5):
                D = x.shape[-1]
                mu = x.mean(-1, keepdim=True)
                inv = (x.var(-1, keepdim=True, correction=0) + eps).rsqrt()
                xh = (x - mu) * inv
                dxh = dout * gamma
                dx = inv / D * (D * dxh - dxh.sum(-1, keepdim=True) - xh * (dxh * xh).sum(-1, keepdim=True))
                return dx, torch.einsum("nd,nd->d", dout, xh), dout.sum(0)
            """,
            "fold_batchnorm": """
            def fold_batchnorm(w, b, gamma, beta, running_mean, running_var, *, eps=1e-5):
                factor = torch.nn.Parameter(gamma * (running_var + eps).pow(-0.5))
                new_w = torch.einsum("o...,o->o...", w, factor)
                bias = b if b is not None else torch.zeros_like(running_mean)
                return new_w, torch.nn.Parameter((bias - running_mean) * factor + beta)
            """,
            "scale_invariance": """
            def scale_invariance_gap(norm, x, scale, shift):
                return torch.max(torch.abs(norm(x * scale + shift) - norm(x)))
            """,
        },
        before=("import torch.nn as nn\nimport torch as t",),
    ),
    Student(
        habit="compiled by torch.jit, vmap and functools",
        notebook=NORM,
        before=("import warnings; warnings.filterwarnings('ignore')",),
        answers={
            "batchnorm_backward_eval": """
            @torch.jit.script
            def _eval_backward(dout: torch.Tensor, x: torch.Tensor, gamma: torch.Tensor, mean: torch.Tensor,
                               var: torch.Tensor, eps: float):
                inv = torch.rsqrt(var + eps)
                return dout * gamma * inv, (dout * (x - mean) * inv).sum(0), dout.sum(0)

            def batchnorm_backward_eval(dout, x, gamma, running_mean, running_var, *, eps=1e-5):
                return _eval_backward(dout, x, gamma, running_mean, running_var, eps)
            """,
            "groupnorm": """
            from functools import partial, reduce

            def _norm(v, eps):
                return (v - v.mean()) / torch.sqrt(((v - v.mean()) ** 2).mean() + eps)

            def groupnorm_forward(x, gamma, beta, groups, *, eps=1e-5):
                N, C, H, W = x.shape
                if C % groups != 0:
                    raise ValueError(f"{C} % {groups}")
                v = x.contiguous().view(N * groups, -1)
                y = torch.vmap(partial(_norm, eps=eps))(v).view(N, C, H, W)
                return y * gamma.view(1, -1, 1, 1) + beta.view(1, -1, 1, 1)

            def groupnorm_backward(dout, x, gamma, groups, *, eps=1e-5):
                N, C, H, W = x.shape
                if C % groups:
                    raise ValueError
                g = (dout * gamma.view(1, C, 1, 1)).reshape(N, groups, -1)
                v = x.reshape(N, groups, -1)
                inv = torch.rsqrt(v.var(-1, keepdim=True, unbiased=False) + eps)
                xh = (v - v.mean(-1, keepdim=True)) * inv
                dx = inv * (g - g.mean(-1, keepdim=True) - xh * (g * xh).mean(-1, keepdim=True))
                xh = xh.view_as(x)
                return dx.view_as(x), (dout * xh).sum((0, 2, 3)), dout.sum((0, 2, 3))
            """,
        },
    ),
    Student(
        habit="channels last, expanded and other strides",
        notebook=NORM,
        answers={
            "batchnorm2d": """
            def batchnorm2d_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
                N, C, H, W = x.shape
                flat = x.transpose(0, 1).flatten(1).T
                out, mean, var = batchnorm_forward(flat, gamma, beta, running_mean, running_var, training=training,
                                                   momentum=momentum, eps=eps)
                out = out.T.unflatten(1, (N, H, W)).transpose(0, 1)
                return out.to(memory_format=torch.channels_last), mean, var

            def batchnorm2d_backward(dout, x, gamma, *, eps=1e-5):
                f = lambda t: torch.movedim(t, 1, -1).reshape(-1, t.shape[1])
                dx, dgamma, dbeta = batchnorm_backward(f(dout), f(x), gamma, eps=eps)
                N, C, H, W = x.shape
                return torch.movedim(dx.view(N, H, W, C), -1, 1), dgamma, dbeta
            """,
            "bias_before_batchnorm": """
            def bias_before_batchnorm(dout, x, gamma, running_var, *, eps=1e-5):
                return torch.zeros(1, dtype=dout.dtype, device=dout.device).expand(x.shape[1]), (
                    dout.sum(0) * gamma / (running_var + eps).sqrt())
            """,
        },
    ),
    Student(
        habit="dispatch by tables and closures",
        notebook=POOLING,
        before=(
            """
            def pair(v): return (v, v) if isinstance(v, int) else tuple(v)
            def make(forward, slope):
                def f(x, **kw): return forward(x, **kw)
                def b(dout, x, **kw): return dout * slope(x, **kw)
                return f, b
            """,
        ),
        answers={
            "relu": """
            relu_forward, relu_backward = make(lambda x: x * (x > 0), lambda x: (x > 0).to(x.dtype))
            """,
            "activations": """
            Phi = lambda x: 0.5 * torch.erfc(-x / 2 ** 0.5)
            table = {
                "leaky_relu": (lambda x, slope=0.01: torch.maximum(x, slope * x),
                               lambda x, slope=0.01: (x > 0) + slope * (x <= 0)),
                "elu": (lambda x, alpha=1.0: x.clamp(min=0) + alpha * torch.expm1(x.clamp(max=0)),
                        lambda x, alpha=1.0: torch.where(x > 0, 1.0, alpha * x.clamp(max=0).exp()).to(x.dtype)),
                "sigmoid": (lambda x: 1 / (1 + torch.exp(-x)),
                            lambda x: torch.exp(-x.abs()) / (1 + torch.exp(-x.abs())) ** 2),
                "tanh": (lambda x: torch.sign(x) * -torch.expm1(-2 * x.abs()) / (1 + torch.exp(-2 * x.abs())),
                         lambda x: 4 * torch.exp(-2 * x.abs()) / (1 + torch.exp(-2 * x.abs())) ** 2),
                "gelu": (lambda x: x * Phi(x), lambda x: Phi(x) + x * torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)),
            }
            for name, (forward, slope) in table.items():
                globals()[f"{name}_forward"], globals()[f"{name}_backward"] = make(forward, slope)
            """,
            "maxout": """
            def _split(x, pieces):
                if x.size(1) % pieces != 0:
                    raise ValueError("channels")
                return torch.stack(x.chunk(pieces, dim=1)) if x.size(1) else x
            def maxout_forward(x, pieces):
                return _split(x, pieces).max(dim=0).values
            def maxout_backward(dout, x, pieces):
                s = _split(x, pieces)
                won = torch.nn.functional.one_hot(s.argmax(0), pieces).movedim(-1, 0)
                return torch.cat(list(won * dout), dim=1)
            """,
            "max_pool2d_forward": """
            def max_pool2d_forward(x, kernel, *, stride=None, padding=0):
                (kh, kw), (ph, pw) = pair(kernel), pair(padding)
                sh, sw = pair(kernel) if stride is None else pair(stride)
                if 2 * ph > kh or 2 * pw > kw: raise ValueError("padding")
                N, C, H, W = x.shape
                OH, OW = (H + 2 * ph - kh) // sh + 1, (W + 2 * pw - kw) // sw + 1
                if H + 2 * ph < kh or W + 2 * pw < kw: raise ValueError("window")
                out = x.new_empty(N, C, OH, OW)
                for i in range(OH):
                    for j in range(OW):
                        top, left = i * sh - ph, j * sw - pw
                        out[..., i, j] = x[..., max(top, 0):top + kh, max(left, 0):left + kw].flatten(2).max(-1)[0]
                return out
            """,
            "max_pool2d_backward": """
            def max_pool2d_backward(dout, x, kernel, *, stride=None, padding=0):
                (kh, kw), (ph, pw) = pair(kernel), pair(padding)
                sh, sw = pair(kernel) if stride is None else pair(stride)
                dx = torch.zeros_like(x)
                H, W = x.shape[2:]
                for n, c, i, j in torch.cartesian_prod(*map(torch.arange, dout.shape)).tolist():
                    top, left = i * sh - ph, j * sw - pw
                    rows, cols = range(max(top, 0), min(top + kh, H)), range(max(left, 0), min(left + kw, W))
                    r, q = max(((a, b) for a in rows for b in cols), key=lambda p: x[n, c, p[0], p[1]].item())
                    dx[n, c, r, q] += dout[n, c, i, j]
                return dx
            """,
            "avg_pool2d": """
            def avg_pool2d_forward(x, kernel, *, stride=None, padding=0):
                (kh, kw), (ph, pw) = pair(kernel), pair(padding)
                sh, sw = pair(stride or kernel)
                if ph > kh // 2 or pw > kw // 2 or kh > x.shape[2] + 2 * ph or kw > x.shape[3] + 2 * pw:
                    raise ValueError
                p = torch.nn.functional.pad(x, (pw, pw, ph, ph))
                s = torch.zeros(*x.shape[:2], p.shape[2] + 1, p.shape[3] + 1, dtype=torch.float64)
                s[:, :, 1:, 1:] = p.double().cumsum(2).cumsum(3)
                oh, ow = (p.shape[2] - kh) // sh + 1, (p.shape[3] - kw) // sw + 1
                r, c = torch.arange(oh)[:, None] * sh, torch.arange(ow)[None] * sw
                box = s[:, :, r + kh, c + kw] - s[:, :, r, c + kw] - s[:, :, r + kh, c] + s[:, :, r, c]
                return (box / (kh * kw)).to(x.dtype)

            def avg_pool2d_backward(dout, in_size, kernel, *, stride=None, padding=0):
                (kh, kw), (ph, pw), (H, W) = pair(kernel), pair(padding), in_size
                sh, sw = pair(stride or kernel)
                cols = (dout / (kh * kw)).flatten(2).repeat_interleave(kh * kw, 0)
                dx = dout.new_zeros((*dout.shape[:2], H + 2 * ph, W + 2 * pw))
                for i, row in enumerate(dout.unbind(2)):
                    for j, entry in enumerate(row.unbind(2)):
                        dx[:, :, i * sh:i * sh + kh, j * sw:j * sw + kw].add_(entry[..., None, None] / (kh * kw))
                return dx.narrow(2, ph, H).narrow(3, pw, W)

            def global_avg_pool_forward(x):
                return torch.einsum("nchw->nc", x) / x[0, 0].numel()

            def global_avg_pool_backward(dout, in_size):
                return (dout / math.prod(in_size))[..., None, None].expand(*dout.shape, *in_size)
            """,
            "avg_pool_as_conv": """
            def avg_pool_weights(channels, kernel):
                w = torch.ones(channels, 1, *pair(kernel))
                return w.div_(w[0].numel())
            """,
            "pool1d": """
            def max_pool1d(x, kernel, *, stride=None):
                if kernel > x.shape[-1]:
                    raise ValueError("window")
                return x.unfold(-1, kernel, stride or kernel).max(-1).values
            """,
            "shift_sensitivity": """
            def shift_sensitivity(features, images, shift):
                a, b = features(images), features(images.roll(shift, (-2, -1)))
                return (a - b).norm() / a.norm()
            """,
            "linear_collapse": """
            from functools import reduce
            def linear_collapse(layers):
                if len(layers) == 0:
                    raise ValueError("no layers")
                return reduce(lambda below, above: (above[0].mm(below[0]), above[0].mv(below[1]).add(above[1])), layers)
            """,
        },
    ),
    Student(
        habit="single precision on the way, own autograd functions",
        notebook=POOLING,
        answers={
            "relu": """
            class MyReLU(torch.autograd.Function):
                @staticmethod
                def forward(ctx, x):
                    ctx.save_for_backward(x)
                    return x.clamp(min=0)

                @staticmethod
                def backward(ctx, dout):
                    (x,) = ctx.saved_tensors
                    return dout.masked_fill(x <= 0, 0)

            relu_forward = MyReLU.apply

            def relu_backward(dout, x):
                dx = dout.clone()
                dx[x <= 0] = 0
                return dx
            """,
            "shift_sensitivity": """
            def shift_sensitivity(features, images, shift):
                with torch.no_grad():
                    clean = features(images).flatten().tolist()
                    moved = features(torch.roll(images, shifts=tuple(shift), dims=[2, 3])).flatten().tolist()
                return math.dist(clean, moved) / math.hypot(*clean)
            """,
            "gradient_by_depth": """
            def gradient_by_depth(forward, backward, depth, width, generator):
                opts = dict(generator=generator, dtype=torch.double, device=generator.device)
                h = torch.randn((16, width), **opts)
                cache = []
                for i in range(depth):
                    W = torch.randn((width, width), **opts).div_(width ** 0.5)
                    z = h.matmul(W.t())
                    cache.append((z, W))
                    h = forward(z)
                grads, d = [], torch.ones_like(h)
                while cache:
                    z, W = cache.pop()
                    d = backward(d, z) @ W
                    grads.insert(0, d.norm().item())
                return torch.tensor(grads, dtype=torch.double)
            """,
        },
    ),
)


@pytest.mark.parametrize("student", STUDENTS, ids=lambda student: student.habit)
def test_full_points_and_no_blame(student: Student) -> None:
    """However it is written, a right answer earns everything and hears nothing."""
    assert unfair(student, grade(student)) == []
