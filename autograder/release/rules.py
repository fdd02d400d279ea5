"""What the build refuses in a hand-written notebook: pure functions that raise at the first breach."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Sequence

from autograder.config import AssignmentConfig, NotebookConfig
from autograder.errors import AuthoringError
from autograder.release.author import BEGIN, END, WHEEL, AuthoredCell, AuthoredNotebook, with_stub
from autograder.release.stage import question_titles

# What the header of a cell may say, by its role.
OPTIONS = {
    "setup": {"role"},
    "demo": {"role"},
    "solution": {"role", "question"},
    "check": {"role", "question", "points", "uses", "forbidden", "title"},
    "reflection": {"role", "question", "points", "title"},
}
_REQUIRED = {"solution": ("question",), "check": ("question", "points"), "reflection": ("question", "points")}
# A question's id becomes a cell id, of which nbformat allows 64 characters, and a key in tables and tests.
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")


def check_notebook(notebook: AuthoredNotebook, config: NotebookConfig) -> None:
    """Refuse a notebook that breaks a rule by itself.

    Raises:
        AuthoringError: At the first rule that is broken.
    """
    check_options(notebook)
    check_markers(notebook)
    check_code(notebook)
    check_wheel(notebook)
    check_questions(notebook)
    check_uses(notebook)
    check_notebook_points(notebook, config)


def check_options(notebook: AuthoredNotebook) -> None:
    """Every code cell has a role, and each header says what its role may and must say."""
    for cell in notebook.cells:
        if cell.kind == "raw":
            raise notebook.refuse("expected a code or Markdown cell, got a raw cell. Make it Markdown.", cell)
        if cell.kind == "markdown" and not cell.options:
            continue
        if cell.role is None:
            roles = ", ".join(OPTIONS)
            raise notebook.refuse(f"expected a role, one of {roles}, got none. Add role= to the header.", cell)
        if cell.role not in OPTIONS:
            raise notebook.refuse(f"role: expected one of {', '.join(OPTIONS)}, got '{cell.role}'.", cell)
        if cell.kind == "markdown" and cell.role != "reflection":
            raise notebook.refuse(f"role {cell.role}: expected a code cell, got Markdown. Drop the role.", cell)
        for option in cell.options:
            if option not in OPTIONS[cell.role]:
                allowed = ", ".join(sorted(OPTIONS[cell.role]))
                raise notebook.refuse(f"role {cell.role}: expected only {allowed}, got '{option}'. Remove it.", cell)
        for option in _REQUIRED.get(cell.role, ()):
            if option not in cell.options:
                raise notebook.refuse(f"role {cell.role}: expected {option}=, found none. Add it.", cell)
        _check_values(notebook, cell)


def _check_values(notebook: AuthoredNotebook, cell: AuthoredCell) -> None:
    if "question" in cell.options and not (isinstance(cell.question, str) and _ID.fullmatch(cell.question)):
        raise notebook.refuse(
            f"question: expected at most 40 lower-case letters, digits and _, got {cell.question!r}. Rename it.", cell
        )
    points = cell.options.get("points", 1)
    number = isinstance(points, int | float) and not isinstance(points, bool)
    if not number or not math.isfinite(points) or points <= 0:
        raise notebook.refuse(f"points: expected a number above 0, got {points!r}.", cell)
    for option in ("uses", "forbidden", "title"):
        if not isinstance(cell.options.get(option, ""), str):
            raise notebook.refuse(f"{option}: expected a text in double quotes, got {cell.options[option]!r}.", cell)


def check_markers(notebook: AuthoredNotebook) -> None:
    """Markers pair up, don't nest, stand in every solution cell, and nowhere else."""
    for cell in notebook.cells:
        inside = False
        found = False
        for line in cell.source.split("\n"):
            text = line.strip()
            if text not in (BEGIN, END):
                if "BEGIN SOLUTION" in line or "END SOLUTION" in line:
                    raise notebook.refuse(f"expected the line '{BEGIN}' or '{END}', got '{text}'. Mend it.", cell)
                continue
            found = True
            if cell.role not in ("solution", "reflection"):
                raise notebook.refuse(f"'{text}': expected only in solution cells. Give the cell role=solution.", cell)
            if (text == BEGIN) == inside:
                got = "a second one before its end" if inside else "an end without a beginning"
                raise notebook.refuse(f"solution markers: expected {BEGIN} … {END} in pairs, got {got}.", cell)
            inside = not inside
        if inside:
            raise notebook.refuse(f"solution markers: expected '{END}' after '{BEGIN}', found none. Add it.", cell)
        if cell.role == "solution" and not found:
            raise notebook.refuse(f"solution cell: expected {BEGIN} … {END}, found none. Mark the solution.", cell)


def check_code(notebook: AuthoredNotebook) -> None:
    """Code cells are plain Python, with and without the solution; shell lines and sys.path only in setup cells."""
    for cell in notebook.cells:
        if cell.kind != "code":
            continue
        tree = _parse(notebook, cell, cell.source)
        if cell.role != "setup" and _touches_sys_path(tree):
            raise notebook.refuse("sys.path: expected in a setup cell only. Install the package instead.", cell)
        if cell.role == "solution":
            released = _parse(notebook, cell, with_stub(cell.source))
            if not _functions(released):
                raise notebook.refuse("solution cell: expected a function around the markers, found none.", cell)
        if cell.role == "check":
            statement = tree.body[0] if len(tree.body) == 1 else None
            if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
                raise notebook.refuse(f"check cell: expected exactly one call, got {len(tree.body)} statements.", cell)


def _parse(notebook: AuthoredNotebook, cell: AuthoredCell, source: str) -> ast.Module:
    """Parse a cell. Lines of IPython are put aside in setup cells and refused elsewhere."""
    lines = source.split("\n")
    for number, line in enumerate(lines):
        text = line.lstrip()
        if text.startswith(("!", "%")):
            if cell.role != "setup":
                raise notebook.refuse(f"'{text}': expected plain Python outside setup cells. Move it to one.", cell)
            lines[number] = line[: len(line) - len(text)] + "pass"
    try:
        return ast.parse("\n".join(lines))
    except SyntaxError as error:
        raise notebook.refuse(f"expected Python, got in line {error.lineno}: {error.msg}. Mend it.", cell) from error


def _touches_sys_path(tree: ast.Module) -> bool:
    return any(
        (isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path")
        or (isinstance(node, ast.ImportFrom) and node.module == "sys" and any(a.name == "path" for a in node.names))
        for node in ast.walk(tree)
    )


def _functions(tree: ast.Module) -> list[str]:
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def check_wheel(notebook: AuthoredNotebook) -> None:
    """The first setup cell says where the wheel goes, and no other cell does: students in Colab install it there."""
    setups = notebook.having("setup")
    if not setups:
        raise notebook.refuse("expected a setup cell, found none. Add one with role=setup.")
    if WHEEL not in setups[0].source:
        raise notebook.refuse(
            f"first setup cell: expected {WHEEL} where the wheel is installed, found none.", setups[0]
        )
    for cell in notebook.cells:
        if cell is not setups[0] and WHEEL in cell.source:
            raise notebook.refuse(f"{WHEEL}: expected in the first setup cell only. Remove it here.", cell)


def check_questions(notebook: AuthoredNotebook) -> None:
    """Each question has one check cell after its solution cells, a title, and functions that no other defines."""
    graded: dict[str, AuthoredCell] = {}
    for cell in notebook.having("check", "reflection"):
        name = str(cell.question)
        if name in graded:
            raise notebook.refuse(
                f"question id: expected once, got again after cell {graded[name].index}. Rename one.", cell
            )
        graded[name] = cell
    owners: dict[str, AuthoredCell] = {}
    for cell in notebook.having("solution"):
        check = graded.get(str(cell.question))
        if check is None or check.role != "check":
            raise notebook.refuse("expected a check cell for this question, found none. Add one.", cell)
        if check.index < cell.index:
            raise notebook.refuse(f"expected before its check, cell {check.index}. Move the check down.", cell)
        for function in _functions(ast.parse(with_stub(cell.source))):
            if function in owners:
                raise notebook.refuse(
                    f"function {function}: expected one definition, got another in cell {owners[function].index}.", cell
                )
            owners[function] = cell
    solved = {cell.question for cell in notebook.having("solution")}
    titles = question_titles(notebook)
    for name, cell in graded.items():
        if cell.role == "check" and name not in solved:
            raise notebook.refuse("expected a solution cell for this question, found none. Add one.", cell)
        if name not in titles:
            raise notebook.refuse("expected a heading above the question or title=, found none. Add one.", cell)


def check_uses(notebook: AuthoredNotebook) -> None:
    """A question uses other questions of its notebook."""
    known = [str(cell.question) for cell in notebook.having("check")]
    for cell in notebook.having("check"):
        for name in cell.words("uses"):
            if name not in known or name == cell.question:
                others = ", ".join(entry for entry in known if entry != cell.question) or "no other question"
                raise notebook.refuse(f"uses: expected among {others}, got '{name}'.", cell)


def check_notebook_points(notebook: AuthoredNotebook, config: NotebookConfig) -> None:
    """The points of the questions add up to what assignment.toml says of the notebook."""
    total = sum(cell.options["points"] for cell in notebook.having("check", "reflection"))
    if not math.isclose(total, config.points):
        raise notebook.refuse(f"points: expected {config.points:g} as in assignment.toml, got {total:g} in all checks.")


def check_assignment(notebooks: Sequence[AuthoredNotebook], config: AssignmentConfig, file: str) -> None:
    """The notebooks' points add up, and a question's id is not used in two notebooks.

    Args:
        notebooks: All notebooks of the assignment.
        config: What its assignment.toml says.
        file: That file, as messages show it.

    Raises:
        AuthoringError: If one of this is not so.
    """
    if not config.notebooks:
        raise AuthoringError("expected a [notebooks.<name>] section, found none. Add one.", file)
    total = sum(entry.points for entry in config.notebooks)
    if not math.isclose(total, config.points):
        raise AuthoringError(f"points: expected {config.points:g}, got {total:g} in all notebooks.", file)
    owners: dict[str, str] = {}
    for notebook, entry in zip(notebooks, config.notebooks, strict=True):
        check_ideas(notebook, entry, file)
        for cell in notebook.having("check", "reflection"):
            other = owners.setdefault(str(cell.question), notebook.file)
            if other != notebook.file:
                raise notebook.refuse(f"question id: expected once, got it in {other} too. Rename one.", cell)


def check_ideas(notebook: AuthoredNotebook, config: NotebookConfig, file: str) -> None:
    """Where questions name what of the lectures they grade, all of them do, and nothing else does.

    Args:
        notebook: The notebook.
        config: What assignment.toml says of it.
        file: That file, as messages show it.

    Raises:
        AuthoringError: If one of this is not so.
    """
    questions = [str(cell.question) for cell in notebook.having("check", "reflection")]
    table = f"[notebooks.{notebook.name}.ideas]"
    for name in config.ideas:
        if name not in questions:
            raise AuthoringError(
                f"{table}: expected one of {', '.join(questions)}, got '{name}'. Rename or remove it.", file, None, name
            )
    for name in questions if config.ideas else ():
        if name not in config.ideas:
            raise AuthoringError(
                f"{table}: expected the lecture idea of every question, found none. Add it.", file, None, name
            )


def check_hidden_tests(notebook: AuthoredNotebook, declared: Iterable[tuple[str, str, str]], folder: str) -> None:
    """Each automatic question has a hidden test of values, and each hidden test has a question.

    Args:
        notebook: The notebook.
        declared: Question and kind of each hidden test, and its file, as messages show it.
        folder: Where the files lie, likewise.

    Raises:
        AuthoringError: If one of this is not so.
    """
    declared = list(declared)
    questions = {str(cell.question): cell for cell in notebook.having("check")}
    for name, _, file in declared:
        if name not in questions:
            known = ", ".join(questions) or "none"
            raise AuthoringError(f"hidden test: expected one of {known}, got '{name}'. Rename it.", file, None, name)
    for name, cell in questions.items():
        kinds = [kind for question, kind, _ in declared if question == name]
        if not kinds:
            raise notebook.refuse(f"expected a hidden test in {folder}, found none. Add one.", cell)
        if "values" not in kinds:
            got = ", ".join(sorted(set(kinds)))
            raise notebook.refuse(f"expected a hidden test of values in {folder}, got only {got}. Add one.", cell)
