"""The rules of the house: who may import whom, and who may start processes. Kept by walking the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STAGES = {"release", "intake", "sandbox", "diagnosis", "grading", "gradebook", "reports", "measure"}
# What every stage may import of the grader, beside itself.
SHARED = {
    *("autograder.model", "autograder.errors", "autograder.config", "autograder.released"),
    "autograder.parsing",
}
# What single stages may import beyond that.
ALSO = {
    "release": {"autograder.nbgrader_bridge", "autograder.hidden_tests"},
    "gradebook": {"autograder.nbgrader_bridge"},
    # The sandbox's client and the words of its protocol; hidden tests are what grading runs.
    "grading": {
        "autograder.sandbox",
        "autograder.testing",
        "autograder.hidden_tests",
        "autograder.diagnosis",
        "autograder.mistakes",
    },
    # Measures what these do, with what is listed.
    "measure": {
        "autograder.grading",
        "autograder.diagnosis",
        "autograder.mistakes",
        "autograder.sandbox.protocol",
    },
    # What is listed, and the words in which replies come.
    "diagnosis": {"autograder.sandbox.protocol", "autograder.mistakes", "autograder.hidden_tests"},
}
# Who chains stages.
CHAINS = {"autograder.cli", "autograder.pipeline", "autograder.outputs"}
PROCESSES = {
    "subprocess",
    "multiprocessing",
    "concurrent.futures.ProcessPoolExecutor",
    "pty",
    "pexpect",
    "nbclient",
    "jupyter_client",
}
PROCESS_CALLS = {"fork", "forkpty", "system", "popen", "posix_spawn", "posix_spawnp", "startfile"}
# Outside the sandbox, each with its reason; none of these runs a student's code in the process that it starts.
MAY_START = {
    # Graders side by side: each has a sandbox of its own, and only there student code runs.
    "autograder.grading.crew",
    # pip and setuptools change the process in which they run.
    "autograder.release.wheel",
    # A kernel for the course's own solution, as in Jupyter.
    "autograder.release.solution",
}


def modules(package: str) -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(source: str, module: str = "", *, package: bool = False) -> set[str]:
    """Dotted names of all that a module imports, wherever in its text; `from a import b` gives a and a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) - node.level + package] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return names


def within(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def imported(path: Path, module: str) -> set[str]:
    return imports(path.read_text(encoding="utf-8"), module, package=path.name == "__init__.py")


GRADER = list(modules("autograder"))
STAGED = [(name, path) for name, path in GRADER if len(name.split(".")) > 1 and name.split(".")[1] in STAGES]


@pytest.mark.parametrize(("module", "path"), STAGED, ids=[name for name, _ in STAGED])
def test_a_stage_imports_no_other(module: str, path: Path) -> None:
    """A stage knows model, errors, config and released, itself, and what its exception says; nothing else of ours."""
    stage = module.split(".")[1]
    allowed = SHARED | {f"autograder.{stage}"} | ALSO.get(stage, set())
    ours = {name for name in imported(path, module) if within(name, {"autograder"})} - {"autograder"}
    # `from autograder import x` gives the package too; only the names below it count.
    foreign = {name for name in ours if not within(name, allowed)}

    assert not foreign


@pytest.mark.parametrize(("module", "path"), GRADER, ids=[name for name, _ in GRADER])
def test_only_the_bridge_imports_nbgrader(module: str, path: Path) -> None:
    """nbgrader can change under us in one place only."""
    uses = any(within(name, {"nbgrader"}) for name in imported(path, module))

    assert not uses or module == "autograder.nbgrader_bridge"


@pytest.mark.parametrize(("module", "path"), GRADER, ids=[name for name, _ in GRADER])
def test_only_the_sandbox_starts_processes(module: str, path: Path) -> None:
    """No other module imports what starts programs, or calls what forks."""
    if within(module, {"autograder.sandbox"} | MAY_START):
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("os", "asyncio")
    }

    assert not {name for name in imported(path, module) if within(name, PROCESSES)}
    assert not {
        name for name in called if name in PROCESS_CALLS or name.startswith(("exec", "spawn", "create_subprocess"))
    }


@pytest.mark.parametrize(("module", "path"), GRADER, ids=[name for name, _ in GRADER])
def test_only_the_pipeline_chains_stages(module: str, path: Path) -> None:
    """Modules beside the stages import at most one of them, the command line and the pipeline as many as they need."""
    parts = module.split(".")
    if module in CHAINS or (len(parts) > 1 and parts[1] in STAGES):
        return
    reached = {name.split(".")[1] for name in imported(path, module) if within(name, {"autograder"}) and "." in name}

    assert len(reached & STAGES) <= 1


@pytest.mark.parametrize(("module", "path"), list(modules("course_utils")), ids=[n for n, _ in modules("course_utils")])
def test_what_students_import_knows_no_grader(module: str, path: Path) -> None:
    """course_utils imports neither the grader nor the staff's tools."""
    staff = {"autograder", "nbgrader", "jupytext", "msgspec", "pytest", "typer", "rich", "jinja2"}

    assert not {name for name in imported(path, module) if within(name, staff)}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import autograder.intake.read", "autograder.intake.read"),
        ("from autograder.intake import read", "autograder.intake.read"),
        ("from autograder import intake", "autograder.intake"),
        ("def f():\n    import subprocess as s", "subprocess"),
        ("from ..intake import read", "autograder.intake.read"),
        ("from . import stage", "autograder.release.stage"),
    ],
)
def test_imports_are_found(source: str, name: str) -> None:
    """The walk sees imports in every form, so that the rules above can fail."""
    assert name in imports(source, "autograder.release.build")


def test_there_is_something_to_walk() -> None:
    """The rules above apply to every stage."""
    assert {name.split(".")[1] for name, _ in STAGED} == STAGES
