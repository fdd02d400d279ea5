"""The page in a browser: it fits a phone, runs nothing, asks for nothing, and prints what it folds."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.model import NotebookResult
from autograder.reports.classroom_page import render_classroom
from autograder.reports.feedback import render_feedback
from tests.reports.results import QUESTIONS, result, ungraded
from tests.reports.test_classroom import six
from tests.reports.test_feedback import hostile, taught, wrong_at

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]
LECTURES = {"Lecture 7": "https://example.edu/lectures/7"}
PAGES: dict[str, list[NotebookResult]] = {
    "all right": [result()],
    "hostile": [hostile()],
    "the largest picture": [result(questions=[wrong_at(((0.0, 0.5, 1.0) * 8,) * 24)])],
    "explained": [result(questions=[taught(idea="Lecture 7: " + "share weights " * 6)])],
    "hostile, not graded": [ungraded("x" * 200, "y" * 2000, notebook="n" * 80)],
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser of our own."""
    playwright = pytest.importorskip("playwright.sync_api")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield running
        running.close()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_fits_and_is_quiet(browser: Any, tmp_path: Path, name: str, width: int) -> None:
    """Nothing is wider than the screen, no dialog opens, nothing is asked for, the console stays empty."""
    check_quiet(
        browser, tmp_path / "feedback.html", render_feedback("ada", "Convolution", PAGES[name], {}, LECTURES), width
    )


@pytest.mark.parametrize("width", [320, 1280])
def test_page_of_the_class_fits_and_is_quiet(browser: Any, tmp_path: Path, width: int) -> None:
    """The same holds for what the class misunderstood."""
    check_quiet(browser, tmp_path / "class.html", render_classroom("Convolution", six()), width)


def check_quiet(browser: Any, file: Path, source: str, width: int) -> None:
    """Open a page on a screen of that width."""
    file.write_text(source, encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 800})
    noise: list[str] = []
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("dialog", lambda dialog: (noise.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: noise.append(request.url) if request.url != file.as_uri() else None)
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert noise == []
    page.close()


def test_prints_what_is_folded(browser: Any, tmp_path: Path) -> None:
    """On paper there is no unfolding, so what passed is printed in full."""
    file = tmp_path / "feedback.html"
    file.write_text(render_feedback("ada", "Convolution", PAGES["all right"]), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    items = "[...document.querySelectorAll('details li')]"
    visible = "item => item.checkVisibility({contentVisibilityAuto: true})"
    assert page.evaluate(f"{items}.map({visible})") == [False] * len(QUESTIONS)
    page.emulate_media(media="print")
    # The new medium takes effect with the next frame.
    page.wait_for_function(f"{items}.every({visible})", timeout=5000)
    page.close()
