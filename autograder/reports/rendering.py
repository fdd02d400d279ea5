"""Templates, rendered so that no text can leave its place on the page."""

from __future__ import annotations

import functools

import jinja2
from markupsafe import Markup

from autograder.reports.text import clean
from autograder.reports.words import amount, percent, signed


def render(template: str, **values: object) -> str:
    """Render a template of this package; text is cleaned of control characters, then escaped."""
    return _environment().get_template(template).render(**values)


def _shown(value: object) -> object:
    """What stands behind every `{{ }}`: text is cleaned; autoescaping comes after. Markup comes from macros."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _sentence(text: str) -> str:
    """The text with a large first letter and an end."""
    return _ended(text[:1].upper() + text[1:])


def _ended(text: str) -> str:
    """The text with a full stop, unless it has an end of its own."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("autograder.reports"),
        autoescape=True,
        # They are part of the package: no look at the disk for each page.
        auto_reload=False,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(amount=amount, percent=percent, signed=signed, sentence=_sentence, ended=_ended)
    return environment
