"""The projection to a large class: what is divided by cores, and what is not."""

from __future__ import annotations

import json

import pytest

from benchmarks.projection import Measured, largest, main, projected_s

MEASURED = Measured(submissions=1000, cores=2, start_s=5.0, grading_s=500.0, rest_s=4.0)
FIGURES = {
    "machine": {"cores": 2},
    "sizes": {
        "mix 100": {"submissions": 100, "wall_s": 60.0, "start_s": 5.0, "rest_s": 1.0},
        "mix 1000": {"submissions": 1000, "wall_s": 509.0, "start_s": 5.0, "rest_s": 4.0},
        "loops 3000": {"submissions": 3000, "wall_s": 9999.0, "start_s": 5.0, "rest_s": 4.0},
    },
}


def test_the_class_that_was_measured():
    """With the same class on the same cores it gives back the measurement."""
    assert projected_s(MEASURED, 1000, 2, 0.0) == pytest.approx(509.0)


def test_cores_help_until_the_leading_process_is_busy():
    """A second of grading is shared out; reading, sending and writing are one process's."""
    assert projected_s(MEASURED, 1000, 4, 0.01) == pytest.approx(5.0 + 250.0 + 4.0)
    assert projected_s(MEASURED, 1000, 1000, 0.01) == projected_s(MEASURED, 1000, 5000, 0.01) == pytest.approx(19.0)


def test_the_largest_class_of_the_mix_counts():
    """Classes with endless loops are no base, nor are small ones."""
    assert largest(FIGURES) == MEASURED
    with pytest.raises(ValueError, match="expected the figures of a class of the mix"):
        largest(FIGURES | {"sizes": {}})


def test_the_command(tmp_path, capsys):
    """It prints a table, and says what is missing in one line."""
    path = tmp_path / "figures.json"
    path.write_text(json.dumps(FIGURES))
    main([str(path), "--submissions", "100000", "--cores", "2", "20", "--lead-ms", "10"])
    assert "| 2 | 14.0 h |\n| 20 | 1.5 h |" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([str(tmp_path / "none.json")])
    assert "none.json" in capsys.readouterr().err
