from html.parser import HTMLParser

import pytest

from autograder.gradebook.html import clean, markdown


class Markup(HTMLParser):
    """Collects what a browser would take for tags and attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        '<img src="x" onerror="alert(1)">',
        '<p onclick="alert(1)">x</p>',
        '<a href="javascript:alert(1)">x</a>',
        '<svg onload="alert(1)"></svg>',
        '<iframe src="https://example.edu"></iframe>',
        '<form action="https://example.edu"><input name="x"></form>',
        '<p style="background: url(https://example.edu/x)">x</p>',
        "<style>@import 'https://example.edu/x'</style>",
        '<a href=" java\nscript:alert(1)">x</a>',
    ],
)
def test_nothing_active_gets_through(html: str) -> None:
    """No tag or attribute that runs code, loads something or sends something stays one."""
    found = Markup(clean(html))
    assert not found.tags & {"script", "img", "svg", "iframe", "form", "input", "style"}
    assert not found.attributes


def test_formatting_stays() -> None:
    """What Markdown makes of ordinary text, tables, links, hints and code is kept as it is."""
    html = (
        '<h2 id="one">One<a class="anchor-link" href="#one">¶</a></h2><p><strong>a</strong> &lt; <code>b</code></p>'
        '<details><summary>Hint</summary><p>x</p></details><table><tbody><tr><td align="right">1</td></tr></tbody>'
        '</table><pre><code class="language-python">x</code></pre><a href="https://example.edu">y</a>'
    )
    assert clean(html) == html


def test_a_formula_cannot_become_a_link() -> None:
    """MathJax's link macro is taken out; other macros stay."""
    assert clean(r"<p>$\href{javascript:alert(1)}{x} \hrefs$</p>") == r"<p>$\text{javascript:alert(1)}{x} \hrefs$</p>"


@pytest.mark.parametrize("link", ["attachment:x.png", "&#97;ttachment:x.png", "<attachment:y z.png>", "attachment\\:x"])
def test_a_picture_that_was_attached_is_left_out(link: str) -> None:
    """Attachments are not kept; what points to one is rendered all the same, and shows nothing."""
    page = clean(markdown(f"before ![a plot]({link}) after\n\n## Title\n\n$x < y$"))
    assert "before" in page
    assert "after" in page
    assert not Markup(page).tags & {"img"}
    assert "h2" in Markup(page).tags


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("\\begin{a}" * 51, "\\begin{a}" * 51),
        ("<b>" + "word " * 5000, "&lt;b&gt;" + ("word " * 5000)[:19_997] + "\n… (5,003 more characters)"),
    ],
)
def test_text_that_takes_long_to_render_is_shown_as_it_stands(source: str, shown: str) -> None:
    """Length, and what costs its square, can't keep a page from being made."""
    assert markdown(source) == f"<pre>{shown}</pre>"
    assert Markup(clean(markdown(source))).tags == {"pre"}
