"""nbgrader's own commands and formgrader read this: the course and its rules, as course.toml states them."""

from pathlib import Path

from autograder.config import load_course
from autograder.nbgrader_bridge import configure
from autograder.release.build import formgrader_config

c = get_config()  # noqa: F821 - traitlets puts it here
course = load_course(Path(__file__).parent)
c.merge(formgrader_config(course))
configure(c, course)
