"""A PostgreSQL server for tests, run by a spare user from the system's packages, reached through a socket in /tmp."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "s3cret@/hush"
QUOTED = "s3cret%40%2Fhush"


def programs() -> Path | None:
    """Folder of initdb and pg_ctl, which Debian keeps off the PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


def spare_user() -> str | None:
    """Who runs the server, which refuses root; None stays who we are."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """Start a server without any data.

    Yields:
        The address of a database, with a password.
    """
    user = spare_user()
    folder = Path(tempfile.mkdtemp(prefix="autograder-postgres-", dir="/tmp"))
    try:
        secret = folder / "password"
        secret.write_text(PASSWORD)
        folder.chmod(0o755)
        if user is not None:
            shutil.chown(folder, user)
            shutil.chown(secret, user)

        def run(program: str, *args: str) -> None:
            command = [str(programs / program), *args]
            subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL, timeout=120)

        data, settings = str(folder / "data"), f"-k {folder} -c listen_addresses='' -c fsync=off"
        run(
            "initdb",
            "-D",
            data,
            "-U",
            "grader",
            "-A",
            "scram-sha-256",
            f"--pwfile={secret}",
            "-N",
            "--no-locale",
            "-E",
            "UTF8",
        )
        run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", settings, "start")
        try:
            yield f"postgresql://grader:{QUOTED}@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)
