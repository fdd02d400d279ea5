"""What must stay as it is while student code runs: a course with secrets in it, processes, servers."""

from __future__ import annotations

import ctypes
import hashlib
import os
import resource
import secrets
import shutil
import socket
import stat
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Where code that gets out would leave something behind.
OUTSIDE = (Path("/"), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), ROOT)

_HASHED_BYTES = 1 << 24
_PRIVATE, _REMOVE = 0, 0
_EFFORT_BYTES, _EFFORT_S = 1 << 29, 20.0


class Guard:
    """A course in a folder of its own, with a canary wherever something secret lies.

    Attributes:
        root: Folder of everything; the course lies in `course`.
        token: Part of every name that attacks use, so that traces are found among other people's files.
        canaries: Where it lies to what must not be seen elsewhere.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.token = secrets.token_hex(6)
        kinds = ("gradebook", "journal", "tests", "environment", "home", "neighbour", "scratch", "memory")
        self.canaries = {kind: f"CANARY-{kind}-{secrets.token_hex(8)}" for kind in kinds}
        self.canaries["secret"] = secrets.token_hex(32)
        self.course = root / "course"
        self.home = root / "home"
        self.submitted = self.course / "course" / "submitted"

    def plant(self) -> None:
        """Make everything anew."""
        for folder in (self.course, self.home):
            shutil.rmtree(folder, ignore_errors=True)
        self.course.mkdir(parents=True)
        settings = (ROOT / "course.toml").read_text().replace('sandbox = "landlock"', 'sandbox = "rlimits"')
        (self.course / "course.toml").write_text(settings)
        for folder in ("solutions", "assignments"):
            shutil.copytree(ROOT / folder, self.course / folder)
        work = self.course / "course"
        for path, text in {
            work / "secret": self.canaries["secret"],
            work / "gradebook.db": f"SQLite format 3 {self.canaries['gradebook']}",
            work / "journal" / "a1_convolution.jsonl": self.canaries["journal"],
            work / "autograded" / "nora" / "a1_convolution" / "timestamp.txt": "2026-01-01 12:00:00 UTC",
            self.course / "hidden_tests" / "test_sliding_windows.py": f"# {self.canaries['tests']}\n",
            self.home / ".netrc": self.canaries["home"],
        }.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
        self.submitted.mkdir()

    def leaks(self, text: str) -> list[str]:
        """The canaries that a text shows."""
        return [kind for kind, canary in self.canaries.items() if canary in text]

    def snapshot(self) -> dict[str, tuple[object, ...]]:
        """Every file and folder, with all that can be changed of it."""
        return {str(path): _state(path) for folder in (self.course, self.home) for path in [folder, *folder.rglob("*")]}

    def traces(self) -> list[str]:
        """What lies outside and bears our token."""
        home = Path("~").expanduser()
        found = []
        for folder in (*OUTSIDE, home):
            try:
                found += [str(path) for path in folder.iterdir() if self.token in path.name]
            except OSError:
                continue
        return found

    def sweep(self) -> None:
        """Remove traces."""
        for path in map(Path, self.traces()):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _state(path: Path) -> tuple[object, ...]:
    info = path.lstat()
    content: object = ""
    if stat.S_ISREG(info.st_mode) and info.st_size > _HASHED_BYTES:
        content = info.st_size
    elif stat.S_ISREG(info.st_mode):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    elif stat.S_ISLNK(info.st_mode):
        content = str(path.readlink())
    changed = info.st_mtime_ns if not stat.S_ISDIR(info.st_mode) else 0
    return info.st_mode, info.st_uid, info.st_gid, info.st_nlink, changed, content


class Servers:
    """Servers on this machine that must hear nothing: TCP, UDP, a unix socket and an abstract one."""

    def __init__(self, folder: Path, token: str) -> None:
        self.unix = folder / "server"
        self.abstract = f"hostile-{token}"
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self._listening = {"TCP": self._tcp}
        for name, address in (("a unix socket", str(self.unix)), ("an abstract socket", f"\0{self.abstract}")):
            self._listening[name] = socket.socket(socket.AF_UNIX)
            self._listening[name].bind(address)
            self._listening[name].listen()
        for server in (*self._listening.values(), self._udp):
            server.setblocking(False)

    @property
    def ports(self) -> tuple[int, int]:
        """Of TCP and UDP."""
        return self._tcp.getsockname()[1], self._udp.getsockname()[1]

    def heard(self) -> list[str]:
        """On what somebody called since the last time."""
        found = []
        for name, server in self._listening.items():
            try:
                server.accept()[0].close()
                found.append(name)
            except BlockingIOError:
                continue
        try:
            self._udp.recv(1000)
            found.append("UDP")
        except BlockingIOError:
            pass
        return found

    def close(self) -> None:
        """Close all."""
        for server in (*self._listening.values(), self._udp):
            server.close()


class Queues:
    """Shared memory, a queue and semaphores of the grader's user, as databases have them: known by number.

    Attributes:
        words: What stands for their numbers in a case's text.
    """

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.words = {
            "SHARED": self._libc.shmget(_PRIVATE, 4096, 0o600),
            "QUEUE": self._libc.msgget(_PRIVATE, 0o600),
            "SEMAPHORES": self._libc.semget(_PRIVATE, 1, 0o600),
        }

    def close(self) -> None:
        """Remove all."""
        self._libc.shmctl(self.words["SHARED"], _REMOVE, None)
        self._libc.msgctl(self.words["QUEUE"], _REMOVE, None)
        self._libc.semctl(self.words["SEMAPHORES"], 0, _REMOVE)


def processes_of(root: Path) -> set[int]:
    """Processes that were started with this folder in their environment, by whomever they are kept now."""
    mark = os.fsencode(root)
    found = set()
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and int(path.name) != os.getpid():
            try:
                if mark in (path / "environ").read_bytes():
                    found.add(int(path.name))
            except OSError:
                continue
    return found


class Effort:
    """What this process takes for itself from now on: memory, and time of the processor, however busy it is."""

    def __init__(self) -> None:
        self._most_bytes, self._spent_s = self._now()

    def faults(self) -> list[str]:
        """What is beyond any measure: no honest submission takes a tenth of it."""
        most_bytes, spent_s = self._now()
        found = []
        if most_bytes - self._most_bytes > _EFFORT_BYTES:
            found.append(f"the grader took {(most_bytes - self._most_bytes) >> 20} MB")
        if spent_s - self._spent_s > _EFFORT_S:
            found.append(f"kept the grader busy for {spent_s - self._spent_s:.0f} s")
        return found

    @staticmethod
    def _now() -> tuple[int, float]:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10, time.process_time()


def settings_of(pid: int) -> tuple[object, ...]:
    """What one process can change of another: limits, priority, processors."""
    try:
        return (
            Path(f"/proc/{pid}/limits").read_text(),
            os.getpriority(os.PRIO_PROCESS, pid),
            sorted(os.sched_getaffinity(pid)),
        )
    except OSError:
        return ("gone",)
