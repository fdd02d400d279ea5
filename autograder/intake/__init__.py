"""Whatever was handed in becomes submissions rebuilt from our release, or results with a reason."""

from autograder.intake.collect import collect
from autograder.intake.read import ParsedCell, ParsedNotebook, read_notebook
from autograder.intake.rebuild import rebuild, rebuild_file

__all__ = ["ParsedCell", "ParsedNotebook", "collect", "read_notebook", "rebuild", "rebuild_file"]
