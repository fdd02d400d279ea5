"""What students do to the cells: magics, moved and copied answers, missing libraries, cells that fail."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from tests.honest.student import (
    LINEAR,
    NORM,
    POOLING,
    SLIDING,
    NotebookJson,
    Student,
    code_cell,
    grade,
    lines,
    question_of,
    released,
    role_of,
    unfair,
)

UNTOUCHED = "Untouched, so that the definitions in other cells count: the answer cell of "
MISSING_LIBRARY = "A cell that you added did not run to its end (ModuleNotFoundError"


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def _merge_all_answers(content: NotebookJson) -> None:
    """All answers in one cell at the top, the others deleted."""
    answers = [cell for cell in content["cells"] if role_of(cell) == "solution"]
    content["cells"] = [cell for cell in content["cells"] if role_of(cell) != "solution"]
    last = max(i for i, cell in enumerate(content["cells"]) if role_of(cell) == "setup")
    content["cells"].insert(last + 1, code_cell("\n\n".join(map(_source, answers))))


def _results_of_calls(content: NotebookJson) -> None:
    """All answers at the top are aliases and results of calls, the answer cells deleted."""
    _merge_all_answers(content)
    cell = next(cell for cell in content["cells"] if "metadata" in cell and not cell["metadata"])
    names = re.findall(r"^def (\w+)\(", _source(cell), re.MULTILINE)
    defined = re.sub(r"^def (\w+)\(", r"def my_\1(", _source(cell), flags=re.MULTILINE)
    renamed = re.sub(rf"(?<!def my_)(?<![\w.\"'])({'|'.join(names)})\(", r"\1(", defined)
    pairs = [f"{name}, _ = functools.wraps(my_{name})(my_{name}), None" for name in names[1:]]
    cell["source"] = lines("\n".join(["import functools", renamed, f"{names[0]} = my_{names[0]}", *pairs]))


def _stubs_left(content: NotebookJson) -> None:
    """Answers in cells of one's own below the stubs, which stay as they were."""
    stubs = {question_of(cell): cell for cell in released(SLIDING)["cells"] if role_of(cell) == "solution"}
    content["cells"] = [
        entry
        for cell in content["cells"]
        for entry in ([stubs[question_of(cell)], code_cell(_source(cell))] if role_of(cell) == "solution" else [cell])
    ]


def _split_answers(content: NotebookJson) -> None:
    """One function to a cell: the second of a question moves into a cell of its own."""
    new = []
    for cell in content["cells"]:
        new.append(cell)
        if role_of(cell) == "solution" and _source(cell).count("\ndef ") >= 1:
            first, _, rest = _source(cell).partition("\n\n\ndef ")
            cell["source"] = lines(first)
            new.append(code_cell("def " + rest))
    content["cells"] = new


def _only_answers(content: NotebookJson) -> None:
    content["cells"] = [cell for cell in content["cells"] if role_of(cell) in ("setup", "solution")]


def _backwards(content: NotebookJson) -> None:
    content["cells"].reverse()


def _copied(content: NotebookJson) -> None:
    content["cells"] += copy.deepcopy(content["cells"])


def _own_setup(content: NotebookJson) -> None:
    """The set-up cell is merged into one with imports of one's own."""
    setups = [cell for cell in content["cells"] if role_of(cell) == "setup"]
    setups[-1]["source"] = lines("import os, sys\nimport numpy\n" + _source(setups[-1]) + "\nnp.random.seed(0)\n")


def _tabs(content: NotebookJson) -> None:
    for cell in content["cells"]:
        if role_of(cell) == "solution":
            cell["source"] = lines(_source(cell).replace("    ", "\t"))


def _magic_on_top(content: NotebookJson) -> None:
    for cell in content["cells"]:
        if role_of(cell) == "solution":
            cell["source"] = lines("%%time\n" + _source(cell))


def _captured(content: NotebookJson) -> None:
    for cell in content["cells"]:
        if role_of(cell) == "solution":
            cell["source"] = lines("%%capture out\n" + _source(cell) + "\nprint('defined')")


def _checks_with_prints(content: NotebookJson) -> None:
    for cell in content["cells"]:
        if role_of(cell) == "check":
            cell["source"] = lines("result = 1\nprint('mine')\n" + _source(cell) + "\nprint(result)")


def _answer_in_check_cell(content: NotebookJson) -> None:
    """The answers stand in the check cells, above the call."""
    for cell in content["cells"]:
        if role_of(cell) == "check":
            answer = next(
                c for c in content["cells"] if role_of(c) == "solution" and question_of(c) == question_of(cell)
            )
            cell["source"] = lines(_source(answer) + "\n\n" + _source(cell))


def _prose_deleted(content: NotebookJson) -> None:
    content["cells"] = [cell for cell in content["cells"] if cell["cell_type"] == "code"]


def _tried_and_called(content: NotebookJson) -> None:
    """Tests of one's own below the function, some of which fail."""
    for cell in content["cells"]:
        if role_of(cell) == "solution":
            cell["source"] = lines(_source(cell) + "\n\nprint(undefined_variable)\nx = 1 / 0")


STUDENTS = (
    Student(
        habit="all answers in one cell",
        edit=_merge_all_answers,
        remarks=(UNTOUCHED,),
    ),
    Student(
        habit="aliases and results of calls",
        notebook=LINEAR,
        edit=_results_of_calls,
        remarks=(UNTOUCHED,),
    ),
    Student(
        habit="stubs left as they were",
        edit=_stubs_left,
        remarks=(UNTOUCHED,),
    ),
    Student(habit="one function to a cell", edit=_split_answers),
    Student(habit="one function to a cell (pooling)", notebook=POOLING, edit=_split_answers),
    Student(habit="nothing but answers", edit=_only_answers),
    Student(habit="prose deleted", edit=_prose_deleted),
    Student(habit="upside down", edit=_backwards, remarks=("Cells had been moved",)),
    Student(habit="every cell twice", edit=_copied, remarks=("There more than once: the answer cell of",)),
    Student(habit="imports added to the set-up", edit=_own_setup),
    Student(habit="tabs", edit=_tabs),
    Student(habit="timed cells", edit=_magic_on_top),
    Student(habit="captured cells", notebook=NORM, edit=_captured),
    Student(habit="checks with prints", edit=_checks_with_prints, remarks=("Check cells are ours",)),
    Student(habit="answers in check cells", edit=_answer_in_check_cell, remarks=("What was written into the",)),
    Student(habit="own tests that fail", edit=_tried_and_called, remarks=("The answer cell of ",) * 12),
    Student(
        habit="magics of all kinds",
        before=(
            "%load_ext autoreload\n%autoreload 2\n%matplotlib inline\n%config InlineBackend.figure_format='retina'",
            "!pip install tqdm\n!ls -la\n%pip install -q numpy\n%env FOO=1\n%cd /tmp\n%pwd",
            "files = !ls\nprint(files)\nnp.pad?\n?np.pad\nnp.pad??\n%timeit sum(range(10))\n%precision 3\n%pdb off",
            "%%html\n<b>hi</b>",
            "%%bash\necho hi",
            "%%javascript\nalert(1)",
            "%%script false --no-raise-error\n1/0",
            "%%latex\n$x$",
            "%%timeit\nsum(range(10))",
            "%%writefile notes.md\n# Notes",
            "%time x = np.arange(5)\nassert x.sum() == 10",
            "%who\n%whos\n%history\n%reset -f out\n%memit 1\n%lprun f\n%tensorboard --logdir .",
        ),
    ),
    Student(
        habit="await and asyncio",
        before=("import asyncio\nawait asyncio.sleep(0.01)\nasync def f():\n    return 5\nfive = await f()",),
        answers={
            "conv1x1_as_matmul": """
            def conv1x1_as_matmul(x, w, b):
                assert five == 5
                out = np.einsum("nchw,oc->nohw", x, w[:, :, 0, 0])
                return out if b is None else out + b[None, :, None, None]
            """
        },
    ),
    Student(
        habit="Colab's own things",
        before=(
            "from google.colab import drive\ndrive.mount('/content/drive')",
            "import sys\nsys.path.append('/content/drive/MyDrive')\nIN_COLAB = 'google.colab' in sys.modules",
            "#@title Parameters { run: 'auto' }\nlearning_rate = 0.1 #@param {type:'number'}",
        ),
        remarks=(MISSING_LIBRARY,),
    ),
    Student(
        habit="cells that fail",
        before=(
            "1 / 0",
            "def unfinished(:\n    pass",
            "x = (",
            "name = input('your name? ')",
            "raise SystemExit",
            "exit()",
        ),
        remarks=("A cell that you added did not run",) * 6,
    ),
    Student(
        habit="a library that is not here, besides helpers",
        before=(
            """
            import pandas as pd
            import seaborn as sns
            from tqdm import tqdm
            sns.set_theme()
            OFFSETS = np.arange(3)
            TABLE = {k: v for k, v in zip("abc", range(3))}
            lookup = np.array([[0, 1], [1, 0]]).T
            def helper(v):
                return v[OFFSETS[0]:]
            """,
        ),
        answers={
            "conv1x1_as_matmul": """
            def conv1x1_as_matmul(x, w, b):
                x = helper(x)
                out = np.einsum("nchw,oc->nohw", x, w[:, :, TABLE["a"], lookup[0, 0]])
                return out if b is None else out + b[None, :, None, None]
            """
        },
        remarks=(MISSING_LIBRARY,),
    ),
    Student(
        habit="progress bars",
        before=(
            "from tqdm import tqdm, trange\nfrom tqdm.notebook import tqdm as tn\nfrom tqdm.auto import tqdm as ta",
        ),
        answers={
            "correlate1d": """
            def correlate1d(x, w):
                n = len(x) - len(w) + 1
                if n <= 0:
                    raise ValueError("kernel too long")
                out = np.zeros(n, np.result_type(x, w))
                for i in tqdm(range(n), desc="sliding", leave=False):
                    out[i] = np.dot(x[i:i + len(w)], w)
                return out

            def convolve1d(x, w):
                with tqdm(total=1) as bar:
                    y = correlate1d(x, w[::-1])
                    bar.update(1)
                    bar.set_postfix(loss=1)
                return y
            """
        },
    ),
    Student(
        habit="a module written in a cell",
        before=(
            "%%writefile my_utils.py\nimport numpy as np\ndef double(x):\n    return 2 * x",
            "import my_utils\nfrom my_utils import double",
        ),
        answers={
            "conv1x1_as_matmul": """
            def conv1x1_as_matmul(x, w, b):
                out = np.einsum("nchw,oc->nohw", my_utils.double(x), w[:, :, 0, 0]) / np.float32(2)
                return out if b is None else out + b[None, :, None, None]
            """
        },
    ),
    Student(
        habit="torch imported to compare with",
        before=(
            "import torch, math\nimport torch.nn.functional as F\nHALF = math.pi / 2",
            "import scipy.signal\nfrom scipy import signal as sg",
        ),
        answers={
            "conv1x1_as_matmul": """
            def conv1x1_as_matmul(x, w, b):
                assert math.isclose(HALF * 2, math.pi)
                out = np.einsum("nchw,oc->nohw", x, w[:, :, 0, 0])
                return out if b is None else out + b[None, :, None, None]
            """
        },
        remarks=("A cell that you added did not run to its end (", "A cell that you added did not run to its end ("),
    ),
    Student(
        habit="prints in the innermost loop",
        answers={
            "conv2d_forward": """
            def conv2d_forward(x, w, b, *, stride=1, padding=0):
                N, C, H, W = x.shape
                F, _, KH, KW = w.shape
                (sh, sw), (ph, pw) = per_axis(stride), per_axis(padding)
                OH, OW = conv_output_size(H, KH, stride=sh, padding=ph), conv_output_size(W, KW, stride=sw, padding=pw)
                out = np.zeros((N, F, OH, OW), dtype=np.result_type(x, w) if b is None else np.result_type(x, w, b))
                xp = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
                for n in range(N):
                    for f in range(F):
                        for i in range(OH):
                            for j in range(OW):
                                window = xp[n, :, i * sh:i * sh + KH, j * sw:j * sw + KW]
                                print("n", n, "f", f, "i", i, "j", j, "window:", window.tolist(), w[f].tolist())
                                out[n, f, i, j] = (window * w[f]).sum() + (0 if b is None else b[f])
                                print("out", out.tolist())
                return out
            """
        },
    ),
    Student(
        habit="plots in an answer",
        before=("import matplotlib.pyplot as plt\nfrom IPython.display import display, clear_output, Markdown",),
        answers={
            "conv1x1_as_matmul": """
            def conv1x1_as_matmul(x, w, b):
                fig, axes = plt.subplots(1, 2)
                axes[0].imshow(x[0, 0])
                plt.plot([1, 2]); plt.title("x"); plt.show()
                display(Markdown("# hi")); clear_output(wait=True)
                out = np.einsum("nchw,oc->nohw", x, w[:, :, 0, 0])
                return out if b is None else out + b[None, :, None, None]
            """
        },
    ),
    Student(
        habit="a pause in every call",
        before=("import time",),
        answers={
            "conv1x1_as_matmul": """
            def conv1x1_as_matmul(x, w, b):
                time.sleep(0.1)
                out = np.einsum("nchw,oc->nohw", x, w[:, :, 0, 0])
                return out if b is None else out + b[None, :, None, None]
            """
        },
    ),
    Student(
        habit="names and comments in other languages",
        answers={
            "conv1x1_as_matmul": """
            def conv1x1_as_matmul(x, w, b):
                # Größe: Produkt über die Kanäle — 通道 🙂
                größe, 通道 = x.shape[2:], x.shape[1]
                π_выход = np.einsum("nchw,oc->nohw", x, w.reshape(-1, 通道))
                return π_выход if b is None else π_выход + b[None, :, None, None]
            """
        },
    ),
)


@pytest.mark.parametrize("student", STUDENTS, ids=lambda student: student.habit)
def test_full_points_and_no_blame(student: Student) -> None:
    """Wherever it stands and whatever stands beside it, a right answer earns everything."""
    assert unfair(student, grade(student)) == []
