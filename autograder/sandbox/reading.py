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
from autograder.sandbox.forbidden import kernel_files

# Libraries of the system, what the dynamic linker and the C library look up, the time zone, fonts, certificates.
_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/ssl/certs")
# Not /dev/zero, which gives shared pages to whoever maps it, and they count as nobody's.
DEVICES = ("/dev/null", "/dev/random", "/dev/urandom")
# Files in site-packages that say where a project lies, the grader's among them.
_MAX_LINKS = 40
_POINTERS = ("__editable__*", "convnet_course_autograder*")


@dataclass(frozen=True, slots=True)
class Reading:
    """What may be read.

    Attributes:
        whole: Files and folders that may be read, with all that lies in them.
        listed: Folders of which only the names of what lies in them may be read.
        roots: Files and folders in which all of these lie, none within another but below a masked one.
        masked: Files and folders within the roots that stay unread, with all that lies in them but further roots.
        links: Links on the way to the roots, and where they point.
    """

    whole: tuple[Path, ...]
    listed: tuple[Path, ...]
    roots: tuple[Path, ...] = ()
    masked: tuple[Path, ...] = ()
    links: tuple[tuple[Path, str], ...] = ()


def readable(forbidden: Sequence[str] = (), private: Sequence[Path] = ()) -> Reading:
    """Find what student code may read.

    Args:
        forbidden: Dotted names; those that are modules can't be read, nor what holds others in compiled form.
        private: Folders that must stay unread where they lie within what may be read: the course.
    """
    found = _Found(
        secret=frozenset(_grader(private)),
        hidden=frozenset((*_pointers(), *_modules(forbidden), *map(_resolved, kernel_files(forbidden)))),
    )
    named = list(_roots())
    for root in named:
        found.add(root)
    roots, masked = _cover({_resolved(root) for root in named}, found.secret | found.hidden)
    links = dict.fromkeys(link for root in named for link in _links(root))
    return Reading(tuple(found.whole), tuple(found.listed), tuple(roots), tuple(masked), tuple(links))


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


def _cover(roots: set[Path], without: frozenset[Path]) -> tuple[list[Path], list[Path]]:
    """The few places to show and, within them, to hide, parents first."""
    shown: list[Path] = []
    hidden: list[Path] = []
    for path in sorted(roots | without):
        # What was decided for the nearest folder above holds here too, unless this place says otherwise.
        above = next((entry for entry in path.parents if entry in {*shown, *hidden}), None)
        if path in without:
            if above in shown and path.exists():
                hidden.append(path)
        elif above not in shown and path.exists():
            shown.append(path)
    return shown, hidden


def _links(path: Path) -> Iterator[tuple[Path, str]]:
    """Every symbolic link that is met on the way to a path, and its text."""
    here, parts, left = Path("/"), list(path.parts[1:]), _MAX_LINKS
    while parts and left:
        part = parts.pop(0)
        if part == "..":
            here = here.parent
        elif (here / part).is_symlink():
            left -= 1
            text = os.readlink(here / part)  # noqa: PTH115 - the text as it stands, dots and all
            yield here / part, text
            target = Path(text)
            here = Path("/") if target.is_absolute() else here
            parts = [*target.parts[target.is_absolute() :], *parts]
        else:
            here /= part


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
