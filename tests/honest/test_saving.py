"""The same notebook, as editors and services save it."""

from __future__ import annotations

import base64
import json
import unicodedata

import pytest

from tests.honest.student import LINEAR, NORM, NotebookJson, Student, encode, grade, unfair


def _old_format(content: NotebookJson) -> bytes:
    """As IPython 2 saved it: format 3, with worksheets."""
    cells = []
    for cell in content["cells"]:
        old = {"cell_type": cell["cell_type"], "metadata": {}}
        if cell["cell_type"] == "code":
            old |= {"input": cell["source"], "language": "python", "collapsed": False, "outputs": []}
            old["prompt_number"] = 3
        else:
            old["source"] = cell["source"]
        cells.append(old)
    worksheets = [{"cells": cells, "metadata": {}}]
    return encode({"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": worksheets})


def _bare(content: NotebookJson) -> bytes:
    """As tools save it that keep text only: no ids, no metadata, one string to a cell."""
    cells = [{"cell_type": c["cell_type"], "source": "".join(c["source"]), "metadata": {}} for c in content["cells"]]
    return encode({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 2})


def _vs_code(content: NotebookJson) -> bytes:
    for number, cell in enumerate(content["cells"]):
        cell["id"] = f"{number:08x}"
        cell["metadata"] = {"vscode": {"languageId": "python"}} | cell["metadata"]
    language = {"name": "python", "version": "3.13.0", "codemirror_mode": {"name": "ipython", "version": 3}}
    content["metadata"]["kernelspec"] = {"display_name": ".venv", "language": "python", "name": "python3"}
    return encode(content | {"metadata": content["metadata"] | {"language_info": language}})


def _colab(content: NotebookJson) -> bytes:
    for number, cell in enumerate(content["cells"]):
        del cell["id"]
        cell["metadata"] = {"id": f"kX3v{number:08d}"}
        if cell["cell_type"] == "code":
            cell["metadata"] |= {"colab": {"base_uri": "https://localhost:8080/", "height": 35}, "outputId": "5cf3"}
    metadata = {"colab": {"provenance": [], "gpuType": "T4"}, "accelerator": "GPU", "kernelspec": {"name": "python3"}}
    return json.dumps(content | {"metadata": metadata, "nbformat_minor": 0}).encode()


def _deepnote(content: NotebookJson) -> bytes:
    for number, cell in enumerate(content["cells"]):
        kind = cell["cell_type"] if cell["cell_type"] == "code" else "text-cell-p"
        cell["metadata"] = {"cell_id": f"{number:032x}", "deepnote_cell_type": kind, "source_hash": "9c68a0dc"}
        del cell["id"]
    metadata = {"deepnote": {}, "deepnote_notebook_id": "c0ffee", "deepnote_execution_queue": []}
    return json.dumps(content | {"metadata": metadata, "nbformat_minor": 0}).encode()


def _kaggle(content: NotebookJson) -> bytes:
    for cell in content["cells"]:
        cell["metadata"] = {"_uuid": "8f2839f25d086af736a60e9eeb907d3b93b6e0e5", "trusted": True, "execution": {}}
        del cell["id"]
    kaggle = {"accelerator": "none", "dataSources": [], "isInternetEnabled": False, "language": "python"}
    return json.dumps(content | {"metadata": {"kaggle": kaggle}, "nbformat_minor": 4}).encode()


def _conda(content: NotebookJson) -> bytes:
    content["metadata"]["kernelspec"] = {"display_name": "Python [conda env:dl]", "name": "conda-env-dl-py"}
    content["metadata"] |= {"toc": {"base_numbering": 1}, "varInspector": {}, "jupytext": {"formats": "ipynb,py"}}
    for cell in content["cells"]:
        cell["metadata"] |= {"tags": ["done"], "collapsed": True, "jupyter": {"source_hidden": True}, "ExecuteTime": {}}
    return encode(content)


def _with_outputs(content: NotebookJson) -> bytes:
    picture = base64.b64encode(b"\x89PNG" + bytes(300_000)).decode()
    film = f'<video><source src="data:video/mp4;base64,{picture}"></video>'
    for number, cell in enumerate(content["cells"]):
        if cell["cell_type"] == "code":
            cell["execution_count"] = number
            cell["outputs"] = [
                {"output_type": "stream", "name": "stderr", "text": ["it/s\n"] * 500},
                {"output_type": "display_data", "metadata": {}, "data": {"image/png": picture}},
                {"output_type": "display_data", "metadata": {}, "data": {"text/html": film}},
                {"output_type": "error", "ename": "E", "evalue": "x", "traceback": ["\x1b[31mE\x1b[0m"]},
            ]
    content["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"a": "b" * 100_000}}}
    return encode(content)


def _windows(content: NotebookJson) -> bytes:
    for cell in content["cells"]:
        cell["source"] = [line.replace("\n", "\r\n") for line in cell["source"]]
    return encode(content).replace(b"\n", b"\r\n")


def _as_macs_decompose(content: NotebookJson) -> bytes:
    return unicodedata.normalize("NFD", encode(content).decode()).encode()


def _same_ids(content: NotebookJson) -> bytes:
    for cell in content["cells"]:
        cell["id"] = "duplicate"
        cell["metadata"].pop("nbgrader", None)
    return encode(content)


def _no_break_spaces(content: NotebookJson) -> bytes:
    """White space at the ends of lines and between cells, as copying from a page brings it."""
    for cell in content["cells"]:
        cell["source"] = [line.replace("\n", "  \t\n") for line in cell["source"]] + ["\n", "\n"]
    return encode(content)


def _encoded(encoding: str) -> Student:
    remark = (f"The file is saved as {encoding.upper()}",) if encoding not in ("utf-8", "utf-8-sig") else ()
    return Student(
        habit=f"saved as {encoding}",
        save=lambda content: encode(content).decode().encode(encoding),
        remarks=remark,
    )


STUDENTS = (
    Student(habit="format 3", save=_old_format, remarks=("The notebook has an old format",)),
    Student(habit="format 3 (linear)", notebook=LINEAR, save=_old_format, remarks=("The notebook has an old format",)),
    Student(habit="text only", save=_bare),
    Student(habit="text only (norm)", notebook=NORM, save=_bare),
    Student(habit="VS Code", save=_vs_code),
    Student(habit="Colab", notebook=NORM, save=_colab),
    Student(habit="Deepnote", save=_deepnote),
    Student(habit="Kaggle", save=_kaggle),
    Student(habit="conda and extensions", save=_conda),
    Student(habit="large outputs", save=_with_outputs),
    Student(habit="line ends of Windows", save=_windows),
    Student(habit="decomposed accents", save=_as_macs_decompose),
    Student(habit="all ids the same", save=_same_ids),
    Student(habit="white space at the ends", save=_no_break_spaces),
    Student(habit="one line", save=lambda content: json.dumps(content, separators=(",", ":")).encode()),
    *map(_encoded, ("utf-8-sig", "utf-16", "utf-16-le", "utf-32")),
)


@pytest.mark.parametrize("student", STUDENTS, ids=lambda student: student.habit)
def test_full_points_and_no_blame(student: Student) -> None:
    """Whoever saved it, the answers are found and earn everything."""
    assert unfair(student, grade(student)) == []
