"""What the notebooks of the course import: checks, plots, seeds and devices. It contains no answers."""

__version__ = "0.1.0"
