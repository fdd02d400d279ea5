"""Grades where the kernel gives no namespaces, as in a container with default settings."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from autograder.model import Limits
from autograder.sandbox import kernel, levels
from autograder.sandbox.client import open_sandbox
from tests.sandbox.notebooks import code


def forbid_namespaces() -> None:
    """Give up the right to make namespaces, for this process and all that it starts."""
    uid, gid = os.getuid(), os.getgid()
    kernel.unshare(kernel.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    # Of this user namespace: none may be made in it.
    for name in ("user", "mnt", "pid", "net", "ipc", "uts"):
        Path(f"/proc/sys/user/max_{name}_namespaces").write_text("0")
    kernel.drop_capabilities()


def main() -> None:
    """Print why there are no namespaces, the level that is taken, and an answer."""
    # Only a process with one thread may change its user namespace; a library has started more of them here.
    pid = os.fork()
    if pid:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    forbid_namespaces()
    print(levels.probe().no_namespaces)
    with open_sandbox(kind="numpy", limits=Limits()) as sandbox:
        print(sandbox.level)
        print(sandbox.load([code("def f(): return 1")]).ask().call("f", [], {}))


if __name__ == "__main__":
    main()
