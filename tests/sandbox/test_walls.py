"""What student code can't reach: files, the network, other processes, the grader's environment."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path

import numpy as np
import pytest

import autograder
import course_utils
from autograder.errors import SandboxError
from autograder.model import Limits, Verdict
from autograder.sandbox import landlock, levels, reading, seccomp
from autograder.sandbox.client import ForkserverSandbox, open_sandbox
from autograder.sandbox.protocol import Raised, Reply, Returned, Stopped
from tests.sandbox.conftest import Ask, Load
from tests.sandbox.notebooks import LIMITS, code

PROJECT = Path(autograder.__file__).parents[1]
HEADERS = (Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm-generic/unistd.h"))


def refused(reply: Reply) -> bool:
    return isinstance(reply, Raised) and "PermissionError" in reply.types


def out_of_reach(reply: Reply) -> bool:
    """Refused, or in namespaces of its own not even there."""
    return isinstance(reply, Raised) and bool({"PermissionError", "FileNotFoundError"} & set(reply.types))


@pytest.mark.parametrize(
    "path",
    [
        Path(__file__),
        PROJECT / "course.toml",
        PROJECT / "pyproject.toml",
        PROJECT / "solutions",
        PROJECT / "autograder" / "model.py",
        PROJECT / "autograder" / "hidden_tests",
        PROJECT / ".git",
        Path("~").expanduser(),
        Path("/etc/passwd"),
        Path("/root"),
        Path("/home"),
        Path("/tmp"),
        Path("/proc/self/environ"),
        Path("/proc/self/maps"),
        Path("/proc"),
        Path("/sys"),
        Path("/dev/shm"),
        Path("/"),
    ],
    ids=str,
)
def test_files_that_cannot_be_read(walled: ForkserverSandbox, ask: Ask, path: Path) -> None:
    """The project, the hidden tests, homes, /proc and other temporary files stay unread."""
    if not path.exists():
        pytest.skip(f"there is no {path} here")
    source = "import os\ndef f(p): return os.listdir(p) if os.path.isdir(p) else open(p).read()"
    assert out_of_reach(ask(source, str(path)))


def test_pointers_to_the_project_cannot_be_read(walled: ForkserverSandbox, ask: Ask) -> None:
    """Files in site-packages that say where the grader lies stay unread; its libraries are there."""
    source = "import glob, os\ndef f(folder): return [open(p).read() for p in glob.glob(folder + '/__editable__*')]"
    folder = Path(np.__file__).parents[1]
    if not list(folder.glob("__editable__*")):
        pytest.skip("the grader is not installed as editable here")
    assert refused(ask(source, str(folder)))
    assert isinstance(ask("import numpy.polynomial.chebyshev\ndef f(): return 1"), Returned)


def test_what_can_be_read(walled: ForkserverSandbox, ask: Ask) -> None:
    """The standard library, NumPy's files and the students' package can be read."""
    for path in (os.__file__, np.__file__, course_utils.__file__):
        assert isinstance(ask("def f(p): return len(open(p).read())", path), Returned), path
    assert isinstance(ask("import zoneinfo, wave, xml.dom.minidom\ndef f(): return 1"), Returned)


@pytest.mark.parametrize(
    "path",
    [
        "/tmp/got-out",
        "/dev/shm/got-out",
        "../got-out",
        "~/got-out",
        f"{PROJECT}/got-out",
        f"{sys.prefix}/got-out",
        "/got-out",
    ],
)
def test_nothing_is_written_outside_of_the_scratch_folder(walled: ForkserverSandbox, ask: Ask, path: str) -> None:
    """Writing, making folders, links and removing work in the scratch folder alone."""
    target = str(Path(path).expanduser())
    for action in ("open(p, 'w')", "os.mkdir(p)", "os.symlink('a', p)", "os.link('own', p)", "os.rename('own', p)"):
        reply = ask(f"import os\nopen('own', 'w').close()\ndef f(p): {action}", target)
        assert isinstance(reply, Raised), (action, reply)
        assert "OSError" in reply.types
    if not path.startswith(".."):
        assert not Path(target).exists()


def test_other_peoples_files_cannot_be_changed(walled: ForkserverSandbox, ask: Ask, tmp_path: Path) -> None:
    """Mode, owner, times, length and extended attributes of files outside stay as they are."""
    path = tmp_path / "grades"
    path.write_text("1.0")
    os.utime(path, (1, 1))
    before = path.stat()
    actions = (
        "os.chmod(p, 0)",
        "os.chown(p, 1, 1)",
        "os.utime(p, (2, 2))",
        "os.truncate(p, 0)",
        "os.setxattr(p, 'user.x', b'')",
        "os.open(p, os.O_TRUNC)",
        "os.open(p, os.O_RDONLY | os.O_TRUNC)",
        "os.remove(p)",
        "os.rename(p, 'x')",
        "os.link(p, 'x')",
    )
    for action in actions:
        reply = ask(f"import os\ndef f(p): {action}", str(path))
        assert isinstance(reply, Raised), action
        assert "OSError" in reply.types, action
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_mtime, after.st_size) == (
        before.st_mode,
        before.st_uid,
        before.st_mtime,
        before.st_size,
    )


def test_nothing_of_the_graders_environment_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the environment nor the memory of a worker holds what the grader's held."""
    secret = "do-not-" + "leak-3141592653"
    monkeypatch.setenv("COURSE_SECRET", secret)
    source = """
    import gc, os, sys
    def f():
        names = sorted(os.environ)
        held = [t for t in gc.get_objects() if isinstance(t, (dict, list, tuple))]
        return names, os.environ["HOME"], any("leak" + "-3141592653" in repr(t) for t in held[:5000]), sys.argv
    """
    with open_sandbox(kind="numpy", limits=LIMITS) as sandbox:
        reply = sandbox.load([code(source)]).ask().call("f", [], {})
    assert isinstance(reply, Returned)
    names, home, found, _ = reply.value
    assert "COURSE_SECRET" not in names
    assert set(names) <= {
        *("HOME", "TMPDIR", "MPLCONFIGDIR", "MPLBACKEND", "PATH", "LANG", "LC_CTYPE", "USER", "LOGNAME"),
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
        *("PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "LD_LIBRARY_PATH"),
    }
    assert home != os.environ.get("HOME")
    assert not found


@pytest.mark.parametrize(
    "action",
    [
        "socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_INET6, socket.SOCK_STREAM)",
        "socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
        "urllib.request.urlopen('http://127.0.0.1:9')",
    ],
)
def test_no_network(sandbox: ForkserverSandbox, ask: Ask, action: str) -> None:
    """No socket of any family can be made, but for a pair within the process."""
    if not levels.probe().seccomp:
        pytest.skip("no seccomp on this machine")
    reply = ask(f"import socket, urllib.request\ndef f(): {action}")
    assert isinstance(reply, Raised)
    assert "OSError" in reply.types
    assert "not permitted" in reply.message or "resolution" in reply.message
    assert isinstance(ask("import socket\ndef f(): socket.socketpair()"), Returned)


@pytest.mark.parametrize(
    "action",
    [
        "os.kill(os.getppid(), 9)",
        "os.kill(0, 9)",
        "os.killpg(0, 9)",
        "signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9)",
        "os.setsid()",
        "os.setpgid(0, 0)",
        "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
        "os.sched_setaffinity(os.getppid(), {0})",
        "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (1, 1))",
        "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
        "os.execv(sys.executable, ['python', '-c', ''])",
        "subprocess.run([sys.executable, '-c', ''], check=True)",
        "os.posix_spawn(sys.executable, ['python'], {})",
        "os.memfd_create('x')",
        "os.setuid(1)",
        "os.chroot('.')",
        "os.mknod('x', 0o60666, 0)",
        "os.setns(os.open('/dev/null', 0), 0) if hasattr(os, 'setns') else os.setuid(1)",
        "fcntl.fcntl(3, fcntl.F_SETOWN, os.getppid())",
        "libc(272, 0x10000000)",
        "libc(101, 16, os.getppid(), 0, 0)",
        "libc(157, 1, 0)",
        "libc(321, 0, 0, 0)",
        "libc(425, 1, 0)",
        "libc(56, 0x10000011, 0, 0, 0, 0)",
        "libc(56, 0x8011, 0, 0, 0, 0)",
        "libc(157, 4, 0, 0, 0, 0)",
        "libc(241, b'x')",
        "libc(458, 0, 0, 0, 0)",
        "fcntl.fcntl(3, fcntl.F_NOTIFY, 1)",
        "fcntl.fcntl(os.pipe()[0], 1031, 1 << 20)",
        "fcntl.ioctl(3, 0x8901, struct.pack('i', os.getpid()))",
        "mmap.mmap(-1, 4096)",
        "os.sendfile(3, os.open('x', os.O_CREAT | os.O_RDWR), 0, 1)",
        "os.splice(os.pipe()[0], os.pipe()[1], 1)",
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
        "libc(435, 0, 0)",
        "libc(500)",
    ],
)
def test_other_processes_and_the_kernel_are_out_of_reach(sandbox: ForkserverSandbox, ask: Ask, action: str) -> None:
    """Signals, sessions, limits, programs, namespaces and corners of the kernel are refused, and nobody is hurt."""
    if not levels.probe().seccomp:
        pytest.skip("no seccomp on this machine")
    if "libc" in action and os.uname().machine != "x86_64":
        pytest.skip("numbers of another architecture")
    source = f"""
    import ctypes, fcntl, mmap, os, resource, signal, struct, subprocess, sys
    def libc(*args):
        library = ctypes.CDLL(None, use_errno=True)
        if library.syscall(*args) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    def f(): {action}
    """
    reply = ask(source)
    assert isinstance(reply, Raised), reply
    assert {"OSError", "ValueError"} & set(reply.types), reply
    assert sandbox._forkservers[False].alive


def test_what_python_asks_of_descriptors_and_pages_is_allowed(ask: Ask) -> None:
    """Terminals, waiting bytes, copies of files, mapped files and private pages work as everywhere."""
    source = """
    import fcntl, mmap, os, shutil, socket, struct, termios
    def f():
        ours, theirs = socket.socketpair()
        theirs.sendall(b"seven..")
        os.set_inheritable(ours.fileno(), True)
        open("one", "wb").write(b"x" * 5000)
        shutil.copyfile("one", "two")
        with open("two", "r+b") as file:
            area = mmap.mmap(file.fileno(), 0)
            area[0] = 7
            size = len(mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
            waiting = struct.unpack("i", fcntl.ioctl(ours, termios.FIONREAD, bytes(4)))[0]
            return [waiting, file.isatty(), area[0], os.path.getsize("two"), size, os.get_inheritable(ours.fileno())]
    """
    reply = ask(source)
    assert isinstance(reply, Returned), reply
    assert reply.value == [7, False, 7, 5000, 4096, True]


def test_descriptors_of_the_forkserver_are_closed(ask: Ask) -> None:
    """A worker holds the three standard descriptors, all of them /dev/null, and its wire."""
    source = """
    import os, stat
    def f():
        held = {}
        for fd in range(1024):
            try: held[str(fd)] = stat.S_ISSOCK(os.fstat(fd).st_mode)
            except OSError: pass
        return held
    """
    reply = ask(source)
    assert isinstance(reply, Returned)
    assert [fd for fd in ("0", "1", "2") if reply.value[fd]] == []
    others = {fd: is_socket for fd, is_socket in reply.value.items() if int(fd) > 2}
    assert all(others.values())
    assert len(others) == 1


def test_scratch_folders_are_apart_and_removed(load: Load, sandbox: ForkserverSandbox) -> None:
    """One worker can't read another's folder, and closing removes it."""
    source = """
    import os
    open("mine", "w").write("x")
    def f(): return os.getcwd()
    def g(p): return open(p + "/mine").read()
    """
    one, other = load(source), load("import os" + source[source.index("\n    def f") :].replace("\n    ", "\n"))
    folder = one.ask().call("f", [], {})
    assert isinstance(folder, Returned)
    seen = one._group._spawned.scratch  # type: ignore[union-attr]
    assert (seen / "mine").read_text() == "x"
    reply = other.ask().call("g", [folder.value], {})
    if sandbox.level != "rlimits":
        assert out_of_reach(reply)
    one.close()
    assert not seen.exists()
    assert not (sandbox._forkservers[False]._root / "worker-1").exists()


def test_the_weakest_level_still_has_limits() -> None:
    """At level rlimits memory and time hold, and processes that got away are ended all the same."""
    source = """
    import os, time, numpy as np
    def f(): return np.ones(10**9)
    def g():
        while True: pass
    def h():
        if os.fork() == 0:
            time.sleep(100)
        return 1
    """
    with open_sandbox(kind="numpy", limits=LIMITS, level="rlimits") as sandbox:
        assert sandbox.level == "rlimits"
        worker = sandbox.load([code(source)])
        reply = worker.ask().call("f", [], {})
        assert isinstance(reply, Raised)
        assert "MemoryError" in reply.types
        stopped = worker.ask().call("g", [], {})
        assert isinstance(stopped, Stopped)
        assert stopped.verdict is Verdict.TIMEOUT
        assert worker.ask().call("h", [], {}) == Returned(value=1)


def test_a_level_that_is_not_there_is_refused() -> None:
    """Asking for a wall that this machine or this version doesn't have says what there is."""
    poor = levels.Capabilities(linux=True, landlock_abi=1, seccomp=True, no_namespaces="refused")
    with pytest.raises(SandboxError, match=r"expected the level 'namespaces', this machine offers rlimits, landlock\."):
        levels.choose("namespaces", poor)
    with pytest.raises(SandboxError, match="expected one of rlimits"):
        open_sandbox(kind="numpy", limits=Limits(), level="moat")
    nothing = levels.Capabilities(linux=False, landlock_abi=0, seccomp=False)
    with pytest.raises(SandboxError, match="Linux container"):
        levels.choose(None, nothing)
    weak = levels.Capabilities(linux=True, landlock_abi=0, seccomp=True)
    assert levels.choose(None, weak) == "rlimits"
    strong = levels.Capabilities(linux=True, landlock_abi=1, seccomp=True)
    assert levels.choose(None, strong) == "landlock"
    stronger = levels.Capabilities(linux=True, landlock_abi=1, seccomp=True, no_uid="no root", no_namespaces="")
    assert stronger.levels == ("rlimits", "landlock", "namespaces")
    assert levels.choose(None, stronger) == "namespaces"


def test_readable_leaves_out_the_grader_and_forbidden_modules(tmp_path: Path) -> None:
    """The allow-list covers neither the project nor private folders nor forbidden modules, and does cover NumPy."""
    found = reading.readable(("torch", "numpy.fft", "numpy.convolve"), [tmp_path])

    def covered(path: Path) -> bool:
        return any(path.resolve().is_relative_to(entry) for entry in found.whole)

    site = Path(np.__file__).parents[1]
    assert covered(Path(np.__file__))
    assert covered(Path(os.__file__))
    assert covered(Path(course_utils.__file__))
    assert covered(site / "matplotlib" / "pyplot.py")
    assert not covered(site / "torch" / "__init__.py")
    assert not covered(site / "numpy" / "fft" / "__init__.py")
    assert not covered(PROJECT / "autograder" / "model.py")
    assert not covered(PROJECT / "solutions")
    assert not any(entry == PROJECT or PROJECT.is_relative_to(entry) for entry in (*found.whole, *found.listed))
    assert not any(entry.name.startswith("__editable__") for entry in found.whole)


def test_private_folders_within_libraries_stay_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A course that lies within what may be read is cut out, and its folder isn't even listed."""
    (tmp_path / "lib" / "course").mkdir(parents=True)
    (tmp_path / "lib" / "tool").mkdir()
    monkeypatch.setattr(reading, "_SYSTEM", (str(tmp_path / "lib"),))
    found = reading.readable((), [tmp_path / "lib" / "course"])
    assert tmp_path / "lib" / "tool" in found.whole
    assert tmp_path / "lib" not in (*found.whole, *found.listed)
    assert tmp_path / "lib" / "course" not in found.whole


@pytest.mark.skipif(not all(path.exists() for path in HEADERS), reason="no kernel headers on this machine")
def test_system_call_numbers_are_those_of_the_kernel() -> None:
    """The table agrees with the kernel's headers for both architectures."""
    tables = []
    for path in HEADERS:
        text = path.read_text()
        tables.append({m[1]: int(m[2]) for m in re.finditer(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)})
    for name, numbers in seccomp._NUMBERS.items():
        for table, number in zip(tables, numbers, strict=True):
            assert table.get(name, number) == number, name


def test_landlock_is_found_or_not() -> None:
    """The kernel's answer is a version, or zero."""
    assert landlock.abi() in range(100)


def test_a_server_on_this_machine_cannot_be_reached(sandbox: ForkserverSandbox, ask: Ask) -> None:
    """Not even a server that listens on the same machine hears anything."""
    if not levels.probe().seccomp:
        pytest.skip("no seccomp on this machine")
    with socket.create_server(("127.0.0.1", 0)) as server:
        reply = ask("import socket\ndef f(p): socket.create_connection(('127.0.0.1', p), 1)", server.getsockname()[1])
    assert refused(reply)
