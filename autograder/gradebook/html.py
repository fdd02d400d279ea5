"""Cleans the HTML that nbgrader's pages show of what students and graders wrote.

nbgrader's templates put rendered Markdown into the page without nbconvert's `clean_html`, which would drop headings and
paragraphs besides; `sanitize_html` reaches outputs only. So this runs where those templates call their last filter.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors.sanitize import SanitizeHTML

_BLOCKS = ["blockquote", "br", "dd", "details", "div", "dl", "dt", "hr", "li", "ol", "p", "pre", "summary", "ul"]
_INLINE = ["a", "b", "code", "del", "em", "i", "kbd", "mark", "s", "small", "span", "strong", "sub", "sup", "u"]
_TABLES = ["caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"]
_TAGS = [*_BLOCKS, *_INLINE, *_TABLES, *(f"h{level}" for level in range(1, 7))]
_ATTRIBUTES = {"*": ["class", "id", "title", "align"], "a": ["href"], "ol": ["start"], "th": ["scope"]}
_CLEANER = SanitizeHTML(tags=_TAGS, attributes=_ATTRIBUTES)
# MathJax turns this one macro into a link, to a script if it says so.
_LINK_MACRO = re.compile(r"\\href(?![A-Za-z])")

# nbconvert looks for the end of an environment from each beginning on: thousands of them take it hours.
_MAX_CHARS, _MAX_ENVIRONMENTS = 20_000, 50


def markdown(source: str) -> str:
    """Render a Markdown cell as nbconvert does, but for attached pictures, which graded notebooks don't have.

    nbconvert refuses the whole notebook for one that is missing: a student's screenshot would stop a student's page.
    Text that is too long, or made to take long, is shown as it stands, up to a length.
    """
    if len(source) > _MAX_CHARS or source.count("\\begin") > _MAX_ENVIRONMENTS:
        more = f"\n… ({len(source) - _MAX_CHARS:,} more characters)" if len(source) > _MAX_CHARS else ""
        return f"<pre>{escape(source[:_MAX_CHARS])}{more}</pre>"
    renderer = IPythonRenderer(escape=False, attachments=_NoPictures())
    rendered: str = MarkdownWithMath(renderer=renderer).render(source)
    return rendered


def clean(rendered: str) -> str:
    """Keep the formatting of rendered Markdown and show everything else as text: scripts, handlers, forms, pictures.

    The filter in whose place this runs took a prefix of old notebooks off links to files, which no page here has; its
    search took minutes for some texts.

    Args:
        rendered: HTML that nbconvert made of a Markdown cell or of a comment.
    """
    safe: str = _CLEANER.sanitize_html_tags(rendered)
    return _LINK_MACRO.sub(r"\\text", safe)


class _NoPictures(dict[str, Any]):
    """Attachments of any name, with nothing in them."""

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> dict[str, str]:
        return {"image/png": ""}
