"""What must not be punished: each earns all that its answers are worth."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

from tests.hostile.case import ATTACKER, RIGHT, Case, NotebookJson, answer, code_cell, markdown_cell, put

BOTH = ("correlate1d", "conv_output_size")
_LOUD = """
    import sys, warnings, time
    def conv_output_size(size, kernel, *, stride=1, padding=0, dilation=1):
        {loud}
        room = size + 2 * padding - dilation * (kernel - 1)
        if room < 1:
            raise ValueError("the window does not fit")
        return (room - 1) // stride + 1

    def same_padding(kernel, *, dilation=1):
        if dilation * (kernel - 1) % 2:
            raise ValueError("no symmetric padding")
        return dilation * (kernel - 1) // 2
    """


def _loud(threat: str, name: str, tries: str, loud: str) -> Case:
    return Case(id=name, threat=f"honest {threat}", tries=tries, code=_LOUD.format(loud=loud), earns=4.0)


def _without_tools(notebook: NotebookJson) -> None:
    del notebook["cells"][0]


def _helpers(notebook: NotebookJson) -> None:
    _without_tools(notebook)
    source = "return room // (s := stride) + 1 - _fits(room, s)"
    answer(
        notebook, "conv_output_size", _dedented("conv_output_size").replace("return (room - 1) // stride + 1", source)
    )
    notebook["cells"].insert(3, code_cell("def _fits(room, stride):\n    return room % stride == 0"))
    notebook["cells"].append(code_cell("def unused():\n    pass"))


def _dedented(question: str) -> str:
    lines = RIGHT[question].strip("\n").splitlines()
    return "\n".join(line[8:] for line in lines).strip()


def _windows(notebook: NotebookJson) -> None:
    _without_tools(notebook)
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].replace("\n", "\r\n")


def _colab(notebook: NotebookJson) -> None:
    _without_tools(notebook)
    for number, cell in enumerate(notebook["cells"]):
        cell.pop("id", None)
        cell["metadata"] = {"id": f"colab{number:08x}"}
        if cell["cell_type"] == "code":
            cell["metadata"]["outputId"] = f"out{number}"
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["ran\n"]}]
    notebook["metadata"] = {"colab": {"provenance": [], "toc_visible": True}, "kernelspec": {"name": "python3"}}
    notebook["nbformat_minor"] = 0


def _vscode(notebook: NotebookJson) -> None:
    _without_tools(notebook)
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"{number:08x}"
        cell["metadata"]["vscode"] = {"languageId": "python"}
        cell["source"] = cell["source"].splitlines(keepends=True)
    notebook["metadata"]["language_info"] = {"name": "python", "version": "3.13.0"}


def _comments(notebook: NotebookJson) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["source"] += "\n# Größe, размер, 大きさ, الحجم, 🙂 \u200b\ufeff"
    notebook["cells"].append(markdown_cell("日本語 — العربية — עברית"))


def _doubled_cells(notebook: NotebookJson) -> None:
    notebook["cells"][5:5] = [code_cell("# a note"), markdown_cell("a note"), code_cell(""), code_cell("print(photo)")]
    notebook["cells"].append(copy.deepcopy(notebook["cells"][4]))


def _another_folder() -> Callable[[Path, bytes], None]:
    def files(folder: Path, data: bytes) -> None:
        put(folder / ATTACKER / "sliding_windows (1).ipynb", data)

    return files


CASES = (
    _loud(
        "warnings",
        "warnings",
        "Each call warns, and divides by zero in NumPy.",
        "warnings.warn('careful'); np.array([1.0]) / 0; np.log(np.array([-1.0]))",
    ),
    _loud(
        "stderr", "text on stderr", "nbgrader gives zero for it.", "print('note', file=sys.stderr); sys.stderr.flush()"
    ),
    _loud(
        "progress bars",
        "a progress bar",
        "Carriage returns and escapes on stderr.",
        "[print(f'\\r{i:3}%|#####', end='', file=sys.stderr) for i in range(20)]",
    ),
    _loud(
        "plots",
        "plots in the answer",
        "Figures are opened and shown.",
        "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.title('x'); plt.show(); plt.close()",
    ),
    _loud("slow code", "slow code within the limits", "It takes its time, and is right.", "time.sleep(0.01)"),
    Case(
        id="magics, plots and shell commands in cells",
        threat="honest plots",
        tries="What notebooks are full of.",
        honest=BOTH,
        before=(
            "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'\n!ls\n%pip install x\n?print",
            "%%time\nimport matplotlib.pyplot as plt\nplt.figure()\nplt.imshow([[1, 2]])\nplt.show()",
        ),
    ),
    Case(
        id="extra cells of every kind",
        threat="honest extra cells",
        tries="Notes, empty cells and copies between ours.",
        honest=BOTH,
        edit=_doubled_cells,
    ),
    Case(
        id="helpers in cells of their own",
        threat="honest helpers",
        tries="Answers call what other cells define.",
        question="correlate1d",
        honest=BOTH,
        edit=_helpers,
    ),
    Case(
        id="extra cells that fail",
        threat="honest failing extra cell",
        tries="Errors, unfinished text and missing files in cells that no one asked for.",
        honest=BOTH,
        before=("1 / 0", "open('data.csv')", "import pandas_profiling"),
        after=("x = (", "assert False", "raise SystemExit", "undefined"),
    ),
    Case(
        id="another working folder",
        threat="honest another folder",
        tries="The notebook changes its folder and writes files.",
        honest=BOTH,
        before=("import os\nos.makedirs('work', exist_ok=True)\nos.chdir('work')\nopen('log.txt', 'w').write('x')",),
    ),
    Case(
        id="a browser's name for a second download",
        threat="honest another folder",
        tries="The file is called `sliding_windows (1).ipynb`, and lies in no folder of the assignment.",
        honest=BOTH,
        files=_another_folder(),
    ),
    Case(
        id="Windows line ends",
        threat="honest Windows line ends",
        tries="Every line of every cell ends as on Windows.",
        honest=BOTH,
        edit=_windows,
    ),
    Case(id="saved by Colab", threat="honest Colab", tries="Ids and metadata are Colab's.", honest=BOTH, edit=_colab),
    Case(id="saved by VS Code", threat="honest VS Code", tries="Ids are new, lines split.", honest=BOTH, edit=_vscode),
    Case(
        id="comments in every language",
        threat="honest comments",
        tries="Any script, emoji and invisible characters.",
        honest=BOTH,
        edit=_comments,
    ),
)
