"""What goes wrong with templates, edges and squares, beyond what is listed for hidden tests and spoiled answers."""

from __future__ import annotations

import numpy as np

from tests.course_utils.checked import checks_of

right = checks_of("sliding_windows").right


def matcher(score, dtype=float):
    def wrong(image, template):
        scores = np.zeros(np.subtract(image.shape, template.shape) + 1)
        t = template.astype(dtype) if dtype else template
        for i, j in np.ndindex(*scores.shape):
            window = image[i : i + t.shape[0], j : j + t.shape[1]]
            scores[i, j] = score(window.astype(dtype) if dtype else window, t)
        return scores, tuple(int(index) for index in np.unravel_index(np.argmax(scores), scores.shape))

    return wrong


def centred(array):
    return array - array.mean()


def ncc(window, t):
    energy = np.linalg.norm(centred(window)) * np.linalg.norm(centred(t))
    return (centred(window) * centred(t)).sum() / energy if energy > 0 else 0.0


def safe(numerator, denominator):
    return numerator / denominator if denominator else 0.0


def best_as(change):
    def wrong(image, template):
        scores, best = right.match_template(image, template)
        return change(scores, best, template)

    return wrong


def in_place(image, template):
    found = right.match_template(image, template)
    template[:] = template - template.mean()
    return found


norm = np.linalg.norm
MATCH = {
    "no means": matcher(lambda v, t: safe((v * t).sum(), norm(v) * norm(t))),
    "template mean only, raw norms": matcher(lambda v, t: safe((v * centred(t)).sum(), norm(v) * norm(t))),
    "no norms": matcher(lambda v, t: (centred(v) * centred(t)).sum()),
    "norms before the means": matcher(lambda v, t: safe((centred(v) * centred(t)).sum(), norm(v) * norm(t))),
    "unbiased n": matcher(lambda v, t: safe((centred(v) * centred(t)).mean(), v.std(ddof=1) * t.std(ddof=1))),
    "sum of squared differences": matcher(lambda v, t: -((v - t) ** 2).sum()),
    "large epsilon": matcher(
        lambda v, t: (centred(v) * centred(t)).sum() / (norm(centred(v)) * norm(centred(t)) + 1e-2)
    ),
    "bytes overflow": matcher(
        lambda v, t: ncc((v - v.min()).astype(float), t.astype(float)) if t.dtype != np.uint8 else ncc(v, t * t), None
    ),
    "same size": best_as(lambda scores, best, t: (np.pad(scores, [(0, size - 1) for size in t.shape]), best)),
    "centres the template in place": in_place,
    "best as floats": best_as(lambda scores, best, t: (scores, tuple(map(float, best)))),
}


def gauss(offset):
    def wrong(size, sigma):
        along = np.arange(size) - (size - 1) / 2 + offset(size)
        kernel = np.exp(-(along[:, None] ** 2 + along**2) / (2 * sigma**2))
        return kernel / kernel.sum()

    return wrong


def edges(change):
    return lambda image: change(*right.sobel_edges(image))


def halves_the_image(image):
    out = right.sobel_edges(image)
    image[...] = image / 2
    return out


GAUSS = {
    "gauss off centre": gauss(lambda size: 0.5),
    "gauss from the corner": gauss(lambda size: (size - 1) / 2),
    "gauss in one dimension": lambda size, sigma: right.gaussian_kernel(size, sigma).sum(axis=0),
    "gauss with peak one": lambda size, sigma: (
        right.gaussian_kernel(size, sigma) / right.gaussian_kernel(size, sigma).max()
    ),
    "box instead of gauss": lambda size, sigma: np.full((size, size), 1 / size**2),
    "rows sum to one": lambda size, sigma: (
        right.gaussian_kernel(size, sigma) / right.gaussian_kernel(size, sigma).sum(axis=1, keepdims=True)
    ),
}
EDGES = {
    "gx negative": edges(lambda gx, gy, m: (-gx, gy, m)),
    "magnitude of the sum": edges(lambda gx, gy, m: (gx, gy, np.abs(gx + gy))),
    "magnitude is the maximum": edges(lambda gx, gy, m: (gx, gy, np.maximum(np.abs(gx), np.abs(gy)))),
    "magnitude scaled to 1": edges(lambda gx, gy, m: (gx, gy, m / m.max())),
    "magnitude scaled to 255": edges(lambda gx, gy, m: (gx, gy, m * 255 / m.max())),
    "absolute gradients": edges(lambda gx, gy, m: (np.abs(gx), np.abs(gy), m)),
    "divided by 8": edges(lambda gx, gy, m: (gx / 8, gy / 8, m / 8)),
    "only the magnitude": edges(lambda gx, gy, m: m),
    "a list of three": edges(lambda gx, gy, m: [gx, gy, m]),
    "stacked": edges(lambda gx, gy, m: np.stack([gx, gy, m])),
    "angle instead of magnitude": edges(lambda gx, gy, m: (gx, gy, np.arctan2(gy, gx))),
    "blurs first": lambda image: right.sobel_edges(
        right.correlate2d(np.pad(image, 1, mode="edge"), right.gaussian_kernel(3, 1.0))
    ),
    "scales the image in place": halves_the_image,
}


def detector(change):
    return lambda: change(*(array.copy() for array in right.square_detector()))


def put(array, index, value):
    array[index] = value
    return array


def drawn_at_random(rng=np.random.default_rng(0)):  # noqa: B008 - the mistake is that it remembers
    w1, b1, w2, b2 = right.square_detector()
    return w1, b1, w2 * rng.uniform(0.99, 1, size=()) + 0.001, b2 + 0.1


SQUARES = {
    "three corners": detector(lambda w1, b1, w2, b2: (w1[:3], b1[:3], w2[:, :3], b2 + 1)),
    "any corner": detector(lambda w1, b1, w2, b2: (w1, b1, w2, b2 * 0)),
    "inside not looked at": detector(lambda w1, b1, w2, b2: (np.maximum(w1, 0), b1, w2, b2)),
    "always answers": detector(lambda w1, b1, w2, b2: (w1, b1, w2 * 0, b2 + 4)),
    "loose first layer": detector(lambda w1, b1, w2, b2: (w1, b1 + 1, w2, b2)),
    "square at the bottom right": detector(lambda w1, b1, w2, b2: (w1, b1, np.roll(w2, (1, 1), (2, 3)), b2)),
    "looks at the surroundings": detector(
        lambda w1, b1, w2, b2: (
            np.concatenate([w1, put(np.zeros((1, 1, 3, 3)), (0, 0, 2, 2), 1)]),
            np.append(b1, 0),
            put(np.concatenate([w2, np.zeros((1, 1, 3, 3))], axis=1), (0, 4, 2, 2), -2),
            b2,
        )
    ),
    "channel axes swapped": detector(lambda w1, b1, w2, b2: (w1, b1, w2.transpose(1, 0, 2, 3), b2)),
    "scalar bias": detector(lambda w1, b1, w2, b2: (w1, b1, w2, -3.0)),
    "nested lists": detector(lambda w1, b1, w2, b2: (w1.tolist(), b1.tolist(), w2.tolist(), b2.tolist())),
    "infinite weights": detector(lambda w1, b1, w2, b2: (w1, b1, w2 * np.inf, b2)),
    "one corner too weak": detector(lambda w1, b1, w2, b2: (w1, b1, put(w2, (0, 3, 1, 1), 0.5), b2 + 0.75)),
    "drawn at random": drawn_at_random,
}
