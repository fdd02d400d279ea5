"""What a picture or check prints, as a value."""

from __future__ import annotations

import pytest


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed, on one line: where it was folded is of no interest."""
    return " ".join(capsys.readouterr().out.split())
