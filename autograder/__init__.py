"""The grader of the course: release, intake, sandbox, grading, gradebook and reports."""

__version__ = "0.1.0"
