"""What students set up for the whole notebook: seeds, defaults, warnings, threads, folders, output."""

from __future__ import annotations

import pytest

from tests.honest.student import LINEAR, NORM, POOLING, Student, grade, unfair

STUDENTS = (
    Student(habit="star imports", notebook=LINEAR, before=("from math import *\nfrom numpy.linalg import *",)),
    Student(
        habit="numpy raises, warnings are errors",
        before=("np.seterr(all='raise')\nimport warnings\nwarnings.simplefilter('error')",),
    ),
    Student(
        habit="numpy raises, warnings are errors in linear",
        notebook=LINEAR,
        before=("np.seterr(all='raise')\nimport warnings\nwarnings.simplefilter('error')",),
    ),
    Student(
        habit="warnings are errors in torch",
        notebook=POOLING,
        before=("import warnings\nwarnings.simplefilter('error')",),
    ),
    Student(
        habit="warnings are errors in norm",
        notebook=NORM,
        before=("import warnings\nwarnings.filterwarnings('error')",),
    ),
    Student(
        habit="seeds everywhere",
        notebook=POOLING,
        before=(
            "import random, os\nseed = 42\nrandom.seed(seed)\nos.environ['PYTHONHASHSEED'] = str(seed)\n"
            "torch.manual_seed(seed)\ntorch.cuda.manual_seed_all(seed)\ntorch.backends.cudnn.deterministic = True\n"
            "torch.use_deterministic_algorithms(True)",
        ),
    ),
    Student(habit="double precision by default", notebook=POOLING, before=("torch.set_default_dtype(torch.float64)",)),
    Student(habit="double by default norm", notebook=NORM, before=("torch.set_default_dtype(torch.float64)",)),
    Student(
        habit="old double by default", notebook=NORM, before=("torch.set_default_tensor_type(torch.DoubleTensor)",)
    ),
    Student(habit="default device", notebook=NORM, before=("torch.set_default_device('cpu')",)),
    Student(habit="default device pool", notebook=POOLING, before=("torch.set_default_device(device)",)),
    Student(habit="no gradients", notebook=NORM, before=("torch.set_grad_enabled(False)",)),
    Student(habit="no gradients pool", notebook=POOLING, before=("torch.autograd.set_grad_enabled(False)",)),
    Student(habit="anomalies", notebook=NORM, before=("torch.autograd.set_detect_anomaly(True)",)),
    Student(
        habit="threads",
        notebook=NORM,
        before=(
            "torch.set_num_threads(8)\ntorch.set_num_interop_threads(2)\nbig = torch.randn(400, 400)",
            "for _ in range(5):\n    big = torch.tanh(big @ big)",
            "torch.nn.functional.conv2d(torch.randn(8, 8, 64, 64), torch.randn(8, 8, 3, 3)).sum()",
        ),
        answers={
            "batchnorm_forward": """
            def batchnorm_forward(x, gamma, beta, running_mean, running_var, *, training, momentum=0.1, eps=1e-5):
                warm = torch.tanh(torch.randn(600, 600) @ torch.randn(600, 600)).sum()
                if not training:
                    return gamma * (x - running_mean) / torch.sqrt(running_var + eps) + beta, running_mean, running_var
                if len(x) < 2:
                    raise ValueError("one sample")
                mu, v = x.mean(0), x.var(0, unbiased=False)
                out = gamma * (x - mu) / torch.sqrt(v + eps) + beta
                keep = 1 - momentum
                return out, keep * running_mean + momentum * mu, keep * running_var + momentum * x.var(0)
            """
        },
    ),
    Student(
        habit="gradients by torch in a demo",
        notebook=POOLING,
        before=("a = torch.randn(5, requires_grad=True)\nloss = (a ** 2).sum()\nprint(loss)",),
    ),
    Student(
        habit="threads of one's own",
        before=(
            "import threading, time\nticks = []\ndef tick():\n    while True:\n        ticks.append(1)\n"
            "        time.sleep(0.05)\nthreading.Thread(target=tick, daemon=True).start()",
        ),
    ),
    Student(
        habit="print options and locale",
        before=(
            "np.set_printoptions(precision=2, suppress=True)\nimport sys\nsys.setrecursionlimit(100000)\n"
            "import locale, gc\nlocale.setlocale(locale.LC_ALL, '')\ngc.disable()",
        ),
    ),
    Student(
        habit="legacy promotion",
        before=("print(np.__version__)\nnp.random.seed(1234)\nnp.set_printoptions(legacy='1.21')",),
    ),
    Student(
        habit="own folder and files",
        before=(
            "import os, pathlib\nos.makedirs('out', exist_ok=True)\nos.chdir('out')\n"
            "pathlib.Path('notes.txt').write_text('hello')\nnp.save('x.npy', np.arange(4))\n"
            "offsets = np.load('x.npy')",
        ),
        answers={
            "conv1x1_as_matmul": """
            def conv1x1_as_matmul(x, w, b):
                assert offsets.sum() == 6
                with open("calls.txt", "a") as log:
                    log.write("called\\n")
                out = np.tensordot(w[:, :, 0, 0], x, axes=([1], [1])).transpose(1, 0, 2, 3)
                return out if b is None else out + b.reshape(-1, 1, 1)
            """
        },
    ),
    Student(
        habit="names of functions for other things below",
        notebook=POOLING,
        after=(
            "max_pool1d = max_pool1d(torch.ones(1, 1, 4), 2)\npad = 1\nper_axis = [2, 2]\nsigmoid_forward = 0.5",
            "relu_backward, conv_output_size = 3, 7",
        ),
    ),
    Student(
        habit="names of Python's own for other things below",
        after=("list = [1, 2]\nsum = 0\nfor range in (1, 2):\n    sum += range\ninput, len, max, zip = 1, 2, 3, 4",),
    ),
    Student(
        habit="logging",
        before=("import logging\nlogging.basicConfig(level=10, filename='run.log')\nlog = logging.getLogger('me')",),
        answers={
            "conv_output_size": """
            def conv_output_size(size, kernel, *, stride=1, padding=0, dilation=1):
                log.debug("size=%s kernel=%s", size, kernel)
                n = size + 2 * padding - dilation * (kernel - 1) - 1
                if n < 0:
                    log.error("too small")
                    raise ValueError("window does not fit")
                return n // stride + 1

            def same_padding(kernel, *, dilation=1):
                p, rest = divmod(dilation * (kernel - 1), 2)
                if rest:
                    raise ValueError
                return p
            """
        },
    ),
)


@pytest.mark.parametrize("student", STUDENTS, ids=lambda student: student.habit)
def test_full_points_and_no_blame(student: Student) -> None:
    """What is set for the whole notebook costs nothing."""
    assert unfair(student, grade(student)) == []
