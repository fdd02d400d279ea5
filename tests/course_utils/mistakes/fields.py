"""What goes wrong with receptive fields, beyond what is listed for hidden tests and spoiled answers."""

from __future__ import annotations

from tests.course_utils.checked import checks_of

right = checks_of("sliding_windows").right


def field(step, start=lambda at, jump, k, s, p, d: at - p * jump):
    def wrong(layers):
        size, jump, at = 1, 1, 0
        for k, s, p, d in layers:
            at = start(at, jump, k, s, p, d)
            size = step(size, jump, k, s, p, d)
            jump *= s
        return size, jump, at

    return wrong


def grow(size, jump, k, s, p, d):
    return size + d * (k - 1) * jump


def changed(change):
    """A right field of which something is changed: change(size, jump, start, layers)."""
    return lambda layers: change(*right.receptive_field(layers), layers)


FIELDS = {
    "dilation carried on": field(lambda z, j, k, s, p, d: z + d * (k - 1) * j * d),
    "E20 pooling ignored": lambda layers: right.receptive_field([layer for layer in layers if layer[:2] != (2, 2)]),
    "E21 start with its own stride": field(grow, lambda at, j, k, s, p, d: at - p * j * s),
    "start is the centre": field(grow, lambda at, j, k, s, p, d: at + (d * (k - 1) / 2 - p) * j),
    "start of the last layer": field(grow, lambda at, j, k, s, p, d: -p * j),
    "starts from 0": changed(lambda size, jump, start, layers: (size - 1, jump, start)),
    "size cut at the border": changed(lambda size, jump, start, layers: (size + start, jump, start)),
    "jump of the sum": changed(lambda size, jump, start, layers: (size, sum(layer[1] for layer in layers) or 1, start)),
    "jump of the last layer": changed(lambda size, jump, start, layers: (size, layers[-1][1] if layers else 1, start)),
    "jump before the last layer": changed(
        lambda size, jump, start, layers: (size, right.receptive_field(layers[:-1])[1], start)
    ),
    "jump 0 at first": lambda layers: right.receptive_field(layers) if layers else (1, 0, 0),
    "no empty list": lambda layers: (layers[0], right.receptive_field(layers))[1],
    "empty list gives size 0": lambda layers: right.receptive_field(layers) if layers else (0, 1, 0),
    "1 + L (k - 1)": changed(
        lambda size, jump, start, layers: (1 + len(layers) * ((layers[0][0] - 1) if layers else 0), jump, start)
    ),
    "size only": changed(lambda size, jump, start, layers: size),
    "floats": changed(lambda size, jump, start, layers: (float(size), float(jump), float(start))),
    "another order": changed(lambda size, jump, start, layers: (jump, size, start)),
    "reverses its input": lambda layers: (right.receptive_field(layers), layers.reverse())[0],
}
DEPTHS = {
    "divides by k": lambda size, kernel: -(-(size - 1) // kernel),
    "size over k": lambda size, kernel: -(-size // kernel),
    "always 3x3": lambda size, kernel: right.layers_to_see(size, 3),
    "rounds": lambda size, kernel: round((size - 1) / (kernel - 1)),
    "half of it": lambda size, kernel: size // 2,
}
