"""Which files student code may read: the interpreter, the libraries, the students' package. Nothing of the grader's."""

from __future__ import annotations

import importlib.util
import os
import site
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from pathlib import Path

import autograder

# Libraries of the system, what the dynamic linker and the C library look up, the time zone, fonts, certificates.
_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/ssl/certs")
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
# Files in site-packages that say where a project lies, the grader's among them.
_POINTERS = ("__editable__*", "convnet_course_autograder*")


@dataclass(frozen=True, slots=True)
class Reading:
    """What may be read.

    Attributes:
        whole: Files and folders that may be read, with all that lies in them.
        listed: Folders of which only the names of what lies in them may be read.
    """

    whole: tuple[Path, ...]
    listed: tuple[Path, ...]


def readable(forbidden: Sequence[str] = (), private: Sequence[Path] = ()) -> Reading:
    """Find what student code may read.

    Args:
        forbidden: Dotted names; those that are modules can't be read.
        private: Folders that must stay unread where they lie within what may be read: the course.
    """
    found = _Found(secret=frozenset(_grader(private)), hidden=frozenset((*_pointers(), *_modules(forbidden))))
    for root in _roots():
        found.add(root)
    return Reading(tuple(found.whole), tuple(found.listed))


@dataclass
class _Found:
    """The allow-list while it is being made.

    Attributes:
        secret: Folders whose files and names stay unread.
        hidden: Files and folders that stay unread; their names may be seen.
    """

    secret: frozenset[Path]
    hidden: frozenset[Path]
    whole: dict[Path, None] = field(default_factory=dict)
    listed: dict[Path, None] = field(default_factory=dict)

    def add(self, root: Path) -> None:
        """Allow a folder, but for what in it must stay unread. What it lies in is of no concern."""
        path = _resolved(root)
        without = {entry for entry in self.secret | self.hidden if entry.is_relative_to(path)}
        self._grant(path, without)

    def _grant(self, path: Path, without: set[Path]) -> None:
        if any(path.is_relative_to(entry) for entry in without):
            return
        if not any(entry.is_relative_to(path) for entry in without):
            if path.exists():
                self.whole[path] = None
            return
        if not any(entry.is_relative_to(path) for entry in self.secret):
            # The right to list a folder reaches into its subfolders: not where one of them is secret.
            self.listed[path] = None
        for child in sorted(path.iterdir()):
            self._grant(_resolved(child), without)


def _roots() -> Iterator[Path]:
    yield from map(Path, _SYSTEM)
    yield from map(Path, {sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix})
    yield from _package_folders()
    spec = importlib.util.find_spec("course_utils")
    if spec is not None:
        yield from map(Path, spec.submodule_search_locations or ())


def _package_folders() -> list[Path]:
    """Folders of installed libraries."""
    on_path = [Path(entry) for entry in sys.path if "-packages" in Path(entry).name]
    return [path for path in (*on_path, *map(Path, site.getsitepackages([sys.base_prefix]))) if path.is_dir()]


def _grader(private: Sequence[Path]) -> set[Path]:
    """The grader's package, the project around it, and what else is private; never what holds the libraries."""
    package = _resolved(Path(next(iter(autograder.__path__))))
    libraries = {_resolved(path) for path in (*_package_folders(), Path(sys.prefix), Path(sys.base_prefix), Path("/"))}
    return {package, package.parent, *map(_resolved, private)} - libraries


def _pointers() -> Iterator[Path]:
    for folder in _package_folders():
        for pattern in _POINTERS:
            yield from map(_resolved, folder.glob(pattern))


def _modules(names: Sequence[str]) -> Iterator[Path]:
    """Files and folders of the modules among these dotted names. Nothing is imported."""
    for name in names:
        top, *rest = name.split(".")
        spec = importlib.util.find_spec(top)
        for depth in range(1, len(rest) + 1):
            folders = spec.submodule_search_locations if spec is not None else None
            if folders is None:
                spec = None
                break
            spec = PathFinder.find_spec(".".join((top, *rest[:depth])), folders)
        if spec is None:
            continue
        if spec.submodule_search_locations is not None:
            yield from (_resolved(Path(entry)) for entry in spec.submodule_search_locations)
        elif spec.has_location and spec.origin is not None:
            yield _resolved(Path(spec.origin))


def _resolved(path: Path) -> Path:
    return Path(os.path.realpath(path))
