"""The listed mistakes as a notebook: their modules' sources become cells, so that they run where answers run."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

from autograder.diagnosis.attempt import View
from autograder.mistakes import Mistake, Policy
from autograder.model import Cell, Notebook, Role

_VERSIONS = "listed_versions"
# Takes the key of a version and the name of a function before that function's own arguments.
ANY_VERSION = "any_version"
# Takes the key of a version, and puts its functions and otherwise right ones under their own names.
BECOME = "become"

# The worker can't read this package. A module that is registered before it is asked for needs no file, so each source
# runs as it stands, imports and all.
_MODULE_CELL = """
import sys
from types import ModuleType

module = sys.modules[{name!r}] = ModuleType({name!r})
exec(compile({source!r}, {file!r}, "exec"), vars(module))
"""

_RIGHT_CELL = """
globals().update(sys.modules[{steps!r}].RIGHT)
"""

_LAST_CELL = """
versions = sys.modules[{versions!r}] = ModuleType({versions!r})
versions.of = {{f"mistake {{entry.id}}": entry.functions for entry in sys.modules[{mistakes!r}].MISTAKES}}
for kind, name, field in {more!r}:
    versions.of |= {{f"{{kind}} {{id}}": functions for id, functions in getattr(sys.modules[name], field).items()}}
globals().update(sys.modules[{steps!r}].RIGHT)


def {any_version}(key, name, /, *args, **kwargs):
    return (sys.modules[{steps!r}].RIGHT | versions.of[key])[name](*args, **kwargs)


def become(key):
    globals().update(sys.modules[{steps!r}].RIGHT | versions.of[key])


def run_check(key, source):
    exec(source, globals() | versions.of[key])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything listed for one notebook.

    Attributes:
        mistakes: As listed, those that cost points.
        second: Id of a mistake to the names of its functions on another base; empty if there is no such module.
        alternatives: Name of a right answer to the names of its functions; empty likewise.
        views: Function name to what a returned value amounts to, where many different ones are right; empty likewise.
        cells: A notebook in which all of them, and a right answer to everything, are defined.
        right: A notebook in which the right answers alone are defined.
    """

    mistakes: tuple[Mistake, ...]
    second: Mapping[str, tuple[str, ...]]
    alternatives: Mapping[str, tuple[str, ...]]
    views: Mapping[str, View]
    cells: tuple[Cell, ...]
    right: tuple[Cell, ...]

    def of(self, question: str) -> tuple[Mistake, ...]:
        """The mistakes of one question, as listed."""
        return tuple(mistake for mistake in self.mistakes if mistake.question == question)


def version_key(kind: str, name: str) -> str:
    """What one listed version is called among all of them."""
    return f"{kind} {name}"


def versions(kind: str, name: str, functions: Sequence[str]) -> dict[str, str]:
    """What to replace in a session on the material, so that it holds one listed version.

    Args:
        kind: "mistake", "second" or "alternative".
        name: Id of the version.
        functions: Names of its functions.
    """
    key = version_key(kind, name)
    return {function: f"from {_VERSIONS} import of\n{function} = of[{key!r}][{function!r}]" for function in functions}


def load_material(notebook: Notebook) -> Material | None:
    """Gather the material of a notebook, or None if no mistakes are listed for it."""
    here = f"autograder.hidden_tests.{notebook.assignment}.{notebook.name}"
    listed = _module(f"{here}.mistakes")
    if listed is None:
        return None
    steps = _module(f"{here}.steps")
    if steps is None:
        raise ModuleNotFoundError(f"{notebook.name}: expected steps.py beside mistakes.py, found none.")
    second = _module(f"{here}.second")
    alternatives = _module(f"{here}.alternatives")
    views = _module(f"{here}.views")
    modules = _with_imports([steps, listed, *(module for module in (second, alternatives) if module)])
    more = [("second", second, "SECOND"), ("alternative", alternatives, "ALTERNATIVES")]
    last = _LAST_CELL.format(
        versions=_VERSIONS,
        mistakes=listed.__name__,
        steps=steps.__name__,
        any_version=ANY_VERSION,
        more=[(kind, module.__name__, field) for kind, module, field in more if module],
    )
    sources = [*map(_cell_of, modules), last]
    right = [*map(_cell_of, _with_imports([steps])), _RIGHT_CELL.format(steps=steps.__name__)]
    return Material(
        mistakes=tuple(entry for entry in listed.MISTAKES if entry.policy is Policy.WRONG),
        second={id: tuple(functions) for id, functions in second.SECOND.items()} if second else {},
        alternatives={id: tuple(f) for id, f in alternatives.ALTERNATIVES.items()} if alternatives else {},
        views=dict(views.VIEWS) if views else {},
        cells=_behind_setup(notebook, sources),
        right=_behind_setup(notebook, right),
    )


def _behind_setup(notebook: Notebook, sources: Sequence[str]) -> tuple[Cell, ...]:
    added = [
        Cell(id=f"listed-{number}", role=Role.ADDED, kind="code", source=source)
        for number, source in enumerate(sources)
    ]
    return (*(cell for cell in notebook.cells if cell.role is Role.SETUP), *added)


@functools.cache
def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise
        return None


def _with_imports(modules: Sequence[ModuleType]) -> tuple[ModuleType, ...]:
    """Some modules and all of this package that they import, each behind what it imports itself."""
    found: dict[str, ModuleType] = {}
    for module in modules:
        _gather(module, found)
    return tuple(found.values())


def _gather(module: ModuleType, found: dict[str, ModuleType]) -> None:
    if module.__name__ in found:
        return
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder."):
            _gather(importlib.import_module(str(node.module)), found)
    found[module.__name__] = module


def _cell_of(module: ModuleType) -> str:
    name = module.__name__
    return _MODULE_CELL.format(name=name, source=inspect.getsource(module), file=f"<{name}>")
