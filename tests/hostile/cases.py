"""All cases, by theme."""

from __future__ import annotations

import importlib
from pathlib import Path

from tests.hostile.case import Case

_THEMES = ("points", "harm", "files", "pages", "honest")


def all_cases() -> tuple[Case, ...]:
    """Every case of every theme's files, in order."""
    names = [path.stem for path in sorted(Path(__file__).parent.glob("*_*.py"))]
    modules = [name for theme in _THEMES for name in names if name.startswith(f"{theme}_")]
    return tuple(case for name in modules for case in importlib.import_module(f"tests.hostile.{name}").CASES)
