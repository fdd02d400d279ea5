"""Release: from the hand-written notebooks to those that students get."""

from autograder.release.build import BuildReport, BuiltNotebook, build, formgrader_config, publish

__all__ = ["BuildReport", "BuiltNotebook", "build", "formgrader_config", "publish"]
