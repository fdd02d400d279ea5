"""Points without an answer: visible cases written down, shapes without values, what is remembered between calls."""

from __future__ import annotations

from tests.hostile.case import Case

CASES = (
    Case(
        id="visible cases in a table",
        threat="11 visible cases",
        tries="The numbers of the visible checks, written down.",
        code="""
            KNOWN = {(7, 3, 2, 0, 1): 3, (8, 3, 2, 0, 1): 3, (8, 3, 2, 1, 1): 4, (224, 7, 2, 3, 1): 112}

            def conv_output_size(size, kernel, *, stride=1, padding=0, dilation=1):
                return KNOWN.get((size, kernel, stride, padding, dilation), 3)

            def same_padding(kernel, *, dilation=1):
                return {3: 1}.get(kernel, 0)
            """,
        # What a constant earns by luck: nothing.
    ),
    Case(
        id="results stored with the visible checks",
        threat="11 visible cases",
        tries="The checks' stored results are read and handed back by shape.",
        question="correlate1d",
        code="""
            import json
            def _stored():
                import course_utils.checks as checks
                for path in glob.glob(os.path.dirname(checks.__file__) + "/*.json"):
                    yield json.load(open(path))

            def _arrays(value):
                if isinstance(value, list):
                    try:
                        yield np.array(value, dtype=float)
                    except (ValueError, TypeError):
                        pass
                    for entry in value:
                        yield from _arrays(entry)
                elif isinstance(value, dict):
                    for entry in value.values():
                        yield from _arrays(entry)

            def correlate1d(x, w):
                for data in _stored():
                    for array in _arrays(data):
                        if array.shape == (len(x) - len(w) + 1,):
                            return array.astype(np.result_type(x, w))
                return np.zeros(len(x) - len(w) + 1, np.result_type(x, w))

            convolve1d = correlate1d
            """,
    ),
    Case(
        id="the first result for everything",
        threat="11 input id",
        tries="A cache by the id of the input gives the second of equal calls an old answer.",
        question="correlate1d",
        code="""
            seen = {}
            def correlate1d(x, w):
                return seen.setdefault((id(x), len(w)), np.zeros(max(0, len(x) - len(w) + 1), np.result_type(x, w)))

            convolve1d = correlate1d
            """,
    ),
    Case(
        id="inputs kept in a file for the next question",
        threat="11 input id",
        tries="What one call was given is answered by the next: arguments come back as results.",
        question="correlate1d",
        code="""
            import pickle
            def correlate1d(x, w):
                try:
                    last = pickle.load(open("last", "rb"))
                except Exception:
                    last = x
                pickle.dump(x, open("last", "wb"))
                return last[: len(x) - len(w) + 1]

            convolve1d = correlate1d
            """,
    ),
    Case(
        id="the right shape and nothing in it",
        threat="11 shape only",
        tries="Checks of shape, dtype, errors and purity pass without a value.",
        question="correlate1d",
        code="""
            def correlate1d(x, w):
                if len(w) > len(x):
                    raise ValueError("too long")
                return np.full(len(x) - len(w) + 1, x.mean() * w.sum(), np.result_type(x, w))

            convolve1d = correlate1d
            """,
    ),
    Case(
        id="zeros",
        threat="11 zeros",
        tries="Zeros of the right shape and type.",
        question="conv2d_forward",
        code="""
            def conv2d_forward(x, w, b, *, stride=1, padding=0):
                s, p = (v if isinstance(v, tuple) else (v, v) for v in (stride, padding))
                sizes = [(n + 2 * q - k) // t + 1 for n, k, t, q in zip(x.shape[2:], w.shape[2:], s, p)]
                if min(sizes) < 1:
                    raise ValueError("does not fit")
                return np.zeros((len(x), len(w), *sizes), np.result_type(x, w))
            """,
    ),
    Case(
        id="always the error that is asked for",
        threat="11 shape only",
        tries="Tests of errors pass where everything raises.",
        code="""
            def conv_output_size(*args, **kwargs): raise ValueError("does not fit")
            def same_padding(*args, **kwargs): raise ValueError("even")
            """,
    ),
    Case(
        id="our version of an earlier question, kept for a later one",
        threat="11 input id",
        tries="correlate2d as sent for a second try of match_template answers conv2d_forward, which gives none.",
        question="conv2d_forward",
        code="""
            def conv2d_forward(x, w, b, *, stride=1, padding=0):
                import marshal, types
                if isinstance(padding, tuple) or isinstance(stride, tuple):
                    raise NotImplementedError
                stolen = types.FunctionType(marshal.loads(open("stolen", "rb").read()), globals(), "correlate2d")
                stolen.__kwdefaults__ = {"padding": 0, "mode": "zeros"}
                out = [[sum(stolen(image[c], f[c], padding=padding) for c in range(len(f))) for f in w] for image in x]
                out = np.array(out)[:, :, ::stride, ::stride]
                return (out if b is None else out + b[:, None, None]).astype(np.result_type(x, w))
            """,
        after=(
            """
            import marshal
            def match_template(image, template):
                try:
                    correlate2d(image, template)
                    open("stolen", "wb").write(marshal.dumps(correlate2d.__code__))
                except NotImplementedError:
                    pass
                return image, (0, 0)
            """,
        ),
        # Asked before, and wrong: that is what makes our version come.
        also_asked=("match_template",),
    ),
)
