"""Right answers to the notebooks in NumPy, in forms that a grader may not expect."""

from __future__ import annotations

import pytest

from tests.honest.student import LINEAR, Student, grade, unfair

STUDENTS = (
    Student(
        habit="classes that can be called",
        answers={
            "correlate1d": """
            class Slider:
                def __init__(self, flip=False):
                    self.flip = flip

                def __call__(self, x, w):
                    w = w[::-1] if self.flip else w
                    if w.size > x.size:
                        raise ValueError("kernel longer than signal")
                    windows = np.lib.stride_tricks.sliding_window_view(x, w.size)
                    return np.einsum("ik,k->i", windows, w, dtype=np.result_type(x, w))

            correlate1d = Slider()
            convolve1d = Slider(flip=True)
            """,
            "receptive_field": """
            from dataclasses import dataclass, astuple

            @dataclass
            class State:
                size: int = 1
                jump: int = 1
                start: int = 0

                def through(self, kernel, stride, padding, dilation):
                    return State(self.size + (kernel - 1) * dilation * self.jump, self.jump * stride,
                                 self.start - padding * self.jump)

            def receptive_field(layers):
                state = State()
                for layer in layers:
                    state = state.through(*layer)
                return ReceptiveField(*astuple(state))

            layers_to_see = lambda size, kernel: int(np.ceil((size - 1) / (kernel - 1)))
            """,
        },
    ),
    Student(
        habit="lambdas, partials and decorators",
        before=(
            """
            import functools, time
            def timed(f):
                @functools.wraps(f)
                def inner(*args, **kwargs):
                    start = time.perf_counter()
                    result = f(*args, **kwargs)
                    print(f"{f.__name__} took {time.perf_counter() - start:.6f}s")
                    return result
                return inner
            def logged(f):
                def inner(*args, **kwargs):
                    print(args, kwargs)
                    return f(*args, **kwargs)
                return inner
            """,
        ),
        answers={
            "correlate1d": """
            def _slide(x, w, step=1):
                if len(w) > len(x):
                    raise ValueError
                return np.array([x[i:i + len(w)] @ w[::step] for i in range(len(x) - len(w) + 1)])
            correlate1d = functools.partial(_slide, step=1)
            convolve1d = functools.partial(_slide, step=-1)
            """,
            "conv_output_size": """
            @timed
            @functools.lru_cache(maxsize=None)
            def conv_output_size(size: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation=1) -> "int":
                span = (kernel - 1) * dilation + 1
                if (rest := size + 2 * padding - span) < 0:
                    raise ValueError(f"{span=} {size=}")
                return 1 + rest // stride

            @logged
            def same_padding(k, *, dilation=1):
                if k % 2 == 0 and dilation % 2 == 1:
                    raise ValueError('no')
                return (k - 1) * dilation // 2
            """,
            "conv2d_forward": """
            @timed
            def conv2d_forward(X, W, bias, *, stride=1, padding=0):
                (sh, sw), (ph, pw) = map(per_axis, (stride, padding))
                kh, kw = W.shape[-2:]
                oh = conv_output_size(X.shape[2], kh, stride=sh, padding=ph)
                ow = conv_output_size(X.shape[3], kw, stride=sw, padding=pw)
                Xp = np.pad(X, [(0, 0), (0, 0), (ph, ph), (pw, pw)])
                s = Xp.strides
                V = np.lib.stride_tricks.as_strided(
                    Xp, (*X.shape[:2], kh, kw, oh, ow), s + (s[2] * sh, s[3] * sw), writeable=False)
                out = np.tensordot(V, W, ((1, 2, 3), (1, 2, 3))).transpose(0, 3, 1, 2)
                return out if bias is None else out + bias.reshape(-1, 1, 1)
            """,
        },
    ),
    Student(
        habit="subclasses, views and read-only results",
        answers={
            "correlate1d": """
            def correlate1d(x, w):
                x, w = np.asmatrix(x), np.asmatrix(w)
                n = x.shape[1] - w.shape[1] + 1
                if n < 1:
                    raise ValueError
                return np.asarray(np.hstack([x[:, i:i + w.shape[1]] * w.T for i in range(n)]))[0]
            def convolve1d(x, w):
                out = correlate1d(x[::-1], w)[::-1]
                out.setflags(write=False)
                return out
            """,
            "correlate2d": """
            def correlate2d(image, kernel, *, padding=0, mode="zeros"):
                modes = dict(zeros="constant", reflect="reflect", circular="wrap")
                try:
                    how = modes[mode]
                except KeyError:
                    raise ValueError(f"unknown mode {mode}") from None
                ph, pw = per_axis(padding)
                big = np.pad(image, ((ph, ph), (pw, pw)), mode=how)
                if any(k > b for k, b in zip(kernel.shape, big.shape)):
                    raise ValueError("too big")
                views = np.lib.stride_tricks.sliding_window_view(big, kernel.shape)
                dt = np.result_type(image, kernel)
                out = (views.astype(dt) * kernel.astype(dt)).sum((2, 3), dtype=dt)
                return np.asfortranarray(out)[::-1, ::-1][::-1, ::-1]
            """,
            "match_template": """
            def match_template(image, template):
                windows = np.lib.stride_tricks.sliding_window_view(image.astype(float), template.shape)
                t = template.astype(float)
                t = (t - t.mean()).ravel()
                w = windows.reshape(*windows.shape[:2], -1)
                w = w - w.mean(-1, keepdims=True)
                flat = np.ptp(windows, axis=(2, 3)) == 0
                norm = np.linalg.norm(w, axis=-1) * np.linalg.norm(t)
                scores = np.ma.masked_array(w @ t, mask=flat) / np.where(flat, 1.0, norm)
                scores = scores.filled(0.0)
                return scores, np.unravel_index(scores.argmax(), scores.shape)
            """,
            "sobel_edges": """
            def gaussian_kernel(size, sigma):
                if not size & 1:
                    raise ValueError("even")
                r = size // 2
                yy, xx = np.mgrid[-r:r + 1, -r:r + 1]
                g = np.exp(-(xx ** 2 + yy ** 2) / (2.0 * sigma ** 2))
                return g / g.sum()

            def sobel_edges(image):
                img = image.astype(np.float64)
                smooth = lambda a, axis: np.apply_along_axis(lambda v: v[:-2] + 2 * v[1:-1] + v[2:], axis, a)
                gx = smooth(img[:, :-2] - img[:, 2:], 0)
                gy = smooth(img[:-2] - img[2:], 1)
                return gx, gy, np.hypot(gx, gy)
            """,
            "conv1x1_as_matmul": """
            def conv1x1_as_matmul(x, w, b):
                N, C, H, W = x.shape
                y = np.matmul(w[..., 0, 0], x.reshape(N, C, H * W))
                if b is not None:
                    y = np.add(y, b[:, np.newaxis])
                return y.reshape(N, -1, H, W)
            """,
        },
    ),
    Student(
        habit="NumPy integers and zero-dimensional arrays",
        answers={
            "conv_output_size": """
            def conv_output_size(size, kernel, *, stride=1, padding=0, dilation=1):
                span = np.int64(dilation) * (kernel - 1) + 1
                if span > size + 2 * padding:
                    raise ValueError
                return np.floor_divide(size + 2 * padding - span, stride) + 1

            def same_padding(kernel, *, dilation=1):
                total = np.array(dilation * (kernel - 1))
                if total % 2:
                    raise ValueError
                return (total // 2).astype(int)
            """,
            "conv_counts": """
            def conv_counts(c_in, c_out, kernel, in_size, *, stride=1, padding=0, dilation=1, groups=1, bias=True):
                k, n, s, p, d = (np.array(per_axis(v)) for v in (kernel, in_size, stride, padding, dilation))
                span = d * (k - 1) + 1
                if np.any(span > n + 2 * p):
                    raise ValueError("does not fit")
                out = (n + 2 * p - span) // s + 1
                w = c_out * (c_in // groups) * np.prod(k)
                return ConvCounts(w + c_out * bias, w * np.prod(out), c_out * np.prod(out))

            def mlp_params(widths):
                widths = np.asarray(widths)
                return np.sum((widths[:-1] + 1) * widths[1:])
            """,
            "receptive_field": """
            def receptive_field(layers):
                if len(layers) == 0:
                    return ReceptiveField(1, 1, 0)
                k, s, p, d = np.array(layers).T
                jumps = np.concatenate([[1], np.cumprod(s)])
                return ReceptiveField(1 + np.sum(d * (k - 1) * jumps[:-1]), jumps[-1], -np.sum(p * jumps[:-1]))

            def layers_to_see(size, kernel):
                return np.int64(np.ceil((size - 1) / (kernel - 1)))
            """,
            "square_detector": """
            def square_detector():
                w1 = np.zeros((4, 1, 3, 3), dtype=np.int8)
                w1[:] = -1
                for n, (r, c) in enumerate([(0, 0), (0, 2), (2, 0), (2, 2)]):
                    w1[n, 0, r, :] = 1
                    w1[n, 0, :, c] = 1
                w2 = np.zeros((1, 4, 3, 3), dtype=np.float32)
                w2[0, [0, 1, 2, 3], [0, 0, 1, 1], [0, 1, 0, 1]] = 1
                return w1, np.repeat(np.int32(-4), 4), w2, np.array([-3])
            """,
        },
    ),
    Student(
        habit="recursion, generators and plain Python",
        answers={
            "correlate1d": """
            def windows(x, K):
                for i in range(len(x) - K + 1):
                    yield x[i:i + K]

            def correlate1d(x, w):
                if len(w) > len(x):
                    raise ValueError("w is longer than x")
                return np.fromiter((sum(a * b for a, b in zip(part, w)) for part in windows(x, len(w))),
                                   dtype=np.result_type(x, w))

            def convolve1d(x, w):
                return correlate1d(x, np.flip(w))
            """,
            "correlate2d": """
            def _mirror(i, n):
                if n == 1: return 0
                while not 0 <= i < n:
                    i = -i if i < 0 else 2 * (n - 1) - i
                return i

            def correlate2d(image, kernel, *, padding=0, mode="zeros"):
                H, W = image.shape; KH, KW = kernel.shape
                ph, pw = per_axis(padding)
                if mode == "zeros":
                    pixel = lambda i, j: image[i, j] if 0 <= i < H and 0 <= j < W else image.dtype.type(0)
                elif mode == "reflect":
                    pixel = lambda i, j: image[_mirror(i, H), _mirror(j, W)]
                elif mode == "circular":
                    pixel = lambda i, j: image[i % H, j % W]
                else:
                    raise ValueError(mode)
                OH, OW = H + 2 * ph - KH + 1, W + 2 * pw - KW + 1
                if OH < 1 or OW < 1:
                    raise ValueError("too large")
                dtype = np.result_type(image, kernel)
                out = np.zeros((OH, OW), dtype)
                for i in range(OH):
                    for j in range(OW):
                        for u in range(KH):
                            for v in range(KW):
                                out[i, j] += dtype.type(pixel(i + u - ph, j + v - pw)) * dtype.type(kernel[u, v])
                return out
            """,
            "receptive_field": """
            def receptive_field(layers, so_far=ReceptiveField(1, 1, 0)):
                if not layers:
                    return so_far
                (k, s, p, d), *rest = layers
                size, jump, start = so_far
                return receptive_field(rest, ReceptiveField(size + d * (k - 1) * jump, jump * s, start - p * jump))

            def layers_to_see(size, kernel):
                return 0 if size <= 1 else 1 + layers_to_see(size - kernel + 1, kernel)
            """,
            "conv2d_forward": """
            def conv2d_forward(x, w, b, *, stride=1, padding=0):
                N, C, H, W = x.shape
                F, _, KH, KW = w.shape
                (sh, sw), (ph, pw) = per_axis(stride), per_axis(padding)
                OH, OW = conv_output_size(H, KH, stride=sh, padding=ph), conv_output_size(W, KW, stride=sw, padding=pw)
                out = np.zeros((N, F, OH, OW), dtype=np.result_type(x, w) if b is None else np.result_type(x, w, b))
                for n in range(N):
                    for f in range(F):
                        for i in range(OH):
                            for j in range(OW):
                                s = 0 if b is None else b[f]
                                for c in range(C):
                                    for u in range(KH):
                                        for v in range(KW):
                                            r, q = i * sh + u - ph, j * sw + v - pw
                                            if 0 <= r < H and 0 <= q < W:
                                                s = s + x[n, c, r, q] * w[f, c, u, v]
                                out[n, f, i, j] = s
                return out
            """,
        },
    ),
    Student(
        habit="one engine for everything, results cut from larger arrays",
        before=(
            """
            from itertools import product
            _INDEX = {}

            def _places(size, kernel, stride, dilation):
                key = size, kernel, stride, dilation
                if key not in _INDEX:
                    axes = [np.arange(0, n - d * (k - 1), s)[:, None] + d * np.arange(k)[None]
                            for n, k, s, d in zip(*key)]
                    if any(a.shape[0] < 1 for a in axes):
                        raise ValueError("window does not fit")
                    _INDEX[key] = axes
                return _INDEX[key]

            def engine(x, w, b, stride, padding, dilation=1, groups=1):
                axes = x.ndim - 2
                stride, padding, dilation = (per_axis(v, axes) for v in (stride, padding, dilation))
                x = np.pad(x, [(0, 0), (0, 0)] + [(p, p) for p in padding])
                places = _places(x.shape[2:], w.shape[2:], stride, dilation)
                N, C = x.shape[:2]
                picked = x
                for axis, p in enumerate(places):
                    picked = np.take(picked, p, axis=2 + 2 * axis)
                order = [0, 1, *(2 + 2 * a for a in range(axes)), *(3 + 2 * a for a in range(axes))]
                picked = picked.transpose(order)
                parts = []
                for xs, ws in zip(np.split(picked, groups, 1), np.split(w, groups, 0)):
                    parts.append(np.tensordot(xs, ws, ([1, *range(2 + axes, 2 + 2 * axes)], list(range(1, 2 + axes)))))
                out = np.moveaxis(np.concatenate(parts, -1), -1, 1)
                return out if b is None else out + b.reshape(-1, *[1] * axes)
            """,
        ),
        answers={
            "conv2d_forward": """
            def conv2d_forward(x, w, b, *, stride=1, padding=0):
                return engine(x, w, b, stride, padding)
            """,
            "conv_nd": """
            conv1d_forward = lambda x, w, b, *, stride=1, padding=0: engine(x, w, b, stride, padding)
            conv3d_forward = lambda x, w, b, *, stride=1, padding=0: engine(x, w, b, stride, padding)
            """,
            "conv2d_grouped": """
            def conv2d_grouped(x, w, b, *, stride=1, padding=0, dilation=1, groups=1):
                if x.shape[1] % groups or w.shape[0] % groups:
                    raise ValueError("groups")
                return engine(x, w, b, stride, padding, dilation, groups)
            """,
        },
    ),
    Student(
        habit="the way of a well-known course",
        notebook=LINEAR,
        answers={
            "im2col": """
            def get_im2col_indices(x_shape, field_height, field_width, p, s):
                N, C, H, W = x_shape
                out_height = conv_output_size(H, field_height, stride=s[0], padding=p[0])
                out_width = conv_output_size(W, field_width, stride=s[1], padding=p[1])
                i0 = np.tile(np.repeat(np.arange(field_height), field_width), C)
                i1 = s[0] * np.repeat(np.arange(out_height), out_width)
                j0 = np.tile(np.arange(field_width), field_height * C)
                j1 = s[1] * np.tile(np.arange(out_width), out_height)
                i = i0.reshape(-1, 1) + i1.reshape(1, -1)
                j = j0.reshape(-1, 1) + j1.reshape(1, -1)
                k = np.repeat(np.arange(C), field_height * field_width).reshape(-1, 1)
                return (k, i, j)

            def im2col(x, kernel, *, stride=1, padding=0):
                (kh, kw), s, p = per_axis(kernel), per_axis(stride), per_axis(padding)
                x_padded = np.pad(x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])), mode="constant")
                k, i, j = get_im2col_indices(x.shape, kh, kw, p, s)
                return x_padded[:, k, i, j]

            def col2im(cols, x_shape, kernel, *, stride=1, padding=0):
                N, C, H, W = x_shape
                (kh, kw), s, p = per_axis(kernel), per_axis(stride), per_axis(padding)
                x_padded = np.zeros((N, C, H + 2 * p[0], W + 2 * p[1]), dtype=cols.dtype)
                k, i, j = get_im2col_indices(x_shape, kh, kw, p, s)
                np.add.at(x_padded, (slice(None), k, i, j), cols)
                return x_padded[:, :, p[0]:H + p[0], p[1]:W + p[1]]
            """,
            "numerical_gradient": """
            def numerical_gradient(f, x, df, *, h=1e-5):
                grad = np.zeros_like(x)
                it = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
                while not it.finished:
                    ix = it.multi_index
                    oldval = x[ix]
                    x[ix] = oldval + h
                    pos = f(x).copy()
                    x[ix] = oldval - h
                    neg = f(x).copy()
                    x[ix] = oldval
                    grad[ix] = np.sum((pos - neg) * df) / (2 * h)
                    it.iternext()
                return grad
            """,
            "conv2d_backward": """
            def conv2d_backward(dout, x, w, *, stride=1, padding=0):
                N, C, H, W = x.shape
                F, _, HH, WW = w.shape
                _, _, H_out, W_out = dout.shape
                (s0, s1), (p0, p1) = per_axis(stride), per_axis(padding)
                dtype = np.result_type(dout, x, w)
                xp = np.pad(x, ((0,), (0,), (p0,), (p1,)), mode="constant")
                dx, dxp = np.zeros_like(x, dtype), np.zeros_like(xp, dtype)
                dw, db = np.zeros_like(w, dtype), np.zeros(F, dtype)
                for n in range(N):
                    for f in range(F):
                        db[f] += dout[n, f].sum()
                        for i in range(H_out):
                            for j in range(W_out):
                                dw[f] += xp[n, :, i * s0:i * s0 + HH, j * s1:j * s1 + WW] * dout[n, f, i, j]
                                dxp[n, :, i * s0:i * s0 + HH, j * s1:j * s1 + WW] += w[f] * dout[n, f, i, j]
                dx[:] = dxp[:, :, p0:p0 + H, p1:p1 + W]
                return dx, dw, db
            """,
            "conv2d_im2col": """
            def conv2d_im2col(x, w, b, *, stride=1, padding=0):
                cols = im2col(x, w.shape[2:], stride=stride, padding=padding)
                res = np.einsum("fk,nkl->nfl", w.reshape(w.shape[0], -1), cols)
                res = res if b is None else res + b.reshape(-1, 1)
                (sh, _), (ph, _) = per_axis(stride), per_axis(padding)
                return res.reshape(*res.shape[:2], (x.shape[2] + 2 * ph - w.shape[2]) // sh + 1, -1)
            """,
        },
    ),
    Student(
        habit="matrices from identity and Kronecker products",
        notebook=LINEAR,
        answers={
            "toeplitz1d": """
            def toeplitz1d(w, size, *, stride=1, padding=0):
                rows = conv_output_size(size, w.size, stride=stride, padding=padding)
                moved = lambda k: np.eye(rows * stride, size, k - padding, dtype=w.dtype)[::stride]
                return sum(w[k] * moved(k) for k in range(w.size))[:rows]
            """,
            "conv_matrix2d": """
            def conv_matrix2d(kernel, in_size, *, stride=1, padding=0):
                (H, W), (KH, KW) = in_size, kernel.shape
                (sh, sw), (ph, pw) = per_axis(stride), per_axis(padding)
                oh, ow = conv_output_size(H, KH, stride=sh, padding=ph), conv_output_size(W, KW, stride=sw, padding=pw)
                shift = lambda n, o, s, k, p: np.eye(n + 2 * p, dtype=kernel.dtype)[k:k + s * o:s, p:p + n]
                return sum(kernel[u, v] * np.kron(shift(H, oh, sh, u, ph), shift(W, ow, sw, v, pw))
                           for u in range(KH) for v in range(KW))
            """,
            "locally_connected": """
            def locally_connected1d(x, w):
                if w.shape[0] != x.shape[0] - w.shape[1] + 1:
                    raise ValueError(w.shape)
                return np.einsum('ik,ik->i', np.lib.stride_tricks.sliding_window_view(x, w.shape[1]), w)

            def count_weights(size, kernel):
                out = conv_output_size(size, kernel)
                return np.int64(kernel), np.int64(out * kernel), np.int64(out * size)
            """,
            "unfold_kernels": """
            def unfold_kernels(c_in, kernel):
                kh, kw = per_axis(kernel)
                w = np.zeros((c_in * kh * kw, c_in, kh, kw), dtype=bool).astype(np.uint8)
                w.reshape(len(w), -1)[np.diag_indices(len(w))] = 1
                return w
            """,
            "conv1d_by_shifts": """
            from functools import reduce
            from operator import add
            def conv1d_by_shifts(x, w):
                n = len(x) - len(w) + 1
                if n < 1:
                    raise ValueError
                return reduce(add, [x[k:k + n] * w[k] for k in range(len(w))])
            """,
            "equivariance": """
            def equivariance_gap(layer, x, shift):
                y = layer(x)
                scale = [round(a / b) for a, b in zip(x.shape[2:], y.shape[2:])]
                moved = np.roll(np.roll(x, shift[0], 2), shift[1], 3)
                target = np.roll(y, (shift[0] // scale[0], shift[1] // scale[1]), (2, 3))
                h, w = y.shape[2:]
                gap = np.abs(layer(moved) - target)[..., h // 4:h - h // 4, w // 4:w - w // 4]
                return gap.max()

            def compose_kernels(w1, w2):
                if w2.shape[1] != w1.shape[0]:
                    raise ValueError
                size = [a + b - 1 for a, b in zip(w1.shape[2:], w2.shape[2:])]
                out = np.zeros((w2.shape[0], w1.shape[1], *size), np.result_type(w1, w2))
                for a, b in np.ndindex(*w2.shape[2:]):
                    out[:, :, a:a + w1.shape[2], b:b + w1.shape[3]] += np.einsum('om,mcuv->ocuv', w2[:, :, a, b], w1)
                return out
            """,
            "learn_kernel": """
            def learn_kernel(images, targets, size, *, lr, steps):
                k = np.zeros(per_axis(size))
                V = np.lib.stride_tricks.sliding_window_view(images, k.shape, axis=(1, 2))
                for step in range(steps):
                    err = np.tensordot(V, k, 2) - targets
                    k = k - lr * 2 * np.tensordot(err, V, 3) / err.size
                    if step % 10 == 0: print(f"step {step}: loss {np.mean(err**2):.4f}")
                return k
            """,
        },
    ),
)


@pytest.mark.parametrize("student", STUDENTS, ids=lambda student: student.habit)
def test_full_points_and_no_blame(student: Student) -> None:
    """However it is written, a right answer earns everything and hears nothing."""
    assert unfair(student, grade(student)) == []
