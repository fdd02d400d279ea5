"""What each wall stops and what it leaves open: one table, for the doctor and for docs/threat-model.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One level in words; each has all that the ones before it have, unless it says otherwise.

    Attributes:
        level: Its name in config.SANDBOX_LEVELS.
        adds: What it is made of.
        stops: What student code can't do behind it.
        leaves: What it can still do, or what only the grader's watch stops.
    """

    level: str
    adds: str
    stops: str
    leaves: str


DESCRIPTIONS = (
    Description(
        level="rlimits",
        adds="a process group, an empty environment, closed descriptors, limits of the kernel, and a filter on system "
        "calls where the kernel takes one",
        stops="endless loops, memory, output and core dumps; with the filter also sockets, other programs, signals and "
        "tracing",
        leaves="reading what the grader's user may read (tests, gradebook, others' work), writing where it may write",
    ),
    Description(
        level="landlock",
        adds="an allow-list of files, and the filter in any case",
        stops="reading anything but Python, its libraries and `course_utils`; writing anywhere but in its own folder",
        leaves="finding out which files and processes there are; acting as the grader's user through a hole in list or "
        "filter; a forked process lives on if grader and forkserver are killed at the same moment; disk space and, "
        "under root, the number of processes are watched, not capped",
    ),
    Description(
        level="uid",
        adds="a user id that belongs to no one, for each worker of a grader who is root",
        stops="acting as the grader's user, whatever else breaks; processes without end",
        leaves="finding out which files are in open folders, and which processes there are; a forked process lives on "
        "if grader and forkserver are killed at the same moment; disk space is watched, not capped",
    ),
    Description(
        level="namespaces",
        adds="own files, process ids, network and IPC, and a spare user id (grader is root) or an own user namespace",
        stops="seeing any file but Python and its libraries, any other process, any network device; outliving the "
        "submission, whoever is killed; more disk space than the limit",
        leaves="a bug in the kernel; without root, what a worker does counts as the grader's user outside",
    ),
)


def table() -> list[str]:
    """Lines of a Markdown table."""
    rows = [f"| `{entry.level}` | {entry.adds} | {entry.stops} | {entry.leaves} |" for entry in DESCRIPTIONS]
    return ["| level | what it adds | what it stops | what it does not stop |", "|---|---|---|---|", *rows]
