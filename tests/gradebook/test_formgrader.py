"""formgrader in a browser: what an instructor sees of our rows and notebooks."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.config import Course
from autograder.gradebook.read import scores
from autograder.gradebook.record import record
from tests.gradebook.course import ASSIGNMENT, NOTEBOOK, handed_in_notebook, release, result

ROOT = Path(__file__).parents[2]
TOKEN = "token-of-this-test"
CHROMIUM = shutil.which("chromium") or ""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")]


@pytest.fixture
def server(course: Course) -> Iterator[str]:
    """A Jupyter server in the root of a graded course, as docs/formgrader.md starts it."""
    (course.root / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())
    for student in ("ada", "bob"):
        path = handed_in_notebook(course, student)
        path.write_text(json.dumps(release()))
        (path.parent / "timestamp.txt").write_text("2026-03-02 10:20:30.123456 UTC")
    record(course, [result(course, "ada"), result(course, "bob", first=2.5, fault=True)])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "HOME": str(course.root / "home")}
    with (course.root / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*command, f"--port={port}", f"--IdentityProvider.token={TOKEN}"],
            cwd=course.root,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(f"{address}/api", process)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=20)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server ended"
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not answer")


def test_formgrader_shows_scores_and_takes_points(course: Course, server: str) -> None:
    """Formgrader lists the class with our totals, shows verdicts beside answers, runs nothing, and saves a score."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as player:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = player.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page()
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.goto(f"{server}/login?token={TOKEN}&next=/formgrader/manage_submissions/{ASSIGNMENT}")
        page.wait_for_selector("td:has-text('bob')")
        rows = {row.split()[2]: row for row in page.inner_text("tbody").splitlines() if "None, None" in row}
        assert "5.5 / 9" in rows["ada"]
        assert "2.5 / 9" in rows["bob"]
        assert all("needs manual grading" in row for row in rows.values())

        page.goto(f"{server}/formgrader/gradebook/{ASSIGNMENT}/{NOTEBOOK}")
        page.click("tr:has-text('2.5 / 9') a:has-text('Submission #')")
        page.wait_for_selector("input.score#first[placeholder='2.5']")
        assert page.get_attribute("input.score#second", "placeholder") in {None, ""}
        text = page.inner_text("body")
        assert "First is right (case 1): raised an error" in text
        assert "<script>alert('reflection')</script> of padding" in text

        page.fill("input.score#second", "2")
        page.press("input.score#second", "Tab")
        page.wait_for_timeout(1500)
        browser.close()
    assert dialogs == []
    second = next(entry for entry in scores(course, ASSIGNMENT)["bob"] if entry.question == "second")
    assert (second.manual, second.needs_manual_grade) == (2.0, False)
