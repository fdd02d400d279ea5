"""Harm to others: the network, and the processes of the grader and of other students."""

from __future__ import annotations

from tests.hostile.case import Case

_CALL = """
    def conv_output_size(*args, **kwargs):
        {body}
        return 1
    """


def _tries(*actions: tuple[str, str]) -> str:
    body = "\n        ".join(f"attempt(lambda: {action}, {what!r})" for action, what in actions)
    return _CALL.format(body=body)


def _each(pids: str, action: str, what: str) -> str:
    """The action for each process: P is its id."""
    return _CALL.format(body=f"for P in ({pids}):\n            attempt(lambda: {action}, {what!r})")


_PIDS = "@GRADER@, @FORKSERVER@, @PEER@, os.getppid()"
_PEERS = "@GRADER@, @PEER@"

NETWORK = (
    Case(
        id="TCP to this machine and away",
        threat="16 TCP",
        tries="Work is sent out, answers fetched.",
        code=_tries(
            ("socket.create_connection(('127.0.0.1', @TCP@), 0.3)", "connected to a server of this machine"),
            ("socket.create_connection(('::1', @TCP@), 0.3)", "connected over IPv6"),
            ("socket.create_server(('127.0.0.1', 0))", "listens for connections"),
            ("__import__('urllib.request').request.urlopen('http://127.0.0.1:@TCP@', timeout=0.3)", "fetched a page"),
        ),
    ),
    Case(
        id="UDP to this machine",
        threat="16 UDP",
        tries="A datagram needs no connection, and Landlock doesn't see it.",
        code=_tries(
            (
                "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'work', ('127.0.0.1', @UDP@))",
                "sent a datagram",
            ),
            ("socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)", "has a raw socket"),
            ("socket.socket(socket.AF_PACKET, socket.SOCK_RAW)", "has a packet socket"),
            ("socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b'x', '@UNIX@')", "sent to a socket"),
        ),
    ),
    Case(
        id="a name looked up",
        threat="16 DNS",
        tries="A question to a name server carries data out.",
        code=_tries(
            ("socket.getaddrinfo('work.example.edu', 80)", "looked up a name"),
            ("socket.gethostbyname('work.example.edu')", "looked up a name"),
        ),
    ),
    Case(
        id="unix sockets",
        threat="16 unix sockets",
        tries="Docker's, the journal's, the session bus's: whoever listens on this machine.",
        code=_tries(
            ("socket.socket(socket.AF_UNIX).connect('@UNIX@')", "connected to a unix socket"),
            ("socket.socket(socket.AF_UNIX).bind('here')", "has a unix socket"),
        ),
    ),
    Case(
        id="abstract sockets",
        threat="16 abstract sockets",
        tries="Names without a file, which no wall around files sees.",
        code=_tries(
            ("socket.socket(socket.AF_UNIX).connect('\\0@ABSTRACT@')", "connected to an abstract socket"),
            ("socket.socket(socket.AF_UNIX).bind('\\0mallory-@MARK@')", "has an abstract socket"),
            ("socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)", "has a netlink socket"),
        ),
    ),
    Case(
        id="io_uring, where no filter sees the calls",
        threat="16 TCP",
        tries="Sockets and files by a queue in shared memory.",
        code=_tries(("libc(425, 1, ctypes.byref((ctypes.c_char * 120)()))", "has an io_uring")),
    ),
)

PROCESSES = (
    Case(
        id="signals to everyone",
        threat="16 signals",
        tries="Kill the forkserver, the grader's helpers, another student's worker.",
        code=_CALL.format(
            body="""
        for P in (@FORKSERVER@, @PEER@):
            attempt(lambda: os.kill(P, signal.SIGKILL), "killed")
        attempt(lambda: os.kill(@GRADER@, 0), "may signal the grader")
        attempt(lambda: os.kill(os.getppid(), 0), "may signal its parent")
        attempt(lambda: os.kill(-1, 0), "may signal everyone")"""
        ),
    ),
    Case(
        id="signals by other ways",
        threat="16 signals",
        tries="pidfd, thread, queue and descriptor: each can send a signal.",
        code=_CALL.format(
            body="""
        import fcntl
        for P in (@FORKSERVER@, @PEER@):
            attempt(lambda: signal.pidfd_send_signal(os.pidfd_open(P), 0), "signalled by pidfd")
            attempt(lambda: libc(234, P, P, 0), "signalled a thread")
            attempt(lambda: libc(129, P, 0, ctypes.byref((ctypes.c_char * 128)())), "queued a signal")
            attempt(lambda: fcntl.fcntl(3, fcntl.F_SETOWN, P), "gave a descriptor another owner")"""
        ),
    ),
    Case(
        id="ptrace",
        threat="16 ptrace",
        tries="Read and write the memory of others, take their descriptors.",
        code=_each(_PIDS, "libc(101, 16, P, 0, 0)", "attached to a process")
        + _each(
            _PIDS,
            "libc(310, P, ctypes.byref((ctypes.c_char * 16)()), 1, ctypes.byref((ctypes.c_char * 16)()), 1, 0)",
            "read the memory of a process",
        ).replace("conv_output_size", "same_padding"),
    ),
    Case(
        id="another process's memory through /proc",
        threat="16 ptrace",
        tries="/proc/<pid>/mem, /proc/<pid>/fd and /proc/<pid>/root.",
        level="landlock",
        code=_CALL.format(
            body="""
        for P in (@GRADER@, @FORKSERVER@, @PEER@):
            attempt(lambda: open(f"/proc/{P}/mem", "rb+"), "opened the memory of another process")
            attempt(lambda: os.listdir(f"/proc/{P}/root"), "entered the root of another process")
            attempt(lambda: libc(438, os.pidfd_open(P), 0, 0), "took a descriptor")"""
        ),
    ),
    Case(
        id="limits of others",
        threat="16 prlimit",
        tries="No files for the grader, no processor time for a neighbour.",
        code=_each(
            _PIDS,
            "__import__('resource').prlimit(P, __import__('resource').RLIMIT_NOFILE, (9, 9))",
            "changed another's limits",
        ),
    ),
    Case(
        id="one's own limits lifted",
        threat="16 prlimit",
        tries="Memory, files and processes without limit.",
        code=_CALL.format(
            body="""
        import resource
        for name in ("RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CPU", "RLIMIT_CORE"):
            number = getattr(resource, name)
            attempt(lambda: resource.setrlimit(number, (-1, -1)), "lifted " + name)"""
        ),
    ),
    Case(
        id="priorities of others",
        threat="16 nice",
        tries="Everyone else yields; another student's worker runs out of time.",
        code=_CALL.format(
            body="""
        for P in (@GRADER@, @FORKSERVER@, @PEER@):
            attempt(lambda: os.setpriority(os.PRIO_PROCESS, P, 19), "changed a priority")
            attempt(lambda: os.sched_setaffinity(P, {0}), "bound another to a processor")
            attempt(lambda: os.sched_setscheduler(P, os.SCHED_IDLE, os.sched_param(0)), "changed a scheduler")
            attempt(lambda: libc(251, 1, P, 3 << 13), "changed the priority of disk access")
        attempt(lambda: os.setpriority(os.PRIO_PROCESS, 0, -10), "raised its own priority")"""
        ),
    ),
    Case(
        id="other users, other roots, other names",
        threat="16 signals",
        tries="Become root, make a namespace, mount, change the clock or the machine's name.",
        code=_tries(
            ("os.setuid(0 if os.getuid() else 1)", "became another user"),
            ("libc(272, 0x10000000)", "has a user namespace"),
            ("libc(272, 0x00020000)", "has a mount namespace"),
            ("os.chroot('.')", "changed the root"),
            ("libc(165, b'x', b'.', b'tmpfs', 0, 0)", "mounted"),
            ("libc(170, b'mallory', 7)", "changed the machine's name"),
            ("os.mknod('disk', 0o60600, os.makedev(259, 0))", "made a device"),
            ("os.chmod('/bin/sh', 0o4755)", "changed a program"),
        ),
    ),
    Case(
        id="other programs",
        threat="16 signals",
        tries="A shell, the package manager, the grader's own command.",
        code=_CALL.format(
            body="""
        import subprocess
        attempt(lambda: subprocess.run(["/bin/sh", "-c", "true"], check=True), "ran a shell")
        attempt(lambda: os.posix_spawn("/bin/true", ["true"], {}), "ran a program")
        if os.system("true") == 0:
            boast("ran a command")
        attempt(lambda: subprocess.run([sys.executable, "-m", "pip", "--version"], check=True), "ran pip")"""
        ),
    ),
)

CASES = (*NETWORK, *PROCESSES)
